#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
Builds of the daemon against each other, and against dnsperf, in turn.

    python3 tests/bench/pairs.py NAMES SECONDS ROUNDS PROGRAM ...

Each program watches NAMES names every SECONDS seconds, at the same server and
in a database of its own; while one is measured the others are stopped.  Each
round begins with another: who comes behind dnsperf pays some percent.  Prints
the median CPU a question (least, most), and the medians of the rounds against
dnsperf, flat out, and against the first program.
"""

import contextlib
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402
import bench_world as w  # noqa: E402

WINDOW_S = 2.5
DNSPERF_S = 1.0


def start(world, program, names, port, every):
    """(daemon, database), with all known, and stopped."""
    postgres = w.Postgres(world)
    postgres.start()
    daemon = w.Daemon(world, postgres, program)
    daemon.migrate()
    daemon.start(names, [port], every)
    daemon.wait_settled(600)
    time.sleep(bench.SETTLE_S)
    daemon.pause(True)
    return daemon, postgres


def measure(daemon, postgres, every):
    """What was missed while it was stopped is caught up with first."""
    daemon.pause(False)
    time.sleep(bench.SETTLE_S + min(every, 4))
    first = bench.Point(daemon, postgres, True)
    time.sleep(WINDOW_S)
    window = bench.Window(first, bench.Point(daemon, postgres, False))
    daemon.pause(True)
    return window.both_us


def main():
    n, every, rounds = map(int, sys.argv[1:4])
    programs = sys.argv[4:]
    ours = [[] for _ in programs]
    peer = []
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(w.World())
        names = w.Names(n, ["A"])
        server = w.Answerer(world, os.path.join(
            w.ROOT, "build", "release", "answerer"))
        server.start()
        dnsperf = w.Dnsperf(world, names, server.ports[0])
        arms = [start(stack.enter_context(w.World()), os.path.abspath(p),
                      names, server.ports[0], every) for p in programs]
        for i in range(rounds):
            w.progress(f"round {i + 1} of {rounds}")
            for k in range(len(arms)):
                k = (i + k) % len(arms)
                ours[k].append(measure(*arms[k], every))
            asked, cpu_ns, _ = dnsperf.run(DNSPERF_S)
            peer.append(cpu_ns / 1000 / asked)
    for program, cpu in zip(programs + ["dnsperf"], ours + [peer]):
        against = [statistics.median(a / b for a, b in zip(cpu, other))
                   for other in (peer, ours[0])]
        print(f"{program}: {statistics.median(cpu):.2f} us a question "
              f"({min(cpu):.2f}-{max(cpu):.2f}), against dnsperf "
              f"{against[0]:.2f}, against the first {against[1]:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
