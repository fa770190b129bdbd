# SPDX-License-Identifier: ISC
"""
Whether last_seen is right after kill -9, and what it costs.

The server notes when it last answered each name, and gives no answer, or
SERVFAIL, for one name in twenty; which ones moves on while it runs, so that
outages open and close.  Then the daemon is killed, and what the database says
of each question is held against what the server noted:

* never later than the last answer, but for a tick: plans are kept in ticks of
  100 ms, rounded down, so that a question can leave so much before its plan;
* never earlier than that by more than an interval and what the ledger is
  behind (lag_s() below).  An answer that came so late before the kill that
  it was on its way into the database is not held against it: kill -9 loses
  that, as docs/architecture.md says.  Told beside it are how long the oldest item
  waited for the database just before (`waiting`), how old the last end of an
  outage is that was committed, and the answers to who is too early.
"""

import array
import os
import subprocess
import time

import bench_world as w

FAILING = 50        # of 1000 names
SILENT = 25         # of these without an answer, the others by SERVFAIL
MOVES = 4           # of one in five of them, in an interval
WINDOW_S = 60.0     # or an interval and a half, if that is more
TICK_US = 100_000
LOSS_US = 1_000_000  # batches of 250 ms, and the commit of one
SECOND_US = 1_000_000
GIVE_UP_S = 6.3     # 800 ms, twice and four times that, and an eighth
HOUR_S = 3600.0
TOLD_S = 900        # until outages of this many seconds' polls are told


def make_file(world, n):
    """What the server writes into: two times a name."""
    path = world.path("seen")
    with open(path, "wb") as f:
        f.truncate(16 * n)
    return path


def lag_s(every):
    """
    How far the ledger may be behind, by daemon/monitor/ledger.c: the jitter
    of a twentieth and two ticks, a bucket of a 32nd, a step of an eighth
    or a second, once a second, and the commit; and a poll that is silent
    for the first time, until it is given up.
    """
    return every / 20 + 0.2 + every / 32 + max(1, every / 8) + 1 + \
        LOSS_US / SECOND_US + GIVE_UP_S


def share_of(values, share):
    return values[min(len(values) - 1, int(share * len(values)))]


class Seen:
    def __init__(self, bench):
        self.b = bench
        self.every = bench.case.every
        self.first = 0
        self.waiting = {}  # of the database, just before a kill

    def say(self, name, value, unit):
        self.b.say(name, value, unit)

    def fail(self, failing):
        silent = SILENT * failing // FAILING
        self.b.server.fail(failing, silent, self.first)

    def move(self, seconds):
        """Others fail, some after some, for so long."""
        for _ in range(MOVES):
            self.first = (self.first + FAILING // 5) % 1000
            self.fail(FAILING)
            time.sleep(seconds / MOVES)

    def wait_told(self):
        """Until all that fails was told: what comes then is steady."""
        end = time.monotonic() + TOLD_S
        while time.monotonic() < end:
            left = self.b.postgres.psql(
                "select count(*) from dnsvigil.outage "
                "where until is null and not told")
            if left == "0":
                return
            time.sleep(2)
        raise w.Trouble(f"{left} outages are not told")

    # ---- cost ----

    def window(self, what):
        self.b.postgres.psql("checkpoint", "user=postgres")
        win = self.b.watch(max(WINDOW_S, 1.5 * self.every))
        cpu_s = win.postgres_us * win.n / 1e6
        scale = HOUR_S / win.seconds
        self.say(f"questions_rate_{what}", win.rate, "1/s")
        self.say(f"cpu_daemon_{what}", win.daemon_us, "us/question")
        self.say(f"cpu_postgres_{what}", win.postgres_us, "us/question")
        self.say(f"cpu_postgres_hour_{what}", cpu_s * scale, "s")
        self.say(f"wal_{what}", win.wal / win.n, "bytes/question")
        self.say(f"wal_hour_{what}", win.wal * scale, "bytes")
        self.b.say_statements(what)
        self.b.postgres.forget_statements()
        return cpu_s * scale, win.wal * scale

    # ---- right or not ----

    def kill(self):
        self.waiting = self.b.daemon.status()["database"]
        at = time.time_ns() // 1000
        self.b.daemon.process.kill()
        self.b.daemon.process.wait(60)
        self.b.world.running.remove(self.b.daemon.process)
        return at

    def told(self):
        """[(number, last_seen us or None, failing)], asked as people do."""
        path = self.b.world.path("told")
        sql = ("copy (select substr(split_part(name_text, '.', 1), 2), "
               "(extract(epoch from last_seen) * 1000000)::bigint, "
               "failing_since is not null from dnsvigil.state_now) "
               "to stdout")
        with open(path, "wb") as f:
            subprocess.run(
                ["psql", "-Xq", "-d", self.b.postgres.conninfo, "-c", sql],
                stdin=subprocess.DEVNULL, stdout=f, check=True, timeout=900)
        with open(path, encoding="ascii") as f:
            for line in f:
                number, at, failing = line.split()
                yield (int(number), None if at == "\\N" else int(at),
                       failing == "t")

    def last_end_us(self, killed):
        text = self.b.postgres.psql(
            f"select {killed} - (extract(epoch from max(until)) * 1000000)"
            "::bigint from dnsvigil.outage")
        return int(text or 0)

    def check(self, killed, what):
        truth = array.array("q")
        with open(self.b.server.seen_file, "rb") as f:
            truth.frombytes(f.read())
        behind = self.b.postgres.psql(
            "select extract(epoch from to_timestamp("
            f"{killed / 1e6}) - max(to_at)) from dnsvigil.span")
        last_end_us = self.last_end_us(killed)
        begin = time.monotonic()
        rows = list(self.told())
        took = time.monotonic() - begin
        early_us = (self.every + lag_s(self.every)) * SECOND_US
        errors = []
        ages = []  # of the last answer to who is too early, at the kill
        late = early = early_failing = failing = strict = missing = 0
        worst_late = 0
        for number, at, fails in rows:
            last, before = truth[2 * number], truth[2 * number + 1]
            failing += fails
            if at is None:
                missing += last != 0
                continue
            worst_late = max(worst_late, at - last)
            late += at > last + TICK_US
            if last > killed - LOSS_US:
                last = before
            errors.append(last - at)
            if last - at > early_us:
                early += 1
                ages.append(killed - last)
            early_failing += fails and last - at > early_us
            strict += last - at > 1.05 * self.every * SECOND_US + SECOND_US
        errors.sort()
        end = f"_{what}"
        self.say("names" + end, len(rows), "names")
        self.say("failing" + end, failing, "names")
        self.say("never_seen" + end, missing, "names")
        self.say("too_late" + end, late, "names")
        self.say("too_early" + end, early, "names")
        self.say("too_early_failing" + end, early_failing, "names")
        self.say("over_one_interval" + end, strict, "names")
        self.say("latest" + end, worst_late / SECOND_US, "s")
        self.say("error_p50" + end, share_of(errors, 0.5) / SECOND_US, "s")
        self.say("error_p99" + end, share_of(errors, 0.99) / SECOND_US, "s")
        self.say("error_worst" + end, errors[-1] / SECOND_US, "s")
        self.say("bound" + end, early_us / SECOND_US, "s")
        self.say("ledger_behind" + end, float(behind), "s")
        self.say("items_waiting" + end, self.waiting["items_waiting"], "items")
        self.say("waiting" + end, self.waiting["waiting_ms"] / 1000, "s")
        self.say("last_end_committed" + end, last_end_us / SECOND_US, "s")
        for age, name in ((min(ages, default=0), "latest"),
                          (max(ages, default=0), "earliest")):
            self.say(f"too_early_answered_{name}{end}", age / SECOND_US, "s")
        self.say("check" + end, took, "s")

    # ---- all ----

    def run(self):
        b = self.b
        b.start(1, "new")
        b.daemon.wait_settled(1800)
        b.postgres.psql("vacuum analyze", "user=postgres")
        time.sleep(self.every)
        w.progress(f"{b.case.name}: none fails")
        calm = self.window("none_failing")
        w.progress(f"{b.case.name}: {FAILING / 10} % fail")
        self.fail(FAILING)
        self.move(self.every)
        self.wait_told()
        cost = self.window("failing")
        self.say("cpu_postgres_hour", cost[0], "s")
        self.say("wal_hour", cost[1], "bytes")
        self.say("cpu_postgres_hour_by_failing", cost[0] - calm[0], "s")
        self.say("wal_hour_by_failing", cost[1] - calm[1], "bytes")
        self.move(self.every)
        w.progress(f"{b.case.name}: kill -9")
        self.check(self.kill(), "killed")
        b.start(1, "known")
        time.sleep(self.every / 2)
        self.move(self.every)
        w.progress(f"{b.case.name}: kill -9 again")
        self.check(self.kill(), "killed_again")
