# SPDX-License-Identifier: ISC
"""A world on loopback for the live tests: standard library only.

    world = World("name")
    zone = Zone("w.example"); zone.set("www", "A", "192.0.2.1")
    nsd = world.nsd([zone]); knot = world.knot([zone], host="127.0.0.3")
    cache = world.unbound({"w.example": nsd})
    d = world.daemon([cache], watch("www.w.example", types="A"))
    d.start(); d.wait_ready()
    zone.set("www", "A", "192.0.2.2"); world.publish(zone)
    d.wait_change(name="www.w.example.", kind="replaced")
    world.close()

Real servers: NSD, Knot DNS, Unbound, PostgreSQL (pg.py).  One of ours where
no real one would do wrong on purpose: Scripted.  All listen on free ports of
loopback, everything lives in one temporary folder, and what was started is
ended by its process id.  The folder goes when all was well and is kept and
named when not.  Nothing sleeps for a time: until() waits for a condition.
"""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import pg  # noqa: E402
import pg_proxy  # noqa: E402
import receiver  # noqa: E402
from world_dns import (  # noqa: E402,F401
    NOERROR, NXDOMAIN, REFUSED, SERVFAIL, TYPES, Scripted, a, address_of,
    free_port, mx, query, txt, wire_name)

PROGRAM = os.path.abspath(os.environ.get(
    "DNSVIGIL", os.path.join(ROOT, "build", "dnsvigil")))
SQL = os.path.join(ROOT, "sql")
SECRET = "whsec_" + "ZG5zdmlnaWwgbGl2ZSB0ZXN0cywgMzIgYnl0ZXMh"

def until(condition, timeout, what, pause=0.05):
    """The first true value of condition(), or an AssertionError."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("not within %g s: %s" % (
                timeout, what() if callable(what) else what))
        time.sleep(pause)


class Zone:
    """Records by owner and type, as text; set() replaces an RRset."""

    timers = "3600 600"  # refresh, retry

    def __init__(self, origin, ttl=0):
        self.origin = origin.rstrip(".")
        self.ttl = ttl
        self.serial = 1
        self.servers = []
        self.records = {("@", "NS"): ["ns"], ("ns", "A"): ["192.0.2.53"]}

    def set(self, owner, rrtype, *rdata):
        self.records[owner, rrtype] = list(rdata)

    def remove(self, owner, rrtype=None):
        for key in [k for k in self.records if k[0] == owner and
                    rrtype in (None, k[1])]:
            del self.records[key]

    def text(self):
        lines = ["$ORIGIN %s." % self.origin, "$TTL %d" % self.ttl,
                 "@ SOA ns hostmaster %d %s 86400 %d" % (
                     self.serial, self.timers, self.ttl)]
        for (owner, rrtype), values in self.records.items():
            lines += ["%s %s %s" % (owner, rrtype, v) for v in values]
        return "\n".join(lines) + "\n"


# ---- processes ----

class Process:
    """A server in the foreground, its output in a file."""

    def __init__(self, world, name, host):
        self.world = world
        self.host = host
        self.port = free_port(host)
        # Two addresses may have the same port.
        self.folder = os.path.join(world.folder, "%s-%s-%d" % (
            name, host.replace(":", ""), self.port))
        os.mkdir(self.folder, 0o755)
        self.log = os.path.join(self.folder, "log")
        self.process = None

    @property
    def address(self):
        return address_of(self)

    @property
    def at(self):
        return "%s@%d" % (self.host, self.port)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        # Renamed into place: nobody reads half a file.
        with open(self.path(name) + ".new", "w") as f:
            f.write(text)
        os.rename(self.path(name) + ".new", self.path(name))
        return self.path(name)

    def spawn(self, *command):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                cwd=self.folder)
        self.world.started.append(self)

    def stop(self):
        if self.process is None:
            return
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def signal(self, number):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def wait_up(self, name):
        def is_up():
            if self.process.poll() is not None:
                with open(self.log) as f:
                    raise RuntimeError("%s ended: %s" % (self.folder,
                                                         f.read()[-1000:]))
            return query(self, name, "SOA", 0.3) is not None
        until(is_up, 15, "an answer from " + self.address)


class Authority(Process):
    """What NSD and Knot have in common: zone files and SIGHUP."""

    def __init__(self, world, name, zones, host):
        super().__init__(world, name, host)
        self.zones = zones
        for zone in zones:
            zone.servers.append(self)
            self.write(zone.origin + ".zone", zone.text())
        self.configure()
        self.wait_up(zones[0].origin)

    def serial(self, zone):
        reply = query(self, zone.origin, "SOA", 0.3)
        return reply[1][0][2] if reply and reply[1] else None

    def reload(self, zone):
        self.write(zone.origin + ".zone", zone.text())
        self.signal(signal.SIGHUP)


class Nsd(Authority):
    def configure(self):
        self.spawn("nsd", "-d", "-c", self.write("nsd.conf", self.conf()))

    def conf(self):
        text = """server:
  ip-address: %s
  server-count: 1
  username: ""
  chroot: ""
  database: ""
  zonesdir: "%s"
  zonelistfile: "%s"
  xfrdfile: "%s"
  pidfile: "%s"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
""" % (self.at, self.folder, self.path("zonelist"), self.path("xfrd"),
            self.path("pid"))
        for zone in self.zones:
            text += 'zone:\n  name: "%s"\n  zonefile: "%s.zone"\n' % (
                zone.origin or ".", zone.origin)
        return text


class Knot(Authority):
    def configure(self):
        self.spawn("knotd", "-c", self.write("knot.conf", self.conf()))

    def conf(self):
        text = """server:
    rundir: "%s"
    listen: %s
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "%s"
control:
    listen: "%s"
template:
  - id: default
    storage: "%s"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
""" % (self.folder, self.at, self.folder, self.path("control"), self.folder)
        for zone in self.zones:
            text += "  - domain: %s\n    file: %s.zone\n" % (
                zone.origin, zone.origin)
        return text


class Unbound(Process):
    """stubs: origin -> authoritative server, or a list of them; more: what
    comes behind, with modules before the iterator that it needs; tls:
    (certificate, key), with which it also serves TLS at tls_port."""

    def __init__(self, world, stubs, host, ttl_max, kind="stub", more="",
                 modules="", tls=None):
        super().__init__(world, "unbound", host)
        self.stubs = stubs
        self.tls_port = free_port(host) if tls else None
        self.text = """server:
  interface: %s
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "%s"
  pidfile: "%s"
  use-syslog: no
  logfile: ""
  num-threads: 1
  module-config: "%siterator"
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  access-control: ::1 allow
  cache-max-ttl: %d
  cache-max-negative-ttl: %d
  infra-host-ttl: 1
  infra-keep-probing: yes
  qname-minimisation: no
  target-fetch-policy: "0 0 0 0 0"
remote-control:
  control-enable: no
""" % (self.at, self.folder, self.path("pid"), modules, ttl_max, ttl_max)
        if tls:
            self.text += """server:
  interface: %s@%d
  tls-port: %d
  tls-service-pem: "%s"
  tls-service-key: "%s"
""" % (host, self.tls_port, self.tls_port, *tls)
        for origin, servers in stubs.items():
            self.text += '%s-zone:\n  name: "%s"\n' % (kind, origin)
            for s in servers if isinstance(servers, list) else [servers]:
                self.text += "  %s-addr: %s\n" % (kind, s.at)
        self.write("unbound.conf", self.text + more)
        self.run()

    def run(self):
        """Starts it, also once more after stop()."""
        self.spawn("unbound", "-d", "-c", self.path("unbound.conf"))
        self.wait_up(next(iter(self.stubs)))

    def forget(self):
        """Starts again, with an empty cache."""
        self.stop()
        self.run()

    def reconfigure(self, more=""):
        """Other lines behind, while it runs; its cache is emptied."""
        self.write("unbound.conf", self.text + more)
        self.signal(signal.SIGHUP)


# ---- the daemon ----

def watch(*names, types=None, every="1s", tags=None, **fields):
    """The text of a watchlist."""
    defaults = dict(fields, every=every)
    if types:
        defaults["types"] = "[%s]" % types if isinstance(types, str) \
            else "[%s]" % ", ".join(types)
    if tags:
        defaults["tags"] = "[%s]" % tags
    return "defaults: {%s}\nwatch:\n%s" % (
        ", ".join("%s: %s" % item for item in defaults.items()),
        "".join("  - %s\n" % n for n in names) or "  []\n")


class Daemon:
    """dnsvigil under test.  resolvers: servers, or (server, group) pairs."""

    def __init__(self, world, resolvers, lists, sinks=None, extra="",
                 database=None):
        self.world = world
        self.number = len(world.daemons)
        self.folder = os.path.join(world.folder, "dnsvigil-%d" % self.number)
        os.makedirs(os.path.join(self.folder, "lists"))
        self.database = database or world.database()
        self.resolvers = resolvers
        self.sinks = sinks or {}
        self.extra = extra
        self.process = None
        self.env = {}  # beside ours
        self.log_path = os.path.join(self.folder, "log")
        self.config = os.path.join(self.folder, "dnsvigil.yaml")
        for name, text in (lists if isinstance(lists, dict)
                           else {"owned.yaml": lists}).items():
            self.write_list(name, text)
        self.write_config()
        world.daemons.append(self)

    def write_list(self, name, text):
        path = os.path.join(self.folder, "lists", name)
        with open(path + "~", "w") as f:
            f.write(text)
        os.rename(path + "~", path)

    def write_config(self, text=None):
        lines = ["database: \"%s\"" % self.database, "resolvers:"]
        for r in self.resolvers:
            server, group = r if isinstance(r, tuple) else (r, None)
            lines.append('  - {address: "%s", rate: none%s}' % (
                server.address, ", group: " + group if group else ""))
        lines += ['watchlists: ["lists/*.yaml"]']
        # A real resolver would ask the real root.
        if "canaries:" not in self.extra:
            lines.append("canaries: none")
        # Few have all that their records point at.
        if "dangling:" not in self.extra:
            lines.append("dangling: none")
        # And most count alerts.
        if "grouping:" not in self.extra:
            lines.append("grouping: false")
        if "wildcard:" not in self.extra:
            lines.append("wildcard: none")
        if "unlisted:" not in self.extra:
            lines.append("unlisted: none")
        if self.sinks:
            lines.append("sinks:")
        for name, url in self.sinks.items():
            # A URL, or a URL and keys beside it.
            url, more = url if isinstance(url, tuple) else (url, "http: true")
            lines.append('  %s: {type: webhook, url: "%s", secret: %s, '
                         "%s, allow: [127.0.0.0/8]}" % (
                             name, url, SECRET, more))
        with open(self.config + "~", "w") as f:
            f.write(text or "\n".join(lines) + "\n" + self.extra)
        os.chmod(self.config + "~", 0o600)
        os.rename(self.config + "~", self.config)

    # ---- life ----

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--config", self.config], stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
                env={**os.environ, **self.env})
        return self

    def stop(self, timeout=15):
        """SIGTERM; its exit status."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("SIGTERM was not obeyed in %g s" % timeout)
        finally:
            self.process = None

    def kill9(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    # ---- what it says ----

    def run(self, *args, status=(0,)):
        # Not --config: what is asked here does not depend on it.
        p = subprocess.run([PROGRAM, args[0], "--database", self.database,
                            *args[1:]], capture_output=True, text=True,
                           stdin=subprocess.DEVNULL, timeout=60,
                           cwd=self.folder)
        if status is not None and p.returncode not in status:
            raise AssertionError("%s: exit %d: %s%s" % (
                args, p.returncode, p.stdout[-500:], p.stderr[-500:]))
        return p

    def rows(self, *args, status=(0,)):
        p = self.run(args[0], "--json", *args[1:], status=status)
        return [json.loads(line) for line in p.stdout.splitlines()]

    def status(self):
        """None while it cannot be asked."""
        p = self.run("status", "--json", status=None)
        return json.loads(p.stdout) if p.stdout else None

    def changes(self, **match):
        """Entries of `changes`; match: members that must be equal."""
        return [c for c in self.rows("changes")
                if all(c.get(k) == v for k, v in match.items())]

    def log(self):
        return self.rows("changes", "--log")

    def baselines(self):
        return self.rows("changes", "--baseline")

    def history(self, name, rrtype=None, at=None):
        """Of records; memberships() has the other rows."""
        return [r for r in self.rows(
            "history", *(["--at", at] if at else []), name,
            *([rrtype] if rrtype else [])) if "class" not in r]

    def memberships(self, name):
        return [r for r in self.rows("history", name)
                if r.get("class") == "membership"]

    def text(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    # ---- waiting ----

    def wait(self, condition, timeout, what):
        def say():
            return "%s\n--- end of its log:\n%s\n--- its changes: %s" % (
                what, self.text()[-2500:], [
                    c.get("summary", c["kind"]) for c in self.changes()][-20:])

        def check():
            if not self.is_running():
                raise AssertionError("the daemon ended: " +
                                     self.text()[-2500:])
            return condition()
        return until(check, timeout, say)

    def wait_ready(self, timeout=20):
        """All that is watched was asked once and is in the database."""
        def ready():
            s = self.status()
            return s and s["state"] == "ready" and \
                s["questions"]["new_left"] == 0 and \
                s["database"]["items_waiting"] == 0 and s
        return self.wait(ready, timeout, "ready")

    def wait_changes(self, count, timeout=20, **match):
        """At least `count` such changes; returns them all."""
        def enough():
            found = self.changes(**match)
            return len(found) >= count and found
        return self.wait(enough, timeout, "%d changes with %s" % (
            count, match))

    def wait_change(self, timeout=20, **match):
        return self.wait_changes(1, timeout, **match)[-1]

    def wait_log(self, text, timeout=20):
        return self.wait(lambda: text in self.text(), timeout,
                         "in the log: " + text)

    def rounds(self, n=2, timeout=30):
        """Waits until every question was asked n times more."""
        s = self.wait(self.status, timeout, "status")
        goal = s["questions"]["asked"] + n * s["questions"]["watched"] + 1
        self.wait(lambda: (self.status() or s)["questions"]["asked"] >= goal,
                  timeout, "%d rounds more" % n)

    def usage(self):
        """(CPU seconds, RSS bytes) of the running process."""
        pid = self.process.pid
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        with open("/proc/%d/schedstat" % pid) as f:
            cpu = int(f.read().split()[0]) / 1e9
        return cpu, int(fields[21]) * os.sysconf("SC_PAGE_SIZE")


# ---- the world ----

class World:
    def __init__(self, name, fsync=False):
        self.folder = tempfile.mkdtemp(prefix="dvlive-%s-" % name,
                                       dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.started = []
        self.daemons = []
        self.receivers = []
        self.n_databases = 0
        self.cluster = pg.Cluster(fsync=fsync)
        self.cluster.start()
        self.cluster.psql("create role dnsvigil login")
        atexit.register(self.close, True)
        # So that what was started is ended then, too.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def database(self):
        """A new database with the schema, as the daemon's role sees it."""
        self.n_databases += 1
        owner = self.cluster.create("world%d" % self.n_databases)
        subprocess.run([PROGRAM, "migrate", "--sql", SQL, "--grant",
                        "dnsvigil", "--database", owner], check=True,
                       capture_output=True)
        return owner + " user=dnsvigil"

    def psql(self, daemon, sql):
        """Rows of a daemon's database, as lists of text."""
        out = self.cluster.psql(sql, daemon.database + " user=postgres")
        return [line.split("|") for line in out.splitlines()]

    def nsd(self, zones, host="127.0.0.2"):
        return Nsd(self, "nsd", zones, host)

    def knot(self, zones, host="127.0.0.3"):
        return Knot(self, "knot", zones, host)

    def unbound(self, stubs, host="127.0.0.4", ttl_max=0, **how):
        return Unbound(self, stubs, host, ttl_max, **how)

    def scripted(self, host="127.0.0.5", **how):
        return Scripted(self, host, **how)

    def proxy(self, seed, chance, limit):
        """In front of PostgreSQL; see pg_proxy.py."""
        p = pg_proxy.PgProxy(self.cluster, seed, chance, limit)
        self.receivers.append(p)
        return p

    def receiver(self, **how):
        r = receiver.Receiver(secret=SECRET, **how).start()
        self.receivers.append(r)
        return r

    def daemon(self, resolvers, lists, **how):
        return Daemon(self, resolvers, lists, **how)

    def publish(self, *zones):
        """Writes and reloads zones; returns when all servers have them."""
        for zone in zones:
            zone.serial += 1
            for server in zone.servers:
                server.reload(zone)
        for zone in zones:
            for server in zone.servers:
                again = time.monotonic() + 1

                def has_it():
                    nonlocal again
                    if time.monotonic() > again:
                        server.reload(zone)
                        again = time.monotonic() + 1
                    return server.serial(zone) == zone.serial
                until(has_it, 15, "serial %d of %s at %s; %s" % (
                    zone.serial, zone.origin, server.address, server.log),
                    0.01)

    def close(self, failed=False):
        if self.folder is None:
            return
        atexit.unregister(self.close)
        for d in self.daemons:
            if d.is_running():
                d.process.kill()
                d.process.wait()
        for s in self.started + self.receivers:
            s.stop()
        if failed:
            shutil.copy(self.cluster.log,
                        os.path.join(self.folder, "postgres.log"))
            print("kept: " + self.folder, file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.cluster.stop()
        self.folder = None


class WorldCase(unittest.TestCase):
    """One world for the class, made by build(); kept when a test failed."""

    maxDiff = None
    fsync = False
    failed = False

    @classmethod
    def build(cls):
        pass

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.__name__.lower(), cls.fsync)
        try:
            cls.build()
        except BaseException:
            cls.world.close(True)
            raise

    @classmethod
    def tearDownClass(cls):
        cls.world.close(cls.failed)

    def run(self, result=None):
        bad = len(result.failures) + len(result.errors)
        before = len(self.world.daemons)
        super().run(result)
        # A test that failed leaves its daemons; they would ask on.
        for d in self.world.daemons[before:]:
            if d.is_running():
                d.kill9()
        if len(result.failures) + len(result.errors) > bad:
            type(self).failed = True
        return result

    def assert_no_changes(self, daemon, **match):
        self.assertEqual(
            [c.get("summary", c["kind"]) for c in daemon.changes(**match)],
            [])
