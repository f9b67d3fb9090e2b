#!/usr/bin/env python3
"""Breaks mayfly in one small way after another, and holds the simulator to noticing each.

A mutant (*.txt beside this file) is a bug of the field, put into the control plane. This program
copies the source into a work folder, builds it, shows that the unchanged program passes the kill
commands, and then, for each mutant: applies it, builds, runs the kill commands until one fails.
A mutant that passes them all survives: the simulator is blind there.

Kill commands run in the work folder's build directory. One that ends with status 0 has found
nothing; one that fails, is ended by a signal or does not come to its end has killed the mutant.

Last line: "N passed, M failed"; exit status 0 only when every mutant was killed (or, with --check,
when every mutant applies exactly once).
"""

import argparse
import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# What a build needs of the tests folder is its own .cpp files only.
NOT_COPIED = {".git", "build", "docs", "bench", "tests", "node_modules"}
FIELDS = ("bug", "source", "breaks")
MEMORY_MAX = 4 << 30  # of a kill command: a mutant may loop

DEFAULT_TARGETS = ["mayfly-lab"]
SIMULATE = "./mayfly-lab simulate --once --shrink-tries 0 --max-failures 1 --jobs 1"
# From the quickest to find anything to the longest.
DEFAULT_KILLS = [
    f"{SIMULATE} --scenario moments --seed 1 --runs 100",
    f"{SIMULATE} --seed 1 --runs 54",
    f"{SIMULATE} --crash-points --scenario one-run --stride 23 --pairs 40",
    f"{SIMULATE} --seed 1000 --runs 360",
]


@dataclass
class Edit:
    file: str
    old: str
    new: str


@dataclass
class Mutant:
    name: str
    where: str
    fields: dict = field(default_factory=dict)
    edits: list = field(default_factory=list)


@dataclass
class Verdict:
    name: str
    verdict: str  # killed, survived, not-built, not-applied
    by: str = ""
    build_seconds: float = 0.0
    kill_seconds: float = 0.0

    def is_good(self):
        return self.verdict == "killed"


class Broken(Exception):
    """The list or the set-up is wrong; the text is for a person."""


# --- The list


def read_list():
    mutants = []
    for path in sorted(HERE.glob("*.txt")):
        mutants += read_file(path)
    seen = {}
    for mutant in mutants:
        if mutant.name in seen:
            raise Broken(f"{mutant.where}: {mutant.name} stands in {seen[mutant.name]} too")
        seen[mutant.name] = mutant.where
    return mutants


def read_file(path):
    """Outside of texts, a line is "key: value"; old: and new: begin a text, which end ends."""
    mutants = []
    part, texts, file = None, {}, ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.name}:{number}"
        if part is not None:
            if line == "new:" and part == "old":
                part = "new"
            elif line == "end" and part == "new":
                mutants[-1].edits.append(Edit(file, texts["old"], texts["new"]))
                part = None
            else:
                texts[part] += line + "\n"
            continue
        if not line or line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        value = value.strip()
        if key == "mutant" and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
            mutants.append(Mutant(value, where))
        elif not mutants or not colon:
            raise Broken(f"{where}: neither a field nor a text: {line}")
        elif key == "old" and not value and file:
            part, texts = "old", {"old": "", "new": ""}
        elif key == "file" and value:
            file = value
        elif key in FIELDS and value:
            mutants[-1].fields[key] = value
        else:
            raise Broken(f"{where}: not a field of a mutant: {line}")
    if part is not None:
        raise Broken(f"{path.name}: the last text has no end")
    for mutant in mutants:
        missing = [key for key in FIELDS if key not in mutant.fields]
        if missing or not mutant.edits:
            raise Broken(f"{mutant.where}: {mutant.name} lacks {', '.join(missing) or 'an edit'}")
    return mutants


def mutated(mutant, root):
    """The texts of the files that the mutant changes, by path; Broken if it does not fit."""
    texts = {}
    for edit in mutant.edits:
        if edit.file not in texts:
            path = root / edit.file
            if not path.is_file():
                raise Broken(f"there is no {edit.file}")
            texts[edit.file] = path.read_text()
        text = "\n" + texts[edit.file]
        count = text.count("\n" + edit.old)
        if not edit.old or count != 1:
            first = edit.old.splitlines()[0].strip() if edit.old else ""
            raise Broken(f"{edit.file}: its old text stands there {count} times: {first}")
        if edit.old == edit.new:
            raise Broken(f"{edit.file}: the new text is the old one")
        texts[edit.file] = text.replace("\n" + edit.old, "\n" + edit.new)[1:]
    return texts


def check(mutants):
    failed = 0
    for mutant in mutants:
        try:
            mutated(mutant, ROOT)
        except Broken as broken:
            failed += 1
            print(f"not ok {mutant.name} ({mutant.where}): {broken}")
    print(f"{len(mutants) - failed} passed, {failed} failed")
    return failed == 0


# --- The work folder


class Workshop:
    def __init__(self, folder, jobs, prefix):
        self.tree = folder / "tree"
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.jobs = jobs
        self.prefix = shlex.split(prefix)
        for path in (self.tree, self.log):
            path.mkdir(parents=True, exist_ok=True)

    def copy_source(self):
        """Only what differs is written, so that only that is compiled again."""
        wanted = set()
        for path in sources():
            target = self.tree / path
            wanted.add(target)
            data = (ROOT / path).read_bytes()
            if not target.is_file() or target.read_bytes() != data:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        for path in list(self.tree.rglob("*")):
            if path.is_file() and path not in wanted:
                path.unlink()

    def configure(self):
        command = [
            "cmake", "-S", str(self.tree), "-B", str(self.bin), "-G", "Ninja",
            "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DMAYFLY_WERROR=OFF",
        ]
        if shutil.which("ccache"):
            command.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
        self.must(command, "configure")

    def must(self, command, name):
        status, output, _ = run(command, None, self.log / f"{name}.log", None)
        if status != 0:
            raise Broken(f"{' '.join(command)} failed:\n{output[-3000:]}")

    def build(self, targets, name):
        command = self.prefix + ["cmake", "--build", str(self.bin), "-j", str(self.jobs)]
        status, _, seconds = run(command + ["--target"] + targets, None,
                                 self.log / f"{name}.build.log", None)
        return status == 0, seconds

    def kill(self, command, name, limit):
        return run(shlex.split(command), limit, self.log / f"{name}.log", self.bin)


def sources():
    """Every file that the build may read, relative to the root."""
    found = [path.relative_to(ROOT) for path in (ROOT / "tests").glob("*") if path.is_file()]
    for top in sorted(ROOT.iterdir()):
        if top.name in NOT_COPIED:
            continue
        if top.is_file():
            found.append(top.relative_to(ROOT))
            continue
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders if name not in NOT_COPIED]
            found += [(Path(folder) / name).relative_to(ROOT) for name in files]
    return found


def bounded():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command, limit, log, folder):
    """(status, output, seconds); the status is None when the limit came first."""
    began = time.monotonic()
    with open(log, "wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
                                 preexec_fn=bounded if limit else None)
        try:
            status = child.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    return status, log.read_text(errors="replace"), time.monotonic() - began


# --- The trial


def what_broke(status, output):
    """Of a kill command that failed: the law and the seed, or the test case, or the signal."""
    if status is None:
        return "it came to no end"
    text = re.search(r"^TEST CASE:  (.*)$", output, re.MULTILINE)
    if text:
        return text.group(1).strip()
    broken = re.search(r"^BROKEN: (.*)$", output, re.MULTILINE)
    if broken:
        where = re.search(r"--scenario (\S+) --seed (\d+)", output)
        return broken.group(1) + (f" ({where.group(1)} {where.group(2)})" if where else "")
    if status < 0:
        return signal.Signals(-status).name
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit status {status}"


def try_unchanged(shop, targets, kills):
    """The unchanged program must pass; answers with how long each command took."""
    built, seconds = shop.build(targets, "unchanged")
    if not built:
        raise Broken(f"the unchanged source does not build: {shop.log}/unchanged.build.log")
    print(f"built in {seconds:.0f} s", flush=True)
    took = []
    for number, command in enumerate(kills, 1):
        status, output, seconds = shop.kill(command, f"unchanged.{number}", 3600)
        if status != 0:
            raise Broken(f"the unchanged program does not pass: {command}\n{output[-3000:]}")
        print(f"passes in {seconds:.1f} s: {command}", flush=True)
        took.append(seconds)
    return took


def try_mutant(shop, mutant, targets, kills, limits):
    try:
        texts = mutated(mutant, shop.tree)
    except Broken as broken:
        return Verdict(mutant.name, "not-applied", str(broken))
    originals = {file: (shop.tree / file).read_text() for file in texts}
    try:
        for file, text in texts.items():
            (shop.tree / file).write_text(text)
        built, build_seconds = shop.build(targets, mutant.name)
        verdict = Verdict(mutant.name, "survived" if built else "not-built",
                          "" if built else str(shop.log / f"{mutant.name}.build.log"),
                          round(build_seconds, 1))
        for number, command in enumerate(kills if built else [], 1):
            status, output, seconds = shop.kill(command, f"{mutant.name}.{number}",
                                                limits[number - 1])
            verdict.kill_seconds = round(verdict.kill_seconds + seconds, 1)
            if status == 0:
                continue
            verdict.verdict, verdict.by = "killed", what_broke(status, output)
            break
        return verdict
    finally:
        for file, text in originals.items():
            (shop.tree / file).write_text(text)


def table(verdicts):
    width = max(len(verdict.name) for verdict in verdicts)
    print(f"\n{'mutant':{width}}  {'verdict':11} {'build':>7} {'kill':>7}  by")
    for one in verdicts:
        print(f"{one.name:{width}}  {one.verdict:11} {one.build_seconds:5.1f} s "
              f"{one.kill_seconds:5.1f} s  {one.by[:110]}")


def report(verdicts, path):
    if path:
        path.write_text(json.dumps([vars(one) for one in verdicts], indent=1) + "\n")


def trial(mutants, options):
    kills = options.kill or DEFAULT_KILLS
    targets = options.target or DEFAULT_TARGETS
    folder = options.work.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    shop = Workshop(folder, options.jobs, options.prefix)
    shop.copy_source()
    shop.configure()
    took = try_unchanged(shop, targets, kills)
    limits = [30 + 3 * seconds for seconds in took]
    verdicts = []
    for number, mutant in enumerate(mutants, 1):
        one = try_mutant(shop, mutant, targets, kills, limits)
        verdicts.append(one)
        print(f"[{number}/{len(mutants)}] {one.name}: {one.verdict}, {one.kill_seconds} s"
              f"{': ' + one.by[:160] if one.by else ''}", flush=True)
        report(verdicts, options.json)
    table(verdicts)
    good = sum(one.is_good() for one in verdicts)
    print(f"{good} passed, {len(verdicts) - good} failed")
    return good == len(verdicts)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true",
                        help="only whether every mutant still fits the source, exactly once")
    parser.add_argument("--list", action="store_true", help="name each mutant, and its bug")
    parser.add_argument("--only", metavar="NAME", action="append", default=[],
                        help="this mutant alone; may be repeated")
    parser.add_argument("--kill", metavar="COMMAND", action="append", default=[],
                        help="may be repeated; default: four campaigns of simulate")
    parser.add_argument("--target", metavar="NAME", action="append", default=[],
                        help=f"what to build; may be repeated; default: {DEFAULT_TARGETS[0]}")
    parser.add_argument("--work", metavar="FOLDER", type=Path, default=ROOT / "build" / "mutants",
                        help="kept between runs; default: build/mutants")
    parser.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count() or 1,
                        help="files compiled at once")
    parser.add_argument("--prefix", metavar="COMMAND", default="",
                        help="put before each build, such as nice")
    parser.add_argument("--json", metavar="FILE", type=Path,
                        help="the verdicts so far, written after each mutant")
    options = parser.parse_args()
    try:
        mutants = read_list()
        unknown = set(options.only) - {mutant.name for mutant in mutants}
        if unknown:
            raise Broken(f"there is no mutant {', '.join(sorted(unknown))}")
        if options.only:
            mutants = [mutant for mutant in mutants if mutant.name in options.only]
        if options.list:
            for mutant in mutants:
                print(f"{mutant.name}: {mutant.fields['bug']} [{mutant.fields['source']}]")
            return 0
        return 0 if (check if options.check else lambda m: trial(m, options))(mutants) else 1
    except Broken as broken:
        print(f"run.py: {broken}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
