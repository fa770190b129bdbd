#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""last_seen is right after kill -9, of names that fail too.

Promised: what the database says of a question is never later than the last
answer that the server gave, and not earlier than that by more than one
interval and what the ledger is behind.  Tried with 300 names, of which one in
twenty fails, half of these in silence; others fail in each life of the daemon,
so that outages begin and end.

What the server noted is the truth, and how far the ledger is, is asked and not
assumed.  A machine that stands still makes the daemon give up answers that
came: a name whose answers came unevenly is held against the first half of the
promise only.
"""

import datetime
import sys
import time
import unittest

import world
from world import a, watch

EVERY = 1
NAMES = ["n%d.seen.example" % i for i in range(300)]
LIVES = 2
TICK = 0.1  # plans are kept in those, rounded down
ROUNDING = 0.01


def rfc3339(at):
    return datetime.datetime.fromtimestamp(
        at, datetime.timezone.utc).isoformat(
            timespec="milliseconds").replace("+00:00", "Z")


class Truth:
    """When each name was answered; the server asks it what to do."""

    def __init__(self):
        self.answered = {n: [] for n in NAMES}
        self.failing = {}

    def fault(self, question):
        name = question.name.rstrip(".")
        fault = self.failing.get(name)
        if fault is None:
            self.answered[name].append(time.time())
        return fault

    def fail(self, life):
        """One name in twenty, others in each life."""
        some = NAMES[life::20]
        self.failing = {n: "drop" if i % 2 else "servfail"
                        for i, n in enumerate(some)}

    def is_even(self, name):
        """Whether its last answers came as planned, one a poll."""
        last = self.answered[name][-4:]
        gaps = [b - a for a, b in zip(last, last[1:])]
        return len(gaps) == 3 and min(gaps) > EVERY / 2 and \
            max(gaps) < EVERY * 1.5


class Seen(world.WorldCase):
    def ledger(self, d):
        """(beginning, end) of the newest span."""
        rows = self.world.psql(d, "select extract(epoch from from_at), "
                               "extract(epoch from to_at) from dnsvigil.span "
                               "order by from_at desc limit 1")
        return tuple(map(float, rows[0])) if rows else (0.0, 0.0)

    def open_outages(self, d):
        return {row[0] for row in self.world.psql(
            d, "select name_text from dnsvigil.state_now "
            "where failing_since is not null")}

    def wait_outages(self, d, truth):
        """What fails has an open outage, and what recovered has none."""
        def is_so():
            now = {n.rstrip(".") for n in self.open_outages(d)}
            return set(truth.failing) <= now and len(now) < 2 * len(
                truth.failing) and not now & set(self.recovered)
        d.wait(is_so, 40, "the outages of what fails")

    def wait_ledger(self, d):
        """The ledger has got to now, in a span of an interval or more."""
        now = time.time()

        def is_there():
            begin, end = self.ledger(d)
            return end >= now and end - begin > EVERY
        d.wait(is_there, 60, "the ledger goes on")

    def check(self, d, truth):
        """How many names were held against both halves."""
        _, end = self.ledger(d)
        rows = self.world.psql(
            d, "select name_text, extract(epoch from last_seen) "
            "from dnsvigil.state_now")
        self.assertEqual(len(rows), len(NAMES))
        open_now = self.open_outages(d)
        whole = 0
        for text, seen in rows:
            name, seen = text.rstrip("."), float(seen)
            answered = truth.answered[name]
            self.assertLessEqual(seen, answered[-1] + TICK + ROUNDING, name)
            if not truth.is_even(name) or \
                    (text in open_now) != (name in truth.failing):
                continue
            whole += 1
            # Of what fails: the poll before the first that failed, which was
            # planned after the answer before it, or the one before that.
            least = end if name not in truth.failing else answered[-2]
            self.assertGreaterEqual(seen, least - EVERY - TICK - ROUNDING,
                                    name)
        return whole

    def test_last_seen_after_a_kill_is_never_made_up_nor_left_behind(self):
        truth = Truth()
        server = self.world.scripted("127.0.0.5")
        for n in NAMES:
            server.set(n, "A", a("192.0.2.1"))
        server.faults["*"] = truth.fault
        d = self.world.daemon([server], watch(
            *NAMES, types="A", every="%ds" % EVERY))
        whole = 0
        self.recovered = {}
        began = time.time()
        lives = []
        for life in range(LIVES):
            d.start()
            lives.append(time.time())
            d.wait_ready(60)
            d.rounds(4)
            self.recovered = truth.failing
            truth.fail(life)
            self.wait_outages(d, truth)
            self.wait_ledger(d)
            d.kill9()
            lives.append(time.time())
            whole += self.check(d, truth)
        print("held against both halves: %d of %d" % (
            whole, LIVES * len(NAMES)))
        self.assertGreater(whole, len(NAMES) / 10)
        self.assertEqual(d.log(), [])
        self.check_coverage(d, truth, began, lives[1:3])

    def check_coverage(self, d, truth, began, away):
        """The time between two lives is a gap, and failures are counted."""
        rows = d.rows("coverage", "--each", "--since", rfc3339(began))
        self.assertEqual(len(rows), len(NAMES))
        for row in rows:
            gap = row["longest_gap"]
            self.assertGreater(row["asked"], 0, row)
            self.assertGreaterEqual(gap["seconds"], int(away[1] - away[0]))
            if row["name"].rstrip(".") in truth.failing:
                self.assertGreater(row["failed"], 0, row)
            elif gap["reason"] == "not asked":
                self.assertLess(gap["since"], rfc3339(away[0]))
                self.assertGreater(gap["until"], rfc3339(away[1]))
        total, = d.rows("coverage", "--since", rfc3339(began))
        self.assertEqual(total["questions"], len(NAMES))
        for key in ("asked", "failed"):
            self.assertEqual(total[key], sum(x[key] for x in rows))
        print("coverage: %s" % total)


if __name__ == "__main__":
    sys.exit(unittest.main())
