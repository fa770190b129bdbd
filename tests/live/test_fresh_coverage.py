#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Coverage by fresh fetches, held against what NSD was asked (R13).

Promised: right after kill -9, with no daemon that could be asked, `coverage`
says of no name that more of its polls were new fetches, or more of the time
covered by them, than the questions that reached NSD show; and where a cache's
entries outlive the interval, at least half of that.  Asked through an Unbound,
with polls that follow its entries as far as the interval allows and beyond;
with a TTL below the interval; and at NSD itself.  The entry's age is in the
database by then, written once for each name.
"""

import datetime
import socket
import sys
import threading
import time
import unittest

import world
from world import Zone, watch
from world_dns import free_port, read_name

EVERY = 5
TTL = 15
N = 12
LIVES = (70, 55)  # seconds of each
JITTER = 0.05 * EVERY + 0.5
KINDS = {"plain": TTL, "chase": TTL, "short": 1}


class Counted:
    """Notes what is asked on its way to an authoritative server."""

    def __init__(self, server, host):
        self.host, self.server = host, server
        self.asked = {}
        self.port = free_port(host)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, self.port))
        threading.Thread(target=self.run, daemon=True).start()

    @property
    def at(self):
        return "%s@%d" % (self.host, self.port)

    @property
    def address(self):
        return "%s:%d" % (self.host, self.port)

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
            up.settimeout(2)
            while True:
                try:
                    data, peer = self.socket.recvfrom(4096)
                except OSError:
                    return
                name, _ = read_name(data, 12)
                self.asked.setdefault(name.lower().rstrip("."), []).append(
                    time.time())
                up.sendto(data, (self.server.host, self.server.port))
                try:
                    self.socket.sendto(up.recv(4096), peer)
                except OSError:
                    pass

    def stop(self):
        self.socket.close()


def seconds(text):
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


def share(fetches, begin, end):
    """Of [begin, end]: how much lies within an interval before a fetch.  What
    was fetched less than an interval ago is not due again."""
    covered, last = 0.0, begin
    recent = [f for f in fetches if f <= end]
    if recent and end - max(recent) < EVERY + JITTER:
        fetches = recent + [end]
    for f in sorted(fetches):
        low, high = max(last, f - EVERY - JITTER), min(f, end)
        if high > low:
            covered += high - low
        last = max(last, high)
    return covered / (end - begin)


class FreshCoverage(world.WorldCase):
    def check(self, d, asked, what, whole=False):
        """Sums over the names: (told share, true share, asked, fresh)."""
        told = true = polls = fresh = 0
        rows = d.rows("coverage", "--each", "--list", what)
        self.assertEqual(len(rows), N)
        for row in rows:
            begin, end = seconds(row["since"]), seconds(row["until"])
            fetches = asked[row["name"].rstrip(".")]
            is_true = share(fetches, begin, end)
            says = row["fresh_millionths"] / 1e6
            # Where all is fresh it is what is covered: that takes the time
            # from the first answer to the first plan for seen.
            edge = EVERY / (end - begin) if whole else 0.001
            self.assertLessEqual(says, is_true + edge, (row, fetches))
            self.assertLessEqual(row["fresh"], len(
                [f for f in fetches if begin - JITTER <= f <= end + JITTER]),
                (row, fetches))
            self.assertLessEqual(says, row["covered_millionths"] / 1e6)
            told += says / N
            true += is_true / N
            polls += row["asked"]
            fresh += row["fresh"]
        total, = d.rows("coverage", "--list", what)
        self.assertEqual(total["fresh"], fresh)
        self.assertEqual(total["fresh_unknown"], 0)
        print("%s: fresh %.3f of the time, truly %.3f; %d of %d polls, "
              "every %d s" % (what, told, true, fresh, polls,
                              total["fresh_every_seconds"]))
        return told, true

    def entries(self, d):
        return self.world.psql(
            d, "select lists[1], entry_s, count(*) from dnsvigil.question "
            "group by 1, 2 order by 1, 2")

    def test_R13_no_fresher_than_nsd_was_asked_and_not_by_far_less(self):
        zones = [Zone(kind + ".example", ttl=ttl)
                 for kind, ttl in KINDS.items()]
        zones.append(Zone("direct.example", ttl=TTL))
        for zone in zones:
            for i in range(N):
                zone.set("n%d" % i, "A", "192.0.2.1")
        nsd = self.world.nsd(zones)
        counted = Counted(nsd, "127.0.0.3")
        self.addCleanup(counted.stop)
        unbound = self.world.unbound(
            {kind + ".example": counted for kind in KINDS}, "127.0.0.4",
            ttl_max=3600)
        through = self.world.daemon([unbound], {
            kind + ".yaml": watch(
                *["n%d.%s.example" % (i, kind) for i in range(N)], types="A",
                every="%ds" % EVERY, **(
                    {"chase": "yes"} if kind == "chase" else {}))
            for kind in KINDS})
        direct = self.world.daemon([counted], {
            "direct.yaml": watch(
                *["n%d.direct.example" % i for i in range(N)], types="A",
                every="%ds" % EVERY)})
        for life, length in enumerate(LIVES):
            for d in (through, direct):
                d.start()
                d.wait_ready()
            time.sleep(length)
            for d in (through, direct):
                d.kill9()
            print("life %d" % life)
            for what in ("plain", "chase"):
                told, true = self.check(through, counted.asked, what)
                self.assertGreater(told, true * 0.5)
                self.assertLess(true, 0.7)
            for d, what in ((through, "short"), (direct, "direct")):
                self.check(d, counted.asked, what, True)
                row, = d.rows("coverage", "--list", what)
                self.assertEqual(row["fresh_millionths"],
                                 row["covered_millionths"])
            self.assertEqual(self.entries(through), [
                ["chase", str(TTL), str(N)], ["plain", str(TTL), str(N)],
                ["short", "0", str(N)]])
            self.assertEqual(self.entries(direct),
                             [["direct", "0", str(N)]])


if __name__ == "__main__":
    sys.exit(unittest.main())
