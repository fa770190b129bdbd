#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The same zones on NSD and Knot must give the same changes.

Promised: what a change is does not depend on the name server, nor on whether
it is asked directly (AA, proof: path) or through caches (two groups of
Unbound, proof: cache).  Tried: one daemon per way - NSD directly, Knot
directly, two Unbounds, one over NSD and one over Knot - watches the same
names; each test edits the zones and compares what the three decided.
"""

import json
import subprocess
import sys
import time
import unittest

import world
from world import Zone, watch

# type, owner, before, after, what `added` and `removed` must show
TYPED = [
    ("CAA", "caa", '0 issue "ca1.example"', '0 issue "ca2.example"'),
    ("SRV", "_sip._tcp", "10 5 5060 one", "10 5 5061 one"),
    ("DS", "child", "12345 13 2 " + "AB" * 32, "12346 13 2 " + "CD" * 32),
    ("DNSKEY", "key", "257 3 13 " + "A" * 86 + "==",
     "257 3 13 " + "B" * 85 + "A=="),
    ("HTTPS", "https", "1 . alpn=h2", "1 . alpn=h2,h3"),
    ("SVCB", "svcb", "1 one alpn=h2", "1 two alpn=h2"),
    ("TLSA", "_443._tcp", "3 1 1 " + "01" * 32, "3 1 1 " + "02" * 32),
    ("NAPTR", "naptr", '100 10 "u" "E2U+sip" "!^.*$!sip:a@x!" .',
     '100 10 "u" "E2U+sip" "!^.*$!sip:b@x!" .'),
    ("TYPE65400", "odd", r"\# 3 010203", r"\# 3 010204"),
]
FAMILY = ("kind", "severity", "name", "type", "added", "removed", "label")


class Scenarios(world.WorldCase):
    @classmethod
    def build(cls):
        w = cls.world
        cls.zone = z = Zone("w.example")
        for owner in ("add", "lose", "swap", "back", "two"):
            z.set(owner, "A", "192.0.2.1", "192.0.2.2")
        z.set("gone", "A", "192.0.2.5")
        z.set("gone", "AAAA", "2001:db8::5")
        z.set("gone", "MX", "10 mail")
        z.set("gone", "TXT", '"here"')
        z.set("mail", "A", "192.0.2.25")
        z.set("mail", "MX", "10 mail")
        z.set("text", "TXT", '"v=spf1 -all"')
        z.set("text2", "TXT", '"ab" "c"')
        z.set("edge1", "A", "192.0.2.9")
        z.set("edge2", "A", "192.0.2.9")
        z.set("alias", "CNAME", "edge1")
        z.set("sub", "NS", "ns1.sub", "ns2.sub")
        z.set("ns1.sub", "A", "192.0.2.61")
        z.set("ns2.sub", "A", "192.0.2.62")
        z.set("ns3.sub", "A", "192.0.2.63")
        z.set("child", "NS", "ns")
        for rrtype, owner, before, _ in TYPED:
            z.set(owner, rrtype, before)
        cls.nsd = w.nsd([z])
        cls.knot = w.knot([z])
        cls.cache1 = w.unbound({"w.example": cls.nsd}, "127.0.0.4")
        cls.cache2 = w.unbound({"w.example": cls.knot}, "127.0.0.6")
        names = ["{name: %s.w.example, types: [A]}" % n for n in (
            "add", "lose", "swap", "back", "two", "alias", "fresh")]
        names += ["{name: %s.w.example, types: [%s], tags: [owned]}" % n
                  for n in (("mail", "MX"), ("text", "TXT"),
                            ("text2", "TXT"), ("w", "A"),
                            ("gone", "A, AAAA, MX, TXT"))]
        names.append("{name: w.example, types: [NS, SOA], tags: [owned]}")
        names += ["{name: %s.w.example, types: [%s]}" % (owner, rrtype)
                  for rrtype, owner, _, _ in TYPED]
        cls.ways = {
            "nsd": w.daemon([cls.nsd], watch(*names)),
            "knot": w.daemon([cls.knot], watch(*names)),
            "caches": w.daemon([(cls.cache1, "one"), (cls.cache2, "two")],
                               watch(*names)),
        }
        for d in cls.ways.values():
            d.start()
        for d in cls.ways.values():
            d.wait_ready()

    def publish(self, *edits):
        for owner, rrtype, *rdata in edits:
            self.zone.set(owner, rrtype, *rdata)
        self.world.publish(self.zone)

    def same(self, name, count=1, **match):
        """The changes of a name, which must be alike whatever the way.

        By type: which of its questions is decided first is not said.
        """
        found = {}
        for way, d in self.ways.items():
            changes = d.wait_changes(count, name=name + ".w.example.",
                                     **match)
            found[way] = sorted(changes, key=lambda c: c["type"])
        first = [{k: c[k] for k in FAMILY} for c in found["nsd"]]
        self.assertEqual(len(first), count, first)
        for way, changes in found.items():
            self.assertEqual([{k: c[k] for k in FAMILY} for c in changes],
                             first, way)
            for c in changes:
                self.assertEqual(c["label"], "confirmed", c["why"])
                self.assertEqual(
                    c["proved"], "cache" if way == "caches" else "path")
        return found["nsd"]

    def test_added_address_is_one_change_that_names_it(self):
        """S-F2."""
        self.publish(("add", "A", "192.0.2.1", "192.0.2.2", "198.51.100.7"))
        c = self.same("add")[0]
        self.assertEqual(c["kind"], "added")
        self.assertEqual(c["added"], ["198.51.100.7"])
        self.assertEqual(c["removed"], [])
        self.assertEqual(c["to"]["rdata"],
                         ["192.0.2.1", "192.0.2.2", "198.51.100.7"])
        self.assertEqual([e["confirmed"] for e in c["elements"]], [True])

    def test_removed_address_is_one_change_that_names_it(self):
        self.publish(("lose", "A", "192.0.2.1"))
        c = self.same("lose")[0]
        self.assertEqual((c["kind"], c["removed"]),
                         ("removed", ["192.0.2.2"]))

    def test_replaced_addresses_inside_the_same_24_are_told(self):
        """S-F5."""
        self.publish(("swap", "A", "192.0.2.77", "192.0.2.78"))
        c = self.same("swap")[0]
        self.assertEqual(c["kind"], "replaced")
        self.assertEqual(c["added"], ["192.0.2.77", "192.0.2.78"])
        self.assertEqual(c["removed"], ["192.0.2.1", "192.0.2.2"])

    def test_second_mx_is_one_change_of_high_severity(self):
        """S-F2."""
        self.publish(("mail", "MX", "10 mail", "5 mx.evil.example."))
        c = self.same("mail")[0]
        self.assertEqual((c["kind"], c["added"], c["severity"]),
                         ("added", ["5 mx.evil.example."], "high"))

    def test_changed_text_is_a_change_and_its_case_counts(self):
        self.publish(("text", "TXT", '"v=SPF1 -all"'))
        c = self.same("text")[0]
        self.assertEqual((c["added"], c["removed"]),
                         (['"v=SPF1 -all"'], ['"v=spf1 -all"']))

    def test_split_text_is_another_text(self):
        """M6."""
        self.publish(("text2", "TXT", '"abc"'))
        c = self.same("text2")[0]
        self.assertEqual((c["added"], c["removed"]),
                         (['"abc"'], ['"ab" "c"']))

    def test_repointed_alias_with_the_same_addresses_is_told(self):
        """R7."""
        self.publish(("alias", "CNAME", "edge2"))
        c = self.same("alias")[0]
        self.assertEqual(c["kind"], "alias")
        self.assertEqual(c["from"]["chain"], ["edge1.w.example."])
        self.assertEqual(c["to"]["chain"], ["edge2.w.example."])
        self.assertEqual(c["to"]["rdata"], c["from"]["rdata"])

    def test_name_servers_of_an_owned_zone_changed_is_high(self):
        self.publish(("@", "NS", "ns", "ns3.sub"))
        for d in self.ways.values():
            c = d.wait_change(name="w.example.", type="NS")
            self.assertEqual((c["kind"], c["added"], c["severity"]),
                             ("added", ["ns3.sub.w.example."], "high"))

    def test_every_type_has_a_baseline_and_its_change(self):
        for rrtype, owner, _, _ in TYPED:
            for way, d in self.ways.items():
                found = [b["to"] for b in d.baselines()
                         if b["name"] == owner + ".w.example."
                         and b["type"] == rrtype]
                self.assertEqual([(b["outcome"], len(b["rdata"]))
                                  for b in found], [("ANSWER", 1)],
                                 (way, rrtype))
        self.publish(*((o, t, after) for t, o, _, after in TYPED))
        for rrtype, owner, _, _ in TYPED:
            with self.subTest(rrtype):
                c = self.same(owner, type=rrtype)[0]
                self.assertEqual(c["kind"], "replaced")
                self.assertEqual((len(c["added"]), len(c["removed"])),
                                 (1, 1))

    def test_name_that_vanishes_and_returns_is_one_change_each(self):
        """S-F4, S-F22: every type at once, and with the same records back."""
        kept = {k: v for k, v in self.zone.records.items() if k[0] == "gone"}
        self.zone.remove("gone")
        self.world.publish(self.zone)
        self.assertEqual({c["kind"] for c in self.same("gone", 4)},
                         {"vanished"})
        self.zone.records.update(kept)
        self.world.publish(self.zone)
        for d in self.ways.values():
            d.wait_changes(4, name="gone.w.example.", kind="appeared")
        self.assertEqual([c["kind"] for c in self.same("gone", 8)],
                         ["vanished", "appeared"] * 4)

    def test_name_that_never_existed_is_told_when_it_is_registered(self):
        """S-F8."""
        self.publish(("fresh", "A", "203.0.113.1"))
        c = self.same("fresh")[0]
        self.assertEqual((c["kind"], c["from"]["outcome"]),
                         ("appeared", "NXDOMAIN"))

    def test_two_different_changes_soon_after_another_are_both_told(self):
        """S-F7."""
        self.publish(("two", "A", "198.51.100.1"))
        self.same("two")
        self.publish(("two", "A", "198.51.100.2"))
        second = self.same("two", 2)[1]
        self.assertEqual(second["removed"], ["198.51.100.1"])

    def test_return_to_the_old_address_is_a_second_change(self):
        self.publish(("back", "A", "198.51.100.1"))
        self.same("back")
        self.publish(("back", "A", "192.0.2.2", "192.0.2.1"))
        second = self.same("back", 2)[1]
        self.assertEqual(second["added"], ["192.0.2.1", "192.0.2.2"])


class Quiet(world.WorldCase):
    """What is no change, and what the history keeps."""

    @classmethod
    def build(cls):
        w = cls.world
        cls.zone = z = Zone("q.example")
        z.set("rr", "A", *["192.0.2.%d" % i for i in (1, 2, 3, 4)])
        z.set("Case", "A", "192.0.2.1")
        z.set("h", "A", "192.0.2.1")
        cls.nsd = w.nsd([z])
        cls.knot = w.knot([z], "::1")

    def test_a_hundred_serials_and_turned_sets_are_no_change(self):
        """S-F14, S-F1 over the wire: 0 changes, and none told."""
        d = self.world.daemon([self.nsd, self.knot], watch(
            "q.example", types="SOA", tags="owned") +
            "  - {name: rr.q.example, types: [A]}\n"
            "  - {name: cAsE.q.example, types: [A]}\n").start()
        d.wait_ready()
        turn = list(self.zone.records["rr", "A"])
        for i in range(100):
            turn = turn[1:] + turn[:1]
            self.zone.set("rr", "A", *turn)
            self.zone.set("cASE" if i % 2 else "Case", "A", "192.0.2.1")
            self.zone.remove("Case" if i % 2 else "cASE")
            self.world.publish(self.zone)
        d.rounds(2)
        self.assert_no_changes(d)
        self.assertEqual(len(d.baselines()), 3)
        self.assertEqual(d.log(), [])
        self.assertEqual(d.stop(), 0)

    def test_history_keeps_what_was_and_says_what_was_seen(self):
        """S-F9: closed intervals stay; --at: observed or between."""
        d = self.world.daemon([self.nsd], watch(
            "h.q.example", types="A")).start()
        d.wait_ready()
        before = time.time()
        self.zone.set("h", "A", "192.0.2.2")
        self.world.publish(self.zone)
        d.wait_change()
        self.zone.remove("h")
        self.world.publish(self.zone)
        d.wait_change(kind="vanished")
        self.zone.set("h", "A", "192.0.2.3")
        self.world.publish(self.zone)
        last = d.wait_change(kind="appeared")
        d.rounds(2)
        rows = d.history("h.q.example", "A")
        self.assertEqual(
            [(r["rdata"], r["outcome"], r["current"]) for r in rows],
            [("192.0.2.1", "ANSWER", False), ("192.0.2.2", "ANSWER", False),
             (None, "NXDOMAIN", False), ("192.0.2.3", "ANSWER", True)])
        for earlier, later in zip(rows, rows[1:]):
            self.assertLess(earlier["last_seen"], later["first_seen"])
        self.assertGreater(rows[3]["count"], 1)
        at = d.history("h.q.example", "A", rows[1]["first_seen"])[0]
        self.assertEqual((at["rdata"], at["basis"]),
                         (["192.0.2.2"], "observed"))
        now = d.history("h.q.example", "A", last["seen_at"])[0]
        self.assertEqual(now["rdata"], ["192.0.2.3"])
        long_ago = d.history("h.q.example", "A", "2001-01-01")[0]
        self.assertEqual(long_ago["basis"], "between")
        self.assertGreater(time.time(), before)

    def test_once_is_like_diff(self):
        """0 nothing, 1 a change, 2 no answer at all; nothing undecided."""
        self.zone.set("once", "A", "192.0.2.1")
        self.world.publish(self.zone)
        r = self.world.receiver()
        d = self.world.daemon([self.nsd, self.knot], watch(
            "once.q.example", types=["A", "MX"], every="1h"),
            sinks={"soc": r.url})

        def once():
            return subprocess.run(
                [world.PROGRAM, "once", "--config", d.config, "--json"],
                capture_output=True, text=True, timeout=60)
        first = once()
        self.assertEqual((first.returncode, first.stdout), (0, ""),
                         first.stderr)
        self.assertEqual(len(d.baselines()), 2)
        self.assertEqual(once().returncode, 0)
        self.zone.set("once", "A", "192.0.2.2")
        self.world.publish(self.zone)
        second = once()
        self.assertEqual(second.returncode, 1, second.stderr)
        change = json.loads(second.stdout)
        self.assertEqual((change["kind"], change["label"]),
                         ("replaced", "confirmed"))
        self.assertEqual([x["body"]["data"]["id"] for x in r.requests],
                         [change["id"]])
        self.assertEqual(once().returncode, 0)
        # A full disk is trouble; 1 would say that all was printed.
        self.zone.set("once", "A", "192.0.2.3")
        self.world.publish(self.zone)
        with open("/dev/full", "w") as full:
            p = subprocess.run(
                [world.PROGRAM, "once", "--config", d.config], stdout=full,
                stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(p.returncode, 2, p.stderr)
        d.resolvers = [self.world.scripted("127.0.0.9")]
        d.resolvers[0].faults["*"] = "drop"
        d.write_config()
        self.assertEqual(once().returncode, 2)
        self.assertEqual(len(d.changes()), 2)


if __name__ == "__main__":
    sys.exit(unittest.main())
