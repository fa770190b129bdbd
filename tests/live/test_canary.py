#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Real resolvers that lie are found out.

Two Unbounds over a root of our own on NSD.  One of them begins to block 500
threat names by an RPZ while it runs: one event, and none of them vanishes.
One answers everything with one address: it leaves the quorum, nothing that it
said is told, and it is back when it is mended.
"""

import sys
import unittest

import world
from world import Zone, query, until, watch

NAMES = 500
EVERY = 5  # seconds
CANARIES = "canaries: {every: 5s}\n"


def name_of(i):
    return "bad.zone%d.example" % i


class Canary(world.WorldCase):
    @classmethod
    def build(cls):
        w = cls.world
        cls.zone = Zone("example")
        for i in range(NAMES):
            cls.zone.set("bad.zone%d" % i, "A", "198.51.100.%d" % (i % 200))
        cls.nsd = w.nsd([cls.zone, Zone("com"), Zone("")])
        stubs = {"example": cls.nsd, "com": cls.nsd, ".": cls.nsd}
        cls.one = w.unbound(stubs, "127.0.0.4", modules="respip ")
        cls.two = w.unbound(stubs, "127.0.0.6", modules="respip ")

    def start(self):
        sink = self.world.receiver()
        d = self.world.daemon(
            [(self.one, "a"), (self.two, "b")],
            watch(*[name_of(i) for i in range(NAMES)], types="A",
                  every="%ds" % EVERY, tags="hostile"),
            sinks={"soc": sink.url}, extra=CANARIES).start()
        d.wait_ready(60)
        d.wait(lambda: all(r["canaries"]["true"] >= 3
                           for r in self.resolvers(d)), 60,
               "every canary true once at both")
        self.assertEqual(d.changes(), [])
        return d, sink

    def resolvers(self, d):
        s = d.status()
        return s["resolvers"] if s else [{"canaries": {"true": 0}}]

    def seat(self, d, server):
        return next(r for r in self.resolvers(d)
                    if r["server"] == server.address)

    def events(self, d):
        return [(c["kind"], c.get("reason")) for c in d.changes()
                if c["class"] == "event"]

    def mend(self, server):
        server.reconfigure()
        until(lambda: query(server, name_of(0), "A", 0.3) == (
            world.NOERROR, [(1, 0, world.a("198.51.100.0"))]), 15,
            "the truth from " + server.address)

    def test_s_f20_an_rpz_of_500_names_is_one_event_and_none_vanished(self):
        """S-F20, R16: as Unbound does it, NXDOMAIN without an SOA."""
        d, sink = self.start()
        rpz = self.one.write("rpz.zone", "$TTL 60\n@ SOA n. h. 1 60 60 60 60\n"
                             "@ NS n.\n" + "".join(
                                 name_of(i) + " CNAME .\n"
                                 for i in range(NAMES)))
        self.one.reconfigure('rpz:\n  name: "rpz.test"\n  zonefile: "%s"\n' %
                             rpz)
        until(lambda: query(self.one, name_of(3), "A", 0.3) ==
              (world.NXDOMAIN, []), 15, "a blocked name")
        d.wait_change(60, kind="resolver-left")
        d.rounds(2, 60)
        self.assertEqual(self.events(d), [("resolver-left", "filtered")])
        self.assertEqual([c for c in d.log() if c["class"] != "event"], [])
        self.assertEqual(self.seat(d, self.one)["quorum"], "out")
        self.assertEqual(self.seat(d, self.two)["quorum"], "in")
        self.assertEqual(d.status()["questions"]["failing"], 0)
        self.assertEqual(len(sink.requests), 1)

        # What is true is still seen, at the other.
        self.zone.set("bad.zone7", "A", "203.0.113.7")
        self.world.publish(self.zone)
        change = d.wait_change(90, name=name_of(7) + ".")
        self.assertEqual(change["added"], ["203.0.113.7"])

        self.mend(self.one)
        d.wait_change(90, kind="resolver-back")
        d.rounds(2, 60)
        self.assertEqual([c["name"] for c in d.changes()
                          if c["class"] == "change"], [name_of(7) + "."])
        self.assertEqual(d.stop(), 0)

    def test_r16_who_sells_one_address_for_all_leaves_and_comes_back(self):
        """R16: what only it said is told to nobody."""
        d, sink = self.start()
        self.two.reconfigure('server:\n  local-zone: "." redirect\n'
                             '  local-data: ". 60 A 203.0.113.1"\n')
        until(lambda: query(self.two, "nowhere", "A", 0.3) ==
              (world.NOERROR, [(1, 60, world.a("203.0.113.1"))]), 15, "a lie")
        left = d.wait_change(60, kind="resolver-left")
        self.assertIn(left["reason"], ["canary", "moved-together"])
        self.assertEqual(left["server"], self.two.address)
        d.rounds(2, 60)
        self.assertEqual([e for e, _ in self.events(d)], ["resolver-left"])
        told = [c["summary"] for c in d.changes()
                if c["class"] == "change" and c["severity"] != "info"]
        self.assertEqual(told, [])
        for c in d.changes():
            if c["class"] == "change":
                self.assertEqual(c["label"], "transient")
                self.assertIn("filtered", c["aspects"])
        self.assertEqual(len(sink.requests), 1)

        self.mend(self.two)
        back = d.wait_change(90, kind="resolver-back")
        self.assertEqual(back["reason"], left["reason"])
        d.rounds(2, 60)
        self.assertEqual(self.seat(d, self.two)["quorum"], "in")
        self.assertEqual([c["summary"] for c in d.changes()
                          if c["class"] == "change" and
                          c["severity"] != "info"], [])
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
