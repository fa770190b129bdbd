#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Lists of names that mostly do not exist, on a real NSD and PostgreSQL.

Promised: with `types: auto` only NS is asked of what does not exist, and the
database has no row of the types that sleep; they wake when the name exists,
and a start neither wakes nor lulls any.  With `tell_baseline` there is an
event exactly where there is a first state, whenever the daemon is killed.
What a list has until a time is off it at that time, found by the clock or by
the next start.  A name that has not existed for long (`idle`) is asked less
often, also by the next start, and told when it wakes.
"""

import os
import random
import subprocess
import time
import unittest

import world

SEED = random.randrange(1 << 32)


class Idle(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = world.Zone("evil.example", ttl=1)
        cls.zone.set("here", "A", "192.0.2.66")
        cls.server = cls.world.nsd([cls.zone])

    def sql(self, d, text):
        return self.world.psql(d, text)

    def asked(self, d):
        return sorted(tuple(r) for r in self.sql(
            d, "select name_text, type from dnsvigil.question where watched"))

    def test_auto_asks_for_more_once_the_name_exists(self):
        names = ["new%d" % i for i in range(20)]
        d = self.world.daemon([self.server], {"evil.yaml": (
            "defaults: {types: auto, every: 1s}\nwatch:\n" + "".join(
                "  - %s.evil.example\n" % n for n in names + ["here"]))})
        d.start()
        self.assertEqual(d.wait_ready()["questions"]["sleeping"], 80)
        d.rounds(3)
        self.assertEqual(len(self.asked(d)), 25)
        self.zone.set("new7", "MX", "10 mail.evil.example.")
        self.world.publish(self.zone)
        d.wait(lambda: d.status()["questions"]["sleeping"] == 76, 20, "awake")
        d.wait(lambda: len(d.history("new7.evil.example", "MX")) > 0, 20,
               "its MX")
        self.assertEqual(
            [c["kind"] for c in d.changes(name="new7.evil.example.")],
            ["outcome"])
        d.kill9()
        d.start()
        s = d.wait_ready()
        self.assertEqual((s["questions"]["sleeping"],
                          s["questions"]["watched"]), (76, 29))
        self.assertEqual(len(self.asked(d)), 29)
        d.rounds(2)
        self.assertEqual(len(d.changes()), 1)
        self.assertEqual(d.stop(), 0)

    def test_told_first_answers_are_those_of_the_database(self):
        """Killed at many moments of a first pass."""
        print("seed %d" % SEED)
        rnd = random.Random(SEED)
        names = ["n%d" % i for i in range(1500)] + ["here"]
        d = self.world.daemon([self.server], {"evil.yaml": (
            "watchlist: evil\n"
            "defaults: {types: [A, TXT], every: 10s, tell_baseline: true, "
            "tags: [hostile]}\nwatch:\n" + "".join(
                "  - %s.evil.example\n" % n for n in names))},
            extra="severity: [{kind: baseline, type: TXT, severity: low}]\n",
            sinks={"soc": "http://127.0.0.1:9/"})
        for _ in range(6):
            d.start()
            time.sleep(rnd.uniform(0.05, 0.6))
            d.kill9()
        d.start()
        d.wait_ready(60)
        d.rounds(1)
        told = self.sql(d, "select l.name, l.type, count(*) from dnsvigil.log l "
                        "where l.event = 'baseline' group by 1, 2")
        stored = self.sql(d, "select q.name_text, q.type from dnsvigil.state s "
                          "join dnsvigil.question q using (shard, question)")
        self.assertEqual({r[2] for r in told}, {"1"})
        self.assertEqual(sorted(r[:2] for r in told), sorted(stored))
        self.assertEqual(len(told), 2 * len(names))
        self.assertEqual(self.sql(
            d, "select count(*), count(distinct alert) "
            "from dnsvigil.delivery"), [[str(len(names))] * 2])
        row = [c for c in d.changes(kind="baseline", type="A")
               if c["name"] == "here.evil.example."]
        self.assertEqual([c["state"]["rdata"] for c in row], [["192.0.2.66"]])
        self.assertIn("baseline", d.run(
            "changes", "--kind", "baseline", "--name",
            "here.evil.example").stdout)
        self.assertEqual(d.stop(), 0)

    def test_idle_names_are_asked_less_often_and_told_when_they_wake(self):
        names = ["old%d" % i for i in range(30)]
        d = self.world.daemon([self.server], {"evil.yaml": (
            "defaults: {types: [A, TXT], every: 1s, tags: [hostile], "
            "idle: {after: 1d, every: 1m}}\nwatch:\n" + "".join(
                "  - %s.evil.example\n" % n for n in names + ["here"]))})
        d.start()
        d.wait_ready()
        d.rounds(1)
        self.assertEqual(d.status()["questions"]["idle"], 0)
        d.kill9()
        self.sql(d, "update dnsvigil.state set since = now() - interval "
                 "'2 days'")
        d.start()
        d.wait_ready()
        d.wait(lambda: d.status()["questions"]["idle"] == 60, 20, "idle")
        d.wait(lambda: self.sql(d, "select every_s, count(*) from dnsvigil."
                                "question group by 1 order by 1") ==
               [["1", "2"], ["60", "60"]], 10, "their rows")
        d.kill9()
        d.start()
        d.wait_ready()
        self.assertEqual(d.status()["questions"]["idle"], 60)
        self.assertEqual(d.changes(), [])
        self.zone.set("old3", "A", "192.0.2.3")
        self.world.publish(self.zone)
        woke = d.wait_change(75, kind="woke")
        self.assertEqual(woke["name"], "old3.evil.example.")
        d.wait(lambda: d.status()["questions"]["idle"] == 58, 10, "awake")
        d.wait(lambda: len(d.history("old3.evil.example", "TXT")) == 2, 10,
               "its TXT")
        self.assertEqual(len(d.changes(kind="woke")), 1)
        self.assertEqual({c["name"] for c in d.changes()},
                         {"old3.evil.example."})
        self.assertEqual(d.stop(), 0)

    def test_until_ends_by_the_clock_and_at_a_start(self):
        def at(seconds):
            return time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                 time.gmtime(time.time() + seconds))

        soon, later = at(8), at(25)
        d = self.world.daemon([self.server], {"feed.yaml": (
            "defaults: {types: [A], every: 1s}\nwatch:\n"
            "  - {name: here.evil.example, until: %s, "
            "first_reported: 2026-01-02}\n"
            "  - {name: b.evil.example, until: %s}\n"
            "  - {name: c.evil.example, until: 2020-01-01}\n"
            "  - d.evil.example\n" % (soon, later)), "own.yaml": (
                "watch: [{name: here.evil.example, types: [TXT]}]\n")})
        p = subprocess.run(
            [world.PROGRAM, "check", "--json",
             os.path.join(d.folder, "lists", "feed.yaml")],
            capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertIn("c.evil.example. is over since", p.stdout)
        self.assertIn('"over":1', p.stdout)
        d.start()
        d.wait_ready()
        self.assertEqual(d.status()["questions"]["watched"], 4)
        rows = {m["list"]: m for m in d.memberships("here.evil.example")}
        self.assertEqual(rows["feed"]["first_reported"][:10], "2026-01-02")
        self.assertEqual((rows["feed"]["until"], rows["own"]["until"]),
                         (None, None))
        d.wait(lambda: d.status()["questions"]["watched"] == 3, 30, "over")

        def ended(name):
            return [(m["until"][:19] + "Z", m["reason"])
                    for m in d.memberships(name) if m["until"]]
        d.wait(lambda: ended("here.evil.example"), 10, "its membership")
        self.assertEqual(ended("here.evil.example"), [(soon, "until")])
        d.kill9()
        time.sleep(max(0, 26 - (time.time() - time.mktime(
            time.strptime(soon, "%Y-%m-%dT%H:%M:%SZ")) + time.timezone + 8)))
        d.start()
        d.wait_ready()
        d.wait(lambda: ended("b.evil.example"), 10, "its membership")
        self.assertEqual(ended("b.evil.example"), [(later, "until")])
        self.assertEqual(ended("d.evil.example"), [])
        self.assertEqual(d.log(), [])
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    unittest.main()
