# SPDX-License-Identifier: ISC
"""DNS for the live tests, as much of it as is needed: names and rdata as
bytes, one question to a server, and a server that does as it is told."""

import random
import socket
import struct
import threading
import time
import traceback

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15,
         "TXT": 16, "AAAA": 28, "SRV": 33, "NAPTR": 35, "DS": 43,
         "DNSKEY": 48, "TLSA": 52, "SVCB": 64, "HTTPS": 65, "CAA": 257,
         "TYPE65400": 65400}
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def free_port(host="127.0.0.1"):
    """A port that is free for UDP and TCP."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(100):
        with socket.socket(family, socket.SOCK_STREAM) as t, \
                socket.socket(family, socket.SOCK_DGRAM) as u:
            port = random.randrange(20000, 32000)
            try:
                t.bind((host, port))
                u.bind((host, port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port on %s" % host)


def wire_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode("latin-1")
    return out + b"\0"


def read_name(data, at):
    """(name in lower case with its dot, where what follows begins)."""
    labels, end = [], None
    while data[at]:
        if data[at] & 0xc0:
            end = end or at + 2
            at = struct.unpack_from(">H", data, at)[0] & 0x3fff
            continue
        labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
        at += 1 + data[at]
    return ".".join(labels).lower() + ".", end or at + 1


def a(ip):
    return socket.inet_aton(ip)


def txt(*strings):
    return b"".join(bytes([len(s)]) + s for s in strings)


def mx(preference, name):
    return struct.pack(">H", preference) + wire_name(name)


def query(server, name, rrtype, timeout=2):
    """(rcode, [(type, ttl, rdata)]) from a server, None without an answer."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    number = random.randrange(65536)
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        try:
            s.connect((server.host, server.port))
            s.send(struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) +
                   wire_name(name) + struct.pack(">2H", TYPES[rrtype], 1))
            data = s.recv(65535)
        except OSError:
            return None
    got, flags, _, count = struct.unpack_from(">4H", data)
    if got != number:
        return None
    _, at = read_name(data, 12)
    at += 4
    answers = []
    for _ in range(count):
        _, at = read_name(data, at)
        rr, _, ttl, size = struct.unpack_from(">HHIH", data, at)
        at += 10
        answers.append((rr, ttl, data[at:at + size]))
        if rr == 6:
            end = read_name(data, read_name(data, at)[1])[1]
            answers[-1] = (6, ttl, struct.unpack_from(">I", data, end)[0])
        at += size
    return flags & 15, answers


def address_of(server):
    """As a resolver in a configuration."""
    return ("[%s]:%d" if ":" in server.host else "%s:%d") % (
        server.host, server.port)


class Question:
    def __init__(self, data, transport):
        self.data = data
        self.transport = transport
        self.id, self.flags = struct.unpack_from(">2H", data)
        self.name, end = read_name(data, 12)
        self.type = struct.unpack_from(">H", data, end)[0]
        self.section = data[12:end + 4]
        self.edns = struct.unpack_from(">H", data, 10)[0] > 0
        self.at = time.time()


class Scripted:
    """A server that does as it is told, also wrong.

    data[name, type] is a list of rdata (bytes); a name without the type has
    no data, an unknown one does not exist.  faults[name or "*"] is asked
    first: a word (drop, servfail, refused, truncate), a list of rdata, bytes
    of a whole message, or a function of the question that gives one of these
    or None.  Every question is kept in `questions`.
    """

    OPT = b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)

    def __init__(self, world, host="127.0.0.1", aa=True, ttl=0):
        self.host = host
        self.aa = aa
        self.ttl = ttl
        self.data = {}
        self.faults = {}
        self.questions = []
        self.stopping = False
        for _ in range(20):
            self.port = free_port(host)
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            try:
                self.udp.bind((host, self.port))
                self.tcp = socket.create_server((host, self.port),
                                                backlog=128)
                break
            except OSError:
                self.udp.close()
        for run in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=run, daemon=True).start()
        world.started.append(self)

    @property
    def address(self):
        return address_of(self)

    @property
    def at(self):
        return "%s@%d" % (self.host, self.port)

    def stop(self):
        self.stopping = True
        self.udp.close()
        self.tcp.close()

    def asked(self, name=None, rrtype=None, since=0):
        return [q for q in list(self.questions) if q.at >= since and
                name in (None, q.name) and
                rrtype in (None, q.type, next(
                    (k for k, v in TYPES.items() if v == q.type), None))]

    def message(self, q, rcode=NOERROR, rdata=(), flags=0, extra=None,
                rrtype=None):
        """A reply: the answers' owner is the question's name."""
        answers = b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", rrtype or q.type, 1, self.ttl,
                                      len(r)) + r for r in rdata)
        authority = b""
        if not rdata and rcode in (NOERROR, NXDOMAIN):
            soa = wire_name("ns.test") + wire_name("h.test") + struct.pack(
                ">5I", 1, 3600, 600, 86400, self.ttl)
            authority = b"\xc0\x0c" + struct.pack(
                ">HHIH", 6, 1, self.ttl, len(soa)) + soa
        opt = extra if extra is not None else self.OPT if q.edns else b""
        head = 0x8000 | q.flags & 0x0100 | flags | rcode
        head |= 0x0400 if self.aa else 0x0080
        return struct.pack(">6H", q.id, head, 1, len(rdata),
                           1 if authority else 0, 1 if opt else 0
                           ) + q.section + answers + authority + opt

    def reply(self, q):
        fault = self.faults.get(q.name, self.faults.get("*"))
        if callable(fault):
            fault = fault(q)
        if fault is None:
            fault = self.lookup(q)
        if isinstance(fault, (list, tuple)):
            return self.message(q, NOERROR, fault)
        if fault == "drop":
            return None
        if fault == "nodata":
            return self.message(q)
        if fault == "nxdomain":
            return self.message(q, NXDOMAIN)
        if fault == "servfail":
            return self.message(q, SERVFAIL)
        if fault == "refused":
            return self.message(q, REFUSED)
        if fault == "truncate":
            return self.message(q, NOERROR, (), 0x0200)
        return fault

    def lookup(self, q):
        cname = self.data.get((q.name, 5))
        if (q.name, q.type) in self.data:
            return self.data[q.name, q.type]
        if cname:
            return self.message(q, NOERROR, cname, rrtype=5)
        known = any(n == q.name for n, _ in list(self.data))
        return "nodata" if known else "nxdomain"

    def set(self, name, rrtype, *rdata):
        self.data[name.rstrip(".") + ".", TYPES[rrtype]] = list(rdata)

    def take(self, data, transport):
        try:
            q = Question(data, transport)
            self.questions.append(q)
            reply = self.reply(q)
        except Exception:  # a test's mistake must not look like silence
            traceback.print_exc()
            return None
        if reply and transport == "udp" and len(reply) > 1232:
            reply = self.message(q, NOERROR, (), 0x0200)
        return reply

    def serve_udp(self):
        while not self.stopping:
            try:
                data, peer = self.udp.recvfrom(65535)
                reply = self.take(data, "udp")
                if reply:
                    self.udp.sendto(reply, peer)
            except OSError:
                continue

    def serve_tcp(self):
        while not self.stopping:
            try:
                peer, _ = self.tcp.accept()
            except OSError:
                continue
            threading.Thread(target=self.serve_one, args=(peer,),
                             daemon=True).start()

    def serve_one(self, peer):
        with peer, peer.makefile("rb") as stream:
            try:
                while head := stream.read(2):
                    data = stream.read(struct.unpack(">H", head)[0])
                    reply = self.take(data, "tcp")
                    if reply is not None:
                        peer.sendall(struct.pack(">H", len(reply)) + reply)
            except (OSError, struct.error):
                pass
