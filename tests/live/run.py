#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs the live tests: every tests/live/test_*.py, or those that are named.

    run.py [-j N] [-k TEXT] [MODULE...]

N modules at a time (8 unless told; they wait more than they work), each in
a process of its own, those that take longest first.  One line per test, the
output of those that fail, and in the end "N passed, N failed".  A module that
runs no test, dies or takes longer than LIMIT_S has failed.
"""

import argparse
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_S = 300  # of one module
# With the daemon built under ASan and UBSan, where that build is there: what
# meets hostile bytes, and what goes through paths that nothing else goes.
SANITIZED = ["test_reload", "test_resolver_faults_hostile", "test_scenarios"]
SANITIZER = os.path.join(HERE, "..", "..", "build", "asan", "dnsvigil")
FIRST = ["test_fresh_coverage", "test_canary", "test_restart", "test_chase",
         "test_source_parent", "test_make", "test_resolver_faults_silence", "test_outage",
         "test_delivery", "test_resolver_faults", "test_steady"]


class Result(unittest.TestResult):
    """Writes an object per test as soon as it ended."""

    def __init__(self, out):
        super().__init__()
        self.out = out

    def note(self, test, word, text=""):
        json.dump({"test": test.id(), "word": word, "text": text,
                   "seconds": time.monotonic() - self.began}, self.out)
        self.out.write("\n")
        self.out.flush()

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def addSuccess(self, test):
        self.note(test, "ok")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "FAIL", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self.began = getattr(self, "began", time.monotonic())
        self.note(test, "FAIL", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        self.began = getattr(self, "began", time.monotonic())
        self.note(test, "skip", reason)

    def addExpectedFailure(self, test, err):
        self.note(test, "FAIL", "expected failures are not used here")

    def addUnexpectedSuccess(self, test):
        self.note(test, "FAIL", "expected failures are not used here")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(subtest, "FAIL", self._exc_info_to_string(err, test))


def run_module(name, path, pattern):
    """In the child: the tests of one module."""
    sys.path.insert(0, HERE)
    loader = unittest.TestLoader()
    if pattern:
        loader.testNamePatterns = ["*%s*" % pattern]
    with open(path, "w") as out:
        suite = loader.loadTestsFromName(name)
        for error in loader.errors:
            print(error)
        result = Result(out)
        suite.run(result)
    return 0 if result.wasSuccessful() and not loader.errors else 1


class Module:
    def __init__(self, name, folder, pattern):
        self.name = name
        self.notes = os.path.join(folder, name + ".json")
        self.output = os.path.join(folder, name + ".out")
        self.began = time.monotonic()
        command = [sys.executable, os.path.abspath(__file__), "--child",
                   self.notes, name] + (["-k", pattern] if pattern else [])
        env = dict(os.environ)
        if name in SANITIZED and os.path.exists(SANITIZER) and \
                "DNSVIGIL" not in env:
            env["DNSVIGIL"] = os.path.abspath(SANITIZER)
        with open(self.output, "wb") as out:
            # A session of its own: what it starts is ended with it.
            self.process = subprocess.Popen(
                command, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                env=env, start_new_session=True)

    def is_over(self):
        if self.process.poll() is not None:
            return True
        if time.monotonic() - self.began > LIMIT_S:
            self.end()
            return True
        return False

    def end(self):
        # INT first: tearDown and atexit end servers in other sessions.
        for number in signal.SIGINT, signal.SIGKILL:
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(15)
                return
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue

    def report(self):
        """Prints what came of it; (passed, failed)."""
        passed = failed = 0
        notes = []
        if os.path.exists(self.notes):
            with open(self.notes) as f:
                notes = [json.loads(x) for x in f if x.endswith("\n")]
        for n in notes:
            print("  %-4s %6.1f s  %s" % (n["word"], n["seconds"], n["test"]))
            if n["word"] == "FAIL":
                failed += 1
                print("    " + n["text"].rstrip().replace("\n", "\n    "))
            elif n["word"] == "skip":
                print("         because: " + n["text"])
            else:
                passed += 1
        if self.process.returncode != 0 and failed == 0:
            failed = 1
            print("  FAIL  %s: exit %s after %.0f s" % (
                self.name, self.process.returncode,
                time.monotonic() - self.began))
        elif passed + failed == 0:
            failed = 1
            print("  FAIL  %s: ran no test" % self.name)
        with open(self.output, errors="replace") as f:
            output = f.read()
        if output.strip():
            print("    " + output[-8000:].rstrip().replace("\n", "\n    "))
        sys.stdout.flush()
        return passed, failed


def main():
    parser = argparse.ArgumentParser(description="Runs the live tests.")
    parser.add_argument("-j", type=int, default=8, metavar="N")
    parser.add_argument("-k", metavar="TEXT", help="tests with TEXT in them")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    options = parser.parse_args()
    if options.child:
        return run_module(options.modules[0], options.child, options.k)

    names = [os.path.basename(m).removesuffix(".py") for m in
             options.modules or glob.glob(os.path.join(HERE, "test_*.py"))]
    names.sort(key=lambda n: (FIRST.index(n) if n in FIRST else len(FIRST),
                              n))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    passed = failed = 0
    running = []
    with tempfile.TemporaryDirectory(prefix="dvlive-run-") as folder:
        try:
            while names or running:
                while names and len(running) < options.j:
                    running.append(Module(names.pop(0), folder, options.k))
                for m in [m for m in running if m.is_over()]:
                    running.remove(m)
                    print("%s (%.0f s)" % (
                        m.name, time.monotonic() - m.began))
                    p, f = m.report()
                    passed += p
                    failed += f
                time.sleep(0.1)
        finally:
            for m in running:
                m.end()
    print("live tests took %.0f s" % (time.monotonic() - began))
    print("%d passed, %d failed" % (passed, failed))
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
