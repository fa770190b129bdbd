#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What owned names point at, with real zones, caches and a database.

Promised: a target that is missing is told once, over kill -9; it ends when it
is there again, also if that was while the daemon was down; hostile names are
not asked for what they point at.  A wildcard of an owned zone is told once,
and its end; below hostile zones no name is made up.  A name that no list has is
told once.
"""

import re

import unittest

import world
from world import Zone, watch

LOG = "server:\n  log-queries: yes\n"


class Dangling(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = Zone("o.example")
        cls.zone.set("www", "CNAME", "edge.t.example.")
        cls.zone.set("bad", "CNAME", "evil.t.example.")
        cls.there = Zone("t.example")
        cls.there.set("edge", "A", "192.0.2.7")
        cls.wild = Zone("w.example")
        cls.evil = Zone("h.example")
        zones = [cls.zone, cls.there, cls.wild, cls.evil]
        cls.nsd = cls.world.nsd(zones)
        stubs = {z.origin: cls.nsd for z in zones}
        cls.one = cls.world.unbound(stubs, more=LOG)
        cls.two = cls.world.unbound(stubs, host="127.0.0.6", more=LOG)

    def events(self, d, kind):
        return [e for e in d.rows("changes") if e["kind"] == kind]

    def asked(self, name):
        """How often, at both."""
        n = 0
        for server in (self.one, self.two):
            with open(server.log) as f:
                n += sum(" %s. " % name in line.lower() for line in f)
        return n

    def made_up(self, zone):
        """Names of random letters that were asked for, with repetitions."""
        names = []
        for server in (self.one, self.two):
            with open(server.log) as f:
                names += re.findall(r" ([a-z]{16}\.%s)\. A " % zone,
                                    f.read().lower().replace(" a ", " A "))
        return names

    def again(self, d, *zones):
        """Killed, while the zones change, and started again."""
        d.kill9()
        self.world.publish(*zones or (self.zone, self.there))
        self.one.forget()
        self.two.forget()
        d.start()
        d.wait_ready()

    def test_a_target_that_goes_is_told_once_over_kill_9_and_ends(self):
        r = self.world.receiver()
        d = self.world.daemon(
            [(self.one, "a"), (self.two, "b")], {
                "owned.yaml": watch("www.o.example", types="CNAME",
                                    tags="owned"),
                "bad.yaml": watch("bad.o.example", types="CNAME",
                                  tags="hostile")},
            sinks={"soc": r.url}, extra="dangling: 5m\n").start()
        d.wait_ready()
        d.wait(lambda: self.asked("edge.t.example"), 20, "it is asked for")
        d.rounds(2)
        self.assertEqual(self.events(d, "dangling"), [])
        self.there.remove("edge")
        self.again(d)
        d.wait(lambda: self.events(d, "dangling"), 30, "dangling")
        e = self.events(d, "dangling")[0]
        self.assertEqual((e["name"], e["type"], e["target"], e["missing"],
                          e["reason"], e["severity"]),
                         ("www.o.example.", "CNAME", "edge.t.example.",
                          "edge.t.example.", "name", "high"))
        # Asked once more by the next process, and told no more.
        asked = self.asked("edge.t.example")
        self.again(d)
        d.wait(lambda: self.asked("edge.t.example") > asked, 20, "asked")
        d.rounds(3)
        self.assertEqual(len(self.events(d, "dangling")), 1)
        # It is there again, while the daemon is down.
        self.there.set("edge", "A", "192.0.2.8")
        self.again(d)
        d.wait(lambda: self.events(d, "dangling-ended"), 30, "its end")
        end = self.events(d, "dangling-ended")[0]
        self.assertEqual((end["reason"], end["since"]),
                         ("exists", e["since"]))
        self.again(d)
        d.rounds(3)
        kinds = [q["body"]["data"]["kind"] for q in r.requests]
        self.assertEqual(kinds.count("dangling"), 1)
        self.assertEqual(kinds.count("dangling-ended"), 1)
        self.assertEqual(len(self.events(d, "dangling-ended")), 1)
        # The hostile name was polled, and its target left alone.
        self.assertGreater(self.asked("bad.o.example"), 0)
        self.assertEqual(self.asked("evil.t.example"), 0)
        d.stop()

    def test_a_wildcard_is_told_once_over_kill_9_and_ends(self):
        r = self.world.receiver()
        d = self.world.daemon(
            [(self.one, "a"), (self.two, "b")], {
                "owned.yaml": watch("w.example", types="SOA, NS",
                                    tags="owned"),
                "bad.yaml": watch("h.example", types="SOA",
                                  tags="owned, hostile")},
            sinks={"soc": r.url}, extra="wildcard: 5m\n").start()
        d.wait_ready()
        d.wait(lambda: self.made_up("w.example"), 30, "a name is made up")
        d.rounds(3)
        self.assertEqual(d.rows("changes"), [])
        self.wild.set("*", "A", "192.0.2.66")
        self.evil.set("*", "A", "192.0.2.66")
        self.again(d, self.wild, self.evil)
        d.wait(lambda: self.events(d, "wildcard"), 120, "wildcard")
        e = self.events(d, "wildcard")[0]
        self.assertEqual((e["name"], e["severity"], e["reason"],
                          e["probe"]["type"], e["probe"]["rdata"]),
                         ("w.example.", "high", "begun", "A",
                          ["192.0.2.66"]))
        made_up = self.made_up("w.example")
        self.assertIn(e["probe"]["name"].rstrip("."), made_up)
        self.again(d, self.wild)
        d.wait(lambda: len(self.made_up("w.example")) > len(made_up), 30,
               "another")
        d.rounds(3)
        self.assertEqual(len(self.events(d, "wildcard")), 1)
        self.wild.remove("*")
        self.again(d, self.wild)
        d.wait(lambda: self.events(d, "wildcard-ended"), 120, "its end")
        self.assertEqual(self.events(d, "wildcard-ended")[0]["since"],
                         e["since"])
        self.assertTrue(r.wait_for(lambda q: len(q) == 2, 20))
        # Each name once, but for its types; none below the hostile zone.
        made_up = self.made_up("w.example")
        self.assertGreaterEqual(len(made_up), 5)
        self.assertEqual(len(set(made_up)), len(made_up))
        self.assertEqual(self.made_up("h.example"), [])
        d.stop()

    def test_a_name_that_no_list_has_is_told_once_over_kill_9(self):
        zone = Zone("u.example")
        for label in ("vpn", "dev", "www"):
            zone.set(label, "A", "192.0.2.9")
        nsd = self.world.nsd([zone], host="127.0.0.7")
        one = self.world.unbound({"u.example": nsd}, host="127.0.0.8",
                                 more=LOG)
        d = self.world.daemon([one], {
            "owned.yaml": watch("u.example", types="SOA", tags="owned"),
            "www.yaml": watch("www.u.example", types="TXT", every="1h",
                              tags="hostile")},
            extra="wildcard: 5m\nunlisted: [vpn, mail, www]\n").start()
        d.wait_ready()
        d.wait(lambda: self.events(d, "unlisted"), 40, "unlisted")
        e = self.events(d, "unlisted")[0]
        self.assertEqual((e["name"], e["severity"], e["reason"],
                          e["probe"]["name"], e["probe"]["rdata"]),
                         ("u.example.", "low", "label", "vpn.u.example.",
                          ["192.0.2.9"]))
        d.kill9()
        d.start()
        d.wait_ready()
        log = lambda: open(one.log).read().lower()
        d.wait(lambda: log().count(" mail.u.example. a "), 60, "a pass")
        d.rounds(3)
        self.assertEqual(len(d.rows("changes")), 1)
        self.assertEqual(log().count(" www.u.example. a "), 0)
        d.stop()


if __name__ == "__main__":
    unittest.main()
