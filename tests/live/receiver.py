#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A receiver of Standard Webhooks, for live tests and the demo.

    receiver.py --port 0 --secret whsec_... --log FILE [--mode ok] [--tls CERT KEY]

The first line of standard output is the port.  Every request is one JSON line
in the log, on disk before it is answered: at, path, id, timestamp, attempt,
signature ("ok" or what is wrong with it), duplicate, status (0: none), body.

Modes, also by `PUT /mode` with the mode as body, at any time:

    ok          200
    <number>    that status: 500, 410, 302, ...
    429[:N]     with Retry-After: N (default 5)
    slow[:N]    200 after N seconds (default 30)
    flap:SEED   by the seed: 30 % 500, 10 % close, 60 % 200
    close       closes without an answer
    redirect    307 to /elsewhere on this server
    reset       RST without an answer
    endless     200 and a body without end
    twice       takes the request, then closes: as if the 200 was lost

GET /requests lists what came as NDJSON, GET /mode says the mode.

As a class: Receiver(secret=...).start(), .port, .url, .requests (a list of
dicts, as in the log), .wait_for(predicate, timeout), .mode = "500", .stop().
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import random
import signal
import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_S = 300
BODY_MAX = 1024 * 1024


def sign(secret, webhook_id, timestamp, body):
    """The signature "v1,..." of raw body bytes, by a secret "whsec_..."."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{webhook_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def verify(secret, headers, body, now=None):
    """"ok", or what is wrong with the request's signature."""
    webhook_id = headers.get("webhook-id")
    timestamp = headers.get("webhook-timestamp")
    signatures = headers.get("webhook-signature")
    if not webhook_id or not timestamp or not signatures:
        return "missing header"
    if "." in webhook_id:
        return "webhook-id with a dot"
    if not timestamp.isdigit():
        return "webhook-timestamp is no number"
    if abs(int(timestamp) - (now or time.time())) > TOLERANCE_S:
        return "webhook-timestamp out of tolerance"
    if secret is None:
        return "no secret to check with"
    wanted = sign(secret, webhook_id, timestamp, body)
    if any(hmac.compare_digest(wanted, s) for s in signatures.split()):
        return "ok"
    return "wrong signature"


def status_of(verdict):
    """The status that a verdict answers with; 0: none."""
    name = verdict.partition(":")[0]
    if name.isdigit():
        return int(name)
    return {"slow": 200, "endless": 200, "redirect": 307}.get(name, 0)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients that hang up are the daily life of a receiver."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "receiver"

    def log_message(self, *args):
        pass

    @property
    def receiver(self):
        return self.server.receiver

    def read_body(self):
        size = int(self.headers.get("content-length") or 0)
        if size > BODY_MAX:
            raise ConnectionError("body too large")
        return self.rfile.read(size)

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/mode":
            self.answer(200, self.receiver.mode.encode())
        elif self.path == "/requests":
            lines = [json.dumps(r) + "\n" for r in self.receiver.requests]
            self.answer(200, "".join(lines).encode())
        else:
            self.answer(404)

    def do_PUT(self):
        body = self.read_body().decode().strip()
        if self.path != "/mode":
            self.answer(404)
            return
        try:
            self.receiver.mode = body
        except ValueError as error:
            self.answer(400, str(error).encode())
            return
        self.answer(204)

    def do_POST(self):
        body = self.read_body()
        verdict = self.receiver.verdict()
        signature = verify(self.receiver.secret, self.headers, body)
        if signature != "ok" and self.receiver.strict:
            verdict = "401"
        self.receiver.note(self.path, self.headers, body, signature,
                           verdict)
        self.play(verdict)

    def play(self, verdict):
        name, _, argument = verdict.partition(":")
        if name in ("close", "twice"):
            self.close_connection = True
        elif name == "reset":
            self.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif name == "slow":
            self.receiver.stopping.wait(float(argument or 30))
            self.answer(200)
        elif name == "redirect":
            self.answer(307, headers=[("location", "/elsewhere")])
        elif name == "endless":
            self.endless()
        elif name == "429":
            self.answer(429, headers=[("retry-after", argument or "5")])
        else:
            self.answer(int(name), b"ok" if name == "200" else b"no")

    def endless(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        while not self.receiver.stopping.is_set():
            self.wfile.write(b"x" * 4096)


class Receiver:
    """Start and stop it once.  All of it may be called from any thread."""

    def __init__(self, port=0, secret=None, log=None, mode="ok", tls=None,
                 host="127.0.0.1", strict=True):
        self.secret = secret
        self.strict = strict  # a bad signature is answered with 401
        self.stopping = threading.Event()
        self._changed = threading.Condition()
        self._requests = []
        self._ids = set()
        self._log = open(log, "a", encoding="ascii") if log else None
        self.mode = mode
        self._server = Server((host, port), Handler)
        self._server.receiver = self
        self._scheme = "https" if tls else "http"
        if tls:
            context = tls
            if not isinstance(tls, ssl.SSLContext):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*tls)
            # The handshake is the connection's thread's work.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True,
                do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self.url = f"{self._scheme}://{host}:{self.port}/hook"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        with self._changed:
            if self._log:
                self._log.close()
                self._log = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def mode(self):
        return self._mode

    @mode.setter
    def mode(self, mode):
        name, _, argument = mode.partition(":")
        names = ("ok", "slow", "flap", "close", "redirect", "reset",
                 "endless", "twice")
        if name not in names and not (name.isdigit() and len(name) == 3):
            raise ValueError(f"no such mode: {mode}")
        if argument and name != "flap":
            float(argument)
        self._dice = random.Random(argument) if name == "flap" else None
        self._mode = mode

    def verdict(self):
        """What the next request meets."""
        with self._changed:
            if self._mode == "ok":
                return "200"
            if self._dice is None:
                return self._mode
            throw = self._dice.random()
            return "500" if throw < 0.3 else "close" if throw < 0.4 else "200"

    @property
    def requests(self):
        with self._changed:
            return list(self._requests)

    def accepted(self):
        """Bodies that were answered with 2xx, each id once, in order."""
        seen = set()
        bodies = []
        for r in self.requests:
            if 200 <= r["status"] <= 299 and r["id"] not in seen:
                seen.add(r["id"])
                bodies.append(r["body"])
        return bodies

    def wait_for(self, predicate, timeout):
        """True once predicate(requests) is; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(
                lambda: predicate(list(self._requests)), timeout)

    def note(self, path, headers, body, signature, verdict):
        try:
            content = json.loads(body)
        except ValueError:
            content = None
        delivery = content.get("delivery") if isinstance(content, dict) \
            else None
        webhook_id = headers.get("webhook-id")
        entry = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
            + f".{time.time_ns() // 1000000 % 1000:03d}Z",
            "path": path,
            "id": webhook_id,
            "timestamp": headers.get("webhook-timestamp"),
            "attempt": (delivery or {}).get("attempt"),
            "signature": signature,
            "duplicate": False,
            "status": status_of(verdict),
            "body": content,
        }
        with self._changed:
            entry["duplicate"] = webhook_id in self._ids
            self._ids.add(webhook_id)
            self._requests.append(entry)
            if self._log:
                self._log.write(json.dumps(entry) + "\n")
                self._log.flush()
                os.fsync(self._log.fileno())
            self._changed.notify_all()


def main():
    parser = argparse.ArgumentParser(
        description="A receiver of Standard Webhooks for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--secret")
    parser.add_argument("--log")
    parser.add_argument("--mode", default="ok")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    options = parser.parse_args()
    try:
        receiver = Receiver(**vars(options))
    except ValueError as error:
        parser.error(str(error))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with receiver:
        print(receiver.port, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
