#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""When a name was on which list is kept, and only differences are written.

Promised: a name joins and leaves with the lists, whatever its types are; what
left while nobody ran is closed at the next start as `by-then`; a name that
comes back opens a new row; a start that changes nothing writes none.
"""

import sys
import unittest

import world
from world import a, watch

NAMES = ["n%d.m.example" % i for i in range(6)]


class Membership(world.WorldCase):
    @classmethod
    def build(cls):
        cls.server = cls.world.scripted("127.0.0.5")
        for n in NAMES:
            cls.server.set(n, "A", a("192.0.2.1"))

    def daemon(self, lists):
        return self.world.daemon([self.server], lists).start()

    def rows(self, d):
        """{(name, list): [reason, ...] by time}; "": it is still on it."""
        found = {}
        for name, which, reason in self.world.psql(
                d, "select split_part(name, '.', 1), list,"
                " coalesce(reason, '') from dnsvigil.membership"
                " order by name, list, since"):
            found.setdefault((name, which), []).append(reason)
        return found

    def wait_rows(self, d, rows):
        d.wait(lambda: self.rows(d) == rows, 20,
               "memberships %s, not %s" % (rows, self.rows(d)))

    def versions(self, d):
        return self.world.psql(
            d, "select xmin, ctid, * from dnsvigil.membership order by 3, 7")

    def test_names_join_leave_and_come_back(self):
        d = self.daemon(watch(*NAMES[:3], types="A"))
        d.wait_ready()
        both = {("n%d" % i, "owned"): [""] for i in range(3)}
        self.wait_rows(d, both)
        d.write_list("owned.yaml", watch(*NAMES[1:4], types="A"))
        d.hup()
        both[("n0", "owned")] = ["left"]
        both[("n3", "owned")] = [""]
        self.wait_rows(d, both)
        d.write_list("owned.yaml", watch(*NAMES[:4], types="A"))
        d.hup()
        both[("n0", "owned")] = ["left", ""]
        self.wait_rows(d, both)
        self.assertEqual(self.world.psql(
            d, "select count(*) from dnsvigil.membership a"
            " join dnsvigil.membership b using (shard, name, list)"
            " where a.until > b.since and a.since < b.since"), [["0"]])
        self.assertEqual(d.stop(), 0)

    def test_other_types_and_another_list_are_the_same_name(self):
        d = self.daemon(watch(NAMES[0], types="A"))
        d.wait_ready()
        self.wait_rows(d, {("n0", "owned"): [""]})
        # Its only type goes, another comes: it never left.
        d.write_list("owned.yaml", watch(NAMES[0], types="TXT"))
        d.hup()
        d.wait(lambda: len(d.baselines()) == 2, 20, "TXT is asked")
        self.wait_rows(d, {("n0", "owned"): [""]})
        d.write_list("other.yaml", watch(NAMES[0], types=["A", "TXT"]))
        d.write_config()
        d.hup()
        self.wait_rows(d, {("n0", "owned"): [""], ("n0", "other"): [""]})
        d.write_list("owned.yaml", watch(NAMES[1], types="A"))
        d.hup()
        self.wait_rows(d, {("n0", "owned"): ["left"], ("n0", "other"): [""],
                           ("n1", "owned"): [""]})
        self.assertEqual(d.stop(), 0)

    def test_what_left_while_nobody_ran_was_over_by_the_next_start(self):
        d = self.daemon(watch(*NAMES[:3], types=["A", "TXT"]))
        d.wait_ready()
        all_on = {("n%d" % i, "owned"): [""] for i in range(3)}
        self.wait_rows(d, all_on)
        d.wait(lambda: len(d.baselines()) == 6, 20, "6 baselines")
        before = self.versions(d)
        for _ in range(2):
            d.kill9()
            d.start()
            d.wait_ready()
            d.rounds(1)
            self.assertEqual(self.versions(d), before)
        d.kill9()
        d.write_list("owned.yaml", watch(*NAMES[1:4], types=["A", "TXT"]))
        d.start()
        all_on[("n0", "owned")] = ["by-then"]
        all_on[("n3", "owned")] = [""]
        self.wait_rows(d, all_on)
        found = d.memberships(NAMES[0])
        self.assertEqual(len(found), 1)
        self.assertEqual((found[0]["name"], found[0]["list"],
                          found[0]["reason"], found[0]["first_reported"]),
                         (NAMES[0] + ".", "owned", "by-then", None))
        self.assertLess(found[0]["since"], found[0]["until"])
        self.assertIn("on list owned", d.run("history", NAMES[1]).stdout)
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
