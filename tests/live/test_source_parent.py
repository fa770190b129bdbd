#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the parent says of a zone, and what resolvers say of it (R18, R19).

Promised: NS, DS and glue at the parent are states of their own, in the view
`source/parent`; a change there is one of the delegation, and says so where a
name vanished with it; a change that is seen in a cache is confirmed by the
servers of the zone, and a resolver that lies is found out by them.  Servers
of hostile names are not asked.
"""

import json
import os
import struct
import subprocess
import sys
import unittest

from source_world import NOWHERE, NS1, SourceCase, paused
from world import a, wire_name

PARENT = "source/parent"
DS = "12345 13 2 " + "ab" * 32
SIX = ["A", "AAAA", "MX", "TXT", "NS", "SOA"]
LIE = "203.0.113.66"


class SourceParent(SourceCase):
    ZONES = {k: {} for k in (
        "states", "nsset", "glue", "unsign", "keys", "held", "confirm", "lie",
        "unseen", "doubt", "hostile", "direct")}

    def apex(self, label, *types, **how):
        """The zone, and a daemon that watches its apex."""
        return self.s.zones[label], self.start(
            label + ".test", types=list(types), every="1s", **how)

    def delegate(self, d, zone, **how):
        """At both servers of the parent between two polls."""
        with paused(d):
            self.s.delegate(zone, **how)

    def records(self, d, zone, rrtype, view):
        """(type, rdata in lower case) of what is believed."""
        return {(r["rrtype"], r["rdata"].lower())
                for r in d.history(zone.origin, rrtype)
                if r["view"] == view and r["current"] and r["rdata"]}

    def wait_delegation(self, d, zone, rrtype):
        """The one change of a delegation."""
        c = d.wait_change(name=zone.origin + ".", type=rrtype, view=PARENT)
        d.rounds(3)
        self.assertEqual(
            [x["id"] for x in self.changes(d, view=PARENT)], [c["id"]])
        self.assert_source(c, "delegation-changed")
        self.assertIn("delegation", c["aspects"])
        return c

    # ---- the parent ----

    def test_R18_what_the_parent_says_is_a_state_of_its_own(self):
        """R18: beside what the zone says itself; that they differ from the
        start is told."""
        self.s.delegate(self.s.zones["states"], ns=["ns1", "ns2", "ns3"],
                        ds=[DS])
        zone, d = self.apex("states", "NS", "DS", quiet=False)
        self.assertEqual(self.wait_event(d, "split-delegation")["name"],
                         "states.test.")
        d.wait(lambda: self.records(d, zone, "NS", PARENT), 10, "its NS")
        parent = self.records(d, zone, "NS", PARENT)
        self.assertEqual({v for t, v in parent if t == "NS"},
                         {"ns%d.states.test." % i for i in (1, 2, 3)})
        self.assertEqual({v for t, v in self.records(d, zone, "NS", "source")
                          if t == "NS"},
                         {"ns%d.states.test." % i for i in (1, 2)})
        glue = {(t, v.split()[-1]) for t, v in parent if t != "NS"}
        self.assertEqual(glue, {("A", NS1), ("AAAA", "::1")})
        self.assertEqual({(t, v.replace(" ", ""))
                          for t, v in self.records(d, zone, "DS", PARENT)},
                         {("DS", DS.replace(" ", ""))})
        self.assertEqual(self.changes(d), [])
        self.assertEqual(d.stop(), 0)

    def test_R18_other_servers_at_the_parent_are_a_change_of_the_delegation(
            self):
        """R18, R19: and the zone, which does not say so, is split from it;
        both are told once over kill -9."""
        zone, d = self.apex("nsset", "NS", "A")
        self.delegate(d, zone, ns=["ns1", "ns3"])
        c = self.wait_delegation(d, zone, "NS")
        self.assertIn("ns3.nsset.test.", " ".join(c["added"]))
        self.assertIn("ns2.nsset.test.", " ".join(c["removed"]))
        e = self.wait_event(d, "split-delegation")
        self.assertEqual((e["name"], e["view"].split("/")[0]),
                         ("nsset.test.", "source"))
        # Who says what.
        for server in "ns3.nsset.test.", "ns2.nsset.test.":
            self.assertIn(server, json.dumps(e))
        self.assertEqual(self.changes(d, view="source"), [])
        log = d.log()
        d.kill9()
        d.start()
        d.wait_ready()
        d.rounds(3)
        self.assertEqual(d.log(), log)
        # The zone follows: a change of its own.
        with paused(d):
            zone.edit([("ns2", "AAAA", ()), ("ns3", "AAAA", ["::1"]),
                       ("@", "NS", ["ns1", "ns3"])])
        own = d.wait_change(type="NS", view="source")
        self.assert_source(own, "authoritative-change")
        d.rounds(2)
        self.assertEqual(len(self.events(d, "split-delegation")), 1)
        self.assertEqual(len(self.changes(d)), 2)
        self.assertEqual(d.stop(), 0)

    def test_R18_glue_that_moves_is_a_change_of_the_delegation(self):
        """R18: the names of the servers stay."""
        zone, d = self.apex("glue", "NS", "A")
        self.delegate(d, zone, glue=NOWHERE)
        c = self.wait_delegation(d, zone, "NS")
        self.assertIn(NOWHERE, " ".join(c["added"]))
        self.assertIn(NS1, " ".join(c["removed"]))
        self.assertEqual(self.changes(d, view="source"), [])
        self.assertEqual(d.stop(), 0)

    def test_R17_a_DS_that_the_parent_takes_away_is_critical(self):
        """R17, R19."""
        self.s.delegate(self.s.zones["unsign"], ds=[DS])
        zone, d = self.apex("unsign", "DS", "A")
        self.delegate(d, zone)
        c = self.wait_delegation(d, zone, "DS")
        self.assertIn("unsigned", c["aspects"])
        self.assertEqual((c["severity"], c["to"]["rdata"]), ("critical", []))
        self.assertEqual(d.stop(), 0)

    def keys(self, zone):
        """(DNSKEY, DS) of two keys: its own, and a foreign one."""
        folder = os.path.join(self.world.folder, "keys")
        os.mkdir(folder)
        for _ in range(2):
            base = os.path.join(folder, subprocess.run(
                ["ldns-keygen", "-k", "-a", "ECDSAP256SHA256", "-r",
                 "/dev/urandom", zone.origin], check=True, cwd=folder,
                capture_output=True, text=True).stdout.strip())
            pair = []
            for ending in ".key", ".ds":
                with open(base + ending) as f:
                    pair.append(f.read().split(";")[0].split(None, 3)[3]
                                .strip())
            yield pair

    def test_S_F25_keys_that_the_parent_does_not_know_are_critical(self):
        """S-F25, R17: the zone moves to foreign keys and addresses, and its
        DS stays."""
        zone = self.s.zones["keys"]
        (own, ds), (foreign, _) = self.keys(zone)
        zone.change("@", "DNSKEY", own)
        self.s.delegate(zone, ds=[ds])
        d = self.start("keys.test", "www.keys.test", every="1s",
                       types=["DNSKEY", "DS", "A"])
        with paused(d):
            zone.edit([("@", "DNSKEY", [foreign]), ("www", "A", [LIE])])
        c = d.wait_change(type="DNSKEY", view="source")
        self.assert_source(c, "authoritative-change")
        self.assertEqual(c["severity"], "critical")
        self.assertIn("ds-mismatch", c["aspects"])
        moved = d.wait_change(type="A", name="www.keys.test.")
        self.assertEqual(moved["to"]["rdata"], [LIE])
        self.assertEqual(self.changes(d, view=PARENT), [])
        self.assertEqual(d.stop(), 0)

    def test_S_F22_a_domain_held_at_the_registry_says_so(self):
        """S-F22: six types, seen by a resolver; its servers still answer."""
        zone = self.s.zones["held"]
        cache = self.s.recursive([zone])
        r = self.world.receiver()
        d = self.start("held.test", types=SIX, every="1s", count=6,
                       views="[default, source]", resolvers=[cache],
                       sinks={"soc": r.url})
        with paused(d):
            self.s.undelegate(zone)
            cache.reconfigure(self.s.stubs([]))
        # One alert in each view, whatever it is made of.
        views = ["default", PARENT]

        def vanished():
            return [b["data"] for b in r.accepted()
                    if b["data"]["kind"] == "vanished"]
        d.wait(lambda: {x["view"] for x in vanished()} >= set(views), 30,
               "vanished in both views")
        d.rounds(3)
        self.assertEqual(sorted((x["view"], x["name"], x.get("cause"))
                                for x in vanished()),
                         [(v, "held.test.", "removed from the parent")
                          for v in views])
        # They had not the zone taken away.
        self.assertEqual(self.changes(d, view="source"), [])
        self.assertEqual(d.stop(), 0)

    def test_R18_without_the_parent_a_change_of_NS_says_that(self):
        """R18: `delegation not watched`."""
        zone, d = self.apex("unseen", "NS", parent=False)
        with paused(d):
            zone.edit([("ns3", "AAAA", ["::1"]),
                       ("@", "NS", ["ns1", "ns2", "ns3"])])
        c = d.wait_change(type="NS")
        self.assertIn("delegation not watched", json.dumps(c))
        self.assertEqual({b["view"] for b in d.baselines()}, {"source"})
        self.assertEqual(d.stop(), 0)

    # ---- resolvers ----

    def cached(self, label, host):
        """The zone, a resolver, and a daemon that asks it."""
        zone = self.s.zones[label]
        cache = self.s.recursive([zone], host)
        return zone, cache, self.start(
            "www.%s.test" % label, types="A", every="1s", views=None,
            confirm="source", resolvers=[cache])

    def test_R11_what_a_cache_says_is_confirmed_by_the_source(self):
        """R11, R19."""
        zone, cache, d = self.cached("confirm", "127.0.0.6")
        with paused(d):
            zone.change("www", "A", "192.0.2.2")
        c = d.wait_change(name="www.confirm.test.")
        self.assert_source(c, "authoritative-change")
        self.assertEqual((c["view"], c["to"]["rdata"]),
                         ("default", ["192.0.2.2"]))
        said = self.said(c)
        self.assertFalse(said[cache.address]["aa"])
        source = [said[n] for n in ("ns1", "ns2") if n in said]
        self.assertEqual([(w["rdata"], w["aa"]) for w in source],
                         [(["192.0.2.2"], True)] * len(source))
        self.assertTrue(source, c["witnesses"])
        d.rounds(3)
        self.assertEqual(len(self.changes(d)), 1)
        self.assertEqual(d.stop(), 0)

    def test_R19_a_resolver_that_lies_is_denied_by_the_source(self):
        """R19, R12: told once, and as what only a cache says."""
        zone, cache, d = self.cached("lie", "127.0.0.7")
        cache.reconfigure(self.s.stubs(
            [zone], '  local-zone: "www.lie.test" redirect\n'
            '  local-data: "www.lie.test A %s"\n' % LIE))
        c = d.wait_change(name="www.lie.test.", timeout=30)
        self.assertEqual(c["verdict"], "cache-only")
        self.assertIn(c["label"], ("transient", "unconfirmed"))
        self.assertEqual(c["to"]["rdata"], [LIE])
        # The liar says AA, too.
        denied = [w for w in c["witnesses"]
                  if w["aa"] and w["server"] != cache.address]
        self.assertEqual({tuple(w["rdata"]) for w in denied},
                         {("192.0.2.1",)}, c["witnesses"])
        self.assertLessEqual({self.called(w["server"]) for w in denied},
                             {"ns1", "ns2"})
        d.rounds(5)
        self.assertEqual(len(self.changes(d)), 1)
        self.assertEqual(d.stop(), 0)

    def spy_serves(self, spy, zone, serial, address):
        ns = [wire_name("ns%d.%s" % (i, zone.origin)) for i in (1, 2)]
        spy.set(zone.origin, "NS", *ns)
        spy.set(zone.origin, "SOA", ns[0] + wire_name("h.test") +
                struct.pack(">5I", serial, 3600, 600, 86400, 0))
        spy.set("www." + zone.origin, "A", a(address))

    def test_R15_a_source_that_is_silent_leaves_doubt_until_it_answers(self):
        """R11, R15: told all the same, and confirmed later."""
        zone = self.s.zones["doubt"]
        cache = self.s.recursive([zone], "127.0.0.9")
        source = self.world.scripted("127.0.0.17")
        self.spy_serves(source, zone, 1, "192.0.2.1")
        d = self.start("www.doubt.test", types="A", every="1s", views=None,
                       confirm="source", resolvers=[cache],
                       at={n + ".doubt.test": source.address
                           for n in ("ns1", "ns2")})
        source.faults["*"] = "drop"
        with paused(d):
            zone.change("www", "A", "192.0.2.2")
            self.spy_serves(source, zone, 2, "192.0.2.2")
        c = d.wait_change(name="www.doubt.test.", timeout=40)
        self.assertEqual((c["label"], c["verdict"], c["to"]["rdata"]),
                         ("unconfirmed", "cache-only", ["192.0.2.2"]))
        source.faults.clear()
        last = d.wait_change(id=c["id"], revision=2, timeout=30)
        self.assert_source(last, "authoritative-change")
        self.assertEqual(len(self.changes(d)), 1)
        self.assertEqual(d.stop(), 0)

    def test_servers_of_hostile_names_are_not_asked_unless_it_is_said(self):
        """A name tagged hostile goes to resolvers alone: whose it is shall
        not learn that it is watched.  `direct` allows it."""
        zones = [self.s.zones[k] for k in ("hostile", "direct")]
        cache = self.s.recursive(zones, "127.0.0.8")
        spy = self.world.scripted("127.0.0.16")  # serves and keeps questions
        for z in zones:
            self.spy_serves(spy, z, 1, "192.0.2.1")
        d = self.start(
            "www.hostile.test",
            "{name: www.direct.test, direct: true, confirm: source}",
            types="A", every="1s", tags="hostile", views=None,
            resolvers=[cache], at={"%s.%s" % (n, z.origin): spy.address
                                   for n in ("ns1", "ns2") for z in zones})
        with paused(d):
            for z in zones:
                z.change("www", "A", "192.0.2.2")
                self.spy_serves(spy, z, 2, "192.0.2.2")
        found = {z: d.wait_change(name="www.%s." % z.origin, timeout=30)
                 for z in zones}
        d.rounds(3)
        self.assertEqual([found[z]["proved"] for z in zones],
                         ["path", "source"])
        asked = {q.name for q in spy.questions}
        self.assertIn("www.direct.test.", asked)
        self.assertEqual({n for n in asked if n.endswith("hostile.test.")},
                         set())
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
