# SPDX-License-Identifier: ISC
"""
What it costs to keep when a name was on which list: the two statements' share
of a first load, and of a restart that changes nothing.

    python3 tests/bench/membership.py [NAMES...]

One type (A), a question an hour, PostgreSQL as it is installed, by
pg_stat_statements.
"""

import os
import sys
import time

import bench_world as w

PROGRAM = os.path.join(w.ROOT, "build", "release", "dnsvigil")
ANSWERER = os.path.join(w.ROOT, "build", "release", "answerer")
ROWS = "select count(*), count(*) filter (where until is null) " \
    "from dnsvigil.membership"


def statements(postgres):
    return postgres.psql(
        "select coalesce(string_agg(format('%s: %s calls, %s rows, %s ms, "
        "%s kB of WAL', split_part(query, ' ', 1), calls, rows, "
        "round(total_exec_time), wal_bytes / 1000), '; '), 'none') "
        "from pg_stat_statements "
        "where query like '%dnsvigil.membership%' "
        "and query like 'with k as%'", "user=postgres")


def run(daemon, postgres, names, answerer, what):
    postgres.psql("checkpoint", "user=postgres")
    postgres.forget_statements()
    wal = postgres.wal_bytes()
    begin = time.monotonic()
    daemon.start(names, answerer.ports, 3600)
    daemon.wait_settled(600)
    print(f"{names.n} names, {what}: {time.monotonic() - begin:.1f} s, "
          f"WAL {(postgres.wal_bytes() - wal) / 1e6:.1f} MB; of that "
          f"membership: {statements(postgres)}; rows "
          f"{postgres.psql(ROWS)}", flush=True)
    daemon.stop()


def measure(n):
    with w.World() as world:
        names = w.Names(n, ["A"])
        postgres = w.Postgres(world)
        postgres.counts_statements = True
        postgres.start()
        daemon = w.Daemon(world, postgres, PROGRAM)
        daemon.migrate()
        answerer = w.Answerer(world, ANSWERER)
        answerer.start()
        run(daemon, postgres, names, answerer, "first load")
        run(daemon, postgres, names, answerer, "restart")


for count in sys.argv[1:] or ["50000", "200000"]:
    measure(int(count))
