#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A thousand zones of one's own under one profile, kept by the commands.

Promised: `check` and `check --diff` say what a list of 1,000 zones asks and
what an edit of list and profile comes to, SIGHUP does exactly that, and
nothing that stood before is begun anew or told.  Five attacks among 12,990
questions are five alerts with what they mean, whose and how grave they are;
nothing else is told, over kill -9, too.
"""

import base64
import os
import re
import shutil
import subprocess
import unittest

import world
from world import Zone

ZONES = 1000
SPARE = 10  # served from the start, listed later
PROFILE = {"@": "NS, MX, SOA, TXT, CAA", "www": "A, AAAA", "_dmarc": "TXT",
           "{dkim}._domainkey": "TXT", "_mta-sts": "TXT",
           "autodiscover": "CNAME"}
PER_ZONE = 12  # questions; one of two selectors each
RELOADED = re.compile(r"monitor: reloaded: (\d+) questions added, (\d+) "
                      r"removed, (\d+) changed; (\d+) watched")


class PatternNsd(world.Nsd):
    """All zones by one pattern."""

    def conf(self):
        head = super().conf().partition("zone:\n")[0]
        return head + 'pattern:\n  name: p\n  zonefile: "%s.zone"\n' + "".join(
            "zone:\n  name: %s\n  include-pattern: p\n" % z.origin
            for z in self.zones)


def dkim_key():
    """A TXT record of DKIM with a new RSA key of 2048 bits."""
    private = subprocess.run(["openssl", "genrsa", "2048"], check=True,
                             capture_output=True).stdout
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                         input=private, check=True, capture_output=True).stdout
    text = "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()
    return '"%s" "%s"' % (text[:200], text[200:])


def profile(more=""):
    return "profiles:\n  corp:\n" + "".join(
        '    "%s": [%s]\n' % item for item in PROFILE.items()) + more


def text_of(numbers):
    """The list."""
    return "defaults: {tags: [owned], every: 10s}\nwatch:\n" + "".join(
        "  - {zone: z%d.example, profile: corp, dkim: [s1, s2], owner: team%d,"
        " runbook: \"https://wiki.example/z%d\", criticality: 1}\n" % (
            i, i % 7, i) for i in numbers)


class OwnedList(world.WorldCase):
    @classmethod
    def build(cls):
        cls.key, cls.other_key = dkim_key(), dkim_key()
        cls.zones = [cls.zone(i) for i in range(ZONES + SPARE)]
        cls.nsd = PatternNsd(cls.world, "nsd", cls.zones, "127.0.0.2")
        cls.nsd.wait_up(cls.zones[-1].origin)

    @classmethod
    def zone(cls, i):
        z = Zone("z%d.example" % i, ttl=300)
        z.set("@", "NS", "ns", "ns2")
        z.set("ns2", "A", "192.0.2.54")
        z.set("@", "MX", "10 mx1.mail.example.", "20 mx2.mail.example.")
        z.set("@", "TXT", '"v=spf1 mx -all"', '"token-verification=%d"' % i)
        z.set("@", "CAA", '0 issue "ca.example"')
        z.set("www", "A", "192.0.2.%d" % (i % 250))
        z.set("www", "AAAA", "2001:db8::%x" % (i + 1))
        z.set("www", "HTTPS", "1 . alpn=h2")
        z.set("_dmarc", "TXT", '"v=DMARC1; p=reject"')
        z.set("s1._domainkey", "TXT", cls.key)
        z.set("s2._domainkey", "TXT", cls.key)
        z.set("_mta-sts", "TXT", '"v=STSv1; id=%d;"' % i)
        z.set("autodiscover", "CNAME", "autodiscover.mail.example.")
        return z

    def check(self, d, *args):
        p = subprocess.run([world.PROGRAM, "check", *args], cwd=d.folder,
                           text=True, capture_output=True)
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        return p.stdout

    def reload(self, d):
        before = len(RELOADED.findall(d.text()))
        d.hup()
        d.wait(lambda: len(RELOADED.findall(d.text())) > before, 30,
               "reloaded")
        return tuple(map(int, RELOADED.findall(d.text())[-1]))

    def state(self, d, where):
        return self.world.psql(
            d, "select question, since, change, content_hash, watched_since "
            "from dnsvigil.state_now where name_text not in (%s) "
            "and type <> 65 order by 1" % ", ".join("'%s'" % n for n in where))

    def attack(self):
        """What five strangers do, each at another zone."""
        z = self.zones
        z[17].set("@", "NS", "ns1.evil.example.", "ns2.evil.example.")
        z[230].set("_dmarc", "TXT", '"v=DMARC1; p=none"')
        z[404].set("@", "MX", "5 mx.evil.example.", "10 mx1.mail.example.",
                   "20 mx2.mail.example.")
        z[555].set("s2._domainkey", "TXT", self.other_key)
        z[999].set("www", "A", "203.0.113.66")
        self.world.publish(z[17], z[230], z[404], z[555], z[999])
        return {
            ("z17.example.", "NS", "replaced"): ([], "critical"),
            ("_dmarc.z230.example.", "TXT", "replaced"):
                (["dmarc-weaker"], "high"),
            ("z404.example.", "MX", "added"): (["mx-first"], "high"),
            ("s2._domainkey.z555.example.", "TXT", "replaced"):
                (["dkim-key"], "medium"),
            ("www.z999.example.", "A", "replaced"): ([], "high")}

    def test_thousand_zones_edited_reloaded_attacked_five_times(self):
        r = self.world.receiver()
        d = self.world.daemon([self.nsd], text_of(range(ZONES)),
                              sinks={"soc": r.url}, extra=profile())
        self.assertIn("1 list, 7000 names, %d questions, " % (
            ZONES * PER_ZONE), self.check(d))
        d.start()
        d.wait_ready(60)
        self.assertEqual(d.status()["questions"]["watched"], ZONES * PER_ZONE)

        # The edit: ten go, ten come, and HTTPS is asked of all.
        old = os.path.join(d.folder, "old")
        os.mkdir(old)
        shutil.copy(d.config, old)
        shutil.copytree(os.path.join(d.folder, "lists"),
                        os.path.join(old, "lists"))
        d.write_list("owned.yaml", text_of(range(SPARE, ZONES + SPARE)))
        PROFILE["www"] += ", HTTPS"
        self.addCleanup(PROFILE.update, www="A, AAAA")
        d.extra = profile()
        d.write_config()
        added = SPARE * (PER_ZONE + 1) + ZONES - SPARE
        said = self.check(d, "--diff", os.path.join(old, "dnsvigil.yaml"))
        self.assertIn("%d questions added, %d removed, 0 changed; " % (
            added, SPARE * PER_ZONE), said)
        # One line a name: two sevens of ten zones, and www of the others.
        lines = said.splitlines()
        self.assertEqual([sum(line.startswith(c) for line in lines)
                          for c in "+-~"], [7 * SPARE + ZONES - SPARE,
                                            7 * SPARE, 0])
        self.assertTrue("+ www.z17.example. HTTPS every 10s, tags criticality-"
                        "1,owned" in lines)
        owners = ["%sz%d.example." % (p, i) for i in
                  [*range(SPARE), *range(ZONES, ZONES + SPARE)] for p in
                  ["", "www.", "_dmarc.", "s1._domainkey.", "s2._domainkey.",
                   "_mta-sts.", "autodiscover."]]
        before = self.state(d, owners)
        watched = ZONES * (PER_ZONE + 1)
        self.assertEqual(self.reload(d), (added, SPARE * PER_ZONE, 0, watched))
        d.wait_ready(60)
        self.assertEqual(self.state(d, owners), before)
        self.assertEqual(len(before), (ZONES - SPARE) * PER_ZONE)
        self.assertEqual(d.log(), [])

        wanted = self.attack()
        d.wait_changes(5, 40)
        d.kill9()
        d.start()
        d.wait_ready(60)
        d.rounds(1, 60)
        found = {(c["name"], c["type"], c["kind"]):
                 (c.get("meaning_codes", []), c["severity"])
                 for c in d.changes()}
        self.assertEqual(found, wanted)
        self.assertEqual(len(d.changes()), 5)
        self.assertTrue(r.wait_for(lambda _: len(r.accepted()) >= 5, 20))
        told = [b["data"] for b in r.accepted()]
        self.assertEqual(sorted((c["name"], c["type"], c["kind"])
                                for c in told), sorted(wanted))
        self.assertTrue(all(q["signature"] == "ok" for q in r.requests))
        for c in told:
            i = int(re.search(r"z(\d+)\.", c["name"]).group(1))
            self.assertIn("team%d" % (i % 7), str(c), c)
            self.assertIn("https://wiki.example/z%d" % i, str(c), c)
        self.ask(d)
        self.assertEqual(d.stop(), 0)

    def ask(self, d):
        """What `history` and `explain` say of what was told."""
        self.assertEqual({x["rdata"] for x in
                          d.history("www.z999.example", "A")},
                         {"192.0.2.249", "203.0.113.66"})
        self.assertEqual(len(d.history("www.z998.example", "A")), 1)
        # Who left keeps what was known.
        self.assertEqual([m["reason"] for m in
                          d.memberships("www.z3.example")], ["left"])
        change = d.changes(name="_dmarc.z230.example.")[0]
        said = d.run("explain", change["id"]).stdout
        self.assertIn("p=none", said)


if __name__ == "__main__":
    unittest.main()
