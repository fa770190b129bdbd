# SPDX-License-Identifier: ISC
"""
How long after a change in a zone it is in the log: through a resolver with a
cache, and through an authoritative view, both in one daemon.

An NSD has 20 names with a TTL; an Unbound stands in front of it.  At random
moments one name after another gets another address.  A delay is from the
moment at which NSD says so (asked every few milliseconds) to that of the log
entry, decided and with its number.
"""

import os
import random
import socket
import statistics
import time

import source
import bench_world as w

TTL_S = 20
EVERY_S = 5
CHANGES = 20
GAP_S = (3.0, 8.0)
LAST_S = TTL_S + 3 * EVERY_S
ZONE = "delay.example."


class Zone:
    """Its NSD, and what it has."""

    def __init__(self, world):
        self.world = world
        self.port = w.free_ports(1)[0]
        self.serial = 1
        self.values = [1] * CHANGES
        self.process = source.start_nsd(world, "zone", self.port, ZONE,
                                        "@ NS ns1.example.\n")
        self.publish()

    def text(self):
        lines = [f"$ORIGIN {ZONE}", f"$TTL {TTL_S}",
                 f"@ SOA ns1.example. m {self.serial} 3600 600 86400 60",
                 "@ NS ns1.example."]
        lines += [f"n{i} A 11.0.{v}.{i + 1}"
                  for i, v in enumerate(self.values)]
        return "\n".join(lines) + "\n"

    def publish(self):
        """The wall clock when NSD says that it has this serial."""
        self.serial += 1
        path = self.world.write("zone.new", self.text())
        os.replace(path, self.world.path("zone.zone"))
        self.process.send_signal(1)
        until = time.monotonic() + 20
        while w.Nsd.serial_of(self.port, ZONE) != self.serial:
            if time.monotonic() > until:
                raise w.Trouble("nsd: the zone is not as it was written")
            time.sleep(0.002)
        return time.time()

    def change(self, i):
        self.values[i] += 1
        return self.publish()


def start_unbound(world, zone):
    port = w.free_ports(1)[0]
    conf = world.write("unbound.conf", f"""server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{world.dir}"
  pidfile: "{world.path('unbound.pid')}"
  use-syslog: no
  logfile: ""
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
remote-control:
  control-enable: no
stub-zone:
  name: "{ZONE}"
  stub-addr: 127.0.0.1@{zone.port}
""")
    process = world.start("unbound", ["unbound", "-d", "-c", conf])

    def is_answering():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            s.connect(("127.0.0.1", port))
            try:
                s.send(b"\0\1\1\0\0\1\0\0\0\0\0\0\2n0\5delay\7example\0"
                       b"\0\1\0\1")
                return s.recv(512)[3] & 15 == 0
            except OSError:
                return False
    world.wait_for(process, "answering", is_answering)
    return port


class Names:
    types = ["A"]

    def __iter__(self):
        return (f"n{i}.{ZONE}" for i in range(CHANGES))


class Delay:
    def __init__(self, bench):
        self.b = bench
        self.seed = int(os.environ.get("SEED") or time.time())

    def start(self):
        world, daemon = self.b.world, self.b.daemon
        zone = Zone(world)
        tree = source.Tree(world, ["delay"], [f"127.0.0.1:{zone.port}"])
        daemon.config_more = tree.view
        daemon.list_more = ", views: [default, source]"
        daemon.confirm = "path"
        daemon.start(Names(), [start_unbound(world, zone)], EVERY_S)
        daemon.wait_settled(60)
        time.sleep(EVERY_S)
        return zone

    def found(self):
        """{(view, number): seconds since 1970}"""
        rows = self.b.postgres.psql(
            "select view, name, extract(epoch from at) from dnsvigil.log "
            "where class = 'change'")
        out = {}
        for row in rows.splitlines():
            view, name, at = row.split("|")
            out.setdefault((view, int(name.split(".")[0][1:])), float(at))
        return out

    def run(self):
        w.progress(f"delay: seed {self.seed}")
        dice = random.Random(self.seed)
        zone = self.start()
        made = []
        for i in range(CHANGES):
            time.sleep(dice.uniform(*GAP_S))
            made.append(zone.change(i))
        time.sleep(LAST_S)
        found = self.found()
        for view in ("default", "source"):
            all_s = [found[view, i] - made[i] for i in range(CHANGES)
                     if (view, i) in found]
            self.b.say(f"{view}_found", len(all_s), "changes")
            self.b.say(f"{view}_median", statistics.median(all_s), "s")
            self.b.say(f"{view}_worst", max(all_s), "s")
        self.b.say("ttl", TTL_S, "s")
        self.b.say("every", EVERY_S, "s")
