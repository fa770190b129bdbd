#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The life of a hostile name, against a real zone, database and receiver.

Promised: each stage is told once, over kill -9, too, and `history` shows the
stage of now, why it is said, how sure it is, and those before.
"""

import os
import unittest

import world
from world import Zone, watch


class Life(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = Zone("x.example")
        cls.zone.set("www", "A", "192.0.2.1")
        cls.nsd = cls.world.nsd([cls.zone])

    def stages(self, d):
        return [(e["life"]["from"], e["life"]["to"], e["life"].get("cause"),
                 e["life"]["confidence"], e["life"]["back"])
                for e in d.rows("changes") if e["kind"] in ("life", "life-marked")]

    def wait_stages(self, d, n):
        d.wait(lambda: len(self.stages(d)) == n, 30, "%d stages" % n)
        return self.stages(d)[-1]

    def publish(self, label, type_, *values):
        self.zone.set(label, type_, *values)
        self.world.publish(self.zone)

    def test_from_never_seen_to_back_again(self):
        r = self.world.receiver()
        d = self.world.daemon(
            [self.nsd], watch("evil.x.example", types=["A", "TXT"],
                              tags="hostile"),
            sinks={"soc": r.url}, extra="marks: [some.marks]\n")
        with open(os.path.join(d.folder, "some.marks"), "w") as f:
            f.write("- {kind: sinkholed, who: Example CERT, "
                    "addresses: [192.0.2.64/26], since: 2024-01-01}\n")
        d.start()
        d.wait_ready()
        d.rounds(2)
        self.assertEqual(self.stages(d), [])
        self.publish("evil", "TXT", '"hello"')
        self.assertEqual(self.wait_stages(d, 1), (
            "never-seen", "registered", None, "high", False))
        self.publish("evil", "A", "192.0.2.10")
        self.assertEqual(self.wait_stages(d, 2), (
            "registered", "resolving", None, "high", False))
        d.kill9()
        d.start()
        d.wait_ready()
        self.publish("evil", "A", "192.0.2.66")
        self.assertEqual(self.wait_stages(d, 3), (
            "resolving", "sinkholed", "mark", "medium", False))
        text = d.run("history", "evil.x.example").stdout
        # Without a configuration there are no marks, but what was told is.
        self.assertIn("sinkholed (mark: Example CERT), confidence medium",
                      text)
        self.publish("evil", "A")
        self.publish("evil", "TXT")
        self.assertEqual(self.wait_stages(d, 4), (
            "sinkholed", "gone", "nxdomain", "medium", False))
        self.publish("evil", "A", "192.0.2.10")
        self.assertEqual(self.wait_stages(d, 5), (
            "gone", "resolving", None, "high", True))
        life = [x for x in d.rows("history", "evil.x.example")
                if x.get("class") == "life"]
        self.assertEqual(len(life), 1)
        self.assertEqual((life[0]["stage"], life[0]["confidence"]),
                         ("resolving", "high"))
        self.assertEqual([s["stage"] for s in life[0]["stages"]], [
            "resolving", "gone", "sinkholed", "resolving", "registered",
            "never-seen"])
        self.assertTrue(life[0]["stages"][0]["back"])
        # What changed is told by itself; what it means, by a mark, too.
        self.assertTrue(r.wait_for(lambda _: [
            b["data"]["life"]["who"] for b in r.accepted()
            if b["data"]["kind"].startswith("life")] == ["Example CERT"],
            20))
        d.stop()


if __name__ == "__main__":
    unittest.main()
