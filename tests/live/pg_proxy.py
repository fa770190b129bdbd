# SPDX-License-Identifier: ISC
"""Stands between a client and PostgreSQL and loses answers to `commit`.

    proxy = PgProxy(cluster, seed, chance=0.1, limit=20)
    daemon's database: proxy.conninfo(that of the cluster)
    proxy.armed.set()
    proxy.committed, proxy.rolled_back    # what became of those it cut

Of the commits of prepared statements (a psql has none) it cuts one in
1 / chance, `limit` at most, in turn in two ways: the commit is done and its answer is thrown
away with the connection, or the connection is cut in front of the commit, so
that the server rolls back.  The client cannot tell the two apart.
"""

import os
import random
import selectors
import shutil
import socket
import struct
import tempfile
import threading


class Side:
    """One direction: bytes in, whole messages out."""

    def __init__(self, untyped):
        self.buffer = b""
        self.untyped = untyped  # the first one has no type

    def messages(self, data):
        self.buffer += data
        while True:
            begin = 0 if self.untyped else 1
            if len(self.buffer) < begin + 4:
                return
            size = begin + struct.unpack_from("!I", self.buffer, begin)[0]
            if len(self.buffer) < size:
                return
            message, self.buffer = self.buffer[:size], self.buffer[size:]
            self.untyped = False
            yield message


def is_commit(message):
    """Bind of the statement that is called commit."""
    return message[:1] == b"B" and \
        message[5:].split(b"\0", 2)[1] == b"commit"


class Cut(Exception):
    pass


class Link:
    def __init__(self, proxy, client):
        self.proxy = proxy
        self.client = client
        self.server = socket.socket(socket.AF_UNIX)
        self.losing = False  # the answer that comes is thrown away
        self.from_client = Side(True)
        self.from_server = Side(False)

    def run(self):
        try:
            self.server.connect(self.proxy.target)
            with selectors.DefaultSelector() as s:
                s.register(self.client, selectors.EVENT_READ, self.forward)
                s.register(self.server, selectors.EVENT_READ, self.back)
                while True:
                    for key, _ in s.select():
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        key.data(data)
        except (OSError, Cut):
            pass
        finally:
            self.client.close()
            self.server.close()

    def forward(self, data):
        out = []
        for m in self.from_client.messages(data):
            if is_commit(m) and not self.losing:
                way = self.proxy.way()
                if way == "before":
                    self.server.sendall(b"".join(out))
                    self.proxy.count("rolled_back")
                    raise Cut
                self.losing = way == "after"
            out.append(m)
        self.server.sendall(b"".join(out))

    def back(self, data):
        out = []
        for m in self.from_server.messages(data):
            if self.losing and m[:1] == b"C" and m[5:] == b"COMMIT\0":
                self.proxy.count("committed")
                raise Cut
            if self.losing and m[:1] == b"C" and m[5:] == b"ROLLBACK\0":
                raise Cut
            out.append(m)
        if not self.losing:
            self.client.sendall(b"".join(out))


class PgProxy:
    def __init__(self, cluster, seed, chance, limit):
        self.port = cluster.port
        self.target = os.path.join(cluster.folder,
                                   ".s.PGSQL.%d" % cluster.port)
        self.old_host = cluster.folder
        self.dice = random.Random(seed)
        self.chance = chance
        self.limit = limit
        self.armed = threading.Event()
        self.lock = threading.Lock()
        self.n_cut = 0
        self.committed = 0
        self.rolled_back = 0
        self.folder = tempfile.mkdtemp(prefix="dvpx", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.listener = socket.socket(socket.AF_UNIX)
        path = os.path.join(self.folder, ".s.PGSQL.%d" % self.port)
        self.listener.bind(path)
        os.chmod(path, 0o777)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def conninfo(self, text):
        return text.replace("host=" + self.old_host, "host=" + self.folder)

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=Link(self, client).run,
                             daemon=True).start()

    def way(self):
        """How this commit ends: "after", "before" or None."""
        with self.lock:
            if not self.armed.is_set() or self.n_cut == self.limit or \
                    self.dice.random() >= self.chance:
                return None
            self.n_cut += 1
            return "after" if self.n_cut % 2 else "before"

    def count(self, what):
        with self.lock:
            setattr(self, what, getattr(self, what) + 1)

    def stop(self):
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)
