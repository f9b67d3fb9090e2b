"""A hostile machine: a job that is root tries everything its machine is given. Each attempt is
refused or ended, and what reaches the service is in the audit.

The machine is played here, over the emulated metadata service, GitHub and the real API."""
import base64
import collections
import json
import os
import secrets
import time

from world import Problem, World, call, figures

FULL = {"events": 20_000}
LIFETIME = 300  # seconds, the shortest there is; waited for at full size only


class Machine:
    """What root on a machine can do: its metadata, its claim, its runner."""

    def __init__(self, world, instance):
        self.world = world
        self.id = instance["instance_id"]
        self.lease = instance["tags"]["mayfly:lease"]
        self.nonce = instance["tags"]["mayfly:claim"]
        self.key = secrets.token_hex(16)
        self.session = self.runner = None

    def metadata(self, path, method="GET", **headers):
        """(status, text); as an IMDSv2 client unless headers say otherwise."""
        base = f"/imds/{self.id}/latest/"
        port = self.world.emulator.aws_port
        if not headers:
            status, token = call(port, "PUT", base + "api/token", headers={
                "X-aws-ec2-metadata-token-ttl-seconds": "60"})
            if status != 200:
                return status, ""
            headers = {"X-aws-ec2-metadata-token": token.decode()}
        status, text = call(port, method, base + path, headers=headers)
        return status, text.decode(errors="replace")

    def claim(self, lease=None, instance=None, key=None, nonce=None):
        body = {"lease": lease or self.lease, "instance_id": instance or self.id,
                "claim_key": key or self.key}
        for _ in range(100):
            status, answer = self.world.service.ask("POST", "/v1/claims", body,
                                                    {"X-Mayfly-Claim": nonce or self.nonce})
            if status != 503:
                break
            time.sleep(0.3)
        return status, answer

    def event(self, name, detail="", lease=None, nonce=None):
        return self.world.service.ask("POST", f"/v1/leases/{lease or self.lease}/events",
                                      {"event": name, "detail": detail},
                                      {"X-Mayfly-Claim": nonce or self.nonce})[0]

    def take_runner(self, answer):
        config = json.loads(base64.b64decode(
            next(line for line in answer.splitlines() if line.startswith("jit_config "))[11:]))
        settings = json.loads(base64.b64decode(config[".runner"]))
        data = json.loads(base64.b64decode(config[".credentials"]))["data"]
        self.runner = int(settings["agentId"])
        return data["secret"]

    def github(self, path, body):
        status, text = call(self.world.emulator.github_port, "POST", "/_runner/" + path, body)
        return status, json.loads(text) if text else {}

    def connect(self, secret):
        status, answer = self.github("session", {"runner_id": self.runner, "secret": secret})
        self.session = answer.get("session", self.session)
        return status

    def poll(self):
        return self.github("poll", {"session": self.session})

    def take_job(self):
        """Its own, which then never ends."""
        status, answer = self.poll()
        if status != 200:
            raise Problem(f"there is no job for the runner: {status}")
        self.github("job", {"session": self.session, "job_id": answer["job"]["id"],
                            "event": "started", "conclusion": ""})
        self.event("job-started")


def start_run(world):
    """(run, its machine): a v1 run with one job for a runner of ours, whose machine runs."""
    run = world.emulator.start_run(["none", "none"], 0) + 1  # ids are given in order
    world.emulator.drive(run - 1, "cancel")
    if world.emulator.start_run([f"mayfly-{run}-x86_64", "none"], 3_600_000) != run:
        raise Problem("run ids are not given in order")
    for verb in ("begin", "complete"):
        world.emulator.drive(run, "jobs/setup/" + verb)
    ask = {"repository": "rr-debugger/rr", "run_id": run,
           "runners": [{"architecture": "x86_64"}]}
    status, answer = world.service.ask("POST", "/v1/leases", ask)
    if status != 201:
        raise Problem(f"the create is answered {status}: {answer}")
    leases = {lease["id"] for lease in answer["leases"]}

    def up():
        return [i for i in world.emulator.instances()
                if i["tags"]["mayfly:lease"] in leases and i["state"] == "running"]
    wait(60, lambda: len(up()) == 1, "the machine runs")
    return run, Machine(world, up()[0])


def wait(seconds, condition, what):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise Problem(f"not within {seconds} s: {what}")
        time.sleep(0.1)


def is_refused(*answers):
    return all(status == 403 and answer["code"] == "claim-refused" for status, answer in answers)


def state_of(world, instance):
    return next(i["state"] for i in world.emulator.instances() if i["instance_id"] == instance)


def read_everything(checks, one, token):
    status, user_data = one.metadata("user-data")
    held = [name for name, secret in (("nonce", one.nonce), ("GitHub token", token))
            if secret in user_data]
    checks.check("machine: user data is the constant boot script, with nothing to steal",
                 status == 200 and user_data.startswith("#!") and not held, held)
    checks.check("machine: IMDSv1 is off: no metadata without a token",
                 one.metadata("user-data", **{"Accept": "*/*"})[0] == 401)
    checks.check("machine: there is no role to take credentials from",
                 one.metadata("meta-data/iam/security-credentials/")[0] == 404)


def claim_for_others(checks, one, other):
    attempts = [one.claim(lease=other.lease), one.claim(lease=other.lease, instance=other.id),
                one.claim(instance=other.id)]
    checks.check("machine: a claim for another lease or machine is refused", is_refused(*attempts),
                 attempts)
    checks.check("machine: an event for another lease is refused",
                 one.event("failed", lease=other.lease) == 403)


def claim_twice(checks, one):
    status, answer = one.claim()
    checks.check("machine: its own claim is answered", status == 200, answer)
    checks.check("machine: another key than the first claim's is refused",
                 is_refused(one.claim(key=secrets.token_hex(16))))
    everything = [one.metadata("user-data")[0], one.metadata("meta-data/tags/instance/")[0],
                  one.metadata("user-data", **{"Accept": "*/*"})[0]]
    checks.check("machine: after the claim the metadata service is off", everything == [403] * 3,
                 everything)
    return one.take_runner(answer)


def register_rogues(world, checks, one, secret, other):
    """With all that the machine has, and without anything."""
    tries = collections.Counter()
    body = {"name": "rogue", "runner_group_id": 1, "labels": ["x86_64"]}
    for credential in (secret, one.session, one.nonce, one.key, None):
        for scope in ("orgs/rr-debugger", "repos/rr-debugger/rr"):
            for what in ("registration-token", "generate-jitconfig", "remove-token"):
                headers = {"User-Agent": "rogue"}
                if credential:
                    headers["Authorization"] = f"Bearer {credential}"
                status, _ = call(world.emulator.github_port, "POST",
                                 f"/{scope}/actions/runners/{what}", body, headers)
                tries[status] += 1
    checks.check("machine: GitHub registers no runner for what the machine holds",
                 set(tries) <= {401, 403, 404}, tries)
    checks.check("machine: its runner's credentials open no second session", one.connect(secret)
                 == 409)
    stolen = one.github("session", {"runner_id": other.runner, "secret": secret})[0]
    checks.check("machine: nor a session of another's runner", stolen == 401, stolen)
    names = [runner["name"] for runner in world.emulator.runners()]
    checks.check("machine: GitHub lists our two runners and no other",
                 len(names) == 2 and all(name.startswith("mf-attack-") for name in names), names)


def ledger_size(world):
    """With its journal, which SQLite begins anew when it has 4 MiB."""
    return sum(os.path.getsize(path) for path in (world.service.ledger,
                                                   world.service.ledger + "-wal"))


def flood_events(world, checks, one, count):
    size = ledger_size(world)
    began = time.monotonic()
    statuses = collections.Counter()
    polled = 0
    for n in range(count):
        if time.monotonic() - polled > 5:
            one.poll()
            polled = time.monotonic()
        statuses[one.event("job-started", f"{n} " + "x" * 180)] += 1
    seconds = time.monotonic() - began
    stamps = world.service.rows(f"SELECT count(*) FROM event WHERE lease_id = '{one.lease}'")[0][0]
    grown = (ledger_size(world) - size) / 1024
    checks.check("machine: a flood of events ends nothing of its own either",
                     set(statuses) == {204}, statuses)
    checks.check("machine: a flood of events leaves a bounded timeline", 200 <= stamps <= 230,
                 stamps)
    checks.check("machine: and a bounded ledger", grown < 5 * 1024, f"{grown} KiB")
    figures("machine, event flood", seconds, events=count, per_second=round(count / seconds),
            stamps=stamps, ledger_grown_kib=round(grown), answers=dict(statuses))


def stay_alive(world, checks, one, run):
    """The run is over; the machine goes on."""
    world.emulator.drive(run, "cancel")
    for job in ("begin", "complete"):
        world.emulator.drive(run, "jobs/stop-runners/" + job)
    began = time.monotonic()
    world.service.ask("DELETE", f"/v1/leases/{one.lease}")
    wait(200, lambda: state_of(world, one.id) == "terminated", "the machine is ended after its run")
    checks.check("machine: one that does not power off is ended when its run is over", True)
    checks.check("machine: a claim after the end is refused", is_refused(one.claim()))
    wait(60, lambda: world.service.ask("GET", "/v1/leases/" + one.lease)[1]["state"] == "gone",
         "the lease is gone")
    checks.check("machine: so is an event after the end", one.event("job-started") == 403)
    figures("machine, staying alive", time.monotonic() - began, ended="after its run")


def outlive_deadline(world, checks):
    """At full size: jobs that never end, and the service dies before their deadline."""
    (_, one), (_, other) = start_run(world), start_run(world)
    born = time.monotonic()
    for machine in (one, other):
        machine.connect(machine.take_runner(machine.claim()[1]))
        machine.take_job()
    while time.monotonic() - born < LIFETIME - 20:
        for machine in (one, other):
            machine.poll()
        time.sleep(2)
    world.service.process.kill()
    world.service.process.wait()
    wait(LIFETIME + 30 - (time.monotonic() - born), lambda: time.monotonic() - born > LIFETIME + 3,
         "the deadline")
    alive = [state_of(world, machine.id) for machine in (one, other)]
    status, out, error = world.service.command("sweep", "--stateless")
    wait(30, lambda: state_of(world, one.id) == state_of(world, other.id) == "terminated",
         "the second enforcer ends what is past its deadline: " + out + error)
    checks.check("machine: with the service dead, the second enforcer ends both at the deadline",
                 alive == ["running"] * 2 and status == 0, (alive, status, out, error))


def judge_audit(world, checks, one, other):
    _, text, _ = world.service.command("audit", "--json")
    found = {(entry["lease"], entry["what"] + ": " + entry["reason"])
             for entry in json.loads(text)["refused"]}
    wanted = {(one.lease, "claim-refused: another instance"),
              (one.lease, "claim-refused: another claim key"),
              (one.lease, "claim-refused: state is online"),
              (one.lease, "event-refused: the timeline is full"),
              (one.lease, "event-refused: the lease is gone"),
              (other.lease, "claim-refused: wrong nonce"),
              (other.lease, "event-refused: wrong nonce")}
    checks.empty("machine: each misdeed is in the audit, with its lease and reason", wanted - found)
    checks.check("machine: once for each reason, however often it was tried", len(found) < 16,
                 found)
    pages = json.dumps([world.service.ask("GET", "/v1/leases/" + machine.lease)[1]
                        for machine in (one, other)])
    checks.check("machine: and not on the public pages of the leases",
                 "refused" not in pages and "wrong nonce" not in pages, pages)


def run(options, checks):
    with World(options, machines="none", lifetime=f"{LIFETIME // 60}m") as world:
        world.service.start()
        (run_id, one), (_, other) = start_run(world), start_run(world)
        read_everything(checks, one, world.emulator.environment["GITHUB_TOKEN"])
        claim_for_others(checks, one, other)
        secret = claim_twice(checks, one)
        other_secret = other.take_runner(other.claim()[1])
        checks.check("machine: its runner goes online", one.connect(secret) == 200)
        other.connect(other_secret)
        wait(30, lambda: dict(world.service.rows("SELECT id, state FROM lease"))[one.lease]
             == "online", "the lease is online")
        checks.check("machine: the same claim is refused once the runner is online",
                     is_refused(one.claim()))
        register_rogues(world, checks, one, secret, other)
        one.take_job()
        flood_events(world, checks, one, max(300, int(FULL["events"] * options.size)))
        stay_alive(world, checks, one, run_id)
        judge_audit(world, checks, one, other)
        if options.size >= 1:
            outlive_deadline(world, checks)
