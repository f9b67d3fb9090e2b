"""What the world does to the service while it is killed: runs with their callers, strangers who
ask again, and watchers who look at what is really there. Each part is a thread; all write into one
Books. Random choices come from the seed, their moments from the clock."""
import collections
import http.client
import json
import threading
import time

from crash.programs import MACHINES_MAX, Problem, call

ARCHITECTURES = ("x86_64", "arm64")
RUN_PATIENCE = 240  # seconds for a run that wants its runners, kills included
LOST = (OSError, http.client.HTTPException)  # no answer, or not all of it
LAWS = {
    "kept": "every acknowledged lease was answered for at every look, and is in the ledger",
    "single": "no lease had two live machines at any look",
    "cap": f"never more than {MACHINES_MAX} machines, which is the cap",
    "terminal": "what was gone stayed gone, with the same outcome",
    "same": "a repeated create was answered with the same leases",
    "answers": "no answer was a bug of ours (500), and no stranger's claim was let in",
    "alive": "no service ended by itself; the last one stops with status 0",
    "served": "every run that was not cancelled got its runners and succeeded",
    "gone": "after the last kill every lease ends and every machine is terminated",
    "owned": "every machine EC2 ever started belongs to a lease in the ledger",
    "asked": "every lease in the ledger was asked for, and none is there twice",
    "balanced": "the audit is balanced, with as many machines as EC2 started",
    "runners": "no runner is left at GitHub",
    "whole": "SQLite finds the ledger whole, after the last kill and at the end",
    "swept": "each first sweep that was waited for was done within 10 s of the start",
    "memory": "no sanitizer reported anything",
}


class Books:
    """What was promised and what was seen. Thread rule: under its lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen = {}  # acknowledged lease -> its last known (state, outcome)
        self.by_ask = {}  # (path, body) of a create -> ids of its leases
        self.labels = set()  # that any create stands for
        self.breaches = collections.defaultdict(list)
        self.counts = collections.Counter()

    def breach(self, law, what):
        with self.lock:
            if len(self.breaches[law]) < 50:
                self.breaches[law].append(f"{time.strftime('%H:%M:%S')} {what}")
            self.counts["breaches"] += 1

    def count(self, what, more=1):
        with self.lock:
            self.counts[what] += more

    def acknowledge(self, ask, leases):
        ids = sorted(lease["id"] for lease in leases)
        with self.lock:
            known = self.by_ask.setdefault(ask, ids)
            for lease in leases:
                self.seen.setdefault(lease["id"], (lease["state"], lease.get("outcome")))
        if known != ids:
            self.breach("same", f"{ask} gave {ids}, before {known}")

    def look(self, lease):
        """A lease as the service shows it now, to be called in the order of the answers."""
        now = (lease["state"], lease.get("outcome"))
        with self.lock:
            before = self.seen[lease["id"]]
            self.seen[lease["id"]] = now
        if before[0] == "gone" and now != before:
            self.breach("terminal", f"{lease['id']} was {before}, is {now}")


class Caller:
    """A caller's side of the public API; every answer that came whole is judged and counted."""

    def __init__(self, service, books):
        self.service = service
        self.books = books

    def ask(self, kind, method, path, body=None, headers=None):
        """(status, JSON value or None); (0, None) where no whole answer came."""
        try:
            status, text = call(self.service.port, method, path, body, headers)
            value = json.loads(text) if text else None
        except LOST:
            self.books.count(kind + " lost")
            return 0, None
        except ValueError:
            self.books.breach("answers", f"{method} {path}: {status} without JSON")
            return 0, None
        self.books.count(f"{kind} {status}")
        if status == 500:
            self.books.breach("answers", f"{method} {path} {body}: {text[:300]!r}")
        return status, value

    def create(self, path, body):
        status, value = self.ask("create", "POST", path, body)
        if status not in (200, 201):
            return False
        self.books.acknowledge((path, json.dumps(body)), value["leases"])
        return True


class Player:
    """Plays runs of rr's workflow, one after the other, each with its caller."""

    def __init__(self, emulator, caller, books, rng, naming):
        self.emulator = emulator
        self.caller = caller
        self.books = books
        self.rng = rng
        self.naming = naming  # shared: hands out labels, and starts runs one at a time

    def play(self, stopping):
        while not stopping.is_set():
            try:
                self.play_run(stopping)
            except LOST as error:
                raise Problem(f"the emulator is gone: {error!r}") from error

    def play_run(self, stopping):
        rng, emulator = self.rng, self.emulator
        run, asks, release = self.naming.start(rng)
        is_abandoned = rng.random() < 0.08  # its caller crashes: one try, and the run is cancelled
        cancel_after = rng.uniform(0, 4) if rng.random() < 0.12 else None
        rings = rng.random() < 0.5  # stop-runners' call; the rest never reaches us
        is_late = rng.random() < 0.1  # stop-runners waits until the leases have ended without it
        emulator.drive(run, "jobs/setup/begin")
        self.books.count("runs")
        for path, body in asks:
            patience = 0 if is_abandoned else RUN_PATIENCE
            if not self.create_until(path, body, patience) and not is_abandoned:
                self.books.breach("served", f"run {run}: {body} was not answered in time")
                is_abandoned = True
        if is_abandoned:
            emulator.drive(run, "cancel")
        else:
            emulator.drive(run, "jobs/setup/complete")
            self.wait_for_tests(run, cancel_after)
            if is_late:
                self.wait_for_leases(run, asks)
        emulator.drive(run, "jobs/stop-runners/begin")
        if rings:
            self.ring(release or self.deletes(asks))
        emulator.drive(run, "jobs/stop-runners/complete")
        outcome = emulator.run(run)["conclusion"]
        if outcome not in ("success", "cancelled"):
            self.books.breach("served", f"run {run} ended with {outcome}: {emulator.run(run)}")
        self.books.count("runs " + outcome)

    def create_until(self, path, body, patience):
        until = time.monotonic() + patience
        while not self.caller.create(path, body):
            if time.monotonic() > until:
                return False
            time.sleep(self.rng.uniform(0.005, 0.1))
        return True

    def leases_of(self, asks):
        with self.books.lock:
            return [lease for path, body in asks
                    for lease in self.books.by_ask.get((path, json.dumps(body)), [])]

    def deletes(self, asks):
        return [("DELETE", f"/v1/leases/{lease}") for lease in self.leases_of(asks)]

    def wait_for_leases(self, run, asks):
        """Each ends when its job is done, whether or not anybody says so."""
        until = time.monotonic() + RUN_PATIENCE
        waiting = set(self.leases_of(asks))
        while waiting and time.monotonic() < until:
            for lease in sorted(waiting):
                status, value = self.caller.ask("look", "GET", f"/v1/leases/{lease}",
                                                headers={"Accept": "application/json"})
                if status == 200 and value["state"] in ("ending", "gone"):
                    waiting.discard(lease)
            time.sleep(0.1)
        if waiting:
            self.books.breach("served", f"run {run}: {sorted(waiting)} went on after their jobs")

    def ring(self, calls):
        for one in calls:
            for _ in range(20):
                if self.caller.ask("destroy", *one)[0] != 0:
                    break
                time.sleep(self.rng.uniform(0.005, 0.05))

    def wait_for_tests(self, run, cancel_after):
        began = time.monotonic()
        while time.monotonic() - began < RUN_PATIENCE:
            tests = [j for j in self.emulator.run(run)["jobs"] if j["name"].startswith("test-")]
            if tests and all(job["state"] == "completed" for job in tests):
                return
            if cancel_after is not None and time.monotonic() - began > cancel_after:
                self.emulator.drive(run, "cancel")
                return
            time.sleep(0.1)
        self.books.breach("served", f"run {run} waited {RUN_PATIENCE} s in vain: {tests}")
        self.emulator.drive(run, "cancel")


class Naming:
    """Starts runs. The ids are handed out in order, so that a v1 run's labels, which name it, can
    be told beforehand: only one is started at a time."""

    def __init__(self, emulator, books, shapes=("seed", "seed", "seed-2024", "v1")):
        self.emulator = emulator
        self.books = books
        self.shapes = shapes
        self.lock = threading.Lock()
        self.next_run = None
        self.labels = 0

    def start(self, rng):
        """(run, [(path, body) of its creates], [(method, path, body) of its release]); a v1 run
        releases its leases by their ids, which are not known yet."""
        shape = rng.choice(self.shapes)
        job_ms = rng.randrange(50, 800)
        with self.lock:
            if self.next_run is None:
                self.next_run = self.emulator.start_run(["none", "none"], 0) + 1
                self.emulator.drive(self.next_run - 1, "cancel")
                self.emulator.drive(self.next_run - 1, "jobs/stop-runners/begin")
                self.emulator.drive(self.next_run - 1, "jobs/stop-runners/complete")
            labels, asks, release = getattr(self, "_" + shape.replace("-", "_"))()
            self.books.labels.update(labels)
            run = self.emulator.start_run(labels, job_ms)
            if run != self.next_run:
                raise Problem(f"run {run} was started, not {self.next_run}")
            self.next_run += 1
        return run, asks, release

    def _label(self):
        self.labels += 1
        return f"rr_runner_{self.labels:032x}"

    def _seed(self):
        label = self._label()
        create = {"operation": "create", "architectures": list(ARCHITECTURES), "label": label}
        release = ("POST", "/", {"operation": "destroy", "label": label})
        return [label] * 2, [("/", create)], [release]

    def _seed_2024(self):
        labels = [self._label(), self._label()]
        asks = [("/", {"operation": "create", "architecture": architecture, "label": label})
                for architecture, label in zip(ARCHITECTURES, labels)]
        return labels, asks, [("POST", "/", {"operation": "destroy", "labels": labels})]

    def _v1(self):
        labels = [f"mayfly-{self.next_run}-{architecture}" for architecture in ARCHITECTURES]
        ask = {"repository": "rr-debugger/rr", "run_id": self.next_run,
               "runners": [{"architecture": architecture} for architecture in ARCHITECTURES]}
        return labels, [("/v1/leases", ask)], []


def bother(caller, books, rng, stopping):
    """Strangers: look at leases, ring for them, ask again for what was asked, claim what is not
    theirs."""
    claim = {"instance_id": "i-0123456789abcdef0", "claim_key": "0123456789abcdef" * 2}
    nonce = {"X-Mayfly-Claim": "0123456789abcdef" * 2}
    while not stopping.is_set():
        time.sleep(0.004)
        with books.lock:
            ids, asks = list(books.seen)[-400:], list(books.by_ask)[-50:]
        if not ids:
            continue
        lease, what = rng.choice(ids), rng.random()
        if what < 0.70:
            look_at(caller, books, lease)
        elif what < 0.85:
            caller.ask("delete", "DELETE", f"/v1/leases/{lease}")
        elif what < 0.95:
            path, body = rng.choice(asks)
            caller.create(path, json.loads(body))
        elif caller.ask("stranger", "POST", "/v1/claims", {"lease": lease, **claim},
                        nonce)[0] == 200:
            books.breach("answers", f"a stranger's claim for {lease} was let in")


def look_at(caller, books, lease):
    status, value = caller.ask("look", "GET", f"/v1/leases/{lease}",
                               headers={"Accept": "application/json"})
    if status == 200:
        books.look(value)
    elif status == 404:
        books.breach("kept", f"{lease} was acknowledged and is not known")
    return status == 200


def watch(emulator, books, stopping):
    """What is really there: at most one live machine a lease, and no more than the cap."""
    while not stopping.is_set():
        lives, alive = collections.Counter(), 0
        for instance in emulator.instances():
            alive += instance["state"] != "terminated"
            lives[instance["tags"].get("mayfly:lease")] += instance["state"] in ("pending",
                                                                                 "running")
        doubles = {lease: number for lease, number in lives.items() if number > 1}
        if doubles:
            books.breach("single", f"live machines of one lease: {doubles}")
        if alive > MACHINES_MAX:
            books.breach("cap", f"{alive} machines are not terminated")
        with books.lock:
            books.counts["looks at EC2"] += 1
            books.counts["most machines at once"] = max(books.counts["most machines at once"],
                                                        alive)
        time.sleep(0.1)
