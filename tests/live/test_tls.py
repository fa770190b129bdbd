#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""An alert goes to nobody but the receiver that its URL names.

Promised: a sink's certificate must be of a trusted authority, for the host of
the URL, and valid now, and TLS 1.2 is the least; a sink that cannot show that
is sent nothing, and the alert stays for when it can.  Tried with receivers of
which one is right and each other is wrong in one thing, under an authority
that the daemon alone trusts (own_ca.c).
"""

import os
import ssl
import subprocess
import unittest

import world
from world import ROOT, a, watch

OWN_CA = os.path.join(ROOT, "build", "release", "own_ca.so")


def setUpModule():
    # Never a build with sanitizers: those must come before all others.
    world.PROGRAM = os.path.join(ROOT, "build", "dnsvigil")
    subprocess.run(["make", "-s", "build/release/own_ca.so"], cwd=ROOT,
                   check=True, stdin=subprocess.DEVNULL)


class Tls(world.WorldCase):
    @classmethod
    def build(cls):
        cls.server = cls.world.scripted("127.0.0.5")
        cls.ca = cls.authority("ca")

    @classmethod
    def openssl(cls, *args):
        p = subprocess.run(["openssl", *args], cwd=cls.world.folder,
                           stdin=subprocess.DEVNULL, capture_output=True,
                           text=True)
        if p.returncode != 0:
            raise RuntimeError("openssl %s: %s" % (args, p.stderr))

    @classmethod
    def authority(cls, name):
        cls.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                    "2", "-subj", "/CN=" + name, "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", name + ".key",
                    "-out", name + ".pem")
        return name

    @classmethod
    def certificate(cls, name, ca="ca", host="IP:127.0.0.1", days="2"):
        """(certificate, key), signed by the authority."""
        with open(cls.path(name + ".ext"), "w") as f:
            f.write("subjectAltName=%s\n" % host)
        cls.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj",
                    "/CN=127.0.0.1", "-keyout", name + ".key", "-out",
                    name + ".csr")
        cls.openssl("x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem",
                    "-CAkey", ca + ".key", "-CAcreateserial", "-days", days,
                    "-extfile", name + ".ext", "-out", name + ".crt")
        return cls.path(name + ".crt"), cls.path(name + ".key")

    @classmethod
    def path(cls, name):
        return os.path.join(cls.world.folder, name)

    def test_T13_only_a_right_certificate_is_sent_anything(self):
        self.authority("stranger")
        receivers = {name: self.world.receiver(tls=tls) for name, tls in {
            "right": self.certificate("right"),
            "other": self.certificate("other", host="IP:127.0.0.9"),
            "expired": self.certificate("expired", days="-1"),
            "foreign": self.certificate("foreign", ca="stranger"),
            "self": (self.path("stranger.pem"), self.path("stranger.key")),
            "old": self.certificate("old"),
        }.items()}
        old = receivers["old"]._server.socket.context
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        self.server.set("tls.d.example", "A", a("192.0.2.1"))
        d = self.world.daemon(
            [self.server], watch("tls.d.example", types="A", tags="owned"),
            sinks={name: r.url for name, r in receivers.items()})
        d.env = {"LD_PRELOAD": OWN_CA, "OWN_CA": self.path("ca.pem")}
        d.start()
        d.wait_ready()
        self.server.set("tls.d.example", "A", a("203.0.113.9"))
        self.assertTrue(receivers["right"].wait_for(len, 30), d.text())

        def sinks():
            return {s["sink"]: s for s in d.status()["sinks"]}
        d.wait(lambda: all(s["delivered" if n == "right" else
                             "failed_attempts"] and s["waiting"] == (
                                 n != "right") for n, s in sinks().items()),
               30, "an attempt at every sink")
        for name, s in sinks().items():
            if name == "right":
                self.assertEqual((s["delivered"], s["failed_attempts"]),
                                 (1, 0))
                continue
            self.assertEqual(receivers[name].requests, [], name)
            self.assertEqual((s["delivered"], s["waiting"]), (0, 1), name)
            # No status of HTTP was heard: it ended before that.
            self.assertNotIn("HTTP 2", s["last_error"])
            print("%s: %s" % (name, s["last_error"]))
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    unittest.main()
