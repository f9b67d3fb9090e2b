#!/usr/bin/env python3
"""Writes a zip whose bytes depend on nothing but the files' names, modes and contents.

    pack.py ZIP NAME=FILE...

Entries are in the order of their names, with the time SOURCE_DATE_EPOCH (1980 without it, the first
that a zip can hold). `bootstrap` may be executed; everything may be read by the unprivileged user
that Lambda starts it as. Times are UTC.
"""

import os
import sys
import time
import zipfile
from pathlib import Path

FIRST_TIME = 315532800  # 1980-01-01T00:00:00Z


def entry(name, when):
    info = zipfile.ZipInfo(name, time.gmtime(when)[:6])
    info.create_system = 3  # Unix: the mode below counts
    info.external_attr = (0o100755 if name == "bootstrap" else 0o100644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def main():
    target, *pairs = sys.argv[1:]
    files = dict(pair.split("=", 1) for pair in pairs)
    when = max(FIRST_TIME, int(os.environ.get("SOURCE_DATE_EPOCH", FIRST_TIME)))
    unfinished = Path(target + ".new")
    with zipfile.ZipFile(unfinished, "w") as archive:
        for name in sorted(files):
            archive.writestr(entry(name, when), Path(files[name]).read_bytes(), compresslevel=9)
    unfinished.replace(target)


if __name__ == "__main__":
    main()
