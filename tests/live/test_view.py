#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Views: one name, asked of different resolvers, is a state for each.

Promised: an answer that differs by place is no change and does not flap; a
change in one view is one change, of that view, confirmed in it; states of all
views are kept over kill -9; what differs for good is one event, also over
kill -9, and one that it is over; a reload brings and takes views; `lookup`,
`history` and `status` say which view they speak of.
"""

import json
import subprocess
import sys
import unittest

import world
from world import Zone

LIST = """watchlist: owned
defaults: {types: [A, MX], every: 1s, tags: [owned], views: [default, eu]}
watch:
  - www.place.example
  - {name: far.place.example, views: {eu: 2s}}
"""
NEAR_ONLY = LIST.replace(", views: [default, eu]", "").split("  - {")[0]
BOTH = ("default", "eu")


class View(world.WorldCase):
    @classmethod
    def build(cls):
        w = cls.world
        cls.near, cls.far = (Zone("place.example") for _ in BOTH)
        for zone, address in ((cls.near, "192.0.2.1"),
                              (cls.far, "198.51.100.1")):
            zone.set("www", "A", address)
            zone.set("www", "MX", "10 mail")
            zone.set("far", "A", address)
        cls.near_server = w.nsd([cls.near])
        cls.far_server = w.knot([cls.far], "::1")

    def views(self):
        return "views:\n  eu: {resolvers: [{address: \"%s\", rate: none}]}\n" \
            % self.far_server.address

    def daemon(self, more=""):
        d = self.world.daemon([self.near_server], LIST,
                              extra=self.views() + more)
        d.start()
        d.wait_ready()
        d.wait(lambda: len(d.baselines()) == 6, 10, "6 baselines")
        return d

    def set_far(self, address):
        self.far.set("www", "A", address)
        self.world.publish(self.far)

    def command(self, d, name, *args):
        p = subprocess.run([world.PROGRAM, name, "--config", d.config, *args],
                           capture_output=True, text=True, timeout=60,
                           cwd=d.folder)
        return p.returncode, p.stdout, p.stderr

    def asked(self, d):
        return {r["views"][0]: r["asked"] for r in d.status()["resolvers"]}

    def test_places_differ_and_only_what_changes_in_one_is_told(self):
        d = self.daemon()
        d.rounds(5)
        self.assertEqual(d.log(), [])
        self.assertEqual(
            {(b["name"], b["type"], b["view"], *b["to"]["rdata"])
             for b in d.baselines() if b["type"] == "A"},
            {("www.place.example.", "A", "default", "192.0.2.1"),
             ("www.place.example.", "A", "eu", "198.51.100.1"),
             ("far.place.example.", "A", "eu", "198.51.100.1")})

        self.set_far("203.0.113.9")
        c = d.wait_change(name="www.place.example.")
        self.assertEqual(
            (c["view"], c["label"], c["proved"], c["from"]["rdata"],
             c["to"]["rdata"]),
            ("eu", "confirmed", "path", ["198.51.100.1"], ["203.0.113.9"]))
        self.assertEqual({w["server"] for w in c["witnesses"]},
                         {self.far_server.address})
        d.kill9()
        d.start()
        d.wait_ready()
        d.rounds(3)
        self.assertEqual(len(d.changes()), 1)

        # Each view answers for itself.
        code, out, _ = self.command(d, "lookup", "--view", "eu", "--json",
                                    "www.place.example", "A")
        self.assertEqual((code, json.loads(out)["server"],
                          json.loads(out)["view"]),
                         (0, self.far_server.address, "eu"))
        code, _, err = self.command(d, "lookup", "--view", "moon",
                                    "www.place.example")
        self.assertEqual((code, "no view 'moon'" in err), (64, True), err)
        rows = {(r["view"], r["rdata"]) for r in d.history(
            "www.place.example", "A") if r["current"]}
        self.assertEqual(rows, {("default", "192.0.2.1"),
                                ("eu", "203.0.113.9")})
        self.assertEqual(
            {v["view"]: v["watched"]
             for v in d.status()["coverage"]["views"]},
            {"default": 2, "eu": 4})
        self.assertEqual(d.stop(), 0)
        self.set_far("198.51.100.1")

    def test_a_reload_takes_a_view_away_and_brings_it_back_with_its_states(
            self):
        d = self.daemon()
        with open(d.config) as f:
            with_views = f.read()
        d.write_list("owned.yaml", NEAR_ONLY)
        d.write_config(with_views.replace(self.views(), ""))
        d.hup()
        d.wait(lambda: d.status()["questions"]["watched"] == 2, 10,
               "2 watched")
        self.set_far("203.0.113.7")  # while nobody looks there
        d.rounds(3)
        self.assertEqual(d.log(), [])
        self.assertEqual(list(self.asked(d)), ["default"])

        d.write_list("owned.yaml", LIST)
        d.write_config(with_views)
        d.hup()
        c = d.wait_change(name="www.place.example.")
        self.assertEqual(
            (c["view"], c["from"]["rdata"], c["to"]["rdata"]),
            ("eu", ["198.51.100.1"], ["203.0.113.7"]))
        self.assertEqual(sorted(self.asked(d)), ["default", "eu"])
        self.assertEqual(d.stop(), 0)
        self.set_far("198.51.100.1")

    def events(self, d):
        return [e for e in d.log() if e["class"] == "event"]

    def wait_event(self, d, kind):
        def found():
            return [e for e in self.events(d) if e["kind"] == kind]
        return d.wait(found, 40, kind)[0]

    def test_r9_what_differs_for_good_is_told_once_over_kill9_and_closed(
            self):
        d = self.daemon("differ_after: 5s\n")
        e = self.wait_event(d, "views-differ")
        self.assertEqual(
            (e["name"], e["type"], e["view"], e["severity"], e["tags"]),
            ("www.place.example.", "A", "default", "high", ["owned"]))
        self.assertEqual(
            [(v["view"], v["outcome"], v["rdata"], v["chain"])
             for v in e["views"]],
            [("default", "ANSWER", ["192.0.2.1"], []),
             ("eu", "ANSWER", ["198.51.100.1"], [])])
        self.assertEqual(d.status()["questions"]["views_differ"], 1)
        for v in e["views"]:
            self.assertLessEqual(v["since"], e["since"])

        # Killed while it stands, and moved while it is told: nothing more.
        d.kill9()
        d.start()
        d.wait_ready()
        d.rounds(8)
        self.set_far("203.0.113.9")
        d.wait_change(name="www.place.example.", view="eu")
        d.rounds(8)
        self.assertEqual(len(self.events(d)), 1)
        self.assertEqual(d.status()["questions"]["views_differ"], 1)

        # They agree when nobody looks, and the next process says so.
        d.kill9()
        self.set_far("192.0.2.1")
        d.start()
        d.wait_ready()
        end = self.wait_event(d, "views-agree")
        self.assertEqual(
            (end["name"], end["type"], end["severity"], end["since"],
             [v["view"] for v in end["views"]], "reason" in end),
            ("www.place.example.", "A", "low", e["since"], list(BOTH), False))
        d.kill9()
        d.start()
        d.wait_ready()
        d.rounds(8)
        self.assertEqual([x["kind"] for x in self.events(d)],
                         ["views-differ", "views-agree"])
        s = d.status()["questions"]
        self.assertEqual((s["views_differ"], s["views_apart"]), (0, 0))
        self.assertEqual(d.stop(), 0)
        self.set_far("198.51.100.1")

    def test_a_list_that_names_a_view_that_is_none_loses_those_watches(self):
        d = self.world.daemon([self.near_server], LIST)
        code, out, err = self.command(d, "check")
        self.assertEqual(code, 78)
        self.assertIn("view `eu` is not in the configuration; write default",
                      out + err)


if __name__ == "__main__":
    sys.exit(unittest.main())
