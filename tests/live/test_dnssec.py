#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a real validating Unbound refuses is told, and believed by nobody (R17).

Promised: AD is shown where `trust_ad` says so and nowhere else (M11); a zone
that is signed anew by a foreign key with another address makes an event
`bogus` with what CD=1 shows, no change, and `recovered` when it is mended, with
and without extended errors (S-F25); expired signatures over the same data are
no hijack; signatures that will expire are told once, over kills, and so are
that they expired and were renewed.  The zone is signed by ldns-signzone and served by a real NSD.
"""

import os
import random
import subprocess
import sys
import time
import unittest

import world
from world import watch

DAY = 86400


class SignedZone(world.Zone):
    """Signed with one of its keys, for so many days from now."""

    def __init__(self, origin, folder):
        super().__init__(origin, ttl=1)
        self.folder = folder
        self.keys = [self.make_key() for _ in range(2)]  # own, foreign
        self.key = self.keys[0]
        self.days = 30

    def make_key(self):
        return os.path.join(self.folder, subprocess.run(
            ["ldns-keygen", "-k", "-a", "ECDSAP256SHA256", "-r",
             "/dev/urandom", self.origin], check=True, cwd=self.folder,
            capture_output=True, text=True).stdout.strip())

    def anchor(self):
        with open(self.keys[0] + ".ds") as f:
            return f.read().strip().replace("\t", " ")

    def text(self):
        plain = os.path.join(self.folder, "plain")
        with open(plain, "w") as f:
            f.write(super().text())
        now = time.time()
        subprocess.run(
            ["ldns-signzone", "-f", plain + ".signed",
             "-i", stamp(now - 30 * DAY), "-e", stamp(now + self.days * DAY),
             plain, self.key],
            check=True, capture_output=True)
        with open(plain + ".signed") as f:
            return f.read()


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


class Validator(world.Unbound):
    def __init__(self, w, zone, server, host, ede):
        self.validation = ('  module-config: "validator iterator"\n'
                           '  trust-anchor: "%s"\n  val-bogus-ttl: 1\n'
                           "  ede: %s\n" % (
                               zone.anchor(), "yes" if ede else "no"))
        super().__init__(w, {zone.origin: server}, host, 1)

    def write(self, name, text):
        assert '  module-config: "iterator"\n' in text
        return super().write(name, text.replace(
            '  module-config: "iterator"\n', self.validation))

    def restart(self):
        """It holds on to a key that it found bad for a minute."""
        self.stop()
        self.spawn("unbound", "-d", "-c", self.path("unbound.conf"))
        self.wait_up("signed.example")


def events(daemon, kind=None):
    """Oldest first."""
    return [e for e in daemon.log() if e["class"] == "event" and
            kind in (None, e["kind"])]


class Dnssec(world.WorldCase):
    @classmethod
    def build(cls):
        w = cls.world
        folder = os.path.join(w.folder, "keys")
        os.mkdir(folder)
        cls.zone = SignedZone("signed.example", folder)
        cls.honest()
        cls.nsd = w.nsd([cls.zone])
        cls.validator = Validator(w, cls.zone, cls.nsd, "127.0.0.6", True)
        cls.terse = Validator(w, cls.zone, cls.nsd, "127.0.0.7", False)
        cls.plain = w.unbound({"signed.example": cls.nsd}, "127.0.0.8", 1)

    @classmethod
    def honest(cls):
        cls.zone.key = cls.zone.keys[0]
        cls.zone.days = 30
        cls.zone.set("www", "A", "192.0.2.1")

    def setUp(self):
        self.mend()

    def mend(self):
        self.honest()
        self.world.publish(self.zone)
        for v in self.validator, self.terse:
            v.restart()

    def hijack(self, address="203.0.113.66"):
        self.zone.key = self.zone.keys[1]
        self.zone.set("www", "A", address)
        self.world.publish(self.zone)

    def daemon(self, *resolvers, **how):
        return self.world.daemon(list(resolvers), watch(
            "www.signed.example", types="A", tags="owned"), **how).start()

    def assert_believed(self, d, *rdata):
        [now] = [r for r in d.history("www.signed.example", "A")
                 if r["current"]]
        self.assertEqual([now["rdata"]], list(rdata))
        self.assertEqual(d.baselines()[0]["to"]["rdata"], list(rdata))

    def test_M11_ad_is_shown_of_who_is_trusted_to_say_it(self):
        """M11."""
        d = self.daemon((self.validator, "one, trust_ad: true"),
                        (self.terse, "two"))
        d.wait_ready()
        self.zone.set("www", "A", "192.0.2.2")
        self.world.publish(self.zone)
        c = d.wait_change(kind="replaced")
        said = {(w["group"], w["ad"]) for w in c["witnesses"]
                if w["outcome"] == "ANSWER"}
        self.assertEqual(said, {("one", True), ("two", False)}, c)
        self.assertEqual(c["label"], "confirmed")
        self.assertEqual(d.stop(), 0)

    def check_told(self, d, codes):
        d.wait(lambda: events(d, "bogus"), 30, "an event bogus")
        [e] = events(d, "bogus")
        self.assertEqual((e["name"], e["type"], e["severity"]),
                         ("www.signed.example.", "A", "critical"))
        self.assertEqual(e["state"]["rdata"], ["192.0.2.1"])
        self.assertEqual(e["seen"]["rdata"], ["203.0.113.66"])
        self.assertIn(e.get("ede"), codes)
        refused, shown = e["witnesses"]
        self.assertEqual((refused["outcome"], refused["reason"]),
                         ("FAIL", "bogus"))
        self.assertEqual((shown["outcome"], shown["rdata"], shown["cd"]),
                         ("ANSWER", ["203.0.113.66"], True))
        # Both raw answers are kept.
        kept = self.world.psql(d, "select encode(sha256, 'hex') from "
                               "dnsvigil.evidence where change = '%s'" %
                               e["id"])
        self.assertEqual({k[0] for k in kept},
                         {refused["sha256"], shown["sha256"]})
        self.assertIn("192.0.2.1, refused: 203.0.113.66",
                      d.run("changes").stdout)

    def check_closed(self, d, receiver):
        # A minute of grace before anything of an outage is told (R3).
        d.wait(lambda: events(d, "recovered"), 100, "recovered")
        [e] = events(d, "bogus")
        self.assertEqual([c for c in d.log() if c["class"] != "event"], [])
        self.assert_believed(d, "192.0.2.1")
        self.assertTrue(receiver.wait_for(lambda got: {
            q["body"]["data"]["kind"] for q in got} >=
            {"bogus", "recovered"}, 20))
        self.assertIn(e["id"], {b["data"]["id"] for b in receiver.accepted()})
        self.assertEqual(d.stop(), 0)

    def test_S_F25_a_foreign_key_and_address_are_told_and_not_believed(self):
        """S-F25, R17: with and without extended errors."""
        receivers = [self.world.receiver() for _ in range(2)]
        daemons = [self.daemon(v, sinks={"soc": r.url}) for v, r in zip(
            (self.validator, self.terse), receivers)]
        for d in daemons:
            d.wait_ready()
        self.hijack()
        for d, codes in zip(daemons, (range(6, 13), [None])):
            self.check_told(d, codes)
        for d in daemons:
            d.rounds(3)
            self.assertEqual(len(events(d, "bogus")), 1)
            self.assert_believed(d, "192.0.2.1")
        self.mend()
        for d, r in zip(daemons, receivers):
            self.check_closed(d, r)

    def test_R17_expired_signatures_over_the_same_data_are_no_hijack(self):
        """R17."""
        d = self.daemon(self.validator)
        d.wait_ready()
        self.zone.days = -1
        self.world.publish(self.zone)
        d.wait(lambda: self.world.psql(
            d, "select 1 from dnsvigil.outage where until is null"), 20,
            "an outage")
        d.rounds(5)
        self.assertEqual(d.log(), [])
        self.assertEqual(d.stop(), 0)

    def test_R17_signatures_that_will_expire_are_told_once_over_kills(self):
        """R17: an apex, behind a validator."""
        r = self.world.receiver()
        self.zone.days = 2
        self.world.publish(self.zone)
        d = self.world.daemon(
            [self.validator], watch("signed.example", types="SOA, DNSKEY",
                                    tags="owned"),
            sinks={"soc": r.url}, extra="signatures: {every: 1m}\n").start()

        def told(kind):
            return [e for e in events(d, kind) if e["type"] in (
                "SOA", "DNSKEY")]

        d.wait(lambda: len(told("signatures-expiring")) == 2, 90, "expiring")
        for e in told("signatures-expiring"):
            s = e["signature"]
            self.assertEqual((e["name"], e["severity"], s["covers"],
                              s["signer"], s["algorithm"], s["keys"]),
                             ("signed.example.", "high", e["type"],
                              "signed.example.", 13, 1))
            with open(self.zone.keys[0] + ".ds") as f:
                self.assertEqual(s["key_tag"], int(f.read().split()[3]))
            self.assertEqual([w["cd"] for w in e["witnesses"]], [True])
        self.assertIn("key %d of signed.example., until " % s["key_tag"],
                      d.run("changes").stdout)
        d.kill9()
        d.start()
        self.zone.days = -1
        self.world.publish(self.zone)
        d.wait(lambda: len(told("signatures-expired")) == 2, 150, "expired")
        d.kill9()
        self.mend()
        d.start()
        d.wait(lambda: len(told("signatures-renewed")) == 2, 150, "renewed")
        self.assertEqual([len(told("signatures-" + k)) for k in (
            "expiring", "expired", "renewed")], [2, 2, 2])
        self.assertEqual({e["severity"] for e in told("signatures-expired")},
                         {"critical"})
        first = {e["type"]: e["since"] for e in told("signatures-expiring")}
        for e in told("signatures-expired") + told("signatures-renewed"):
            self.assertEqual(e["since"], first[e["type"]])
        ids = {e["id"] for e in d.log() if e["class"] == "event"
               and e["kind"].startswith("signatures-")}
        self.assertTrue(r.wait_for(lambda got: {
            q["body"]["data"]["id"] for q in got} >= ids, 20))
        self.assertEqual([c for c in d.log() if c["class"] != "event"], [])
        self.assertEqual(d.stop(), 0)

    def test_R17_a_change_that_the_validator_refuses_to_confirm(self):
        """R17."""
        d = self.daemon((self.plain, "plain"), (self.validator, "validates"))
        d.wait_ready()
        self.hijack()
        c = d.wait_change(40, kind="replaced")
        self.assertIn("bogus", c["aspects"], c)
        self.assertEqual((c["severity"], c["label"]),
                         ("critical", "unconfirmed"))
        self.assertEqual([w["rdata"] for w in c["witnesses"] if w.get("cd")],
                         [["203.0.113.66"]])
        self.assertEqual(events(d, "bogus"), [])
        self.assertEqual(d.stop(), 0)

    def test_R17_kills_lose_no_event_and_believe_nothing(self):
        """R17, R29."""
        seed = random.randrange(1 << 30)
        dice = random.Random(seed)
        r = self.world.receiver()
        d = self.daemon(self.validator, sinks={"soc": r.url})
        d.wait_ready()
        for n in range(3):
            address = "203.0.113.%d" % (n + 1)
            self.hijack(address)
            self.validator.restart()
            for _ in range(2):
                if d.is_running():
                    time.sleep(dice.random())
                    d.kill9()
                d.start()
            d.wait(lambda: [e for e in events(d, "bogus")
                            if e["seen"]["rdata"] == [address]], 30,
                   "bogus %s; seed %d" % (address, seed))
            d.kill9()
            d.start()  # asks anew, and tells nothing that was told
            d.rounds(3)
            seen = [e["seen"]["rdata"] for e in events(d, "bogus")]
            self.assertEqual(len(seen), n + 1, "seed %d: %s" % (seed, seen))
            d.kill9()
        d.start()
        ids = {e["id"] for e in events(d, "bogus")}
        self.assertTrue(r.wait_for(lambda got: {
            q["body"]["data"]["id"] for q in got} >= ids, 20), "seed %d" % seed)
        self.assertEqual([c for c in d.log() if c["class"] != "event"], [])
        self.assert_believed(d, "192.0.2.1")
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
