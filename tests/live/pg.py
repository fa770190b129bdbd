# SPDX-License-Identifier: ISC
"""A private PostgreSQL cluster for a test: standard library only.

    cluster = pg.Cluster()
    cluster.start()
    cluster.psql("select 1")    # "1"
    cluster.stop()              # stops it and removes its folder

It lives in a folder of its own with a short path (a socket's path has at most
107 bytes), listens on a Unix socket there and, with tcp=True, on a free port
of 127.0.0.1.  PostgreSQL refuses root: then it runs as the user `postgres` of
the package.  Everybody is trusted; that is why nothing but loopback is
listened on.  Durable by default (fsync=True), as crash tests need it.
"""

import atexit
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

USER = "postgres"
SUPERUSER = "postgres"
DATABASE = "dnsvigil"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
START_S = 60


def bindir():
    """Where initdb and pg_ctl are: the newest of Debian's versions."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"),
                   key=lambda path: int(path.split("/")[4]))
    if found:
        return os.path.dirname(found[-1])
    path = shutil.which("initdb")
    if path is None:
        raise RuntimeError("PostgreSQL is not installed (initdb not found)")
    return os.path.dirname(os.path.realpath(path))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    def __init__(self, fsync=True, tcp=False, settings=None):
        self.fsync = fsync
        self.tcp = tcp
        self.settings = dict(settings or {})
        self.folder = None
        self.port = 5432  # of the socket's name; a TCP port with tcp=True
        self.bin = bindir()

    # ---- life ----

    def start(self):
        """Makes the cluster at the first call, starts it again later."""
        if self.folder is None:
            self._make()
        self._ctl("start", "-w", "-t", str(START_S), "-l", self.log,
                  "-o", self._options())
        return self

    def stop(self, mode="immediate", remove=True):
        """Stops it ("smart", "fast", "immediate") and removes the folder."""
        if self.folder is None:
            return
        if os.path.exists(os.path.join(self.data, "postmaster.pid")):
            self._ctl("stop", "-w", "-m", mode, check=False)
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def restart(self, mode="immediate"):
        self.stop(mode, remove=False)
        self.start()

    def kill9(self, pid=None):
        """SIGKILL to one process, or to the postmaster and all that is its.
        After the latter start() recovers."""
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            return
        with open(os.path.join(self.data, "postmaster.pid")) as f:
            master = int(f.readline())
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(master)],
            stdout=subprocess.PIPE, text=True).stdout.split()
        for p in [master] + [int(c) for c in children]:
            try:
                os.kill(p, signal.SIGKILL)
            except ProcessLookupError:
                pass
        # The next postmaster refuses while an old backend holds the shared
        # memory.
        for _ in range(200):
            if not any(os.path.exists("/proc/%s" % c) for c in children):
                break
            time.sleep(0.02)
        os.unlink(os.path.join(self.data, "postmaster.pid"))

    def crash(self, pid):
        """SIGKILL to one backend, and until the server has recovered.  A
        question right after the kill may still be answered by the server
        that was, so that its log is what tells."""
        def times_ready():
            with open(self.log) as f:
                return f.read().count("ready to accept connections")
        before = times_ready()
        self.kill9(pid)
        until = time.monotonic() + START_S
        while times_ready() == before:
            if time.monotonic() > until:
                raise RuntimeError("no recovery within %d s" % START_S)
            time.sleep(0.05)

    # ---- use ----

    @property
    def data(self):
        return os.path.join(self.folder, "data")

    @property
    def log(self):
        return os.path.join(self.folder, "log")

    @property
    def conninfo(self):
        return "host=%s port=%d user=%s dbname=%s" % (
            self.folder, self.port, SUPERUSER, DATABASE)

    @property
    def tcp_conninfo(self):
        return "host=127.0.0.1 port=%d user=%s dbname=%s" % (
            self.port, SUPERUSER, DATABASE)

    def psql(self, sql, conninfo=None, check=True):
        """Rows as lines, columns with "|" between; raises on an error."""
        r = subprocess.run(
            [os.path.join(self.bin, "psql"), "-X", "-q", "-A", "-t",
             "-v", "ON_ERROR_STOP=1", "-d", conninfo or self.conninfo],
            input=sql, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        if check and r.returncode != 0:
            raise RuntimeError("psql: %s\nin: %s" % (r.stderr, sql))
        return r.stdout.strip()

    def create(self, name, options=""):
        """Another database; its conninfo (in libpq the last dbname counts)."""
        self.psql("create database %s %s" % (name, options))
        return self.conninfo + " dbname=" + name

    def migrate(self, conninfo=None):
        """The schema without the program: each file of sql/, as migrate does.
        For tests of the rooms below the commands."""
        for path in sorted(glob.glob(os.path.join(ROOT, "sql",
                                                  "[0-9]*.sql"))):
            name = os.path.basename(path)
            with open(path) as f:
                self.psql("begin;\n%s\ninsert into dnsvigil.migration "
                          "(version, name, sha256) values (%d, '%s', '');\n"
                          "commit;" % (f.read(), int(name[:4]), name),
                          conninfo)

    # ---- inside ----

    def _make(self):
        self.folder = tempfile.mkdtemp(prefix="dvpg", dir="/tmp")
        if os.getuid() == 0:
            user = pwd.getpwnam(USER)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        os.chmod(self.folder, 0o755)
        atexit.register(self.stop)
        if self.tcp:
            self.port = free_port()
        self._run([os.path.join(self.bin, "initdb"), "-D", self.data,
                   "--locale=C.UTF-8", "-E", "UTF8", "-A", "trust", "-N",
                   "-U", SUPERUSER])
        # One file at the start, then the database that conninfo names.
        self._ctl("start", "-w", "-t", str(START_S), "-l", self.log,
                  "-o", self._options())
        subprocess.run(
            [os.path.join(self.bin, "createdb"), "-h", self.folder,
             "-p", str(self.port), "-U", SUPERUSER, DATABASE], check=True)
        self._ctl("stop", "-w", "-m", "fast")

    def _options(self):
        settings = {
            "listen_addresses": "127.0.0.1" if self.tcp else "",
            "port": self.port,
            "unix_socket_directories": self.folder,
            "fsync": "on" if self.fsync else "off",
            "max_connections": 40,
            "log_min_messages": "warning",
            "timezone": "UTC",
        }
        settings.update(self.settings)
        return " ".join("-c %s='%s'" % item for item in settings.items())

    def _ctl(self, *args, check=True):
        self._run([os.path.join(self.bin, "pg_ctl"), "-D", self.data] +
                  list(args), check)

    def _run(self, command, check=True):
        if os.getuid() == 0:
            command = ["setpriv", "--reuid", USER, "--regid", USER,
                       "--init-groups", "--"] + command
        r = subprocess.run(command, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                           text=True, cwd="/")
        if check and r.returncode != 0:
            log = ""
            if self.folder and os.path.exists(self.log):
                with open(self.log) as f:
                    log = f.read()[-2000:]
            raise RuntimeError("%s: %s\n%s" % (command, r.stdout, log))
