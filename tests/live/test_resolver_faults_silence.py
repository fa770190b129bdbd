#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Silence is told, and is no change.

Promised: what fails is told once for a name (R3), and a monitor that sees
nothing says that instead (R4).  Tried with servers that drop every question
about one name, about all, and one in twenty.
"""

import random
import sys
import time
import unittest

import world
from world import a, mx, txt, until, watch

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


if __name__ == "__main__":
    sys.exit(unittest.main())
