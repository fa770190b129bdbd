#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""explain: all that is stored of a change or an event.

Promised: the candidate, each reply that is held with what its message says,
each decision with its reason, and whom it was told, as it stands in the
database; after kill -9 and without the daemon, too.
"""

import unittest

import world
from world import a, watch

NAME = "www.e.example"


class Explain(world.WorldCase):
    @classmethod
    def build(cls):
        cls.first = cls.world.scripted("127.0.0.5")
        cls.second = cls.world.scripted("127.0.0.6")

    def set(self, *rdata):
        for s in (self.first, self.second):
            s.set(NAME, "A", *rdata)

    def test_a_change_by_what_is_stored_of_it(self):
        self.set(a("192.0.2.1"))
        r = self.world.receiver()
        d = self.world.daemon([self.first, self.second],
                              watch(NAME, types="A", tags="owned"),
                              sinks={"soc": r.url}).start()
        d.wait_ready()
        self.set(a("198.51.100.9"), a("198.51.100.8"))
        self.assertTrue(r.wait_for(len, 20), d.text())
        change = d.changes()[0]
        d.wait(lambda: [x for x in d.rows("explain", change["id"])
                        if x.get("state") == "done"], 10, "delivered")
        d.kill9()
        rows = d.rows("explain", change["id"])
        self.assertEqual(
            [x["class"] for x in rows],
            ["candidate", "decision"] + ["evidence"] *
            len(change["witnesses"]) + ["delivery"])
        self.assertEqual(rows[0]["from"]["rdata"], ["192.0.2.1"])
        self.assertRegex(rows[1]["severity_why"], "^table: .*, owned")
        self.assertEqual((rows[1]["why"], rows[1]["label"]),
                         (change["why"], "confirmed"))
        heard = rows[2:-1]
        self.assertEqual({x["server"] for x in heard},
                         {self.first.address, self.second.address})
        self.assertEqual(
            [(x["server"], x["rdata"], x["sha256"], x["at"]) for x in heard],
            [(x["server"], x["rdata"], x["sha256"], x["at"])
             for x in change["witnesses"]])
        self.assertEqual(
            {k: rows[-1][k] for k in ("sink", "of", "revision", "sink_seq",
                                      "attempt", "status")},
            {"sink": "soc", "of": "change", "revision": 1, "sink_seq": 1,
             "attempt": 1, "status": 200})
        text = d.run("explain", change["id"]).stdout
        self.assertIn("heard:\n", text)
        self.assertIn("198.51.100.8, 198.51.100.9", text)
        self.assertIn("soc, revision 1: delivered, sequence 1, 1 attempt\n",
                      text)

    def test_an_event_and_what_is_none(self):
        self.set(a("192.0.2.1"), a("192.0.2.2"))
        d = self.world.daemon([self.first, self.second],
                              watch(NAME, types="A", tags="owned",
                                    attributes="[order]")).start()
        d.wait_ready()
        d.rounds(2)
        self.set(a("192.0.2.2"), a("192.0.2.1"))
        d.wait(lambda: d.changes(kind="order"), 15, "an event")
        event = d.changes(kind="order")[0]
        rows = d.rows("explain", event["id"])
        self.assertEqual([(x["class"], x["kind"]) for x in rows],
                         [("event", "order")])
        p = d.run("explain", "01a1ff9c-aa6f-75b7-9f1a-24cabff10f02",
                  status=(2,))
        self.assertIn("no change, event or alert has that id", p.stderr)
        d.run("explain", "www.e.example", status=(64,))
        d.run("explain", status=(64,))
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    unittest.main()
