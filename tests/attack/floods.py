"""Floods: slow headers, slow bodies, slow readers, idle connections and garbage, while honest
callers work. Memory, the honest callers' waiting and the sweep's punctuality are measured.

The second part runs in a network namespace of its own, where every address of 10.0.0.0/8 is local:
there callers come from networks that are not exempt from the limit per prefix."""
import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading
import time

from world import SweepWatch, World, figures

FULL = {"slow": 10_000, "garbage": 1_000, "seconds": 60}
SWEEP_EVERY = 1.0
NETWORKS, PER_PREFIX = 100, 64  # the allowance is connections_per_prefix's default


def is_sanitized(options):
    with open(os.path.join(options.build, "mayfly"), "rb") as program:
        return b"__asan_init" in program.read()


def limits(options):
    """(p99 in ms, memory in MiB, lateness in s) that are asked of this build; None: not of it."""
    if options.size >= 1 and not is_sanitized(options):
        return 50, 64, 1.0
    return 2_000, None, 5.0


class ConnectionWatch:
    """The most descriptors that the service had at once."""

    def __init__(self, world):
        self.world, self.peak = world, 0
        world.thread(self._watch)

    def _watch(self):
        while not self.world.over.wait(0.2):
            descriptors = os.listdir(f"/proc/{self.world.service.process.pid}/fd")
            self.peak = max(self.peak, len(descriptors))


def play(world, options, checks, title, more):
    p99_max, memory_max, late_max = limits(options)
    slow = max(200, int(FULL["slow"] * options.size))
    garbage = max(100, int(FULL["garbage"] * options.size))
    seconds = max(5, int(FULL["seconds"] * options.size))
    rising = 5 if options.size >= 1 else 2  # seconds until all slow clients are there
    quiet = threading.Event()
    callers = world.honest_runs(2, ("v1",), quiet)
    while len(world.service.rows("SELECT 1 FROM lease WHERE state = 'online'")) < 2:
        time.sleep(0.2)
        if world.failed:
            break
    world.write_knowledge()
    before = world.finish(world.attack("honest", rate=100, seconds=rising, **more))
    rest = world.service.memory_peak_mib()
    sweeps, connections = SweepWatch(world), ConnectionWatch(world)
    flood = world.attack("flood", slow=slow, garbage=garbage, seconds=seconds + rising + 1, **more)
    time.sleep(rising)
    counts = world.finish(world.attack("honest", rate=100, seconds=seconds, **more))
    found = world.finish(flood)
    late, silent = max(0.0, sweeps.longest - SWEEP_EVERY), sweeps.silent
    quiet.set()
    for caller in callers:
        caller.join()
    memory = world.service.memory_peak_mib()
    good = sum(n for answer, n in counts["answers"].items() if answer in ("200", "201"))
    old = sum(n for answer, n in counts["answers"].items()
              if answer.endswith(("lease-ended", "run-not-live")))
    checks.check(f"{title}: the service lives", world.service.process.poll() is None)
    busy = counts["answers"].get("503 overloaded", 0)
    checks.check(f"{title}: every honest caller was answered, at most 1 % with 503: come again",
                 good + old + busy == counts["total"] and busy <= counts["total"] / 100, counts)
    checks.check(f"{title}: honest callers waited at most {p99_max} ms (p99)",
                 counts["p99_ms"] <= p99_max, counts)
    checks.check(f"{title}: no sweep was more than {late_max} s late, and health told it always",
                 late <= late_max and not silent, (late, silent))
    if memory_max:
        checks.check(f"{title}: the service took at most {memory_max} MiB", memory <= memory_max,
                     memory)
    checks.empty(f"{title}: honest runs succeeded meanwhile", world.books.breaches["served"])
    checks.check(f"{title}: the rig kept up", world.failed is None, world.failed)
    figures(title, seconds, slow_clients=found["open_peak"], garbage=found["garbage"],
            opened=found["opened"], closed_by_the_service=found["closed_by_service"],
            honest=counts["total"], of_these_503=busy, p50_ms=counts["p50_ms"],
            p99_ms=counts["p99_ms"],
            max_ms=counts["max_ms"], p99_ms_without_flood=before["p99_ms"],
            memory_mib=round(memory, 1), memory_mib_before=round(rest, 1),
            sweep_late_s=round(late, 2), connections_peak=connections.peak)
    return connections.peak, slow


def run_loopback(options, checks):
    with World(options) as world:
        world.service.start()
        peak, slow = play(world, options, checks, "floods", {})
        checks.check("floods: the slow clients were really there", peak >= slow * 9 // 10, peak)


# --- Callers from other networks


def make_networks_local():
    """In a fresh network namespace: lo goes up, and all of 10.0.0.0/8 is this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        def name_and(rest):
            return struct.pack("16s", b"lo:1") + rest
        up = struct.pack("16sh14x", b"lo", 0x1 | 0x40)
        fcntl.ioctl(control, 0x8914, up)  # SIOCSIFFLAGS
        for request, address in ((0x8916, "10.0.0.1"), (0x891C, "255.0.0.0")):
            fcntl.ioctl(control, request, name_and(struct.pack(
                "HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))))


def run_in_namespace(options, checks):
    make_networks_local()
    with World(options, address="0.0.0.0") as world:
        world.service.start()
        peak, slow = play(world, options, checks, "floods from networks",
                          {"network": 10, "networks": NETWORKS})
        allowed = NETWORKS * PER_PREFIX + 200  # honest callers, machines, the ledger
        checks.check("floods from networks: none had more than its allowance",
                     min(slow, allowed) // 2 < peak <= allowed, peak)


def run(options, checks):
    run_loopback(options, checks)
    probe = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        print("# floods from networks: left out, no network namespaces here: "
              f"{probe.stderr.decode().strip()}")
        return
    done = subprocess.run(["unshare", "-rn", sys.executable, sys.argv[0], "floods-networks",
                           "--size", str(options.size), "--build", options.build],
                          capture_output=True, check=False, text=True)
    sys.stderr.write(done.stderr)
    for line in done.stdout.splitlines():
        if line.startswith(("ok ", "not ok ")):
            checks.passed += line.startswith("ok ")
            checks.failed += line.startswith("not ok ")
        if "passed," not in line:
            print(line)
    checks.check("floods from networks: came to its end", done.stdout.rstrip().endswith("failed"),
                 done.stdout[-600:])
