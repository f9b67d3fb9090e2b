#!/usr/bin/python3
"""Racing creates: several Lambdas on one table never pass a cap.

    race.py [--build DIRECTORY] [--creates N] [--processes N] [--plant]

N processes of the real mayfly, each as Lambda's bootstrap with a runtime API of its own, race for
the same runs in one table of one emulator, once for each kind of cap. What they answer is held
against the caps as it comes, and so is what the emulated EC2 holds, all the time; the ledger's own
account is asked only at the end. --plant: launches machines behind their backs, which must be seen.
"""
import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench", "support"), os.path.join(ROOT, "tests", "e2e")]
import lambda_bench  # noqa: E402
from crash import programs  # noqa: E402

RUNS = 12
ROOMY = {"machines": 1000, "machines_per_repository": 1000, "machines_per_run": 2,
         "machines_for_seed_labels": 1000, "launches_per_hour": 10000, "launch_failures_max": 100,
         "usd_per_day": '"9000.00"', "usd_per_month": '"90000.00"', "asks_per_minute": 100000,
         "asks_per_minute_per_prefix": 100000}
# name: the limits that differ, the most machines at once, the most leases ever, US dollars.
CAPS = {"machines": ({"machines": 5, "machines_for_seed_labels": 5}, 5, None, None),
        "repository": ({"machines_per_repository": 4}, 4, None, None),
        # With room for some runs only: else sweeps have hundreds of leases to look after.
        "run": ({"machines_per_run": 1, "machines": 40}, 40, None, None),
        "launches": ({"launches_per_hour": 9}, None, 9, None),
        "money": ({"usd_per_day": '"20.00"'}, None, None, 20.0)}


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "dev"))
    parser.add_argument("--creates", type=int, default=500)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--plant", action="store_true")
    return parser.parse_args()


class Emulator(programs.Emulator):
    def machines(self):
        return [one for one in self.instances() if one["state"] in ("pending", "running")]

    def begin_run(self):
        # What bare labels ask for must name a live run: each run has a label of its own.
        label = f"rr_runner_{random.getrandbits(128):032x}"
        run = self.start_run([label, label], 3000)
        self.drive(run, "jobs/setup/begin")
        return run, label

    def end_run(self, run):
        # A cancelled run is over when its last job, which runs always, has ended.
        for what in ("cancel", "jobs/stop-runners/begin", "jobs/stop-runners/complete"):
            self.drive(run, what)


def write_config(path, emulator, limits):
    image = "/aws/service/canonical/ubuntu/server/24.04/stable/current/%s/hvm/ebs-gp3/ami-id"
    lines = "\n".join(f"{key} = {value}" for key, value in {**ROOMY, **limits}.items())
    with open(path, "w", encoding="ascii") as file:
        file.write(f"""deployment = "race"
public_url = "http://127.0.0.1:1"
[github]
api_url = "http://127.0.0.1:{emulator.github_port}"
token = "env:GITHUB_TOKEN"
organization = "rr-debugger"
calls_per_minute = 10000
[[repository]]
name = "rr-debugger/rr"
seed_labels = "while-a-run-is-live"
[aws]
region = "{emulator.environment['AWS_REGION']}"
security_group_ids = ["sg-0123456789abcdef0"]
subnet_ids = ["subnet-0a000000000000001", "subnet-0b000000000000002"]
[image.x86_64]
ssm_parameter = "{image % 'amd64'}"
[[instance_type]]
architecture = "x86_64"
type = "c5.9xlarge"
usd_per_hour = "1.53"
[limits]
{lines}
[ledger]
table = "mayfly"
[sweep]
every = "60s"
""")


class Lambda(lambda_bench.Process):
    def invoke(self, event):
        """The answer's status and body; one invocation at a time, as in a sandbox."""
        _, body, is_error = self.api.exchange(event)
        answer = json.loads(body)
        if is_error:
            return 500, answer
        return answer.get("statusCode", 200), json.loads(answer.get("body") or "{}")


class World:
    """What has been answered, and every breach of a cap that was seen."""

    def __init__(self, emulator, most, ever):
        self.emulator, self.most, self.ever = emulator, most, ever
        self.lock = threading.Lock()
        self.runs = [emulator.begin_run() for _ in range(RUNS)]
        self.leases, self.held = {}, {}
        self.of_run = collections.defaultdict(set)
        self.outcomes, self.breaches = collections.Counter(), collections.Counter()
        self.looks = self.peak = 0

    def breach(self, what, is_one):
        if is_one:
            self.breaches[what] += 1

    def acknowledged(self, leases, is_by_run):
        """A bare label's lease may be moved to another run, or end with it, at any sweep: only
        those that were asked for by a run's id are known to be held until that run is over."""
        with self.lock:
            live = {run for run, _ in self.runs}
            for lease, run in leases:
                is_new = lease not in self.leases
                self.leases[lease] = run
                if not is_by_run:
                    continue
                self.of_run[run].add(lease)
                self.breach("a run has two leases of one right", len(self.of_run[run]) > 1)
                if is_new and run in live:
                    self.held[lease] = run
            if self.most:
                self.breach("more leases are held than may be", len(self.held) > self.most)
            if self.ever:
                self.breach("more leases than launches", len(self.leases) > self.ever)

    def look(self):
        """At the machines that live now, whoever launched them."""
        machines = self.emulator.machines()
        self.looks += 1
        self.peak = max(self.peak, len(machines))
        if self.most:
            self.breach("more machines live than may", len(machines) > self.most)
        if self.ever:
            self.breach("more machines than launches", len(machines) > self.ever)
        tags = collections.Counter(one["tags"].get("mayfly:lease") for one in machines)
        self.breach("a lease has two machines",
                    any(count > 1 for tag, count in tags.items() if tag))

    def replace(self, run):
        """A run ends and another begins; the leases that it held are to be given back."""
        with self.lock:
            if run not in self.runs:
                return []
            self.runs[self.runs.index(run)] = self.emulator.begin_run()
            given_back = [lease for lease, of in self.held.items() if of == run[0]]
            for lease in given_back:
                del self.held[lease]
        self.emulator.end_run(run[0])
        return given_back


def create_event(run, is_by_run):
    if is_by_run:
        return lambda_bench.event("POST", "/v1/leases", {
            "repository": "rr-debugger/rr", "run_id": run[0],
            "runners": [{"architecture": "x86_64"}]})
    return lambda_bench.event("POST", "/", {"operation": "create", "label": run[1],
                                            "architecture": "x86_64"})


def drive(process, world, creates, draw):
    for _ in range(creates):
        run, is_by_run = draw.choice(world.runs), draw.random() < 0.8
        status, answer = process.invoke(create_event(run, is_by_run))
        leases = answer.get("leases", []) if status < 300 else []
        world.outcomes[answer.get("code", status)] += 1
        world.acknowledged([(one["id"], one["run_id"]) for one in leases], is_by_run)
        if draw.random() < 0.1:
            for lease in world.replace(run):
                process.invoke(lambda_bench.event("DELETE", "/v1/leases/" + lease, None))
            process.invoke(lambda_bench.event("POST", "/", {"operation": "destroy",
                                                            "labels": [run[1]]}))
            process.invoke(lambda_bench.SCHEDULED)


def watch(world, over):
    while not over.is_set():
        began = time.monotonic()
        world.look()
        over.wait(max(0.02, time.monotonic() - began))  # no more than half of its time


def audit(mayfly, config):
    run = subprocess.run([mayfly, "audit", "--json", "--config", config], capture_output=True,
                         text=True, check=False)
    if not run.stdout:
        raise SystemExit("mayfly audit: " + run.stderr[:400])
    return json.loads(run.stdout)


def plant(emulator, machines):
    """More machines than any cap here allows, by AWS's own command line."""
    subprocess.run(["aws", "ec2", "run-instances", "--endpoint-url",
                    emulator.environment["AWS_ENDPOINT_URL"], "--image-id",
                    machines[0]["image_id"], "--count", "10", "--instance-type", "c5.9xlarge",
                    "--subnet-id", "subnet-0a000000000000001"], check=True, capture_output=True)


def dollars(text):
    return float(re.sub(r"[^0-9.]", "", text))


def race(options, name, work):
    limits, most, ever, usd = CAPS[name]
    mayfly = os.path.join(options.build, "mayfly")
    emulator = Emulator(options.build, work, "none", 0)
    os.environ.update(emulator.environment)
    config = os.environ["MAYFLY_CONFIG"] = os.path.join(work, name + ".toml")
    write_config(config, emulator, limits)
    world = World(emulator, most, ever)
    processes = [Lambda([mayfly], dict(os.environ)) for _ in range(options.processes)]
    each = options.creates // len(CAPS) // len(processes)
    over = threading.Event()
    began = time.monotonic()
    watcher = threading.Thread(target=watch, args=(world, over))
    watcher.start()
    # Launches of ended leases count for their hour; money of ended ones for its day.
    drivers = [threading.Thread(target=drive, args=(one, world, each, random.Random(number)))
               for number, one in enumerate(processes)]
    for one in drivers:
        one.start()
    if options.plant:
        while not emulator.machines():
            time.sleep(0.05)
        plant(emulator, emulator.machines())
        time.sleep(0.3)
    for one in drivers:
        one.join()
    over.set()
    watcher.join()
    seconds = time.monotonic() - began
    account = audit(mayfly, config)
    world.breach("an acknowledged lease is not in the ledger",
                 account["leases"] < len(world.leases))
    if usd:
        world.breach("more money than may be", dollars(account["spent_usd_at_most"]) +
                     dollars(account["reserved_usd"]) > usd)
    asked = sum(world.outcomes.values())
    refused = sum(count for code, count in world.outcomes.items() if str(code).startswith("limit-"))
    print(f"# {name}: {asked} creates in {seconds:.0f} s, {len(world.leases)} leases, "
          f"{refused} refused by a cap; at most {world.peak} machines in {world.looks} looks; "
          f"{dict(world.outcomes)}; {account['spent_usd_at_most']} spent, "
          f"{account['reserved_usd']} reserved", flush=True)
    for one in processes:
        one.end()
    emulator.stop()
    faults = {code: count for code, count in world.outcomes.items() if code in (500, "internal")}
    answered = asked == each * len(processes) and not faults
    verdicts = [(f"{name}: no cap is passed", not world.breaches, dict(world.breaches)),
                (f"{name}: every create is answered, and none with a fault", answered,
                 (asked, faults)),
                (f"{name}: the cap was met, and not only approached", refused or name == "run",
                 dict(world.outcomes))]
    return verdicts


def main():
    options = parse_arguments()
    failed = passed = 0
    with tempfile.TemporaryDirectory() as work:
        for name in CAPS:
            for what, is_good, seen in race(options, name, work):
                print("ok" if is_good else "not ok", what, "" if is_good else seen, flush=True)
                passed, failed = passed + bool(is_good), failed + (not is_good)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
