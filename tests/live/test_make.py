#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The commands that a newcomer types do what the README says of them.

Promised: `make run` prints what happens, Ctrl-C stops all of it and leaves no
process, and the next run goes on with the same history; `make install` puts
exactly its files, the program finds its own there, and `make uninstall` takes
them away; `make demo` ends well with the alerts that it announces.  Tried in a
copy of the tree, which uses what this one has built, with a real NSD as the
only resolver, without a terminal and without standard input.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

import world
from world import ROOT, Zone, until, watch

# A process that ignores SIGINT hands that down, and CI is one: what Ctrl-C
# does in a terminal is put back before make begins.
DEFAULT = ("import os, signal, sys; "
           "signal.signal(signal.SIGINT, signal.SIG_DFL); "
           "os.execvp(sys.argv[1], sys.argv[1:])")
NAMES = ["www.m.example", "mail.m.example", "api.m.example"]
INSTALLED = {
    "usr/bin/dnsvigil", "usr/share/man/man1/dnsvigil.1",
    "usr/share/man/man5/dnsvigil.yaml.5",
    "usr/share/doc/dnsvigil/examples/dnsvigil.service",
    "usr/share/doc/dnsvigil/examples/dnsvigil.yaml",
    "usr/share/doc/dnsvigil/examples/feed.yaml",
    "usr/share/doc/dnsvigil/examples/marks.yaml"}


def files_below(folder):
    return {os.path.relpath(os.path.join(at, f), folder)
            for at, _, files in os.walk(folder) for f in files}


class Make(world.WorldCase):
    @classmethod
    def build(cls):
        cls.tree = os.path.join(cls.world.folder, "tree")
        # With their times: nothing is to be built again.
        shutil.copytree(ROOT, cls.tree, symlinks=True,
                        ignore=lambda at, names: {"build", "var", ".git"} &
                        set(names) if at == ROOT else set())
        os.chmod(cls.tree, 0o755)

    def setUp(self):
        self.running = []

    def tearDown(self):
        for p in self.running:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGTERM)
                p.wait(60)

    def start(self, name, *args):
        """make in a session of its own; its output goes to self.log."""
        self.log = os.path.join(self.world.folder, name + ".log")
        env = {k: v for k, v in os.environ.items()
               if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DNSVIGIL")}
        self.mark = ("TEST_MAKE=%s/%s" % (self.tree, name)).encode()
        env.update([self.mark.decode().split("=", 1)])
        with open(self.log, "wb") as log:
            p = subprocess.Popen(
                [sys.executable, "-c", DEFAULT, "make",
                 "BUILD=" + os.path.join(ROOT, "build"), *args],
                cwd=self.tree, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=env, start_new_session=True)
        self.running.append(p)
        return p

    def make(self, name, *args, timeout=240):
        p = self.start(name, *args)
        status = p.wait(timeout)
        self.assertEqual(status, 0, self.text())
        return self.text()

    def text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def wait_text(self, p, pattern, timeout=60):
        def found():
            text = self.text()
            self.assertIsNone(p.poll(), text)
            return re.search(pattern, text)
        return until(found, timeout, lambda: "%s in: %s" % (
            pattern, self.text()[-3000:]))

    def marked(self):
        """Processes that have the environment which start() gives."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as f:
                    if self.mark in f.read():
                        found.append(pid)
            except OSError:
                continue
        return found

    # ---- make run ----

    def place(self):
        """Where the cluster is: var/, or where the run says that it is."""
        m = re.search(r"it is in (/\S+)", self.text())
        return m.group(1) if m else os.path.join(self.tree, "var")

    def left_behind(self):
        """Processes that work in the copy or its cluster, or name them."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    command = f.read().replace(b"\0", b" ").decode(
                        errors="replace")
                cwd = os.readlink("/proc/%s/cwd" % pid)
            except OSError:
                continue
            if any(x in command or cwd.startswith(x)
                   for x in (self.tree, self.place())):
                found.append((pid, cwd, command))
        return found

    def ask(self, *args):
        """Rows of a command over the configuration that the run wrote."""
        p = subprocess.run(
            [world.PROGRAM, args[0], "--config",
             os.path.join(self.place(), "dnsvigil.yaml"), "--json",
             *args[1:]], capture_output=True, text=True, cwd="/",
            stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(p.returncode, 0, p.stderr)
        return [json.loads(x) for x in p.stdout.splitlines()]

    def run_it(self, name):
        return self.start(name, "run", "RESOLVERS=" + self.nsd.address,
                          "WATCHLISTS=" + self.list)

    def interrupt(self, p):
        """Ctrl-C: the whole group in the foreground is told."""
        os.killpg(p.pid, signal.SIGINT)
        status = p.wait(90)
        # make says "Interrupt" or 2; a shell would show 130.
        self.assertNotEqual(status, 0)
        self.assertIn("stopped; the next run goes on with the history",
                      self.text())
        until(lambda: not self.left_behind(), 10,
              lambda: "gone: %s" % self.left_behind())

    def move(self, owner, address):
        self.zone.set(owner, "A", address)
        self.world.publish(self.zone)

    def test_run_goes_on_with_its_history_and_ctrl_c_leaves_nothing(self):
        self.zone = Zone("m.example")
        for owner in "www", "mail", "api":
            self.zone.set(owner, "A", "192.0.2.1")
        self.nsd = self.world.nsd([self.zone])
        self.list = os.path.join(self.world.folder, "mine.yaml")
        with open(self.list, "w") as f:
            f.write(watch(*NAMES, types="A", every="1s"))
        os.chmod(self.list, 0o644)
        p = self.run_it("run-1")
        self.wait_text(p, "3 questions, 3 of them new", 120)
        self.wait_text(p, "every new question was asked")
        until(lambda: len(self.ask("changes", "--baseline")) == 3, 30,
              "three baselines")
        baselines = self.ask("changes", "--baseline")
        self.move("www", "198.51.100.9")
        self.wait_text(p, r"www\.m\.example\..*replaced.*198\.51\.100\.9")
        self.interrupt(p)
        self.assertNotRegex(self.text(), r"mail\.m\.example\..*replaced")

        # Between two runs nobody watches; the next one tells what changed.
        self.move("mail", "198.51.100.10")
        p = self.run_it("run-2")
        self.wait_text(p, "3 questions, none new", 120)
        self.wait_text(p, r"mail\.m\.example\..*replaced.*198\.51\.100\.10")
        self.assertEqual(self.ask("changes", "--baseline"), baselines)
        self.assertEqual([(c["name"], c["kind"])
                          for c in self.ask("changes")],
                         [("www.m.example.", "replaced"),
                          ("mail.m.example.", "replaced")])
        self.interrupt(p)
        self.assertNotRegex(self.text(), r"www\.m\.example\..*replaced")

    # ---- make install ----

    def test_install_puts_its_files_and_uninstall_takes_them_away(self):
        root = os.path.join(self.world.folder, "root")
        where = ["DESTDIR=" + root, "PREFIX=/usr"]
        self.make("install", "install", *where)
        expected = INSTALLED | {
            "usr/share/dnsvigil/sql/" + f
            for f in os.listdir(world.SQL) if f.endswith(".sql")}
        self.assertEqual(files_below(root), expected)
        with open(os.path.join(
                root, "usr/share/doc/dnsvigil/examples/dnsvigil.service")
                ) as f:
            unit = f.read()
        self.assertIn("ExecStart=/usr/bin/dnsvigil ", unit)
        self.assertNotIn("/usr/local", unit)
        program = os.path.join(root, "usr/bin/dnsvigil")
        database = self.world.cluster.create("installed")
        for args in (["--version"], ["migrate", "--database", database],
                     ["changes", "--database", database]):
            p = subprocess.run([program, *args], cwd="/", text=True,
                               capture_output=True,
                               stdin=subprocess.DEVNULL, timeout=60)
            self.assertEqual(p.returncode, 0, p.stderr)
        # What others have there stays.
        other = os.path.join(root, "usr/share/dnsvigil/mine")
        with open(other, "w") as f:
            f.write("of the operator\n")
        self.make("uninstall", "uninstall", *where)
        self.assertEqual(files_below(root), {"usr/share/dnsvigil/mine"})
        self.make("install", "install", *where)
        os.unlink(other)
        self.make("uninstall", "uninstall", *where)
        self.assertEqual(files_below(root), set())
        for folder in "usr/share/dnsvigil", "usr/share/doc/dnsvigil":
            self.assertFalse(os.path.exists(os.path.join(root, folder)))

    # ---- make demo ----

    def test_demo_ends_well_with_the_alerts_that_it_announces(self):
        text = self.make("demo", "demo")
        alerts = re.findall(r"ALERT  ([A-Z]+)  (.*)", text)
        print("demo: %d alerts" % len(alerts))
        self.assertNotIn("WRONG", text)
        self.assertIn("%d alerts, each expected and signed, and nothing "
                      "else" % len(alerts), text)
        told = iter(words for _, words in alerts)
        for words in (r"www\.bank\.example A .* -> 203\.0\.113\.66",
                      r"www\.bank\.example A .* -> 192\.0\.2\.10",
                      r"bank\.example MX \+5 mx\.evil\.example\.",
                      r"shop\.bank\.example vanished, 3 types",
                      r"shop\.bank\.example appeared, 3 types",
                      r"api\.bank\.example A .* -> 198\.51\.100\.30",
                      r"api\.bank\.example A .* -> 198\.51\.100\.30"):
            self.assertRegex(next(told, ""), words)
        self.assertEqual(list(told), [])
        self.assertNotIn("\033[", text)  # no terminal, no colours
        self.assertEqual(self.marked(), [])

    def test_ctrl_c_ends_the_demo_and_leaves_nothing(self):
        p = self.start("demo-stopped", "demo")
        self.wait_text(p, "resolvers  ")
        os.killpg(p.pid, signal.SIGINT)
        self.assertNotEqual(p.wait(60), 0)
        self.assertNotIn("kept:", self.text())
        self.assertNotIn("Traceback", self.text())
        until(lambda: not self.marked(), 10,
              lambda: "gone: %s" % self.marked())


if __name__ == "__main__":
    unittest.main()
