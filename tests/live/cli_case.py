# SPDX-License-Identifier: ISC
"""
What the tests of the commands share: a cluster of their own, running the
program, and rows written by SQL as the daemon writes them.
"""

import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import unittest
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import pg  # noqa: E402

PROGRAM = os.path.abspath(os.environ.get(
    "DNSVIGIL", os.path.join(ROOT, "build", "dnsvigil")))
SQL = os.path.join(ROOT, "sql")
DAY = "2025-01-01 "
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16}
OUTCOMES = {"ANSWER": 1, "NODATA": 2, "NXDOMAIN": 3}

cluster = pg.Cluster()  # the test modules start and stop it


class Result:
    def __init__(self, status, out, err):
        self.status = status
        self.raw = out + err
        self.out = out.decode("latin-1")
        self.err = err.decode("latin-1")
        self.rows = []
        if self.out.startswith("{"):
            self.rows = [json.loads(x) for x in self.out.splitlines()]


def run(*args, cwd="/", locale="C.UTF-8"):
    p = subprocess.run([PROGRAM, *args], capture_output=True, cwd=cwd,
                       stdin=subprocess.DEVNULL, timeout=60,
                       env=dict(os.environ, LC_ALL=locale))
    return Result(p.returncode, p.stdout, p.stderr)


def quoted(value):
    """A SQL literal."""
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return "'\\x%s'" % value.hex()
    if isinstance(value, (list, tuple)):
        return "array[%s]::text[]" % ", ".join(quoted(v) for v in value)
    if isinstance(value, (int, bool)):
        return str(value).lower()
    return "'%s'" % str(value).replace("'", "''")


def insert(table, **columns):
    cluster.psql("insert into dnsvigil.%s (%s) values (%s)" % (
        table, ", ".join('"%s"' % c if c == "group" else c for c in columns),
        ", ".join(quoted(v) for v in columns.values())))


def wire(name):
    out = b""
    for label in name.rstrip(".").split("."):
        out += bytes([len(label)]) + label.encode("latin-1")
    return out + b"\0"


def a(ip):
    return TYPES["A"], socket.inet_aton(ip)


def packed(outcome, *records, chain=()):
    """content_pack(): see daemon/dns/content.c."""
    out = bytes([1, OUTCOMES[outcome], 0, 0, len(chain)])
    for name in chain:
        out += wire(name)
    out += struct.pack(">H", len(records))
    for rrtype, rdata in sorted(records):
        out += struct.pack(">HH", rrtype, len(rdata)) + rdata
    return out


def cut(data):
    return str(uuid.UUID(bytes=hashlib.sha256(data).digest()[:16]))


def shard_of(name):
    digest = hashlib.sha256(wire(name)).digest()
    return (digest[0] << 8 | digest[1]) % 1024


class Question:
    """Writes the rows of one question as the daemon would."""

    def __init__(self, name, rrtype, tags=(), every=60, lists=("owned",),
                 entry=None, wait=0):
        self.name = name
        self.type = TYPES[rrtype]
        self.key = cut(wire(name) + rrtype.encode())
        self.shard = shard_of(name)
        insert("question", question=self.key, attributes=0,
               watched_since=DAY + "00:00", planned_since=DAY + "00:00",
               every_s=every, phase_ms=0, type=self.type, shard=self.shard,
               watched=True, name=wire(name), name_text=name, view="default",
               tags=list(tags), lists=list(lists), entry_s=entry, wait_s=wait)

    def key_columns(self):
        return {"question": self.key, "shard": self.shard, "server": 0}

    def state(self, content, since, last_seen, change=None):
        insert("state", **self.key_columns(), content_hash=cut(content),
               since=since, last_seen=last_seen, change=change, ttl=300,
               outcome=content[1], policy=1, content=content)

    def belief(self, content, since, until, last_seen, change=None):
        insert("belief", **self.key_columns(), content_hash=cut(content),
               since=since, until=until, last_seen=last_seen, change=change,
               ttl=300, outcome=content[1], policy=1, content=content)

    def record(self, rrtype, rdata, first, last, count, closed=None,
               owner=None):
        owner = owner or self.name
        columns = dict(
            **self.key_columns(), link=cut(wire(owner) + rdata),
            record=cut(rdata), pivot=cut(rdata), first_seen=first,
            last_seen=last, count=count, rrtype=rrtype, outcome=1,
            in_chain=rrtype == TYPES["CNAME"], believed=True,
            owner=wire(owner), owner_text=owner, rdata=rdata, rdata_text="")
        if closed is None:
            insert("record_now", **columns)
        else:
            insert("record_past", closed_at=closed, **columns)

    def outcome(self, outcome, first, last):
        insert("record_now", **self.key_columns(), link=cut(b"outcome"),
               record=cut(b"outcome"), first_seen=first, last_seen=last,
               count=1, rrtype=0, outcome=OUTCOMES[outcome], in_chain=False,
               believed=True, owner=wire(self.name), owner_text=self.name)

    def outage(self, since, until=None, fail=2, count=60):
        insert("outage", **self.key_columns(), since=since, until=until,
               count=count, fail=fail, told=True)


    def stale(self, since, until=None):
        insert("stale", shard=self.shard, question=self.key, since=since,
               until=until)

    def pool(self, pack, at):
        insert("attribute", shard=self.shard, question=self.key, server=3,
               noted=pack, at=at)


def span(begin, end, every=60):
    insert("span", anchor=DAY + "00:00", from_at=begin, to_at=end,
           every_s=every)


def log(class_, body, revision=0, at=None, kind=0, severity=0, event=None,
        name="www.example.com.", rrtype="A", tags=("owned",),
        lists=("owned",), ident=None):
    ident = ident or str(uuid.uuid4())
    seq = int(cluster.psql("select nextval('dnsvigil.log_seq')"))
    insert("log", seq=seq, at=at or DAY + "05:00", id=ident, question=None,
           revision=revision, type=TYPES[rrtype], server=0, kind=kind,
           shard=shard_of(name) if name else 0,
           severity=severity, label=1, **{"class": class_}, event=event,
           name=name, view="default", lists=list(lists), tags=list(tags),
           body=json.dumps(body) if not isinstance(body, str) else body)
    return seq


CHANGE = "0192f3c8-7a2e-7c41-9b1a-5d0c3f6e2a10"


def change_body(revision, label="confirmed", proved="cache", **more):
    body = {
        "schema": 1, "class": "change", "id": CHANGE, "revision": revision,
        "name": "www.example.com.", "zone": "example.com.", "type": "A",
        "view": "default", "kind": "replaced", "aspects": [],
        "severity": "high", "label": label, "proved": proved,
        "why": "two groups agree",
        "summary": "www.example.com A 192.0.2.1 -> 198.51.100.9",
        "seen_at": "2025-01-01T05:00:00.100Z",
        "decided_at": "2025-01-01T05:00:00.310Z",
        "from": {"outcome": "ANSWER", "rdata": ["192.0.2.1"], "chain": []},
        "to": {"outcome": "ANSWER", "rdata": ["198.51.100.9"], "chain": []},
        "added": ["198.51.100.9"], "removed": ["192.0.2.1"], "elements": [],
        "watchlists": ["owned"], "tags": ["owned"], "owner": "web-team"}
    body.update(more)
    return body


class Case(unittest.TestCase):
    maxDiff = None

    def run_ok(self, *args, status=0, **more):
        r = run(*args, **more)
        self.assertEqual(r.status, status, r.raw)
        self.assert_harmless(r.raw)
        return r

    def assert_harmless(self, raw):
        bad = sorted({b for b in raw if b != 10 and not 32 <= b <= 126})
        self.assertEqual(bad, [], raw)

    def assert_one_line(self, text, *parts):
        self.assertEqual(text.count("\n"), 1, text)
        for part in parts:
            self.assertIn(part, text)

    def db(self, *args, status=0):
        return self.run_ok(args[0], "--database", cluster.conninfo, *args[1:],
                           status=status)


def other_database(name, options=""):
    cluster.psql("create database %s %s" % (name, options))
    return cluster.conninfo + " dbname=" + name  # the last one counts


def psql_in(conninfo, sql):
    """One statement in another database of the cluster."""
    p = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d",
                        conninfo, "-c", sql], capture_output=True, text=True)
    if p.returncode != 0:
        raise AssertionError(p.stderr)
    return p.stdout.strip()
