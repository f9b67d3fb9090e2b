#!/usr/bin/env python3
"""Kills a real `mayfly serve` with SIGKILL at random moments, thousands of times, under load, and
checks from the world's side that nothing acknowledged is lost and nothing is left behind.

The world is `mayfly emulate` with modelled machines, without rate limits, whose calls take a drawn
time, so that kills fall before and after what they do. Callers play rr's workflow (both shapes of
its requests, and v1), some crash, some runs are cancelled; strangers ask again, ring and claim. A
kill aims, by turns that are drawn, at start-up, at the first sweep and recovery, at the load, or at
the time after a first sweep. Each round has a new world and a new ledger; after its last kill
everything must come to its end, and the books must balance.

What is drawn comes from the seed; when it happens is up to the machine, so the same seed gives the
same plan, not the same history. Where a law is broken, ledger, logs and configuration are kept."""
import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from crash.load import LAWS, Books  # noqa: E402
from crash.programs import Problem  # noqa: E402
from crash.rounds import Round  # noqa: E402


def parse(arguments):
    root = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    number = {"type": int, "metavar": "N"}
    parser.add_argument("--kills", default=3000, **number, help="in all (3000)")
    parser.add_argument("--round", default=1000, **number, help="kills in one round (1000)")
    parser.add_argument("--seed", default=None, **number, help="repeats an earlier plan")
    parser.add_argument("--callers", default=12, **number, help="runs at a time (12, at most 20)")
    parser.add_argument("--slow-ms", default=10, **number,
                        help="an emulated call takes up to so long (10)")
    parser.add_argument("--patience", default=420, **number,
                        help="seconds after a round for everything to be gone (420)")
    parser.add_argument("--quick", action="store_true",
                        help="do not wait the five minutes for which a lease rests whose launch "
                        "was lost and of which EC2 shows no machine")
    parser.add_argument("--machines", default="models", choices=("models", "processes"),
                        help="processes run the real boot script, and want fewer callers (models)")
    parser.add_argument("--build", default=os.environ.get("MAYFLY_BUILD") or
                        os.path.normpath(os.path.join(root, "build")),
                        help="directory of the programs (that of MAYFLY_BUILD, else build/)")
    parser.add_argument("--keep", action="store_true",
                        help="leave ledgers and logs also where no law was broken")
    parser.add_argument("--json", action="store_true", help="the result as JSON, nothing else")
    options = parser.parse_args(arguments)
    options.build = os.path.abspath(options.build)
    if min(options.kills, options.round, options.callers) < 1 or options.callers > 20:
        parser.error("--kills and --round must be at least 1, --callers 1 to 20")
    for program in ("mayfly", "mayfly-lab"):
        if not os.access(os.path.join(options.build, program), os.X_OK):
            parser.error(f"no {program} in {options.build}: ./dev build makes it")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1, 1 << 31)
    return options


class Progress:
    def __init__(self, options, books):
        self.options = options
        self.books = books
        self.began = time.monotonic()
        self.is_terminal = sys.stderr.isatty()

    def line(self, number):
        counts = self.books.counts
        return (f"round {number}: {counts['kills']} of {self.options.kills} kills, "
                f"{counts['runs']} runs, {counts['looks at EC2']} looks, "
                f"{counts['breaches']} breaches, {time.monotonic() - self.began:.0f} s")

    def on_kill(self, a_round):
        if self.is_terminal:
            print("\r\033[K" + self.line(a_round.number), end="", file=sys.stderr, flush=True)

    def on_round(self, a_round):
        print(("\r\033[K" if self.is_terminal else "# ") + self.line(a_round.number) +
              f"; settled in {a_round.settled_in:.1f} s, busy for {a_round.busy_for:.1f} s",
              file=sys.stderr, flush=True)


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else None


def figures(rounds, books, seconds):
    sweeps = [1000 * sweep for a_round in rounds for sweep in a_round.sweeps]
    first = {name: round(quantile(sweeps, part), 1) if sweeps else None
             for name, part in (("median", 0.5), ("p99", 0.99), ("max", 1.0))}
    return {"seconds": round(seconds, 1),
            "first_sweep_ms": {"measured": len(sweeps),
                               "within_1s": sum(sweep <= 1000 for sweep in sweeps), **first},
            "settled_s_max": round(max((r.settled_in for r in rounds), default=0), 1),
            "counts": dict(sorted(books.counts.items()))}


def report(options, result):
    """For people, and for ./dev test: its last line counts the laws."""
    for law, words in LAWS.items():
        broken = result["breaches"].get(law, [])
        print(("not ok " if broken else "ok ") + words)
        for what in broken[:5]:
            print("    " + what)
    sweep, counts = result["first_sweep_ms"], result["counts"]
    print("\n| kills | runs | leases acknowledged | machines | looks | first sweep: median | p99 | "
          "max | within 1 s | time |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    print(f"| {counts.get('kills', 0)} | {counts.get('runs', 0)} | "
          f"{counts.get('leases acknowledged', 0)} | {counts.get('machines', 0)} | "
          f"{counts.get('looks at EC2', 0)} | {sweep['median']} ms | {sweep['p99']} ms | "
          f"{sweep['max']} ms | {sweep['within_1s']} of {sweep['measured']} | "
          f"{result['seconds']} s |\n")
    print("# " + ", ".join(f"{name} {number}" for name, number in counts.items()))
    if result["kept"]:
        print(f"seed {options.seed}; ledger, logs and configuration are in {result['kept']}")
    failed = sum(bool(result["breaches"].get(law)) for law in LAWS)
    if result["problem"]:
        print("not ok the rig could go on\n    " + result["problem"])
        failed += 1
    print(f"{len(LAWS) - min(failed, len(LAWS))} passed, {failed} failed")


def play(options, directory, books):
    """(rounds, problem)."""
    rounds, progress = [], Progress(options, books)
    for number in range(1, -(-options.kills // options.round) + 1):
        kills = min(options.round, options.kills - (number - 1) * options.round)
        place = os.path.join(directory, f"round-{number}")
        os.mkdir(place)
        rounds.append(Round(options, number, kills, place, books, progress.on_kill))
        before = books.counts["breaches"]
        try:
            rounds[-1].play()
        except Problem as problem:
            return rounds, f"round {number}: {problem}"
        progress.on_round(rounds[-1])
        if books.counts["breaches"] == before and not options.keep:
            shutil.rmtree(place)
    return rounds, None


def main(arguments):
    options = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = tempfile.mkdtemp(prefix="mayfly-crash-")
    is_kept = False
    try:
        print(f"# seed {options.seed}, {options.build}", file=sys.stderr)
        books, began = Books(), time.monotonic()
        rounds, problem = play(options, directory, books)
        breaches = dict(books.breaches)
        failed = bool(problem or breaches)
        is_kept = failed or options.keep
        result = {"seed": options.seed, "ok": not failed, "problem": problem,
                  "breaches": breaches, "kept": directory if is_kept else None,
                  **figures(rounds, books, time.monotonic() - began)}
        if options.json:
            print(json.dumps(result, indent=1))
        else:
            report(options, result)
        return 1 if failed else 0
    except KeyboardInterrupt:
        print(f"\nstopped; seed {options.seed}", file=sys.stderr)
        return 130
    finally:
        if not is_kept:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
