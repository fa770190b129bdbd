# SPDX-License-Identifier: ISC
"""
What bench.py measures in: an NSD, a PostgreSQL, the daemon and dnsperf, each
started here, on loopback and free ports, below one temporary folder, and
ended by its own process id.
"""

import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ORIGIN = "bench.example."
NS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class Trouble(Exception):
    """Something that was started does not do what it is here for."""


def progress(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


# ---- what a process has used ----

def stat_fields(pid):
    with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
        return f.read().rpartition(") ")[2].split()


def cpu_ns(pid):
    """User and system time of the process and its threads, in ns."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        total = 0
        for task in tasks:
            with open(f"/proc/{pid}/task/{task}/schedstat",
                      encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total
    except FileNotFoundError:
        return 0  # it has ended


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(x) for x in f.read().split()]
    except FileNotFoundError:
        return []  # it has ended


def tree_cpu_ns(pid):
    """The process, its living children, and those that it has reaped."""
    fields = stat_fields(pid)
    reaped = (int(fields[13]) + int(fields[14])) * NS_PER_TICK
    return reaped + cpu_ns(pid) + sum(cpu_ns(x) for x in children(pid))


def set_cores(pids, cores):
    for pid in pids:
        try:
            os.sched_setaffinity(pid, cores)
        except ProcessLookupError:
            pass  # it ended meanwhile


def less(a, b):
    """What of a histogram's counts came between two looks at the status."""
    before = dict(map(tuple, a["counts"]))
    return [(us, n - before.get(us, 0)) for us, n in b["counts"]
            if n > before.get(us, 0)]


def rss_kb(pid, key="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="latin-1") as f:
        return int(re.search(key + r":\s+(\d+)", f.read())[1])


# ---- the folder and what lives in it ----

class World:
    """Use as a context: at its end nothing of it is left."""

    def __init__(self):
        self.dir = None
        self.running = []  # latest last: they end in reverse

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="dnsvigil-bench-")
        os.chmod(self.dir, 0o755)  # the database's user must get in
        return self

    def __exit__(self, *error):
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)
        for process in reversed(self.running):
            end(process)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        path = self.path(name)
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path

    def start(self, name, argv, user=None):
        """Its output goes to NAME.out and NAME.err; it dies with us."""
        before = ["setpriv", "--pdeathsig", "TERM"]
        if user is not None and os.geteuid() == 0:
            entry = pwd.getpwnam(user)
            before += ["--reuid", str(entry.pw_uid), "--regid",
                       str(entry.pw_gid), "--clear-groups"]
        with open(self.path(name + ".out"), "wb") as out, \
                open(self.path(name + ".err"), "wb") as err:
            process = subprocess.Popen(
                before + argv, stdin=subprocess.DEVNULL, stdout=out,
                stderr=err, cwd=self.dir, start_new_session=True)
        process.name = name
        self.running.append(process)
        return process

    def check(self, process):
        if process.poll() is None:
            return
        with open(self.path(process.name + ".err"), encoding="latin-1") as f:
            tail = "".join(f.readlines()[-5:])
        raise Trouble(f"{process.name} ended with {process.returncode}:\n"
                      + tail)

    def wait_for(self, process, what, true, seconds=30):
        until = time.monotonic() + seconds
        while not true():
            self.check(process)
            if time.monotonic() > until:
                raise Trouble(f"{process.name}: not {what} in {seconds} s")
            time.sleep(0.02)

    @contextlib.contextmanager
    def core_of_its_own(self, process):
        """Everything else has the others; False: there is only one."""
        all_cores = os.sched_getaffinity(0)
        others = set(all_cores)
        mine = {others.pop()}
        if not others:
            yield False
            return
        everybody = [os.getpid()]
        for x in self.running:
            if x is not process:
                everybody += [x.pid, *children(x.pid)]
        try:
            set_cores(everybody, others)
            set_cores([process.pid], mine)
            yield True
        finally:
            set_cores(everybody + [process.pid], all_cores)

    def end(self, process):
        end(process)
        self.running.remove(process)


def end(process):
    """By its id, first politely."""
    for sig, seconds in ((process.__dict__.get("end_by", signal.SIGTERM), 15),
                         (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(sig)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass


def command(argv, **more):
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, check=False, timeout=60, **more)
    if p.returncode != 0:
        raise Trouble(f"{argv[0]}: {p.stderr.strip() or p.returncode}")
    return p.stdout


def free_ports(n):
    """Free for UDP and TCP; somebody else may still be quicker."""
    held = []
    ports = []
    while len(ports) < n:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held += [udp, tcp]
        udp.bind(("127.0.0.1", 0))
        try:
            tcp.bind(udp.getsockname())
        except OSError:
            continue
        ports.append(udp.getsockname()[1])
    for s in held:
        s.close()
    return ports


# ---- the server of the names ----

class Names:
    """n0.bench.example. and so on, written anew where they are needed."""

    def __init__(self, n, types, first=0):
        self.n = n
        self.types = types
        self.first = first

    def __iter__(self):
        return (f"n{i}.{ORIGIN}"
                for i in range(self.first, self.first + self.n))


class Answerer:
    """
    Two servers that cost next to nothing, so that the daemon's side of the
    box is what is short.  Names have addresses; other types say NODATA.
    """

    def __init__(self, world, program):
        self.world = world
        self.program = program
        self.ports = free_ports(2)
        self.version = 0
        self.seen_file = None  # of the first one
        self.write_version(100)

    def write_version(self, share, failing=""):
        path = self.world.write("version.new",
                                f"{self.version} {share} {failing}\n")
        os.replace(path, self.world.path("version"))

    def start(self):
        for i, port in enumerate(self.ports):
            more = []
            if self.seen_file is not None and i == 0:
                more = ["--seen-file", self.seen_file]
            self.world.start(f"answerer{i}", [
                self.program, f"127.0.0.1:{port}", "--version-file",
                self.world.path("version"), "--count-file",
                self.world.path(f"count{i}")] + more)
            self.wait_answer(port)

    @staticmethod
    def wait_answer(port, host="127.0.0.1"):
        until = time.monotonic() + 10
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.1)
            s.connect((host, port))
            while time.monotonic() < until:
                try:
                    s.send(b"\0\1\0\0\0\1\0\0\0\0\0\0\1n\0\0\1\0\1")
                    s.recv(512)
                    return
                except OSError:
                    time.sleep(0.02)
        raise Trouble(f"answerer: no answer from port {port}")

    def change(self, share):
        """Gives one name in `share` an address that it never had."""
        if share == 1:
            # Beyond all that the steps of a share have given.
            self.version += 1000
        else:
            self.version += 1
        self.write_version(share)

    def fail(self, failing, silent, first):
        """So many of 1000 names fail, so many of these in silence."""
        self.write_version(100, f"{failing} {silent} {first}")

    def peaks(self):
        """Per server, the most questions in one second."""
        out = []
        for i in range(len(self.ports)):
            with open(self.world.path(f"count{i}"), encoding="ascii") as f:
                out.append(int(f.read().split()[1]))
        return out


class Nsd:
    """A zone of names n0 ... with one address each, on two ports."""

    def __init__(self, world, n_names):
        self.world = world
        self.serial = 1
        self.values = [0x0a000000 + i for i in range(n_names)]
        self.first = 0
        self.next_value = 0x64400000
        self.ports = free_ports(2)
        self.process = None

    def write_zone(self):
        lines = [f"$ORIGIN {ORIGIN}", "$TTL 300",
                 f"@ SOA ns hostmaster {self.serial} 3600 600 86400 60",
                 "@ NS ns", "ns A 127.0.0.1"]
        for i, v in enumerate(self.values):
            lines.append(f"n{i} A {v >> 24}.{v >> 16 & 255}."
                         f"{v >> 8 & 255}.{v & 255}")
        path = self.world.write("zone.new", "\n".join(lines) + "\n")
        os.replace(path, self.world.path("zone"))

    def start(self):
        self.write_zone()
        listen = "".join(f"  ip-address: 127.0.0.1@{p}\n" for p in self.ports)
        conf = self.world.write("nsd.conf", f"""server:
{listen}  server-count: 1
  username: ""
  zonesdir: "{self.world.dir}"
  database: ""
  pidfile: "{self.world.path('nsd.pid')}"
  zonelistfile: "{self.world.path('nsd.zones')}"
  xfrdfile: "{self.world.path('nsd.xfrd')}"
  xfrdir: "{self.world.dir}"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: {ORIGIN}
  zonefile: zone
""")
        self.process = self.world.start("nsd", ["nsd", "-d", "-c", conf])
        self.world.wait_for(self.process, "answering", self.is_answering)

    def is_answering(self):
        """Whether the SOA that it gives has our serial."""
        return all(self.serial_of(port) == self.serial for port in self.ports)

    @staticmethod
    def serial_of(port, origin=ORIGIN):
        wire = b"".join(bytes([len(x)]) + x.encode()
                        for x in origin.split("."))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            s.connect(("127.0.0.1", port))
            try:
                s.send(b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + wire + b"\0\6\0\1")
                answer = s.recv(512)
            except OSError:
                return None
        # Owner (compressed), the fixed fields, two names, five numbers.
        at = 12 + len(wire) + 4 + 12
        for _ in range(2):
            while answer[at] != 0 and answer[at] < 192:
                at += 1 + answer[at]
            at += 2 if answer[at] >= 192 else 1
        return int.from_bytes(answer[at:at + 4], "big")

    def change(self, share):
        """Gives one name in `share` an address that none ever had."""
        n = max(1, len(self.values) // share)
        first = self.first
        self.first += n
        for i in range(first, first + n):
            self.values[i % len(self.values)] = self.next_value
            self.next_value += 1
        self.serial += 1
        self.write_zone()
        self.process.send_signal(signal.SIGHUP)


# ---- PostgreSQL ----

class Postgres:
    """A cluster with its defaults, so with fsync, and on a socket only."""

    def __init__(self, world):
        self.world = world
        self.dir = world.path("pg")
        self.process = None
        self.counts_statements = bool(os.environ.get("STATEMENTS"))
        self.conninfo = f"host={self.dir} user=dnsvigil dbname=dnsvigil"

    @staticmethod
    def program(name):
        base = "/usr/lib/postgresql"
        for version in sorted(os.listdir(base), key=float):
            path = f"{base}/{version}/bin/{name}"
            if float(version) >= 15 and os.access(path, os.X_OK):
                return path
        raise Trouble(f"no {name} of PostgreSQL 15 or later")

    def start(self):
        user = "postgres" if os.geteuid() == 0 else None
        os.mkdir(self.dir, 0o700)
        if user is not None:
            shutil.chown(self.dir, user, user)
        data = os.path.join(self.dir, "data")
        initdb = self.world.start("initdb", [
            self.program("initdb"), "-D", data, "-U", "postgres", "-E",
            "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync"], user)
        if initdb.wait(60) != 0:
            self.world.check(initdb)
        more = []
        for setting in os.environ.get("POSTGRES", "").split():
            more += ["-c", setting]
        if self.counts_statements:
            more += ["-c", "shared_preload_libraries=pg_stat_statements"]
        self.process = self.world.start("postgres", [
            self.program("postgres"), "-D", data, "-k", self.dir,
            "-c", "listen_addresses="] + more, user)
        self.process.end_by = signal.SIGINT
        self.world.wait_for(self.process, "ready", self.is_ready)
        for sql in ("create role dnsvigil_owner login",
                    "create role dnsvigil login",
                    "create database dnsvigil owner dnsvigil_owner"):
            self.psql(sql, "user=postgres dbname=postgres")
        if self.counts_statements:
            self.psql("create extension pg_stat_statements", "user=postgres")

    def forget_statements(self):
        if self.counts_statements:
            self.psql("select pg_stat_statements_reset()", "user=postgres")

    def statements(self):
        """A line for each of the dearest: ms, calls, rows, what it is."""
        if not self.counts_statements:
            return []
        return self.psql(
            "select format('%10s ms %8s calls %9s rows  %s', "
            "round(total_exec_time::numeric, 1), calls, rows, "
            "left(regexp_replace(query, '\\s+', ' ', 'g'), 100)) "
            "from pg_stat_statements order by total_exec_time desc limit 24",
            "user=postgres").splitlines()

    def is_ready(self):
        try:
            self.psql("select 1", "user=postgres dbname=postgres")
        except Trouble:
            return False
        return True

    def psql(self, sql, other=""):
        return command(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d",
                        f"{self.conninfo} {other}", "-c", sql]).strip()

    def wal_bytes(self):
        return int(self.psql(
            "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))

    def cpu_ns(self):
        return tree_cpu_ns(self.process.pid)


# ---- the daemon ----

class Daemon:
    def __init__(self, world, postgres, program):
        self.world = world
        self.postgres = postgres
        self.program = program
        self.process = None
        self.config = None
        self.every = 0
        self.more = ""  # said of each resolver
        self.config_more = ""  # lines
        self.confirm = "cache"
        self.list_more = ""  # of its defaults, with a comma before

    def migrate(self):
        owner = self.postgres.conninfo + " user=dnsvigil_owner"
        command([self.program, "migrate", "--sql", os.path.join(ROOT, "sql"),
                 "--grant", "dnsvigil", "--database", owner])

    def write_list(self, names, every):
        with open(self.world.path("names.yaml"), "w", encoding="ascii") as f:
            types = ", ".join(names.types)
            f.write(f"watchlist: bench\ndefaults: {{types: [{types}], "
                    f"every: {every}s, confirm: {self.confirm}"
                    f"{self.list_more}}}\nwatch:\n")
            for x in names:
                f.write(f"  - {x}\n")

    def reload(self, names):
        """Until it says that it is done."""
        before = self.reloads()
        self.write_list(names, self.every)
        self.process.send_signal(signal.SIGHUP)
        self.wait_for("reloaded", lambda: self.reloads() > before, 300)

    def reloads(self):
        with open(self.world.path("dnsvigil.err"), encoding="utf-8") as f:
            return f.read().count("reloaded:")

    def start(self, names, ports, every, rate="none"):
        self.every = every
        self.write_list(names, every)
        more = ", " + self.more if self.more else ""
        servers = "".join(
            f'  - {{address: "127.0.0.1:{p}", rate: {rate}, group: g{p}'
            f'{more}}}\n' for p in ports)
        self.config = self.world.write(
            "dnsvigil.yaml", f"database: {self.postgres.conninfo}\n"
            f"resolvers:\n{servers}watchlists: [names.yaml]\ncanaries: none\n"
            + self.config_more)
        self.process = self.world.start(
            "dnsvigil", [self.program, "serve", "--config", self.config])
        self.process.end_by = signal.SIGTERM

    def status(self):
        """What it says of itself; None while it cannot be asked."""
        p = subprocess.run(
            [self.program, "status", "--json", "--config", self.config],
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=60)
        self.world.check(self.process)
        return json.loads(p.stdout) if p.stdout else None

    def wait_for(self, what, true, seconds):
        self.world.wait_for(self.process, what, true, seconds)

    def is_settled(self):
        s = self.status()
        return (s is not None and s["state"] == "ready" and
                s["questions"]["new_left"] == 0 and
                s["questions"]["inquiries"] == 0 and
                s["database"]["items_waiting"] == 0)

    def wait_settled(self, seconds):
        """Until every question was asked and what it gave is durable."""
        self.wait_for("settled", self.is_settled, seconds)

    def stop(self):
        self.world.end(self.process)

    def pause(self, on):
        self.process.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def cpu_ns(self):
        return cpu_ns(self.process.pid)


# ---- the peer ----

class Dnsperf:
    def __init__(self, world, names, port):
        self.world = world
        self.port = port
        self.file = world.path("questions")
        with open(self.file, "w", encoding="ascii") as f:
            for x in names:
                for t in names.types:
                    f.write(f"{x} {t}\n")

    def run(self, seconds, rate=0):
        """
        (questions answered, CPU ns, wall s) of one run, with EDNS; as fast as
        it can, or so many a second.
        """
        argv = ["dnsperf", "-s", "127.0.0.1", "-p", str(self.port), "-d",
                self.file, "-l", str(seconds), "-e", "-T", "1"]
        if rate > 0:
            argv += ["-Q", str(rate)]
        process = self.world.start("dnsperf", argv)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            self.world.check(process)
        self.world.running.remove(process)
        with open(self.world.path("dnsperf.out"), encoding="ascii") as f:
            out = f.read()
        done = re.search(r"Queries completed:\s+(\d+)", out)
        wall = re.search(r"Run time \(s\):\s+([\d.]+)", out)
        if done is None or wall is None or int(done[1]) == 0:
            raise Trouble("dnsperf: no answers")
        return (int(done[1]), int((used.ru_utime + used.ru_stime) * 1e9),
                float(wall[1]))
