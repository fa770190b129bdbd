#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A minute in the life of dnsvigil, in a world of its own on loopback.

NSD and Knot serve a bank's zone, two Unbounds ask them, and between one of
them and dnsvigil sits a resolver that will fail.  The zone is changed by
script; a webhook receiver checks signatures and prints each alert as it
arrives.  Exit status 0 only if every expected alert came, and nothing else.
"""

import os
import shutil
import socket
import sys
import threading
import time

import world
from world import World, Zone

COLOURS = {"high": "31;1", "critical": "31;1", "medium": "33", "low": "32"}
LIST = """watchlist: bank
defaults: {types: [A], every: 2s, tags: [owned], owner: web-team}
watch:
  - www.bank.example
  - {name: bank.example, types: [A, MX, NS, SOA]}
  - {name: shop.bank.example, types: [A, AAAA, TXT]}
  - cdn.bank.example
  - api.bank.example
"""


def paint(code, text):
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return "\033[%sm%s\033[0m" % (code, text)


def say(text=""):
    print(text, flush=True)


class Relay:
    """A resolver by UDP and TCP in front of another one; it can fail."""

    def __init__(self, world, to):
        self.to = to
        self.silent = False
        self.front = world.scripted("127.0.0.8")
        self.front.faults["*"] = self.relay
        self.address = self.front.address

    def relay(self, q):
        if self.silent:
            return "drop"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(1)
            try:
                s.connect((self.to.host, self.to.port))
                s.send(q.data)
                return s.recv(65535)
            except OSError:
                return "servfail"


class Demo:
    def __init__(self):
        self.world = World("demo")
        self.began = time.monotonic()
        self.alerts = []
        self.problems = []
        self.arrived = threading.Condition()

    # ---- the world ----

    def build(self):
        w = self.world
        z = self.zone = Zone("bank.example", ttl=1)
        z.set("@", "A", "192.0.2.10")
        z.set("@", "MX", "10 mail")
        z.set("mail", "A", "192.0.2.25")
        z.set("www", "A", "192.0.2.10")
        z.set("api", "A", "192.0.2.30")
        z.set("cdn", "A", *["192.0.2.%d" % i for i in (41, 42, 43, 44)])
        z.set("shop", "A", "192.0.2.20")
        z.set("shop", "AAAA", "2001:db8::20")
        z.set("shop", "TXT", '"v=spf1 -all"')
        nsd, knot = w.nsd([z]), w.knot([z])
        say("  authoritative   NSD %s, Knot %s" % (nsd.at, knot.at))
        one = w.unbound({"bank.example": [nsd, knot]}, "127.0.0.4", 1)
        two = w.unbound({"bank.example": [knot, nsd]}, "127.0.0.6", 1)
        self.relay = Relay(w, one)
        say("  resolvers       Unbound %s, Unbound %s" % (one.at, two.at))
        self.receiver = w.receiver()
        self.receiver.note = self.note(self.receiver.note)
        say("  webhook         %s" % self.receiver.url)
        self.daemon = w.daemon([(self.relay, "one"), (two, "two")],
                               {"bank.yaml": LIST},
                               sinks={"soc": self.receiver.url})
        self.daemon.start()
        self.daemon.wait_ready()
        say("  dnsvigil        watches %d questions, %d baselines kept, "
            "nothing told" % (self.daemon.status()["questions"]["watched"],
                              len(self.daemon.baselines())))

    # ---- alerts ----

    def note(self, note):
        def noted(path, headers, body, signature, verdict):
            note(path, headers, body, signature, verdict)
            self.show(self.receiver.requests[-1])
        return noted

    def show(self, request):
        if request["duplicate"]:
            return
        data = request["body"]["data"]
        if request["signature"] != "ok":
            self.problems.append("signature: " + request["signature"])
        words = data.get("summary") or "%s %s" % (
            data.get("name", ""), data["kind"])
        if "members" in data:
            words += " (%s)" % ", ".join(sorted(
                m["type"] for m in data["members"]))
        label = data.get("label", "event")
        if data.get("proved", "none") != "none":
            label += " by " + data["proved"]
        say("%s  %s" % (
            paint("2", "%5.1f s" % (time.monotonic() - self.began)),
            paint(COLOURS.get(data["severity"], "0"),
                  "ALERT  %s  %s" % (data["severity"].upper(), words))))
        say(paint("2", "         %s; signature %s, number %d of this sink" % (
            label, request["signature"],
            request["body"]["delivery"]["sink_seq"])))
        with self.arrived:
            self.alerts.append(data)
            self.arrived.notify_all()

    # ---- the story ----

    def tell(self, text):
        say()
        say("%s  %s" % (paint("2", "%5.1f s" % (
            time.monotonic() - self.began)), paint("1", text)))

    def expect(self, timeout=25, **want):
        """The next alert, and it is this one."""
        n = len(self.alerts)
        with self.arrived:
            came = self.arrived.wait_for(
                lambda: len(self.alerts) > self.seen, timeout)
        if not came:
            raise AssertionError("no alert in %d s, but %s was expected" % (
                timeout, want))
        data = self.alerts[self.seen]
        self.seen += 1
        for key, value in want.items():
            if data.get(key) != value:
                raise AssertionError("alert %d: %s is %r and not %r" % (
                    n, key, data.get(key), value))

    def nothing(self, rounds):
        self.daemon.rounds(rounds)
        if len(self.alerts) > self.seen:
            raise AssertionError("an alert that nobody expected: %s" %
                                 self.alerts[self.seen])
        say(paint("32", "         quiet, as it must be"))

    def publish(self, *edits):
        for owner, rrtype, *rdata in edits:
            self.zone.set(owner, rrtype, *rdata)
        self.world.publish(self.zone)

    def story(self):
        self.seen = 0
        name = "bank.example."
        self.tell("Somebody points www.bank.example to their own machine.")
        self.publish(("www", "A", "203.0.113.66"))
        self.expect(kind="replaced", name="www." + name, severity="high",
                    label="confirmed", added=["203.0.113.66"])

        self.tell("It is taken back.")
        self.publish(("www", "A", "192.0.2.10"))
        self.expect(kind="replaced", name="www." + name,
                    added=["192.0.2.10"])

        self.tell("A second MX of higher priority, elsewhere.")
        self.publish(("@", "MX", "10 mail", "5 mx.evil.example."))
        self.expect(kind="added", name=name, type="MX", severity="high",
                    added=["5 mx.evil.example."])

        self.tell("shop.bank.example is taken down: three types, one alert.")
        shop = {k: v for k, v in self.zone.records.items() if k[0] == "shop"}
        self.zone.remove("shop")
        self.world.publish(self.zone)
        self.expect(kind="vanished", name="shop." + name, severity="high")

        self.tell("And it is back.")
        self.zone.records.update(shop)
        self.world.publish(self.zone)
        self.expect(kind="appeared", name="shop." + name)

        self.tell("cdn.bank.example turns its four addresses, round robin, "
                  "and the serial rises.")
        turn = list(self.zone.records["cdn", "A"])
        for _ in range(6):
            turn = turn[1:] + turn[:1]
            self.publish(("cdn", "A", *turn))
        self.nothing(2)

        self.tell("One of the two resolvers falls silent.")
        self.relay.silent = True
        self.nothing(3)

        self.tell("Meanwhile api.bank.example moves; one witness is left.")
        self.publish(("api", "A", "198.51.100.30"))
        self.expect(kind="replaced", name="api." + name,
                    label="unconfirmed", revision=1)

        self.tell("The resolver is back and says the same: the alert is "
                  "revised.")
        self.relay.silent = False
        self.expect(kind="replaced", name="api." + name, label="confirmed",
                    revision=2)

        self.tell("dnsvigil is killed and started again.")
        self.daemon.kill9()
        self.daemon.start()
        self.daemon.wait_ready()
        self.nothing(2)

        self.tell("What does the history say of www.bank.example?")
        say("         $ dnsvigil history www.bank.example A")
        for line in self.daemon.run(
                "history", "www.bank.example", "A").stdout.splitlines():
            say("         " + line)

    def run(self):
        say(paint("1", "dnsvigil: a world of its own, on loopback only"))
        failed = True
        try:
            self.build()
            self.story()
            failed = bool(self.problems)
        except AssertionError as error:
            self.problems.append(str(error))
        except KeyboardInterrupt:
            failed = False  # nothing to look at afterwards
            raise
        finally:
            self.world.close(failed)
        say()
        for p in self.problems:
            say("WRONG: " + p)
        if not failed:
            say(paint("1", "%d alerts, each expected and signed, and nothing "
                      "else, in %.0f s" % (len(self.alerts),
                                           time.monotonic() - self.began)))
        return 1 if failed else 0


def main():
    for tool in ("nsd", "knotd", "unbound"):
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        if shutil.which(tool) is None:
            say("demo: %s is not installed" % tool)
            return 1
    if not os.access(world.PROGRAM, os.X_OK):
        say("demo: no %s; make builds it" % world.PROGRAM)
        return 1
    try:
        return Demo().run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
