# SPDX-License-Identifier: ISC
"""
What following a cache's entries gives, through Unbound in front of NSD.

Names with TTLs of 10, 20 and 30 s change twice, each at moments of its own
that a seed draws.  Each way of polling them has an Unbound of its own:

* the daemon with `every: 6s`, which moves polls within the interval;
* the daemon with `chase: yes` beside that;
* and, to compare, a loop that asks each name once in a fixed time: 6 s, and
  what asks about as often as the daemon does with `chase`.

A change is seen by the first poll whose answer has it.  The delay counts from
when NSD serves it.  Takes under three minutes.
"""

import datetime
import os
import random
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "live"))
HERE = sys.modules.pop("world", None)
import world as live  # noqa: E402
from world_dns import wire_name  # noqa: E402
if HERE is not None:
    sys.modules["world"] = HERE  # that of the other benchmarks

EVERY = 6
TTLS = (10, 20, 30)
EACH = 40            # names of each TTL
WARM_S = 35
CHANGES = 2          # of each name ...
APART_S = 45         # ... so far apart, the first in ...
SPREAD_S = 40        # ... so long
LENGTH_S = SPREAD_S + (CHANGES - 1) * APART_S + max(TTLS) + EVERY + 4
ORIGIN = "chase.example"


class Fixed(threading.Thread):
    """Asks each name of a resolver once in `every` seconds."""

    def __init__(self, server, names, every):
        super().__init__(daemon=True)
        self.server, self.names, self.every = server, names, every
        self.asked = 0
        self.seen = {n: [] for n in names}  # (when, last octet)
        self.over = False

    def ask(self, sock, name):
        sock.send(b"\0\1\1\0\0\1\0\0\0\0\0\0" + wire_name(name) +
                  b"\0\1\0\1")
        reply = sock.recv(512)
        self.asked += 1
        last = reply[-1]
        if not self.seen[name] or self.seen[name][-1][1] != last:
            self.seen[name].append((time.time(), last))

    def run(self):
        plan = [(i / len(self.names) * self.every, n)
                for i, n in enumerate(random.sample(
                    self.names, len(self.names)))]
        began = time.time()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.connect((self.server.host, self.server.port))
            turn = 0
            while not self.over:
                for offset, name in plan:
                    wait = began + turn * self.every + offset - time.time()
                    if wait > 0:
                        time.sleep(wait)
                    self.ask(sock, name)
                turn += 1


def delays(seen, published):
    """From each change to when it was seen; one that never was: None."""
    return [next((t - at for t, o in seen.get(name, ()) if o == octet), None)
            for (name, octet), at in published.items()]


def say(name, value, unit):
    print(f"chase.live_{name} {value:.2f} {unit}", flush=True)


def tell(what, asked, seconds, found):
    known = sorted(max(0.0, d) for d in found if d is not None)
    n = EACH * len(TTLS)
    say(f"{what}_questions", asked / n / seconds * 60, "1/minute")
    say(f"{what}_delay_mean", statistics.mean(known), "s")
    say(f"{what}_delay_p95", known[len(known) * 95 // 100], "s")
    say(f"{what}_not_seen", len(found) - len(known), "changes")


def seen_by(d):
    seen = {}
    for c in d.changes():
        seen.setdefault(c["name"].rstrip("."), []).append(
            (time_of(c["seen_at"]),
             int(c["to"]["rdata"][0].rsplit(".", 1)[1])))
    return seen


def time_of(text):
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


def run(seed):
    random.seed(seed)
    print(f"chase.live_seed {seed} number")
    w = live.World("chase")
    failed = True
    try:
        measure(w)
        failed = False
    finally:
        w.close(failed)


def moments():
    """[(seconds, name, last octet)], in order."""
    found = []
    for ttl in TTLS:
        for i in range(EACH):
            at = random.uniform(0, SPREAD_S)
            for k in range(CHANGES):
                found.append((at + k * APART_S, f"n{i}-{ttl}", 2 + k))
    return sorted(found)


def change_all(w, zone):
    """Changes one name after another.  {(name, octet): when it was served}"""
    published = {}
    began = time.time()
    waiting = moments()
    while waiting:
        time.sleep(0.2)
        due = [m for m in waiting if m[0] <= time.time() - began]
        waiting = waiting[len(due):]
        for _, owner, octet in due:
            zone.set(f"{owner} {owner.split('-')[1]}", "A",
                     f"192.0.2.{octet}")
        if due:
            w.publish(zone)
        for _, owner, octet in due:
            published[f"{owner}.{ORIGIN}", octet] = time.time()
    time.sleep(max(TTLS) + EVERY + 4)
    return published


def measure(w):
    zone = live.Zone(ORIGIN)
    owners = [f"n{i}-{ttl}" for ttl in TTLS for i in range(EACH)]
    for owner in owners:
        zone.set(f"{owner} {owner.split('-')[1]}", "A", "192.0.2.1")
    nsd = w.nsd([zone])
    names = [f"{o}.{ORIGIN}" for o in owners]
    hosts = iter(f"127.0.0.{i}" for i in range(10, 20))

    def unbound():
        return w.unbound({ORIGIN: nsd}, next(hosts), ttl_max=3600)

    # With `chase` one question an entry, and one more a change.
    often = statistics.mean(1 / (ttl + 1.2) for ttl in TTLS) + \
        CHANGES / LENGTH_S
    fixed = {"fixed": Fixed(unbound(), names, EVERY),
             "fixed_as_chase": Fixed(unbound(), names, 1 / often)}
    daemons = {
        "moved": w.daemon([unbound()], live.watch(
            *names, types="A", every=f"{EVERY}s")),
        "chase": w.daemon([unbound()], live.watch(
            *names, types="A", every=f"{EVERY}s", chase="yes"))}
    for d in daemons.values():
        d.start()
        d.wait_ready()
    for f in fixed.values():
        f.start()
    time.sleep(WARM_S)
    began = time.time()
    before = {k: d.status()["questions"]["asked"]
              for k, d in daemons.items()}
    asked = {k: f.asked for k, f in fixed.items()}
    published = change_all(w, zone)
    seconds = time.time() - began
    for k, f in fixed.items():
        tell(k, f.asked - asked[k], seconds, delays(f.seen, published))
        f.over = True
    for k, d in daemons.items():
        now = d.status()["questions"]["asked"]
        tell(k, now - before[k], seconds, delays(seen_by(d), published))
    for f in fixed.values():
        f.join()
