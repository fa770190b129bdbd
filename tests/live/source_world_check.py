#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""That source_world.py does as it says, asked with kdig +norec: no daemon."""

import subprocess
import sys
import unittest

from source_world import NOWHERE, SourceCase, silent
from world import NOERROR, NXDOMAIN, a, query, until


def dig(server, name, rrtype):
    """(rcode, flags, answer, authority, additional) as kdig shows them."""
    text = subprocess.run(
        ["kdig", "+norec", "+noidn", "+timeout=1", "+retry=0", "@" +
         server.host, "-p", str(server.port), name, rrtype],
        capture_output=True, text=True).stdout
    if "status: " not in text:
        return None, set(), [], [], []
    parts = []
    for section in ("ANSWER", "AUTHORITY", "ADDITIONAL"):
        _, found, rest = text.partition(";; %s SECTION:\n" % section)
        parts.append([" ".join(line.split()[0:1] + line.split()[3:])
                      for line in rest.split("\n\n")[0].splitlines()]
                     if found else [])
    return (text.split("status: ")[1].split(";")[0],
            set(text.split(";; Flags: ")[1].split(";")[0].split()), *parts)


def soa(server, zone):
    answer = dig(server, zone.origin, "SOA")[2]
    return int(answer[0].split()[4]) if answer else None


class SourceWorldCheck(SourceCase):
    ZONES = {"zone": {}, "moved": {"transfer": True}}

    def test_delegations_go_from_the_root_to_the_zone(self):
        zone = self.s.zones["zone"]
        for root in self.s.hints:
            rcode, flags, answer, authority, _ = dig(root, "zone.test", "A")
            self.assertEqual((rcode, flags, answer), ("NOERROR", {"qr"}, []))
            self.assertEqual(sorted(authority), [
                "test. NS a.nic.test.", "test. NS b.nic.test."])
        for parent in self.s.parents:
            rcode, flags, answer, authority, glue = dig(
                parent, "www.zone.test", "A")
            self.assertEqual((rcode, flags, answer), ("NOERROR", {"qr"}, []))
            self.assertEqual(sorted(authority), [
                "zone.test. NS ns1.zone.test.",
                "zone.test. NS ns2.zone.test."])
            self.assertEqual(sorted(glue), ["ns1.zone.test. A 127.0.0.13",
                                            "ns2.zone.test. AAAA ::1"])
        for server in zone.servers:
            self.assertEqual(dig(server, "www.zone.test", "A")[:3], (
                "NOERROR", {"qr", "aa"}, ["www.zone.test. A 192.0.2.1"]))

    def test_the_parent_says_what_it_is_told(self):
        zone = self.s.zones["zone"]
        ds = "1 13 2 " + "AB" * 32
        self.s.delegate(zone, ns=["ns1", "ns3"], ds=[ds], glue=NOWHERE)
        for parent in self.s.parents:
            _, _, _, authority, glue = dig(parent, "zone.test", "NS")
            self.assertEqual(sorted(authority), [
                "zone.test. NS ns1.zone.test.",
                "zone.test. NS ns3.zone.test."])
            self.assertIn("ns1.zone.test. A " + NOWHERE, glue)
            rcode, flags, answer, *_ = dig(parent, "zone.test", "DS")
            self.assertEqual((rcode, flags, len(answer)),
                             ("NOERROR", {"qr", "aa"}, 1))
        self.s.undelegate(zone)
        for parent in self.s.parents:
            rcode, flags, *_ = dig(parent, "zone.test", "NS")
            self.assertEqual((rcode, flags), ("NXDOMAIN", {"qr", "aa"}))
        self.s.delegate(zone)

    def test_servers_differ_when_they_are_told_to(self):
        zone, (ns1, ns2) = self.s.zones["zone"], self.s.zones["zone"].servers

        def says(server):
            return soa(server, zone), dig(server, "www.zone.test", "A")[2]
        zone.change("www", "A", "192.0.2.2", at=[ns1])
        n = zone.serial(ns1)
        new, old = (["www.zone.test. A 192.0.2.%d" % i] for i in (2, 1))
        self.assertEqual((says(ns1), says(ns2)), ((n, new), (n - 1, old)))
        zone.edit([], at=[ns2], serial=n)
        self.assertEqual(says(ns2), (n, old))
        zone.edit([], at=[ns2], serial=n - 1)
        self.assertEqual(says(ns2), (n - 1, old))
        zone.change("www", "A", "192.0.2.1", serial=n + 1)
        self.assertEqual((says(ns1), says(ns2)), ((n + 1, old),) * 2)
        for server in ns1, ns2:
            server.drop(zone)
            self.assertEqual(dig(server, "www.zone.test", "A")[:2],
                             ("REFUSED", {"qr"}))
            server.bring(zone)
            self.assertEqual(says(server), (n + 1, old))
            with silent(server):
                self.assertEqual(says(server), (None, []))
            self.assertEqual(says(server), (n + 1, old))

    def test_a_transfer_can_be_held_up(self):
        zone, s = self.s.zones["moved"], self.s

        def follows():
            until(lambda: soa(s.ns2, zone) == zone.serial(s.ns1), 10,
                  "the secondary follows")
        follows()
        zone.change("www", "A", "192.0.2.2")
        follows()
        s.ns1.transfers(False)
        zone.change("www", "A", "192.0.2.3")
        self.assertEqual(soa(s.ns2, zone), zone.serial(s.ns1) - 1)
        s.ns1.transfers(True)
        follows()
        self.assertEqual(dig(s.ns2, "www.moved.test", "A")[2],
                         ["www.moved.test. A 192.0.2.3"])

    def test_a_recursive_resolver_sees_what_the_servers_say(self):
        zone = self.s.zones["zone"]
        cache = self.s.recursive([zone])
        self.assertEqual(query(cache, "www.zone.test", "A"),
                         (NOERROR, [(1, 0, a("192.0.2.1"))]))
        # With its delegation a zone is gone.
        self.s.undelegate(zone)
        cache.reconfigure(self.s.stubs([]))
        until(lambda: query(cache, "www.zone.test", "A") == (NXDOMAIN, []),
              10, "NXDOMAIN")
        cache.reconfigure(self.s.stubs(
            [zone], '  local-zone: "www.zone.test" redirect\n'
            '  local-data: "www.zone.test A 203.0.113.66"\n'))
        until(lambda: [r for _, _, r in (query(
            cache, "www.zone.test", "A") or (0, []))[1]] == [
                a("203.0.113.66")], 10, "a lie")
        self.s.delegate(zone)


if __name__ == "__main__":
    sys.exit(unittest.main())
