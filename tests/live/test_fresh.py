#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A reply is an observation of a cache, of some age (R13).

Promised: through real caches of different age one change is one change, told
once, even when the cache that knew it first goes away (S-F17); a resolver that
serves stale answers through an outage makes no change, and does not recover
(S-F26); `status` counts the answers of old cache
entries.
"""

import sys
import unittest

import world
from source_world import silent
from world import Zone, a, watch

TTL = 15
NAME = "www.fresh.example."


class Fresh(world.WorldCase):
    @classmethod
    def build(cls):
        w = cls.world
        cls.zone = Zone("fresh.example", ttl=TTL)
        cls.zone.set("www", "A", "192.0.2.1")
        cls.stale = Zone("stale.example", ttl=2)
        cls.stale.set("www", "A", "192.0.2.1")
        cls.nsd = w.nsd([cls.zone, cls.stale])

    def unbound(self, host, **how):
        return self.world.unbound(
            {"fresh.example": self.nsd}, host, ttl_max=3600, **how)

    def set(self, address):
        self.zone.set("www", "A", address)
        self.world.publish(self.zone)

    def says(self, server, name):
        answer = world.query(server, name, "A")
        return answer and [rdata for _, _, rdata in answer[1]]

    def addresses(self, d):
        return [(c["from"]["rdata"], c["to"]["rdata"])
                for c in d.changes(name=NAME)]

    def test_one_change_in_two_caches_of_different_age(self):
        """S-F17."""
        self.set("192.0.2.1")
        young, old = self.unbound("127.0.0.4"), self.unbound("127.0.0.6")
        d = self.world.daemon([(young, "young")],
                              watch(NAME, types="A", tags="owned")).start()
        d.wait_ready()
        d.wait(lambda: d.baselines(), 10, "the baseline")
        self.set("192.0.2.2")
        d.wait_changes(1, timeout=TTL + 20)
        # The other cache is filled with what is true now, and then lags.
        world.query(old, NAME, "A")
        self.set("192.0.2.3")
        young.forget()
        c = d.wait_changes(2, timeout=20)[-1]
        self.assertEqual((c["from"]["rdata"], c["to"]["rdata"]),
                         (["192.0.2.2"], ["192.0.2.3"]))

        # Only the old one is left: it says what was, and changes nothing.
        d.resolvers = [(old, "old")]
        d.write_config()
        d.hup()
        d.wait(lambda: d.status()["questions"]["old_cache"] >= 5, 15,
               "answers of an old entry")
        self.assertEqual(len(d.changes(name=NAME)), 2)
        self.assertEqual([r["rdata"] for r in d.history(NAME, "A")
                          if r["current"]], ["192.0.2.3"])
        # Its entry runs out, and it agrees.
        n = d.status()["questions"]["old_cache"]
        d.wait(lambda: self.says(old, NAME) == [a("192.0.2.3")], TTL + 10,
               "the old cache has fetched again")
        d.rounds(3)
        self.assertEqual(self.addresses(d), [
            (["192.0.2.1"], ["192.0.2.2"]), (["192.0.2.2"], ["192.0.2.3"])])
        self.assertGreaterEqual(d.status()["questions"]["old_cache"], n)
        self.assertEqual(d.stop(), 0)

    def test_a_resolver_that_serves_stale_answers_through_an_outage(self):
        """S-F26."""
        more = "server:\n  serve-expired: yes\n" \
            "  serve-expired-client-timeout: 0\n"
        name = "www.stale.example"
        stubs = {"stale.example": self.nsd}
        daemons = [
            self.world.daemon(
                [self.world.unbound(stubs, host, ttl_max=3600,
                                    more=more + ede)],
                watch(name, types="A", tags="owned")).start()
            for host, ede in (("127.0.0.7", "  ede: yes\n"
                               "  ede-serve-expired: yes\n"),
                              ("127.0.0.8", ""))]
        said, unsaid = daemons
        for d in daemons:
            d.wait_ready()
            d.wait(lambda d=d: d.baselines(), 10, "the baseline")
        # NSD answers by a child, which is to stop as well: an entry that is
        # over would be served stale once, and be fetched meanwhile.
        with silent(self.nsd):
            said.wait(lambda: said.status()["wire"]["stale"] >= 10, 30,
                      "ten stale answers")
            unsaid.rounds(10)
            for d in daemons:
                self.assertEqual(d.log(), [])
            # Where it is said, it does not pass for seen.
            s = said.status()["questions"]
            self.assertLess(s["fresh"], s["answered"] - 9)
        self.stale.set("www", "A", "192.0.2.2")
        self.world.publish(self.stale)
        for d in daemons:
            c = d.wait_change(timeout=40, name=name + ".")
            self.assertEqual(c["to"]["rdata"], ["192.0.2.2"])
            self.assertEqual([e["class"] for e in d.log()],
                             ["candidate", "decision"])
            self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
