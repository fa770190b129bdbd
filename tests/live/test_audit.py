#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a stranger writes into the DNS arrives in PostgreSQL as it was.

Promised: bytes that no text column takes are stored and shown (E4), also
64 KB of them, which no index takes (E5); text is cut for people and kept
whole (E6); nothing that is seen, watched or typed is ever SQL (T7); each
change has its evidence, and retention takes what is over and nothing else.
"""

import json
import random
import sys
import unittest

import world
from world import txt, watch

BYTES = b"a\x00\xff\x1b[31m\xe2\x80\xae\xed\xa0\x80\r\n\"\\"
SHOWN = (r'"a\000\255\027[31m\226\128\174\237\160\128\013\010\"\\"')
SQL = "'); drop table dnsvigil.log cascade; --"
TAGS = "tags: [owned], owner: \"%s\", runbook: \"%s\"" % (SQL, SQL)


class Strangers(world.WorldCase):
    @classmethod
    def build(cls):
        cls.server = cls.world.scripted("127.0.0.5", aa=False)
        cls.d = cls.world.daemon([cls.server], "watch:\n" + "".join(
            "  - {name: %s.s.example, types: [%s], every: 1s, %s}\n" % (
                name, rrtype, TAGS)
            for name, rrtype in (("bytes", "TXT"), ("large", "TYPE65400"),
                                 ("sql", "TXT"), ("alias", "CNAME"),
                                 ("proof", "TXT"), ("old", "TXT"))))
        cls.set("bytes", "TXT", txt(b"one"))
        cls.set("large", "TYPE65400", b"one")
        cls.set("sql", "TXT", txt(b"one"))
        cls.set("proof", "TXT", txt(b"one"))
        cls.set("old", "TXT", txt(b"old"))
        cls.set("alias", "CNAME", world.wire_name("one.s.example"))
        cls.d.start()
        cls.d.wait_ready()

    @classmethod
    def set(cls, name, rrtype, *rdata):
        cls.server.set(name + ".s.example", rrtype, *rdata)

    def change(self, name, n=1):
        return self.d.wait_changes(n, name=name + ".s.example.",
                                   timeout=30)[-1]

    def assert_kept(self, rdata):
        """Exactly these bytes are in the table of records, once."""
        self.assertEqual(self.world.psql(
            self.d, "select count(*) from dnsvigil.record_now"
            " where rdata = '\\x%s'::bytea" % rdata.hex()), [["1"]])

    def test_E4_bytes_that_no_text_takes_are_stored_and_shown(self):
        self.set("bytes", "TXT", txt(BYTES))
        c = self.change("bytes")
        self.assertEqual(c["added"], [SHOWN])
        row = [r for r in self.d.history("bytes.s.example", "TXT")
               if r["current"]]
        self.assertEqual([r["rdata"] for r in row], [SHOWN])
        self.assert_kept(txt(BYTES))
        out = self.d.run("changes", "--log").stdout
        self.assertFalse([x for x in out if x != "\n" and
                          not 0x20 <= ord(x) <= 0x7e])

    def test_E5_E6_64_KB_of_noise_are_a_record_and_cut_for_people(self):
        dice = random.Random(64)
        for n in range(1, 3):
            noise = dice.randbytes(65000)
            self.set("large", "TYPE65400", noise)
            c = self.change("large", n)
            self.assertEqual((c["kind"], c["label"]),
                             ("replaced", "confirmed"))
            self.assertLess(len(c["summary"]), 1000)
            self.assertLess(len(json.dumps(c)), 400000)
        rows = self.d.history("large.s.example", "TYPE65400")
        self.assertEqual([r["current"] for r in rows], [False, False, True])
        self.assert_kept(noise)

    def test_T7_what_is_seen_and_typed_is_never_SQL(self):
        self.set("sql", "TXT", txt(SQL.encode()))
        self.set("alias", "CNAME", b"\x27" + SQL.encode() + b"\0")
        c = self.change("sql")
        self.assertEqual(c["added"], ['"%s"' % SQL])
        self.assertEqual((c["owner"], c["runbook"]), (SQL, SQL))
        self.assertIn("drop", self.change("alias")["added"][0])
        for args in (["--name", SQL], ["--list", SQL], ["--tag", SQL]):
            p = self.d.run("changes", "--json", *args, status=None)
            self.assertIn((p.returncode, p.stdout), ((0, ""), (64, "")))
        p = self.d.run("history", SQL, status=None)
        self.assertIn(p.returncode, (0, 2, 64))
        self.assertTrue(self.d.log())
        self.assertNotIn("ERROR", self.d.text())

    def test_evidence_is_the_raw_answer_with_its_digest(self):
        self.set("proof", "TXT", txt(b"proof of it"))
        c = self.change("proof")
        rows = self.world.psql(
            self.d, "select encode(sha256, 'hex'), sha256 = sha256(raw), "
            "responder, transport, position('proof of it'::bytea in raw) > 0,"
            " raw is not null, at <= last_at from dnsvigil.evidence "
            "where change = '%s' order by n" % c["id"])
        self.assertGreaterEqual(len(rows), 2)
        for row in rows:
            self.assertEqual([row[1], row[4], row[5], row[6]],
                             ["t", "t", "t", "t"])
            self.assertEqual(row[2], self.server.address)
        self.assertEqual({row[3] for row in rows}, {"0", "1"})
        self.assertLessEqual({w["sha256"] for w in c["witnesses"]},
                             {row[0] for row in rows})

    def test_retention_drops_what_is_over_and_nothing_that_stands(self):
        """Two months of 2020: one is dropped, a record of 2019 stands."""
        sql = "insert into dnsvigil.record_past select question, link, " \
              "record, pivot, '2019-06-01', '%s', '%s', count, server, " \
              "rrtype, shard, outcome, in_chain, believed, owner, " \
              "owner_text, rdata, rdata_text from dnsvigil.record_now " \
              "where rdata = '\\x036f6c64'::bytea"
        self.world.psql(self.d, "".join(
            "select dnsvigil.make_partition('record_past', '%s');" % m
            for m in ("2020-01-01", "2020-03-01")))
        for closed in ("2020-01-15", "2020-02-15", "2020-03-15"):
            self.world.psql(self.d, sql % (closed, closed))
        self.world.psql(self.d, "update dnsvigil.record_now set first_seen "
                        "= '2019-01-01' where rdata = '\\x036f6c64'::bytea")
        log = len(self.d.log())
        role = self.d.database  # the daemon's, without DDL
        self.assertEqual(self.world.cluster.psql(
            "select dnsvigil.default_rows()", role).strip(), "1")
        self.assertEqual(self.world.cluster.psql(
            "select dnsvigil.drop_before('2020-03-10')", role).strip(), "1")
        rows = self.d.history("old.s.example", "TXT")
        self.assertEqual([(r["first_seen"][:10], r["current"])
                          for r in rows], [("2019-01-01", True),
                                           ("2019-06-01", False)])
        self.assertEqual(self.world.cluster.psql(
            "select dnsvigil.default_rows()", role).strip(), "0")
        self.assertGreaterEqual(len(self.d.log()), log)
        self.assertEqual(len(self.d.baselines()), 6)


if __name__ == "__main__":
    sys.exit(unittest.main())
