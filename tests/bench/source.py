# SPDX-License-Identifier: ISC
"""
What it costs to ask the servers of zones themselves, beside a resolver.

A root and `example.` on two NSD, and below it one zone, or a thousand, on
four servers that cost next to nothing (answerer --apex).  Daemons, each with
a database of its own, watch the same names: one through an authoritative
view, one through a resolver at the same interval (a poll against a poll), and
one through it with as many questions a second (a question against a
question).  While one is measured the others are stopped; each round begins
with another.  Figures are medians of the rounds, ratios those of each round.
"""

import contextlib
import statistics
import time

import bench_world as w

N = 10000
ZONES = 1000
MORE = 50000        # names, to tell memory by
EVERY_S = 4
SERVERS = 4
ROUNDS = 5
SETTLE_S = 3.0
SOON_S = 600


class ZoneNames:
    """N names, one after another in each of so many zones."""
    types = ["A"]

    def __init__(self, n, zones):
        self.n = n
        self.zones = zones

    def __iter__(self):
        return (f"n{i}.z{i % self.zones}.example." for i in range(self.n))


def zone_text(origin, records):
    return (f"$ORIGIN {origin}\n$TTL 3600\n"
            "@ SOA m h 1 3600 600 86400 60\n" + records)


def start_nsd(world, name, port, origin, records):
    """A zone at 127.0.0.1:port; it reads its file again on SIGHUP."""
    world.write(f"{name}.zone", zone_text(origin, records))
    conf = world.write(f"{name}.conf", f"""server:
  ip-address: 127.0.0.1@{port}
  server-count: 1
  username: ""
  zonesdir: "{world.dir}"
  database: ""
  pidfile: "{world.path(name + '.pid')}"
  zonelistfile: "{world.path(name + '.list')}"
  xfrdfile: "{world.path(name + '.xfrd')}"
  xfrdir: "{world.dir}"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "{origin}"
  zonefile: "{name}.zone"
""")
    process = world.start(name, ["nsd", "-d", "-c", conf])
    w.Answerer.wait_answer(port)
    return process


class Tree:
    """A root, `example.`, and where the servers of the zones below are."""

    def __init__(self, world, zones, addresses):
        """zones: first labels; addresses: of ns1 and so on."""
        root, parent = w.free_ports(2)
        start_nsd(world, "root", root, ".",
                  "@ NS a.root.\na.root. A 192.0.2.1\n"
                  "example. NS p.example.\np.example. A 192.0.2.2\n")
        servers = [f"ns{i + 1}" for i in range(len(addresses))]
        start_nsd(world, "parent", parent, "example.",
                  "@ NS p\np A 192.0.2.2\n" +
                  "".join(f"{x} A 192.0.2.3\n" for x in servers) +
                  "".join(f"{z} NS {x}\n" for z in zones for x in servers))
        self.view = (
            "views:\n  source:\n    authoritative: true\n    rate: none\n"
            f'    hints: ["127.0.0.1:{root}"]\n    at:\n'
            f'      p.example: ["127.0.0.1:{parent}"]\n' +
            "".join(f'      {x}.example: ["{a}"]\n'
                    for x, a in zip(servers, addresses)))


class Arm:
    """A daemon that watches names in one way."""

    def __init__(self, world, name, program, names, every, port, view=""):
        self.name = name
        self.names = names
        self.every = every
        self.port = port
        self.is_source = view != ""
        self.postgres = w.Postgres(world)
        self.postgres.start()
        self.daemon = w.Daemon(world, self.postgres, program)
        self.daemon.config_more = view
        if self.is_source:
            self.daemon.list_more = ", views: [source]"
        self.daemon.migrate()
        self.windows = []
        self.longest_turn_us = 0  # in the windows

    def start(self):
        """Seconds until each was asked once."""
        self.daemon.start(self.names, [self.port], self.every)
        begin = time.monotonic()

        def all_asked():
            status = self.daemon.status()
            return (status is not None and status["state"] == "ready" and
                    status["questions"]["new_left"] == 0 and
                    status["questions"]["answered"] >= self.names.n)
        self.daemon.wait_for("asked once", all_asked, SOON_S)
        took = time.monotonic() - begin
        self.daemon.wait_settled(SOON_S)
        return took

    def rss_kb(self):
        time.sleep(2)
        return w.rss_kb(self.daemon.process.pid)

    def finder_questions(self):
        """Of all that it asked, those that were no part of a survey."""
        asked = 0

        def nothing_is_open():
            nonlocal asked
            s = self.daemon.status()["sources"]
            asked = s["asked"] - SERVERS * s["surveyed"]
            return s["surveys"] == 0
        self.daemon.wait_for("between two surveys", nothing_is_open, 60)
        return asked

    def counts(self):
        status = self.daemon.status()
        polls = status["questions"]["answered"]
        asked = polls
        if self.is_source:
            asked = status["sources"]["asked"]
        return polls, asked, self.daemon.cpu_ns(), status

    def measure(self):
        """(us a poll, us a question, questions a second)"""
        self.daemon.pause(False)
        time.sleep(SETTLE_S)
        begin = time.monotonic()
        first = self.counts()
        time.sleep(EVERY_S)
        last = self.counts()
        seconds = time.monotonic() - begin
        self.daemon.pause(True)
        us = (last[2] - first[2]) / 1000
        self.longest_turn_us = max([self.longest_turn_us] + [
            x[0] for x in w.less(first[3]["turns"], last[3]["turns"])])
        self.windows.append((us / (last[0] - first[0]),
                             us / (last[1] - first[1]),
                             (last[1] - first[1]) / seconds))

    def median(self, i):
        return statistics.median(x[i] for x in self.windows)


class Source:
    def __init__(self, bench):
        self.b = bench
        self.stack = contextlib.ExitStack()

    def say(self, name, value, unit):
        self.b.say(name, value, unit)

    def say_ratio(self, name, one, other, i):
        self.b.say_ratio(name, [a[i] / b[i] for a, b in zip(
            one.windows, other.windows)])

    def arm(self, name, names, every, view=""):
        return Arm(self.stack.enter_context(w.World()), name,
                   self.b.daemon.program, names, every,
                   self.b.server.ports[0], view)

    def start_servers(self):
        hosts = [f"127.0.0.{i + 2}" for i in range(SERVERS)]
        addresses = []
        for i, host in enumerate(hosts):
            port = w.free_ports(1)[0]
            self.b.world.start(f"zones{i}", [
                self.b.server.program, f"{host}:{port}", "--apex", "2"])
            w.Answerer.wait_answer(port, host)
            addresses.append(f"{host}:{port}")
        tree = Tree(self.b.world, ["bench"] +
                    [f"z{i}" for i in range(ZONES)], addresses)
        return tree.view

    def start_arm(self, arm):
        self.say(f"start_{arm.name}_all_asked", arm.start(), "s")
        if arm.is_source:
            self.say(f"start_{arm.name}_finder_questions",
                     arm.finder_questions(), "questions")
        rss = arm.rss_kb()
        self.say(f"rss_{arm.name}", rss, "kB")
        turns = arm.daemon.status()["turns"]["counts"]
        self.say(f"start_{arm.name}_longest_turn",
                 max(x[0] for x in turns) / 1000, "ms")
        arm.daemon.pause(True)
        return rss

    def start_all(self, view):
        one = w.Names(N, ["A"])
        many = ZoneNames(N, ZONES)
        arms = [self.arm("source", one, EVERY_S, view),
                self.arm("resolver", one, EVERY_S),
                self.arm("resolver_rate", one, EVERY_S // SERVERS),
                self.arm("source_zones", many, EVERY_S, view),
                self.arm("resolver_zones", many, EVERY_S)]
        rss = {x.name: self.start_arm(x) for x in arms}
        for what in ("source", "resolver"):
            more = self.arm(f"{what}_more", w.Names(MORE, ["A"]), 40,
                            view if what == "source" else "")
            grown = self.start_arm(more) - rss[what]
            more.daemon.stop()
            self.say(f"memory_{what}_question", 1024 * grown / (MORE - N),
                     "bytes/question")
        grown = (rss["source_zones"] - rss["source"] -
                 (rss["resolver_zones"] - rss["resolver"]))
        self.say("memory_zone", 1024 * grown / (ZONES - 1), "bytes/zone")
        return arms

    def measure(self):
        arms = self.start_all(self.start_servers())
        for i in range(ROUNDS):
            w.progress(f"source: round {i + 1} of {ROUNDS}")
            for k in range(len(arms)):
                arms[(i + k) % len(arms)].measure()
        source, resolver, rate, source_zones, resolver_zones = arms
        for x in arms:
            self.say(f"cpu_{x.name}_poll", x.median(0), "us/poll")
            self.say(f"cpu_{x.name}_question", x.median(1), "us/question")
            self.say(f"questions_rate_{x.name}", x.median(2), "1/s")
            self.say(f"longest_turn_{x.name}",
                     x.longest_turn_us / 1000, "ms")
        self.say("rounds", ROUNDS, "rounds")
        self.say_ratio("ratio_poll", source, resolver, 0)
        self.say_ratio("ratio_question", source, resolver, 1)
        self.say_ratio("ratio_question_same_rate", source, rate, 1)
        self.say_ratio("ratio_poll_zones", source_zones, resolver_zones, 0)
        self.say_ratio("ratio_question_zones", source_zones, resolver_zones,
                       1)

    def run(self):
        with self.stack:
            self.measure()
