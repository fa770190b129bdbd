#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Servers of a zone that do not serve it (R18, R3).

Promised: a server that is lame or silent is named by an event, once, and by
another when that has ended; the others count, nothing is taken for gone, and
no poll fails.  What was told stays told over kill -9, and is closed after it.
"""

import random
import struct
import sys
import time
import unittest

from source_world import SLOW, SourceCase, paused, silent, type_of
from world import a, wire_name


class SourceFaults(SourceCase):
    ZONES = {k: SLOW for k in ("lame", "noaa", "notcp", "both", "silent", "kill",
                               "killsame", "killlame")}

    def test_R18_a_lame_server_is_named_and_the_others_count(self):
        """R18, R3: REFUSED, as from a server that has lost the zone."""
        zone, d = self.begin("lame")
        self.s.ns2.drop(zone)
        e = self.wait_event(d, "lame")
        self.assertEqual((self.called(e["server"]), e["view"]),
                         ("ns2", "source"))
        zone.change("www", "A", "192.0.2.2", at=[self.s.ns1])
        c = d.wait_change(name="www.lame.test.")
        self.assertEqual((c["label"], c["proved"], c["to"]["rdata"]),
                         ("confirmed", "source", ["192.0.2.2"]))
        zone.follow(self.s.ns2, self.s.ns1)
        self.s.ns2.bring(zone)
        ended = self.wait_event(d, "lame-ended")
        self.assertEqual(self.called(ended["server"]), "ns2")
        d.rounds(2)
        self.assertEqual(len(self.changes(d)), 1)
        self.assertEqual(self.kinds(d), ["lame", "lame-ended"])
        self.assert_no_poll_failed(d)
        self.assertEqual(d.stop(), 0)

    def test_R18_every_server_is_asked_itself_and_no_AA_is_lame(self):
        """R18: RD=0; what is said without authority is not heard."""
        answers = self.world.scripted("127.0.0.16")
        ns1, ns2 = (wire_name(n + ".noaa.test") for n in ("ns1", "ns2"))
        answers.set("noaa.test", "NS", ns1, ns2)
        answers.set("noaa.test", "SOA", ns1 + wire_name("h.noaa.test") +
                    struct.pack(">5I", 1, 3600, 600, 86400, 0))
        answers.set("www.noaa.test", "A", a("192.0.2.1"))
        zone, d = self.begin("noaa", at={"ns2.noaa.test": answers.address})
        d.rounds(3)
        self.assertEqual(d.log(), [])
        asked = answers.asked("www.noaa.test.", "A")
        self.assertGreaterEqual(len(asked), 3)
        self.assertEqual({q.flags & 0x0100 for q in answers.questions}, {0},
                         [(q.name, type_of(q)) for q in answers.questions])
        answers.aa = False
        answers.set("www.noaa.test", "A", a("203.0.113.66"))
        e = self.wait_event(d, "lame")
        self.assertEqual(e["server"], answers.address)
        d.rounds(3)
        self.assertEqual(d.log(), self.events(d, "lame"))
        self.assert_no_poll_failed(d)
        answers.aa = True
        answers.set("www.noaa.test", "A", a("192.0.2.1"))
        self.wait_event(d, "lame-ended")
        self.assertEqual(self.changes(d), [])
        self.assertEqual(d.stop(), 0)

    def test_R18_a_server_without_TCP_or_EDNS_is_named(self):
        """R18: it answers by UDP, so that no poll fails and nothing changes."""
        answers = self.world.scripted("127.0.0.17")
        ns1, ns2 = (wire_name(n + ".notcp.test") for n in ("ns1", "ns2"))
        answers.set("notcp.test", "NS", ns1, ns2)
        answers.set("notcp.test", "SOA", ns1 + wire_name("h.notcp.test") +
                    struct.pack(">5I", 1, 3600, 600, 86400, 0))
        answers.set("www.notcp.test", "A", a("192.0.2.1"))
        answers.faults["*"] = lambda q: (
            "drop" if q.transport == "tcp" else
            answers.message(q, 1, extra=b"") if q.edns else None)
        zone, d = self.begin("notcp", at={"ns2.notcp.test": answers.address})
        d.wait(lambda: sorted(self.kinds(d)) == ["edns-broken", "tcp-broken"],
               60, "both are told")
        self.assertEqual({e["server"] for e in self.events(d)},
                         {answers.address})
        d.kill9()
        d.start()
        d.wait_ready()
        answers.faults.clear()
        d.wait(lambda: "tcp-works" in self.kinds(d), 60, "TCP is back")
        self.assertEqual(self.kinds(d).count("tcp-broken"), 1)
        self.assertEqual(self.changes(d), [])
        self.assert_no_poll_failed(d)
        self.assertEqual(d.stop(), 0)

    def test_R3_servers_that_are_all_lame_take_nothing_away(self):
        """R3: no server has the zone any more, and nothing has changed."""
        zone, d = self.begin("both")
        for server in zone.servers:
            server.drop(zone)
        d.wait(lambda: len(self.events(d, "lame")) == 2, 20, "both are lame")
        d.rounds(3)
        self.assertEqual([x["class"] for x in d.log()], ["event"] * 2)
        for server in zone.servers:
            server.bring(zone)
        d.wait(lambda: len(self.events(d, "lame-ended")) == 2, 20,
               "both serve it again")
        self.assertEqual(self.changes(d), [])
        [row] = [r for r in d.history("www.both.test", "A") if r["current"]]
        self.assertEqual(row["rdata"], "192.0.2.1")
        self.assertEqual(d.stop(), 0)

    def test_R18_a_silent_server_is_named_and_the_others_count(self):
        """R18, R3."""
        zone, d = self.begin("silent")
        with silent(self.s.ns1):
            e = self.wait_event(d, "server-silent", 60)
            self.assertEqual((self.called(e["server"]), e["view"]),
                             ("ns1", "source"))
            self.assertEqual(self.changes(d), [])
            zone.change("www", "A", "192.0.2.2", at=[self.s.ns2])
            c = d.wait_change(name="www.silent.test.", timeout=30)
            self.assertEqual((c["label"], c["proved"], c["to"]["rdata"]),
                             ("confirmed", "source", ["192.0.2.2"]))
            zone.follow(self.s.ns1, self.s.ns2)
        ended = self.wait_event(d, "server-answers", 60)
        self.assertEqual(self.called(ended["server"]), "ns1")
        d.rounds(2)
        self.assertEqual(len(self.changes(d)), 1)
        self.assert_no_poll_failed(d)
        self.assertEqual(d.stop(), 0)

    def test_R29_kills_tell_nothing_twice_and_close_what_was_open(self):
        """R29, R18: a server that lags, one with the same serial and other
        content, one that is lame: killed before and after they are told, and
        closed in the end."""
        seed = random.randrange(1 << 30)
        print("seed %d" % seed)
        dice = random.Random(seed)
        lag, same, lame = (self.s.zones[k] for k in (
            "kill", "killsame", "killlame"))
        r = self.world.receiver()
        d = self.start(*["www.%s" % z.origin for z in (lag, same, lame)],
                       types="A", every="1s", sinks={"soc": r.url})
        serial = same.serial(self.s.ns2)
        with paused(d):
            same.change("www", "A", "203.0.113.66", at=[self.s.ns2],
                        serial=serial)
            lag.change("www", "A", "192.0.2.2", at=[self.s.ns1])
            self.s.ns2.drop(lame)
        for _ in range(3):
            time.sleep(dice.random())
            d.kill9()
            d.start()
        self.assert_spreading(lag, d)
        self.wait_event(d, "split")
        self.wait_event(d, "lame")
        told = self.events(d)
        d.kill9()
        d.start()
        d.wait_ready()
        d.rounds(3)
        self.assertEqual(self.events(d), told)
        lag.change("www", "A", "192.0.2.2", at=[self.s.ns2])
        same.change("www", "A", "192.0.2.1", at=[self.s.ns2], serial=serial)
        self.s.ns2.bring(lame)
        for kind, zone in (("converged", lag), ("converged", same)):
            self.wait_event(d, kind, name="www.%s." % zone.origin)
        self.wait_event(d, "lame-ended")
        self.assertEqual(len(self.changes(d, name="www.kill.test.")), 1)
        # And all of it arrives, each once, alone or in a group.
        ids = {e["id"] for e in self.events(d)}

        def arrived():
            return [m["id"] for b in r.accepted()
                    for m in b["data"].get("members", [b["data"]])]
        d.wait(lambda: ids <= set(arrived()), 20, "all of it arrives")
        self.assertEqual(sorted(arrived()), sorted(set(arrived())))
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
