"""One round: a fresh world and a fresh ledger, kills under load, then peace, and the judgement."""
import contextlib
import datetime
import os
import random
import shutil
import sqlite3
import threading
import time

from crash.load import Caller, Naming, Player, bother, look_at, watch
from crash.programs import Emulator, Problem, Service

FIRST_SWEEP_MAX = 10  # seconds: generous, machines are noisy; the figures are reported
# What a kill is to hit, and how many of ten aim at it: opening the ledger and listening; the first
# sweep and recovery; the load; and the time after a first sweep that was waited for, by which
# alone first sweeps are measured, because the others see only the quick ones.
AIMS = ["start-up"] * 2 + ["recovery"] * 3 + ["load"] * 3 + ["after the first sweep"] * 2


def integrity(ledger):
    """What SQLite finds wrong with it; empty: nothing."""
    with contextlib.closing(sqlite3.connect(ledger, timeout=20)) as database:
        found = [row[0] for row in database.execute("PRAGMA integrity_check")]
        found += [str(row) for row in database.execute("PRAGMA foreign_key_check")]
    return "" if found == ["ok"] else "; ".join(found)[:500]


def live_leases(ledger):
    """(live leases, how many more only rest): a lease that ended before its launch was answered,
    and of which EC2 shows no machine, is kept for five minutes, in case that EC2's list is behind
    (SweepPolicy::list_lag)."""
    with contextlib.closing(sqlite3.connect(ledger, timeout=20)) as database:
        rows = list(database.execute(
            "SELECT id, state, state = 'ending' AND launch_pending AND instance_id = '' "
            "FROM lease WHERE state <> 'gone'"))
    return [row[:2] for row in rows if not row[2]], sum(row[2] for row in rows)


class Round:
    def __init__(self, options, number, kills, directory, books, on_kill):
        self.options = options
        self.kills = kills
        self.directory = directory
        self.books = books
        self.on_kill = on_kill
        self.rng = random.Random(f"{options.seed}/{number}/kills")
        self.number = number
        self.sweeps = []  # seconds from the start to the end of the first sweep
        self.failed = None  # of a thread
        self.settled_in = 0.0  # seconds from the last start until everything was over
        self.busy_for = 0.0  # of those, after the last run, until only leases at rest were left
        self.quiet = threading.Event()  # no new runs
        self.over = threading.Event()  # nobody looks any more

    def thread(self, name, body, *arguments):
        def run():
            try:
                body(*arguments)
            except Exception as error:  # whatever it is: the main thread says so
                self.failed = self.failed or f"{name}: {error!r}"

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        return thread

    def play(self):
        emulator = Emulator(self.options.build, self.directory, self.options.machines,
                            self.options.slow_ms)
        service = None
        try:
            service = Service(self.options.build, self.directory, emulator,
                              f"{self.options.seed}/{self.number}/ports")
            self.play_with(emulator, service)
        finally:
            self.quiet.set()
            self.over.set()
            if service:
                service.stop()
            emulator.stop()

    def play_with(self, emulator, service):
        caller = Caller(service, self.books)
        naming = Naming(emulator, self.books)
        players, watchers = [], []
        for i in range(self.options.callers):
            rng = random.Random(f"{self.options.seed}/{self.number}/caller {i}")
            player = Player(emulator, caller, self.books, rng, naming)
            players.append(self.thread(f"caller {i}", player.play, self.quiet))
        rng = random.Random(f"{self.options.seed}/{self.number}/strangers")
        watchers.append(self.thread("strangers", bother, caller, self.books, rng, self.over))
        watchers.append(self.thread("watch", watch, emulator, self.books, self.over))

        self.kill_again_and_again(service)
        shutil.copy(service.ledger, service.ledger + ".killed")
        if os.path.exists(service.ledger + "-wal"):
            shutil.copy(service.ledger + "-wal", service.ledger + ".killed-wal")
        service.start()
        last_start = time.monotonic()
        wrong = integrity(service.ledger + ".killed")
        if wrong:
            self.books.breach("whole", "after the last kill: " + wrong)
        self.quiet.set()
        for player in players:
            player.join()
        self.settle(emulator, service)
        self.settled_in = time.monotonic() - last_start
        self.over.set()
        for watcher in watchers:
            watcher.join()
        self.judge(emulator, service, caller)

    # --- Kills

    def kill_again_and_again(self, service):
        last = self.books.counts["kills"] + self.kills
        service.start()
        began = time.monotonic()
        self.wait_for_sweep(service)
        ready = time.monotonic() - began  # of the programs at hand: sanitizers are slow
        for _ in range(self.kills):
            aim = self.rng.choice(AIMS)
            if aim == "start-up":
                time.sleep(self.rng.uniform(0, ready))
            elif aim == "recovery":
                time.sleep(self.rng.uniform(0, ready * 4))
            elif aim == "load":
                time.sleep(self.rng.uniform(0.05, 0.4))
            else:
                self.wait_for_sweep(service)
                time.sleep(self.rng.uniform(0, 0.3))
            self.check(service)
            service.kill()
            self.books.count("kills")
            self.books.count("kills: " + aim)
            self.on_kill(self)
            if self.books.counts["kills"] < last:
                service.start()

    def check(self, service):
        if self.failed:
            raise Problem(self.failed)
        if service.process.poll() is None:
            return
        with open(service.log, encoding="utf-8", errors="replace") as log:
            last = log.read()[-600:]
        self.books.breach("alive", f"ended by itself with {service.process.returncode}: {last}")
        raise Problem("mayfly serve ended by itself")

    def wait_for_sweep(self, service):
        """Notes how long the first sweep took from the start of the process."""
        while time.time() - service.started_at < FIRST_SWEEP_MAX:
            health = service.health()
            if health and "last_sweep_at" in health:
                at = datetime.datetime.fromisoformat(health["last_sweep_at"]).timestamp()
                self.sweeps.append(at - service.started_at)
                return
            self.check(service)
            time.sleep(0.005)
        self.books.breach("swept", f"not within {FIRST_SWEEP_MAX} s: {service.health()}")

    # --- The end

    def settle(self, emulator, service):
        began = time.monotonic()
        while time.monotonic() - began < self.options.patience:
            self.check(service)
            alive = [i["instance_id"] for i in emulator.instances() if i["state"] != "terminated"]
            leases, resting = live_leases(service.ledger)
            if not alive and not leases:
                self.busy_for = self.busy_for or time.monotonic() - began
                if self.options.quick or not resting:
                    self.books.count("leases left to rest", resting)
                    return
            time.sleep(0.2)
        self.books.breach("gone", f"after {self.options.patience} s there are machines {alive} "
                                  f"and leases {leases}, and {resting} rest")

    def judge(self, emulator, service, caller):
        books = self.books
        for lease in list(books.seen):
            if not look_at(caller, books, lease):
                books.breach("kept", f"{lease} was acknowledged, and is not shown at the end")
        audit = service.command("audit")
        instances = emulator.instances()
        if not audit["balanced"]:
            books.breach("balanced", f"{audit}")
        if audit["machines_launched"] != len(instances):
            books.breach("balanced", f"{audit}; EC2 started {len(instances)}")
        for runner in emulator.runners():
            books.breach("runners", f"{runner['name']} is left, {runner['status']}")
        status = service.stop()
        if status != 0:
            books.breach("alive", f"serve ended with {status} at the end")
        wrong = integrity(service.ledger)
        if wrong:
            books.breach("whole", "at the end: " + wrong)
        self.judge_ledger(service.ledger, instances)
        self.judge_log(service.log)
        books.count("leases acknowledged", len(books.seen))
        books.count("machines", len(instances))
        books.seen.clear()  # a round has a ledger of its own
        books.by_ask.clear()

    def judge_ledger(self, ledger, instances):
        with contextlib.closing(sqlite3.connect(ledger)) as database:
            leases = {row[0] for row in database.execute("SELECT id FROM lease")}
            machines = {row[0] for row in database.execute("SELECT instance_id FROM machine")}
            rows = list(database.execute("SELECT label, architecture, count(*) FROM lease "
                                         "GROUP BY 1, 2"))
            outcomes = list(database.execute("SELECT outcome, count(*) FROM lease GROUP BY 1"))
        self.books.count("leases in the ledger", len(leases))
        for outcome, number in outcomes:
            self.books.count("outcome " + outcome, number)
        for label, architecture, number in rows:
            if number != 1 or label not in self.books.labels:
                self.books.breach("asked", f"{number} of {label}, {architecture}")
        for lease in self.books.seen:
            if lease not in leases:
                self.books.breach("kept", f"{lease} is not in the ledger")
        for instance in instances:
            lease = instance["tags"].get("mayfly:lease")
            if lease not in leases or instance["instance_id"] not in machines:
                self.books.breach("owned", f"{instance['instance_id']} of {lease}")

    def judge_log(self, path):
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                if "Sanitizer" in line or "runtime error" in line:
                    self.books.breach("memory", line[:300])
                for word in ("lease-adopted", "lease-created", '"orphan"', "stray-runner-removed",
                             "claim-refused", "launch-left-to-sweep", "sweep-problem"):
                    if word in line:
                        self.books.count("log " + word.strip('"'))
