# SPDX-License-Identifier: ISC
"""Certificates for a test, made with openssl(1): standard library only.

    ca = Ca(folder, "ours")
    cert, key = ca.issue("good", san="IP:127.0.0.1")
    ca.pem    # the path of its certificate
"""

import datetime
import os
import subprocess

CONFIG = """[ca]
default_ca = own
[own]
new_certs_dir = .
database = index
serial = serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
"""


def openssl(folder, *args):
    r = subprocess.run(["openssl", *args], cwd=folder, text=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT)
    if r.returncode != 0:
        raise RuntimeError("openssl %s: %s" % (args, r.stdout))


def day(offset):
    at = datetime.datetime.now(datetime.timezone.utc) + \
        datetime.timedelta(days=offset)
    return at.strftime("%Y%m%d%H%M%SZ")


def key_of(bits):
    return ["-newkey", "rsa:%d" % bits] if bits else \
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]


class Ca:
    def __init__(self, folder, name):
        self.folder = os.path.join(folder, name)
        self.name = name
        self.pem = os.path.join(self.folder, "ca.pem")
        os.mkdir(self.folder)
        for file, text in (("conf", CONFIG), ("index", ""),
                           ("serial", "01\n")):
            with open(os.path.join(self.folder, file), "w") as f:
                f.write(text)
        openssl(self.folder, "req", "-x509", "-config", "conf", "-nodes",
                *key_of(0), "-subj", "/CN=" + name, "-days", "30",
                "-addext", "basicConstraints=critical,CA:TRUE",
                "-keyout", "ca.key", "-out", "ca.pem")

    def issue(self, name, san, begin=-1, end=7, bits=0):
        """(certificate, key): valid from `begin` to `end` days from now."""
        with open(os.path.join(self.folder, name + ".ext"), "w") as f:
            f.write("subjectAltName=%s\n" % san)
        openssl(self.folder, "req", "-new", "-config", "conf", "-nodes",
                *key_of(bits), "-subj", "/CN=" + name,
                "-keyout", name + ".key", "-out", name + ".csr")
        openssl(self.folder, "ca", "-batch", "-config", "conf", "-notext",
                "-cert", "ca.pem", "-keyfile", "ca.key", "-startdate",
                day(begin), "-enddate", day(end), "-extfile", name + ".ext",
                "-in", name + ".csr", "-out", name + ".pem")
        return tuple(os.path.join(self.folder, name + x)
                     for x in (".pem", ".key"))

    def self_signed(self, name, san):
        openssl(self.folder, "req", "-x509", "-config", "conf", "-nodes",
                *key_of(0), "-subj", "/CN=" + name, "-days", "7",
                "-addext", "subjectAltName=" + san,
                "-keyout", name + ".key", "-out", name + ".pem")
        return tuple(os.path.join(self.folder, name + x)
                     for x in (".pem", ".key"))
