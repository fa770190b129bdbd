#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
The commands around the daemon, against a real PostgreSQL.

Promised: the exit statuses of the contract, with one line that says why; that
`check` tells every problem with its place; and that a migration is whole or
absent, whatever happens to it, and refuses what it must (W-F6).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli_case import (PROGRAM, ROOT, SQL, Case, cluster,  # noqa: E402
                      other_database, psql_in)


def setUpModule():
    cluster.start()


def tearDownModule():
    cluster.stop()


class Usage(Case):
    def test_wrong_usage_is_64_with_one_line_and_a_hint(self):
        for args in (["nonsense"], ["changes", "--nonsense"],
                     ["changes", "--since"], ["changes", "--json=1"],
                     ["changes", "--since", "yesterday"],
                     ["changes", "--severity", "huge"],
                     ["changes", "--kind", "odd"],
                     ["changes", "--type", "ANY"],
                     ["changes", "--name", "a..b"], ["changes", "operand"],
                     ["changes", "--baseline", "--log"],
                     ["changes", "--follow", "--until", "-1h"],
                     ["history"], ["history", "a.example", "NOPE"],
                     ["history", "a.example", "A", "A"], ["lookup"],
                     ["lookup", "a.example", "ANY"],
                     ["status", "x"], ["migrate", "-x"]):
            with self.subTest(args=args):
                r = self.run_ok(*args, status=64)
                self.assertEqual(r.out, "")
                self.assert_one_line(r.err, "dnsvigil", "--help")

    def test_no_command_tells_the_commands(self):
        r = self.run_ok(status=64)
        self.assertIn("changes", r.err)

    def test_hostile_arguments_are_escaped(self):
        self.run_ok("\x1b[31m", status=64)
        self.run_ok("changes", "--\x1b[31m", status=64)
        self.run_ok("history", "a\u202eb.example", status=64)

    def test_help_and_version_are_0(self):
        self.assertIn("history", self.run_ok("--help").out)
        self.assertRegex(self.run_ok("--version").out, r"^dnsvigil \d")
        for command in ("check", "migrate", "status", "lookup", "changes",
                        "history"):
            self.assertIn("usage: dnsvigil " + command,
                          self.run_ok(command, "--help").out)

    def test_bad_configuration_is_78(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "bad.yaml")
            with open(path, "w") as f:
                f.write("databse: x\n")
            for command in (["changes"], ["status"], ["migrate"],
                            ["history", "a.example"],
                            ["lookup", "a.example"], ["check"]):
                r = self.run_ok(*command, "--config", path, status=78,
                                cwd=ROOT)
                self.assertIn("bad.yaml:1:", r.err + r.out)

    def test_status_is_1_when_nothing_runs(self):
        r = self.db("status", status=1)
        self.assert_one_line(r.err, "no daemon")


class Check(Case):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def config(self, more=""):
        return self.write("c.yaml", "database: postgresql:///x\n"
                          "resolvers: [{address: 192.0.2.53, rate: 1}]\n"
                          "watchlists: [l*.*]\n" + more)

    def test_says_what_it_counted(self):
        self.write("l1.yaml", "watchlist: one\nwatch:\n  - a.example\n"
                   "  - {name: b.example, types: [A], every: 60s}\n")
        self.write("l2.yaml", "watchlist: two\nwatch:\n"
                   "  - {name: A.example., types: [A, TLSA], every: 10m}\n")
        r = self.run_ok("check", "--config", self.config())
        self.assertIn("2 lists, 2 names, 8 questions, ", r.out)

    def test_a_profile_is_a_set_of_names_of_each_zone(self):
        self.write("l1.yaml", "watch:\n"
                   "  - {zone: a.example, profile: corp, dkim: [k1, k2]}\n"
                   "  - {zone: b.example, profile: domain}\n")
        r = self.run_ok("check", "--config", self.config(
            'profiles: {corp: {"@": [NS, MX], "{dkim}._domainkey": [TXT]}}\n'))
        self.assertIn("1 list, 8 names, 16 questions, ", r.out)

    def test_diff_tells_what_another_configuration_asks_otherwise(self):
        old = self.write("old.yaml", "database: postgresql:///x\n"
                         "resolvers: [192.0.2.53]\nwatchlists: [before*]\n")
        self.write("before.yaml", "watch:\n"
                   "  - {name: same.example, types: [A, MX], every: 60s}\n"
                   "  - {name: gone.example, types: [MX, A]}\n"
                   "  - {name: slow.example, types: [A], every: 60s}\n"
                   "  - {name: mine.example, types: [A]}\n")
        self.write("l1.yaml", "watch:\n"
                   "  - {name: same.example, types: [A], every: 60s}\n"
                   "  - {name: same.example, types: [A, MX], every: 60s}\n"
                   "  - {name: slow.example, types: [A], every: 2m}\n"
                   "  - {name: www.new.example, types: [A, AAAA]}\n"
                   "  - {name: new.example, types: [NS], every: 10s}\n"
                   "  - {name: mine.example, types: [A], tags: [owned]}\n")
        args = ("check", "--config", self.config(), "--diff", old)
        r = self.run_ok(*args)
        self.assertEqual(r.out.splitlines()[:6], [
            "- gone.example. A,MX every 300s, tags none",
            "~ mine.example. A every 300s, tags none -> owned",
            "+ new.example. NS every 10s, tags none",
            "+ www.new.example. A,AAAA every 300s, tags none",
            "~ slow.example. A every 60s -> 120s, tags none",
            "3 questions added, 2 removed, 2 changed; "
            "0.06 questions a second before, 0.152 now"])
        rows = self.run_ok(*args, "--json").rows
        self.assertEqual(
            [(x["class"], x.get("name")) for x in rows],
            [("removed", "gone.example."), ("changed", "mine.example."),
             ("added", "new.example."), ("added", "www.new.example."),
             ("changed", "slow.example."), ("difference", None),
             ("summary", None)])
        self.assertEqual(rows[4]["before"]["every_s"], 60)
        self.assertEqual(rows[4]["now"]["every_s"], 120)
        r = self.run_ok("check", "--config", old, "--diff", old)
        self.assertIn("0 questions added, 0 removed, 0 changed", r.out)

    def test_a_budget_says_how_much_longer_it_makes_the_intervals(self):
        path = self.write("l1.yaml", "budget: 1\nwatch:\n" + "".join(
            "  - {name: n%d.example, types: [A, MX], every: 10s}\n" % i
            for i in range(21)))
        config = self.config()
        r = self.run_ok("check", "--config", config)
        self.assertEqual(
            r.out, path + ": 4.20 questions a second are over its budget of "
            "1: intervals are 5 times as long\n"
            "1 list, 21 names, 42 questions, 0.8 questions a second\n")
        rows = self.run_ok("check", "--config", config, "--json").rows
        self.assertEqual(rows[0], {
            "class": "budget", "file": path, "per_second": 1,
            "wanted_millionths": 4200000, "stretch_millionths": 5000000})
        self.assertEqual(rows[1]["per_second"], 0.84)

    def test_diff_with_nothing_to_compare_with_is_a_problem(self):
        self.write("l1.txt", "a.example\n")
        r = self.run_ok("check", "--config", self.config(), "--diff",
                        "/nowhere/old.yaml", status=78)
        self.assertIn("/nowhere/old.yaml", r.out)

    def test_every_problem_has_its_place_and_the_exit_is_78(self):
        path = self.write("l1.txt", "a.example\n*.b.example\n-..-\n")
        r = self.run_ok("check", "--config", self.config(), status=78)
        self.assertIn(path + ":2:", r.out)
        self.assertIn(path + ":3:", r.out)
        rows = self.run_ok("check", "--json", path, status=78).rows
        self.assertEqual([x["line"] for x in rows[:2]], [2, 3])
        self.assertEqual(rows[-1]["class"], "summary")

    def test_twenty_problems_a_file_are_told_and_the_rest_counted(self):
        self.write("l1.txt", "*.a.example\n" * 30)
        r = self.run_ok("check", "--config", self.config(), status=78)
        self.assertEqual(r.out.count("l1.txt:"), 21)
        self.assertRegex(r.out, r"l1.txt: warning: 1\d more")

    def test_watchlists_alone_need_no_configuration(self):
        path = self.write("l.csv", "name\na.example\n")
        r = self.run_ok("check", path)
        self.assertIn("1 list, 1 name, 6 questions, ", r.out)
        self.run_ok("check", path + "x", status=78)

    def test_warns_of_too_many_questions_and_of_owned_hostile_names(self):
        self.write("l1.yaml", "watchlist: o\ndefaults: {every: 5s, tags: "
                   "[owned]}\nwatch: [a.example]\n")
        self.write("l2.yaml", "watchlist: h\ndefaults: {tags: [hostile]}\n"
                   "watch:\n  - a.example\n")
        r = self.run_ok("check", "--config", self.config())
        self.assertRegex(r.out, r"l2.yaml:4:.* owned and hostile")
        self.assertRegex(r.out, r"warning: 1\.2 questions a second")

    SOURCE = ("views:\n  eu: {resolvers: [192.0.2.54]}\n"
              "  source: {authoritative: true, parent: true, rate: none,\n"
              "    hints: [127.0.0.1:5300], at: {ns.example: [127.0.0.2]}}\n"
              "  usual: {authoritative: true}\n")

    def test_R18_says_whom_an_authoritative_view_asks(self):
        self.write("l1.yaml", "defaults: {types: [A], every: 10s, "
                   "views: [source], confirm: cache}\nwatch: [a.example]\n")
        path = self.config(self.SOURCE)
        r = self.run_ok("check", "--config", path)
        self.assertEqual(
            r.out,
            "view `source` asks the servers of each zone and of its parent, "
            "found by 1 hint and 1 name of `at`; 0.1 questions a second, "
            "each at every server of its zone\n"
            "view `usual` asks the servers of each zone, found by the root's "
            "own; 0.0 questions a second, each at every server of its zone\n"
            "1 list, 1 name, 1 question, 0.1 questions a second\n")
        rows = self.run_ok("check", "--config", path, "--json").rows
        self.assertEqual(rows[0], {
            "class": "view", "view": "source", "parent": True, "hints": 1,
            "at": 1, "rate": 0, "per_second": 0.1})
        self.assertEqual(rows[1]["hints"], 26)
        self.assertEqual(rows[2]["class"], "summary")

    def test_T16_warns_where_one_list_says_hostile_and_another_asks(self):
        self.write("l1.yaml", "defaults: {tags: [hostile]}\n"
                   "watch: [a.example, b.example]\n")
        self.write("l2.yaml", "watch:\n"
                   "  - {name: a.example, views: [source]}\n"
                   "  - {name: b.example, views: [source], direct: true}\n"
                   "  - {name: c.example, views: [source]}\n")
        r = self.run_ok("check", "--config", self.config(self.SOURCE))
        self.assertRegex(r.out, r"l2.yaml:2: warning: a.example. is tagged "
                         "hostile in one place and asked at its own")
        self.assertEqual(r.out.count("tagged hostile"), 1)

    def test_R18_lookup_of_an_authoritative_view_says_that_it_cannot(self):
        path = self.config(self.SOURCE)
        r = self.run_ok("lookup", "--config", path, "--view", "source",
                        "a.example", status=2)
        self.assert_one_line(r.err, "view `source` asks the zones' servers")
        r = self.run_ok("lookup", "--config", path, "--view",
                        "source/parent", "a.example", status=64)
        self.assertIn("no view 'source/parent'", r.err)


class Migrate(Case):
    def copy(self):
        d = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, d)
        for name in os.listdir(SQL):
            if name.endswith(".sql"):
                shutil.copy(os.path.join(SQL, name), d)
        return d

    def last(self, d):
        return os.path.join(d, sorted(os.listdir(d))[-1])

    def applied(self, conninfo):
        """How many files the database has."""
        if psql_in(conninfo, "select count(*) from pg_namespace "
                   "where nspname = 'dnsvigil'") == "0":
            return 0
        return int(psql_in(conninfo,
                           "select count(*) from dnsvigil.migration"))

    def test_brings_an_empty_database_to_this_version_once(self):
        db = other_database("m_once")
        r = self.run_ok("changes", "--database", db, status=2)
        self.assert_one_line(r.err, "database has schema 0, this program "
                             "needs ", "run `dnsvigil migrate`")
        self.run_ok("migrate", "--database", db, "--sql", SQL)
        r = self.run_ok("migrate", "--database", db, "--sql", SQL)
        self.assertNotIn("applied", r.err)
        self.run_ok("changes", "--database", db)
        self.assertEqual(psql_in(
            db, "select count(*) from dnsvigil.migration"),
            str(len(os.listdir(self.copy()))))

    def test_two_at_once_do_the_work_once(self):
        db = other_database("m_two")
        both = [subprocess.Popen([PROGRAM, "migrate", "--database", db,
                                  "--sql", SQL], stderr=subprocess.PIPE)
                for _ in range(2)]
        errs = [p.communicate()[1] for p in both]
        self.assertEqual([p.returncode for p in both], [0, 0], errs)
        self.assertEqual(sum(e.count(b"0001_") for e in errs), 1)

    def test_a_file_that_fails_leaves_nothing(self):
        db = other_database("m_fails")
        d = self.copy()
        with open(self.last(d), "a") as f:
            f.write("\nselect nonsense;\n")
        r = self.run_ok("migrate", "--database", db, "--sql", d, status=1)
        self.assertRegex(r.err, r"\.sql:\d+: .*nonsense")
        self.assertEqual(self.applied(db), len(os.listdir(d)) - 1)

    def test_a_kill_midway_leaves_nothing(self):
        db = other_database("m_kill")
        d = self.copy()
        with open(self.last(d), "a") as f:
            f.write("\nselect pg_sleep(2);\n")
        p = subprocess.Popen([PROGRAM, "migrate", "--database", db, "--sql",
                              d])
        busy = ("select count(*) from pg_stat_activity where datname = "
                "'m_kill' and wait_event = 'PgSleep'")
        for _ in range(200):
            if psql_in(cluster.conninfo, busy) != "0":
                break
            time.sleep(0.05)
        self.assertIsNone(p.poll())
        p.kill()
        p.wait()
        self.assertEqual(self.applied(db), len(os.listdir(d)) - 1)
        # Waits for the lock that the dying session still holds.
        self.run_ok("migrate", "--database", db, "--sql", SQL)
        self.assertEqual(self.applied(db), len(os.listdir(d)))

    def old(self, name):
        """A database of schema 1 with rows, and what says that they stand."""
        db = other_database(name)
        with open(os.path.join(SQL, "0001_history.sql")) as f:
            text = f.read()
        psql_in(db, text)
        psql_in(db, "insert into dnsvigil.migration (version, name, sha256) "
                "values (1, '0001_history.sql', '%s')" %
                hashlib.sha256(text.encode()).hexdigest())
        psql_in(db, """
insert into dnsvigil.question select md5('q' || i)::uuid, 0, now(), now(),
	null, 60, 0, 1, i % 1024, true, '\\x00', 'n' || i || '.', 'default',
	'{}', '{}' from generate_series(1, 3000) i;
insert into dnsvigil.log select i, now(), md5('q' || i)::uuid, null, 0, 1, 0,
	i % 1024, 1, 1, 0, 'candidate', null, 'n' || i || '.', 'default', '{}',
	'{}', '{}' from generate_series(1, 3000) i""")
        return db, self.rows(db)

    @staticmethod
    def rows(db):
        """Of the columns that schema 1 has: later ones come along empty."""
        return psql_in(db, " union all ".join(
            "select md5(string_agg(j::text, '' order by j::text)) from "
            "(select to_jsonb(t) - array['wait_s', 'entry_s', 'entry_at'] "
            "as j from dnsvigil.%s t) x" % t
            for t in ("question", "log")))

    def test_a_populated_schema_1_comes_along(self):
        db, before = self.old("m_old")
        both = [subprocess.Popen([PROGRAM, "migrate", "--database", db,
                                  "--sql", SQL], stderr=subprocess.PIPE)
                for _ in range(2)]
        errs = [p.communicate()[1] for p in both]
        self.assertEqual([p.returncode for p in both], [0, 0], errs)
        self.assertEqual(self.rows(db), before)
        self.assertEqual(self.applied(db), len(os.listdir(self.copy())))
        self.run_ok("changes", "--database", db)

    def test_what_fails_or_is_killed_leaves_a_populated_schema_whole(self):
        db, before = self.old("m_old_fails")
        d = self.copy()
        with open(self.last(d), "a") as f:
            f.write("\nselect nonsense;\n")
        self.run_ok("migrate", "--database", db, "--sql", d, status=1)
        self.assertEqual((self.applied(db), self.rows(db)),
                         (len(os.listdir(d)) - 1, before))
        shutil.copy(os.path.join(SQL, os.path.basename(self.last(d))), d)
        with open(self.last(d), "a") as f:
            f.write("\nselect pg_sleep(60);\n")
        p = subprocess.Popen([PROGRAM, "migrate", "--database", db, "--sql",
                              d])
        try:
            pid = ""
            for _ in range(600):
                pid = psql_in(cluster.conninfo, "select pid from "
                              "pg_stat_activity where datname = 'm_old_fails' "
                              "and wait_event = 'PgSleep'")
                if pid:
                    break
                time.sleep(0.05)
            self.assertNotEqual(pid, "")
        finally:
            p.kill()
            p.wait()
        psql_in(cluster.conninfo, "select pg_terminate_backend(%s)" % pid)
        self.assertEqual((self.applied(db), self.rows(db)),
                         (len(os.listdir(d)) - 1, before))
        self.run_ok("migrate", "--database", db, "--sql", SQL)
        self.assertEqual(self.rows(db), before)

    def test_a_changed_file_and_a_newer_database_are_refused(self):
        db = other_database("m_changed")
        self.run_ok("migrate", "--database", db, "--sql", SQL)
        d = self.copy()
        with open(self.last(d), "a") as f:
            f.write("-- later thoughts\n")
        r = self.run_ok("migrate", "--database", db, "--sql", d, status=1)
        self.assert_one_line(r.err, "SHA-256 differs")
        psql_in(db, "insert into dnsvigil.migration values "
                    "(99, '0099_x.sql', 'x')")
        r = self.run_ok("migrate", "--database", db, "--sql", SQL, status=1)
        self.assert_one_line(r.err, "database has schema 99")
        r = self.run_ok("changes", "--database", db, status=2)
        self.assert_one_line(r.err, "database has schema 99")

    def test_gaps_and_empty_folders_are_refused(self):
        d = self.copy()
        os.rename(self.last(d), os.path.join(d, "0777_x.sql"))
        r = self.run_ok("migrate", "--database", cluster.conninfo, "--sql", d,
                        status=1)
        self.assert_one_line(r.err, "missing")
        r = self.run_ok("migrate", "--database", cluster.conninfo, "--sql",
                        "/proc", status=1)
        self.assert_one_line(r.err, "no migrations")

    def test_another_encoding_is_refused_in_one_line(self):
        db = other_database("m_ascii", "encoding 'SQL_ASCII' locale 'C' "
                            "template template0")
        r = self.run_ok("migrate", "--database", db, "--sql", SQL, status=1)
        self.assert_one_line(r.err, "SQL_ASCII", "needs UTF8")
        self.assertEqual(self.applied(db), 0)
        r = self.run_ok("changes", "--database", db, status=2)
        self.assert_one_line(r.err, "SQL_ASCII", "needs UTF8")

    def test_rights_are_granted_and_no_more(self):
        db = other_database("m_role")
        cluster.psql("create role watcher login")
        cluster.psql("create role outsider login")
        self.run_ok("migrate", "--database", db, "--sql", SQL, "--grant",
                    "watcher")
        self.run_ok("changes", "--database", db + " user=watcher")
        r = self.run_ok("changes", "--database", db + " user=outsider",
                        status=2)
        self.assert_one_line(r.err, "permission denied", "--grant")
        with self.assertRaises(AssertionError):
            psql_in(db + " user=watcher", "create table dnsvigil.x ()")
        with self.assertRaises(AssertionError):
            psql_in(db + " user=watcher", "delete from dnsvigil.log")
        self.run_ok("migrate", "--database", db, "--sql", SQL, "--grant",
                    "no\"body", status=1)

    def test_no_database_is_one_line(self):
        db = cluster.conninfo + " dbname=not_there"
        r = self.run_ok("migrate", "--database", db, "--sql", SQL, status=1)
        self.assert_one_line(r.err, "not_there")
        r = self.run_ok("changes", "--database", db, status=2)
        self.assert_one_line(r.err, "not_there")


if __name__ == "__main__":
    unittest.main()
