"""The list of mutants: *.txt beside this file, read, and held against the source."""

import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FIELDS = ("bug", "source", "breaks")
PERHAPS = ("held", "plays")


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

    @property
    def held(self):
        """The test program that has to kill it; empty: the simulator."""
        return self.fields.get("held", "")

    @property
    def plays(self):
        """The scenarios that are made for such a bug."""
        return self.fields.get("plays", "").split()


class Broken(Exception):
    """The list or the set-up is wrong; the text is for a person."""


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
        elif key in FIELDS + PERHAPS and value:
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


def test_programs():
    """<room>_test for each room that has tests, as cmake/rooms.cmake makes them."""
    return {f"{room.name}_test" for room in (ROOT / "src").iterdir()
            if room.is_dir() and next(room.rglob("*_test.cpp"), None)}


def check(mutants):
    """Whether each fits the source, exactly once, and is held by what exists."""
    failed = 0
    programs = test_programs()
    for mutant in mutants:
        try:
            mutated(mutant, ROOT)
            if mutant.held and mutant.held not in programs:
                raise Broken(f"no room's tests are called {mutant.held}")
        except Broken as broken:
            failed += 1
            print(f"not ok {mutant.name} ({mutant.where}): {broken}")
    print(f"{len(mutants) - failed} passed, {failed} failed")
    return failed == 0
