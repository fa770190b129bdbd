# SPDX-License-Identifier: ISC
"""Zones, their servers and their parent, for views that ask the source.

    s = SourceWorld(world, {"lag": {}, "slow": {"timers": "3600 600"}})
    lag = s.zones["lag"]                       # lag.test., delegated
    d = s.daemon("www.lag.test", types="A").start()
    lag.change("www", "A", "192.0.2.2")                # at all, serial + 1
    lag.change("www", "A", "192.0.2.3", at=[s.ns1])    # at the primary only
    lag.change("www", "A", "192.0.2.4", at=[s.ns2], serial=7)
    s.ns2.drop(lag); s.ns2.bring(lag)                  # REFUSED, and not
    with silent(s.ns1): ...                            # no answer
    s.delegate(lag, ns=["ns1", "ns3"], ds=[...]); s.undelegate(lag)

A private root (two NSD) delegates `test.` to two servers (NSD, Knot), which
delegate each zone to ns1 (Knot) and ns2 (NSD).  Each of these has a file of
its own, so that a test says what each serves; only `moved` (transfer=True)
goes from one to the other by NOTIFY and AXFR.  IPv4 and IPv6 of loopback are
both in use.  Ports are not in DNS: the configuration says where name servers
are (`at`).  What is published is awaited by a TXT record that counts.
"""

import contextlib
import os
import signal
import subprocess
import time
from datetime import datetime

import world
from world import NOERROR, REFUSED, query, txt, until
from world_dns import TYPES

ROOT, ROOT6 = "127.0.0.11", "::1"
PARENT, PARENT6 = "127.0.0.12", "::1"
NS1, NS2 = "127.0.0.13", "::1"
NOWHERE = "127.0.0.14"  # in glue; nothing listens there
MARK = "_mark"
SLOW = {"timers": "3600 600"}  # a zone that makes no `split` in a test


# ---- servers ----

def family(pid):
    """A process and all that it started."""
    found = [pid]
    for folder in os.scandir("/proc/%d/task" % pid):
        with open(os.path.join(folder.path, "children")) as f:
            for child in f.read().split():
                found += family(int(child))
    return found


@contextlib.contextmanager
def silent(*servers):
    """They get questions and answer none; what came meanwhile they may answer
    late."""
    stopped = [p for s in servers for p in family(s.process.pid)]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


# A daemon that shall see what happens between two of its polls.
paused = silent


class Dropping:
    """A server that can be told to serve a zone no more."""

    def drop(self, zone):
        self.zones.remove(zone.copy(self))
        self.reconfigure()
        self.wait_rcode(zone, REFUSED)

    def bring(self, zone):
        self.zones.append(zone.copy(self))
        self.reconfigure()
        self.wait_rcode(zone, NOERROR)

    def wait_rcode(self, zone, rcode):
        until(lambda: (query(self, zone.origin, "SOA", 0.3) or [None])[0] ==
              rcode, 10, "rcode %d of %s at %s" % (
                  rcode, zone.origin, self.address))

    def wait_put(self, zone):
        copy = zone.copy(self)
        again = time.monotonic() + 1

        def has_it():
            nonlocal again
            if time.monotonic() > again:  # a signal too soon after another
                self.reload(copy)
                again = time.monotonic() + 1
            reply = query(self, MARK + "." + zone.origin, "TXT", 0.3)
            return reply and [r for _, _, r in reply[1]] == [
                txt(b"%d" % copy.mark)]
        until(has_it, 10, "%s number %d at %s" % (
            zone.origin, copy.mark, self.log), 0.01)


class SourceNsd(Dropping, world.Nsd):
    def __init__(self, w, zones, host, transfers=(), primary=None):
        self.transfers = transfers
        self.primary = primary
        super().__init__(w, "nsd", zones, host)

    def conf(self):
        text = super().conf().replace(
            "control-enable: no", "control-enable: yes\n"
            '  control-interface: "%s"' % self.path("control")).replace(
                "server:\n", 'server:\n  xfrdir: "%s"\n'
                "  xfrd-reload-timeout: 0\n" % self.folder)
        for zone in self.transfers:
            text += """zone:
  name: "%s"
  zonefile: "%s.secondary"
  request-xfr: AXFR %s NOKEY
  allow-notify: 127.0.0.0/8 NOKEY
  allow-notify: ::1 NOKEY
""" % (zone.origin, zone.origin, self.primary.at)
        return text

    def reconfigure(self):
        conf = self.write("nsd.conf", self.conf())
        subprocess.run(["nsd-control", "-c", conf, "reconfig"], check=True,
                       capture_output=True)


class SourceKnot(Dropping, world.Knot):
    """secondary: who gets NOTIFY; may_transfer: and whether AXFR, too."""
    secondary = None
    may_transfer = True

    def __init__(self, w, zones, host):
        super().__init__(w, "knot", zones, host)

    def conf(self):
        text = super().conf()
        if self.secondary is None:
            return text
        text = text.replace("template:\n", """remote:
  - id: secondary
    address: %s
acl:
  - id: out
    address: [127.0.0.0/8, "::1"]
    action: %s
template:
""" % (self.secondary.at, "transfer" if self.may_transfer else "notify"))
        for zone in self.secondary.transfers:
            line = "    file: %s.zone\n" % zone.origin
            text = text.replace(
                line, line + "    notify: secondary\n    acl: out\n")
        return text

    def reconfigure(self):
        self.write("knot.conf", self.conf())
        self.signal(signal.SIGHUP)

    def transfers(self, may):
        """Whether its secondary may fetch zones; if so it is told to."""
        self.may_transfer = may
        self.reconfigure()
        word = "NOTAUTH" if not may else "NOERROR"
        for zone in self.secondary.transfers:
            until(lambda: self.axfr(zone, word), 10, "AXFR " + word)
            if may:
                subprocess.run(["knotc", "-s", self.path("control"),
                                "zone-notify", zone.origin], check=True,
                               capture_output=True)

    def axfr(self, zone, word):
        said = subprocess.run(
            ["kdig", "@" + self.host, "-p", str(self.port), zone.origin,
             "AXFR", "+timeout=2", "+retry=0"], capture_output=True,
            text=True)
        return word in said.stdout + said.stderr or (
            word == "NOERROR" and "Received" in said.stdout)


# ---- zones ----

class Copy(world.Zone):
    """What one server has of a zone."""

    def __init__(self, zone, server_index):
        super().__init__(zone.origin)
        self.timers = zone.timers
        self.index = server_index
        self.mark = 0
        self.records = {
            ("@", "NS"): ["ns1", "ns2"], ("ns1", "A"): [NS1],
            ("ns2", "AAAA"): [NS2], ("www", "A"): ["192.0.2.1"],
            ("www", "TXT"): ['"v"'], (MARK, "TXT"): ["0"]}

    def put(self, server):
        self.mark += 1
        self.records[MARK, "TXT"] = [str(self.mark)]
        server.reload(self)


class SourceZone:
    """A zone below `test.`; timers: refresh and retry of its SOA, in s."""

    def __init__(self, label, timers="4 2", transfer=False):
        self.label = label
        self.origin = label + ".test"
        self.timers = timers
        self.transfer = transfer
        self.copies = [Copy(self, i) for i in range(1 if transfer else 2)]
        self.servers = []  # of the copies, in order

    def copy(self, server):
        return self.copies[self.servers.index(server)]

    def serial(self, server):
        return self.copy(server).serial

    def change(self, owner, rrtype, *rdata, at=None, serial=None):
        """Sets an RRset (without rdata: takes it away) at some servers, or at
        all; `serial`: what it is then, else one more."""
        self.edit([(owner, rrtype, rdata)], at, serial)

    def edit(self, sets, at=None, serial=None):
        """The same with several RRsets at once, or with none."""
        servers = self.servers if at is None else at
        for server in servers:
            copy = self.copy(server)
            for owner, rrtype, rdata in sets:
                copy.set(owner, rrtype, *rdata)
                if not rdata:
                    copy.remove(owner, rrtype)
            copy.serial = copy.serial + 1 if serial is None else serial
            copy.put(server)
        for server in servers:
            server.wait_put(self)

    def follow(self, server, other):
        """A server gets what another has; not awaited."""
        copy, source = self.copy(server), self.copy(other)
        copy.records = dict(source.records)
        copy.serial, copy.mark = source.serial, source.mark - 1
        copy.put(server)


class SourceWorld:
    """zones: label -> what SourceZone takes; `zones` afterwards the zones.
    knot, nsd: other classes of ns1 and ns2."""

    def __init__(self, w, zones, knot=SourceKnot, nsd=SourceNsd):
        self.world = w
        self.zones = {k: SourceZone(k, **how) for k, how in zones.items()}
        plain = [z for z in self.zones.values() if not z.transfer]
        moved = [z for z in self.zones.values() if z.transfer]
        self.ns1 = knot(w, [z.copies[0] for z in plain + moved], NS1)
        self.ns2 = nsd(w, [z.copies[1] for z in plain], NS2, moved, self.ns1)
        for z in plain:
            z.servers = [self.ns1, self.ns2]
        for z in moved:
            z.servers = [self.ns1]
        if moved:
            self.ns1.secondary = self.ns2
            self.ns1.transfers(True)
        self.make_parents()
        self.nobody = w.scripted()  # the default view: to be left alone

    def make_parents(self):
        self.root, self.parent = world.Zone(""), world.Zone("test")
        self.root.records = {
            ("@", "NS"): ["a.root", "b.root"], ("a.root", "A"): [ROOT],
            ("b.root", "AAAA"): [ROOT6], ("test", "NS"):
            ["a.nic.test", "b.nic.test"], ("a.nic.test", "A"): [PARENT],
            ("b.nic.test", "AAAA"): [PARENT6]}
        self.parent.records = {
            ("@", "NS"): ["a.nic", "b.nic"], ("a.nic", "A"): [PARENT],
            ("b.nic", "AAAA"): [PARENT6]}
        for zone in self.zones.values():
            self.set_delegation(zone)
        self.hints = [self.world.nsd([self.root], h) for h in (ROOT, ROOT6)]
        self.parents = [self.world.nsd([self.parent], PARENT),
                        self.world.knot([self.parent], PARENT6)]

    # ---- what the parent says ----

    def set_delegation(self, zone, ns=("ns1", "ns2"), ds=(), glue=NS1):
        self.clear_delegation(zone)
        self.parent.set(zone.label, "NS",
                        *["%s.%s" % (n, zone.label) for n in ns])
        if ds:
            self.parent.set(zone.label, "DS", *ds)
        for n in ns:
            self.parent.set("%s.%s" % (n, zone.label),
                            *("A", glue) if n == "ns1" else ("AAAA", NS2))

    def clear_delegation(self, zone):
        for owner, _ in list(self.parent.records):
            if owner == zone.label or owner.endswith("." + zone.label):
                self.parent.remove(owner)

    def delegate(self, zone, **how):
        """ns: first labels; ds: rdata; glue: the address of ns1."""
        self.set_delegation(zone, **how)
        self.world.publish(self.parent)

    def undelegate(self, zone):
        self.clear_delegation(zone)
        self.world.publish(self.parent)

    # ---- who asks ----

    def view(self, parent=True, at=None):
        """The part `views` of a configuration.  at: addresses, by name of a
        server, instead of those that it has here."""
        where = {"a.nic.test": self.parents[0].address,
                 "b.nic.test": self.parents[1].address}
        for z in self.zones:
            where.update({"ns1.%s.test" % z: self.ns1.address,
                          "ns2.%s.test" % z: self.ns2.address,
                          "ns3.%s.test" % z: self.ns2.address})
        where.update(at or {})
        return ("views:\n  source:\n    authoritative: true\n"
                "    parent: %s\n    hints: [%s]\n    at:\n" % (
                    "true" if parent else "false", ", ".join(
                        '"%s"' % h.address for h in self.hints)) +
                "".join('      %s: ["%s"]\n' % x for x in where.items()))

    def daemon(self, *names, types, parent=True, at=None, resolvers=None,
               sinks=None, views="[source]", tags="owned", **fields):
        """Asks the source alone, unless `views` says otherwise."""
        if views:
            fields["views"] = views
        return self.world.daemon(
            resolvers or [self.nobody],
            world.watch(*names, types=types, tags=tags, **fields),
            sinks=sinks, extra=self.view(parent, at))

    def recursive(self, zones, host="127.0.0.4", **how):
        """A real resolver.  It cannot follow delegations to other ports, so
        it is told where `test.` and the zones are."""
        return self.world.unbound({"test": self.parents}, host, ttl_max=1,
                                  more=self.stubs(zones), **how)

    def stubs(self, zones, more=""):
        """For Unbound.reconfigure(): other zones, and more lines."""
        # It would say itself that `test.` is empty (RFC 6761).
        text = 'server:\n  local-zone: "test." nodefault\n' + more
        for z in zones:
            text += 'stub-zone:\n  name: "%s"\n' % z.origin + "".join(
                "  stub-addr: %s\n" % s.at for s in (self.ns1, self.ns2))
        return text


class SourceCase(world.WorldCase):
    ZONES = {}

    @classmethod
    def build(cls):
        cls.s = SourceWorld(cls.world, cls.ZONES)

    def start(self, *names, count=None, quiet=True, **how):
        """A daemon that has its baselines, of `count` questions or more, and
        (quiet) has nothing to tell."""
        d = self.s.daemon(*names, **how).start()
        d.wait_ready()
        d.wait(lambda: len(d.baselines()) >= (count or len(names)), 20,
               "baselines")
        if quiet:
            self.assertEqual(d.log(), [])
        return d

    def begin(self, label, types="A", **how):
        """The zone, and a daemon that watches its www."""
        return self.s.zones[label], self.start(
            "www.%s.test" % label, types=types, every="1s", **how)

    def assert_serials(self, zone, entry):
        """Each server is named with its own serial."""
        said = self.said(entry)
        self.assertEqual(
            {name: w["serial"] for name, w in said.items()},
            {"ns1": zone.serial(self.s.ns1), "ns2": zone.serial(self.s.ns2)})
        return said

    def lag(self, zone, d):
        """Only ns1 has a change."""
        zone.change("www", "A", "192.0.2.2", at=[self.s.ns1])
        return self.assert_spreading(zone, d)

    def assert_spreading(self, zone, d):
        """The change, and the event beside it."""
        name = "www.%s." % zone.origin
        e = self.wait_event(d, "spreading", name=name)
        c = d.wait_change(name=name, kind="replaced")
        self.assertEqual(c["to"]["rdata"], ["192.0.2.2"])
        self.assert_source(c, "spreading")
        self.assertEqual(
            {n: w["rdata"] for n, w in self.said(e).items()},
            {"ns1": ["192.0.2.2"], "ns2": ["192.0.2.1"]})
        self.assertEqual((e["type"], e["view"]), ("A", "source"))
        return c, e

    def called(self, address):
        """A server by the name that tests use, else its address."""
        known = {self.s.ns1.address: "ns1", self.s.ns2.address: "ns2"}
        return known.get(address, address)

    def said(self, entry):
        """What each server said, by its name: of an event or a change."""
        return {self.called(w["server"]): w
                for w in entry.get("servers") or entry["witnesses"]}

    def events(self, d, kind=None, **match):
        return [e for e in d.log() if e["class"] == "event" and
                kind in (None, e["kind"]) and
                all(e.get(k) == v for k, v in match.items())]

    def kinds(self, d, *leave):
        """The kinds of all events, oldest first, but for some."""
        return [e["kind"] for e in self.events(d) if e["kind"] not in leave]

    def wait_event(self, d, kind, timeout=20, **match):
        """It, and that there is one alone."""
        d.wait(lambda: self.events(d, kind, **match), timeout,
               "an event %s %s" % (kind, match or ""))
        found = self.events(d, kind, **match)
        self.assertEqual(len(found), 1, found)
        return found[0]

    def changes(self, d, **match):
        """Differences of records, without the events."""
        return [c for c in d.changes(**match) if c["class"] == "change"]

    def assert_no_poll_failed(self, d):
        """As `coverage` counts; a `failing` would come a minute later."""
        self.assertEqual({r["failed"] for r in d.rows("coverage", "--each")},
                         {0})
        self.assertNotIn("failing", self.kinds(d))

    def assert_source(self, change, verdict):
        self.assertEqual(
            (change["label"], change["proved"], change["verdict"]),
            ("confirmed", "source", verdict), change["why"])


def epoch(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def type_of(question):
    return next((k for k, v in TYPES.items() if v == question.type),
                question.type)
