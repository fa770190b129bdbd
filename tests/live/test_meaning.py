#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a change of mail and security records means is said in words (R26).

Promised: the words stand beside the raw difference in `changes --json`, in
the text of `changes` and in the webhook, with their aspects and severity; keys
of ech that rotate are no change (S-F21).  Tried with a real NSD, asked
directly and through an Unbound.
"""

import os
import sys
import unittest

import world
from world import watch

# type, owner, before, after; code, severity, aspect, a part of the sentence
CASES = [
    ("TXT", "@", ['"v=spf1 mx -all"'], ['"v=spf1 mx " "+all"'],
     "spf-open", "high", "spf", "SPF now ends in +all"),
    ("TXT", "two", ['"v=spf1 -all"'], ['"v=spf1 -all"', '"v=spf1 a -all"'],
     "spf-two", "high", "spf", "2 SPF records"),
    ("TXT", "token", ['"v=spf1 -all"'],
     ['"v=spf1 -all"', '"google-site-verification=x"'],
     "token-new", "medium", "verification-token", "claims control"),
    ("TXT", "_dmarc", ['"v=DMARC1; p=reject"'], ['"v=DMARC1; p=none"'],
     "dmarc-weaker", "high", "dmarc", "p=reject became p=none"),
    ("TXT", "_dmarc.bad", ['"v=DMARC1; p=reject"'], ['"v=DMARC1; p=\\255"'],
     "dmarc-invalid", "high", "dmarc", "DMARC is not valid"),
    ("TXT", "_mta-sts", ['"v=STSv1; id=1;"'], ['"v=STSv1; id=2;"'],
     "mta-sts-id", "low", "mta-sts", "id is 2 now, it was 1"),
    ("CAA", "@", ['0 issue "ca.example"'], ['0 iodef "mailto:a@b.example"'],
     "caa-any", "high", "caa", "any CA may issue certificates now"),
    ("MX", "@", ["10 mail"], ["0 ."],
     "mx-null", "high", "null-mx", "mail is refused now"),
    ("MX", "lost", ["10 mail"], None,
     "mx-implicit", "high", "implicit-mx", "addresses of the name itself"),
    ("TLSA", "_25._tcp.mail", ["3 1 1 " + "01" * 32], ["3 1 9 " + "01" * 32],
     "tlsa-unusable", "high", "tlsa", "as if there were none"),
]


def ech(name):
    """An HTTPS record whose configuration has a key of chance."""
    contents = (os.urandom(1) + b"\x00\x20" + b"\x00\x20" + os.urandom(32) +
                b"\x00\x04\x00\x01\x00\x01" + b"\x00" +
                bytes([len(name)]) + name.encode() + b"\x00\x00")
    config = b"\xfe\x0d" + len(contents).to_bytes(2, "big") + contents
    whole = len(config).to_bytes(2, "big") + config
    rdata = (b"\x00\x01\x00" + b"\x00\x05" + len(whole).to_bytes(2, "big") +
             whole)
    return r"\# %d %s" % (len(rdata), rdata.hex())


class Meaning(world.WorldCase):
    @classmethod
    def build(cls):
        cls.zone = z = world.Zone("m.example")
        z.set("mail", "A", "192.0.2.25")
        z.set("lost", "A", "192.0.2.26")
        z.set("www", "HTTPS", ech("ech.example"))
        for rrtype, owner, before, *_ in CASES:
            z.set(owner, rrtype, *before)
        cls.nsd = cls.world.nsd([z])
        cls.cache = cls.world.unbound({"m.example": cls.nsd})

    def test_the_words_are_in_json_text_and_webhook(self):
        r = self.world.receiver()
        names = ["{name: %s, types: [%s]}" % (
            (owner + "." if owner != "@" else "") + "m.example", rrtype)
            for rrtype, owner, *_ in CASES]
        names.append("{name: www.m.example, types: [HTTPS]}")
        d = self.world.daemon(
            [(self.nsd, "one"), (self.cache, "two")],
            watch(*names, tags="owned"), sinks={"soc": r.url}).start()
        d.wait_ready()
        d.rounds(1)
        self.assertEqual(d.changes(), [])
        for rrtype, owner, _, after, *_ in CASES:
            if after is None:
                self.zone.remove(owner, rrtype)
            else:
                self.zone.set(owner, rrtype, *after)
        self.world.publish(self.zone)
        d.wait_changes(len(CASES), 40)
        text = d.run("changes").stdout
        posts = {}

        def has_all(_):
            posts.update({b["data"].get("id"): b["data"]
                          for b in r.accepted()})
            return len(posts) >= len(CASES)
        self.assertTrue(r.wait_for(has_all, 20))
        for rrtype, owner, _, _, code, severity, aspect, part in CASES:
            name = (owner + "." if owner != "@" else "") + "m.example."
            found = [c for c in d.changes() if c["name"] == name and
                     c["type"] == rrtype]
            self.assertEqual(len(found), 1, name)
            c = found[0]
            self.assertIn(code, c["meaning_codes"], c)
            self.assertEqual(c["severity"], severity, c)
            self.assertIn(aspect, c["aspects"], c)
            sentence = c["meaning"][c["meaning_codes"].index(code)]
            self.assertIn(part, sentence)
            self.assertEqual(posts[c["id"]]["meaning"], c["meaning"])
            self.assertIn("\n      " + sentence, text)
        self.assertEqual(d.stop(), 0)

    def test_keys_of_ech_that_rotate_are_no_change(self):
        d = self.world.daemon(
            [(self.nsd, "one"), (self.cache, "two")],
            watch("{name: www.m.example, types: [HTTPS]}",
                  tags="owned")).start()
        d.wait_ready()
        for _ in range(5):
            self.zone.set("www", "HTTPS", ech("ech.example"))
            self.world.publish(self.zone)
            d.rounds(1)
        self.assertEqual(d.changes(), [])
        self.assertEqual(d.log(), [])
        self.zone.set("www", "HTTPS", ech("evil.example"))
        self.world.publish(self.zone)
        c = d.wait_change(30, name="www.m.example.")
        self.assertEqual(c["meaning_codes"], ["ech-name"])
        self.assertEqual(c["aspects"], ["ech"])
        self.assertEqual(c["to"]["rdata"], ['1 . ech="evil.example"'])
        self.assertEqual(len(d.changes()), 1)
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
