#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Polls that follow a cache's entries, through kill -9.

Promised: of names whose polls are moved to the ends of a cache's entries, what
the database says was last seen is never later than the last answer, and not
earlier by more than the wait and what the ledger is behind: without `chase`
the interval, with it the interval and the TTL in steps.  Half of the names
have `chase: yes`.  The server counts down as a cache does, and what it noted
is the truth.

And through a real cache: with `chase: yes` a name costs one question an
entry, and a change is seen when the entry ran out.
"""

import sys
import time
import unittest

import world
from world import Zone, a, watch

EVERY = 7
TTL = 17
WAIT = {"plain": EVERY, "chase": EVERY + 60}  # daemon/schedule/chase.c
NAMES = {kind: ["%s%d.seen.example" % (kind, i) for i in range(100)]
         for kind in WAIT}
# What the ledger may be behind: the jitter, a bucket, a step, a look a second
# and the commit.
LAG = EVERY / 20 + 0.2 + EVERY / 32 + 1 + 1 + 1
TICK = 0.11  # plans are kept in those, rounded down


class Cache:
    """Says how much of its TTL a name's entry has left, and notes it."""

    def __init__(self, server):
        self.server = server
        self.fetched = {}
        self.answered = {}
        server.faults["*"] = self.ask

    def ask(self, question):
        name, now = question.name.rstrip("."), time.time()
        if now > self.fetched.get(name, 0) + TTL:
            self.fetched[name] = now
        self.server.ttl = max(0, int(self.fetched[name] + TTL - now))
        self.answered.setdefault(name, []).append(now)
        return None


class Chase(world.WorldCase):
    def seen(self, d):
        return {row[0].rstrip("."): float(row[1]) for row in self.world.psql(
            d, "select name_text, extract(epoch from last_seen) "
            "from dnsvigil.state_now")}

    def moved(self, d):
        return int(self.world.psql(
            d, "select count(*) from dnsvigil.question where wait_s > 0")
            [0][0])

    def check(self, d, cache, killed, whole):
        """`whole`: the last span is longer than any wait."""
        seen = self.seen(d)
        early = {kind: 0.0 for kind in WAIT}
        for kind, names in NAMES.items():
            for name in names:
                last = cache.answered[name][-1]
                self.assertLessEqual(seen[name], last + TICK, name)
                early[kind] = max(early[kind], killed - seen[name])
        print("earlier than the kill by at most", early)
        if whole:
            for kind, wait in WAIT.items():
                self.assertLessEqual(early[kind], wait + LAG, kind)

    def check_coverage(self, d):
        """All was seen; polls are counted for each wait, or more."""
        rows = d.rows("coverage", "--each")
        self.assertEqual(len(rows), sum(map(len, NAMES.values())))
        for row in rows:
            self.assertGreaterEqual(row["covered_millionths"], 900000, row)
            self.assertEqual(row["failed"], 0)
            if row["name"].startswith("plain"):
                self.assertGreaterEqual(row["asked"], 3, row)
        at = d.rows("history", NAMES["plain"][0], "A", "--at", "-10s")
        self.assertEqual(at[0]["basis"], "observed", at)

    def test_last_seen_of_moved_polls_is_right_after_a_kill(self):
        server = self.world.scripted("127.0.0.5", aa=False)
        for names in NAMES.values():
            for n in names:
                server.set(n, "A", a("192.0.2.1"))
        cache = Cache(server)
        d = self.world.daemon([server], {
            "plain.yaml": watch(*NAMES["plain"], types="A",
                                every="%ds" % EVERY),
            "chase.yaml": watch(*NAMES["chase"], types="A",
                                every="%ds" % EVERY, chase="yes")})
        # Longer than the longest wait; then lives that are shorter.
        for life, length in enumerate((WAIT["chase"] + 20, 9, 2, 14)):
            d.start()
            d.wait_ready(30)
            time.sleep(length)
            if life == 0:
                self.assertGreaterEqual(
                    self.moved(d), len(NAMES["plain"]) +
                    len(NAMES["chase"]) - 5)
                self.assertGreater(d.status()["questions"]["chased"], 200)
                self.check_coverage(d)
            d.kill9()
            self.check(d, cache, time.time(), life == 0)
        for kind, most in (("chase", 0.75), ("plain", 1.6)):
            n = sum(len(cache.answered[name]) for name in NAMES[kind])
            share = n / 100 * EVERY / (WAIT["chase"] + 45)
            print("%s: %.2f questions an interval" % (kind, share))
            self.assertLess(share, most)
        self.assertEqual(d.log(), [])

    def test_a_real_cache_is_asked_once_an_entry(self):
        zone = Zone("chase.example", ttl=12)
        names = ["n%d" % i for i in range(40)]
        for n in names:
            zone.set(n, "A", "192.0.2.1")
        nsd = self.world.nsd([zone])
        unbound = self.world.unbound({"chase.example": nsd}, "127.0.0.4",
                                     ttl_max=3600)
        d = self.world.daemon([unbound], watch(
            *[n + ".chase.example" for n in names], types="A", every="5s",
            chase="yes")).start()
        d.wait_ready()
        d.wait(lambda: len(d.baselines()) == len(names), 20, "baselines")
        time.sleep(10)
        before = d.status()["questions"]["asked"]
        time.sleep(26)
        asked = d.status()["questions"]["asked"] - before
        # Two entries of 12 s; each interval it would be five polls.
        self.assertLessEqual(asked, 3 * len(names))
        self.assertGreaterEqual(asked, 1.5 * len(names))
        for n in names:
            zone.set(n, "A", "192.0.2.2")
        self.world.publish(zone)
        began = time.time()
        d.wait_changes(len(names), timeout=25)
        self.assertLess(time.time() - began, 12 + 1 + 5)
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
