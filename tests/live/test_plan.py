#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""R27: plans, against a real zone, database and receiver.

Promised: what is planned is recorded and not told, the plan is told as done
once, over kill -9, too; a plan that was not done is told at its end; `check`
says what is over and what nobody would see done.
"""

import datetime
import os
import subprocess
import unittest
import zoneinfo

import world
from world import Zone, watch

VIENNA = zoneinfo.ZoneInfo("Europe/Vienna")


def local(seconds):
    """So many seconds from now, as a clock in Vienna shows it."""
    at = datetime.datetime.now(VIENNA) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%d %H:%M:%S")


class Plan(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = Zone("x.example")
        cls.zone.set("www", "A", "192.0.2.1")
        cls.zone.set("mail", "A", "192.0.2.2")
        cls.nsd = cls.world.nsd([cls.zone])

    def plan(self, d, name, seconds, changes, since=-60):
        folder = os.path.join(d.folder, "plans")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name + ".yaml"), "w") as f:
            f.write("plan: %s\ntimezone: Europe/Vienna\nfrom: %s\n"
                    "until: %s\nchanges:\n%s" % (
                        name, local(since), local(seconds), "".join(
                            "  - {name: %s, to: {%s}}\n" % c
                            for c in changes)))

    def events(self, d, kind):
        return [e for e in d.rows("changes") if e["kind"] == kind]

    def test_R27_done_once_and_missed_at_the_end(self):
        r = self.world.receiver()
        d = self.world.daemon(
            [self.nsd], watch("www.x.example", "mail.x.example", types="A",
                              tags="owned"),
            sinks={"soc": r.url}, extra="plans: [\"plans/*.yaml\"]\n")
        self.plan(d, "move", 3600, [("www.x.example", "A: [192.0.2.11]")])
        d.start()
        d.wait_ready()
        d.rounds(2)
        self.assertEqual(d.status()["questions"]["plans"], 1)
        self.zone.set("www", "A", "192.0.2.11")
        self.world.publish(self.zone)
        d.wait(lambda: self.events(d, "plan-done"), 20, "plan-done")
        change = d.wait_change(name="www.x.example.", kind="replaced")
        self.assertEqual((change["severity"], change["aspects"],
                          change["plan"]), ("info", ["planned"], "move"))
        self.assertEqual(self.events(d, "plan-done")[0]["plan"]["name"],
                         "move")
        d.kill9()
        # One that nobody carries out, and one that is over from the start.
        self.plan(d, "other", 4, [("mail.x.example", "A: [192.0.2.12]")])
        self.plan(d, "old", -90000, [("mail.x.example", "A: [192.0.2.13]")],
                  since=-90060)
        d.start()
        d.wait_ready()
        d.wait(lambda: self.events(d, "plan-missed"), 20, "plan-missed")
        missed = self.events(d, "plan-missed")[0]
        self.assertEqual((missed["plan"]["name"], missed["severity"],
                          missed["names"]),
                         ("other", "high", ["mail.x.example."]))
        # What was done is undone: no plan covers that.
        self.zone.set("www", "A", "192.0.2.1")
        self.world.publish(self.zone)
        self.assertTrue(r.wait_for(lambda _: [
            b["data"]["kind"] for b in r.accepted()] ==
            ["plan-done", "plan-missed", "replaced"], 20),
            [b["data"]["kind"] for b in r.accepted()])
        self.assertEqual(len(self.events(d, "plan-done")), 1)
        d.stop()

    def test_check_says_what_is_over_and_what_nobody_sees(self):
        d = self.world.daemon(
            [self.nsd], watch("www.x.example", types="A"),
            extra="plans: [\"plans/*.yaml\"]\nsilences:\n  - {name: gone, "
            "names: [a.example], until: \"2026-01-01T00:00:00Z\"}\n")
        self.plan(d, "move", 3600, [("www.x.example", "A: none, MX: none")])
        self.plan(d, "old", -90000, [("www.x.example", "A: none")],
                  since=-90060)
        p = subprocess.run([world.PROGRAM, "check"], cwd=d.folder, text=True,
                           capture_output=True)
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        self.assertIn("the silence `gone` is over since 2026-01-01",
                      p.stdout)
        self.assertIn("the plan `old` is over since", p.stdout)
        self.assertIn("plans/move.yaml:6: warning: no watchlist asks for MX "
                      "of www.x.example.", p.stdout)
        self.assertNotIn("asks for A of", p.stdout)


if __name__ == "__main__":
    unittest.main()
