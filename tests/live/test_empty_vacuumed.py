#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Plans that were made while tables are empty stay right when they are not.

Promised: what a change reads does not grow with how many there were, even
when every table was vacuumed while it was empty, which has PostgreSQL take it
for one that stays so.  Counted in rows read, not in time.
"""

import sys
import unittest

import world
from world import a, watch

N = 300
NAMES = ["n%d.v.example" % i for i in range(N)]


class EmptyVacuumed(world.WorldCase):
    @classmethod
    def build(cls):
        cls.server = cls.world.scripted("127.0.0.5")
        for n in NAMES:
            cls.server.set(n, "A", a("192.0.2.1"))

    def rows_read(self, d):
        """{table: rows that scans and indexes of it gave so far}."""
        return {table: int(n) for table, n in self.world.psql(
            d, "select relname, coalesce(seq_tup_read, 0)"
            " + (select coalesce(sum(i.idx_tup_read), 0)"
            "  from pg_stat_user_indexes i where i.relid = t.relid)"
            " from pg_stat_user_tables t where schemaname = 'dnsvigil'")}

    def test_what_a_change_reads_does_not_grow(self):
        hook = self.world.receiver()
        d = self.world.daemon([self.server], watch(*NAMES, types="A"),
                              sinks={"soc": hook.url}).start()
        d.wait_ready()
        d.wait(lambda: len(d.baselines()) == N, 30, "%d baselines" % N)
        self.world.psql(d, "vacuum (analyze)")
        # New plans, of now.
        self.assertEqual(d.stop(), 0)
        d.start()
        d.wait_ready()
        before = self.rows_read(d)
        for n in NAMES:
            self.server.set(n, "A", a("192.0.2.2"))
        d.wait(lambda: len(d.changes()) == N, 60, "%d changes" % N)
        self.assertTrue(hook.wait_for(lambda r: len(r) >= 1, 20))
        self.assertEqual(d.stop(), 0)
        grown = {t: n - before.get(t, 0)
                 for t, n in self.rows_read(d).items()}
        del grown["delivery"]  # sinks look there for work, again and again
        for table, n in grown.items():
            self.assertLess(n, 20 * N, table)


if __name__ == "__main__":
    sys.exit(unittest.main())
