#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""W-F19: whatever lies where a file should be, the daemon goes on as before.

A FIFO, a device, a folder, a gigabyte of nothing, a circle of links or a
dangling one, as the configuration and as a watchlist, at a reload and at a
start: told with its place, never waited for, and the old one stays in force
while polling keeps its pace.  And a file that is swapped while it is read is
one of the two, never half of each.
"""

import os
import subprocess
import sys
import threading
import unittest

import world
from world import a, until, watch

NAMES = ["f%d.f.example" % i for i in range(40)]


def fifo(path):
    os.mkfifo(path)


def device(path):
    os.symlink("/dev/zero", path)


def folder(path):
    os.mkdir(path)


def sparse(path):
    with open(path, "wb") as f:
        f.truncate(1 << 30)


def circle(path):
    os.symlink(path + ".other", path)
    os.symlink(path, path + ".other")


def dangling(path):
    os.symlink(path + ".gone", path)


def socket(path):
    import socket as s
    # The path of a socket is short: bound by a name in its own folder.
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(os.path.dirname(path))
        with s.socket(s.AF_UNIX) as x:
            x.bind(os.path.basename(path))
    finally:
        os.fchdir(here)
        os.close(here)


def page(path):
    """What a proxy gave instead."""
    with open(path, "w") as f:
        f.write("<!doctype html>\n<p>503 Service Unavailable</p>\n")


KINDS = {fifo: "no regular file", device: "no regular file",
         folder: "a folder", sparse: "larger than 16777216 bytes",
         circle: "cannot be opened", dangling: "cannot be opened",
         socket: "cannot be opened", page: ":1:1: "}


class Files(world.WorldCase):
    @classmethod
    def build(cls):
        cls.server = cls.world.scripted("127.0.0.5")
        for n in NAMES:
            cls.server.set(n, "A", a("192.0.2.1"))

    def put(self, kind, path):
        """In the place of the file, in one step."""
        new = path + ".new"
        kind(new)
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        elif kind is folder:
            os.unlink(path)
        os.rename(new, path)

    def assert_polling(self, d):
        before = len(self.server.questions)
        d.rounds(1)
        self.assertGreater(len(self.server.questions), before)

    def test_no_file_in_place_of_the_configuration_stops_the_daemon(self):
        d = self.world.daemon([self.server], watch(*NAMES[:3], types="A"))
        d.start()
        d.wait_ready()
        for n, (kind, why) in enumerate(KINDS.items(), 1):
            with self.subTest(kind.__name__):
                self.put(kind, d.config)
                d.hup()
                d.wait(lambda: d.text().count("config: refused") == n, 10,
                       "refused: " + kind.__name__)
                line = [x for x in d.text().splitlines()
                        if " WARNING config: " in x][-1]
                self.assertIn("dnsvigil.yaml:", line)
                self.assertIn(why, line)
                self.assert_polling(d)
                # A start says the same, and ends at once.
                for command in "serve", "check":
                    p = subprocess.run(
                        [world.PROGRAM, command, "--config", d.config],
                        capture_output=True, text=True, timeout=20,
                        stdin=subprocess.DEVNULL)
                    self.assertEqual(p.returncode, 78, p.stderr)
                    self.assertIn(d.config + ":", p.stdout + p.stderr)
        self.assertEqual(d.status()["questions"]["watched"], 3)
        os.unlink(d.config)
        d.write_config()
        d.write_list("owned.yaml", watch(*NAMES[:4], types="A"))
        d.hup()
        d.wait(lambda: d.status()["questions"]["watched"] == 4, 10, "4")
        self.assertEqual(d.stop(), 0)

    def test_no_file_in_place_of_a_watchlist_drops_what_it_said(self):
        for ending in "yaml", "csv", "txt":
            with self.subTest(ending):
                self.try_watchlist(ending)

    def try_watchlist(self, ending):
        text = {"yaml": watch(*NAMES[:3], types="A"),
                "csv": "name,types,every\n" + "".join(
                    n + ",A,1s\n" for n in NAMES[:3]),
                "txt": NAMES[0] + "\n"}[ending]
        count = 6 if ending == "txt" else 3
        name = "odd." + ending
        d = self.world.daemon([self.server], {
            name: text, "good.yaml": watch(NAMES[10], types="A")})
        with open(d.config) as f:
            config = f.read().replace(
                '"lists/*.yaml"', "lists/good.yaml, lists/" + name)
        d.write_config(config)
        d.start()
        d.wait_ready()
        path = os.path.join(d.folder, "lists", name)
        for n, kind in enumerate(KINDS, 1):
            with self.subTest(kind.__name__):
                self.put(kind, path)
                d.write_list("good.yaml", watch(
                    *NAMES[10:11 + n], types="A"))
                d.hup()
                d.wait(lambda: d.text().count("monitor: reloaded") == n, 15,
                       "reloaded beside " + kind.__name__)
                self.assertEqual(d.text().count(name + " cannot be read"), n)
                self.assertRegex(d.text(), r"lists/odd\.%s:([0-9:]*:)? "
                                 % ending)
                self.assertEqual(d.status()["questions"]["watched"],
                                 count + 1 + n)
        self.assert_polling(d)
        # A start goes on with the other list.
        d.stop()
        self.put(fifo, path)
        d.start()
        d.wait_ready()
        self.assertEqual(d.status()["questions"]["watched"], 1 + len(KINDS))
        os.unlink(path)
        self.assertEqual(d.stop(), 0)

    def test_swapped_links_give_one_list_or_the_other(self):
        d = self.world.daemon([self.server], {"x.txt": ""})
        lists = os.path.join(d.folder, "lists")
        path = os.path.join(lists, "swapped.csv")
        filler = "# nothing\n" * 15000
        for which, part in ("a", NAMES[:20]), ("b", NAMES[20:]):
            with open(os.path.join(lists, which), "w") as f:
                f.write("name,types,every\n" + "".join(
                    n + ",A,1s\n" for n in part[:10]) + filler + "".join(
                    n + ",A,1s\n" for n in part[10:]))
        os.symlink("a", path)
        with open(d.config) as f:
            config = f.read().replace('"lists/*.yaml"', "lists/swapped.csv")
        d.write_config(config)
        d.start()
        d.wait_ready()
        stop = threading.Event()

        def swap():
            i = 0
            while not stop.wait(0.001):
                i += 1
                os.symlink("ab"[i % 2], path + ".new")
                os.rename(path + ".new", path)
        thread = threading.Thread(target=swap, daemon=True)
        thread.start()
        try:
            for n in range(1, 6):
                d.hup()
                d.wait(lambda: d.text().count("monitor: reloaded") == n, 15,
                       "reloaded %d times" % n)
                d.wait(lambda: d.status()["database"]["items_waiting"] == 0,
                       10, "written")
                rows = self.world.psql(
                    d, "select name_text from dnsvigil.question "
                    "where watched")
                watched = {r[0].rstrip(".") for r in rows}
                self.assertIn(watched, (set(NAMES[:20]), set(NAMES[20:])))
        finally:
            stop.set()
            thread.join()
        self.assertNotIn("cannot be read", d.text())
        self.assertEqual(d.log(), [])
        self.assertEqual(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
