#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every alert that is in the database reaches its receiver, in order.

Promised: the Standard Webhooks form and its signature; one sink_seq without
gaps; order per name; a stable id; at least once whatever happens to the
receiver or the daemon meanwhile; one alert for a name that goes (R5); a later
decision for who got the first (R15); and no sink delays another.  Tried with
receivers that check signatures, and are down, slow or wrong.
"""

import sys
import time
import unittest

import receiver
import world
from world import SECRET, a, free_port, mx, txt, until, watch


def bodies(r):
    return r.accepted()


class Delivery(world.WorldCase):
    fsync = True

    @classmethod
    def build(cls):
        cls.first = cls.world.scripted("127.0.0.5")
        cls.second = cls.world.scripted("127.0.0.6")

    def daemon(self, text, sinks, resolvers=None, **how):
        d = self.world.daemon(resolvers or [self.first], text, sinks=sinks,
                              **how).start()
        d.wait_ready()
        return d

    def set(self, name, rrtype, *rdata):
        for s in (self.first, self.second):
            s.set(name, rrtype, *rdata)

    def assert_gapless(self, r, sink="soc"):
        """sink_seq 1, 2, 3, ... at first delivery, each with its previous."""
        deliveries = [b["delivery"] for b in bodies(r)]
        self.assertEqual(sorted(x["sink_seq"] for x in deliveries),
                         list(range(1, len(deliveries) + 1)))
        for x in deliveries:
            self.assertEqual(x["prev_sink_seq"], x["sink_seq"] - 1)
            self.assertEqual((x["sink"], x["replay"], x["test"]),
                             (sink, False, False))

    def assert_signed(self, r):
        self.assertEqual({x["signature"] for x in r.requests}, {"ok"})

    def test_change_is_posted_signed_in_the_shape_of_the_contract(self):
        self.set("shape.d.example", "A", a("192.0.2.1"))
        r = self.world.receiver()
        d = self.daemon(watch("shape.d.example", types="A", tags="owned",
                              owner="web-team"), {"soc": r.url})
        self.set("shape.d.example", "A", a("198.51.100.9"))
        self.assertTrue(r.wait_for(len, 15), d.text())
        post = r.requests[0]
        self.assertEqual(post["signature"], "ok")
        self.assertEqual(post["body"]["type"], "dnsvigil.change")
        data = post["body"]["data"]
        delivery = post["body"]["delivery"]
        self.assertEqual(
            (delivery["sink_seq"], delivery["prev_sink_seq"],
             delivery["attempt"]), (1, 0, 1))
        listed = d.changes()[0]
        for key in ("id", "revision", "name", "kind", "severity", "label",
                    "proved", "summary", "added", "removed", "owner"):
            self.assertEqual(data[key], listed[key], key)
        self.assertIn(listed["id"], post["id"])
        self.assertEqual(d.stop(), 0)

    def test_vanished_name_with_six_types_is_one_alert(self):
        """S-F22, S-F4."""
        name = "held.d.example"
        for rrtype, rdata in (("A", a("192.0.2.1")), ("MX", mx(1, "m.test")),
                              ("TXT", txt(b"x"))):
            self.set(name, rrtype, rdata)
        r = self.world.receiver()
        d = self.daemon(watch(name, types=["A", "AAAA", "MX", "NS", "TXT",
                                           "SOA"]), {"soc": r.url})
        for s in (self.first, self.second):
            s.faults[name + "."] = "nxdomain"
        self.assertTrue(r.wait_for(len, 30), d.text())
        for s in (self.first, self.second):
            s.faults.clear()
        self.assertTrue(r.wait_for(lambda x: len(x) > 1, 30), d.text())
        d.rounds(2)
        alerts = [b["data"] for b in bodies(r)]
        self.assertEqual([(x["class"], x["kind"], x["name"])
                          for x in alerts],
                         [("group", "vanished", name + "."),
                          ("group", "appeared", name + ".")])
        self.assertEqual([len(x["members"]) for x in alerts], [6, 6])
        self.assertEqual({m["revision"] for x in alerts
                          for m in x["members"]}, {1})
        self.assert_gapless(r)
        self.assertEqual(d.stop(), 0)

    def test_later_decision_reaches_who_got_the_first(self):
        """S-F23: unconfirmed, then confirmed by the other group."""
        name = "later.d.example"
        self.set(name, "A", a("192.0.2.1"))
        r = self.world.receiver()
        d = self.daemon(watch(name, types="A", tags="owned"), {"soc": r.url},
                        [self.first, self.second])
        self.first.questions.clear()
        d.rounds(1)
        home, other = (self.first, self.second) if self.first.asked(
            name + ".") else (self.second, self.first)
        home.set(name, "A", a("203.0.113.5"))
        self.assertTrue(r.wait_for(len, 30), d.text())
        first = r.requests[0]["body"]["data"]
        self.assertEqual((first["label"], first["revision"]),
                         ("unconfirmed", 1))
        other.set(name, "A", a("203.0.113.5"))
        self.assertTrue(r.wait_for(lambda x: len(x) > 1, 30), d.text())
        second = r.requests[1]["body"]["data"]
        self.assertEqual(
            (second["id"], second["label"], second["revision"]),
            (first["id"], "confirmed", 2))
        self.assertEqual(len(d.changes()), 1)
        self.assertEqual(d.changes()[0]["label"], "confirmed")
        self.assert_gapless(r)
        self.assertEqual(d.stop(), 0)

    def test_later_decision_of_a_group_is_its_next_revision(self):
        """R15, also after a kill -9: the group's id, the next revision."""
        name = "group.d.example"
        self.set(name, "A", a("192.0.2.1"))
        self.set(name, "MX", mx(1, "m.test"))
        r = self.world.receiver()
        d = self.daemon(watch(name, types=["A", "MX"], tags="owned"),
                        {"soc": r.url}, [self.first, self.second])
        self.first.questions.clear()
        d.rounds(1)
        home, other = (self.first, self.second) if self.first.asked(
            name + ".") else (self.second, self.first)
        home.faults[name + "."] = "nxdomain"
        self.assertTrue(r.wait_for(len, 40), d.text())
        first = r.requests[0]["body"]["data"]
        self.assertEqual(
            (first["class"], first["label"], first["revision"]),
            ("group", "unconfirmed", 1))
        d.kill9()
        d.start()
        d.wait_ready()
        other.faults[name + "."] = "nxdomain"
        self.assertTrue(
            r.wait_for(lambda x: len(bodies(r)) == 3, 40), d.text())
        later = [b["data"] for b in bodies(r)[1:]]
        self.assertEqual([(x["class"], x["id"], x["revision"])
                          for x in later],
                         [("group", first["id"], 2),
                          ("group", first["id"], 3)])
        self.assertEqual([x["label"] for x in later],
                         ["unconfirmed", "confirmed"])
        self.assertEqual({(m["id"], m["revision"])
                          for m in later[1]["members"]},
                         {(m["id"], 2) for m in first["members"]})
        self.assert_gapless(r)
        self.assertEqual(d.stop(), 0)

    def test_alerts_survive_a_dead_receiver_and_a_killed_daemon(self):
        """S-F13, R29, R30, in minutes instead of hours."""
        names = ["k%d.d.example" % i for i in range(5)]
        for n in names:
            self.set(n, "A", a("192.0.2.1"))
        port = free_port()
        d = self.daemon(watch(*names, types="A"),
                        {"soc": "http://127.0.0.1:%d/hook" % port})
        for i in range(2, 5):
            for n in names:
                self.set(n, "A", a("192.0.2.%d" % i))
            d.wait_changes(len(names) * (i - 1), timeout=30)
            # What is claimed at each kill has one attempt more behind it, and
            # the pauses grow to minutes with those: two kills are enough.
            if i == 4:
                d.kill9()
            else:
                self.assertEqual(d.stop(), 0)
            d.start()
            d.wait_ready()
        # Only now somebody listens, and loses the first that it takes.
        r = self.world.receiver(port=port, mode="twice")
        d.kill9()
        d.start()
        self.assertTrue(r.wait_for(len, 60), d.text()[-2000:])
        r.mode = "ok"
        ok = r.wait_for(lambda _: len(bodies(r)) == 15, 190)
        self.assertTrue(ok, (len(bodies(r)), d.text()[-2000:]))
        until(lambda: d.status()["sinks"][0]["waiting"] == 0, 60, "all")
        self.assert_signed(r)
        self.assert_gapless(r)
        # Again and again, and always the same: id, revision and number.
        told = {}
        for x in r.requests:
            data, delivery = x["body"]["data"], x["body"]["delivery"]
            told.setdefault(x["id"], set()).add(
                (data["id"], data["revision"], delivery["sink_seq"]))
        self.assertEqual({len(x) for x in told.values()}, {1})
        self.assertEqual(len(told), 15)
        self.assertGreater(len(r.requests), 15)
        for n in names:
            mine = [b for b in bodies(r) if b["data"]["name"] == n + "."]
            self.assertEqual([m["data"]["to"]["rdata"] for m in mine],
                             [["192.0.2.%d" % i] for i in (2, 3, 4)])
            order = [m["delivery"]["sink_seq"] for m in mine]
            self.assertEqual(order, sorted(order))
        self.assertEqual(d.stop(), 0)

    def test_bad_sink_does_not_delay_a_good_one(self):
        """R31."""
        self.set("slow.d.example", "A", a("192.0.2.1"))
        good = self.world.receiver()
        bad = self.world.receiver(mode="slow:20")
        dead = "http://127.0.0.1:%d/hook" % free_port()
        d = self.daemon(watch("slow.d.example", types="A"),
                        {"good": good.url, "bad": bad.url, "dead": dead})
        for i in range(2, 6):
            before = time.monotonic()
            self.set("slow.d.example", "A", a("192.0.2.%d" % i))
            self.assertTrue(good.wait_for(lambda x: len(x) == i - 1, 10),
                            d.text())
            self.assertLess(time.monotonic() - before, 4)
        self.assert_gapless(good, "good")
        bad.mode = "ok"
        bad.stopping.set()
        d.stop()

    def test_redirects_are_not_followed_and_429_is_waited_for(self):
        self.set("code.d.example", "A", a("192.0.2.1"))
        r = self.world.receiver(mode="redirect")
        d = self.daemon(watch("code.d.example", types="A"), {"soc": r.url})
        self.set("code.d.example", "A", a("192.0.2.2"))
        self.assertTrue(r.wait_for(len, 15), d.text())
        r.mode = "429:2"
        self.assertTrue(r.wait_for(
            lambda x: any(y["status"] == 429 for y in x), 90), d.text())
        waited = time.monotonic()
        r.mode = "ok"
        self.assertTrue(r.wait_for(
            lambda x: any(y["status"] == 200 for y in x), 90), d.text())
        self.assertGreater(time.monotonic() - waited, 1.5)
        self.assertEqual({x["path"] for x in r.requests}, {"/hook"})
        self.assertEqual(len({x["id"] for x in r.requests}), 1)
        self.assertEqual(d.stop(), 0)

    def test_private_address_is_refused_unless_allowed(self):
        """T1."""
        self.set("ssrf.d.example", "A", a("192.0.2.1"))
        r = self.world.receiver()
        d = self.world.daemon([self.first], watch(
            "ssrf.d.example", types="A"), sinks={"soc": r.url})
        with open(d.config) as f:
            text = f.read()
        d.write_config(text.replace(", allow: [127.0.0.0/8]", ""))
        d.start()
        d.wait_ready()
        self.set("ssrf.d.example", "A", a("192.0.2.2"))
        d.wait_change()
        d.wait(lambda: d.status()["sinks"][0]["failed_attempts"], 20,
               "a refused attempt")
        self.assertEqual(r.requests, [])
        self.assertEqual(d.stop(), 0)

    def test_forged_signature_is_seen_by_our_receiver(self):
        """The check itself: a receiver with another secret refuses."""
        headers = {"webhook-id": "x", "webhook-timestamp":
                   str(int(time.time()))}
        headers["webhook-signature"] = receiver.sign(
            SECRET, "x", headers["webhook-timestamp"], b"{}")
        self.assertEqual(receiver.verify(SECRET, headers, b"{}"), "ok")
        self.assertNotEqual(receiver.verify(SECRET, headers, b"{ }"), "ok")


if __name__ == "__main__":
    sys.exit(unittest.main())
