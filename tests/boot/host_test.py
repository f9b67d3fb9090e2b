#!/usr/bin/env python3
"""The boot script on whole Debian hosts: their own cloud-init fetches it from an emulated metadata service
and runs it, unchanged and as root, before a real `mayfly serve`. docs/boot.md says what that shows.

Needs root (for namespaces and mounts), and what ./dev boot-test installs. Prints a line for each check and
last "N passed, M failed". Everything it starts ends with it, however it ends."""
import argparse
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

from host.packages import Packages  # noqa: E402
from host.scenarios import QUICK, SCENARIOS, qemu  # noqa: E402
from host.world import leave  # noqa: E402


class Results:
    """The checks of one scenario. They are printed together, for others run at the same time."""

    def __init__(self, name):
        self.name, self.lines, self.passed, self.failed = name, [], 0, 0
        self.began = time.monotonic()

    def check(self, sentence, is_so, why=""):
        self.passed += bool(is_so)
        self.failed += not is_so
        self.lines.append(f"{'ok' if is_so else 'not ok'} - {self.name}: {sentence}")
        if not is_so and why:
            self.lines.append("    " + str(why)[-4000:].replace("\n", "\n    "))

    def play(self, options):
        try:
            SCENARIOS[self.name](options, self.check)
        except Exception as error:  # the other scenarios go on
            self.check("can be played", False, f"{type(error).__name__}: {error}")
        took = time.monotonic() - self.began
        print("\n".join(self.lines) + f"\n-- {self.name}: {took:.0f} s", flush=True)
        return self


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--build", default="build/dev", help="where mayfly and mayfly-lab are")
    parser.add_argument("--base", default="build/boot-test/debian", help="the cached root")
    parser.add_argument("--jobs", type=int, default=5, help="scenarios at once")
    parser.add_argument("--quick", action="store_true", help="those that take less than a minute")
    parser.add_argument("--qemu", action="store_true",
                        help="instead: one machine under qemu without KVM; minutes")
    parser.add_argument("--megabytes", type=int, default=8, metavar="N",
                        help="of the runner's archive in mirror, and under qemu")
    parser.add_argument("--keep", action="store_true", help="leave the directories of the machines")
    options = parser.parse_args(arguments)
    unknown = set(options.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error("no such scenario: " + ", ".join(sorted(unknown)))
    options.build = os.path.join(ROOT, options.build)
    options.base = os.path.join(ROOT, options.base)
    options.tls = os.path.join(options.base, "tls")
    options.machine = "machine_qemu.sh" if options.qemu else "machine.sh"
    if options.qemu:
        SCENARIOS["qemu"], options.scenarios = qemu, ["qemu"]
    options.scenarios = options.scenarios or (QUICK if options.quick else list(SCENARIOS))
    return options


def skip(why):
    print(f"ok skipped: {why}\n1 passed, 0 failed")
    sys.exit(0)


def main():
    options = parse(sys.argv[1:])
    if os.geteuid() != 0:
        skip("not root, and a host needs namespaces and mounts")
    probe = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "mount", "-t", "tmpfs",
                            "probe", "/mnt"], capture_output=True, check=False)
    if probe.returncode != 0:
        skip("no namespaces or mounts here: " + probe.stderr.decode().strip())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
    if subprocess.run([os.path.join(HERE, "host", "root.sh"), options.base], check=False).returncode:
        sys.exit("boot-test: the root could not be made")
    if options.qemu:
        subprocess.run([os.path.join(HERE, "host", "kernel.sh"), options.base], check=True)
    options.work = tempfile.mkdtemp(prefix="mayfly-boot-test-")
    packages = Packages(options)
    options.mirror, options.prebaked_image = packages.mirror, packages.prebaked_image
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(lambda name: Results(name).play(options),
                                    options.scenarios))
    finally:
        if options.keep:
            print(f"kept: {options.work}")
        else:
            shutil.rmtree(options.work, ignore_errors=True)
    passed, failed = (sum(getattr(one, what) for one in results) for what in ("passed", "failed"))
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
