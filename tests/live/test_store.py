#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The store against a real PostgreSQL.

Promised: what was said to be durable is there, once, whole and in order,
whatever dies in between; one process writes; a database that does not fit is
refused with one exact line.  Tried with store_probe.c, which drives the store
through its public calls, while this script kills, cuts and looks at the rows.

BENCH=1 python3 tests/live/test_store.py Bench    prints costs.
SLOW=1 ...                                        with a test of a minute.
MODE=asan ...                                     with the sanitizers.
"""

import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pg  # noqa: E402

ROOT = pg.ROOT
MODE = os.environ.get("MODE", "release")
LIMIT_S = 120
SCHEMA = len([n for n in os.listdir(os.path.join(ROOT, "sql"))
              if n.endswith(".sql")])
# After a crash the server syncs its files: all of them, or their file system.
cluster = pg.Cluster(settings={"recovery_init_sync_method": "syncfs"})
PROBE = os.path.join(ROOT, "build", MODE, "store_probe")


def build():
    """The probe, linked like any program of the room above the store."""
    b = os.path.join("build", MODE)
    rooms = ["store", "judge", "loop", "dns", "base"]
    objects = [b + "/tests/live/store_probe.o",
               b + "/tests/live/store_world.o"]
    archives = ["%s/lib%s.a" % (b, room) for room in rooms]
    subprocess.run(["make", "-s", "MODE=" + MODE] + objects + archives,
                   cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    libs = subprocess.run(["pkg-config", "--libs", "ldns", "libpq",
                           "openssl"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.split()
    flags = ["-fsanitize=address,undefined"] if MODE == "asan" else []
    subprocess.run(["gcc"] + flags + ["-o", PROBE] + objects + archives +
                   libs + ["-lev"], cwd=ROOT, check=True)


def setUpModule():
    build()
    cluster.start()


def tearDownModule():
    cluster.stop()


class Case(unittest.TestCase):
    def setUp(self):
        """A migrated database of its own for each test."""
        self.name = "t_" + re.sub(r"\W", "", self.id().split(".")[-1])[:50]
        self.db = cluster.create(self.name)
        cluster.migrate(self.db)
        self.children = []

    def tearDown(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                stream.close()
        cluster.psql('drop database "%s" with (force)' % self.name,
                     cluster.conninfo)

    def sql(self, text):
        return cluster.psql(text, self.db)

    def number(self, text):
        return int(self.sql(text))

    def start(self, *args, db=None):
        child = subprocess.Popen(
            [PROBE, db or self.db] + [str(a) for a in args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.children.append(child)
        return child

    def end(self, child, status=0):
        out, err = child.communicate(timeout=LIMIT_S)
        self.assertEqual(child.returncode, status, out[-500:] + err)
        return out, err

    def probe(self, *args, db=None):
        return self.end(self.start(*args, db=db))

    def wait_for(self, child, text, limit_s=30):
        """Reads its lines until one has `text`."""
        seen = []
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            ready, _, _ = select.select([child.stdout], [], [], 0.2)
            if not ready:
                continue
            line = child.stdout.readline()
            if line == "":
                break
            seen.append(line)
            if text in line:
                return seen
        self.fail("no %r in %r" % (text, seen[-5:]))


class Calls(Case):
    def test_every_call_leaves_its_rows(self):
        self.probe("basic")
        self.assertEqual(self.sql(
            "select class, revision from dnsvigil.log order by seq"),
            "candidate|0\nchange|1\nchange|2\ncandidate|0\nchange|1\n"
            "event|1\nevent|1\ncandidate|0\nchange|1")
        # The baseline's address: seen at the baseline and in the nine polls
        # before the one that differed.
        self.assertEqual(self.sql(
            "select count, last_seen - first_seen from dnsvigil.interval_all "
            "where rdata_text = '10.0.0.1'"), "10|00:08:05")
        self.assertEqual(self.sql(
            "select rrtype, outcome, rdata is null from dnsvigil.record_past "
            "where outcome = 3"), "0|3|t")
        self.assertEqual(self.number(
            "select count(*) from dnsvigil.candidate"), 0)
        # A second decision of one change is no second belief.
        self.assertEqual(self.number(
            "select count(*) from dnsvigil.belief"), 2)
        self.assertEqual(self.sql(
            "select watched, every_s, tags[2] from dnsvigil.question"),
            'f|120|we "quote" \\ {x,y}')
        # What a day counted is one row, the latest.
        self.assertEqual(self.sql(
            "select answers, counts ->> '10.0.0.2' from dnsvigil.pool_day"),
            "7|7")
        self.assertEqual(self.number("select dnsvigil.default_rows()"), 0)

    def test_intervals_do_not_overlap_and_are_whole(self):
        self.probe("basic")
        self.assertEqual(self.number(
            "select count(*) from dnsvigil.interval_all "
            "where last_seen < first_seen or count < 1"), 0)
        self.assertEqual(self.number(
            "select count(*) from dnsvigil.interval_all a "
            "join dnsvigil.interval_all b using (question, link) "
            "where a.first_seen < b.first_seen "
            "and a.last_seen > b.first_seen"), 0)

    def test_outbox_keeps_the_order_and_numbers_without_gaps(self):
        self.probe("outbox")
        self.probe("outbox-again")
        self.assertEqual(self.sql(
            "select string_agg(sink_seq || '/' || prev_sink_seq, ' ' "
            "order by sink_seq) from dnsvigil.delivery where sink = 'soc'"),
            "1/0 2/1 3/2 4/3 5/4 6/5 7/6")
        self.assertEqual(self.number(
            "select count(*) from dnsvigil.delivery "
            "where sink = 'soc' and ended = 0"), 0)

    def test_one_poisonous_item_does_not_hold_up_the_rest(self):
        _, err = self.probe("poison")
        self.assertEqual(self.number(
            "select count(*) from dnsvigil.log"), 18)
        self.assertEqual(self.number(
            "select count(*) from dnsvigil.state"), 20)
        self.assertIn("invalid byte sequence", err)
        self.assertIn("it is lost", err)


    def test_the_store_may_be_freed_from_any_callback(self):
        for which in range(4):
            self.probe("free", which)


class Refused(Case):
    def refused(self, db, line):
        out, _ = self.probe("state", db=db)
        self.assertIn("state refused " + line, out)

    def test_a_database_without_schema_is_refused(self):
        self.refused(cluster.create("bare"),
                     "database has schema 0, this program needs %d: "
                     "run `dnsvigil migrate`" % SCHEMA)

    def test_a_newer_schema_is_refused(self):
        self.sql("insert into dnsvigil.migration (version, name, sha256) "
                 "values (%d, 'later', '')" % (SCHEMA + 1))
        self.refused(self.db, "database has schema %d, this program needs %d: "
                     "it is too old for this database" % (SCHEMA + 1, SCHEMA))

    def test_another_encoding_is_refused(self):
        db = cluster.create("ascii", "encoding 'SQL_ASCII' locale 'C' "
                            "template template0")
        self.refused(db, "database has encoding SQL_ASCII, this program "
                     "needs UTF8")

    def test_no_index_depends_on_the_locale(self):
        """A later libc may sort otherwise: such an index would miss rows."""
        self.assertGreater(int(self.sql(
            "select count(*) from pg_indexes"
            " where schemaname = 'dnsvigil'")), 20)
        self.assertEqual("", self.sql(
            "select i.indexrelid::regclass from pg_index i"
            " join pg_class c on c.oid = i.indrelid"
            " where c.relnamespace = 'dnsvigil'::regnamespace"
            " and exists (select from unnest(i.indcollation::oid[]) k (x)"
            "  where k.x not in (0, 'pg_catalog.\"C\"'::regcollation))"))

    def test_a_role_without_rights_is_refused(self):
        cluster.psql("create role nobody_here login")
        db = self.db + " user=nobody_here"
        self.refused(db, "ERROR:  permission denied for schema dnsvigil")
        self.sql("grant usage on schema dnsvigil to nobody_here;"
                 "grant select on all tables in schema dnsvigil "
                 "to nobody_here")
        self.refused(db, "the database's role lacks rights (update on writer")

    def test_each_right_that_is_granted_is_looked_for(self):
        """A table of a later migration is as good as none without it."""
        cluster.psql("create role one_less login")
        self.sql("select dnsvigil.grant_daemon('one_less')")
        db = self.db + " user=one_less"
        granted = [line.split("|") for line in self.sql(
            "select table_name || '|' || privilege_type"
            " from information_schema.role_table_grants"
            " where grantee = 'one_less' and privilege_type <> 'SELECT'"
            " order by 1").splitlines()]
        self.assertGreater(len(granted), 20)
        for table, right in granted:
            name = (right, "dnsvigil." + table)
            self.sql("revoke %s on %s from one_less" % name)
            with self.subTest("%s on %s" % name):
                self.refused(db, "the database's role lacks rights (%s on %s"
                             % (right.lower(), table))
            self.sql("grant %s on %s to one_less" % name)

    def test_granted_rights_are_enough_and_are_no_more(self):
        cluster.psql("create role just_enough login")
        self.sql("select dnsvigil.grant_daemon('just_enough')")
        db = self.db + " user=just_enough"
        self.probe("basic", db=db)
        self.probe("flood", 1, 20, db=db)
        for statement in ("create table dnsvigil.x ()",
                          "drop table dnsvigil.log",
                          "delete from dnsvigil.log",
                          "update dnsvigil.log set body = '{}'",
                          "update dnsvigil.record_past set count = 1",
                          "select dnsvigil.grant_daemon('just_enough')",
                          "truncate dnsvigil.state"):
            with self.assertRaisesRegex(RuntimeError,
                                        "permission denied|must be owner"):
                cluster.psql(statement, db)


class Writers(Case):
    def test_a_second_writer_is_told_who_holds_the_database(self):
        first = self.start("hold", 60)
        self.wait_for(first, "state ready")
        out, _ = self.probe("state")
        self.assertRegex(out, r"state fenced another writer holds this "
                         r"database: dnsvigil %d on \S+ since 2\d\d\d-" %
                         first.pid)
        first.kill()
        first.wait()
        out, _ = self.probe("state")
        self.assertIn("state ready", out)

    def test_a_writer_that_was_overtaken_writes_nothing_more(self):
        first = self.start("flood", 1, 100000)
        self.wait_for(first, "done 50\n")
        first.send_signal(signal.SIGSTOP)
        # Its lock goes with its backend.
        cluster.psql("select pg_terminate_backend(pid) from "
                     "pg_stat_activity where application_name = 'dnsvigil' "
                     "and datname = '%s'" % self.name)
        out, _ = self.probe("flood", 500001, 10)
        self.assertIn("done 500010", out)
        before = self.number("select count(*) from dnsvigil.log")
        first.send_signal(signal.SIGCONT)
        out, _ = self.end(first)
        self.assertIn("state fenced", out)
        self.assertEqual(
            self.number("select count(*) from dnsvigil.log"), before)

    def test_a_stale_epoch_is_refused_in_the_transaction(self):
        self.probe("state")
        with self.assertRaisesRegex(RuntimeError, "epoch 0 is over"):
            self.sql("select dnsvigil.begin_write(0, 99)")


class Faults(Case):
    def check_flood(self, done, n=None):
        """Whole items, each once; what was said to be done is there."""
        self.assertEqual(self.number(
            "select count(*) from (select id, revision from dnsvigil.log "
            "group by 1, 2 having count(*) > 1) x"), 0)
        told = self.sql(
            "select l.name from dnsvigil.log l where l.class = 'change'")
        there = {int(x[5:x.index(".")]) for x in told.split("\n") if x}
        self.assertLessEqual(set(done), there)
        if n is not None:
            self.assertEqual(len(there), n)
        # A decision with its delivery, belief, state and closed interval.
        for sql in (
                "select count(*) from dnsvigil.delivery",
                "select count(*) from dnsvigil.belief",
                "select count(*) from dnsvigil.state "
                "where change is not null",
                "select count(*) from dnsvigil.record_past",
                "select count(distinct question) from dnsvigil.log "
                "where class = 'change'"):
            self.assertEqual(self.number(sql), len(there), sql)
        # A candidate that is open has its entry and its evidence.
        self.assertEqual(self.number(
            "select count(*) from dnsvigil.candidate c where not exists ("
            "select from dnsvigil.evidence e where e.change = c.change) "
            "or not exists (select from dnsvigil.log l "
            "where l.id = c.change and l.revision = 0)"), 0)
        self.assertEqual(self.number(
            "select count(*) from dnsvigil.log where class = 'candidate'"),
            len(there) + self.number(
                "select count(*) from dnsvigil.candidate"))

    @staticmethod
    def done_of(out):
        return [int(x) for x in re.findall(r"^done (\d+)$", out, re.M)]

    def disturb(self, n, disturbance, times):
        child = self.start("flood", 1, n)
        out = []
        reader = threading.Thread(
            target=lambda: out.extend(child.stdout.readlines()))
        reader.start()
        rng = random.Random(7)
        try:
            for i in range(times):
                time.sleep(0.15 + rng.random() * 0.5)
                disturbance(i)
            reader.join(LIMIT_S)
        finally:
            if reader.is_alive():
                child.kill()
            reader.join()
        self.assertEqual(child.wait(10), 0, child.stderr.read())
        text = "".join(out)
        self.assertEqual(len(self.done_of(text)), n)
        self.check_flood(self.done_of(text), n)
        return re.search(r"unknown (\d+) committed (\d+)", text)

    def writing_backend(self):
        return cluster.psql(
            "select pid from pg_stat_activity where datname = '%s' and "
            "application_name = 'dnsvigil' order by backend_start limit 1" %
            self.name)

    def test_terminated_backends_lose_and_double_nothing(self):
        def disturbance(_):
            cluster.psql(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = '%s' and application_name = 'dnsvigil'" %
                self.name)
        self.disturb(10000, disturbance, 6)

    def test_a_killed_backend_takes_the_server_through_recovery(self):
        def disturbance(_):
            pid = self.writing_backend()
            if pid:
                cluster.crash(int(pid))
        self.disturb(10000, disturbance, 3)

    def test_five_immediate_stops_lose_and_double_nothing(self):
        self.disturb(10000, lambda _: cluster.restart("immediate"), 5)

    def test_a_killed_process_leaves_whole_items(self):
        for i in range(5):
            child = self.start("flood", 1 + i * 10000, 10000)
            self.wait_for(child, "done %d\n" % (i * 10000 + 20 + i * 7))
            child.kill()
            out, _ = child.communicate()
            self.check_flood(self.done_of(out))

    def test_an_unknown_commit_is_looked_up_and_not_repeated(self):
        """A proxy lets the commit through and loses the answer."""
        proxy = Proxy(os.path.join(cluster.folder, ".s.PGSQL.%d" %
                                   cluster.port))
        proxy.start()
        child = self.start("flood", 1, 10000, db=self.db +
                           " host=127.0.0.1 port=%d sslmode=disable" %
                           proxy.port)
        out = []
        reader = threading.Thread(
            target=lambda: out.extend(child.stdout.readlines()))
        reader.start()
        for _ in range(6):
            time.sleep(0.3)
            proxy.swallow_and_cut(0.2)
        reader.join(LIMIT_S)
        proxy.stop()
        self.assertEqual(child.wait(10), 0, child.stderr.read())
        text = "".join(out)
        self.check_flood(self.done_of(text), 10000)
        m = re.search(r"unknown (\d+) committed (\d+)", text)
        self.assertGreaterEqual(int(m.group(1)), 1, m.group(0))
        self.assertGreaterEqual(int(m.group(2)), 1, m.group(0))

    def slow_test_a_backend_that_says_nothing_is_given_up(self):
        """W-F3: stopped for a while; then its lock must come back to us.
        Takes more than a minute: only by SLOW=1."""
        child = self.start("flood", 1, 30000)
        self.wait_for(child, "done 100\n")
        pid = int(self.writing_backend())
        os.kill(pid, signal.SIGSTOP)
        self.wait_for(child, "state down no reply from the server for 40 s",
                      60)
        time.sleep(20)  # longer than the lock is tried for at a time
        os.kill(pid, signal.SIGCONT)
        out, _ = self.end(child)
        self.assertNotIn("fenced", out)
        self.check_flood(self.done_of(out), 30000)

    def test_a_lock_that_is_held_delays_and_loses_nothing(self):
        blocker = subprocess.Popen(
            [os.path.join(cluster.bin, "psql"), "-Xq", "-d", self.db, "-c",
             "begin; lock table dnsvigil.evidence in access exclusive mode; "
             "select pg_sleep(8)"], stdout=subprocess.DEVNULL)
        time.sleep(0.3)
        out, _ = self.probe("flood", 1, 50)
        blocker.wait()
        self.check_flood(self.done_of(out), 50)


if os.environ.get("SLOW"):
    Faults.test_a_backend_that_says_nothing_is_given_up = \
        Faults.slow_test_a_backend_that_says_nothing_is_given_up


class Proxy(threading.Thread):
    """A TCP port before a Unix socket that can lose what the server says."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.pairs = []
        self.swallow = False
        self.stopped = False

    def run(self):
        while not self.stopped:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            upstream = socket.socket(socket.AF_UNIX)
            try:
                upstream.connect(self.path)
            except OSError:
                client.close()
                continue
            self.pairs.append((client, upstream))
            for a, b, loses in ((client, upstream, False),
                                (upstream, client, True)):
                threading.Thread(target=self.pump, args=(a, b, loses),
                                 daemon=True).start()

    def pump(self, a, b, loses):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                if not (loses and self.swallow):
                    b.sendall(data)
        except OSError:
            pass
        self.cut(a, b)

    @staticmethod
    def cut(*ends):
        for s in ends:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def swallow_and_cut(self, wait_s):
        pairs = list(self.pairs)
        self.swallow = True
        time.sleep(wait_s)
        for pair in pairs:
            self.cut(*pair)
        self.swallow = False

    def stop(self):
        self.stopped = True
        self.cut(self.server)
        self.server.close()
        for pair in self.pairs:
            self.cut(*pair)
            for s in pair:
                s.close()


class Plans(Case):
    """The questions people ask are answered from an index."""

    def fill(self, n):
        self.sql("""
insert into dnsvigil.question (question, attributes, watched_since,
	planned_since, every_s, phase_ms, type, shard, watched, name, name_text,
	view, tags, lists)
select md5('q' || i)::uuid, 0, now(), now(), 60, i %% 60000, 1, i %% 1024,
	true, '\\x00', 'n' || i || '.example.', 'default', '{}', '{}'
from generate_series(1, %(n)d) i;
insert into dnsvigil.state (question, content_hash, since, last_seen, server,
	ttl, shard, outcome, policy, content)
select question, question, now(), now(), 0, 300, shard, 1, 1, '\\x01'
from dnsvigil.question;
insert into dnsvigil.record_now (question, link, record, pivot, first_seen,
	last_seen, count, server, rrtype, shard, outcome, in_chain, believed,
	owner, owner_text)
select question, question, question, md5('p' || phase_ms)::uuid, now(), now(),
	1, 0, 1, shard, 1, false, true, '\\x00', name_text
from dnsvigil.question;
insert into dnsvigil.record_past (question, link, record, pivot, first_seen,
	last_seen, closed_at, count, server, rrtype, shard, outcome, in_chain,
	believed, owner, owner_text)
select question, question, question, pivot, first_seen, last_seen, now(), 1,
	0, 1, shard, 1, false, true, owner, owner_text
from dnsvigil.record_now;
insert into dnsvigil.belief (question, content_hash, since, until, last_seen,
	server, ttl, shard, outcome, policy, content)
select question, question, now(), now(), now(), 0, 300, shard, 1, 1, '\\x01'
from dnsvigil.question;
insert into dnsvigil.log (seq, at, id, revision, type, server, shard, kind,
	severity, label, class, name, view, lists, tags, body)
select nextval('dnsvigil.log_seq'), now(), question, 1, 1, 0, shard, 1, 1, 1,
	'change', name_text, 'default', '{}', '{}', '{}'
from dnsvigil.question;
analyze;
""" % {"n": n})

    def assert_indexed(self, sql):
        plan = self.sql("explain " + sql)
        for table in ("question", "state", "belief", "record_now",
                      "record_past", "log"):
            self.assertNotRegex(plan, r"Seq Scan on (%s|%s_20\d\d_11) " %
                                (table, table), sql)

    def test_plans_use_indexes_at_100_000_rows(self):
        self.fill(100000)
        pivot = "md5('p17')::uuid"
        self.assert_indexed(
            "select q.name_text, i.first_seen, i.last_seen "
            "from dnsvigil.interval_all i "
            "join dnsvigil.question q using (shard, question) "
            "where i.pivot = %s and i.first_seen < now()" % pivot)
        # What was believed at T: the present state, or one that is over.
        for table, at in (("state", "b.since <= now()"),
                          ("belief", "b.since <= now() and b.until > now()"),
                          ("state_now", "b.since <= now()")):
            self.assert_indexed(
                "select b.content, b.last_seen from dnsvigil.question q "
                "join dnsvigil.%s b using (shard, question) "
                "where q.shard = 5 and q.name_text = 'n5.example.' "
                "and q.type = 1 and %s" % (table, at))
        self.assert_indexed(
            "select * from dnsvigil.belief_all where shard = 5 "
            "and question = md5('q5')::uuid")
        self.assert_indexed(
            "select min(first_seen) from dnsvigil.record_past "
            "where pivot = %s and record = %s" % (pivot, pivot))
        self.assert_indexed("select body from dnsvigil.log "
                            "where shard = 5 and name = 'n5.example.' "
                            "order by seq")
        self.assert_indexed("select body from dnsvigil.log where seq > 99990 "
                            "order by seq")
        self.assert_indexed(
            "select * from dnsvigil.interval_now i join dnsvigil.question q "
            "using (shard, question) where q.shard = 5 "
            "and q.name_text = 'n5.example.'")
        self.assert_indexed(
            "select * from dnsvigil.interval_all where shard = 5 "
            "and question = md5('q5')::uuid")

    def test_what_the_daemon_sends_uses_indexes(self):
        """The prepared statements with the plans of many rows."""
        self.fill(100000)
        out, _ = self.probe("flood", 1, 2000)
        scans = self.sql(
            "select relname, seq_scan from pg_stat_user_tables "
            "where schemaname = 'dnsvigil' and relname in ('question', "
            "'state', 'record_now', 'log') and seq_tup_read > 400000 + "
            "n_live_tup * 4")
        self.assertEqual(scans, "", out[-200:])

    def plans(self, *args):
        """The plans of what a probe sends, by how its text begins."""
        with open(cluster.log) as f:
            f.seek(0, os.SEEK_END)
            child = self.start(*args)
            child.stdin.write("\n" * 20)  # it waits for the driver's word
            child.stdin.flush()
            self.end(child)
            log = f.read()
        found = re.findall(r"plan:\n\tQuery Text: (.*)\n((?:\t.*\n)*)", log)
        return {text[:24]: plan for text, plan in found}

    def test_plans_go_along_keys_whether_there_is_much_or_nothing(self):
        """They are made once a session, and often before there are rows."""
        for setting in ("session_preload_libraries = auto_explain",
                        "auto_explain.log_min_duration = 0"):
            cluster.psql('alter database "%s" set %s' % (self.name, setting),
                         cluster.conninfo)
        load = "copy (with newest as ( s"
        plans = self.plans("bench", 50)
        self.assert_along_keys(plans[load])
        fetch = plans["select k.row, s.content,"]
        self.assertIn("Index Scan using state_pk", fetch)
        # Not through all of a table for each question.
        self.assertNotIn("Materialize", fetch)
        self.assertNotRegex(fetch, "Seq Scan on (?!span)")
        element = plans["select k.row, h.first_se"]
        self.assertNotRegex(element, "Materialize|Seq Scan")
        self.sql("truncate dnsvigil.question, dnsvigil.state, "
                 "dnsvigil.belief, dnsvigil.record_now, "
                 "dnsvigil.record_past, dnsvigil.log")
        self.fill(20000)
        # What the probe expects of its own.
        self.sql("update dnsvigil.question set attributes = %d; analyze" %
                 (0xfedcba9876543210 - (1 << 64)))
        self.assert_along_keys(self.plans("load")[load])

    def assert_along_keys(self, load):
        """The first row does not come behind the last."""
        self.assertIn("Index Scan using question_pk", load)
        self.assertNotIn("Sort Key: q.", load)
        self.assertNotIn("Hash", load)


class First(Case):
    """First answers go by COPY, whole and once."""

    def check_first(self, n):
        unanswered = (n + 6) // 7
        for sql, there in (
                ("question", n), ("outage", unanswered),
                ("state", n - unanswered),
                ("record_now where believed", sum(
                    1 + i % 2 for i in range(n) if i % 7)),
                ("candidate", len(range(1, n, 500))),
                ("question where not watched or unwatched_at is not null "
                 "or planned_since <> watched_since", 0)):
            self.assertEqual(self.number(
                "select count(*) from dnsvigil." + sql), there, sql)

    def whole(self):
        """No question without its answer or its outage."""
        self.assertEqual(self.number(
            "select count(*) from dnsvigil.question q where not exists ("
            "select from dnsvigil.state s join dnsvigil.record_now r "
            "using (shard, question) where s.shard = q.shard "
            "and s.question = q.question) and not exists ("
            "select from dnsvigil.outage o where o.shard = q.shard "
            "and o.question = q.question)"), 0)

    def test_first_answers_leave_the_rows_of_any_baseline(self):
        self.probe("first", 0, 3000)
        self.check_first(3000)
        self.whole()
        self.assertEqual(self.sql(
            "select distinct tags from dnsvigil.question order by 1"),
            '{}\n{"a \\"b\\""}\n{"a \\"b\\"","c,{d}"}')

    def test_what_is_there_already_costs_itself_alone_and_is_told(self):
        self.probe("first", 0, 7)
        out, _ = self.probe("first", 2, 1300)
        self.assertEqual(
            sorted(re.findall(r"^refused (.+)", out, re.M)),
            sorted("default first%d.example.com." % i for i in range(2, 7)))
        self.check_first(1300)

    def test_lost_connections_lose_and_double_no_first_answer(self):
        child = self.start("first", 0, 60000)
        for _ in range(4):
            time.sleep(0.25)
            cluster.psql(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = '%s' and application_name = 'dnsvigil'" %
                self.name)
        self.end(child)
        self.check_first(60000)

    def test_a_killed_process_leaves_whole_first_answers(self):
        child = self.start("first", 0, 60000)
        self.wait_for(child, "given")
        child.kill()
        child.wait()
        self.whole()
        self.probe("first", 60001, 61500)
        self.whole()


class Bench(Case):
    """Costs, one line each; only by BENCH=1."""

    def cpu(self):
        """Backend CPU of the writing and the reading connection, in us."""
        total = 0
        pids = cluster.psql(
            "select pid from pg_stat_activity where datname = '%s' and "
            "application_name = 'dnsvigil'" % self.name).split()
        for pid in pids:
            with open("/proc/%s/stat" % pid) as f:
                fields = f.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total * 1e6 / os.sysconf("SC_CLK_TCK")

    def slow_test_costs(self):
        n = int(os.environ.get("BENCH_N", "20000"))
        child = self.start("bench", n)
        cpu = 0
        wal = None
        for line in child.stdout:
            if not re.match(r"\w+ wall_us", line):
                continue
            now = self.cpu()
            at = cluster.psql("select pg_current_wal_lsn() - '0/0'::pg_lsn")
            if not line.startswith("start"):
                print("%s backend_cpu_us %.2f wal_bytes %.0f" % (
                    line.strip(), (now - cpu) / n,
                    (int(at) - wal) / n), flush=True)
            cpu, wal = now, int(at)
            child.stdin.write("\n")
            child.stdin.flush()
        self.assertEqual(child.wait(10), 0)


if os.environ.get("BENCH"):
    Bench.test_costs = Bench.slow_test_costs


if __name__ == "__main__":
    unittest.main(verbosity=2)
