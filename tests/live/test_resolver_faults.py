#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Resolvers that are silent, wrong or hostile must make no change.

Promised: a FAIL never replaces a state (R3, B8); what fails is told once for
a name, and a monitor that sees nothing says that instead (R4); one lie is
transient, and told as high on an owned name (R14); and the two messages that
would cost a parser on ldns 4 GB, or make it believe a smuggled record, pass
a real Unbound and do nothing here (L-D1, L-D2, L-D3).  Tried with servers
that do on purpose what no real one would.
"""

import random
import struct
import sys
import time
import unittest

import world
from world import TYPES, Zone, a, mx, txt, until, watch, wire_name

BOMB = b"\0" * 65400  # a TXT of so many empty strings
# High: decided after 10 s at most, and not after a minute.
URGENT = """severity:
  - {kind: unreadable, severity: high}
  - {kind: replaced, severity: high}
"""
SMUGGLED = "6.6.6.6"
NAMES = ["n%d.f.example" % i for i in range(20)]


class Silence(world.WorldCase):
    """S-F3, S-F15 and S-F16 need minutes of waiting, and so wait together."""

    @classmethod
    def build(cls):
        w = cls.world
        cls.one = w.scripted("127.0.0.5")
        cls.all = w.scripted("127.0.0.6")
        cls.some = w.scripted("127.0.0.7")
        for i, name in enumerate(NAMES):
            for s in (cls.one, cls.all, cls.some):
                s.set(name, "A", a("192.0.2.%d" % i))
                s.set(name, "MX", mx(10, "mail.f.example"))
                s.set(name, "TXT", txt(b"v=spf1 -all"))
        cls.receivers = [w.receiver(), w.receiver()]
        types = ["A", "AAAA", "MX", "TXT"]
        cls.deaf_to_one = w.daemon(
            [cls.one], watch(*NAMES, types=types, every="2s"),
            sinks={"soc": cls.receivers[0].url}).start()
        cls.deaf = w.daemon(
            [cls.all], watch(*NAMES, types=types, every="2s"),
            sinks={"soc": cls.receivers[1].url}).start()
        cls.unlucky = w.daemon(
            [cls.some], watch(*NAMES, types="A")).start()
        for d in (cls.deaf_to_one, cls.deaf, cls.unlucky):
            d.wait_ready()
        dice = random.Random(15)
        cls.one.faults["n7.f.example."] = "drop"
        cls.all.faults["*"] = "drop"
        cls.some.faults["*"] = lambda q: \
            "servfail" if dice.random() < 0.05 else None
        cls.since = time.time()

    def told(self, which):
        return [r["body"] for r in self.receivers[which].requests]

    def test_silence_about_one_name_is_failing_and_recovered_once(self):
        """S-F3, first half: every type, five rounds and more."""
        d = self.deaf_to_one
        until(lambda: self.told(0), 100, "the alert `failing`: " + d.log_path)
        body = self.told(0)[0]["data"]
        self.assertEqual((body["class"], body["kind"], body["name"]),
                         ("group", "failing", "n7.f.example."))
        self.assertEqual(sorted(m["type"] for m in body["members"]),
                         ["A", "AAAA", "MX", "TXT"])
        self.assertEqual({m["reason"] for m in body["members"]}, {"timeout"})
        self.assertGreater(len(self.one.asked("n7.f.example.", "A",
                                              self.since)), 5)
        self.one.faults.clear()
        until(lambda: len(self.told(0)) > 1, 100, "the alert `recovered`")
        d.rounds(2)
        self.assertEqual([b["data"]["kind"] for b in self.told(0)],
                         ["failing", "recovered"])
        self.assertEqual(len(self.told(0)[1]["data"]["members"]), 4)
        self.assertEqual({c["class"] for c in d.changes()}, {"event"})

    def test_silence_about_all_is_blind_and_nothing_else(self):
        """S-F3, second half."""
        d = self.deaf
        until(lambda: self.told(1), 100, "the alert `blind`: " + d.log_path)
        until(lambda: time.time() - self.since > 70, 100, "a minute")
        self.assertEqual([b["data"]["kind"] for b in self.told(1)],
                         ["blind"])
        self.assertTrue(d.status()["coverage"]["blind"])
        self.all.faults.clear()
        until(lambda: len(self.told(1)) > 1, 60, "the alert `sighted`")
        d.rounds(2)
        self.assertEqual([c["kind"] for c in d.changes()],
                         ["blind", "sighted"])
        self.assertEqual(len(self.told(1)), 2)

    def test_one_reply_in_twenty_servfail_is_no_change(self):
        """S-F15, as many polls as a minute allows."""
        d = self.unlucky
        until(lambda: d.status()["questions"]["asked"] > 1000, 100,
              "1,000 polls")
        self.assertGreater(d.status()["resolvers"][0]["failed"], 20)
        self.assertEqual(d.log(), [])


class Faults(world.WorldCase):
    @classmethod
    def build(cls):
        w = cls.world
        cls.first = w.scripted("127.0.0.5", aa=False)
        cls.second = w.scripted("127.0.0.6", aa=False)

    def setUp(self):
        for s in (self.first, self.second):
            s.faults.clear()
            s.data.clear()

    def both(self, name, rrtype, *rdata):
        for s in (self.first, self.second):
            s.set(name, rrtype, *rdata)

    def daemon(self, text, resolvers=None, **how):
        d = self.world.daemon(resolvers or [self.first, self.second], text,
                              **how).start()
        d.wait_ready()
        return d

    def test_servfail_says_failing_since_and_shows_the_last_good_answer(self):
        """S-F16."""
        self.both("x.f.example", "MX", mx(10, "mail.f.example"))
        d = self.daemon(watch("x.f.example", types="MX"))
        for s in (self.first, self.second):
            s.faults["*"] = "servfail"
        row = d.wait(lambda: [r for r in d.history("x.f.example", "MX")
                              if "failing" in r], 15, "failing")[0]
        self.assertEqual(row["rdata"], "10 mail.f.example.")
        self.assertTrue(row["current"])
        self.assertEqual(row["failing"]["reason"], "servfail")
        self.assertLessEqual(row["failing"]["last_good"],
                             row["failing"]["since"])
        self.assert_no_changes(d)
        for s in (self.first, self.second):
            s.faults.clear()
        d.wait(lambda: not [r for r in d.history("x.f.example", "MX")
                            if "failing" in r], 15, "no longer failing")
        self.assertEqual(d.log(), [])
        self.assertEqual(d.stop(), 0)

    def test_dead_resolver_is_passed_over_without_an_event(self):
        names = ["d%d.f.example" % i for i in range(12)]
        for n in names:
            self.both(n, "A", a("192.0.2.1"))
        d = self.daemon(watch(*names, types="A", tags="owned"))
        self.first.faults["*"] = "drop"
        self.first.questions.clear()
        d.rounds(6)
        self.assertEqual(d.log(), [])
        self.second.set("d3.f.example", "A", a("192.0.2.2"))
        c = d.wait_change(name="d3.f.example.", timeout=30)
        self.assertIn(c["label"], ("confirmed", "unconfirmed"))
        self.assertEqual(d.stop(), 0)

    def test_one_lie_is_transient_and_high_on_an_owned_name(self):
        """S-F18, M5: a hijack that was seen once, by one resolver."""
        self.both("www.f.example", "A", a("192.0.2.1"))
        r = self.world.receiver()
        d = self.daemon(watch("www.f.example", types="A", tags="owned"),
                        sinks={"soc": r.url})
        lies = []

        def lie(q):
            if not lies:
                lies.append(q)
                return [a("203.0.113.66")]
            return None
        for s in (self.first, self.second):
            s.faults["www.f.example."] = lie
        c = d.wait_change(timeout=30)
        self.assertEqual((c["label"], c["severity"]), ("transient", "high"))
        self.assertEqual(c["to"]["rdata"], ["203.0.113.66"])
        self.assertEqual(c["from"]["rdata"], ["192.0.2.1"])
        self.assertTrue(r.wait_for(len, 10), "told")
        d.rounds(2)
        self.assertEqual(len(d.changes()), 1)
        rows = {x["rdata"]: x["current"]
                for x in d.history("www.f.example", "A")}
        self.assertEqual(rows, {"192.0.2.1": True, "203.0.113.66": False})
        self.assertEqual(d.stop(), 0)

    def test_difference_that_one_resolver_keeps_is_unconfirmed(self):
        """R11: no silence for want of proof."""
        self.both("www.f.example", "A", a("192.0.2.1"))
        d = self.daemon(watch("www.f.example", types="A", tags="owned"))
        # A question keeps to one resolver: the one that is asked lies.
        self.first.questions.clear()
        d.rounds(1)
        home = self.first if self.first.asked() else self.second
        home.set("www.f.example", "A", a("203.0.113.66"))
        c = d.wait_change(timeout=30)
        self.assertEqual((c["label"], c["severity"]),
                         ("unconfirmed", "high"))
        self.assertEqual(d.stop(), 0)

    def test_truncated_answer_is_taken_over_tcp(self):
        """B2: what UDP carried is no observation."""
        name = "many.f.example"
        self.first.set(name, "A", *[a("192.0.2.%d" % i) for i in range(5)])
        self.first.faults["*"] = \
            lambda q: "truncate" if q.transport == "udp" else None
        d = self.daemon(watch(name, types="A"), [self.first])
        d.rounds(2)
        self.assertEqual(d.log(), [])
        self.assertEqual(len(d.baselines()[0]["to"]["rdata"]), 5)
        self.assertEqual(d.stop(), 0)

    def test_answer_that_needs_tcp_is_confirmed_by_path(self):
        """R11: the same server said it twice, and TCP is not forged."""
        name = "large.f.example"
        self.first.set(name, "TXT", txt(*[b"x" * 250] * 6))
        d = self.daemon(watch(name, types="TXT"), [self.first],
                        extra=URGENT)
        self.first.set(name, "TXT", txt(*[b"y" * 250] * 6))
        c = d.wait_change(timeout=30)
        self.assertEqual((c["label"], c["proved"]), ("confirmed", "path"))
        self.assertEqual(d.stop(), 0)

    def test_set_padded_to_600_records_is_told_as_unreadable(self):
        """S-F19, its first telling: the second comes after an hour (R2)."""
        name = "pad.f.example"
        self.first.set(name, "A", a("192.0.2.1"))
        d = self.daemon(watch(name, types="A", tags="owned"), [self.first],
                        extra=URGENT)
        padded = [a("10.0.%d.%d" % (i >> 8, i & 255)) for i in range(600)]
        self.first.set(name, "A", *padded)
        c = d.wait_change(timeout=30)
        self.assertEqual((c["kind"], c["to"]["outcome"]),
                         ("unreadable", "UNREADABLE"))
        self.first.set(name, "A", *padded[1:], a("203.0.113.1"))
        d.rounds(2)
        self.assertEqual(len(d.changes()), 1)
        self.first.set(name, "A", a("203.0.113.1"))
        c = d.wait_change(kind="readable", timeout=30)
        self.assertEqual((c["to"]["rdata"], c["severity"]),
                         (["203.0.113.1"], "high"))
        self.assertEqual(d.stop(), 0)


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
