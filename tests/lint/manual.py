#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Do the manual pages say what the program knows, and nothing else?

    manual.py PROGRAM

What the program knows is read from its tables (daemon/cli, daemon/config) and
from the --help of PROGRAM; what the pages say from their macros.  Compared
both ways: subcommands, the options of each, whether they take a value, exit
statuses, the keys of the configuration and of watchlists, the columns of CSV.

Then the check is tried itself: each key, option, command and status is taken
out of a copy of the pages, of --help and of the tables in turn, and one that
does not exist is put in.  Whatever of that is not noticed is a problem, too.
"""

import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
MAN1 = "docs/man/dnsvigil.1"
MAN5 = "docs/man/dnsvigil.yaml.5"
SHARED = {"config": True, "database": True, "json": False}  # has a value
# Where the keys of each table stand in dnsvigil.yaml(5): section, and the
# item whose own list they are in.
KEYS = {
    ("config.c", "keys"): ("CONFIGURATION", None),
    ("config_resolver.c", "keys"): ("CONFIGURATION", "resolvers"),
    ("config_view.c", "keys"): ("CONFIGURATION", "views"),
    ("config_tls.c", "keys"): ("CONFIGURATION", "tls"),
    ("config_sink.c", "keys"): ("CONFIGURATION", "sinks"),
    ("config_canary.c", "keys"): ("CONFIGURATION", "canaries"),
    ("config_canary.c", "name_keys"): ("CONFIGURATION", "names"),
    ("config_signature.c", "keys"): ("CONFIGURATION", "signatures"),
    ("config_silence.c", "keys"): ("CONFIGURATION", "silences"),
    ("config_digest.c", "keys"): ("CONFIGURATION", "digest"),
    ("config_severity.c", "keys"): ("CONFIGURATION", "severity"),
    ("config_plan.c", "keys"): ("PLANS", None),
    ("config_plan.c", "change_keys"): ("PLANS", "changes"),
    ("config_mark.c", "mark_keys"): ("MARKS", None),
    ("list_yaml.c", "default_keys"): ("Fields", None),
    ("list_source.c", "keys"): ("YAML", "source"),
    ("list_pace.c", "keys"): ("Fields", "idle"),
    ("list_yaml.c", "top_names"): ("YAML", None),
}
OF_ENTRIES = {"name", "zone", "profile", "dkim", "confidence",
              "tlp"}  # not of defaults
EVERYWHERE = {"64", "78"}  # exit statuses of all commands


# ---- the program ----

def table(text, head):
    """What stands between the braces of a table, "" when there is none."""
    m = re.search(head + r"\s*=\s*\{(.*?)\n?\s*\};", text, re.S)
    return m.group(1) if m else ""


def commands(sources):
    """{command: {option: has a value}}, from the tables of daemon/cli."""
    listed = re.findall(r'\{\s*"(\w+)",', table(
        sources["daemon/cli/cli.c"], r"commands\[\]"))
    found = {}
    for path, text in sources.items():
        if not path.startswith("daemon/cli/"):
            continue
        options = {}
        entries = table(text, r"struct cli_option options\[\]")
        for word in re.findall(r"CLI_OPTION_(\w+)", entries):
            options[word.lower()] = SHARED.get(word.lower())
        for name, value in re.findall(r'\{\s*"([\w-]+)",\s*(NULL|")',
                                      entries):
            options[name] = value != "NULL"
        for name in re.findall(r'struct cli_spec \w+ = \{\s*\.name = "(\w+)"',
                               text):
            found[name] = (options, path)
    return listed, found


def statuses_of(path, sources):
    """The exit statuses that a file of daemon/cli uses, but 64 and 78."""
    values = dict(re.findall(r"(CLI_\w+) = (\d+)", table(
        sources["include/cli/cli.h"].replace("enum {", "enum = {"), "enum")))
    used = set(re.findall(r"\bCLI_\w+", sources[path])) & set(values)
    return {values[u] for u in used} - EVERYWHERE


def keys(sources, problems):
    """{(section, parent): keys}, from the tables of daemon/config."""
    found = {}
    for path, text in sources.items():
        name = os.path.basename(path)
        tables = re.findall(r"struct key (\w+)\[\] =", text)
        if "top_names[" in text:
            tables.append("top_names")
        for t in tables:
            words = re.findall(r'"(\w+)"', table(
                text, r"\b%s\[\w*\]" % re.escape(t)))
            if (name, t) in KEYS:
                found[KEYS[name, t]] = set(words)
            elif (name, t) == ("list_yaml.c", "entry_keys"):
                found["entry"] = set(words)
            else:
                problems.append("%s: the table of keys `%s` is not known to "
                                "manual.py" % (path, t))
        if "titles[] =" in text:
            found["csv"] = set(re.findall(r'\{\s*"(\w+)"', table(
                text.replace("{{", "{ {"), r"titles\[\]")))
    return found


# ---- the pages ----

def walk(page):
    """(section, items above, macro line) of each line; an item is the line
    that begins it, without its .It."""
    section, lists = "", []
    for line in page.splitlines():
        if line.startswith((".Sh ", ".Ss ")):
            section = line[4:]
        elif line.startswith(".Bl"):
            lists.append("")
        elif line.startswith(".El") and lists:
            lists.pop()
        elif line.startswith(".It ") and lists:
            lists[-1] = line[4:]
        yield section, list(lists), line


def key_of(item):
    m = re.match(r"Ic (\w+)", item)
    return m.group(1) if m else None


def keys_told(page):
    """{(section, parent): keys}"""
    told = {}
    for section, above, line in walk(page):
        if line.startswith(".It Ic "):
            parent = key_of(above[-2]) if len(above) > 1 else None
            told.setdefault((section, parent), []).append(key_of(line[4:]))
    return told


def words_told(page, section):
    return {w for s, _, line in walk(page) if s == section
            for w in re.findall(r"^\.Ic (\w+)", line)}


def synopsis(page):
    """{command: {option: has a value}}"""
    told, now = {}, None
    for section, _, line in walk(page):
        if section != "SYNOPSIS":
            continue
        if line.startswith(".Cm "):
            now = told.setdefault(line[4:].strip(), {})
        if now is not None and line.startswith(".Op "):
            for name, value in re.findall(r"Fl -([\w-]+)( Ar)?", line):
                now[name] = bool(value)
    return told


def described(page):
    """Commands that are described; {command or None: {option: value}}."""
    names, told = [], {}
    for section, above, line in walk(page):
        if section != "DESCRIPTION" or not line.startswith(".It "):
            continue
        m = re.match(r"\.It Cm (\w+)$", line)
        if m:
            names.append(m.group(1))
        m = re.match(r"\.It Fl -([\w-]+)( Ar)?", line)
        if m:
            up = re.match(r"Cm (\w+)", above[-2]) if len(above) > 1 else None
            told.setdefault(up.group(1) if up else None, {})[
                m.group(1)] = bool(m.group(2))
    return names, told


def statuses_told(page):
    """{command: statuses}, and the text in front of the table."""
    told, now, text = {}, [], ""
    for section, _, line in walk(page):
        if section != "EXIT STATUS":
            continue
        m = re.match(r"\.It (?:Cm ([\w ,]+) )?Ta (\d+) Ta", line)
        if not m:
            text += "" if line.startswith(".") else line + "\n"
            continue
        if m.group(1):
            now = re.findall(r"\w+", m.group(1))
        for command in now:
            told.setdefault(command, set()).add(m.group(2))
    return told, set(re.findall(r"\d+", text))


def help_told(text):
    """(options, exit statuses) of a --help."""
    options = {name: bool(value) for name, value in re.findall(
        r"^  --([\w-]+)(?: ([A-Z]\w*))?(?:\s|$)", text, re.M)}
    m = re.search(r"Exit status: (.*?)\.\s*$", text, re.M | re.S)
    return options, set(re.findall(r"\b(\d+) ", m.group(1) if m else ""))


# ---- the comparison ----

def differ(problems, what, known, told):
    for word in sorted(set(known) - set(told)):
        problems.append("%s: nothing of `%s`" % (what, word))
    for word in sorted(set(told) - set(known)):
        problems.append("%s: `%s` does not exist" % (what, word))
    if isinstance(known, dict) and isinstance(told, dict):
        for word in sorted(set(known) & set(told)):
            if known[word] != told[word]:
                problems.append("%s: does `%s` have a value?" % (what, word))


def check_command(name, known, told, problems):
    options, path = known
    in_synopsis, described_here, shared, statuses, text = told
    differ(problems, "%s: SYNOPSIS of %s" % (MAN1, name), options,
           in_synopsis)
    own = {o: v for o, v in options.items() if o not in SHARED}
    differ(problems, "%s: options of %s" % (MAN1, name), own,
           described_here)
    for o in set(options) - set(own):
        if shared.get(o) != SHARED[o]:
            problems.append("%s: `--%s` of more than one command" % (MAN1, o))
    in_help, told_there = help_told(text)
    differ(problems, "%s --help" % name, dict(options, help=False), in_help)
    if told_there - EVERYWHERE != statuses:
        problems.append("%s --help: exit statuses %s, and %s in %s" % (
            name, sorted(told_there), sorted(statuses), MAN1))


def check(sources, man1, man5, helps):
    """Every problem, as a line."""
    problems = []
    listed, known = commands(sources)
    differ(problems, "daemon/cli: commands", set(listed), set(known))
    in_synopsis = synopsis(man1)
    names, told = described(man1)
    statuses, everywhere = statuses_told(man1)
    shared = told.pop(None, {})
    for what, these in (("SYNOPSIS", in_synopsis), ("DESCRIPTION", names),
                        ("EXIT STATUS", statuses)):
        differ(problems, "%s: %s" % (MAN1, what), set(listed), set(these))
    differ(problems, "dnsvigil --help", set(listed), set(re.findall(
        r"^  (\w+) ", helps[""], re.M)))
    differ(problems, "%s: options of more than one command" % MAN1, SHARED,
           shared)
    differ(problems, "%s: EXIT STATUS of all" % MAN1, EVERYWHERE, everywhere)
    for name in sorted(set(listed) & set(known)):
        check_command(name, known[name], (
            in_synopsis.get(name, {}), told.get(name, {}), shared,
            statuses.get(name, set()), helps.get(name, "")), problems)
    for path in sorted({path for _, path in known.values()}):
        these = [n for n in known if known[n][1] == path]
        used = statuses_of(path, sources)
        here = set().union(*(statuses.get(n, set()) for n in these))
        differ(problems, "%s: EXIT STATUS of %s" % (MAN1, ", ".join(these)),
               used, here)
    check_keys(sources, man5, problems)
    return problems


def check_keys(sources, man5, problems):
    known = keys(sources, problems)
    told = keys_told(man5)
    csv, entry = known.pop("csv", set()), known.pop("entry", set())
    for place in sorted(set(known) | set(KEYS.values()), key=str):
        differ(problems, "%s: %s%s" % (
            MAN5, place[0], ", " + place[1] if place[1] else ""),
               known.get(place, set()), set(told.get(place, [])))
    for place in sorted(set(told) - set(KEYS.values()), key=str):
        problems.append("%s: keys %s in %s, which no table has" % (
            MAN5, told[place], place[0]))
    for place, words in told.items():
        for w in {w for w in words if words.count(w) > 1}:
            problems.append("%s: %s: `%s` twice" % (MAN5, place[0], w))
    differ(problems, MAN5 + ": CSV", csv, words_told(man5, "CSV"))
    # What an entry has beside the fields stands in the text of `watch`.
    differ(problems, MAN5 + ": YAML, an entry",
           entry - known.get(("Fields", None), set()),
           words_told(man5, "YAML") & OF_ENTRIES)
    differ(problems, "daemon/config: fields of an entry and of defaults",
           known.get(("Fields", None), set()), entry - OF_ENTRIES)


# ---- the check itself ----

def spoilt(sources, man1, man5, helps):
    """(what was done, arguments of check) for every single spoiling."""
    def without(text, at):
        lines = text.splitlines(keepends=True)
        return "".join(lines[:at] + lines[at + 1:])

    for n, line in enumerate(man1.splitlines()):
        if re.match(r"\.Op Fl -|\.It Fl -|\.It (Cm .*)?Ta \d", line) or \
                re.match(r"\.It Cm \w+$", line):
            yield "%s:%d: without %s" % (MAN1, n + 1, line), (
                sources, without(man1, n), man5, helps)
        for option in re.findall(r"Fl -([\w-]+)", line):
            if line.startswith((".Op", ".It Fl")):
                yield "%s:%d: other name for %s" % (MAN1, n + 1, option), (
                    sources, man1.replace(line, line.replace(
                        "-" + option, "-zz" + option)), man5, helps)
    for n, line in enumerate(man5.splitlines()):
        if re.match(r"\.It Ic ", line):
            yield "%s:%d: without %s" % (MAN5, n + 1, line), (
                sources, man1, without(man5, n), helps)
            yield "%s:%d: other name in %s" % (MAN5, n + 1, line), (
                sources, man1, "".join(
                    ".It Ic zz" + x[7:] if i == n else x for i, x in
                    enumerate(man5.splitlines(keepends=True))), helps)
    for n, (section, _, line) in enumerate(walk(man5)):
        if section == "CSV" and line.startswith(".Ic "):
            yield "%s:%d: without %s" % (MAN5, n + 1, line), (
                sources, man1, without(man5, n), helps)
    for name, text in helps.items():
        told = help_told(text)[1] - EVERYWHERE
        for status in told:
            yield "help of %s: without status %s" % (name, status), (
                sources, man1, man5, dict(helps, **{name: re.sub(
                    r"(?<=[ ,])%s (?=\w|\()" % status, "", text)}))
        for n, line in enumerate(text.splitlines()):
            if re.match(r"  (--)?\w", line):
                yield "help of %s: without %s" % (name, line), (
                    sources, man1, man5, dict(helps, **{
                        name: without(text, n)}))
    for path, text in sources.items():
        for n, line in enumerate(text.splitlines()):
            if re.match(r'\s*(\[OPT_\w+\] = |\{"\w+", (read|fields)_|'
                        r'\{"\w+", ".*", cmd_)', line):
                yield "%s:%d: without %s" % (path, n + 1, line.strip()), (
                    dict(sources, **{path: without(text, n)}), man1, man5,
                    helps)


def main():
    os.chdir(ROOT)
    program = os.path.abspath(sys.argv[1])
    sources = {}
    for path in glob.glob("daemon/cli/*.c") + glob.glob(
            "daemon/config/*.c") + ["include/cli/cli.h"]:
        with open(path) as f:
            sources[path] = f.read()
    with open(MAN1) as f:
        man1 = f.read()
    with open(MAN5) as f:
        man5 = f.read()
    helps = {}
    for name in [""] + commands(sources)[0]:
        helps[name] = subprocess.run(
            [program] + ([name] if name else []) + ["--help"], text=True,
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
            check=True).stdout
    problems = check(sources, man1, man5, helps)
    tried = 0
    if not problems:
        for what, arguments in spoilt(sources, man1, man5, helps):
            tried += 1
            if not check(*arguments):
                problems.append("manual.py does not notice: " + what)
        if tried < 150:
            problems.append("manual.py tried itself only %d times" % tried)
    for p in problems:
        print(p)
    if "-v" in sys.argv:
        print("tried itself %d times" % tried)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
