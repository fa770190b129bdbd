#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`backtest`: another configuration over the log of a real run.

Promised: with the configuration that ran it says what was sent, exactly; with
another one it says what would be otherwise and why; it writes nothing.
"""

import json
import os
import subprocess
import unittest

import world
from world import Zone

LIST = """watchlist: owned
watch:
  - {name: www.x.example, types: [A], every: 1s, tags: [owned]%s}
  - {name: x.example, types: [MX], every: 1s, tags: [owned]}
  - {name: _dmarc.x.example, types: [TXT], every: 1s, tags: [owned]}
"""
OTHERS = """watchlist: others
watch:
  - {name: other.x.example, types: [A], every: 1s}
"""


class Backtest(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = Zone("x.example")
        cls.zone.set("www", "A", "192.0.2.1")
        cls.zone.set("other", "A", "192.0.2.2")
        cls.zone.set("@", "MX", "10 mail.x.example.")
        cls.zone.set("_dmarc", "TXT", '"v=DMARC1; p=reject"')
        cls.nsd = cls.world.nsd([cls.zone])
        cls.receiver = cls.world.receiver()
        cls.daemon = d = cls.world.daemon(
            [cls.nsd], {"owned.yaml": LIST % "", "others.yaml": OTHERS},
            sinks={"soc": cls.receiver.url}).start()
        d.wait_ready()
        d.rounds(2)
        cls.zone.set("www", "A", "192.0.2.11")
        cls.zone.set("other", "A", "192.0.2.12")
        cls.zone.set("@", "MX", "10 mail.x.example.", "5 evil.example.")
        cls.zone.set("_dmarc", "TXT", '"v=DMARC1; p=none"')
        cls.world.publish(cls.zone)
        d.wait(lambda: len([e for e in d.rows("changes")]) == 4, 30,
               "four changes")
        d.wait(lambda: d.status()["sinks"][0]["delivered"] == 4, 30, "told")
        d.stop()
        cls.dump = cls.tables(d)

    @classmethod
    def tables(cls, d):
        return d.rows("changes", "--log")

    def config(self, name, extra="", lists=None, sinks=None):
        """Another configuration beside the daemon's own."""
        d = self.daemon
        folder = os.path.join(d.folder, name)
        os.makedirs(os.path.join(folder, "lists"))
        for file, text in (lists or {"owned.yaml": LIST % "",
                                     "others.yaml": OTHERS}).items():
            with open(os.path.join(folder, "lists", file), "w") as f:
                f.write(text)
        path = os.path.join(folder, "dnsvigil.yaml")
        with open(d.config) as f:
            text = f.read()
        for old, new in (sinks or {}).items():
            self.assertIn(old, text)
            text = text.replace(old, new)
        with open(path, "w") as f:
            f.write(text + extra)
        os.chmod(path, 0o600)
        return path

    def backtest(self, path, *more, status=0):
        p = subprocess.run(
            [world.PROGRAM, "backtest", "--config", path, "--since", "-1h",
             "--json", *more], capture_output=True, text=True)
        self.assertEqual(p.returncode, status, p.stdout + p.stderr)
        rows = [json.loads(line) for line in p.stdout.splitlines()]
        # Nothing is written.
        self.assertEqual(self.tables(self.daemon), self.dump)
        return rows[:-1], rows[-1] if rows else None

    def by_name(self, rows):
        return {r["name"]: (r["severity_then"], r["severity_now"],
                            r["told_then"], r["told_now"], r["reason"])
                for r in rows}

    def test_what_ran_says_what_was_sent(self):
        rows, summary = self.backtest(self.daemon.config)
        self.assertEqual(rows, [])
        self.assertEqual((summary["entries"], summary["differ"]), (4, 0))
        self.assertEqual(summary["sinks"], [{
            "sink": "soc", "configured": True, "sent_then": 4, "held_then": 0,
            "sent_now": 4, "held_now": 0}])
        self.assertEqual(summary["unknown"], {
            "novelty": 0, "content": 0, "proof": 0, "evidence": 0,
            "alerts": 0, "inside_pools": 0})
        self.assertEqual((summary["never_asked"], summary["not_judged"]),
                         (0, ["grouping", "events"]))

    def test_a_list_with_an_error_is_told_and_the_rest_is_judged(self):
        path = self.config("faulty", lists={
            "owned.yaml": LIST % "", "others.yaml": OTHERS + "  - a..b\n"})
        rows, summary = self.backtest(path, status=78)
        self.assertEqual((rows, summary["entries"]), ([], 4))

    def test_other_severities(self):
        rows, summary = self.backtest(self.config(
            "severities", "severity:\n  - {kind: replaced, type: TXT, "
            "severity: info}\n  - {kind: added, severity: critical}\n"))
        self.assertEqual(self.by_name(rows), {
            "_dmarc.x.example.": ("high", "info", True, False, "severity"),
            "x.example.": ("high", "critical", True, True, "severity")})
        self.assertEqual(summary["sinks"][0]["sent_now"], 3)

    def test_a_list_that_is_taken_out(self):
        rows, summary = self.backtest(self.config(
            "fewer", lists={"owned.yaml": LIST % ""}))
        self.assertEqual([(r["name"], r["severity_now"], r["told_now"],
                           r["reason"]) for r in rows],
                         [("other.x.example.", None, False, "not watched")])
        self.assertEqual((summary["not_watched"],
                          summary["sinks"][0]["sent_now"]), (1, 3))

    def test_another_sink_and_a_silence(self):
        rows, summary = self.backtest(self.config(
            "silence", "silences:\n  - {name: quiet, zones: [x.example], "
            "kinds: [added], until: \"2100-01-01T00:00:00Z\"}\n",
            sinks={"  soc: {": "  ops: {"}))
        self.assertEqual([(r["name"], r["told_now"], r["held_by"],
                           r["reason"]) for r in rows],
                         [("x.example.", False, "quiet", "silence")])
        self.assertEqual(
            {s["sink"]: (s["configured"], s["sent_then"], s["sent_now"],
                         s["held_now"]) for s in summary["sinks"]},
            {"ops": (True, 0, 3, 1), "soc": (False, 4, 0, 0)})

    def test_what_is_expected(self):
        """As it became: low.  As it was before: unexpected, and high."""
        rows, _ = self.backtest(self.config("expect", lists={
            "owned.yaml": LIST % ", expect: {A: [192.0.2.11]}",
            "others.yaml": OTHERS.replace(
                "every: 1s", "every: 1s, tags: [owned], "
                "expect: {A: [192.0.2.2]}")}))
        self.assertEqual(
            {n: v[1] for n, v in self.by_name(rows).items()},
            {"www.x.example.": "low", "other.x.example.": "high"})

    def test_a_plan(self):
        path = self.config("plan", "plans: [move.plan]\n")
        at = self.dump[-1]["at"]
        with open(os.path.join(os.path.dirname(path), "move.plan"), "w") as f:
            f.write("plan: move\nfrom: %sT00:00:00Z\nuntil: "
                    "%sT23:59:59Z\nchanges:\n  - {name: www.x.example, to: "
                    "{A: [192.0.2.11]}}\n" % (at[:10], at[:10]))
        rows, _ = self.backtest(path)
        self.assertEqual(self.by_name(rows), {
            "www.x.example.": ("high", "info", True, False, "severity")})

    def test_another_proof_is_not_known(self):
        _, summary = self.backtest(self.config("proof", lists={
            "owned.yaml": LIST % ", confirm: cache",
            "others.yaml": OTHERS}))
        self.assertEqual(summary["unknown"]["proof"], 1)

    def entries(self):
        return [e for e in self.dump if e["class"] == "decision"]

    def test_from_one_time_to_another(self):
        """What is at the end is not in it, what is at the beginning is."""
        ids = [e["change"] for e in self.entries()]
        # Each a minute after the other, to the microsecond.
        rows = self.world.psql(
            self.daemon, "select id, at from dnsvigil.log where class = "
            "'change'")
        self.assertEqual({r[0] for r in rows}, set(ids))
        self.world.psql(self.daemon, "".join(
            "update dnsvigil.log set at = '2020-01-01 00:0%d:00+00' "
            "where id = '%s';" % (n, i) for n, i in enumerate(ids)))
        try:
            fewer = self.config("window", lists={"owned.yaml": LIST % "",
                                                 "others.yaml": OTHERS})
            for since, end, count in (
                    ("00:00:00", "00:03:00.000001", 4),
                    ("00:00:00", "00:03:00", 3),
                    ("00:00:00.000001", "00:03:00", 2),
                    ("00:01:00", "00:02:00", 1),
                    ("00:01:00.000001", "00:02:00", 0)):
                p = subprocess.run(
                    [world.PROGRAM, "backtest", "--config", fewer, "--json",
                     "--since", "2020-01-01T%sZ" % since,
                     "--until", "2020-01-01T%sZ" % end],
                    capture_output=True, text=True)
                self.assertEqual(p.returncode, 0, p.stderr)
                summary = json.loads(p.stdout.splitlines()[-1])
                self.assertEqual(summary["entries"], count, (since, end))
                self.assertEqual(summary["until"][:16],
                                 "2020-01-01T" + end[:5])
        finally:
            self.world.psql(self.daemon, "".join(
                "update dnsvigil.log set at = '%s' where id = '%s';" %
                (r[1], r[0]) for r in rows))
        for args in (["--since", "-1h", "--until", "-2h"],
                     ["--since", "2020-01-01", "--until", "2020-01-01"],
                     ["--until", "-2d"]):
            p = subprocess.run(
                [world.PROGRAM, "backtest", "--config", self.daemon.config,
                 *args], capture_output=True, text=True)
            self.assertEqual((p.returncode, p.stdout), (64, ""), args)
            self.assertIn("--since, a day ago unless given, is not before "
                          "--until", p.stderr)

    def drop(self, what, where):
        """As retention does; what puts it back."""
        self.world.psql(self.daemon, "create table public.kept as select * "
                        "from dnsvigil.%s where %s; delete from dnsvigil.%s "
                        "where %s" % (what, where, what, where))
        return lambda: self.world.psql(
            self.daemon, "insert into dnsvigil.%s select * from public.kept; "
            "drop table public.kept" % what)

    def test_replies_that_retention_has_dropped(self):
        """The entry is weighed by its own words, and counted."""
        lists = {"owned.yaml": LIST % "",
                 "others.yaml": OTHERS.replace("every: 1s", "every: 1s, "
                                               "tags: [owned]")}
        path = self.config("replies", lists=lists)
        before, _ = self.backtest(path)
        other = [e["change"] for e in self.entries()
                 if e["name"] == "other.x.example."]
        back = self.drop("evidence", "change = '%s'" % other[0])
        try:
            rows, summary = self.backtest(path)
        finally:
            back()
        self.assertEqual([r["unknown"] for r in before], [[]])
        self.assertEqual([r["unknown"] for r in rows], [["evidence"]])
        self.assertEqual([{**r, "unknown": []} for r in rows], before)
        self.assertEqual((summary["unknown"]["evidence"],
                          summary["unknown"]["alerts"]), (1, 0))

    def test_alerts_that_retention_has_dropped(self):
        """Nobody says then that they had not been sent."""
        path = self.config("alerts", lists={"owned.yaml": LIST % ""})
        # Those of one transaction are of one time, and go together.
        oldest = "created = (select min(created) from dnsvigil.delivery)"
        gone = {row[0] for row in self.world.psql(
            self.daemon, "select member_id[1] from dnsvigil.delivery "
            "where " + oldest)}
        names = [e["name"] for e in self.entries() if e["change"] in gone]
        back = self.drop("delivery", oldest)
        try:
            rows, summary = self.backtest(self.daemon.config)
            fewer, _ = self.backtest(path)
        finally:
            back()
        self.assertEqual(rows, [])
        self.assertEqual((summary["differ"], summary["unknown"]["alerts"],
                          summary["unknown"]["evidence"]), (0, len(gone), 0))
        self.assertEqual((summary["sinks"][0]["sent_then"],
                          summary["sinks"][0]["sent_now"]),
                         (4 - len(gone), 4))
        if "other.x.example." in names:
            self.assertIsNone(fewer[0]["told_then"])
        back = self.drop("delivery", "true")
        try:
            rows, summary = self.backtest(path)
            text = subprocess.run(
                [world.PROGRAM, "backtest", "--config", path, "--since",
                 "-1h"], capture_output=True, text=True).stdout
        finally:
            back()
        self.assertEqual([(r["told_then"], r["told_now"], r["unknown"])
                          for r in rows], [(None, False, ["alerts"])])
        self.assertEqual(summary["unknown"]["alerts"], 4)
        self.assertIn("other.x.example. A replaced: medium then; not watched "
                      "now (not known: alerts)", text)
        self.assertIn("not known of 4 entries: alerts", text)

    def test_what_was_never_asked(self):
        """A new name, and a new type of an old one, in two lists."""
        path = self.config("never", lists={
            "owned.yaml": LIST.replace("[MX]", "[MX, TXT]") % "",
            "others.yaml": OTHERS + "  - {name: new.x.example, types: [A, "
            "MX]}\n  - {name: x.example, types: [TXT]}\n"})
        rows, summary = self.backtest(path)
        self.assertEqual((rows, summary["never_asked"]), ([], 3))
        text = subprocess.run(
            [world.PROGRAM, "backtest", "--config", path, "--since", "-1h"],
            capture_output=True, text=True).stdout
        self.assertIn("not known of 3 questions: they were never asked\n",
                      text)

    def test_events_that_nobody_asks_for(self):
        """The sum says that events of their own are not judged."""
        _, summary = self.backtest(self.config("asked", lists={
            "owned.yaml": LIST % ", expect: {A: [192.0.2.1]}",
            "others.yaml": OTHERS}))
        self.assertEqual(summary["not_judged"], ["grouping", "events"])

    def test_text_and_errors(self):
        text = subprocess.run(
            [world.PROGRAM, "backtest", "--config",
             self.config("text", lists={"owned.yaml": LIST % ""}),
             "--since", "-1h"], capture_output=True, text=True)
        self.assertEqual(text.returncode, 0, text.stderr)
        self.assertIn("other.x.example. A replaced: medium, told then; not "
                      "watched now", text.stdout)
        self.assertIn("4 entries, 1 of them otherwise, 1 of names that are "
                      "not watched now", text.stdout)
        self.assertIn("sink soc: 4 sent and 0 held then; 3 sent and 0 held "
                      "now", text.stdout)
        self.assertIn("not judged: grouping, which alerts would be told as "
                      "one\n", text.stdout)
        self.assertNotIn("not known", text.stdout)
        for args, status in ((["--since", "never"], 64),
                             (["--since", "-1h", "--config", "/none"], 78)):
            p = subprocess.run([world.PROGRAM, "backtest", *args],
                               capture_output=True, text=True)
            self.assertEqual(p.returncode, status, (args, p.stderr))


if __name__ == "__main__":
    unittest.main()
