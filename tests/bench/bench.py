#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
What watching costs, in figures, one a line: "name value unit".

    bench.py            N=10000 PAIRS=5 EVERY=1s BUILD=build by environment

The daemon polls N names for A, each once in EVERY, at an NSD and over a
PostgreSQL with its defaults, all of them started here.  In turn with it, while
it is stopped, dnsperf asks the same questions: as fast as it can, and at the
daemon's rate.  Then the daemon is started again with two servers of different
groups, and one name in a hundred gets a new address in each pass.

CPU is user and system time, of PostgreSQL that of the whole cluster.  None of
it is a test: a figure says what was, on this machine and beside whatever else
ran on it.  docs/performance.md tells what they were and how to read them.
"""

import os
import re
import signal
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import world as w  # noqa: E402

WINDOW_S = 2.0     # of the daemon, in each pair
DNSPERF_S = 1.5
SETTLE_S = 1.0     # after a pause, what was missed is caught up with
CHANGED_PASSES = 6
CHANGED_SHARE = 100  # one name in so many


def setting(name, default):
    return os.environ.get(name) or default


def seconds_of(every):
    """As the watchlist has it: 1s, 5m ..."""
    m = re.fullmatch(r"(\d+)([smhd])", every)
    if m is None:
        raise w.Trouble(f"EVERY={every}: a number and one of s m h d")
    return int(m[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[m[2]]


def say(name, value, unit):
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    print(f"{name} {value:.{digits}f} {unit}", flush=True)


class Point:
    """Everything that is counted, at one time."""

    def __init__(self, daemon, postgres):
        self.status = daemon.status()
        self.at = time.monotonic()
        self.daemon = daemon.cpu_ns()
        self.postgres = postgres.cpu_ns()

    def questions(self, key):
        return self.status["questions"][key]

    def batches(self):
        return self.status["database"]["batches"]


class Window:
    """What happened between two points, a question."""

    def __init__(self, a, b):
        self.seconds = b.at - a.at
        self.n = b.questions("answered") - a.questions("answered")
        if self.n <= 0:
            raise w.Trouble("the daemon had no answers")
        self.changes = b.questions("changes") - a.questions("changes")
        self.rate = self.n / self.seconds
        self.daemon_us = (b.daemon - a.daemon) / 1000 / self.n
        self.postgres_us = (b.postgres - a.postgres) / 1000 / self.n
        self.both_us = self.daemon_us + self.postgres_us


class Bench:
    def __init__(self, world):
        self.n = int(setting("N", "10000"))
        self.pairs = int(setting("PAIRS", "5"))
        self.every = setting("EVERY", "1s")
        self.every_s = seconds_of(self.every)
        program = os.path.join(w.ROOT, setting("BUILD", "build"), "dnsvigil")
        if not os.access(program, os.X_OK):
            raise w.Trouble(f"no {program}; make builds it")
        self.nsd = w.Nsd(world, self.n)
        self.postgres = w.Postgres(world)
        self.daemon = w.Daemon(world, self.postgres, program)
        self.dnsperf = w.Dnsperf(world, self.nsd.names, self.nsd.ports[0])
        self.turns_ms = []
        self.lags_ms = []
        self.peer_us = 0.0
        self.first_us = 0.0

    def point(self):
        return Point(self.daemon, self.postgres)

    def watch(self, seconds):
        """A window, and what the daemon says of each second in it."""
        first = last = self.point()  # forgets the longest turn until now
        until = first.at + seconds
        while last.at < until:
            time.sleep(min(1.0, max(0.01, until - time.monotonic())))
            last = self.point()
            coverage = last.status["coverage"]
            self.turns_ms.append(coverage["longest_turn_us"] / 1000)
            self.lags_ms.append(coverage["lag_ms"])
        return Window(first, last)

    def say_turns(self, suffix=""):
        say("longest_loop_turn" + suffix, max(self.turns_ms), "ms")
        say("longest_loop_turn_p50" + suffix,
            statistics.median(self.turns_ms), "ms")
        say("lag_max" + suffix, max(self.lags_ms), "ms")
        say("lag_max_p50" + suffix, statistics.median(self.lags_ms), "ms")
        self.turns_ms.clear()
        self.lags_ms.clear()

    def first_pass(self):
        wal = self.postgres.wal_bytes()
        postgres = self.postgres.cpu_ns()
        begin = time.monotonic()
        self.daemon.start(self.nsd.names, self.nsd.ports[:1], self.every)
        turn_us = self.daemon.wait_first_pass()
        p = self.point()
        say("first_pass_seconds", p.at - begin, "s")
        say("first_pass_daemon_cpu", p.daemon / 1000 / self.n, "us/question")
        say("first_pass_postgres_cpu", (p.postgres - postgres) / 1000 / self.n,
            "us/question")
        self.first_us = (p.daemon + p.postgres - postgres) / 1000 / self.n
        say("first_pass_cpu", (p.daemon + p.postgres - postgres) / 1e9, "s")
        say("first_pass_longest_loop_turn", turn_us / 1000, "ms")
        say("first_pass_wal", (self.postgres.wal_bytes() - wal) / self.n,
            "bytes/question")

    def ask_dnsperf(self, rate=None):
        self.daemon.pause(True)
        try:
            n, cpu, wall = self.dnsperf.run(DNSPERF_S, rate)
        finally:
            self.daemon.pause(False)
        time.sleep(SETTLE_S)
        return cpu / 1000 / n, n / wall

    def unchanged(self):
        ours = []
        fast = []
        even = []
        time.sleep(self.every_s + SETTLE_S)
        wal = self.postgres.wal_bytes()
        for _ in range(self.pairs):
            ours.append(self.watch(WINDOW_S))
            fast.append(self.ask_dnsperf())
            even.append(self.ask_dnsperf(ours[-1].rate))
        wal = self.postgres.wal_bytes() - wal
        middle = statistics.median
        self.peer_us = middle(x[0] for x in fast)
        say("questions_rate", middle(x.rate for x in ours), "1/s")
        say("daemon_cpu_unchanged", middle(x.daemon_us for x in ours),
            "us/question")
        say("postgres_cpu_unchanged", middle(x.postgres_us for x in ours),
            "us/question")
        say("dnsperf_rate", middle(x[1] for x in fast), "1/s")
        say("dnsperf_cpu", self.peer_us, "us/question")
        ratios = [a.both_us / b[0] for a, b in zip(ours, fast)]
        say("ratio_cpu_vs_dnsperf", middle(ratios), "ratio")
        say("ratio_cpu_vs_dnsperf_least", min(ratios), "ratio")
        say("ratio_cpu_vs_dnsperf_most", max(ratios), "ratio")
        say("ratio_cpu_first_pass_vs_dnsperf", self.first_us / self.peer_us,
            "ratio")
        say("dnsperf_cpu_same_rate", middle(x[0] for x in even), "us/question")
        say("ratio_cpu_vs_dnsperf_same_rate", middle(
            a.both_us / b[0] for a, b in zip(ours, even)), "ratio")
        say("wal_unchanged", wal / sum(x.n for x in ours), "bytes/question")
        self.say_turns()
        pid = self.daemon.process.pid
        say("rss", w.rss_kb(pid), "kB")
        say("rss_peak", w.rss_kb(pid, "VmHWM"), "kB")

    def restart(self):
        self.daemon.stop()
        begin = time.monotonic()
        self.daemon.start(self.nsd.names, self.nsd.ports, self.every)
        self.daemon.wait_first_pass()
        say("restart_seconds", time.monotonic() - begin, "s")
        time.sleep(self.every_s + SETTLE_S)
        say("restart_rss", w.rss_kb(self.daemon.process.pid), "kB")

    def is_settled(self):
        s = self.daemon.status()
        return (s["questions"]["inquiries"] == 0 and
                s["database"]["items_waiting"] == 0)

    def changed(self):
        base = self.watch(WINDOW_S)
        self.turns_ms.clear()
        self.lags_ms.clear()
        share = max(1, self.n // CHANGED_SHARE)
        wal = self.postgres.wal_bytes()
        seq = self.postgres.psql(
            "select coalesce(max(seq), 0) from dnsvigil.log")
        first = self.point()
        for i in range(CHANGED_PASSES):
            self.nsd.change(i * share, share)
            self.watch(self.every_s)
        self.daemon.wait_for("settled", self.is_settled, 30)
        last = self.point()
        all_ = Window(first, last)
        wal = self.postgres.wal_bytes() - wal
        say("daemon_cpu_unchanged_two_servers", base.daemon_us, "us/question")
        say("changes_made", share * CHANGED_PASSES, "changes")
        say("changes_decided", all_.changes, "changes")
        say("changes_share", 100 * all_.changes / all_.n, "percent")
        say("daemon_cpu_changed", all_.daemon_us, "us/question")
        say("postgres_cpu_changed", all_.postgres_us, "us/question")
        say("ratio_cpu_changed_vs_dnsperf", all_.both_us / self.peer_us,
            "ratio")
        if all_.changes > 0:
            per_change = all_.n / all_.changes
            say("daemon_cpu_per_change",
                (all_.daemon_us - base.daemon_us) * per_change, "us/change")
            say("postgres_cpu_per_change", all_.postgres_us * per_change,
                "us/change")
            say("wal_per_change", wal / all_.changes, "bytes/change")
            say("commits_per_change",
                (last.batches() - first.batches()) / all_.changes, "commits")
            self.say_latency(seq)
        self.say_turns("_changed")

    def say_latency(self, after_seq):
        """From the first sight of a change to its decision."""
        text = self.postgres.psql(
            "select percentile_cont(array[0.5, 0.99]) within group (order by "
            "(body->>'decided_at')::timestamptz - (body->>'seen_at')"
            "::timestamptz) from (select body::json from dnsvigil.log "
            f"where seq > {after_seq} and body::json->>'decided_at' "
            "is not null) x")
        for name, v in zip(("p50", "p99"), re.findall(r"[\d:.]+", text)):
            h, m, s = v.split(":")
            say("decided_after_" + name, 1000 * (
                3600 * int(h) + 60 * int(m) + float(s)), "ms")

    def run(self):
        self.nsd.start()
        self.postgres.start()
        self.daemon.migrate()
        say("names", self.n, "names")
        self.first_pass()
        self.unchanged()
        self.restart()
        self.changed()


def on_signal(number, _frame):
    sys.exit(128 + number)


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    begin = time.monotonic()
    try:
        with w.World() as world:
            Bench(world).run()
    except (w.Trouble, OSError) as e:
        print(f"bench: {e}", file=sys.stderr)
        return 1
    say("bench_seconds", time.monotonic() - begin, "s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
