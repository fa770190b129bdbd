#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A resolver over TLS (RFC 7858, strict), with a real Unbound.

Changes are found and confirmed through it, over IPv4 and IPv6, also when it
was restarted in between.  Who is not the one that the configuration wants is
asked nothing, and nothing ever leaves in clear: between the daemon and Unbound
stands a relay that keeps all bytes, and also listens for datagrams.
"""

import base64
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import unittest

import tls
import world
from world import free_port, until, watch

NAME = "dns.t.example"


class Relay:
    """In front of Unbound's port for TLS; at the same port for datagrams."""

    def __init__(self, w, server):
        self.server = server
        self.host = server.host
        self.port = free_port(self.host)
        self.family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.sent = []  # what each connection of the daemon sent
        self.datagrams = []
        self.stopping = False
        self.tcp = socket.create_server((self.host, self.port),
                                        family=self.family)
        self.udp = socket.socket(self.family, socket.SOCK_DGRAM)
        self.udp.bind((self.host, self.port))
        for run in (self.accept, self.hear):
            threading.Thread(target=run, daemon=True).start()
        w.started.append(self)

    @property
    def address(self):
        return world.address_of(self)

    def stop(self):
        self.stopping = True
        for s in (self.tcp, self.udp):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def hear(self):
        while not self.stopping:
            try:
                self.datagrams.append(self.udp.recv(65535))
            except OSError:
                continue

    def accept(self):
        while not self.stopping:
            try:
                near, _ = self.tcp.accept()
            except OSError:
                continue
            kept = bytearray()
            self.sent.append(kept)
            try:
                far = socket.create_connection((self.host,
                                                self.server.tls_port))
            except OSError:
                near.close()
                continue
            for a, b, keep in ((near, far, kept), (far, near, None)):
                threading.Thread(target=self.copy, args=(a, b, keep),
                                 daemon=True).start()

    @staticmethod
    def copy(a, b, keep):
        try:
            while data := a.recv(65536):
                if keep is not None:
                    keep += data
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Dot(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = world.Zone("t.example")
        cls.zone.set("www", "A", "192.0.2.1")
        cls.nsd = cls.world.nsd([cls.zone])
        cls.ca = tls.Ca(cls.world.folder, "ours")
        cls.good = cls.ca.issue("good", "DNS:" + NAME)
        cls.number = 1

    def relay(self, host="127.0.0.4"):
        unbound = self.world.unbound({"t.example": self.nsd}, host,
                                     tls=self.good)
        return Relay(self.world, unbound)

    def trust(self, name=NAME, **keys):
        keys = dict({"name": name, "ca_file": self.ca.pem}, **keys)
        return "one, tls: {%s}" % ", ".join(
            "%s: %s" % item for item in keys.items() if item[1])

    def daemon(self, relay, trust, **how):
        return self.world.daemon([(relay, trust)],
                                 watch("www.t.example", types="A", **how))

    def change(self):
        type(self).number += 1
        value = "192.0.2.%d" % self.number
        self.zone.set("www", "A", value)
        self.world.publish(self.zone)
        return value

    def assert_never_in_clear(self, relay):
        self.assertEqual(relay.datagrams, [])
        for data in relay.sent:
            # A record of a handshake; and no name of ours in all of it.
            self.assertRegex(bytes(data[:3]), rb"^(\x16\x03[\x01-\x04])?$")
            self.assertNotIn(b"\x03www", bytes(data).lower())

    def resolver(self, d):
        return (d.status() or {"resolvers": [{"why": ""}]})["resolvers"][0]

    def found(self, relay, trust):
        d = self.daemon(relay, trust).start()
        d.wait_ready()
        value = self.change()
        c = d.wait_change(name="www.t.example.", added=[value])
        self.assertEqual((c["label"], c["proved"]), ("confirmed", "path"), c)
        self.assertIn("over TLS", c["why"])
        self.assertEqual({w["transport"] for w in c["witnesses"]}, {"tls"})
        self.assertEqual(c["dig"].split(" ")[1:5], [
            "@" + relay.host, "-p", str(relay.port), "+tls"])
        r = self.resolver(d)
        self.assertEqual((r["tls"], r["why"], r["failed"]), (True, "", 0), r)
        self.assertEqual(r["connections"], 1)
        wire = d.status()["wire"]
        self.assertEqual((wire["sent_udp"], wire["sent_tcp"]), (0, 0), wire)
        self.assertGreater(wire["sent_tls"], 2)
        # All on one connection, which is kept.
        self.assertEqual(len(relay.sent), 1)
        self.assert_never_in_clear(relay)
        self.assertEqual(d.stop(), 0)

    def test_a_change_is_found_and_confirmed_over_tls(self):
        self.found(self.relay(), self.trust())

    def test_a_change_is_found_and_confirmed_over_tls_and_IPv6(self):
        self.found(self.relay("::1"), self.trust())

    def test_a_pinned_key_is_enough(self):
        der = subprocess.run(
            ["openssl", "pkey", "-in", self.good[1], "-pubout", "-outform",
             "der"], capture_output=True, check=True).stdout
        pin = base64.b64encode(hashlib.sha256(der).digest()).decode()
        self.found(self.relay(), 'one, tls: {pin: "%s"}' % pin)

    def test_who_has_another_name_is_asked_nothing_until_that_is_mended(self):
        relay = self.relay()
        d = self.daemon(relay, self.trust("other.example")).start()
        d.wait(lambda: "hostname mismatch" in self.resolver(d)["why"], 20,
               "the reason in the status")
        # More than one attempt, one line of the log.
        d.wait(lambda: len(relay.sent) >= 3, 20, "three attempts")
        lines = [line for line in d.text().splitlines()
                 if "hostname mismatch" in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(relay.address, lines[0])
        r = self.resolver(d)
        self.assertEqual((r["failed"], r["connections"]), (r["asked"], 0), r)
        self.assertEqual(d.baselines(), [])
        self.assertEqual(d.status()["wire"]["sent_tls"], 0)
        self.assert_never_in_clear(relay)
        d.resolvers = [(relay, self.trust())]
        d.write_config()
        d.hup()
        d.wait(lambda: d.baselines() != [], 30, "a first answer")
        self.assertEqual(self.resolver(d)["why"], "")
        self.assert_never_in_clear(relay)
        self.assertEqual(d.stop(), 0)

    def test_polls_go_on_when_unbound_was_restarted(self):
        relay = self.relay()
        d = self.daemon(relay, self.trust()).start()
        d.wait_ready()
        for _ in range(2):
            relay.server.stop()
            relay.server.run()
            value = self.change()
            d.wait_change(timeout=30, name="www.t.example.", added=[value],
                          label="confirmed")
        self.assertGreater(len(relay.sent), 2)
        self.assertEqual([e for e in d.log()
                          if e["class"] == "event" and
                          e["kind"] == "failing"], [])
        self.assert_never_in_clear(relay)
        self.assertEqual(d.stop(), 0)

    def test_the_clear_resolver_beside_it_takes_over(self):
        relay = self.relay()
        d = self.world.daemon(
            [(relay, self.trust("other.example")), (self.nsd, "two")],
            watch("www.t.example", "t.example", types=["A", "NS"],
                  confirm="path"))
        d.start()
        d.wait_ready()
        value = self.change()
        c = d.wait_change(name="www.t.example.", added=[value])
        self.assertEqual((c["label"], c["proved"]), ("confirmed", "path"), c)
        self.assert_never_in_clear(relay)
        self.assertEqual(d.stop(), 0)

    def run_with(self, d, *args):
        return subprocess.run(
            [world.PROGRAM, args[0], "--config", d.config, *args[1:]],
            capture_output=True, text=True, timeout=60,
            stdin=subprocess.DEVNULL)

    def test_lookup_and_once_and_check(self):
        relay = self.relay()
        d = self.daemon(relay, self.trust())
        p = self.run_with(d, "check")
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        p = self.run_with(d, "lookup", "--json", "www.t.example", "A", "TXT")
        rows = [json.loads(line) for line in p.stdout.splitlines()]
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        self.assertEqual([(r["transport"], r["outcome"], r["server"])
                          for r in rows],
                         [("tls", "ANSWER", relay.address),
                          ("tls", "NODATA", relay.address)])
        self.assertEqual(rows[0]["rdata"], ["192.0.2.%d" % self.number])
        p = self.run_with(d, "once")
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        self.assertEqual(len(d.baselines()), 1)
        # Who is somebody else gives no answer: 2, and soon.
        d.resolvers = [(relay, self.trust("other.example"))]
        d.write_config()
        p = self.run_with(d, "lookup", "--json", "www.t.example", "A", "TXT")
        self.assertEqual(p.returncode, 2, p.stdout + p.stderr)
        self.assertEqual([json.loads(line)["reason"]
                          for line in p.stdout.splitlines()],
                         ["network", "network"])
        p = self.run_with(d, "once")
        self.assertEqual(p.returncode, 2, p.stdout + p.stderr)
        self.assert_never_in_clear(relay)

    def test_bad_ca_file_is_refused_with_its_place(self):
        d = self.daemon(self.nsd, self.trust(ca_file="absent.pem"))
        p = self.run_with(d, "check")
        self.assertEqual(p.returncode, 78, p.stdout + p.stderr)
        self.assertRegex(p.stdout + p.stderr, re.escape(
            "dnsvigil.yaml:3:") + r"\d+: ca_file \S+absent.pem")
        with open(os.path.join(d.folder, "absent.pem"), "w") as f:
            f.write("certificates\n")
        p = self.run_with(d, "check")
        self.assertEqual(p.returncode, 78, p.stdout + p.stderr)
        self.assertIn("no certificate in it", p.stdout + p.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
