#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Deltas beside a list change exactly what they name.

Promised: with 50,000 names in a plain list, each of 24 deltas that come one
after the other adds and takes out the names in it and no other: none of the
others is begun anew, compared anew or told.  What was known of a name that
went is kept, and is there when it comes back.  The guard against mass removal
counts what all deltas come to, and a delta that cannot be read keeps the list.
"""

import os
import random
import re
import unittest

import world

COUNT = 50000
DELTAS = 24
TYPES = 6  # of a plain list
SEED = random.randrange(1 << 32)
ENDED = re.compile(r"monitor: reloaded: (\d+) questions added, (\d+) removed, "
                   r"(\d+) changed; (\d+) watched")


def typed(n, i):
    """As feeds and people write it."""
    return [n, n.upper() + ".", n.replace(".", "[.]"), "hxxps://%s/x" % n,
            n + "  # seen"][i % 5]


class Lists(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = world.Zone("evil.example", ttl=300)
        cls.zone.set("*", "A", "192.0.2.66")
        cls.server = cls.world.nsd([cls.zone])

    def daemon(self, names, text):
        d = self.world.daemon([self.server], {"evil.txt": text})
        with open(d.config) as f:
            d.write_config(f.read().replace("lists/*.yaml", "lists/*.txt"))
        d.start()
        # As many questions as can be asked here, on a busy machine.
        d.wait_ready(200)
        self.assertEqual(d.status()["questions"]["watched"],
                         TYPES * len(names))
        os.mkdir(os.path.join(d.folder, "lists", "evil.txt.d"))
        return d

    def reload(self, d):
        """(added, removed, changed, watched), as the daemon says."""
        before = len(ENDED.findall(d.text()))
        d.hup()
        d.wait(lambda: len(ENDED.findall(d.text())) > before, 60, "reloaded")
        return tuple(map(int, ENDED.findall(d.text())[-1]))

    def sql(self, d, text):
        return self.world.psql(d, text)

    def test_a_budget_makes_the_intervals_of_its_list_longer(self):
        """What it plans by is in the database; other lists keep theirs."""
        names = "".join("  - n%d.evil.example\n" % i for i in range(40))
        d = self.world.daemon([self.server], {
            "hostile.yaml": "budget: 10\ndefaults: {types: [A], every: 1s}\n"
            "watch:\n" + names,
            "own.yaml": "watch: [{name: n0.evil.example, types: [A], "
            "every: 2s}]\n"}).start()
        d.wait_ready(60)
        d.wait_log("hostile.yaml asks for 40.00 questions a second, its "
                   "budget is 10: intervals are 4 times as long")
        self.assertEqual(
            self.sql(d, "select every_s, count(*) from dnsvigil.question "
                     "group by 1 order by 1"),
            [["2", "1"], ["4", "39"]])
        d.stop()

    def test_24_deltas_of_50000_names_change_what_they_name(self):
        print("seed %d" % SEED)
        rnd = random.Random(SEED)
        base = ["h%d.evil.example" % i for i in range(COUNT)]
        d = self.daemon(base, "".join(
            typed(n, i) + "\n" for i, n in enumerate(base)))
        self.sql(d, "create table public.before as select shard, question, "
                 "name_text, type, since, change, content_hash, "
                 "watched_since, planned_since, every_s, phase_ms "
                 "from dnsvigil.state_now")
        there, gone, touched = set(base), set(), set()
        for k in range(DELTAS):
            # Twice the same is as once.
            cut = rnd.sample(sorted(there), 150)
            new = ["d%d-%d.evil.example" % (k, i) for i in range(120)]
            back = rnd.sample(sorted(gone), min(len(gone), 30))
            lines = ["-" + typed(n, rnd.randrange(5)) for n in cut] + [
                "+" + typed(n, rnd.randrange(5)) for n in new + back]
            rnd.shuffle(lines)
            d.write_list("evil.txt.d/%02d.delta" % k, "\n".join(
                ["# number %d" % k, ""] + lines +
                (["evil", lines[0]] if k == 7 else [])) + "\n")
            there = there - set(cut) | set(new + back)
            gone = gone - set(back) | set(cut)
            touched |= set(cut + new + back)
            self.assertEqual(self.reload(d), (
                TYPES * len(new + back), TYPES * len(cut), 0,
                TYPES * len(there)), "delta %d, seed %d" % (k, SEED))
            self.assertEqual("07.delta:303:1: " in d.text(), k >= 7)
        d.wait_ready(60)
        rows = self.sql(d, "select name_text, watched, count(*), "
                        "count(outcome) from dnsvigil.state_now "
                        "group by name_text, watched")
        # Watched are these and no others; what was known of the rest stays.
        self.assertEqual({r[0] for r in rows if r[1] == "t"},
                         {n + "." for n in there})
        self.assertEqual({r[0] for r in rows if r[1] == "f"},
                         {n + "." for n in gone})
        odd = [r for r in rows if r[2:] != ["6", "6"]]
        self.assertEqual(odd, [])
        name = rnd.choice(sorted(gone & set(base)))
        self.assertEqual([r["rdata"] for r in d.history(name, "A")],
                         ["192.0.2.66"])
        # The others were not begun anew.
        self.sql(d, "create table public.touched (name_text text); "
                 "insert into public.touched values " + ", ".join(
                     "('%s.')" % n for n in sorted(touched)))
        self.assertEqual(self.sql(
            d, "select count(*) from (select * from public.before where "
            "name_text not in (table public.touched) except select shard, "
            "question, name_text, type, since, change, content_hash, "
            "watched_since, planned_since, every_s, phase_ms "
            "from dnsvigil.state_now) x"), [["0"]])
        self.assertGreater(COUNT, len(touched & set(base)))
        # Nothing differed, so nothing was told.
        self.assertEqual(d.log(), [])
        self.assertEqual(d.stop(), 0)

    def test_guard_counts_what_all_deltas_come_to(self):
        names = ["g%d.evil.example" % i for i in range(100)]
        d = self.daemon(names, "\n".join(names))
        d.write_list("evil.txt.d/1.delta", "".join(
            "-%s\n" % n for n in names[:50]))
        d.hup()
        d.wait_log("reload refused: it would drop 300 of 600 questions")
        d.write_list("evil.txt.d/2.delta", "".join(
            "+%s\n" % n for n in names[2:50]))
        self.assertEqual(self.reload(d), (0, 12, 0, 588))
        # The list itself is as it was; a start gives the same.
        self.assertEqual(d.stop(), 0)
        d.start()
        d.wait_ready()
        self.assertEqual(d.status()["questions"]["watched"], 588)
        self.assertEqual(d.stop(), 0)

    def test_delta_that_cannot_be_read_keeps_the_list(self):
        names = ["k%d.evil.example" % i for i in range(10)]
        d = self.daemon(names, "\n".join(names))
        folder = os.path.join(d.folder, "lists", "evil.txt.d")
        d.write_list("evil.txt.d/1.delta", "-%s\n" % names[0])
        os.mkdir(os.path.join(folder, "2.delta"))
        self.assertEqual(self.reload(d), (0, 0, 0, 60))
        self.assertIn("evil.txt cannot be read; what it said before stays",
                      d.text())
        os.rmdir(os.path.join(folder, "2.delta"))
        self.assertEqual(self.reload(d), (0, 6, 0, 54))
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    unittest.main()
