#!/usr/bin/env python3
"""Breaks mayfly in one small way after another, and holds the simulator to noticing each.

A mutant (*.txt beside this file) is a bug of the field, put into the control plane. This program
copies the source into work folders, builds it, shows that the unchanged program passes the kill
commands, and then, for each mutant: applies it, builds, runs the kill commands until one fails.
A mutant that passes them all has found a blind spot of the simulator; then the test program of the
room that it changes has to notice it, or lab_test, which plays stories of the whole service; else it
survives. One that names a test program (held:
web_test) is outside of the simulator's world, and tried with that alone.

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
import signal
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
import verdicts
from mutant_list import ROOT, Broken, check, mutated, read_list
from verdicts import SIMULATOR, Verdict
from workshop import Stopped, Workshop, stopping

DEFAULT_TARGETS = ["mayfly-lab"]
STORIES = "lab_test"  # the whole service, without faults that are drawn
SIMULATE = "./mayfly-lab simulate --once --shrink-tries 0 --max-failures 1 --jobs 1"
PLAY = SIMULATE + " --scenario {} --seed 1 --runs 60"
# From the quickest to find anything to the longest.
DEFAULT_KILLS = [
    f"{SIMULATE} --scenario moments --seed 1 --runs 100",
    f"{SIMULATE} --seed 1 --runs 54",
    f"{SIMULATE} --crash-points --scenario one-run --stride 23 --pairs 40",
    f"{SIMULATE} --seed 1000 --runs 360",
]


def kills_for(mutant, kills):
    """The scenarios that it names come first."""
    return [PLAY.format(scenario) for scenario in mutant.plays] + kills


def room_test(mutant):
    """Of the room whose file it changes first: src/lease/decide.cpp is lease_test's."""
    return mutant.edits[0].file.split("/")[1] + "_test"


def tests_after(mutant):
    """The test programs that a mutant which passed the simulator is tried with, in order."""
    return list(dict.fromkeys([room_test(mutant), STORIES]))


def what_broke(status, output):
    """Of a kill command that failed: the law and the seed, or the test case, or the signal."""
    if status == -signal.SIGXCPU:
        return "it came to no end"
    for part in re.split(r"^=+$", output, flags=re.MULTILINE):  # one that passes may have a message
        case = re.search(r"^TEST CASE:  (.*)$", part, re.MULTILINE)
        if case and "ERROR:" in part:
            return case.group(1).strip()
    broken = re.search(r"^BROKEN: (.*)$", output, re.MULTILINE)
    if broken:
        where = re.search(r"--scenario (\S+) --seed (\d+)", output)
        return broken.group(1) + (f" ({where.group(1)} {where.group(2)})" if where else "")
    if status < 0:
        return signal.Signals(-status).name
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit status {status}"


class Trial:
    """Mutants, tried by one worker for each workshop."""

    def __init__(self, mutants, options):
        self.mutants = mutants
        self.options = options
        self.targets = options.target or DEFAULT_TARGETS
        self.kills = options.kill or DEFAULT_KILLS
        self.lock = threading.Lock()
        self.is_built = threading.Event()  # once: the compiler's cache has it for the others
        # Who compiles a file again and again finds the rest of it in place.
        by_file = sorted(mutants, key=lambda one: one.edits[0].file)
        is_simulated = options.kill or options.target
        self.simulated = [one for one in by_file if is_simulated or not one.held]
        self.held = [] if is_simulated else [one for one in by_file if one.held]
        self.held.sort(key=lambda one: one.held)
        is_room_tried = not options.target
        self.rooms = ({test for one in self.simulated for test in tests_after(one)}
                      if is_room_tried else set())
        self.took = {}  # seconds that the unchanged program needs, by command
        self.done = []
        self.error = None

    def run(self):
        began = time.monotonic()
        shops = [Workshop(self.options.work.resolve() / str(number), self.options.jobs)
                 for number in range(1, self.options.workers + 1)]
        workers = [threading.Thread(target=self.work, args=(shop, shop is shops[0]))
                   for shop in shops]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if self.error:
            raise self.error
        order = {mutant.name: number for number, mutant in enumerate(self.mutants)}
        self.done.sort(key=lambda one: order[one.name])
        if self.done:
            verdicts.show(self.done)
        print(f"{time.monotonic() - began:.0f} s in all")

    def work(self, shop, is_first):
        """The first also tries those that tests hold, so that these are built once."""
        try:
            shop.copy_source()
            shop.configure()
            if not is_first:
                self.is_built.wait()
            if self.simulated and not stopping.is_set():
                self.try_unchanged(shop, self.targets, self.all_kills() if is_first else [])
            programs = self.rooms | ({one.held for one in self.held} if is_first else set())
            for program in sorted(programs):
                self.try_unchanged(shop, [program], [f"./{program}"] if is_first else [])
            while mutant := self.next(is_first):
                self.note(self.try_mutant(shop, mutant))
        except Stopped:
            pass
        except Exception as error:  # the other workers must not go on either
            self.error = self.error or error
            stopping.set()
        finally:
            self.is_built.set()

    def all_kills(self):
        plays = {command for one in self.simulated for command in kills_for(one, [])}
        return self.kills + sorted(plays)

    def next(self, is_first):
        with self.lock:
            queue = self.held if is_first and self.held else self.simulated
            return queue.pop(0) if queue else None

    def note(self, one):
        with self.lock:
            self.done.append(one)
            print(f"[{len(self.done)}/{len(self.mutants)}] {one.name}: {one.verdict}, "
                  f"{one.kill_seconds} s{': ' + one.by[:160] if one.by else ''}", flush=True)
            if self.options.json:
                text = json.dumps([vars(verdict) for verdict in self.done], indent=1)
                self.options.json.write_text(text + "\n")

    def try_unchanged(self, shop, targets, kills):
        """It must pass: else nothing that fails shows anything."""
        built, seconds = shop.build(targets, "unchanged")
        if not built:
            raise Broken(f"the unchanged source does not build: {shop.log}/unchanged.build.log")
        print(f"{' '.join(targets)} built in {seconds:.0f} s", flush=True)
        self.is_built.set()
        shop.jobs = max(1, self.options.jobs // self.options.workers)
        for command in kills:
            ran = shop.kill(command, "unchanged", None)
            if ran.status != 0:
                raise Broken(f"the unchanged program does not pass: {command}\n"
                             f"{ran.output[-3000:]}")
            print(f"passes in {ran.seconds:.1f} s: {command}", flush=True)
            self.took[command] = ran.seconds

    def limit(self, command):
        # Another worker may still be finding out: nothing that passes needs so long.
        return 30 + 3 * self.took.get(command, 300)

    def try_mutant(self, shop, mutant):
        is_held = mutant.held and mutant not in self.simulated and not self.options.kill
        stages = [(mutant.held, [mutant.held], [f"./{mutant.held}"])] if is_held else [
            (SIMULATOR, self.targets, kills_for(mutant, self.kills))]
        if self.rooms and not is_held:
            stages += [(test, [test], [f"./{test}"]) for test in tests_after(mutant)]
        try:
            texts = mutated(mutant, shop.tree)
        except Broken as broken:
            return Verdict(mutant.name, "not-applied", stages[0][0], str(broken))
        originals = {file: (shop.tree / file).read_text() for file in texts}
        try:
            for file, text in texts.items():
                (shop.tree / file).write_text(text)
            verdict = Verdict(mutant.name, "survived", stages[0][0])
            for killer, targets, kills in stages:
                if verdict.verdict == "survived":
                    self.try_stage(shop, verdict, killer, targets, kills)
            return verdict
        finally:
            for file, text in originals.items():
                (shop.tree / file).write_text(text)

    def try_stage(self, shop, verdict, killer, targets, kills):
        built, seconds = shop.build(targets, verdict.name)
        verdict.build_seconds = round(verdict.build_seconds + seconds, 1)
        if not built:
            verdict.verdict, verdict.by = "not-built", str(shop.log / f"{verdict.name}.build.log")
            return
        for command in kills:
            ran = shop.kill(command, verdict.name, self.limit(command))
            verdict.kill_seconds = round(verdict.kill_seconds + ran.seconds, 1)
            if ran.status != 0:
                verdict.killer = killer
                verdict.verdict, verdict.by = "killed", what_broke(ran.status, ran.output)
                return


def trial(mutants, every_mutant, options):
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())  # what was begun is put back then
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    one = Trial(mutants, options)
    one.run()
    if options.write:
        verdicts.write_table(every_mutant, one.done)
    good = sum(verdict.is_good() for verdict in one.done)
    print(f"{good} passed, {len(mutants) - good} failed")
    return good == len(mutants)


def options_of_command_line():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true",
                        help="only whether every mutant still fits the source, exactly once")
    parser.add_argument("--list", action="store_true", help="name each mutant, and its bug")
    parser.add_argument("--only", metavar="NAME", action="append", default=[],
                        help="this mutant alone; may be repeated")
    parser.add_argument("--new", action="store_true",
                        help="only those without a row in docs/mutants.md, or not killed there")
    parser.add_argument("--write", action="store_true",
                        help="write docs/mutants.md; mutants that were not tried keep their rows")
    parser.add_argument("--kill", metavar="COMMAND", action="append", default=[],
                        help="may be repeated; default: four campaigns of simulate")
    parser.add_argument("--target", metavar="NAME", action="append", default=[],
                        help=f"what to build; may be repeated; default: {DEFAULT_TARGETS[0]}")
    parser.add_argument("--work", metavar="FOLDER", type=Path, default=ROOT / "build" / "mutants",
                        help="kept between runs; default: build/mutants")
    processors = os.cpu_count() or 1
    parser.add_argument("--workers", metavar="N", type=int, default=processors,
                        help="mutants tried at once; default: one for each processor")
    parser.add_argument("--jobs", metavar="N", type=int, default=processors,
                        help="files compiled at once, by all workers")
    parser.add_argument("--json", metavar="FILE", type=Path,
                        help="the verdicts so far, written after each mutant")
    return parser.parse_args()


def chosen(mutants, options):
    unknown = set(options.only) - {mutant.name for mutant in mutants}
    if unknown:
        raise Broken(f"there is no mutant {', '.join(sorted(unknown))}")
    if options.only:
        mutants = [mutant for mutant in mutants if mutant.name in options.only]
    if options.new:
        kept = verdicts.read_table()
        mutants = [mutant for mutant in mutants
                   if mutant.name not in kept or not kept[mutant.name].is_good()]
    return mutants


def main():
    options = options_of_command_line()
    try:
        every_mutant = read_list()
        mutants = chosen(every_mutant, options)
        if options.list:
            for mutant in mutants:
                print(f"{mutant.name}: {mutant.fields['bug']} [{mutant.fields['source']}]")
            return 0
        if options.check:
            return 0 if check(mutants) else 1
        return 0 if trial(mutants, every_mutant, options) else 1
    except Broken as broken:
        print(f"run.py: {broken}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
