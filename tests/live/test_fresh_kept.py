#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A resolver serves stale answers and does not say so (R13, S-F26).

Promised: what fails is not recovered by an answer whose TTL stands still, and
is recovered when the zone is back.
"""

import sys
import time
import unittest

import world
from source_world import silent
from world import Zone, watch

LONG = 65  # where 30 is no more usual


class Kept(world.WorldCase):
    @classmethod
    def build(cls):
        cls.kept = Zone("kept.example", ttl=LONG)
        cls.kept.set("www", "A", "192.0.2.1")
        cls.nsd = cls.world.nsd([cls.kept])

    def test_an_outage_behind_a_resolver_that_keeps_answers_and_says_nothing(
            self):
        """S-F26, R13: a TTL that stands still recovers nothing."""
        name = "www.kept.example"
        more = "server:\n  serve-expired: yes\n" \
            "  serve-expired-client-timeout: 0\n  serve-expired-reply-ttl: 30\n"
        kept = self.world.unbound({"kept.example": self.nsd}, "127.0.0.9",
                                  ttl_max=3600, more=more)
        d = self.world.daemon([kept], watch(name, types="A", tags="owned"),
                              extra="failing_after: 2\n").start()
        d.wait_ready()
        d.wait(lambda: d.baselines(), 10, "the baseline")
        filled = time.monotonic()
        with silent(self.nsd):
            # The resolver itself is away until its entries have run out.
            with silent(kept):
                d.wait(lambda: [e for e in d.log()
                                if e.get("kind") == "failing"], 100,
                       "failing")
                d.wait(lambda: time.monotonic() > filled + LONG + 2,
                       LONG + 10, "the end of its entry")
            d.wait(lambda: d.status()["wire"]["stale"] >= 10, 60,
                   "ten stale answers")
            d.rounds(10)
            self.assertEqual([e.get("kind") for e in d.log()], ["failing"])
            self.assertEqual(d.status()["questions"]["failing"], 1)
        kept.forget()  # it is in no hurry to ask a server that was silent
        d.wait(lambda: [e for e in d.log()
                        if e.get("kind") == "recovered"], 100, "recovered")
        self.assertEqual([e["class"] for e in d.log()], ["event", "event"])
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
