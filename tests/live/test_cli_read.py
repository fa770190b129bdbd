#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
What people and scripts read, against a real PostgreSQL whose rows are written
here by SQL as the daemon writes them.

Promised: the JSON shapes, filters and time forms of the contract; that the
ledger answers "what was believed at T, and was it seen then"; that nothing is
missed by --follow; and that no byte beyond printable ASCII reaches a
terminal, whatever a stranger put into the DNS (T5).
"""

import datetime
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli_case import (CHANGE, DAY, PROGRAM, SQL, Case,  # noqa: E402
                      Question, a, change_body, cluster, log, packed, run,
                      shard_of, span, wire)


def setUpModule():
    cluster.start()


def tearDownModule():
    cluster.stop()


class Loaded(Case):
    """A database with one day of history: 1 January 2025."""

    @classmethod
    def setUpClass(cls):
        run("migrate", "--database", cluster.conninfo, "--sql", SQL)
        cluster.psql("truncate dnsvigil.question, dnsvigil.state, "
                     "dnsvigil.belief, dnsvigil.record_now, "
                     "dnsvigil.record_past, dnsvigil.outage, dnsvigil.span, "
                     "dnsvigil.log")
        span(DAY + "00:00", DAY + "10:00")
        span(DAY + "11:00", DAY + "12:00")
        old = packed("ANSWER", a("192.0.2.1"))
        new = packed("ANSWER", a("198.51.100.9"),
                     chain=["edge.example.net."])
        q = Question("www.example.com.", "A", tags=["owned"], entry=300)
        q.belief(old, DAY + "00:00:00.5", DAY + "05:00:00.1",
                 DAY + "04:59:00")
        q.state(new, DAY + "05:00:00.1", DAY + "05:00:00.1", change=CHANGE)
        q.record(1, a("192.0.2.1")[1], DAY + "00:00:00.5", DAY + "04:59",
                 300, closed=DAY + "05:00:00.31")
        q.record(5, wire("edge.example.net."), DAY + "05:00:00.1",
                 DAY + "05:00:00.1", 1)
        q.record(1, a("198.51.100.9")[1], DAY + "05:00:00.1",
                 DAY + "05:00:00.1", 1, owner="edge.example.net.")
        q.outage(DAY + "07:00:00.2", DAY + "08:00:00.3")
        q = Question("mail.example.com.", "MX", entry=0)
        q.state(packed("ANSWER", (15, b"\0\x0a" + wire("mx.example.net."))),
                DAY + "00:00:00.5", DAY + "00:00:00.5")
        q.record(15, b"\0\x0a" + wire("mx.example.net."), DAY + "00:00:00.5",
                 DAY + "00:00:00.5", 1)
        q.outage(DAY + "06:00:00.2")
        q = Question("never.example.com.", "A")
        q.outage(DAY + "00:00:00.2", fail=1)
        for name in ("xn--bcher-kva.example.", "xn--ypal-43d9g.com.",
                     "xn--4dbcagdahymbxekheh6e0a7fei0b.example."):
            q = Question(name, "A", lists=["idn"])
            q.record(1, a("192.0.2.7")[1], DAY + "01:00", DAY + "01:00", 1)
        q = Question("xn--abc-.example.", "NS", lists=["idn"])
        q.record(2, wire("xn--bcher-kva.example."), DAY + "01:00",
                 DAY + "01:00", 1)
        Question("follows.example.com.", "A", lists=["follows"], entry=3600,
                 wait=360)
        q = Question("gone.example.com.", "A", lists=["brand"])
        q.state(packed("NXDOMAIN"), DAY + "01:00", DAY + "01:00")
        q.outcome("NXDOMAIN", DAY + "01:00", DAY + "01:00")
        q = Question("evil.example.", "TXT", tags=["hostile"])
        evil = b"\x0c\x1b[31m\x9b\xe2\x80\xae<\"\\\0"
        q.state(packed("ANSWER", (16, evil)), DAY + "02:00", DAY + "02:00")
        q.record(16, evil, DAY + "02:00", DAY + "02:00", 1)
        cls.load_log()

    @classmethod
    def load_log(cls):
        cls.seq_candidate = log("candidate", {
            "schema": 1, "class": "candidate", "change": CHANGE,
            "name": "www.example.com.", "type": "A", "view": "default",
            "from": {"outcome": "ANSWER", "rdata": ["192.0.2.1"]},
            "seen": {"outcome": "ANSWER", "rdata": ["198.51.100.9"]},
            "seen_at": "2025-01-01T05:00:00.100Z"}, ident=CHANGE)
        cls.seq_first = log("change", change_body(1, "unconfirmed", "none"),
                            1, kind=6, severity=3, ident=CHANGE)
        cls.seq_last = log("change", change_body(2), 2, kind=6, severity=3,
                           ident=CHANGE, at=DAY + "06:00")
        cls.seq_event = log("event", {
            "schema": 1, "class": "event", "id": str(uuid.uuid4()),
            "kind": "failing", "name": "mail.example.com.", "type": "MX",
            "view": "default", "reason": "servfail",
            "since": "2025-01-01T06:00:00.200Z", "severity": "medium"},
            event="failing", severity=2, name="mail.example.com.",
            rrtype="MX", tags=[], lists=["brand"], at=DAY + "07:00")


class Changes(Loaded):
    def seqs(self, *args):
        return [x["seq"] for x in self.db("changes", "--json", *args).rows]

    def test_a_change_is_shown_with_its_latest_decision(self):
        rows = self.db("changes", "--json").rows
        self.assertEqual([x["seq"] for x in rows],
                         [self.seq_last, self.seq_event])
        self.assertEqual(list(rows[0])[:5],
                         ["schema", "class", "seq", "id", "revision"])
        want = change_body(2)
        want["seq"] = self.seq_last
        self.assertEqual(rows[0], want)
        self.assertEqual(list(rows[1])[:4], ["schema", "class", "seq", "id"])

    def test_a_line_for_people(self):
        r = self.db("changes", "--kind", "replaced")
        self.assertEqual(
            r.out, "2025-01-01 05:00:00Z  high      confirmed(cache)  "
            "www.example.com. A replaced 192.0.2.1 -> 198.51.100.9   "
            "[owned]\n")
        r = self.db("changes", "--kind", "failing")
        self.assertIn("medium    failing           mail.example.com. MX "
                      "servfail since 2025-01-01 06:00:00Z", r.out)

    def test_filters(self):
        last, event = self.seq_last, self.seq_event
        for args, want in (
                (["--name", "WWW.example.com"], [last]),
                (["--type", "mx"], [event]),
                (["--kind", "failing"], [event]),
                (["--kind", "added"], []),
                (["--severity", "medium"], [last, event]),
                (["--severity=high"], [last]),
                (["--tag", "owned"], [last]),
                (["--list", "brand"], [event]),
                (["--since", "2025-01-01T06:00:00Z"], [last, event]),
                (["--since", "2025-01-01T06:00:00.001Z"], [event]),
                (["--until", "2025-01-01T07:00:00Z"], [last]),
                (["--since", "2025-01-02"], []),
                (["--since", "-24h"], [])):
            with self.subTest(args=args):
                self.assertEqual(self.seqs(*args), want)

    def test_log_shows_every_entry_as_it_stands(self):
        rows = self.db("changes", "--log", "--json").rows
        self.assertEqual([x["seq"] for x in rows],
                         [self.seq_candidate, self.seq_first, self.seq_last,
                          self.seq_event])
        self.assertEqual([x["class"] for x in rows],
                         ["candidate", "decision", "decision", "event"])
        self.assertEqual(list(rows[0])[:4],
                         ["schema", "class", "seq", "change"])
        self.assertEqual(list(rows[1])[:4],
                         ["class", "seq", "change", "revision"])
        for key in ("label", "proved", "why", "at", "kind", "to", "added",
                    "removed", "elements", "severity"):
            self.assertIn(key, rows[2])
        self.assertEqual(rows[2]["change"], CHANGE)
        self.assertEqual(rows[2]["at"], "2025-01-01T05:00:00.310Z")
        for key in ("id", "decided_at", "from"):
            self.assertNotIn(key, rows[2])
        out = self.db("changes", "--log").out
        self.assertEqual(out.count("\n"), 4)
        self.assertIn("candidate", out)
        self.assertIn("revision 2: two groups agree", out)

    def test_baselines_are_listed_apart(self):
        rows = self.db("changes", "--baseline", "--json", "--name",
                       "www.example.com").rows
        self.assertEqual(rows, [{
            "schema": 1, "class": "baseline", "name": "www.example.com.",
            "type": "A", "view": "default",
            "to": {"outcome": "ANSWER", "rdata": ["192.0.2.1"], "chain": [],
                   "ttl": 300}, "seen_at": "2025-01-01T00:00:00.500Z"}])
        rows = self.db("changes", "--baseline", "--json", "--list",
                       "brand").rows
        self.assertEqual(rows[0]["to"]["outcome"], "NXDOMAIN")
        self.assertEqual(len(self.db("changes", "--baseline").out
                             .splitlines()), 4)

    def follow(self, *args):
        p = subprocess.Popen(
            [PROGRAM, "changes", "--database", cluster.conninfo, "--follow",
             *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.stderr.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def test_follow_shows_what_comes_and_ends_when_asked(self):
        p = self.follow("--json", "--name", "new.example", "--log")
        time.sleep(0.5)
        seqs = []
        for i in range(3):
            seqs.append(log("event", {"class": "event", "kind": "failing"},
                            name="new.example.", event="failing"))
            log("event", {"class": "event"}, name="other.example.",
                event="failing")
            self.assertEqual(json.loads(p.stdout.readline())["seq"], seqs[i])
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(timeout=10), 0)
        self.assertEqual(p.stdout.read(), b"")
        cluster.psql("delete from dnsvigil.log where name in "
                     "('new.example.', 'other.example.')")

    def test_follow_outlives_a_lost_connection(self):
        p = self.follow("--json", "--name", "back.example")
        time.sleep(0.5)
        cluster.psql("select pg_terminate_backend(pid) "
                     "from pg_stat_activity "
                     "where application_name = 'dnsvigil'")
        seq = log("event", {"class": "event"}, name="back.example.",
                  event="failing")
        self.assertEqual(json.loads(p.stdout.readline())["seq"], seq)
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(timeout=10), 0)
        self.assertEqual(p.stderr.read().count(b"\n"), 1)
        cluster.psql("delete from dnsvigil.log where name = 'back.example.'")

    def test_a_reader_that_went_away_ends_it_quietly(self):
        cluster.psql(
            "insert into dnsvigil.log select nextval('dnsvigil.log_seq'), "
            "now(), gen_random_uuid(), null, 1, 1, 0, %d, 3, 1, 1, 'change', "
            "null, 'many.example.', 'default', '{}', '{}', "
            "'{\"class\":\"change\"}' from generate_series(1, 20000)" %
            shard_of("many.example."))
        p = subprocess.Popen(
            [PROGRAM, "changes", "--database", cluster.conninfo, "--name",
             "many.example", "--json"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        p.stdout.readline()
        p.stdout.close()
        err = p.stderr.read()
        p.stderr.close()
        self.assertEqual((p.wait(timeout=30), err), (0, b""))
        with open("/dev/full", "w") as full:
            p = subprocess.run(
                [PROGRAM, "changes", "--database", cluster.conninfo,
                 "--name", "many.example"], stdout=full,
                stderr=subprocess.PIPE)
        self.assertEqual(p.returncode, 2)
        self.assertIn(b"standard output", p.stderr)
        cluster.psql("delete from dnsvigil.log where name = 'many.example.'")

    def test_international_names_in_the_log_are_shown_in_both_forms(self):
        """E2."""
        body = change_body(1, name="xn--ypal-43d9g.com.", id="idn")
        seq = log("change", body, revision=1, name="xn--ypal-43d9g.com.",
                  kind=4, severity=3)
        try:
            args = "changes", "--database", cluster.conninfo, "--name", \
                "xn--ypal-43d9g.com"
            self.assertIn(
                "xn--ypal-43d9g.com. (\u0440\u0430ypal.com.; mixed scripts) A "
                "replaced 192.0.2.1", run(*args).raw.decode())
            self.assert_harmless(run(*args, locale="C").raw)
        finally:
            cluster.psql("delete from dnsvigil.log where seq = %d" % seq)

    def test_hostile_bytes_in_the_log_never_reach_a_terminal(self):
        # Not what the daemon writes: the database may be somebody's.
        body = ('{"class": "change",\t"kind": "added\\u001b[31m",\r\n'
                '"name": "a\\u202eb\u202ec\x7f<", "big": '
                '123456789012345678901234567890, "to": {"rdata": '
                '["\\u001b]0;x\\u0007", "\\ud83d\\ude00\U0001f600"]}, '
                '"tags": ["\u009b31m"], "added": ["\\n\\u0085"]}')
        seq = log("change", body, name="evil.example.", kind=3, revision=1)
        for args in ([], ["--log"], ["--json"], ["--log", "--json"]):
            r = self.db("changes", "--name", "evil.example", *args)
            self.assertEqual(r.out.count("\n"), 1)
        row = self.db("changes", "--name", "evil.example", "--json").rows[0]
        want = json.loads(body)
        want["seq"] = seq
        self.assertEqual(row, want)
        cluster.psql("delete from dnsvigil.log where name = 'evil.example.'")
        for text in ("{", "[]", "{\"a\":", "\"x\"", "{}", "null",
                     "{\"class\":\"change\"}"):
            # json in the column is checked; this asks the printer.
            try:
                log("change", text, name="broken.example.", revision=1)
            except Exception:
                continue
        for args in ([], ["--json"], ["--log", "--json"]):
            self.db("changes", "--name", "broken.example", *args)
        cluster.psql("delete from dnsvigil.log where name = "
                     "'broken.example.'")



class Coverage(Loaded):
    """Plans are at each full minute; the ledger has 00:00 to 10:00 and 11:00
    to 12:00."""

    DAY_12 = ("--since", DAY + "00:00:00Z", "--until", DAY + "12:00:00Z")

    def rows(self, *args):
        return self.db("coverage", "--json", *args).rows

    def test_a_name_with_an_outage_and_a_time_without_monitor(self):
        self.assertEqual(self.rows("www.example.com", *self.DAY_12), [{
            "name": "www.example.com.", "type": "A", "view": "default",
            "since": "2025-01-01T00:00:00.000Z",
            "until": "2025-01-01T12:00:00.000Z",
            # A poll is of the time after `since`: 600, and 11:00 to 12:00.
            "asked": 661, "failed": 60,
            # 11 hours less the outage and the interval before it.
            "covered_millionths": int(1e6 * (11 * 3600 - 3660.1) / 43200),
            # One in six polls: an entry of 300 s, and what it may seem longer.
            # 00:00 to 06:59:00.2 has 69 times 360 s and 300.2 s, of which only
            # 0.2 s must be fresh; 08:00:00.3 to 10:00 has 19 and 359.7 s; the
            # last hour has 10.
            "fresh": 69 + 19 + 10,
            "fresh_millionths": int(
                1e6 * (98 * 60 + 0.2 + 59.7) / 43200),
            "fresh_every_seconds": 360,
            "longest_gap": {
                "seconds": 3660, "since": "2025-01-01T06:59:00.200Z",
                "until": "2025-01-01T08:00:00.300Z",
                "reason": "servfail"}}])
        row, = self.rows("www.example.com", "A", "--since",
                         DAY + "08:30:00Z", "--until", DAY + "12:00:00Z")
        self.assertEqual(row["longest_gap"], {
            "seconds": 3600, "since": "2025-01-01T10:00:00.000Z",
            "until": "2025-01-01T11:00:00.000Z", "reason": "not asked"})
        self.assertEqual(row["failed"], 0)

    def test_an_outage_that_goes_on_and_a_name_that_never_answered(self):
        row, = self.rows("mail.example.com", *self.DAY_12)
        self.assertEqual(
            (row["asked"], row["failed"], row["covered_millionths"]),
            (661, 241 + 61, int(1e6 * (6 * 3600 - 59.8) / 43200)))
        self.assertEqual(row["longest_gap"]["seconds"], 6 * 3600 + 59)
        row, = self.rows("never.example.com", *self.DAY_12)
        self.assertEqual((row["covered_millionths"], row["failed"]), (0, 661))
        self.assertEqual(row["longest_gap"]["seconds"], 12 * 3600)
        self.assertNotEqual(row["longest_gap"]["reason"], "not asked")

    def test_fresh_where_no_answer_is_old(self):
        row, = self.rows("mail.example.com", *self.DAY_12)
        self.assertEqual(row["fresh_millionths"], row["covered_millionths"])
        self.assertEqual(
            (row["fresh"], row["fresh_every_seconds"]),
            (row["asked"] - row["failed"], 60))

    def test_not_fresh_where_no_ttl_is_known(self):
        row, = self.rows("evil.example", *self.DAY_12)
        self.assertGreater(row["covered_millionths"], 900000)
        self.assertEqual((row["fresh"], row["fresh_millionths"],
                          row["fresh_every_seconds"]), (0, 0, None))
        self.assertIn(", fresh not known, longest gap",
                      self.db("coverage", "evil.example", *self.DAY_12).out)

    def test_fresh_of_polls_that_follow_an_entry(self):
        """A fetch by 3600 + 2 + 6 + 60 s after the one before, at the latest;
        none is promised in what is shorter."""
        row, = self.rows("follows.example.com", *self.DAY_12)
        self.assertEqual(
            (row["fresh_every_seconds"], row["fresh"],
             row["fresh_millionths"]),
            # 10 h have 9 of them and 3,588 s; the hour alone none.
            (3668, 9, 9 * 60 * 1000000 // 43200))
        row, = self.rows("follows.example.com", "--since", DAY + "01:00:00Z",
                         "--until", DAY + "02:00:00Z")
        self.assertEqual(
            (row["covered_millionths"], row["fresh_millionths"]),
            (1000000, 0))

    def test_stale_answers_are_covered_and_not_fresh(self):
        """An hour of them, and others that go on; each poll else is fresh."""
        q = Question("kept.example.com.", "A", lists=["kept"], entry=0)
        self.addCleanup(cluster.psql, "delete from dnsvigil.question "
                        "where name_text = 'kept.example.com.'")
        q.stale(DAY + "02:00", DAY + "03:00")
        q.stale(DAY + "04:00")
        row, = self.rows("kept.example.com", "--since", DAY + "01:00:00Z",
                         "--until", DAY + "05:00:00Z")
        self.assertEqual(
            (row["covered_millionths"], row["fresh_millionths"],
             row["asked"], row["fresh"]), (1000000, 500000, 240, 120))
        row, = self.rows("kept.example.com", "--since", DAY + "04:10:00Z",
                         "--until", DAY + "05:00:00Z")
        self.assertEqual((row["covered_millionths"], row["fresh_millionths"],
                          row["fresh"]), (1000000, 0, 0))

    def test_nothing_is_missed_where_nothing_was(self):
        row, = self.rows("gone.example.com", "--since", DAY + "01:00:00Z",
                         "--until", DAY + "02:00:00Z")
        self.assertEqual((row["asked"], row["covered_millionths"],
                          row["longest_gap"]), (60, 1000000, None))

    def test_what_the_ledger_does_not_know_yet_is_no_gap(self):
        """It is an interval behind; later than that, nobody looked."""
        row, = self.rows("gone.example.com", "--since", DAY + "11:30:00Z",
                         "--until", DAY + "12:01:20Z")
        self.assertEqual((row["until"], row["covered_millionths"]),
                         ("2025-01-01T12:00:00.000Z", 1000000))
        row, = self.rows("gone.example.com", "--since", DAY + "11:30:00Z",
                         "--until", DAY + "12:03:00Z")
        self.assertEqual(row["longest_gap"]["seconds"], 180)

    def test_the_sum_has_each_question_and_the_longest_gap_of_all(self):
        each = self.rows("--each", *self.DAY_12)
        total, = self.rows(*self.DAY_12)
        self.assertEqual(total["questions"], len(each))
        for key in ("asked", "failed", "fresh"):
            self.assertEqual(total[key], sum(x[key] for x in each))
        self.assertEqual(total["fresh_millionths"], int(sum(
            x["fresh_millionths"] for x in each) / len(each)))
        self.assertEqual(total["fresh_every_seconds"], 3668)
        self.assertEqual(total["fresh_unknown"], len(
            [x for x in each if x["fresh_every_seconds"] is None]))
        gap = max(each, key=lambda x: x["longest_gap"]["seconds"])
        self.assertEqual(total["longest_gap"]["name"], gap["name"])
        self.assertEqual(
            [x["name"] for x in self.rows("--each", "--tag", "Hostile",
                                          *self.DAY_12)], ["evil.example."])
        total, = self.rows("--list", "idn", *self.DAY_12)
        self.assertEqual((total["questions"], total["failed"]), (4, 0))

    def test_before_it_was_watched_nothing_is_counted(self):
        r = self.db("coverage", "www.example.com", "--since", "2024-12-01",
                    "--until", "2024-12-02")
        self.assertEqual(r.out, "")
        self.assertIn("nothing was watched", r.err)
        row, = self.rows("www.example.com", "--since", "2024-12-31",
                         "--until", DAY + "00:10:00Z")
        self.assertEqual((row["since"], row["asked"]),
                         ("2025-01-01T00:00:00.000Z", 10))

    def test_a_line_for_people(self):
        self.assertEqual(
            self.db("coverage", "www.example.com", *self.DAY_12).out,
            "www.example.com. A  2025-01-01 00:00:00Z to 2025-01-01 12:00:00Z"
            "  asked 661, failed 60, covered 83.19 %, fresh 13.74 %, "
            "longest gap 1:01:00 "
            "from 2025-01-01 06:59:00Z (servfail)\n")
        self.assertIn(" questions  2025-01-01 00:00:00Z to 2025-01-01 "
                      "12:00:00Z  asked ",
                      self.db("coverage", *self.DAY_12).out)

    def test_wrong_usage(self):
        for args in (("a..b",), ("a.example", "A", "B"), ("--since", "x"),
                     ("--since", "2025-01-02", "--until", "2025-01-01")):
            self.db("coverage", *args, status=64)


class Known(Loaded):
    """`check --known`: warnings, whatever the database says."""

    def check(self, *args, database=None):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "dnsvigil.yaml")
            with open(path, "w") as f:
                f.write("database: %s\nresolvers: [192.0.2.53]\n"
                        "watchlists: [l.yaml]\n"
                        % (database or cluster.conninfo))
            with open(os.path.join(folder, "l.yaml"), "w") as f:
                f.write("watch: [a.example]\n")
            return run("check", "--config", path, *args)

    def test_a_list_with_intervals_below_ttls_is_warned_of(self):
        r = self.check("--known")
        self.assertEqual(r.status, 0)
        self.assertIn(
            "warning: list `owned`: 1 of 4 questions are asked more often "
            "than the TTL of their answers makes sense of: "
            "www.example.com. A every 60s with a TTL of 300s; ", r.out)
        self.assertIn("list `follows`: 1 of 1 questions", r.out)
        self.assertEqual(r.out.count("warning: "), 2)
        rows = self.check("--known", "--json").rows
        self.assertEqual([x["class"] for x in rows],
                         ["warning", "warning", "summary"])

    def test_without_the_option_nothing_is_asked(self):
        r = self.check()
        self.assertNotIn("warning", r.out)
        r = self.check(database="host=/nowhere")
        self.assertEqual((r.status, r.err), (0, ""))

    def test_a_database_that_is_away_is_no_problem(self):
        r = self.check("--known", database="host=/nowhere")
        self.assertEqual(r.status, 0)
        self.assertIn("nothing is known by a database: ", r.err)
        self.assertIn("1 list, 1 name", r.out)

    def test_without_a_configuration_there_is_none(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
            f.write("a.example\n")
            f.flush()
            r = run("check", "--known", f.name)
        self.assertEqual(r.status, 0)
        self.assertIn("the configuration names none", r.err)


class History(Loaded):
    def test_rows_are_intervals_of_records(self):
        rows = self.db("history", "www.example.com", "--json").rows
        self.assertEqual(rows[0], {
            "name": "www.example.com.", "type": "A", "view": "default",
            "owner": "www.example.com.", "rdata": "192.0.2.1",
            "first_seen": "2025-01-01T00:00:00.500Z",
            "last_seen": "2025-01-01T04:59:00.000Z", "count": 300,
            "current": False, "outcome": "ANSWER", "rrtype": "A"})
        self.assertEqual([(x["owner"], x["rrtype"], x["rdata"])
                          for x in rows[1:3]],
                         [("edge.example.net.", "A", "198.51.100.9"),
                          ("www.example.com.", "CNAME",
                           "edge.example.net.")])
        # The ledger: 05:01 to 12:00 without the gap and the outage.
        self.assertEqual(rows[1]["last_seen"], "2025-01-01T12:00:00.000Z")
        self.assertEqual(rows[1]["count"], 1 + 300 + 61 - 60)
        self.assertTrue(rows[1]["current"])
        # Behind the rows what they make of the name.
        self.assertEqual(rows[3:], [{
            "class": "life", "name": "www.example.com.", "view": "default",
            "stage": "resolving", "cause": None, "confidence": "high",
            "who": None, "stages": []}])

    def test_an_outcome_is_a_row_without_rdata(self):
        row = self.db("history", "gone.example.com", "A", "--json").rows[0]
        self.assertEqual((row["rdata"], row["outcome"], row["rrtype"]),
                         (None, "NXDOMAIN", None))
        self.assertIn("NXDOMAIN", self.db("history", "gone.example.com").out)

    def test_a_failing_question_shows_its_last_good_answer(self):
        out = self.db("history", "mail.example.com").out
        self.assertIn("failing (servfail) since 2025-01-01 06:00:00Z, last "
                      "good answer 2025-01-01 05:59:00Z", out)
        self.assertIn("MX 10 mx.example.net.", out)
        row = self.db("history", "mail.example.com", "--json").rows[0]
        self.assertEqual(row["failing"], {
            "reason": "servfail", "since": "2025-01-01T06:00:00.200Z",
            "last_good": "2025-01-01T05:59:00.000Z"})
        self.assertIn("failing (timeout) since 2025-01-01 00:00:00Z, never "
                      "answered", self.db("history", "never.example.com").out)

    def test_json_of_a_name_that_never_answered_says_so(self):
        """It printed nothing, as if the name were not watched."""
        r = self.db("history", "never.example.com", "--json")
        self.assertEqual(r.rows, [{
            "name": "never.example.com.", "type": "A", "view": "default",
            "owner": None, "rdata": None, "first_seen": None,
            "last_seen": None, "count": 0, "current": False, "outcome": None,
            "rrtype": None, "failing": {
                "reason": "timeout", "since": "2025-01-01T00:00:00.200Z",
                "last_good": None}}])
        self.assertEqual(r.err, "")

    def test_a_pool_is_shown_behind_the_records_of_its_question(self):
        at = int(datetime.datetime(
            2025, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
        day = struct.pack(">IIIHHBB", 288, 0, 280, 0, 0, 1, 1)
        pool = struct.pack(">BBBB9IHQQ", 1, 4, 1, 1, at, at + 3600, 0, at,
                           at + 7200, 300, at // 86400, 12, 60, 0, 1, 7)
        pool += day + day
        pool += bytes([192, 0, 2, 7]) + struct.pack(
            ">6IHH", at, at + 7200, at + 72000, 100, 1, 300, 3, 4)
        pool += bytes([192, 0, 2, 8]) + struct.pack(
            ">6IHH", at, at + 300, 0, 2, 1, 8, 1, 0)
        q = Question("pool.example.com.", "A", lists=["pool"])
        self.addCleanup(cluster.psql, "delete from dnsvigil.question "
                        "where name_text = 'pool.example.com.'; "
                        "delete from dnsvigil.attribute where server = 3")
        q.pool(pool, DAY + "02:00")
        row, = self.db("history", "pool.example.com", "--json").rows
        self.assertEqual((row["outcome"], row["count"], row["first_seen"]),
                         (None, 0, None))
        kept = row["pool"]
        self.assertEqual(
            (kept["class"], kept["class_since"], kept["answers"],
             kept["members"], kept["kept_at"]),
            ("rotating", "2025-01-01T01:00:00.000Z", 300, 1,
             "2025-01-01T02:00:00.000Z"))
        self.assertEqual(kept["elements"][0], {
            "rdata": "192.0.2.7", "first_heard": "2025-01-01T00:00:00.000Z",
            "last_heard": "2025-01-01T02:00:00.000Z",
            "member_since": "2025-01-01T20:00:00.000Z", "days": 3,
            "answers": 100, "share_permille": 333, "answers_today": 4})
        self.assertIsNone(kept["elements"][1]["member_since"])
        out = self.db("history", "pool.example.com").out
        self.assertIn("pool: rotating since 2025-01-01 01:00:00Z, 2 "
                      "addresses, 1 of them members, 300 answers", out)
        self.assertIn("33.3 %  m  192.0.2.7", out)

    def shown(self, name, locale, *args):
        return run("history", "--database", cluster.conninfo, name, *args,
                   locale=locale)

    def test_international_names_are_shown_in_both_forms(self):
        """E2."""
        name = "xn--bcher-kva.example."
        r = self.shown("b\u00fccher.example", "en_GB.UTF-8")
        self.assertIn(name + " (b\u00fccher.example.) A", r.raw.decode())
        for locale in "C", "POSIX", "de_DE.ISO-8859-1":
            r = self.shown(name, locale)
            self.assertIn(name + " A", r.out)
            self.assert_harmless(r.raw)
        r = self.shown(name, "C.UTF-8", "--json")
        self.assert_harmless(r.raw)
        self.assertEqual(r.rows[0]["name_unicode"], "b\u00fccher.example.")
        self.assertNotIn("name_mixed", r.rows[0])
        r = self.shown("xn--ypal-43d9g.com", "C.UTF-8")
        self.assertIn(" (\u0440\u0430ypal.com.; mixed scripts) A",
                      r.raw.decode())
        row = self.shown("xn--ypal-43d9g.com", "C", "--json").rows[0]
        self.assertEqual((row["name_unicode"], row["name_mixed"]),
                         ("\u0440\u0430ypal.com.", True))
        # Hebrew: a terminal would move what stands beside it.
        hebrew = "xn--4dbcagdahymbxekheh6e0a7fei0b.example."
        self.assert_harmless(self.shown(hebrew, "C.UTF-8").raw)
        self.assertIn("name_unicode", self.shown(
            hebrew, "C.UTF-8", "--json").rows[0])
        # No name that a server sent, and no label that is none.
        r = self.shown("xn--abc-.example", "C.UTF-8")
        self.assertIn("xn--abc-.example. NS\n", r.out)
        self.assertIn("NS xn--bcher-kva.example.", r.out)
        self.assert_harmless(r.raw)
        r = self.shown("xn--abc-.example", "C.UTF-8", "--json")
        self.assertNotIn("name_unicode", r.rows[0])

    def test_an_unknown_name_is_told_apart_from_trouble(self):
        r = self.db("history", "unknown.example")
        self.assert_one_line(r.err, "nothing is known of unknown.example.")
        self.assertEqual(r.out, "")

    def at(self, when, name="www.example.com", rrtype="A"):
        return self.db("history", name, rrtype, "--json", "--at",
                       "2025-01-01T%sZ" % when).rows[0]

    def test_at_says_what_was_believed_and_whether_it_was_seen(self):
        row = self.at("02:30:30")
        self.assertEqual(row, {
            "name": "www.example.com.", "type": "A", "view": "default",
            "at": "2025-01-01T02:30:30.000Z", "outcome": "ANSWER",
            "rdata": ["192.0.2.1"], "chain": [], "ttl": 300,
            "since": "2025-01-01T00:00:00.500Z",
            "until": "2025-01-01T05:00:00.100Z", "basis": "observed"})
        row = self.at("09:00:59")
        self.assertEqual((row["rdata"], row["chain"], row["until"],
                          row["basis"]),
                         (["198.51.100.9"], ["edge.example.net."], None,
                          "observed"))

    def test_at_between_two_sightings_names_both(self):
        for when, before, after in (
                ("10:30:00", "10:00:00.000", "11:00:00.000"),   # daemon down
                ("07:30:00", "06:59:00.000", "08:00:00.300"),   # failing
                ("13:00:00", "12:00:00.000", None)):            # and gone
            with self.subTest(when=when):
                row = self.at(when)
                self.assertEqual(row["basis"], "between")
                self.assertEqual(row["rdata"], ["198.51.100.9"])
                self.assertEqual(row["before"], "2025-01-01T%sZ" % before)
                self.assertEqual(row["after"], after and
                                 "2025-01-01T%sZ" % after)

    def test_at_before_the_first_sight_nothing_was_known(self):
        row = self.at("00:00:00")
        self.assertEqual((row["outcome"], row["basis"], row["before"],
                          row["after"]),
                         (None, "between", None, "2025-01-01T00:00:00.500Z"))
        self.assertIn("nothing was known; first seen 2025-01-01 00:00:00Z",
                      self.db("history", "www.example.com", "--at",
                              "2024-06-01").out)

    def test_at_for_people(self):
        out = self.db("history", "www.example.com", "--at",
                      "2025-01-01T07:30:00Z").out
        self.assertEqual(out, "www.example.com. A  via edge.example.net. "
                         "198.51.100.9  since 2025-01-01 05:00:00Z; not seen "
                         "then: between 2025-01-01 06:59:00Z and 2025-01-01 "
                         "08:00:00Z\n")

    def test_hostile_records_never_reach_a_terminal(self):
        for args in ([], ["--json"], ["--at", "2025-01-01T03:00:00Z"],
                     ["--json", "--at", "2025-01-01T03:00:00Z"]):
            r = self.db("history", "evil.example", *args)
            self.assertIn("\\027[31m\\155\\226\\128\\174",
                          r.out.replace("\\\\", "\\"))
        self.db("changes", "--baseline", "--name", "evil.example")


class Server(threading.Thread):
    """Answers A of www with 192.0.2.7, other types with NODATA, and whatever
    begins with `refused` with REFUSED."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            end = query.index(b"\0", 12) + 5
            question = query[12:end]
            rcode = 5 if question[1:8].lower() == b"refused" else 0
            answer = b""
            if question[-3] == 1 and rcode == 0:
                answer = (b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4" +
                          socket.inet_aton("192.0.2.7"))
            self.socket.sendto(
                query[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1,
                                        bool(answer), 0, 0) +
                question + answer, peer)


class Lookup(Loaded):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = Server()
        server.start()
        cls.dir = tempfile.mkdtemp()
        cls.config = os.path.join(cls.dir, "c.yaml")
        with open(cls.config, "w") as f:
            f.write("database: %s\nresolvers: [127.0.0.1:%d]\n"
                    "watchlists: [none.txt]\n"
                    % (json.dumps(cluster.conninfo), server.port))
        q = Question("same.example.com.", "A")
        q.state(packed("ANSWER", a("192.0.2.7")), DAY + "00:00",
                DAY + "00:00")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    def look(self, *args, status=0):
        return self.run_ok("lookup", "--config", self.config, *args,
                           status=status)

    def test_same_differs_and_no_answer(self):
        r = self.look("same.example.com", "A")
        self.assertIn("192.0.2.7   ttl 300", r.out)
        self.assertNotIn("DIFFERS", r.out)
        r = self.look("WWW.example.com.", "a", status=1)
        self.assertIn("DIFFERS", r.out)
        self.assertIn("via edge.example.net. 198.51.100.9   since", r.out)
        r = self.look("refused.example", "A", status=2)
        self.assertIn("no answer (refused)", r.out)

    def test_without_types_it_asks_the_six_default_ones(self):
        rows = self.look("unknown.example.com", "--json").rows
        self.assertEqual([x["type"] for x in rows],
                         ["A", "AAAA", "MX", "NS", "TXT", "SOA"])
        self.assertEqual(rows[0]["rdata"], ["192.0.2.7"])
        self.assertEqual(rows[1]["outcome"], "NODATA")
        self.assertEqual({x["same"] for x in rows}, {None})

    def test_json_shows_the_state_beside_the_reply(self):
        row = self.look("www.example.com", "A", "--json", status=1).rows[0]
        self.assertEqual((row["same"], row["state"]["rdata"]),
                         (False, ["198.51.100.9"]))


if __name__ == "__main__":
    unittest.main()
