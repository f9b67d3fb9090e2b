"""What became of the mutants, and the table of it that is kept: docs/mutants.md."""

import re
import statistics
from dataclasses import dataclass

from mutant_list import ROOT

TABLE = ROOT / "docs" / "mutants.md"
SIMULATOR = "simulator"

HEAD = """\
# The mutants, and what killed each

Written by `./dev mutants --write`; [tests/mutants](../tests/mutants/README.md) says what a mutant is.

{summary}

A mutant is tried by the simulator first, unless it is outside of the simulator's world. One that the
simulator does not notice is tried by the test program of the room that it changes, then by `lab_test`,
stories of the whole service: `lease_test` says that the simulator is blind there, and that something
else is not. Times are seconds of one processor, until a campaign or the test program failed; a
campaign that finds something stops at once.

| mutant | killed by | what noticed it | seconds |
|---|---|---|---:|
"""
ROW = re.compile(r"\| ([a-z0-9-]+) \| (\S+) \| (.*) \| ([0-9.]+) \|")


@dataclass
class Verdict:
    name: str
    verdict: str  # killed, survived, not-built, not-applied
    killer: str = SIMULATOR  # who has to kill it: the simulator or a test program
    by: str = ""
    build_seconds: float = 0.0  # of a processor, as the next
    kill_seconds: float = 0.0

    def is_good(self):
        return self.verdict == "killed"


def figures(verdicts, killer):
    """Of those that were killed by the simulator, or by anything else."""
    times = sorted(one.kill_seconds for one in verdicts
                   if one.is_good() and (one.killer == SIMULATOR) == (killer == SIMULATOR))
    if not times:
        return "0"
    return f"{len(times)} (median {statistics.median(times):.1f} s, longest {times[-1]:.1f} s)"


def summary(verdicts):
    left = sum(not one.is_good() for one in verdicts)
    return (f"Of {len(verdicts)} mutants the simulator kills {figures(verdicts, SIMULATOR)}, the "
            f"rooms' tests {figures(verdicts, '')}; {left or 'none'} survive{'s' * (left == 1)}.")


def read_table():
    """The kept verdicts, by name."""
    if not TABLE.is_file():
        return {}
    kept = {}
    for line in TABLE.read_text().splitlines():
        row = ROW.fullmatch(line)
        if row:
            name, killer, by, seconds = row.groups()
            verdict = "survived" if by == "nothing" else "killed"
            kept[name] = Verdict(name, verdict, killer, by, 0.0, float(seconds))
    return kept


def write_table(mutants, verdicts):
    """In the list's order; of those that were not tried now, what was kept."""
    known = read_table()
    known.update({one.name: one for one in verdicts})
    rows = [known[mutant.name] for mutant in mutants if mutant.name in known]
    text = HEAD.format(summary=summary(rows))
    for one in rows:
        by = one.by.replace("|", "/") if one.is_good() else "nothing"
        text += f"| {one.name} | {one.killer} | {by} | {one.kill_seconds:.1f} |\n"
    TABLE.write_text(text)


def show(verdicts):
    width = max(len(one.name) for one in verdicts)
    print(f"\n{'mutant':{width}}  {'verdict':11} {'build':>7} {'kill':>7}  by")
    for one in verdicts:
        print(f"{one.name:{width}}  {one.verdict:11} {one.build_seconds:5.1f} s "
              f"{one.kill_seconds:5.1f} s  {one.by[:110]}")
    print(f"\n{summary(verdicts)}")
