#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Which instance of a server said it (RFC 5001).

Promised: witnesses of a change name the instance that answered, where it gave
a name: servers of the zone, and resolvers that confirm; not those that were
only polled.  It is kept with the evidence, and nothing of it is shown raw.
Knot, NSD and Unbound, each with a name of its own.
"""

import sys
import unittest

import world
from source_world import SLOW, SourceCase, SourceKnot, SourceNsd, SourceWorld

KNOT = "ns1.fra-2"
NSD = b"ns2\x1b[2J<\\\xe2"
NSD_SHOWN = "ns2\\027[2J<\\\\\\226"


class NamedKnot(SourceKnot):
    def conf(self):
        return super().conf().replace(
            "server:\n", 'server:\n    nsid: "%s"\n' % KNOT, 1)


class NamedNsd(SourceNsd):
    def conf(self):
        return super().conf().replace(
            "server:\n", 'server:\n  nsid: "%s"\n' % NSD.hex(), 1)


class Nsid(SourceCase):
    ZONES = {"all": {}, "lag": SLOW, "cached": {}}

    @classmethod
    def build(cls):
        cls.s = SourceWorld(cls.world, cls.ZONES, NamedKnot, NamedNsd)

    def names(self, entry):
        return {name: w.get("nsid") for name, w in self.said(entry).items()}

    def evidence(self, d, change):
        """What is kept of each reply: who, and its name in hex."""
        return {(self.called(who), name)
                for who, name in self.world.psql(
                    d, "select responder, coalesce(encode(nsid, 'hex'), '') "
                    "from dnsvigil.evidence where change = '%s'" % change)}

    def test_each_server_of_a_zone_says_which_it_is(self):
        """R19, T5: also after kill -9."""
        zone, d = self.begin("all")
        zone.change("www", "A", "192.0.2.2")
        c = d.wait_change(name="www.all.test.", label="confirmed")
        want = {"ns1": KNOT, "ns2": NSD_SHOWN}
        self.assertEqual(self.names(c), want)
        kept = {("ns1", KNOT.encode().hex()), ("ns2", NSD.hex())}
        self.assertEqual(self.evidence(d, c["id"]), kept)
        d.kill9()
        d.start().wait_ready()
        self.assertEqual(self.names(d.wait_change(name="www.all.test.")), want)
        self.assertEqual(self.evidence(d, c["id"]), kept)
        zone.change("www", "A", "192.0.2.3")
        d.wait_changes(2, name="www.all.test.")
        self.assertEqual({tuple(sorted(self.names(c).items()))
                          for c in self.changes(d)},
                         {tuple(sorted(want.items()))})
        self.assertEqual(d.stop(), 0)

    def test_an_event_of_a_zone_says_it_of_its_servers(self):
        zone, d = self.begin("lag")
        _, e = self.lag(zone, d)
        self.assertEqual(self.names(e), {"ns1": KNOT, "ns2": NSD_SHOWN})
        self.assertEqual(d.stop(), 0)

    def test_a_resolver_that_confirms_says_it_and_one_that_is_polled_does_not(
            self):
        zone = self.s.zones["cached"]
        caches = {
            name: self.world.unbound(
                {"test": self.s.parents}, host, ttl_max=1,
                more=self.s.stubs([zone], '  nsid: "ascii_%s"\n' % name))
            for name, host in (("cache-a", "127.0.0.4"),
                               ("cache-b", "127.0.0.9"))}
        d = self.world.daemon(
            list(caches.values()),
            world.watch("www.cached.test", types="A", every="1s",
                        tags="owned")).start()
        d.wait_ready()
        d.wait(d.baselines, 20, "the baseline")
        zone.change("www", "A", "192.0.2.2")
        c = d.wait_change(name="www.cached.test.", label="confirmed")
        called = {s.address: name for name, s in caches.items()}
        first, *others = c["witnesses"]
        self.assertNotIn("nsid", first)
        confirming = [w for w in others if w["group"] != first["group"]]
        self.assertTrue(confirming, c["witnesses"])
        for w in confirming:
            self.assertEqual(w["nsid"], called[w["server"]])
            self.assertIn((w["server"], w["nsid"].encode().hex()),
                          self.evidence(d, c["id"]))
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
