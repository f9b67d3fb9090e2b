"""A folder in which mutants are built and tried: a copy of the source, its build, its logs."""

import fcntl
import os
import resource
import shlex
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from mutant_list import ROOT, Broken

NOT_COPIED = {".git", "build", "docs", "bench", "tests", "node_modules"}
COMPILED = {".cpp", ".h"}  # what a build needs of the tests folder
MEMORY_MAX = 4 << 30  # of a kill command: a mutant may loop
LINKERS = ("mold", "lld")  # the first that is there; a link is half of a mutant's build else
CALM_FACTOR = 20  # how much longer than its processor time a command may take on a busy machine


@dataclass
class Ran:
    status: int  # negative: the signal
    output: str
    seconds: float  # of a processor


class Workshop:
    def __init__(self, folder, jobs):
        self.folder = folder
        self.tree = folder / "tree"
        self.bin = self.tree / "build" / "mutant"
        self.log = folder / "log"
        self.jobs = jobs
        for path in (self.tree, self.log):
            path.mkdir(parents=True, exist_ok=True)
        self.lock = open(folder / "lock", "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Broken(f"another run works in {folder}") from error

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
        for folder, folders, files in os.walk(self.tree):
            if Path(folder) == self.tree and "build" in folders:
                folders.remove("build")
            for name in files:
                if Path(folder) / name not in wanted:
                    (Path(folder) / name).unlink()

    def configure(self):
        """What is quick to compile and quick enough to run; a mutant may leave something unused."""
        command = [
            "cmake", "-S", str(self.tree), "-B", str(self.bin), "-G", "Ninja",
            "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DMAYFLY_WERROR=OFF",
        ]
        if shutil.which("ccache"):
            command.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
        for linker in LINKERS:
            if shutil.which({"lld": "ld.lld"}.get(linker, linker)):
                command.append(f"-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld={linker}")
                break
        ran = run(command, self.log / "configure.log")
        if ran.status != 0:
            raise Broken(f"{' '.join(command)} failed:\n{ran.output[-3000:]}")

    def build(self, targets, name):
        """(whether it could be built, the processor's seconds)"""
        command = ["cmake", "--build", str(self.bin), "-j", str(self.jobs), "--target"] + targets
        # Each workshop compiles the same files: by relative paths ccache sees that.
        environment = {"CCACHE_BASEDIR": os.environ.get("CCACHE_BASEDIR", str(self.folder)),
                       "CCACHE_NOHASHDIR": "1"}
        ran = run(command, self.log / f"{name}.build.log", environment=environment)
        return ran.status == 0, ran.seconds

    def kill(self, command, name, limit):
        return run(shlex.split(command), self.log / f"{name}.log", folder=self.bin, limit=limit)


def sources():
    """Every file that the build may read, relative to the root."""
    found = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*")
             if path.is_file() and path.suffix in COMPILED]
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


stopping = threading.Event()  # set: whatever runs is ended


class Stopped(Exception):
    """Somebody ended this program."""


def run(command, log, folder=None, limit=None, environment=None):
    """To its end, or until it has used up limit seconds of a processor."""
    with open(log, "wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
                                 env={**os.environ, **(environment or {})})
    end = None
    if limit:
        end = time.monotonic() + limit * CALM_FACTOR
        seconds = int(limit) + 1  # then SIGXCPU; SIGKILL to who does not care
        resource.prlimit(child.pid, resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.prlimit(child.pid, resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    status, used = wait(child, end)
    if stopping.is_set():
        raise Stopped
    return Ran(status, log.read_text(errors="replace"), used.ru_utime + used.ru_stime)


def wait(child, end):
    """(exit status, what it used); one that is still there at the end is ended."""
    pause = 0.005
    while not stopping.is_set() and (end is None or time.monotonic() < end):
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid != 0:
            child.returncode = os.waitstatus_to_exitcode(status)
            return child.returncode, used
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    os.killpg(child.pid, signal.SIGKILL)
    _, _, used = os.wait4(child.pid, 0)
    child.returncode = -signal.SIGXCPU
    return child.returncode, used
