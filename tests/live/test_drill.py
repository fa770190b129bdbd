#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""drill: an attack that was not one, through the real judging to real sinks.

Promised: each scenario is told of a name that is watched as most are; every
sink gets the alerts, signed and marked as a test; the database is not touched,
and need not be there; what is judged goes by the watch and the configuration.
"""

import json
import subprocess
import unittest

import world
from world import watch

NAME = "www.d.example"


class Drill(world.WorldCase):
    @classmethod
    def build(cls):
        cls.server = cls.world.scripted("127.0.0.5")

    def daemon(self, **how):
        how.setdefault("sinks", {})
        return self.world.daemon(
            [self.server], how.pop("lists", watch(
                NAME, types="A, AAAA, NS, MX, TXT, SOA", every="5m",
                tags="owned", owner="web-team")), **how)

    def drill(self, d, *args, status=0):
        p = subprocess.run([world.PROGRAM, "drill", *args], text=True,
                           capture_output=True, stdin=subprocess.DEVNULL,
                           timeout=60, cwd=d.folder)
        self.assertEqual(p.returncode, status, p.stdout + p.stderr)
        return p.stdout

    def bodies(self, d, *args, status=0):
        out = self.drill(d, *args, "--json", status=status)
        return [json.loads(line) for line in out.splitlines()]

    def members(self, bodies):
        for b in bodies:
            yield from b["data"].get("members", [b["data"]])

    def test_each_scenario_is_told_in_its_own_words(self):
        d = self.daemon()
        listed = [line.split()[0] for line in self.drill(d).splitlines()]
        want = {
            "hijack-a": {("A", "replaced", "high"),
                         ("AAAA", "replaced", "high")},
            "hijack-ns": {("NS", "replaced", "critical"),
                          ("A", "replaced", "high")},
            "rogue-mx": {("MX", "added", "high")},
            "open-spf": {("TXT", "replaced", "high")},
            "takedown": {("A", "vanished", "high"),
                         ("A", "appeared", "medium")},
            "forgery": {("A", "replaced", "high")},
            "outage": {("A", "failing", "high"),
                       ("A", "recovered", "low")},
        }
        self.assertEqual(set(listed), set(want))
        for scenario, some in want.items():
            with self.subTest(scenario):
                got = {(m["type"], m["kind"], m["severity"])
                       for m in self.members(self.bodies(d, scenario))}
                self.assertLessEqual(some, got)

    def test_sinks_get_it_signed_and_marked_and_the_database_nothing(self):
        first, second = self.world.receiver(), self.world.receiver()
        d = self.daemon(sinks={"soc": first.url, "mail": second.url})
        tables = ("log", "delivery", "state", "evidence", "record_now")
        count = "select %s" % ", ".join(
            "(select count(*) from dnsvigil.%s)" % t for t in tables)
        before = self.world.psql(d, count)
        out = self.drill(d, "hijack-ns", "--name", NAME)
        self.assertIn("critical", out)
        self.assertEqual(self.world.psql(d, count), before)
        self.assertEqual(before, [["0"] * len(tables)])
        for r, sink in ((first, "soc"), (second, "mail")):
            self.assertGreaterEqual(len(r.requests), 2)
            for q in r.requests:
                self.assertEqual((q["signature"], q["duplicate"]),
                                 ("ok", False))
                self.assertEqual(q["body"]["delivery"] | {"sink": sink},
                                 {"sink": sink, "sink_seq": 0,
                                  "prev_sink_seq": 0, "attempt": 1,
                                  "replay": False, "test": True})
                self.assertEqual(q["body"]["data"]["name"], NAME + ".")
                self.assertEqual(q["body"]["data"]["owner"], "web-team")
        # Twice is two drills, and no copy of the first.
        n = len(first.requests)
        self.drill(d, "hijack-ns")
        self.assertEqual(len({q["id"] for q in first.requests}), 2 * n)

    def test_without_a_database_and_with_nothing_sent(self):
        r = self.world.receiver()
        d = self.daemon(sinks={"soc": r.url},
                        database="postgresql:///nowhere?host=/nonexistent")
        self.assertTrue(self.bodies(d, "rogue-mx", "--dry-run"))
        self.assertEqual(r.requests, [])

    def test_a_sink_that_does_not_take_it_is_named(self):
        r = self.world.receiver()
        r.mode = "500"
        d = self.daemon(sinks={"soc": r.url})
        self.drill(d, "open-spf", status=2)
        self.assertEqual(len(r.requests), 1)

    def test_what_this_watch_would_not_have_seen_is_not_told(self):
        d = self.daemon(lists=watch(NAME, types="A", every="1d",
                                    tags="owned"))
        self.assertEqual(self.bodies(d, "rogue-mx", status=1), [])
        d = self.daemon(
            extra="severity: [{kind: replaced, type: TXT, severity: info}]\n")
        self.assertEqual(self.bodies(d, "open-spf", status=1), [])
        self.drill(d, "open-spf", "--name", "other.example", status=2)
        self.drill(d, "nonsense", status=64)

    def test_a_watch_that_is_over_is_none(self):
        """`until`: as if it did not stand in its list."""
        d = self.daemon(lists=(
            "defaults: {types: [A], every: 5m, tags: [owned]}\nwatch:\n"
            "  - {name: over.example, until: 2020-01-01}\n"
            "  - {name: there.example, until: 2100-01-01}\n"))
        self.drill(d, "hijack-a", "--name", "over.example", status=2)
        self.assertEqual({m["name"] for m in self.members(
            self.bodies(d, "hijack-a"))}, {"there.example."})

    def test_what_all_lists_say_of_the_name_is_its_watch(self):
        lists = {"a.yaml": "watch:\n  - {name: www.d.example, types: [A], "
                 "every: 1d, tags: [owned]}\n",
                 "b.yaml": "watch:\n  - other.example\n  - {name: "
                 "www.d.example, types: [MX], every: 5m, tags: [brand]}\n"}
        got = list(self.members(self.bodies(
            self.daemon(lists=lists), "rogue-mx")))
        self.assertEqual([(m["name"], m["type"], m["tags"]) for m in got],
                         [(NAME + ".", "MX", ["brand", "owned"])])

    def test_types_that_fail_together_are_lines_of_their_own(self):
        lines = [line for line in self.drill(
            self.daemon(), "outage", "--dry-run").splitlines()
            if "Z  " in line]
        self.assertEqual(len(lines), 12)  # six types, there and back
        for line in lines:
            self.assertRegex(line, r" (failing|recovered) +www\.d\.example\. "
                             r"(A|AAAA|NS|MX|TXT|SOA) timeout since 2")

    def test_names_of_groups_and_lists_and_odd_octets_are_no_trouble(self):
        d = self.daemon(lists={"my list #1.yaml": (
            'watch:\n  - {name: "a\\\\032b.d.example", types: [MX], '
            'every: 5m, tags: [owned]}\n')})
        with open(d.config) as f:
            text = f.read()
        d.write_config(text.replace(
            "rate: none}", "rate: none, group: 'a:{\"c'}\n"
            "  - {address: '[2001:db8::1]:5300'}"))
        got = list(self.members(self.bodies(d, "rogue-mx")))
        self.assertEqual([(m["kind"], m["name"]) for m in got],
                         [("added", "a\\032b.d.example.")])


if __name__ == "__main__":
    unittest.main()
