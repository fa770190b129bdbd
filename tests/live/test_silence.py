#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""R28: silences, against a real zone, database and receiver.

Promised: what a silence holds is recorded as ever and delivered when it is
over, also when it was taken out or the daemon was killed meanwhile; nothing
else waits for it, and the sink's sequence has no gap.
"""

import datetime
import unittest

import world
from world import Zone, watch


def in_seconds(n):
    at = datetime.datetime.now(datetime.timezone.utc)
    return (at + datetime.timedelta(seconds=n)).strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ")


def silences(*lines):
    return "silences:\n" + "".join("  - {%s}\n" % line for line in lines)


class Silence(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = Zone("x.example")
        for i, label in enumerate(("www", "mail", "ftp")):
            cls.zone.set(label, "A", "192.0.2.%d" % (i + 1))
        cls.nsd = cls.world.nsd([cls.zone])

    def test_R28_held_over_kill_9_and_let_go(self):
        r = self.world.receiver()
        d = self.world.daemon(
            [self.nsd], watch("www.x.example", "mail.x.example",
                              "ftp.x.example", types="A", tags="owned"),
            sinks={"soc": r.url}, extra=silences(
                "name: move, names: [www.x.example], until: \"%s\"" %
                in_seconds(3600))).start()
        d.wait_ready()
        d.rounds(2)
        self.zone.set("www", "A", "192.0.2.11")
        self.zone.set("mail", "A", "192.0.2.12")
        self.world.publish(self.zone)
        named = lambda: [b["data"]["name"] for b in r.accepted()]
        self.assertTrue(r.wait_for(
            lambda _: named() == ["mail.x.example."], 20), named())
        sink = lambda: d.status()["sinks"][0]
        d.wait(lambda: sink()["held"] == 1, 20, "held")
        change = d.wait_change(name="www.x.example.")
        told = [x for x in d.rows("explain", change["id"])
                if x["class"] == "delivery"]
        self.assertEqual([(x["state"], x["held_by"]) for x in told],
                         [("held", "move")])
        self.assertIn("held by the silence move",
                      d.run("explain", change["id"]).stdout)
        d.kill9()
        d.start()
        d.wait_ready()
        d.wait(lambda: sink()["held"] == 1, 20, "held")
        self.assertEqual(named(), ["mail.x.example."])
        # Another change of the name is told behind it, in order, when the
        # silence is taken out; another silence ends by itself.
        self.zone.set("www", "A", "192.0.2.21")
        self.world.publish(self.zone)
        d.wait(lambda: sink()["held"] == 2, 20, "held")
        d.extra = silences("name: short, names: [ftp.x.example], until: "
                           "\"%s\"" % in_seconds(6))
        d.write_config()
        d.hup()
        self.zone.set("ftp", "A", "192.0.2.13")
        self.world.publish(self.zone)
        self.assertTrue(r.wait_for(lambda _: len(named()) == 4, 30), named())
        self.assertEqual(named()[1:3], ["www.x.example."] * 2)
        self.assertEqual([b["data"]["added"] for b in r.accepted()[1:3]],
                         [["192.0.2.11"], ["192.0.2.21"]])
        self.assertEqual(named()[3], "ftp.x.example.")
        d.wait(lambda: sink()["held"] == 0, 70, "none held")
        seqs = [b["delivery"]["sink_seq"] for b in r.accepted()]
        self.assertEqual(seqs, [1, 2, 3, 4])
        d.stop()


if __name__ == "__main__":
    unittest.main()
