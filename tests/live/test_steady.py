#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""An answer that says what is believed costs nothing that adds up.

Promised: polling names that do not change asks the heap for nothing, in the
whole path of the daemon, and writes no row about them: one span for all, under
the writer's counter.  Tried with the real daemon against a real NSD, for 50
and for 2,000 names a second, under a library that counts what the process
allocates and what it sends (count_calls.c).

Nothing here depends on how fast the machine is: a window is as long as its
questions take.  A machine that stands still makes a poll fail, which is an
outage and is written: so each claim has several windows, and must hold in one.
"""

import mmap
import os
import struct
import subprocess
import time
import unittest

import world
from world import ROOT, Zone, until, watch

COUNTER = os.path.join(ROOT, "build", "release", "count_calls.so")
WINDOWS = 5
LIVES = 3
# What libpq takes for the span that is committed every two seconds or so, and
# a second's worth for a window's edges.  One allocation for each socket that
# is replaced, after 64 questions, would be twice that.
ONCE, PER_SECOND = 40, 12


def setUpModule():
    # Never a build with sanitizers: those must come before all others.
    world.PROGRAM = os.path.join(ROOT, "build", "dnsvigil")
    subprocess.run(["make", "-s", "build/release/count_calls.so"], cwd=ROOT,
                   check=True, stdin=subprocess.DEVNULL)


class Counts:
    """The counters of a running daemon."""

    def __init__(self, path):
        with open(path, "wb") as f:
            f.write(bytes(16))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 16)

    def read(self):
        """(allocations, datagrams)"""
        return struct.unpack("=2Q", self.map[:16])


class Steady(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = Zone("s.example", ttl=60)
        for i in range(2000):
            cls.zone.set("n%d" % i, "A", "192.0.2.%d" % (i % 250 + 1))
        for i in range(50):
            cls.zone.set("n%d" % i, "MX",
                         "0 ." if i % 2 else "10 n1.s.example.")
        cls.nsd = cls.world.nsd([cls.zone])

    def start(self, d):
        """Starts it with the counters; they begin at nothing."""
        path = os.path.join(d.folder, "counts")
        counts = Counts(path)
        d.env = {"LD_PRELOAD": COUNTER, "COUNT_FILE": path}
        d.start()
        d.wait_ready(60)
        return counts

    def daemon(self, n):
        return self.world.daemon([self.nsd], watch(
            *["n%d.s.example" % i for i in range(n)], types="A"))

    def window(self, counts, questions):
        """(allocations, seconds) while so many questions were sent."""
        began = time.monotonic()
        before = counts.read()
        until(lambda: counts.read()[1] - before[1] >= questions, 120,
              lambda: "questions sent: %d" % (counts.read()[1] - before[1]),
              0.01)
        return (counts.read()[0] - before[0], time.monotonic() - began)

    def assert_least(self, n, questions, d=None):
        d = d or self.daemon(n)
        counts = self.start(d)
        # All sockets of the pool were opened once.
        self.window(counts, 400)
        seen = []
        for _ in range(WINDOWS):
            allocations, seconds = self.window(counts, questions)
            seen.append((allocations, round(seconds, 1)))
            if allocations <= ONCE + PER_SECOND * seconds:
                break
        else:
            self.fail("%d names: (allocations, seconds) in windows of %d "
                      "questions: %s" % (n, questions, seen))
        self.assertEqual(d.stop(), 0)
        print("%d names: %s (allocations, seconds) in windows of %d questions"
              % (n, seen, questions))

    def test_an_unchanged_answer_allocates_nothing(self):
        """Forty times the questions, and nothing more a second for it."""
        self.assert_least(50, 200)
        self.assert_least(2000, 16000)

    def test_owned_names_that_point_somewhere_allocate_nothing(self):
        """Where the targets are looked for, and for what has none."""
        self.assert_least(50, 400, self.world.daemon([self.nsd], watch(
            *["n%d.s.example" % i for i in range(50)], types="A, MX, NS",
            tags="owned"),
            extra="dangling: 1h\nwildcard: 1h\nunlisted: [www]\n"))

    def test_with_gso_many_questions_leave_as_one_and_a_change_is_told(self):
        """Where it is asked for, and the kernel can do it."""
        names = ["n%d.s.example" % i for i in range(1000, 2000)]
        d = self.world.daemon([(self.nsd, "g1, gso: true")],
                              watch(*names, types="A"))
        counts = self.start(d)
        before = counts.read()[1], d.status()["wire"]["sent_udp"]
        d.rounds(3)
        messages = counts.read()[1] - before[0]
        datagrams = d.status()["wire"]["sent_udp"] - before[1]
        self.assertGreater(datagrams, 2000)
        self.assertLess(messages, datagrams / 2)
        self.assertEqual(d.status()["questions"]["failing"], 0)
        self.zone.set("n1234", "A", "198.51.100.1")
        self.world.publish(self.zone)
        d.wait(lambda: d.changes(), 60, "the change is told")
        self.assertEqual([c["name"] for c in d.changes()],
                         ["n1234.s.example."])
        d.rounds(2)
        self.assertEqual(len(d.changes()), 1)
        self.assertEqual(d.stop(), 0)
        print("gso: %d datagrams in %d messages" % (datagrams, messages))

    def fresh(self, server):
        """(answered, fresh) of five rounds."""
        d = self.world.daemon([server], watch(
            *["n%d.s.example" % i for i in range(50)], types="A")).start()
        d.wait_ready()
        d.rounds(1)
        before = d.status()["questions"]
        d.rounds(5)
        after = d.status()["questions"]
        self.assertEqual(d.stop(), 0)
        return tuple(after[k] - before[k] for k in ("answered", "fresh"))

    def test_R13_what_a_cache_says_again_is_not_fresh(self):
        answered, fresh = self.fresh(self.nsd)
        self.assertEqual(fresh, answered)
        answered, fresh = self.fresh(self.world.unbound(
            {"s.example": self.nsd}, ttl_max=60))
        self.assertLess(fresh, answered / 4)

    def rows(self, d):
        """Rows ever written, by table.  No backend of the daemon is left, so
        nothing is still to be counted."""
        until(lambda: self.world.psql(d, (
            "select count(*) from pg_stat_activity where datname = "
            "current_database() and pid <> pg_backend_pid()"))[0][0] == "0",
              30, "no backend")
        return {t: int(n) for t, n in self.world.psql(d, (
            "select relname, n_tup_ins + n_tup_upd + n_tup_del "
            "from pg_stat_user_tables"))}

    def test_an_unchanged_answer_writes_nothing_but_spans(self):
        """From its start to its end a daemon that saw nothing new writes
        spans, and the one row of the writer."""
        d = self.daemon(2000)
        self.start(d)
        self.assertEqual(d.stop(), 0)
        for life in range(LIVES):
            before = self.rows(d)
            counts = self.start(d)
            self.window(counts, 10000)
            self.assertEqual(d.stop(), 0)
            wrote = {t: n - before[t] for t, n in self.rows(d).items()
                     if n != before[t]}
            print("rows written over 10,000 questions: %s" % wrote)
            if set(wrote) == {"span", "writer"}:
                break
        self.assertEqual(set(wrote), {"span", "writer"}, wrote)
        self.assertLess(wrote["span"], 60)
        self.assertEqual(d.log(), [])


if __name__ == "__main__":
    unittest.main()
