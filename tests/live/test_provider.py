#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A DNS host that is away is one event.

Thirty zones at one NSD, one more at another, behind an Unbound.  The first NSD
stops: its zones fail and nothing else does.
"""

import sys
import unittest

import world
from world import Zone, query, until, watch

ZONES = 30


def name_of(i):
    return "z%d.example" % i


class Provider(world.WorldCase):
    @classmethod
    def build(cls):
        w = cls.world
        zones = [Zone(name_of(i)) for i in range(ZONES)]
        for i, zone in enumerate(zones):
            zone.set("@", "A", "198.51.100.%d" % i)
            zone.set("@", "NS", "ns1.host.test.", "ns2.host.test.")
        other = Zone("other.example")
        other.set("@", "A", "192.0.2.1")
        cls.host = w.nsd(zones)
        cls.elsewhere = w.nsd([other], "127.0.0.3")
        stubs = {"other.example": cls.elsewhere}
        stubs.update({z.origin: cls.host for z in zones})
        cls.unbound = w.unbound(stubs)

    def test_s_f24_a_dns_host_that_stops_is_one_event_and_no_blindness(self):
        """S-F24, R4: provider-failing, later provider-recovered."""
        sink = self.world.receiver()
        d = self.world.daemon(
            [self.unbound],
            watch("other.example", *[name_of(i) for i in range(ZONES)],
                  types=["A", "NS"], every="2s"),
            sinks={"soc": sink.url}).start()
        d.wait_ready(30)
        d.wait(lambda: len(d.baselines()) == 2 * ZONES + 2, 20,
               "all baselines")
        d.rounds(2)
        self.host.stop()
        event = d.wait_change(240, kind="provider-failing")
        # All of them have both.
        self.assertIn(event["provider"], ["ns1.host.test.",
                                          "ns2.host.test."])
        self.assertEqual(event["reason"], "name-server")
        self.assertEqual(event["count"], ZONES)
        self.assertEqual(len(event["names"]), 10)
        self.assertEqual(event["severity"], "high")
        self.assertEqual(d.status()["questions"]["failing"], 2 * ZONES)

        self.host.configure()
        until(lambda: query(self.unbound, name_of(3), "A", 0.5) ==
              (world.NOERROR, [(1, 0, world.a("198.51.100.3"))]), 30,
              "an answer of the host")
        d.wait_change(60, kind="provider-recovered")
        d.wait(lambda: d.status()["questions"]["failing"] == 0, 90,
               "nothing fails")
        d.rounds(2)
        self.assertEqual([e["kind"] for e in d.log()],
                         ["provider-failing", "provider-recovered"])
        until(lambda: len(sink.requests) == 2, 20, "two alerts")
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
