#!/usr/bin/env python3
"""Attacks a real `mayfly serve` before emulated clouds, over real sockets, and checks that none of
it comes to anything. Each attack prints what it checked and one line of figures; the last line
counts. docs/threat-model.md says what each is for.

  attack.py                       every attack at its full size: about half an hour
  attack.py --size 0.01 labels    one of them, at a hundredth

Exit status: 0 every check held, 1 one did not, 2 an attack could not be played."""
import argparse
import os
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import canaries  # noqa: E402
import floods  # noqa: E402
import labels  # noqa: E402
import machine  # noqa: E402
import strangers  # noqa: E402
from world import ROOT, Checks, Problem  # noqa: E402

ATTACKS = {"strangers": strangers.run, "labels": labels.run, "floods": floods.run,
           "machine": machine.run, "canaries": canaries.run}
HIDDEN = {"floods-networks": floods.run_in_namespace}  # floods starts it in a namespace


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attacks", nargs="*", metavar="NAME",
                        help="of " + ", ".join(ATTACKS) + "; without a name all")
    parser.add_argument("--size", type=float, default=1.0, metavar="X",
                        help="of the full size, which is 1")
    parser.add_argument("--seed", type=int, default=int(time.time()), metavar="N",
                        help="of what is drawn (the time)")
    parser.add_argument("--build", default=os.environ.get("MAYFLY_BUILD") or
                        os.path.join(ROOT, "build", "release"),
                        help="directory of the programs (that of MAYFLY_BUILD, else build/release)")
    parser.add_argument("--keep", action="store_true", help="leave ledgers and logs")
    options = parser.parse_args(arguments)
    options.build = os.path.abspath(options.build)
    known = {**ATTACKS, **HIDDEN}
    for name in options.attacks:
        if name not in known:
            parser.error(f"no such attack: {name}; there are {', '.join(ATTACKS)}")
    for program in ("mayfly", "mayfly-lab", "attack_client"):
        if not os.access(os.path.join(options.build, program), os.X_OK):
            parser.error(f"no {program} in {options.build}: `./dev attack` makes it")
    if not 0 < options.size <= 100:
        parser.error("--size must be above 0 and at most 100")
    return options, [known[name] for name in options.attacks or ATTACKS]


def main(arguments):
    options, attacks = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"# seed {options.seed}, size {options.size:g}, {options.build}", file=sys.stderr)
    checks, is_broken = Checks(), False
    for attack in attacks:
        try:
            attack(options, checks)
        except Problem as problem:
            checks.check("the rig could go on", False, problem)
            is_broken = True
        except Exception:
            checks.check("the rig could go on", False, traceback.format_exc())
            is_broken = True
    print(f"{checks.passed} passed, {checks.failed} failed", flush=True)
    return 2 if is_broken else 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
