#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A digest of the day, against a real zone, database and receiver.

Promised: it counts what was decided and what moved inside of pools, of the
time that it is of; it is delivered; it is told once, also over kill -9.
"""

import time
import unittest

import world
from world import Zone, watch


def before(form, seconds=0):
    """Two minutes ago, and so many seconds."""
    return time.strftime(form, time.gmtime(time.time() - 120 - seconds))


class Digest(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = Zone("d.example")
        cls.zone.set("www", "A", "192.0.2.1")
        cls.zone.set("mail", "A", "192.0.2.1")
        cls.nsd = cls.world.nsd([cls.zone])

    def sql(self, d, text):
        return self.world.psql(d, text)

    def digests(self, d):
        return [e for e in d.rows("changes") if e["kind"] == "digest"]

    def test_what_the_day_came_to_is_told_once(self):
        r = self.world.receiver()
        lists = watch("{name: www.d.example, types: [A], every: 1s, "
                      "tags: [owned]}",
                      "{name: mail.d.example, types: [A], every: 1s}")
        d = self.world.daemon([self.nsd], lists, sinks={"soc": r.url}).start()
        d.wait_ready()
        d.rounds(1)
        self.zone.set("www", "A", "192.0.2.66")
        self.zone.set("mail", "A", "192.0.2.66")
        self.world.publish(self.zone)
        d.wait_changes(2)
        d.kill9()
        # As if it had been a while ago, and a pool had been about yesterday.
        self.sql(d, "update dnsvigil.log set at = at - interval '5 minutes'")
        due, yesterday = before("%H:%M"), before("%Y-%m-%d", 86400)
        self.sql(d, "insert into dnsvigil.pool_day select question, "
                 "'" + yesterday + "', 100, shard, "
                 "'{\"192.0.2.1\": 60, \"192.0.2.2\": 40}' "
                 "from dnsvigil.question where name_text = 'www.d.example.'")
        with open(d.config) as f:
            text = f.read()
        d.write_config(text + 'digest: {at: "%s"}\n' % due)
        d.start()
        d.wait_ready()
        d.wait(lambda: self.digests(d), 20, "a digest")
        e = self.digests(d)[0]
        self.assertEqual((e["class"], e["severity"], e["until"][11:16]),
                         ("event", "low", due))
        digest = e["digest"]
        self.assertEqual((digest["changes"], digest["names"],
                          digest["change_kinds"], digest["lists"]),
                         (2, 2, {"replaced": 2}, {"owned": 2}))
        self.assertEqual(digest["severities"]["high"], 1)
        self.assertEqual({m["name"] for m in digest["most"]},
                         {"www.d.example.", "mail.d.example."})
        self.assertEqual(digest["pools"],
                         {"questions": 1, "answers": 100, "addresses": 2})
        told = lambda: [q["body"]["data"]["kind"] for q in r.requests].count(
            "digest")
        self.assertTrue(r.wait_for(lambda _: told() == 1, 20))
        d.kill9()
        d.start()
        d.wait_ready()
        d.rounds(2)
        self.assertEqual((len(self.digests(d)), told()), (1, 1))
        d.stop()


if __name__ == "__main__":
    unittest.main()
