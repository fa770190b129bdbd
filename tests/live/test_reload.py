#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""SIGHUP changes what is watched, and a mistake changes nothing.

Promised: names come and go without a restart; a reload that would drop more
than a tenth (and more than 20) waits for a second SIGHUP 5 to 60 s later; a
refused configuration or reload leaves the old one in force as a whole; a list
that is missing or cannot be read to its end keeps what it said, as a whole; a
name that is watched again is compared with its last state (R9); and a second
daemon on the database is refused (W-F7).
"""

import os
import sys
import unittest

import world
from world import a, until, watch

NAMES = ["n%d.r.example" % i for i in range(60)]


class Reload(world.WorldCase):
    @classmethod
    def build(cls):
        cls.server = cls.world.scripted("127.0.0.5")
        for n in NAMES:
            cls.server.set(n, "A", a("192.0.2.1"))

    def daemon(self, lists):
        d = self.world.daemon([self.server], lists).start()
        d.wait_ready()
        return d

    def watched(self, d):
        return d.status()["questions"]["watched"]

    def hup_until_watched(self, d, count):
        d.hup()
        d.wait(lambda: self.watched(d) == count, 15, "%d watched" % count)

    def test_names_come_and_go_and_come_back(self):
        d = self.daemon(watch(*NAMES[:5], types="A"))
        d.write_list("owned.yaml", watch(*NAMES[1:7], types="A"))
        self.hup_until_watched(d, 6)
        d.wait(lambda: len(d.baselines()) == 7, 10, "7 baselines")
        self.assertEqual(d.log(), [])
        # NAMES[0] changes while nobody watches it.
        self.server.set(NAMES[0], "A", a("192.0.2.2"))
        d.rounds(2)
        self.assertEqual(d.log(), [])
        d.write_list("owned.yaml", watch(*NAMES[:7], types="A"))
        self.hup_until_watched(d, 7)
        c = d.wait_change(name=NAMES[0] + ".")
        self.assertEqual((c["from"]["rdata"], c["to"]["rdata"]),
                         (["192.0.2.1"], ["192.0.2.2"]))
        self.server.set(NAMES[0], "A", a("192.0.2.1"))
        d.wait_changes(2)
        self.assertEqual(len(d.baselines()), 7)
        self.assertEqual(d.stop(), 0)

    def test_a_thousand_new_names_and_one_that_comes_back_with_them(self):
        """R9: what goes by COPY is compared with its last state, too."""
        many = ["m%d.r.example" % i for i in range(1200)]
        for n in many:
            self.server.set(n, "A", a("192.0.2.3"))
        d = self.daemon(watch(*NAMES[50:52], types="A"))
        d.wait(lambda: len(d.baselines()) == 2, 10, "2 baselines")
        d.write_list("owned.yaml", watch(NAMES[51], types="A"))
        self.hup_until_watched(d, 1)
        self.assertEqual(d.stop(), 0)
        self.server.set(NAMES[50], "A", a("192.0.2.2"))
        d.start()
        d.wait_ready()
        d.write_list("owned.yaml", watch(*NAMES[50:52], types="A"))
        d.write_list("many.yaml", watch(*many, types="A", every="1h"))
        d.write_config()
        self.hup_until_watched(d, 1202)
        c = d.wait_change(name=NAMES[50] + ".", timeout=60)
        self.assertEqual(c["to"]["rdata"], ["192.0.2.2"])
        d.wait(lambda: len(d.baselines()) == 1202, 60, "1202 baselines")
        d.wait_log("every new question was asked")
        self.assertEqual(len(d.changes()), 1)
        self.assertEqual(d.stop(), 0)
        self.assertEqual(self.world.psql(
            d, "select count(*) from dnsvigil.record_now where believed"),
            [["1202"]])

    def test_what_comes_back_with_a_thousand_and_fails_is_no_first_answer(
            self):
        """Nothing is refused, and each name is on its list once: those that
        are new came by COPY, the other one is open again."""
        many = ["f%d.r.example" % i for i in range(1200)]
        for n in many:
            self.server.set(n, "A", a("192.0.2.3"))
        d = self.daemon(watch(*NAMES[50:52], types="A"))
        d.wait(lambda: len(d.baselines()) == 2, 10, "2 baselines")
        d.write_list("owned.yaml", watch(NAMES[51], types="A"))
        self.hup_until_watched(d, 1)
        self.server.faults[NAMES[50] + "."] = "servfail"
        d.write_list("owned.yaml", watch(*NAMES[50:52], types="A"))
        d.write_list("many.yaml", watch(*many, types="A", every="1h"))
        d.write_config()
        self.hup_until_watched(d, 1202)
        d.wait(lambda: len(d.baselines()) == 1202, 60, "1202 baselines")
        d.wait_log("every new question was asked")
        self.assertNotIn("refuses", d.text())
        self.assertEqual(self.world.psql(
            d, "select list, count(*), count(until) from dnsvigil.membership"
            " group by list order by list"),
            [["many", "1200", "0"], ["owned", "3", "1"]])
        del self.server.faults[NAMES[50] + "."]
        self.assertEqual(d.stop(), 0)

    def test_mass_removal_waits_for_a_second_hup(self):
        d = self.daemon(watch(*NAMES, types="A"))
        d.write_list("owned.yaml", watch(*NAMES[:30], types="A"))
        d.hup()
        d.wait_log("reload refused")
        self.assertEqual(self.watched(d), 60)
        # Too soon: that is a stutter and no consent.
        d.hup()
        d.wait(lambda: d.text().count("reload refused") == 2, 10,
               "refused again")
        self.assertEqual(self.watched(d), 60)
        refused = os.times().elapsed
        until(lambda: os.times().elapsed > refused + 5.5, 10, "5 s")
        self.hup_until_watched(d, 30)
        d.rounds(1)
        self.assertEqual(d.log(), [])
        self.assertEqual(d.stop(), 0)

    def test_refused_mass_removal_keeps_all_of_the_old_configuration(self):
        """The lists are not taken, so neither are sinks and resolvers: they
        were, and alerts went to a sink of a configuration that was refused."""
        old, new = self.world.receiver(), self.world.receiver()
        other = self.world.scripted("127.0.0.7")
        d = self.world.daemon([self.server], watch(*NAMES, types="A"),
                              sinks={"old": old.url}).start()
        d.wait_ready()
        d.write_list("owned.yaml", watch(*NAMES[:30], types="A"))
        d.resolvers, d.sinks = [other], {"new": new.url}
        d.write_config()
        d.hup()
        d.wait_log("reload refused")
        self.assertEqual([s["sink"] for s in d.status()["sinks"]], ["old"])
        d.rounds(2)
        self.server.set(NAMES[40], "A", a("192.0.2.40"))
        self.assertTrue(old.wait_for(len, 20), d.text())
        d.rounds(1)
        self.assertEqual((new.requests, other.questions), ([], []))
        # The consent takes all of it.
        other.data.update(self.server.data)
        self.server.set(NAMES[40], "A", a("192.0.2.1"))
        refused = d.text().count("reload refused")
        until(lambda: not self.consented(d, refused), 30, "the consent")
        self.assertEqual([s["sink"] for s in d.status()["sinks"]], ["new"])
        d.wait(lambda: other.questions, 10, "questions to the new resolver")
        self.assertEqual(d.stop(), 0)

    def consented(self, d, refused):
        """Sends SIGHUP when one counts as consent; True until it did."""
        began = os.times().elapsed
        until(lambda: os.times().elapsed > began + 5.5, 10, "5 s")
        d.hup()
        d.wait(lambda: self.watched(d) == 30 or
               d.text().count("reload refused") > refused, 15, "an answer")
        return self.watched(d) != 30

    def test_twenty_names_may_go_at_once(self):
        d = self.daemon(watch(*NAMES[:21], types="A"))
        d.write_list("owned.yaml", watch(*NAMES[:1], types="A"))
        self.hup_until_watched(d, 1)
        self.assertEqual(d.stop(), 0)

    def test_refused_configuration_keeps_the_old_one(self):
        """W-F19."""
        d = self.daemon(watch(*NAMES[:3], types="A"))
        with open(d.config) as f:
            good = f.read()
        broken = ["watchlist: []\n", "database: *x\n", "database: [1]\n",
                  good + good, good + "surprise: 1\n", "\xff\xfe",
                  "a: " + "[" * 100]
        for n, text in enumerate(broken, 1):
            d.write_config(text)
            d.hup()
            d.wait(lambda: d.text().count("config: refused") == n, 10,
                   "refused: " + text[:40])
        self.assertEqual(self.watched(d), 3)
        self.server.set(NAMES[2], "A", a("192.0.2.9"))
        d.wait_change(name=NAMES[2] + ".")
        d.write_config(good)
        d.write_list("owned.yaml", watch(*NAMES[:4], types="A"))
        self.hup_until_watched(d, 4)
        self.server.set(NAMES[2], "A", a("192.0.2.1"))
        self.assertEqual(d.stop(), 0)

    def test_missing_list_keeps_its_content(self):
        d = self.daemon({"one.yaml": watch(*NAMES[:3], types="A"),
                         "two.yaml": watch(*NAMES[3:5], types="A")})
        os.unlink(os.path.join(d.folder, "lists", "two.yaml"))
        d.write_list("one.yaml", watch(*NAMES[:2], types="A"))
        self.hup_until_watched(d, 4)
        d.wait_log("two.yaml cannot be read")
        d.write_list("two.yaml", watch(*NAMES[4:8], types="A"))
        self.hup_until_watched(d, 6)
        self.assertEqual(d.stop(), 0)

    def test_list_that_breaks_off_keeps_its_content_as_a_whole(self):
        """Half of it was taken, and under another name the rest was gone."""
        d = self.daemon({"one.yaml": watch(*NAMES[:3], types="A"),
                         "two.yaml": watch(*NAMES[3:8], types="A")})
        self.server.questions.clear()
        d.write_list("two.yaml", "watchlist: renamed\n" + watch(
            *NAMES[3:5], *NAMES[20:25], types="A") + '  - "no end\n')
        d.write_list("one.yaml", watch(*NAMES[:2], types="A"))
        self.hup_until_watched(d, 7)
        d.wait_log("two.yaml cannot be read")
        self.assertRegex(d.text(), "two.yaml:[0-9]+:[0-9]+: ")
        d.rounds(2)
        asked = {q.name for q in self.server.questions}
        self.assertFalse(asked & {n + "." for n in NAMES[20:25]})
        self.assertEqual(self.watched(d), 7)
        # Mended, it is what it says.
        d.write_list("two.yaml", "watchlist: renamed\n" + watch(
            *NAMES[4:6], types="A"))
        self.hup_until_watched(d, 4)
        self.assertEqual(d.log(), [])
        self.assertEqual(d.stop(), 0)

    def test_list_that_is_written_while_it_is_read_keeps_its_content(self):
        """W-F19: not renamed into place, and read half-way."""
        d = self.daemon({"one.yaml": watch(*NAMES[:3], types="A")})
        path = os.path.join(d.folder, "lists", "many.txt")
        with open(d.config) as f:
            text = f.read().replace('"lists/*.yaml"',
                                    '"lists/*.yaml", lists/many.txt')

        def content(names):
            # Long enough to be written to while it is read.
            return "".join(n + "\n" for n in names) + (
                names[0] + "\n") * 200000

        with open(path, "w") as f:
            f.write(content(NAMES[10:15]))
        d.write_config(text)
        self.hup_until_watched(d, 33)  # 3 and 5 with six types
        with open(path, "r+") as f:
            f.write(content(NAMES[11:16]))
            f.seek(0, os.SEEK_END)
            f.flush()
            d.hup()

            def write_on():
                f.write("# %d\n" % os.getpid())
                f.flush()
                return "many.txt cannot be read" in d.text()
            until(write_on, 20, lambda: "a complaint in " + d.text(), 0.02)
        self.assertIn("changed while it was read", d.text())
        d.wait(lambda: d.text().count("monitor: reloaded") == 2, 10, "an end")
        self.assertEqual(self.watched(d), 33)
        self.assertEqual({n for n in NAMES[10:17] if d.history(n)},
                         set(NAMES[10:15]))
        self.assertEqual(d.stop(), 0)

    def test_bad_line_is_told_and_the_rest_is_watched(self):
        """E1."""
        d = self.daemon(watch(*NAMES[:2], types="A"))
        d.write_list("owned.yaml", watch(
            *NAMES[:3], '"*.r.example"', '"a..b"', types="A"))
        self.hup_until_watched(d, 3)
        self.assertIn("owned.yaml:6:", d.text())
        self.assertEqual(d.stop(), 0)

    def test_other_resolvers_take_over_at_a_reload(self):
        other = self.world.scripted("127.0.0.6")
        other.data.update(self.server.data)
        d = self.daemon(watch(*NAMES[:4], types="A"))
        d.resolvers = [other]
        d.write_config()
        d.hup()
        d.wait(lambda: len(other.questions) > 8, 15, "questions there")
        self.server.questions.clear()
        d.rounds(2)
        self.assertEqual(self.server.questions, [])
        self.assertEqual(d.log(), [])
        self.assertEqual(d.stop(), 0)

    def test_second_daemon_is_refused_and_the_first_goes_on(self):
        d = self.daemon(watch(*NAMES[:3], types="A"))
        second = self.world.daemon([self.server], watch(
            *NAMES[:3], types="A"), database=d.database).start()
        until(lambda: not second.is_running(), 30,
              lambda: "the end of the second: " + second.text())
        self.assertEqual(second.process.returncode, 1)
        self.assertRegex(second.text(), "(?i)another|writer|holds")
        self.assertTrue(d.is_running())
        self.server.set(NAMES[1], "A", a("192.0.2.7"))
        d.wait_change(name=NAMES[1] + ".")
        self.server.set(NAMES[1], "A", a("192.0.2.1"))
        d.wait_changes(2)
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
