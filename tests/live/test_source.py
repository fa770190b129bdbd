#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The servers of a zone, asked themselves, each with a state of its own (R18).

Promised: what all of them say is one change, proved by the source; what some
of them say is one change and `spreading`, which ends as `converged` or as
`split`; other content under one serial, and a serial that goes backwards, are
told at once.  NSD and Knot, by IPv4 and IPv6, below a root of our own.
"""

import sys
import unittest

from source_world import SLOW, SourceCase, epoch, paused

REFRESH_AND_RETRY_S = 4 + 2


class Source(SourceCase):
    ZONES = {
        "all": {}, "alias": {}, "lag": SLOW, "late": {}, "gone": SLOW,
        "same": SLOW, "back": SLOW, "moved": {"transfer": True}}

    # ---- all of them ----

    def test_R18_what_all_servers_say_is_one_change_proved_by_the_source(
            self):
        """R18, R19, R11."""
        zone, d = self.begin("all", types=["A", "TXT"], count=2)
        self.assertEqual({b["view"] for b in d.baselines()} -
                         {"source/parent"}, {"source"})
        with paused(d):
            zone.change("www", "A", "192.0.2.2")
        c = d.wait_change(name="www.all.test.")
        d.rounds(3)
        self.assertEqual(len(self.changes(d)), 1)
        self.assertEqual((c["type"], c["view"], c["from"]["rdata"],
                          c["to"]["rdata"]),
                         ("A", "source", ["192.0.2.1"], ["192.0.2.2"]))
        self.assert_source(c, "authoritative-change")
        said = self.assert_serials(zone, c)
        self.assertEqual({(w["outcome"], *w["rdata"], w["aa"])
                          for w in said.values()},
                         {("ANSWER", "192.0.2.2", True)})
        self.assertEqual(self.events(d), [])
        self.assert_no_poll_failed(d)
        # The resolvers of the other view are left alone.
        self.assertEqual(self.s.nobody.questions, [])
        self.assertEqual(d.stop(), 0)

    def test_R7_an_alias_out_of_the_zone_ends_there(self):
        """R7."""
        zone, d = self.begin("alias")
        with paused(d):
            zone.edit([("www", "A", ()), ("www", "TXT", ()),
                       ("www", "CNAME", ["www.elsewhere.example."])])
        c = d.wait_change(name="www.alias.test.")
        self.assertEqual((c["to"]["outcome"], c["to"]["rdata"],
                          c["to"]["chain"], c["to"]["partial"]),
                         ("ANSWER", [], ["www.elsewhere.example."], True))
        self.assert_source(c, "authoritative-change")
        self.assertEqual(d.stop(), 0)

    def test_R1_a_name_that_all_servers_deny_has_vanished(self):
        zone, d = self.begin("gone", types=["A", "TXT"], count=2)
        with paused(d):
            zone.edit([("www", "A", ()), ("www", "TXT", ())])
        found = d.wait_changes(2, kind="vanished")
        for c in found:
            self.assert_source(c, "authoritative-change")
            self.assertEqual(c["to"]["outcome"], "NXDOMAIN")
        d.rounds(2)
        self.assertEqual(len(self.changes(d)), 2)
        self.assertEqual(d.stop(), 0)

    # ---- some of them ----

    def test_R18_a_server_that_lags_and_follows_is_no_second_change(self):
        """R18."""
        zone, d = self.begin("lag")
        c, e = self.lag(zone, d)
        self.assert_serials(zone, e)
        d.rounds(3)
        self.assertEqual(self.kinds(d), ["spreading"])
        zone.change("www", "A", "192.0.2.2", at=[self.s.ns2])
        closed = self.wait_event(d, "converged")
        self.assertEqual((closed["name"], closed["type"], closed["view"]),
                         (e["name"], e["type"], e["view"]))
        d.rounds(3)
        self.assertEqual([x["id"] for x in self.changes(d)], [c["id"]])
        self.assertEqual(self.kinds(d), ["spreading", "converged"])
        self.assert_no_poll_failed(d)
        self.assertEqual(d.stop(), 0)

    def test_R18_a_server_that_does_not_follow_in_time_is_a_split(self):
        """R18: told once after refresh and retry, and closed."""
        zone, d = self.begin("late")
        c, e = self.lag(zone, d)
        split = self.wait_event(d, "split", REFRESH_AND_RETRY_S + 15)
        self.assertNotEqual(split.get("reason"), "same-serial")
        took = epoch(split["at"]) - epoch(e["at"])
        self.assertGreaterEqual(took, REFRESH_AND_RETRY_S - 1)
        self.assertLess(took, REFRESH_AND_RETRY_S + 5)
        said = self.assert_serials(zone, split)
        self.assertEqual({n: w["rdata"] for n, w in said.items()},
                         {"ns1": ["192.0.2.2"], "ns2": ["192.0.2.1"]})
        d.rounds(3)
        self.assertEqual(self.kinds(d), ["spreading", "split"])
        zone.change("www", "A", "192.0.2.2", at=[self.s.ns2])
        self.wait_event(d, "converged")
        self.assertEqual([x["id"] for x in self.changes(d)], [c["id"]])
        self.assertEqual(d.stop(), 0)

    def test_R18_a_secondary_that_gets_no_transfer_and_then_does(self):
        """R18: by NOTIFY and AXFR from Knot to NSD."""
        zone, d = self.begin("moved")
        zone.change("www", "A", "192.0.2.2")
        c = d.wait_change(name="www.moved.test.", kind="replaced")
        self.assertEqual((c["label"], c["proved"]), ("confirmed", "source"))
        d.wait(lambda: self.kinds(d) in ([], ["spreading", "converged"]), 10,
               "no server behind")
        told = len(self.kinds(d))
        self.s.ns1.transfers(False)
        try:
            zone.change("www", "A", "192.0.2.3")
            d.wait(lambda: self.kinds(d)[told:] == ["spreading"], 15,
                   "spreading")
            d.wait_changes(2, name="www.moved.test.", kind="replaced")
        finally:
            self.s.ns1.transfers(True)
        d.wait(lambda: self.kinds(d)[-1] == "converged", 20, "converged")
        d.rounds(2)
        self.assertEqual([x["to"]["rdata"] for x in self.changes(d)],
                         [["192.0.2.2"], ["192.0.2.3"]])
        self.assertEqual(d.stop(), 0)

    # ---- serials ----

    def test_R18_other_content_with_the_same_serial_is_a_split_at_once(self):
        """R18: refresh and retry are more than an hour here."""
        zone, d = self.begin("same")
        serial = zone.serial(self.s.ns1)
        zone.change("www", "A", "203.0.113.66", at=[self.s.ns2],
                    serial=serial)
        e = self.wait_event(d, "split")
        self.assertEqual((e["reason"], e["name"], e["type"], e["view"]),
                         ("same-serial", "www.same.test.", "A", "source"))
        said = self.assert_serials(zone, e)
        self.assertEqual({n: w["rdata"] for n, w in said.items()},
                         {"ns1": ["192.0.2.1"], "ns2": ["203.0.113.66"]})
        d.rounds(3)
        self.assertEqual(self.kinds(d, "spreading"), ["split"])
        # Whether it is a change, too, or not: it is one at most.
        self.assertLessEqual(len(self.changes(d)), 1)
        zone.change("www", "A", "192.0.2.1", at=[self.s.ns2], serial=serial)
        self.wait_event(d, "converged")
        self.assertEqual(d.stop(), 0)

    def test_R18_a_serial_that_goes_backwards_is_told(self):
        """R18: with the same content, which is no change."""
        zone, d = self.begin("back")
        was = zone.serial(self.s.ns2)
        with paused(d):
            zone.edit([], serial=was + 5)
        d.rounds(2)
        self.assertEqual(d.log(), [])
        zone.edit([], at=[self.s.ns2], serial=was + 2)
        e = self.wait_event(d, "serial-backwards")
        self.assertEqual(self.called(e["server"]), "ns2")
        self.assertEqual((e["from"], e["to"]), (was + 5, was + 2))
        d.rounds(3)
        self.wait_event(d, "serial-backwards")
        self.assertEqual(self.changes(d), [])
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
