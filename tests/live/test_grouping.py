#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""R32: alerts of one cause, against a real zone, database and receiver.

Promised: the first is told at once, those that follow together within a
minute and with their number; a kill tells by itself what waited; each change
reaches the receiver, and the sink's sequence has no gap.
"""

import unittest

import world
from world import Zone, watch

N = 12


class Grouping(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zones = [Zone("z%d.example" % i) for i in range(N)]
        for z in cls.zones:
            z.set("www", "A", "192.0.2.1")
        cls.nsd = cls.world.nsd(cls.zones)

    def move(self, address):
        for z in self.zones:
            z.set("www", "A", address)
            self.world.publish(z)

    def told(self, r):
        """Names of the changes that the receiver knows, however told."""
        names = []
        for b in r.accepted():
            data = b["data"]
            for m in data.get("members", [data]):
                if not data.get("closed"):
                    names.append((m["name"], m["added"][0]))
        return sorted(names)

    def all_at(self, address):
        return sorted(("www.z%d.example." % i, address) for i in range(N))

    def test_R32_told_together_and_over_kill_9(self):
        r = self.world.receiver()
        d = self.world.daemon(
            [self.nsd], watch(*["www.z%d.example" % i for i in range(N)],
                              types="A", tags="owned"),
            sinks={"soc": r.url}, extra="grouping: true\n").start()
        d.wait_ready()
        d.rounds(2)
        self.move("192.0.2.77")
        # One at once; the others are in the outbox, and wait.
        self.assertTrue(r.wait_for(lambda _: len(r.accepted()) == 1, 30))
        d.wait(lambda: d.status()["questions"]["gathered"] == N - 1, 30,
               "gathered")
        self.assertEqual(len(r.accepted()), 1)
        first = r.accepted()[0]["data"]
        self.assertEqual(first["class"], "change")
        # After a minute one alert has the rest.
        self.assertTrue(r.wait_for(lambda _: len(r.accepted()) == 2, 90))
        body = r.accepted()[1]["data"]
        self.assertEqual((body["class"], body["kind"], body["told"],
                          body["count"], body["part"], body["closed"],
                          body["first"], body["severity"]),
                         ("group", "same-change", N - 1, N, 1, False,
                          first["id"], first["severity"]))
        cut = body.get("cut", {}).get("members", {}).get("total")
        self.assertEqual(cut or len(body["members"]), N - 1)
        if cut is None:
            self.assertEqual(self.told(r), self.all_at("192.0.2.77"))
        change = d.wait_change(name=body["members"][0]["name"],
                               kind="replaced")
        states = [x["state"] for x in d.rows("explain", change["id"])
                  if x["class"] == "delivery"]
        self.assertEqual(sorted(states), ["done", "grouped"])
        # The body may be cut: by the alert's id or its group's they are all
        # found.
        for i in body["id"], body["group"]:
            rows = d.rows("explain", i)
            self.assertEqual(
                sorted((x["name"], x["added"][0]) for x in rows
                       if x["class"] == "decision"),
                [x for x in self.all_at("192.0.2.77")
                 if x[0] != first["name"]], i)
        self.assertEqual([x["state"] for x in d.rows("explain", body["id"])
                          if x["class"] == "delivery"], ["done"])
        # Killed while they wait: each is told by itself afterwards.
        n = len(r.accepted())
        self.move("192.0.2.88")
        d.wait(lambda: d.status()["questions"]["gathered"] == N - 1, 30,
               "gathered")
        d.kill9()
        d.start()
        d.wait_ready()
        self.assertTrue(r.wait_for(lambda _: len(r.accepted()) == n + N, 60),
                        len(r.accepted()))
        names = sorted((b["data"]["name"], b["data"]["added"][0])
                       for b in r.accepted()[n:])
        self.assertEqual(names, self.all_at("192.0.2.88"))
        seqs = [b["delivery"]["sink_seq"] for b in r.accepted()]
        self.assertEqual(sorted(seqs), list(range(1, n + N + 1)))
        # What waits at SIGTERM is told before the end, or after the start.
        self.move("192.0.2.99")
        d.wait(lambda: d.status()["questions"]["gathered"] == N - 1, 30,
               "gathered")
        d.stop()
        d.start()
        d.wait_ready()
        self.assertTrue(r.wait_for(
            lambda _: len([b for b in r.accepted()[n + N:]
                           if b["data"]["class"] == "group" and
                           b["data"]["told"] == N - 1]) == 1, 60),
            [b["data"].get("summary") for b in r.accepted()[n + N:]])
        d.stop()


if __name__ == "__main__":
    unittest.main()
