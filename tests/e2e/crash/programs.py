"""The programs under test as processes, and the few HTTP calls that are needed to speak to them.

Everything listens on loopback. Each process leads a session of its own, so that a Ctrl-C reaches
only the rig, which then ends what it started, by id.
"""
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import time

MACHINES_MAX = 20  # below what the load wants at times, so that the cap is reached


class Problem(Exception):
    """The rig itself cannot go on: a program that does not start, an emulator that is gone."""


def call(port, method, path, body=None, headers=None, timeout=15):
    """One exchange on a connection of its own: (status, body). OSError or HTTPException where no
    whole answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        data = None if body is None else json.dumps(body)
        head = {"Content-Type": "application/json", "User-Agent": "crash-rig", **(headers or {})}
        connection.request(method, path, data, head)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def free_port(rng):
    """One that nobody listens on, below those that the system hands out by itself: the service has
    to get it back after each kill."""
    for _ in range(200):
        port = rng.randrange(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Problem("no free port between 20000 and 30000")


def end(process, patience=20):
    """As a terminal would, then by force. The exit status; None where force was needed."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
    return process.returncode


class Emulator:
    """`mayfly emulate` on free ports: what the world is really like."""

    def __init__(self, build, directory, machines, slow_ms, more=()):
        self.log = os.path.join(directory, "emulate.log")
        command = [os.path.join(build, "mayfly"), "emulate", "--aws-port", "0", "--github-port",
                   "0", "--no-limits", "--slow-ms", str(slow_ms), *more]
        if machines in ("models", "none"):
            command.append("--model-machines" if machines == "models" else "--no-machines")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        text = self._first_words()
        self.environment = dict(re.findall(r"(\w+)=(\S+)", " ".join(
            line for line in text.splitlines() if line.startswith("  export "))))
        self.aws_port = int(self.environment["AWS_ENDPOINT_URL"].rpartition(":")[2])
        self.github_port = int(re.search(r"GitHub at http://[^:]*:(\d+)", text).group(1))

    def _first_words(self):
        for _ in range(400):
            with open(self.log, encoding="utf-8") as log:
                text = log.read()
            if "Ctrl-C" in text:
                return text
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        end(self.process)
        raise Problem("mayfly emulate does not start: " + text)

    def _ask(self, port, method, path, body=None, headers=None):
        status, answer = call(port, method, path, body, headers)
        if status not in (200, 201):
            raise Problem(f"the emulator answers {status} to {method} {path}: {answer[:200]!r}")
        return json.loads(answer)

    def instances(self):
        return self._ask(self.aws_port, "GET", "/_emulator/aws/state")["instances"]

    def start_run(self, labels, job_ms):
        body = {"labels": labels, "job_ms": job_ms}
        return self._ask(self.github_port, "POST", "/_emulator/runs", body)["id"]

    def run(self, run):
        return self._ask(self.github_port, "GET", f"/_emulator/runs/{run}")

    def calls(self):
        """How many calls GitHub's API has had."""
        return self._ask(self.github_port, "GET", "/_emulator/calls")["github_calls"]

    def drive(self, run, what):
        """False where the run's state forbids it: what was to be driven has ended already."""
        status, _ = call(self.github_port, "POST", f"/_emulator/runs/{run}/{what}")
        return status == 200

    def runners(self):
        headers = {"Authorization": "Bearer " + self.environment["GITHUB_TOKEN"]}
        path = "/orgs/rr-debugger/actions/runners?per_page=100"
        return self._ask(self.github_port, "GET", path, headers=headers)["runners"]

    def stop(self):
        end(self.process)


CONFIG = """deployment = "crash"
public_url = "http://127.0.0.1:{port}"
[listen]
port = {port}
admin_port = {admin_port}
[github]
api_url = "http://127.0.0.1:{github_port}"
token = "env:GITHUB_TOKEN"
organization = "rr-debugger"
calls_per_minute = 10000
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
boot_timeout = "1m"
idle_timeout = "1m"
[limits]
machines = {machines}
machines_per_repository = {machines}
machines_for_seed_labels = {machines}
launches_per_hour = 10000
launch_failures_max = 100
usd_per_day = "100000.00"
usd_per_month = "100000.00"
asks_per_minute = 100000
asks_per_minute_per_prefix = 100000
[ledger]
path = "{ledger}"
[sweep]
every = "1s"
"""


class Service:
    """`mayfly serve` on one ledger, started again and again."""

    def __init__(self, build, directory, emulator, seed):
        rng = random.Random(seed)
        self.port = free_port(rng)
        self.admin_port = self.port
        while self.admin_port == self.port:
            self.admin_port = free_port(rng)
        self.program = os.path.join(build, "mayfly")
        self.ledger = os.path.join(directory, "mayfly.db")
        self.config = os.path.join(directory, "mayfly.toml")
        self.log = os.path.join(directory, "serve.log")
        self.environment = {**os.environ, **emulator.environment}
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(CONFIG.format(port=self.port, admin_port=self.admin_port,
                                    github_port=emulator.github_port, ledger=self.ledger,
                                    machines=MACHINES_MAX,
                                    region=emulator.environment["AWS_REGION"]))
        self.process = None
        self.started_at = 0.0

    def start(self):
        with open(self.log, "ab") as log:
            self.started_at = time.time()
            self.process = subprocess.Popen([self.program, "serve", "--config", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment, start_new_session=True)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        return end(self.process) if self.process else 0

    def health(self):
        """The admin listener's answer; None while there is none."""
        try:
            return json.loads(call(self.admin_port, "GET", "/healthz", timeout=5)[1])
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def command(self, *arguments):
        """What a command of the operator prints with --json."""
        command = [self.program, *arguments, "--json", "--config", self.config]
        done = subprocess.run(command, env=self.environment, capture_output=True, timeout=60,
                              check=False)
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            raise Problem(f"{' '.join(arguments)}: {done.stderr[-500:]!r}") from error
