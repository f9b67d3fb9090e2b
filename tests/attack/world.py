"""What the attacks share: the emulated clouds and a real `mayfly serve`, honest callers who play
rr's workflow meanwhile, what a stranger can know, and the checks."""
import collections
import contextlib
import datetime
import http.client
import json
import os
import random
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "e2e"))

from crash.load import Books, Caller, Naming, Player  # noqa: E402
from crash.programs import Emulator, Problem, call, end, free_port  # noqa: E402

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
MACHINES_PER_RUN = 4

CONFIG = """deployment = "attack"
public_url = "{public_url}"
[listen]
address = "{address}"
port = {port}
admin_port = {admin_port}
[github]
api_url = "{github_url}"
token = "{token}"
organization = "rr-debugger"
calls_per_minute = {calls_per_minute}
[[repository]]
name = "rr-debugger/rr"
seed_labels = "while-a-run-is-live"
[aws]
region = "{region}"
security_group_ids = ["sg-0123456789abcdef0"]
subnet_ids = ["subnet-0a000000000000001", "subnet-0b000000000000002"]
[image.x86_64]
ssm_parameter = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
[image.arm64]
ssm_parameter = "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id"
[[instance_type]]
architecture = "x86_64"
type = "c5.9xlarge"
usd_per_hour = "1.53"
[[instance_type]]
architecture = "arm64"
type = "c6g.8xlarge"
usd_per_hour = "1.088"
[machine]
lifetime = "{lifetime}"
boot_timeout = "2m"
idle_timeout = "1m"
[limits]
machines = {machines}
machines_per_repository = {machines}
machines_for_seed_labels = 1000
launches_per_hour = 10000
launch_failures_max = 100
machines_per_run = {machines_per_run}
asks_per_minute = 100000
asks_per_minute_per_prefix = 100000
usd_per_day = "100000.00"
usd_per_month = "100000.00"
[ledger]
path = "{ledger}"
[sweep]
every = "1s"
"""


class Checks:
    """Counts what was checked; `./dev test` reads the last line."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, is_good, why=""):
        self.passed += bool(is_good)
        self.failed += not is_good
        print(("ok " if is_good else "not ok ") + name, flush=True)
        if not is_good and why:
            print("    " + str(why)[:3000].replace("\n", "\n    "), flush=True)

    def empty(self, name, found):
        found = list(found)
        self.check(name, not found, "\n".join(str(one) for one in found[:10]))


class Service:
    """`mayfly serve` and the operator's commands, on one ledger."""

    def __init__(self, options, directory, emulator, **changes):
        rng = random.Random()
        self.build, self.directory = options.build, directory
        self.port = changes.pop("port", None) or free_port(rng)
        self.admin_port = self.port
        while self.admin_port == self.port:
            self.admin_port = free_port(rng)
        self.program = os.path.join(options.build, "mayfly")
        self.ledger = os.path.join(directory, "mayfly.db")
        self.config = os.path.join(directory, "mayfly.toml")
        self.log = os.path.join(directory, "serve.log")
        self.environment = {**os.environ, **emulator.environment, "AWS_CONFIG_FILE": "/dev/null",
                            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                            **changes.pop("environment", {})}
        for name in changes.pop("without", ()):
            self.environment.pop(name, None)
        values = {"port": self.port, "admin_port": self.admin_port, "ledger": self.ledger,
                  "github_url": f"http://127.0.0.1:{emulator.github_port}", "machines": 1000,
                  "machines_per_run": MACHINES_PER_RUN, "lifetime": "60m",
                  "calls_per_minute": 10000,
                  "token": "env:GITHUB_TOKEN", "address": "127.0.0.1",
                  "public_url": f"http://127.0.0.1:{self.port}",
                  "region": emulator.environment["AWS_REGION"]}
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(CONFIG.format(**{**values, **changes}))
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "--config", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment, start_new_session=True)
        for _ in range(400):
            health = self.health()
            if health and health.get("healthy"):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise Problem("mayfly serve does not become healthy: " + self.log_text()[-800:])

    def stop(self):
        return end(self.process) if self.process else 0

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def health(self):
        try:
            return json.loads(call(self.admin_port, "GET", "/healthz", timeout=5)[1])
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def ask(self, method, path, body=None, headers=None):
        """(status, JSON value or text)."""
        status, text = call(self.port, method, path, body, headers)
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text.decode(errors="replace")

    def command(self, *arguments):
        done = subprocess.run([self.program, *arguments, "--config", self.config],
                              env=self.environment, capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def memory_peak_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) / 1024

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(self.ledger, timeout=20)) as database:
            return list(database.execute(query))


class World:
    """One emulator, one service, a directory that goes away unless something failed."""

    def __init__(self, options, machines="models", emulate=(), **changes):
        self.options = options
        self.directory = tempfile.mkdtemp(prefix="mayfly-attack-")
        self.emulator = self.service = None
        self.threads, self.attackers, self.over = [], [], threading.Event()
        self.failed = None
        try:
            self.emulator = Emulator(options.build, self.directory, machines, 0, emulate)
            self.service = Service(options, self.directory, self.emulator, **changes)
        except BaseException:
            self.close()
            raise
        self.knowledge = os.path.join(self.directory, "knowledge")
        self.writing = threading.Lock()
        self.books = Books()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close()
        if kind is None and not self.options.keep:
            shutil.rmtree(self.directory, ignore_errors=True)
        else:
            print(f"# ledger, logs and configuration are in {self.directory}", file=sys.stderr)

    def close(self):
        self.over.set()
        for attacker in self.attackers:
            if attacker.poll() is None:
                attacker.kill()
                attacker.wait()
        for thread in self.threads:
            thread.join(300)
        for process in (self.service, self.emulator):
            if process:
                process.stop()

    def thread(self, body, *arguments):
        def run():
            try:
                body(*arguments)
            except Exception as error:  # whatever it is, the attack says so at its end
                self.failed = self.failed or repr(error)

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()
        return self.threads[-1]

    # --- Honest callers

    def honest_runs(self, callers, shapes, stopping):
        """Threads that play runs until told to stop; what they miss is in self.books."""
        caller = Caller(self.service, self.books)
        naming = Naming(self.emulator, self.books, shapes)
        threads = []
        for i in range(callers):
            player = Player(self.emulator, caller, self.books, random.Random(f"caller {i}"), naming)
            threads.append(self.thread(player.play, stopping))
        return threads

    # --- What strangers know

    def write_knowledge(self):
        rows = self.service.rows("SELECT id, instance_id, run_id FROM lease "
                                 "ORDER BY created_at DESC LIMIT 400")
        lines = []
        for lease, instance, run in reversed(rows):
            lines += [f"run {run}", f"lease {lease} {instance or 'i-0123456789abcdef0'}"]
        labels = self.service.rows("SELECT label, max(created_at) FROM lease WHERE source = 'seed' "
                                   "GROUP BY 1 ORDER BY 2 DESC LIMIT 200")
        lines += [f"label {label}" for label, _ in reversed(labels)]
        with self.writing:  # two threads learn: one must not take the other's file away
            with open(self.knowledge + ".new", "w", encoding="ascii") as out:
                out.write("\n".join(lines) + "\n")
            os.replace(self.knowledge + ".new", self.knowledge)

    def keep_learning(self, stopping):
        while not stopping.is_set():
            self.write_knowledge()
            stopping.wait(0.5)

    # --- Attackers

    def attack(self, mode, **arguments):
        """Starts attack_client; finish() gives its figures."""
        program = os.path.join(self.options.build, "attack_client")
        command = [program, mode, "--port", str(self.service.port), "--knowledge", self.knowledge]
        for name, value in arguments.items():
            command += ["--" + name, str(value)]
        progress = open(os.path.join(self.directory, f"{mode}.progress"), "wb")
        with progress:
            self.attackers.append(subprocess.Popen(command, stdout=subprocess.PIPE,
                                                   stderr=progress, start_new_session=True))
        return self.attackers[-1]

    def finish(self, attacker, patience=3600):
        """Its figures; shows its progress where somebody looks."""
        until = time.monotonic() + patience
        progress = os.path.join(self.directory, f"{attacker.args[1]}.progress")
        while attacker.poll() is None:
            if time.monotonic() > until:
                attacker.kill()
                raise Problem(f"{attacker.args[1]} did not end in {patience} s")
            if sys.stderr.isatty():
                with open(progress, "rb") as file:
                    last = file.read()[-200:].decode().strip().rpartition("\n")[2]
                print(f"\r\033[K{attacker.args[1]}: {last}", end="", file=sys.stderr, flush=True)
            time.sleep(0.2)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        text = attacker.stdout.read().decode().strip()
        if attacker.returncode != 0 or not text:
            raise Problem(f"{attacker.args[1]} ended with {attacker.returncode}")
        return json.loads(text.rpartition("\n")[2])


class GithubCalls:
    """How many calls GitHub had in any minute, as it counts them itself."""

    def __init__(self, world):
        self.world = world
        self.seen = collections.deque([(time.monotonic(), world.emulator.calls())])
        self.first = self.seen[0]
        self.most = 0
        world.thread(self._watch)

    def _watch(self):
        while not self.world.over.wait(0.5):
            self.look()

    def look(self):
        now, calls = time.monotonic(), self.world.emulator.calls()
        while self.seen and now - self.seen[0][0] > 60:
            self.seen.popleft()
        self.seen.append((now, calls))
        self.most = max(self.most, calls - self.seen[0][1])

    def total(self):
        return self.world.emulator.calls() - self.first[1]


class SweepWatch:
    """The longest time between two sweeps, as /healthz shows them."""

    def __init__(self, world):
        self.world = world
        self.last, self.longest, self.silent = None, 0.0, 0
        world.thread(self._watch)

    def _watch(self):
        while not self.world.over.wait(0.05):
            health = self.world.service.health()
            if not health:
                self.silent += 1
                continue
            at = datetime.datetime.fromisoformat(health["last_sweep_at"])
            if self.last and at > self.last:
                self.longest = max(self.longest, (at - self.last).total_seconds())
            self.last = at


class Tee:
    """Stands between the service and one of the clouds, and keeps every byte it passes on."""

    def __init__(self, world, to_port):
        self.to_port = to_port
        self.sent, self.answered = bytearray(), bytearray()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.2)
        self.port = self.listener.getsockname()[1]
        self.world = world
        world.thread(self._accept)

    def _accept(self):
        while not self.world.over.is_set():
            try:
                client, _ = self.listener.accept()
            except TimeoutError:
                continue
            server = socket.create_connection(("127.0.0.1", self.to_port))
            for pair in ((client, server, self.sent), (server, client, self.answered)):
                threading.Thread(target=self._copy, args=pair, daemon=True).start()
        self.listener.close()

    def _copy(self, source, target, record):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                with self.lock:
                    record += data
                target.sendall(data)
        for end_of in (source, target):
            with contextlib.suppress(OSError):
                end_of.shutdown(socket.SHUT_RDWR)


def documented_codes():
    """code -> status, as docs/errors.md has them."""
    with open(os.path.join(ROOT, "docs", "errors.md"), encoding="utf-8") as file:
        return dict(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", file.read(), re.M))


def undocumented(counts):
    """The answers in an attacker's figures that docs/errors.md does not know."""
    codes = documented_codes()
    return [key for key in counts["answers"]
            if not key.startswith("2") and codes.get(key.partition(" ")[2]) != key[:3]]


def figures(name, seconds, **values):
    print(f"# {name}: " + ", ".join(f"{key.replace('_', ' ')} {value}"
                                    for key, value in values.items()) +
          f", in {seconds:.0f} s", flush=True)
