#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""R27: what watches expect, against a real zone, database and receiver.

Promised: a deviation is told once, closed once, and survives kill -9; `check`
names both lines of a contradiction.
"""

import os
import subprocess
import unittest

import world
from world import Zone, watch


class Expect(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = Zone("x.example")
        cls.zone.set("www", "A", "192.0.2.1")
        cls.zone.set("www", "MX", "10 mail.x.example.")
        cls.nsd = cls.world.nsd([cls.zone])

    def entry(self, expect):
        return ("watchlist: owned\nwatch:\n  - {name: www.x.example, types: "
                "[A, MX], every: 1s, tags: [owned], expect: %s}\n" % expect)

    def events(self, d, kind):
        return [e for e in d.rows("changes") if e["kind"] == kind]

    def test_R27_a_deviation_over_kill_9_and_its_end(self):
        r = self.world.receiver()
        d = self.world.daemon([self.nsd], self.entry(
            '{A: [192.0.2.1], MX: {never: ["5 evil.example."]}}'),
            sinks={"soc": r.url}).start()
        d.wait_ready()
        d.rounds(2)
        self.assertEqual(self.events(d, "deviates"), [])
        self.zone.set("www", "MX", "5 evil.example.", "10 mail.x.example.")
        self.world.publish(self.zone)
        d.wait(lambda: self.events(d, "deviates"), 20, "deviates")
        e = self.events(d, "deviates")[0]
        self.assertEqual((e["type"], e["severity"], e["expected"],
                          e["missing"], e["unexpected"]),
                         ("MX", "high", "never", [], ["5 evil.example."]))
        self.assertEqual(d.wait_change(type="MX", kind="added")["aspects"],
                         ["mail", "unexpected"])
        self.assertEqual(d.status()["questions"]["deviating"], 1)
        d.kill9()
        d.start()
        d.wait_ready()
        d.rounds(2)
        self.assertEqual(len(self.events(d, "deviates")), 1)
        self.zone.set("www", "MX", "10 mail.x.example.")
        self.world.publish(self.zone)
        d.wait(lambda: self.events(d, "conforms"), 20, "conforms")
        self.assertEqual(self.events(d, "conforms")[0]["since"], e["since"])
        d.wait(lambda: d.status()["questions"]["deviating"] == 0, 10, "none")
        kinds = lambda: [q["body"]["data"]["kind"] for q in r.requests]
        self.assertTrue(r.wait_for(lambda _: kinds().count("conforms") == 1,
                                   20))
        self.assertEqual(kinds().count("deviates"), 1)
        # Another expectation, by a reload.
        d.write_list("owned.yaml", self.entry("{A: [192.0.2.9]}"))
        d.hup()
        d.wait(lambda: len(self.events(d, "deviates")) == 2, 20, "deviates")
        self.assertEqual(self.events(d, "deviates")[1]["unexpected"],
                         ["192.0.2.1"])
        d.stop()

    def test_from_the_zone_s_own_file_and_its_next_version(self):
        """The master file that NSD serves is what is expected."""
        zone = Zone("f.example")
        zone.set("www", "A", "192.0.2.1")
        zone.set("shop", "CNAME", "www")
        nsd = self.world.nsd([zone])
        entry = ("watchlist: owned\nwatch:\n  - {name: shop.f.example, types: "
                 "[A, MX], every: 1s, expect: {from: f.example.zone}}\n")
        d = self.world.daemon([nsd], entry)
        with open(os.path.join(d.folder, "lists", "f.example.zone"), "w") as f:
            f.write(zone.text())
        d.start()
        d.wait_ready()
        d.rounds(2)
        self.assertEqual(self.events(d, "deviates"), [])
        zone.set("www", "A", "192.0.2.66")
        self.world.publish(zone)
        d.wait(lambda: self.events(d, "deviates"), 20, "deviates")
        e = self.events(d, "deviates")[0]
        self.assertEqual((e["type"], e["missing"], e["unexpected"]),
                         ("A", ["192.0.2.1"], ["192.0.2.66"]))
        with open(os.path.join(d.folder, "lists", "f.example.zone"), "w") as f:
            f.write(zone.text())
        d.hup()
        d.wait(lambda: self.events(d, "conforms"), 20, "conforms")
        d.stop()

    def test_check_names_both_lines_of_a_contradiction(self):
        d = self.world.daemon([self.nsd], {
            "a.yaml": self.entry("{A: [192.0.2.1]}"),
            "b.yaml": self.entry("{A: {includes: [192.0.2.2]}, MX: none}")})
        p = subprocess.run([world.PROGRAM, "check"], cwd=d.folder, text=True,
                           capture_output=True)
        self.assertEqual(p.returncode, 78, p.stdout + p.stderr)
        self.assertIn("b.yaml:3", p.stdout)
        self.assertIn("what is expected of www.x.example. A contradicts",
                      p.stdout)
        self.assertIn("a.yaml:3", p.stdout)
        self.assertNotIn(" MX contradicts", p.stdout)


if __name__ == "__main__":
    unittest.main()
