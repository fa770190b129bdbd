#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
What watching costs, in figures, one a line: "name value unit".

    bench.py            N=names CASE=name,... by environment

Without N and CASE it runs every case, which takes most of an hour; N=10000 is
the first of them and takes less than a minute.  `CASE=list` names them.  A
case has servers of its own, a PostgreSQL with its defaults and the daemon,
all on loopback and below one temporary folder.  Progress is told on stderr.

The case `seen` has SEEN_N names, a million unless given, and takes a quarter
of an hour.

STATEMENTS=1 tells on stderr what each statement cost the database, by
pg_stat_statements, which itself costs a little.  POSTGRES="name=value ..." are
settings of the database, else its defaults.

CPU is user and system time, of PostgreSQL that of the whole cluster.  None of
it is a test: a figure says what was, on this machine and beside whatever else
ran on it.  docs/performance.md tells what they were and how to read them.
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chase  # noqa: E402
import delay  # noqa: E402
import seen  # noqa: E402
import source  # noqa: E402
import bench_world as w  # noqa: E402

WINDOW_S = 3.0
DNSPERF_S = 1.5
SETTLE_S = 1.0      # after a pause, what was missed is caught up with
PASSES = 3          # with one name in a hundred changed in each
CHANGES_MAX_S = 60  # of a window with changes
TYPES = ("A", "AAAA", "MX", "NS", "TXT", "CAA", "HTTPS", "SRV")
STORM_RATE = 10000
RELOAD = 10000      # names that leave a list, and as many that join it
RELOADS = 5
LISTS_N = 1000000
SEEN_N = int(os.environ.get("SEEN_N") or 1000000)


class Case:
    def __init__(self, name, n, n_types, every, pairs, server="answerer"):
        self.name = name
        self.n = n
        self.types = TYPES[:n_types]
        self.every = every  # seconds
        self.pairs = pairs
        self.server = server


# Questions of a case come at 10,000 to 25,000 a second: half of what two
# cores that also run the servers and the database do, or less.
CASES = [
    Case("10k_x1", 10000, 1, 1, 5),
    Case("10k_x8", 10000, 8, 4, 1),
    Case("nsd_10k_x1", 10000, 1, 1, 1, "nsd"),
    Case("100k_x1", 100000, 1, 5, 1),
    Case("storm_100k_x1", 100000, 1, 10, 0, "storm"),
    Case("flat_out_300k_x1", 300000, 1, 1, 5, "flat"),
    Case("100k_x8", 100000, 8, 40, 1),
    Case("1m_x1", 1000000, 1, 40, 5),
    Case("1m_x8", 1000000, 8, 320, 1),
    Case("source", source.N, 1, source.EVERY_S, 0, "source"),
    Case("delay", delay.CHANGES, 1, delay.EVERY_S, 0, "delay"),
    Case("seen", SEEN_N, 1, max(2, SEEN_N // 25000), 0, "seen"),
]


# ---- what is counted ----

def share_of(counts, share):
    """So many ms were not passed by that share of them."""
    n = sum(x[1] for x in counts)
    below = 0
    for us, k in counts:
        below += k
        if below >= share * n:
            return us / 1000
    return 0.0


class Point:
    """Everything that is counted, at one time."""

    def __init__(self, daemon, postgres, begin):
        # Asking for the WAL costs the cluster a connection: not between.
        if begin:
            self.wal = postgres.wal_bytes()
        self.status = daemon.status()
        self.at = time.monotonic()
        self.daemon = daemon.cpu_ns()
        self.postgres = postgres.cpu_ns()
        if not begin:
            self.wal = postgres.wal_bytes()

    def questions(self, key):
        return self.status["questions"][key]


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
        self.wal = b.wal - a.wal
        self.batches = (b.status["database"]["batches"] -
                        a.status["database"]["batches"])
        self.late = w.less(a.status["lateness"], b.status["lateness"])
        self.turns = w.less(a.status["turns"], b.status["turns"])
        self.turns_cpu = w.less(a.status["turns_cpu"], b.status["turns_cpu"])


class Bench:
    def __init__(self, world, case):
        folder = os.path.join(w.ROOT, os.environ.get("B") or "build/release")
        program = os.path.join(folder, "dnsvigil")
        for x in (program, os.path.join(folder, "answerer")):
            if not os.access(x, os.X_OK):
                raise w.Trouble(f"no {x}; `make bench` builds it")
        self.world = world
        self.case = case
        self.names = w.Names(case.n, case.types)
        self.n = case.n * len(case.types)
        if case.server == "nsd":
            self.server = w.Nsd(world, case.n)
        else:
            self.server = w.Answerer(world, os.path.join(folder, "answerer"))
        if case.server == "seen":
            self.server.seen_file = seen.make_file(world, case.n)
        self.postgres = w.Postgres(world)
        self.daemon = w.Daemon(world, self.postgres, program)
        self.dnsperf = w.Dnsperf(world, self.names, self.server.ports[0])
        self.peer_us = 0.0
        self.shifted = 0  # how far reloads moved the list
        self.rate = "none"

    # ---- saying ----

    def say(self, name, value, unit):
        digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
        print(f"{self.case.name}.{name} {value:.{digits}f} {unit}",
              flush=True)

    def say_lateness(self, windows, what):
        """Of planned polls, and the longest turn of each second."""
        late = sorted(x for v in windows for x in v.late)
        turns = sorted(x for v in windows for x in v.turns)
        busy = sorted(x for v in windows for x in v.turns_cpu)
        self.say(f"lateness_p50_{what}", share_of(late, 0.5), "ms")
        self.say(f"lateness_p99_{what}", share_of(late, 0.99), "ms")
        self.say(f"longest_turn_{what}", share_of(turns, 1), "ms")
        self.say(f"longest_turn_p50_{what}", share_of(turns, 0.5), "ms")
        self.say(f"longest_turn_cpu_{what}", share_of(busy, 1), "ms")

    def say_rss(self, what):
        pid = self.daemon.process.pid
        self.say(f"rss_{what}", w.rss_kb(pid), "kB")
        self.say(f"rss_peak_{what}", w.rss_kb(pid, "VmHWM"), "kB")

    def say_ratio(self, name, ratios):
        self.say(name, statistics.median(ratios), "ratio")
        self.say(name + "_least", min(ratios), "ratio")
        self.say(name + "_most", max(ratios), "ratio")

    def say_statements(self, what):
        for line in self.postgres.statements():
            w.progress(f"{self.case.name}: {what}: {line}")

    # ---- steps ----

    def begin(self):
        return Point(self.daemon, self.postgres, True)

    def end(self):
        return Point(self.daemon, self.postgres, False)

    def watch(self, seconds):
        a = self.begin()
        time.sleep(seconds)
        return Window(a, self.end())

    def start(self, n_servers, what):
        """Until the first question leaves, and until all is planned."""
        begin = time.monotonic()
        seen = {}

        def is_loaded():
            s = self.daemon.status()
            now = time.monotonic() - begin
            if s is None:
                return False
            if s["wire"]["sent_udp"] > 0:
                seen.setdefault("first", now)
            if s["state"] == "ready":
                seen.setdefault("loaded", now)
            return len(seen) == 2
        self.daemon.start(self.names, self.server.ports[:n_servers],
                          self.case.every, self.rate)
        begin = time.monotonic()  # the lists are written
        self.daemon.wait_for("loaded", is_loaded, 600)
        self.say(f"start_{what}_first_poll", seen["first"], "s")
        self.say(f"start_{what}_loaded", seen["loaded"], "s")
        return begin

    def first_pass(self):
        w.progress(f"{self.case.name}: first pass of {self.n} questions")
        wal = self.postgres.wal_bytes()
        postgres = self.postgres.cpu_ns()
        begin = self.start(1, "new")
        self.daemon.wait_settled(1800)
        p = self.end()
        us = 1000 * self.n
        self.say("first_pass", p.at - begin, "s")
        self.say("cpu_daemon_first_pass", p.daemon / us, "us/question")
        self.say("cpu_postgres_first_pass", (p.postgres - postgres) / us,
                 "us/question")
        self.say("cpu_first_pass", (p.daemon + p.postgres - postgres) / us,
                 "us/question")
        self.say("wal_first_pass", (p.wal - wal) / self.n, "bytes/question")
        self.say_rss("first_pass")
        self.say_statements("first pass")
        self.vacuum()

    def vacuum(self):
        """
        What autovacuum would do of a first pass' rows some time in the next
        minutes: done here, so that it is in no window.
        """
        begin = self.postgres.cpu_ns()
        wal = self.postgres.wal_bytes()
        self.postgres.psql("vacuum (analyze)", "user=postgres")
        self.say("cpu_postgres_vacuum", (self.postgres.cpu_ns() - begin) /
                 1000 / self.n, "us/question")
        self.say("wal_vacuum", (self.postgres.wal_bytes() - wal) / self.n,
                 "bytes/question")

    def ask_dnsperf(self, rate=0):
        self.daemon.pause(True)
        try:
            n, cpu, wall = self.dnsperf.run(DNSPERF_S, rate)
        finally:
            self.daemon.pause(False)
        return cpu / 1000 / n, n / wall

    def unchanged(self):
        w.progress(f"{self.case.name}: unchanged, {self.case.pairs} pairs")
        time.sleep(min(self.case.every, 4) + SETTLE_S)
        calm = self.watch(WINDOW_S)  # before any pause
        ours = [calm]
        fast = []
        paced = []  # as many a second as the daemon
        for i in range(self.case.pairs):
            if i > 0:
                ours.append(self.watch(WINDOW_S))
            fast.append(self.ask_dnsperf())
            paced.append(self.ask_dnsperf(int(calm.rate)))
            time.sleep(SETTLE_S)
        self.say("questions_rate", calm.rate, "1/s")
        for what in ("daemon", "postgres", "both"):
            name = "cpu" if what == "both" else f"cpu_{what}"
            self.say(f"{name}_unchanged", statistics.median(
                getattr(x, what + "_us") for x in ours), "us/question")
        self.say("wal_unchanged", sum(x.wal for x in ours) /
                 sum(x.n for x in ours), "bytes/question")
        self.say_lateness([calm], "unchanged")
        self.peer_us = statistics.median(x[0] for x in fast)
        self.say("pairs", len(fast), "runs")
        self.say("dnsperf_cpu", self.peer_us, "us/question")
        self.say_ratio("ratio_cpu_unchanged",
                       [a.both_us / b[0] for a, b in zip(ours, fast)])
        self.say("dnsperf_cpu_same_rate", statistics.median(
            x[0] for x in paced), "us/question")
        self.say_ratio("ratio_cpu_unchanged_same_rate",
                       [a.both_us / b[0] for a, b in zip(ours, paced)])

    def restart(self):
        """With all of it known, and two servers of different groups."""
        w.progress(f"{self.case.name}: start with all of it known")
        self.daemon.stop()
        self.start(2, "known")
        self.daemon.wait_settled(1800)
        time.sleep(min(self.case.every, 4) + SETTLE_S)
        self.say_rss("known")

    def settle(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.daemon.is_settled():
                return True
            time.sleep(0.1)
        return False

    def change_pass(self, percent):
        self.server.change(100 // percent)
        time.sleep(min(self.case.every, CHANGES_MAX_S / PASSES) + 0.2)

    def changed(self, percent, base):
        """
        Confirming questions are cost, not questions.  What changed is all
        seen after one interval; windows end sooner when that is long.  A pass
        before the first is not counted: new sessions plan their statements.
        """
        w.progress(f"{self.case.name}: {percent} % changed")
        if percent == 1:
            self.change_pass(1)
            self.settle(CHANGES_MAX_S)
        seq = self.postgres.psql(
            "select coalesce(max(seq), 0) from dnsvigil.log")
        self.postgres.forget_statements()
        first = self.begin()
        for _ in range(PASSES if percent == 1 else 1):
            self.change_pass(percent)
        whole = self.settle(CHANGES_MAX_S)
        win = Window(first, self.end())
        end = f"_changed_{percent}"
        self.say("changes_decided" + end, win.changes, "changes")
        self.say("all_decided" + end, whole, "bool")
        self.say("cpu_daemon" + end, win.daemon_us, "us/question")
        self.say("cpu_postgres" + end, win.postgres_us, "us/question")
        self.say("cpu" + end, win.both_us, "us/question")
        if self.peer_us > 0:
            self.say("ratio_cpu" + end, win.both_us / self.peer_us, "ratio")
        self.say("questions_rate" + end, win.rate, "1/s")
        self.say("wal" + end, win.wal / win.n, "bytes/question")
        self.say_lateness([win], end[1:])
        if win.changes > 0:
            per = win.n / win.changes
            self.say("change_cpu_daemon" + end,
                     (win.daemon_us - base.daemon_us) * per, "us/change")
            self.say("change_cpu_postgres" + end, win.postgres_us * per,
                     "us/change")
            self.say("change_wal" + end, win.wal / win.changes,
                     "bytes/change")
            self.say("change_commits" + end, win.batches / win.changes,
                     "commits/change")
            self.say_decided(seq, end)
        self.say_rss(end[1:])
        self.say_statements(f"{percent} % changed")

    def say_decided(self, after_seq, end):
        """From the first sight of a change to its decision."""
        text = self.postgres.psql(
            "select percentile_cont(array[0.5, 0.99]) within group (order by "
            "extract(epoch from (body::json->>'decided_at')::timestamptz - "
            "(body::json->>'seen_at')::timestamptz)) from (select body from "
            f"dnsvigil.log where seq > {after_seq} and class = 'change' "
            "limit 100000) x")
        for name, v in zip(("p50", "p99"), re.findall(r"[\d.]+", text)):
            self.say(f"decided_after_{name}" + end, 1000 * float(v), "ms")

    # ---- another list ----

    def reloads(self, what):
        """Some names less and as many more, while all the others are asked."""
        step = min(RELOAD, self.n // 100)
        took = []
        wins = []
        for i in range(1, RELOADS + 1):
            w.progress(f"{self.case.name}: {what} {i} of {RELOADS}")
            self.shifted += step
            first = self.begin()
            begin = time.monotonic()
            self.daemon.reload(w.Names(self.names.n, self.names.types,
                                       first=self.shifted))
            took.append(time.monotonic() - begin)
            self.daemon.wait_settled(600)
            wins.append(Window(first, self.end()))
        self.say(what + "_runs", RELOADS, "runs")
        self.say(what, statistics.median(took), "s")
        self.say(what + "_cpu_daemon", statistics.median(
            x.daemon_us * x.n / 1e6 for x in wins), "s")
        self.say(what + "_questions", statistics.median(
            x.n for x in wins), "questions")
        self.say_lateness(wins, what)

    def reload(self):
        self.reloads("reload")
        with self.world.core_of_its_own(self.daemon.process) as alone:
            if alone:
                self.reloads("reload_own_core")

    # ---- as fast as it can ----

    def flat_out(self, more):
        """More is due than can be asked: pairs with dnsperf, in turn."""
        end = "_gso" if more else ""
        w.progress(f"{self.case.name}: more than it can ask {more}")
        self.daemon.more = more
        self.start(1, "new" + end)
        self.daemon.wait_settled(600)
        ours = []
        fast = []
        for _ in range(self.case.pairs):
            time.sleep(SETTLE_S)
            ours.append(self.watch(WINDOW_S))
            fast.append(self.ask_dnsperf())
        self.daemon.stop()
        self.say("pairs" + end, len(fast), "runs")
        self.say("questions_rate_flat_out" + end,
                 statistics.median(x.rate for x in ours), "1/s")
        self.say("dnsperf_rate" + end, statistics.median(
            x[1] for x in fast), "1/s")
        self.say_ratio("ratio_rate_flat_out" + end,
                       [a.rate / b[1] for a, b in zip(ours, fast)])
        self.say("cpu_flat_out" + end, statistics.median(
            x.both_us for x in ours), "us/question")
        self.say("dnsperf_cpu" + end, statistics.median(
            x[0] for x in fast), "us/question")
        self.say_ratio("ratio_cpu_flat_out" + end,
                       [a.both_us / b[0] for a, b in zip(ours, fast)])

    # ---- the storm ----

    def storm(self):
        """Everything changes at once, and the servers have a rate."""
        self.rate = STORM_RATE
        self.start(2, "new")
        self.daemon.wait_settled(600)
        time.sleep(self.case.every + SETTLE_S)
        base = self.watch(self.case.every)
        self.say_lateness([base], "before")
        self.say_rss("before")
        w.progress(f"{self.case.name}: {self.n} changes")
        self.postgres.forget_statements()
        first = self.begin()
        self.server.change(1)
        most = {"inquiries": 0, "waiting": 0, "buffer": 0}
        while True:
            status = self.daemon.status()
            q = status["questions"]
            most["inquiries"] = max(most["inquiries"],
                                    q["inquiries"] - q["inquiries_waiting"])
            most["waiting"] = max(most["waiting"], q["inquiries_waiting"])
            most["buffer"] = max(most["buffer"], status["buffer"]["bytes"])
            done = q["changes"] - first.questions("changes")
            if done >= self.n and q["inquiries"] == 0 or \
                    time.monotonic() - first.at > 300:
                break
            time.sleep(0.2)
        win = Window(first, self.end())
        self.say("storm", win.seconds, "s")
        self.say("storm_changes_made", self.n, "changes")
        self.say("storm_changes_decided", win.changes, "changes")
        self.say_lateness([win], "storm")
        self.say("storm_inquiries_open_most", most["inquiries"], "inquiries")
        self.say("storm_inquiries_waiting_most", most["waiting"],
                 "inquiries")
        self.say("storm_buffer_most", most["buffer"], "bytes")
        self.say_rss("storm")
        self.say("storm_rate_limit", STORM_RATE, "1/s")
        self.say("storm_rate_most_at_a_server", max(self.server.peaks()),
                 "1/s")
        self.say("cpu_daemon_per_change_storm",
                 (win.daemon_us - base.daemon_us) * win.n / win.changes,
                 "us/change")
        self.say("cpu_postgres_per_change_storm",
                 win.postgres_us * win.n / win.changes, "us/change")
        self.say_statements("storm")

    # ---- all ----

    def run(self):
        begin = time.monotonic()
        w.progress(f"{self.case.name}: starting servers")
        self.server.start()
        self.postgres.start()
        self.daemon.migrate()
        if self.case.server == "storm":
            self.storm()
        elif self.case.server == "flat":
            self.flat_out("")
            self.flat_out("gso: true")
        elif self.case.server == "seen":
            seen.Seen(self).run()
        elif self.case.server == "source":
            source.Source(self).run()
        elif self.case.server == "delay":
            delay.Delay(self).run()
        else:
            self.first_pass()
            self.unchanged()
            self.restart()
            base = self.watch(WINDOW_S)
            self.say("cpu_daemon_unchanged_two_servers", base.daemon_us,
                     "us/question")
            if self.case.name == "1m_x1":
                self.reload()
            self.changed(1, base)
            self.changed(100, base)
        self.say("took", time.monotonic() - begin, "s")


# ---- which ----

def helper(name):
    return os.path.join(w.ROOT, os.environ.get("B") or "build/release", name)


def micro():
    subprocess.run([helper("bench_micro")], check=True,
                   stdin=subprocess.DEVNULL)


FORMS = {
    "plain": ("", "{x}\n"),
    "csv": ("name,owner\n", "{x},team{t}\n"),
    "yaml": ("watch:\n", "  - {x}\n"),
    "yaml_owner": ("watch:\n", "  - {{name: {x}, owner: team{t}}}\n"),
    "yaml_tags": ("watch:\n", "  - {{name: {x}, tags: [owned]}}\n"),
}


def lists():
    """Lists of a million names, only read and with a table of questions."""
    with w.World() as world:
        for form, (head, line) in FORMS.items():
            w.progress(f"lists: {form}")
            path = world.path("list." + {"plain": "txt", "csv": "csv"}.get(
                form, "yaml"))
            with open(path, "w", encoding="ascii") as f:
                f.write(head)
                for i, x in enumerate(w.Names(LISTS_N, [])):
                    f.write(line.format(x=x, t=i % 10))
            runs = [subprocess.run(
                [helper("bench_table"), path], check=True, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout
                for _ in range(3)]
            for what, unit in (("cpu", "s"), ("peak", "kB")):
                found = [re.findall(rf"^{what} (\S+)", x, re.M)
                         for x in runs]
                for i, kind in enumerate(("read", "kept")):
                    v = statistics.median(float(x[i]) for x in found)
                    print(f"lists.{form}_{what}_{kind} {v:.2f} {unit}",
                          flush=True)
            for key in ("questions", "table", "table_per_question"):
                found = re.search(rf"^{key} (.*)", runs[0], re.M)
                print(f"lists.{form}_{key} {found[1]}", flush=True)
            os.unlink(path)


def follow():
    """What following a cache's entries gives, simulated and live."""
    subprocess.run([helper("bench_chase")], check=True,
                   stdin=subprocess.DEVNULL)
    chase.run(int(os.environ.get("SEED") or 1))


def noise():
    """Alerts of a made-up list of owned names (noise.c); virtual time."""
    print("bench: noise", file=sys.stderr)
    subprocess.run([helper("noise"), os.environ.get("NAMES") or "200",
                    os.environ.get("DAYS") or "21",
                    os.environ.get("SEED") or "1"], check=True,
                   stdin=subprocess.DEVNULL)


def names():
    """What CASE can be: several with commas, or one of the last alone."""
    print(",".join(c.name for c in CASES))
    print("\n".join(sorted(ALONE)))


ALONE = {"micro": micro, "lists": lists, "chase": follow, "noise": noise,
         "list": names}


def chosen():
    n = os.environ.get("N")
    wanted = os.environ.get("CASE")
    if n:
        n = int(n)
        return [Case(f"{n}_x1", n, 1, max(1, n // 20000), 3)]
    if not wanted:
        return CASES
    known = {c.name: c for c in CASES}
    for name in wanted.split(","):
        if name not in known:
            raise w.Trouble(f"CASE is some of: {' '.join(known)}, or one of: "
                            f"{' '.join(sorted(ALONE))}")
    return [known[name] for name in wanted.split(",")]


def on_signal(number, _frame):
    sys.exit(128 + number)


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        if os.environ.get("CASE") in ALONE:
            ALONE[os.environ["CASE"]]()
            return 0
        cases = chosen()
        if len(cases) == len(CASES):
            micro()
            lists()
            noise()
        for case in cases:
            with w.World() as world:
                Bench(world, case).run()
    except (w.Trouble, OSError, subprocess.SubprocessError) as e:
        print(f"bench: {e}", file=sys.stderr)
        return 1
    print(f"load {os.getloadavg()[0]:.2f} processes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
