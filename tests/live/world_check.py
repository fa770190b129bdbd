# SPDX-License-Identifier: ISC
"""What was served, what was kept and what was told must agree.

Truth counts up in the address that each name has (10.x.y.z) and writes every
value down, on disk, before it is served.  check() reads the history, the log,
the outbox and the receiver's requests afterwards and names every violation
of the invariants 1 to 6: no phantom, no loss, no duplicate change, atomicity,
at-least-once, order per name.  Footprint is 7, nothing leaks; check_unknown()
is 8, a commit whose answer was lost is looked up and is no failure.
"""

import json
import os
import random
import threading
import time
from collections import Counter, defaultdict

from world import until
from world_dns import a

SEEN_S = 2.5  # a state of this age has been polled: interval, jitter, retry


def address(n):
    return "10.%d.%d.%d" % (n >> 16, n >> 8 & 255, n & 255)


def number(ip):
    _, x, y, z = (int(p) for p in ip.split("."))
    return x << 16 | y << 8 | z


class Truth:
    """Names whose address changes: patient ones when the last value is
    believed, wild ones at any time."""

    def __init__(self, world, server, patient, wild, seed=1):
        self.world = world
        self.server = server
        self.patient = patient
        self.wild = wild
        self.dice = random.Random(seed)
        self.served = defaultdict(list)  # name -> [(number, since)]
        self.windows = []                # of a running daemon: (from, to)
        self.down = None
        self.stopping = threading.Event()
        self.file = open(os.path.join(world.folder, "truth"), "w")
        for name in self.names:
            self.bump(name)

    @property
    def names(self):
        return self.patient + self.wild

    def bump(self, name):
        n = len(self.served[name])
        now = time.time()
        self.file.write(json.dumps([now, name, n]) + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())
        self.served[name].append((n, now))
        self.server.set(name, "A", a(address(n)))

    def run(self, daemon):
        """Begins to change things, in a thread of its own."""
        self.daemon = daemon
        self.thread = threading.Thread(target=self.change, daemon=True)
        self.thread.start()

    def believed(self):
        """name -> number, as the database has it; {} while it is away."""
        try:
            rows = self.world.psql(
                self.daemon, "select q.name_text, right(encode(s.content,"
                "'hex'), 8) from dnsvigil.state s join dnsvigil.question q "
                "using (shard, question)")
        except RuntimeError:
            return {}
        return {name.rstrip("."): int(hexa, 16) & 0xffffff
                for name, hexa in rows}

    def change(self):
        while not self.stopping.wait(0.25):
            known = self.believed()
            for name in self.patient:
                if known.get(name) == self.served[name][-1][0] and \
                        self.dice.random() < 0.7:
                    self.bump(name)
            for name in self.wild:
                if self.dice.random() < 0.08:
                    self.bump(name)

    def stop(self):
        """No more changes; the last values stay."""
        self.stopping.set()
        self.thread.join()
        self.file.close()

    def is_settled(self):
        known = self.believed()
        return all(known.get(n) == self.served[n][-1][0] for n in self.names)

    def was_surely_seen(self, name, n):
        since = self.served[name][n][1]
        until = self.served[name][n + 1][1] if n + 1 < len(
            self.served[name]) else time.time()
        return any(min(until, end) - max(since, begin) > SEEN_S
                   for begin, end in self.windows)


class Report:
    def __init__(self):
        self.wrong = []
        self.counts = Counter()

    def claim(self, true, *what):
        if not true:
            self.wrong.append(" ".join(str(w) for w in what))


def check_history(r, truth, rows):
    """1, 2: no phantom, no loss."""
    kept = defaultdict(list)
    for name, rdata, first in rows:
        kept[name.rstrip(".")].append((float(first), number(rdata)))
    for name in truth.names:
        served = dict(truth.served[name])
        seen = [n for _, n in sorted(kept[name])]
        r.counts["intervals"] += len(seen)
        r.claim(seen == sorted(set(seen)), "history of", name,
                "is out of order or has a value twice:", seen)
        for first, n in kept[name]:
            r.claim(n in served and served[n] <= first + 0.01, "phantom:",
                    name, n, "seen", first, "served", served.get(n))
        for n in served:
            if name in truth.patient or truth.was_surely_seen(name, n):
                r.counts["states that must be kept"] += 1
                r.claim(n in seen, "lost:", name, n)


def check_log(r, truth, log, evidence):
    """2, 3, 4: a chain of decisions per name, one per candidate."""
    by_name = defaultdict(list)
    candidates = {}
    revisions = defaultdict(list)
    for e in log:
        if e["class"] == "candidate":
            r.claim(e["change"] not in candidates, "candidate twice:",
                    e["change"])
            candidates[e["change"]] = e
        elif e["class"] == "decision":
            revisions[e["change"]].append(e["revision"])
            if e["revision"] == 1:
                by_name[e["name"].rstrip(".")].append(e)
                r.counts[e["label"]] += 1
    r.counts["candidates"] = len(candidates)
    for change, numbers in revisions.items():
        r.claim(numbers == list(range(1, len(numbers) + 1)),
                "revisions of", change, "are", numbers)
        r.claim(change in candidates, "decision without candidate:", change)
    for change, e in candidates.items():
        r.claim(change in revisions, "undecided:", e["name"], change)
        r.claim(change in evidence, "no evidence of", e["name"], change)
    for name, decisions in by_name.items():
        believed = 0
        told = set()
        for e in decisions:
            begin = candidates[e["change"]]["from"]["rdata"]
            r.claim(begin == [address(believed)], name, "changes from",
                    begin, "but", address(believed), "was believed")
            to = number(e["to"]["rdata"][0])
            told.add(to)
            told |= {number(x["value"]) for x in e["elements"]
                     if x["op"] == "+"}
            told |= {number(x) for w in e["witnesses"]
                     for x in w.get("rdata", [])}
            if e["label"] != "transient":
                r.claim(to > believed, name, "goes back to", to)
                believed = to
        for n, _ in truth.served[name][1:]:
            if name in truth.patient or truth.was_surely_seen(name, n):
                r.claim(n in told, "in no decision:", name, n)


def check_delivery(r, log, outbox, receiver, kills):
    """4, 5, 6: outbox rows, acknowledgements, order."""
    rows = defaultdict(list)
    for change, revision, ended, status in outbox:
        rows[change, int(revision)].append((ended, status))
    for e in log:
        if e["class"] == "decision" and e["severity"] != "info":
            states = rows.get((e["change"], e["revision"]), [])
            r.claim(len(states) == 1, "outbox rows of", e["change"],
                    e["revision"], "are", states)
    acknowledged = Counter()
    order = defaultdict(list)
    sequence = []
    for post in receiver.requests:
        data = post["body"]["data"]
        key = data["id"], data["revision"]
        r.claim(post["signature"] == "ok", "signature", post["signature"])
        if not 200 <= post["status"] <= 299:
            continue
        acknowledged[key] += 1
        if acknowledged[key] == 1:
            order[data["name"]].append(key)
            sequence.append(post["body"]["delivery"]["sink_seq"])
    for key, states in rows.items():
        r.claim(states[0][0] == "1", "not delivered:", key, states)
        r.claim(acknowledged[key] > 0, "never received:", key)
    r.counts["delivered"] = len(acknowledged)
    r.counts["duplicates"] = sum(acknowledged.values()) - len(acknowledged)
    r.claim(r.counts["duplicates"] <= kills, r.counts["duplicates"],
            "duplicates for", kills, "kills")
    r.claim(sorted(sequence) == list(range(1, len(sequence) + 1)),
            "sink_seq has gaps or twins")
    decided = defaultdict(list)
    for e in log:
        if e["class"] == "decision" and e["severity"] != "info":
            decided[e["name"]].append((e["change"], e["revision"]))
    for name, keys in order.items():
        r.claim(keys == decided[name], "order of", name)


def is_delivered(world, daemon):
    return world.psql(daemon, "select count(*) from dnsvigil.delivery "
                      "where ended = 0") == [["0"]]


def check(world, daemon, truth, receiver, kills):
    """(violations, counts)."""
    r = Report()
    check_history(r, truth, world.psql(
        daemon, "select q.name_text, i.rdata_text, "
        "extract(epoch from i.first_seen) from dnsvigil.interval_all i "
        "join dnsvigil.question q using (shard, question) "
        "where i.rdata_text is not null"))
    log = daemon.log()
    evidence = {row[0] for row in world.psql(
        daemon, "select distinct change from dnsvigil.evidence")}
    check_log(r, truth, log, evidence)
    check_delivery(r, log, world.psql(
        daemon, "select m.id, m.revision, d.ended, d.last_status "
        "from dnsvigil.delivery d, unnest(d.member_id, d.member_revision) "
        "m (id, revision)"), receiver, kills)
    r.counts["served"] = sum(len(s) for s in truth.served.values())
    return r.wrong, dict(r.counts)


# ---- 7: nothing leaks ----

SESSIONS = 2  # that a daemon has at its database
KEPT_OPEN = 4  # connections to a sink, as many as it may post at once


class Footprint:
    """What a process has; taken once it is warm, and again at the end."""

    def __init__(self, world, daemon):
        self.world = world
        self.daemon = daemon
        until(lambda: len(self.sessions()) == SESSIONS, 30, "two sessions")
        # The most of a second: one of the two may just be lost.
        samples = [self.now()]
        end = time.monotonic() + 1
        until(lambda: samples.append(self.now()) or time.monotonic() > end,
              30, "ten samples", 0.1)
        self.rss = max(rss for rss, _ in samples)
        self.descriptors = max(n for _, n in samples)

    def now(self):
        p = self.daemon.status()["process"]
        # Those for datagrams are a pool that fills as it is wanted.
        return p["rss_bytes"], p["descriptors"] - p["datagram_sockets"]

    def sessions(self):
        """Of the daemon's role at any of its databases, by state."""
        return sorted(row[0] for row in self.world.psql(
            self.daemon, "select state from pg_stat_activity "
            "where usename = 'dnsvigil'"))

    def check(self):
        """(violations, counts), when all is quiet or 30 s later."""
        wrong = []

        def is_quiet():
            return self.now()[1] <= self.descriptors + KEPT_OPEN and \
                self.sessions() == ["idle"] * SESSIONS
        try:
            until(is_quiet, 30, "quiet", 0.2)
        except AssertionError:
            pass
        rss, descriptors = self.now()
        sessions = self.sessions()
        if rss > 1.1 * self.rss:
            wrong.append("RSS grew from %d to %d" % (self.rss, rss))
        if descriptors > self.descriptors + KEPT_OPEN:
            wrong.append("descriptors grew from %d to %d" % (
                self.descriptors, descriptors))
        if sessions != ["idle"] * SESSIONS:
            wrong.append("sessions are left: %s" % sessions)
        return wrong, {"RSS": (self.rss, rss),
                       "descriptors": (self.descriptors, descriptors)}


# ---- 8: unknown is not failed ----

def check_unknown(store, proxy):
    """Each commit whose answer was lost was looked up: had it happened?"""
    wrong = []
    done = store["resolved_committed"]
    undone = store["resolved_rolled_back"]
    if store["unknown_commits"] != done + undone:
        wrong.append("%d unknown commits, %d + %d looked up" % (
            store["unknown_commits"], done, undone))
    # Those that the proxy cut; a crash may have lost the answers of others.
    if done < proxy.committed or undone < proxy.rolled_back:
        wrong.append("cut %d committed and %d rolled back, found %d and %d" % (
            proxy.committed, proxy.rolled_back, done, undone))
    return wrong
