#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Messages that break parsers pass a real Unbound, and do nothing here.

Promised: what would cost a parser on ldns 4 GB, make it believe a smuggled
record, or kill it (L-D1, L-D2, L-D3) costs next to nothing and never appears.
Tried with a server that sends them, through Unbound and directly.
"""

import struct
import sys
import time
import unittest

import world
from world import TYPES, Zone, a, txt, watch, wire_name

BOMB = b"\0" * 65400  # a TXT of so many empty strings
SMUGGLED = "6.6.6.6"
# High: decided after 10 s at most, and not after a minute.
URGENT = """severity:
  - {kind: unreadable, severity: high}
  - {kind: replaced, severity: high}
"""


class Hostile(world.WorldCase):
    @classmethod
    def build(cls):
        w = cls.world
        cls.evil = w.scripted("127.0.0.5", ttl=0)
        cls.evil.set("evil.example", "SOA", wire_name("ns.evil.example") +
                     wire_name("h.evil.example") +
                     struct.pack(">5I", 1, 3600, 600, 86400, 0))
        cls.evil.set("victim.evil.example", "A", a("192.0.2.99"))
        cls.zone = Zone("good.example")
        cls.zone.set("www", "A", "192.0.2.1")
        cls.good = w.nsd([cls.zone])
        cls.cache = w.unbound({"evil.example": cls.evil,
                               "good.example": cls.good}, kind="forward")

    def setUp(self):
        self.evil.faults.clear()
        self.evil.set("bomb.evil.example", "TXT", txt(b"fine"))
        self.evil.set("www.evil.example", "A", a("192.0.2.1"))

    def test_txt_bomb_through_unbound_costs_next_to_nothing(self):
        """L-D1: elsewhere 4.28 GB, or 773 MB and two seconds."""
        name = "bomb.evil.example"
        d = self.world.daemon([self.cache], watch(
            name, types="TXT", every="2s") +
            "  - {name: www.good.example, types: [A]}\n",
            extra=URGENT).start()
        d.wait_ready()
        d.rounds(2)
        began, idle_cpu = time.monotonic(), d.usage()[0]
        d.rounds(2)
        idle = (d.usage()[0] - idle_cpu) / (time.monotonic() - began)
        began, since = time.monotonic(), time.time()
        cpu, rss = d.usage()
        self.evil.set(name, "TXT", BOMB)
        c = d.wait_change(name=name + ".", timeout=30)
        self.assertEqual(c["kind"], "unreadable")
        d.rounds(4)
        used, grown = d.usage()
        used -= cpu + idle * (time.monotonic() - began)
        bombs = len([q for q in self.evil.asked(name + ".", since=since)
                     if q.transport == "tcp"])
        self.assertGreater(bombs, 4)
        self.assertLess(used / bombs, 0.05, "CPU seconds a bomb")
        self.assertLess(grown - rss, 20 << 20, "bytes of RSS")
        self.assertEqual(len(d.changes()), 1)
        self.assertEqual(d.stop(), 0)

    def smuggle(self, q):
        """An A whose RDLENGTH hides a record of another name."""
        hidden = wire_name("victim.evil.example") + struct.pack(
            ">HHIH", 1, 1, 86400, 4) + a(SMUGGLED)
        return [a("192.0.2.66") + hidden]

    def test_smuggled_record_never_appears(self):
        """L-D2, through Unbound and directly."""
        for server in (self.cache, self.evil):
            d = self.world.daemon([server], watch(
                "www.evil.example", "victim.evil.example",
                types="A")).start()
            d.wait_ready()
            self.evil.faults["www.evil.example."] = self.smuggle
            try:
                d.rounds(5)
            finally:
                self.evil.faults.clear()
            d.rounds(2)
            self.assertNotIn(SMUGGLED, repr(d.log()) + d.text())
            self.assertEqual(
                [r["rdata"] for r in d.history("victim.evil.example")],
                ["192.0.2.99"])
            self.assertEqual(
                {r["rdata"] for r in d.history("www.evil.example")} -
                {None}, {"192.0.2.1"})
            self.assertEqual(d.stop(), 0)

    def test_record_added_openly_beside_the_answer_is_ignored(self):
        """M1."""
        def beside(q):
            extra = wire_name("victim.evil.example") + struct.pack(
                ">HHIH", 1, 1, 86400, 4) + a(SMUGGLED)
            message = self.evil.message(q, rdata=[a("192.0.2.1")], extra=b"")
            count = struct.pack(">H", 2)
            return message[:6] + count + message[8:] + extra
        d = self.world.daemon([self.evil], watch(
            "www.evil.example", "victim.evil.example", types="A")).start()
        d.wait_ready()
        self.evil.faults["www.evil.example."] = beside
        d.rounds(3)
        self.evil.faults.clear()
        self.assertEqual(d.log(), [])
        self.assertEqual(d.stop(), 0)

    def test_edns_option_13_is_harmless(self):
        """L-D3: elsewhere a NULL is followed."""
        option = struct.pack(">HH", 13, 2) + b"\1x"
        opt = b"\0" + struct.pack(">HHIH", 41, 1232, 0, len(option)) + option
        d = self.world.daemon([self.evil], watch(
            "www.evil.example", types="A")).start()
        d.wait_ready()
        self.evil.faults["*"] = lambda q: self.evil.message(
            q, rdata=self.evil.data[q.name, TYPES["A"]], extra=opt)
        d.rounds(3)
        self.evil.set("www.evil.example", "A", a("192.0.2.3"))
        d.wait_change()
        self.evil.faults.clear()
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
