#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""T13: an alert goes to who can show that he is the one, and to nobody else.

Receivers over https whose certificates are expired, not yet valid, of another
host, of nobody or of an unknown authority, that are too weak, that speak an
old TLS or none: no request is made, the reason is in the status and with the
delivery, and when the receiver is mended the alert arrives.
"""

import os
import ssl
import subprocess
import sys
import unittest
import warnings

import tls
import world
from world import SECRET, a, until, watch

HERE = "IP:127.0.0.1,DNS:localhost"
# What is wrong, and a word of what the operator reads about it.
BAD = {
    "expired": "certificate has expired",
    "early": "certificate is not yet valid",
    "host": "127.0.0.1",
    "selfsigned": "self.signed certificate",
    "unknown": "unable to get local issuer certificate",
    "old": "protocol",
    "weak": "key too (weak|small)|handshake",
    "plain": "wrong version number",
}


class Tls(world.WorldCase):
    @classmethod
    def build(cls):
        cls.server = cls.world.scripted("127.0.0.5")
        cls.server.set("x.t.example", "A", a("192.0.2.1"))
        cls.ours = tls.Ca(cls.world.folder, "ours")
        cls.other = tls.Ca(cls.world.folder, "other")
        cls.good = cls.ours.issue("good", HERE)
        cls.certificates = {
            "expired": cls.ours.issue("expired", HERE, -9, -2),
            "early": cls.ours.issue("early", HERE, 2, 9),
            "host": cls.ours.issue("host", "DNS:other.example,IP:127.0.0.9"),
            "selfsigned": cls.ours.self_signed("selfsigned", HERE),
            "unknown": cls.other.issue("unknown", HERE),
            "weak": cls.ours.issue("weak", HERE, bits=1024),
            "old": cls.good,
        }

    def bad_receiver(self, name):
        if name == "plain":
            return self.world.receiver()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if name in ("old", "weak"):
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        if name == "old":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.load_cert_chain(*self.certificates[name])
        return self.world.receiver(tls=context)

    def mend(self, r):
        """A good one on the same port."""
        r.stop()
        self.world.receivers.remove(r)
        return self.world.receiver(port=r.port, tls=self.good)

    def test_bad_ones_get_nothing_until_they_are_mended(self):
        """T13."""
        trust = "ca_file: " + self.ours.pem
        receivers = {n: self.bad_receiver(n) for n in BAD}
        good = self.world.receiver(tls=self.good)
        sinks = {n: ("https://127.0.0.1:%d/hook" % r.port, trust)
                 for n, r in receivers.items()}
        sinks["good"] = (good.url, trust)
        sinks["byname"] = ("https://localhost:%d/hook" % good.port, trust)
        # Without ca_file the system's authorities count, and ours is none.
        system = self.world.receiver(tls=self.good)
        sinks["system"] = (system.url, "http: false")
        d = self.world.daemon([self.server], watch("x.t.example", types="A"),
                              sinks=sinks).start()
        d.wait_ready()
        self.server.set("x.t.example", "A", a("192.0.2.2"))
        d.wait_change()
        self.assertTrue(good.wait_for(lambda x: len(x) == 2, 20), d.text())
        self.assertEqual({x["signature"] for x in good.requests}, {"ok"})

        def sink(name):
            return [s for s in d.status()["sinks"] if s["sink"] == name][0]
        reasons = dict(BAD, system="unable to get local issuer certificate")
        for name, why in reasons.items():
            # What waits is counted by a look a second later, or more.
            d.wait(lambda: sink(name)["failed_attempts"] > 0 and
                   sink(name)["waiting"] == 1, 60, "an attempt at " + name)
            s = sink(name)
            self.assertRegex(s["last_error"], why, name)
            self.assertEqual((s["waiting"], s["dead"], s["delivered"],
                              s["last_status"]), (1, 0, 0, 0), name)
        kept = dict(self.world.psql(
            d, "select sink, last_error from dnsvigil.delivery "
            "where ended = 0"))
        self.assertEqual(set(kept), set(reasons))
        for name, why in reasons.items():
            self.assertRegex(kept[name], why, name)
        for name, r in list(receivers.items()) + [("system", system)]:
            self.assertEqual(r.requests, [], name)
        for name in receivers:
            receivers[name] = self.mend(receivers[name])
        d.sinks["system"] = (system.url, trust)
        d.write_config()
        d.hup()
        for name, r in list(receivers.items()) + [("system", system)]:
            self.assertTrue(r.wait_for(len, 90), name + d.text()[-2000:])
            self.assertGreater(r.requests[0]["attempt"], 1)
        until(lambda: all(s["waiting"] == 0 and s["last_error"] == ""
                          for s in d.status()["sinks"]), 30,
              lambda: "all delivered: %s" % d.status()["sinks"])
        self.assertEqual(d.stop(), 0)

    def test_bad_ca_file_is_refused_with_its_place(self):
        d = self.world.daemon([self.server], watch("x.t.example", types="A"))
        path = os.path.join(d.folder, "ca.pem")
        with open(self.ours.pem) as f:
            good = f.read()
        with open(self.good[1]) as f:
            key = f.read()
        body = good.splitlines()
        broken = "\n".join(body[:2] + body[3:]) + "\n"
        for text, why in ((None, "cannot be opened"),
                          ("", "no certificate in it"),
                          ("certificates\n", "no certificate in it"),
                          (key, "no certificate in it"),
                          (broken, "certificate 1 in it cannot be read"),
                          (good + broken, "certificate 2 in it cannot"),
                          (good + key, None), (good + good, None)):
            if text is not None:
                with open(path, "w") as f:
                    f.write(text)
            with self.subTest(why=why):
                d.write_config(
                    'database: dbname=x\nwatchlists: [lists/owned.yaml]\n'
                    'sinks:\n  soc:\n    type: webhook\n'
                    '    url: https://127.0.0.1/\n    secret: %s\n'
                    '    ca_file: ca.pem\n' % SECRET)
                p = subprocess.run(
                    [world.PROGRAM, "check", "--config", d.config],
                    capture_output=True, text=True, timeout=20,
                    stdin=subprocess.DEVNULL)
                told = p.stdout + p.stderr
                if why is None:
                    self.assertEqual(p.returncode, 0, told)
                    continue
                self.assertEqual(p.returncode, 78, told)
                self.assertIn("dnsvigil.yaml:8:14: ca_file", told)
                self.assertIn(why, told)


if __name__ == "__main__":
    sys.exit(unittest.main())
