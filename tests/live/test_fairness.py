#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What is dead takes nothing from the others.

Promised: one dead resolver of four, and a zone that never answers, cost no
other name its planned polls; the dead one is hardly asked while it is dead,
and when all answer again nothing is left behind.  Held against each other are
counts of the same seconds: a machine that stalls stalls both.
"""

import collections
import sys
import time
import unittest

import world
from world import a, watch

EVERY = {1: 60, 3: 90, 5: 90}  # seconds: names
SILENT = 30
NAMES = {"n%d-%d.f.example." % (every, i): every
         for every, n in EVERY.items() for i in range(n)}
QUIET = ["s%d.silent.example." % i for i in range(SILENT)]


class Fairness(world.WorldCase):
    @classmethod
    def build(cls):
        w = cls.world
        cls.servers = [w.scripted("127.0.0.%d" % i) for i in range(5, 9)]
        for s in cls.servers:
            for name in list(NAMES) + QUIET:
                s.set(name, "A", a("192.0.2.1"))
        lists = {"every%d.yaml" % every: watch(
            *[n for n in NAMES if NAMES[n] == every], types="A",
            every="%ds" % every) for every in EVERY}
        lists["silent.yaml"] = watch(*QUIET, types="A", every="2s")
        cls.daemon = w.daemon([(s, "g%d" % i)
                               for i, s in enumerate(cls.servers)],
                              lists).start()
        cls.daemon.wait_ready()

    def counts(self, since, servers=None):
        """How often each name was asked."""
        return collections.Counter(
            q.name for s in servers or self.servers for q in s.asked()
            if q.at >= since)

    def until_asked(self, since, servers, least, what):
        """Waits until each name of f.example was asked there so often."""
        self.daemon.wait(
            lambda: all(n >= least(name) for name, n in self.seen(
                since, servers).items()), 120, what)

    def seen(self, since, servers):
        counts = self.counts(since, servers)
        return {name: counts[name] for name in NAMES}

    def test_a_dead_resolver_and_a_silent_zone_cost_no_other_name_its_polls(
            self):
        d = self.daemon
        dead, living = self.servers[1], [
            s for i, s in enumerate(self.servers) if i != 1]
        at_dead = {q.name for q in dead.asked() if q.name in NAMES}
        others = set(NAMES) - at_dead
        self.assertGreater(len(at_dead), 20)
        self.assertGreater(len(others), 100)

        for s in self.servers:
            for name in QUIET:
                s.faults[name] = "drop"
        dead.faults["*"] = "drop"
        d.wait(lambda: d.status()["resolvers"][1]["fails_running"] >= 16,
               60, "the dead resolver is found dead")

        # All are asked where it is answered, also the longest intervals.
        since = time.time()
        self.until_asked(since, living,
                         lambda name: 10 // NAMES[name],
                         "each name is asked at the living")
        end = time.time()
        counts = self.counts(since, living)
        for every in EVERY:
            mine, theirs = (
                [counts[n] for n in names if NAMES[n] == every]
                for names in (at_dead, others))
            self.assertGreater(sum(mine) / len(mine),
                               0.6 * sum(theirs) / len(theirs),
                               "every %d s: %s, and others %s" % (
                                   every, mine, theirs))
        asked = [len([q for q in s.asked() if since <= q.at <= end])
                 for s in self.servers]
        self.assertLess(asked[1] * 5, sum(asked) / 4, asked)
        self.assertEqual([c for c in d.changes()
                          if c["name"] not in QUIET], [])

        # All answer again: each goes home, and nothing waits or fails.
        dead.faults.clear()
        for s in living:
            s.faults.clear()
        since = time.time()
        d.wait(lambda: at_dead <= {q.name for q in dead.asked(since=since)},
               60, "what was at home at the dead one is asked there again")
        d.wait(lambda: d.status()["questions"]["failing"] == 0 and
               d.status()["questions"]["inquiries"] == 0, 60,
               "nothing fails any more")
        d.rounds(2)
        self.assert_no_changes(d, **{"class": "change"})


if __name__ == "__main__":
    sys.exit(unittest.main())
