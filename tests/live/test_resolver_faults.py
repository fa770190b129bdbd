#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Resolvers that are silent about something or wrong must make no change.

Promised: a FAIL never replaces a state (R3, B8); a dead resolver is passed
over; one lie is transient, and told as high on an owned name (R14); what one
resolver alone says is told as unconfirmed (R11).  Tried with servers that do
on purpose what no real one would.
"""

import sys
import unittest

import world
from world import a, mx, txt, watch

# High: decided after 10 s at most, and not after a minute.
URGENT = """severity:
  - {kind: unreadable, severity: high}
  - {kind: replaced, severity: high}
"""


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


if __name__ == "__main__":
    sys.exit(unittest.main())
