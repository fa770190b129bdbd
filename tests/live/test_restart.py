#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A restart is no event, and a kill -9 loses nothing that was committed.

Promised: after any end the state comes back from PostgreSQL without a change,
an alert or a burst; undecided candidates are decided once; every alert is
delivered; last_seen is right to within one interval.  Tried with a hundred
kills under live changes, and the checker of world_check.py.
"""

import os
import random
import signal
import sys
import time
import unittest
from datetime import datetime

import world
import world_check
from world import a, until, watch

KILLS = 100
PATIENT = ["p%d.k.example" % i for i in range(15)]
WILD = ["w%d.k.example" % i for i in range(10)]


def epoch(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class KillLoop(world.WorldCase):
    fsync = True

    def test_a_hundred_kills_lose_nothing_and_repeat_nothing(self):
        """W-F1, G1, R29, R30: by the rules of world_check.py."""
        w = self.world
        seed = int(os.environ.get("SEED") or random.randrange(1 << 30))
        dice = random.Random(seed)
        server = w.scripted("127.0.0.5")
        truth = world_check.Truth(w, server, PATIENT, WILD, seed)
        r = w.receiver()
        proxy = w.proxy(seed, 0.05, 30)
        d = w.daemon([server], watch(*PATIENT, *WILD, types="A"),
                     sinks={"soc": r.url},
                     database=proxy.conninfo(w.database())).start()
        d.wait_ready()
        truth.run(d)
        proxy.armed.set()
        for i in range(KILLS):
            begin = time.time()
            # Most die young, in the load or in the first commits.
            lifetime = dice.choice([0.02, 0.1, 0.3, 0.6, 1.0, 1.8]) * \
                (0.5 + dice.random())
            if i % 25 == 24:
                lifetime = 5
            until(lambda: time.time() - begin > lifetime, 10, "", 0.005)
            self.assertTrue(d.is_running(), d.text()[-2000:])
            d.kill9()
            truth.windows.append((begin, time.time()))
            d.start()
        truth.windows.append((time.time(), time.time() + 3600))
        d.wait(lambda: min(proxy.committed, proxy.rolled_back) > 2, 60,
               "commits lost both ways")
        proxy.armed.clear()
        d.wait_ready()
        warm = world_check.Footprint(w, d)
        truth.stop()
        d.wait(truth.is_settled, 60, "the last values are believed")
        d.wait(lambda: d.status()["questions"]["inquiries"] == 0, 90,
               "all decided")
        d.wait(lambda: world_check.is_delivered(w, d), 60, "all delivered")
        wrong, counts = world_check.check(w, d, truth, r, KILLS)
        leaks, footprint = warm.check()
        # The counters of the status are those of the last life.
        wrong += leaks
        print("kill -9 x %d, seed %d: %s, %s; answers to commits lost on "
              "purpose: %d had happened, %d had not" % (
                  KILLS, seed, counts, footprint, proxy.committed,
                  proxy.rolled_back))
        self.assertEqual(wrong[:20], [], "seed %d, %d violations" % (
            seed, len(wrong)))
        self.assertEqual(d.stop(), 0)
        self.assertNotIn(" ERROR ", d.text())


class Restart(world.WorldCase):
    @classmethod
    def build(cls):
        cls.server = cls.world.scripted("127.0.0.5")
        cls.other = cls.world.scripted("127.0.0.6")

    def set(self, name, *rdata):
        self.server.set(name, "A", *rdata)
        self.other.set(name, "A", *rdata)

    def test_restart_makes_no_change_no_alert_and_no_burst(self):
        names = ["b%d.k.example" % i for i in range(300)]
        for n in names:
            self.set(n, a("192.0.2.1"))
        r = self.world.receiver()
        d = self.world.daemon([self.server], watch(
            *names, types="A", every="10s"), sinks={"soc": r.url}).start()
        d.wait_ready()
        for end in d.stop, d.kill9:
            end()
            began = time.time()
            d.start()
            d.wait_ready()
            until(lambda: time.time() - began > 10.5, 20, "one interval")
            asked = self.server.asked(since=began)
            per_second = [sum(1 for q in asked if int(q.at - began) == s)
                          for s in range(10)]
            # 30 a second are due; a burst would be 300 in the first.
            self.assertLess(max(per_second), 60, per_second)
            self.assertGreater(len({q.name for q in asked}), 285)
        self.assertEqual(d.log(), [])
        self.assertEqual(r.requests, [])
        self.assertEqual(len(d.baselines()), 300)
        self.assertEqual(d.stop(), 0)

    def test_last_seen_after_a_kill_is_right_to_one_interval(self):
        every = 2
        names = ["s%d.k.example" % i for i in range(20)]
        for n in names:
            self.set(n, a("192.0.2.1"))
        d = self.world.daemon([self.server], watch(
            *names, types="A", every="2s")).start()
        d.wait_ready()
        d.rounds(5)
        d.kill9()
        for n in names:
            answered = self.server.asked(n + ".")[-1].at
            row = d.history(n, "A")[0]
            last = epoch(row["last_seen"])
            self.assertGreater(last, answered - every * 1.05 - 0.1, n)
            self.assertLess(last, answered + 0.1, n)
            self.assertGreater(row["count"], 3)
        d.start()
        d.wait_ready()
        # The next span begins an interval after the start, and is told up to
        # an interval and 2.3 s after the first poll in it.
        d.rounds(4)
        self.assertEqual(d.log(), [])
        for n in names:
            rows = d.history(n, "A")
            self.assertEqual(len(rows), 1)
            self.assertLess(time.time() - epoch(rows[0]["last_seen"]), 7)
        self.assertEqual(d.stop(), 0)

    def test_undecided_candidate_is_decided_once_after_a_kill(self):
        """R10."""
        name = "open.k.example"
        self.set(name, a("192.0.2.1"))
        r = self.world.receiver()
        d = self.world.daemon(
            [self.server, self.other], watch(name, types="A", tags="owned"),
            sinks={"soc": r.url}).start()
        d.wait_ready()
        # One group speaks, by UDP only, the other not at all.
        self.server.questions.clear()
        d.rounds(1)
        home, other = (self.server, self.other) if self.server.asked(
            name + ".") else (self.other, self.server)
        other.faults["*"] = "drop"
        home.faults["*"] = lambda q: "drop" if q.transport == "tcp" else None
        self.set(name, a("203.0.113.7"))
        d.wait(lambda: [e["class"] for e in d.log()] == ["candidate"], 20,
               "a candidate")
        d.kill9()
        for s in (self.server, self.other):
            s.faults.clear()
        d.start()
        c = d.wait_change(timeout=30)
        self.assertEqual((c["label"], c["to"]["rdata"], c["revision"]),
                         ("confirmed", ["203.0.113.7"], 1))
        self.assertTrue(r.wait_for(len, 20))
        d.rounds(2)
        self.assertEqual([e["class"] for e in d.log()],
                         ["candidate", "decision"])
        self.assertEqual(len(r.requests), 1)
        self.assertEqual(d.stop(), 0)

    def test_lie_before_a_kill_ends_as_transient_after_it(self):
        name = "lie.k.example"
        self.set(name, a("192.0.2.1"))
        d = self.world.daemon([self.server], watch(
            name, types="A", tags="owned")).start()
        d.wait_ready()
        self.server.faults["*"] = lambda q: \
            "drop" if q.transport == "tcp" else [a("203.0.113.7")]
        d.wait(lambda: [e["class"] for e in d.log()] == ["candidate"], 20,
               "a candidate")
        d.kill9()
        self.server.faults.clear()
        d.start()
        c = d.wait_change(timeout=40)
        self.assertEqual((c["label"], c["severity"], c["to"]["rdata"]),
                         ("transient", "high", ["203.0.113.7"]))
        self.assertEqual(d.stop(), 0)

    def test_term_ends_in_seconds_under_load_and_twice_at_once(self):
        """W-F21."""
        names = ["t%d.k.example" % i for i in range(200)]
        for n in names:
            self.set(n, a("192.0.2.1"))
        d = self.world.daemon([self.server], watch(*names, types="A"))
        for _ in range(3):
            d.start()
            d.wait_ready()
            for n in names[:50]:
                self.set(n, a("192.0.2.%d" % random.randrange(2, 250)))
            began = time.time()
            self.assertEqual(d.stop(), 0)
            self.assertLess(time.time() - began, 10)
        self.server.faults["*"] = "drop"
        d.start()
        # Something is open, or it would end with the first signal.
        until(lambda: (d.status() or {"questions": {"due": 0}})
              ["questions"]["due"] > 0, 20, "an open question")
        said = d.text().count("stopping:")
        d.process.send_signal(signal.SIGTERM)
        d.wait(lambda: d.text().count("stopping:") > said, 10, "stopping")
        began = time.time()
        d.process.send_signal(signal.SIGTERM)
        self.assertEqual(d.process.wait(10), 0)
        self.assertLess(time.time() - began, 2)
        d.process = None
        self.server.faults.clear()


if __name__ == "__main__":
    sys.exit(unittest.main())
