#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What is no change is told to those that ask, and to nobody else (R6).

Promised: order, duplicates, TTL, letter case, an SOA's serial and timers and
the bytes of signatures make no change and no event by default; a watch that
names one hears of it once, also over a kill -9.  Tried with a zone that a real
Knot signs anew, a real NSD whose serial counts up under kills, and a real
Unbound whose TTLs count down.
"""

import hashlib
import os
import random
import subprocess
import sys
import unittest

import world
from world import SQL, until, watch

ALL = "[order, duplicates, ttl, case, serial, timers, signature]"
KILLS = 5


class SignedKnot(world.Knot):
    """Signs its zones by itself, and again when it is told to."""

    def write(self, name, text):
        if name == "knot.conf":
            text = text.replace("template:\n", """policy:
  - id: quick
    algorithm: ecdsap256sha256
    single-type-signing: on
template:
""").replace("    journal-content: none\n", """    journal-content: none
    dnssec-signing: on
    dnssec-policy: quick
""")
        return super().write(name, text)

    def sign(self, zone):
        subprocess.run(
            ["knotc", "-s", self.path("control"), "-b", "zone-sign",
             zone.origin], check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def events(daemon, kind=None):
    """Oldest first."""
    return [e for e in daemon.log() if e["class"] == "event" and
            kind in (None, e["kind"])]


class Attribute(world.WorldCase):
    @classmethod
    def build(cls):
        w = cls.world
        cls.signed = world.Zone("signed.example", ttl=60)
        cls.signed.set("www", "A", "192.0.2.1")
        cls.knot = SignedKnot(w, "knot", [cls.signed], "127.0.0.3")
        cls.zone = world.Zone("plain.example", ttl=4)
        cls.zone.set("www", "A", "192.0.2.1", "192.0.2.2", "192.0.2.3")
        cls.zone.set("@", "MX", "10 mail")
        cls.nsd = w.nsd([cls.zone])

    def ask_all(self, server, *names, types, **how):
        return self.world.daemon([server], watch(
            *names, types=types, attributes=ALL), **how)

    def test_new_signatures_of_a_signed_zone_are_told_once(self):
        r = self.world.receiver()
        d = self.world.daemon([self.knot], watch(
            "{name: www.signed.example, types: [RRSIG, A]}",
            "{name: signed.example, types: [SOA]}",
            attributes="[signature, serial, ttl, case]"),
            sinks={"soc": r.url}).start()
        quiet = self.world.daemon([self.knot], watch(
            "{name: www.signed.example, types: [RRSIG, A]}",
            "{name: signed.example, types: [SOA]}")).start()
        for one in d, quiet:
            one.wait_ready()
            one.rounds(1)
            self.assertEqual(one.log(), [])
        self.knot.sign(self.signed)
        d.wait(lambda: events(d, "signature") and events(d, "serial"), 20,
               "a signature and a serial")
        d.rounds(1)
        quiet.rounds(1)
        self.assertEqual(sorted(e["kind"] for e in events(d)),
                         ["serial", "signature"])
        self.assertEqual(len(d.log()), 2)
        self.assertEqual(quiet.log(), [])
        said = {e["kind"]: e for e in events(d)}
        signature, serial = said["signature"], said["serial"]
        self.assertEqual((signature["name"], signature["type"]),
                         ("www.signed.example.", "RRSIG"))
        self.assertNotEqual(signature["from"], signature["to"])
        self.assertEqual((serial["reason"], serial["severity"]),
                         ("forward", "low"))
        self.assertGreater(serial["to"], serial["from"])
        self.assertTrue(r.wait_for(lambda got: len(got) >= 2, 20))
        self.assertEqual(
            sorted(b["data"]["kind"] for b in r.accepted()),
            ["serial", "signature"])
        for body in r.accepted():
            self.assertEqual(body["type"], "dnsvigil.event")
            self.assertEqual(body["data"]["id"],
                             said[body["data"]["kind"]]["id"])
        self.assertEqual([e["id"] for e in d.rows("changes", "--kind",
                                                  "signature")],
                         [signature["id"]])
        self.assertEqual((d.stop(), quiet.stop()), (0, 0))

    def test_kills_lose_no_serial_and_tell_none_twice(self):
        seed = random.randrange(1 << 30)
        dice = random.Random(seed)
        r = self.world.receiver()
        d = self.ask_all(self.nsd, "plain.example", types="SOA",
                         sinks={"soc": r.url}).start()
        d.wait_ready()
        first = self.zone.serial
        for n in range(KILLS):
            self.world.publish(self.zone)
            # Before the poll, around the commit, or behind it.
            if dice.random() < 0.8:
                asked = dice.randrange(3)
                if asked:
                    d.rounds(asked - 1)
                d.kill9()
                d.start()
            d.wait(lambda: [e for e in events(d, "serial")
                            if e["to"] == self.zone.serial], 20,
                   "serial %d; seed %d" % (self.zone.serial, seed))
        d.rounds(1)
        told = events(d)
        self.assertEqual(
            [(e["kind"], e["from"], e["to"], e["reason"]) for e in told],
            [("serial", s, s + 1, "forward")
             for s in range(first, first + KILLS)], "seed %d" % seed)
        self.assertEqual(len(d.log()), KILLS)
        ids = {e["id"] for e in told}
        self.assertTrue(r.wait_for(lambda got: {
            q["body"]["data"]["id"] for q in got} >= ids, 20), "seed %d" % seed)
        self.assertEqual({b["data"]["id"] for b in r.accepted()}, ids)
        self.assertEqual(d.stop(), 0)

    def test_random_case_countdowns_and_restarts_are_no_event(self):
        """A9."""
        cache = self.world.unbound({"plain.example": self.nsd}, ttl_max=4)
        direct = self.ask_all(self.nsd, "plain.example", "www.plain.example",
                              types=["A", "MX", "NS"])
        cached = self.world.daemon([cache], watch(
            "www.plain.example", "plain.example", types=["A", "SOA"],
            attributes="[ttl, serial, timers, case]"))
        for d in direct, cached:
            d.start()
        for d in direct, cached:
            d.wait_ready()
            d.rounds(3)
            d.kill9()
            d.start()
        for d in direct, cached:
            d.wait_ready()
            d.rounds(2)
            self.assertEqual(d.log(), [])
            self.assertEqual(d.stop(), 0)

    def test_upgrade_gives_the_role_what_it_needs(self):
        """0002: a role that could write states needs no new grant."""
        w = self.world
        conninfo = w.cluster.create("upgrade")
        with open(os.path.join(SQL, "0001_history.sql"), "rb") as f:
            text = f.read()
        w.cluster.psql(
            "begin;\n%s\ninsert into dnsvigil.migration (version, name, "
            "sha256) values (1, '0001_history.sql', '%s');\n"
            "select dnsvigil.grant_daemon('dnsvigil');\ncommit;" % (
                text.decode(), hashlib.sha256(text).hexdigest()), conninfo)
        subprocess.run([world.PROGRAM, "migrate", "--sql", SQL, "--database",
                        conninfo], check=True, capture_output=True)
        d = self.ask_all(self.nsd, "plain.example", types="SOA",
                         database=conninfo + " user=dnsvigil").start()
        d.wait_ready()
        until(lambda: w.psql(d, "select count(*) from dnsvigil.attribute")
              == [["1"]], 20, "a row")
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
