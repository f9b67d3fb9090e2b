"""Canaries: every secret there is has a value of its own, and is looked for wherever it must not be
while real runs are served by machines that run the real boot script."""
import base64
import contextlib
import glob
import os
import re
import secrets
import threading
import time
import urllib.parse

from world import Service, Tee, World, call, figures

FULL = {"runs": 200}


class Canaries:
    """name -> values; grows while the service works."""

    def __init__(self):
        self.values = {}

    def add(self, name, *values):
        self.values.setdefault(name, set()).update(value for value in values if len(value) >= 16)

    def count(self):
        return sum(len(values) for values in self.values.values())

    def found_in(self, data, but=()):
        """Names of those in the bytes, also where they are encoded."""
        found = []
        for name, values in self.values.items():
            if name in but:
                continue
            for value in values:
                raw = value.encode()
                forms = {raw, urllib.parse.quote(value, safe="").encode(), base64.b64encode(raw)}
                if any(form in data for form in forms):
                    found.append(name)
                    break
        return found


def read(path):
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return file.read()
    return b""


def children():
    """pid -> the processes it started that still run."""
    found = {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        fields = read(stat).rpartition(b") ")[2].split()
        if len(fields) > 1:
            found.setdefault(int(fields[1]), []).append(int(stat.split("/")[2]))
    return found


class ProcessWatch:
    """Looks at the service's process and its children, and at every machine's, again and again."""

    def __init__(self, world):
        self.world = world
        self.children, self.arguments, self.machines = set(), b"", set()
        self.looks = 0
        world.thread(self._watch)

    def _watch(self):
        while not self.world.over.wait(0.1):
            pid, tree = self.world.service.process.pid, children()
            for child in tree.get(pid, []):
                self.children.add(read(f"/proc/{child}/cmdline"))
            self.arguments = read(f"/proc/{pid}/cmdline")
            self._look_at_machines(tree, self.world.emulator.process.pid)
            self.looks += 1

    def _look_at_machines(self, tree, pid):
        for child in tree.get(pid, []):
            self.machines.add(read(f"/proc/{child}/cmdline") + read(f"/proc/{child}/environ"))
            self._look_at_machines(tree, child)


def write_secrets(world, canaries):
    """Secrets in files, as the manual has it: none is in the service's own environment."""
    environment = world.emulator.environment
    canaries.add("GitHub token", environment["GITHUB_TOKEN"])
    canaries.add("AWS secret key", environment["AWS_SECRET_ACCESS_KEY"])
    canaries.add("AWS session token", environment["AWS_SESSION_TOKEN"])
    token = os.path.join(world.directory, "github-token")
    keys = os.path.join(world.directory, "credentials")
    with open(token, "w", encoding="ascii") as file:
        file.write(environment["GITHUB_TOKEN"] + "\n")
    with open(keys, "w", encoding="ascii") as file:
        file.write(f"[default]\naws_access_key_id = {environment['AWS_ACCESS_KEY_ID']}\n"
                   f"aws_secret_access_key = {environment['AWS_SECRET_ACCESS_KEY']}\n"
                   f"aws_session_token = {environment['AWS_SESSION_TOKEN']}\n")
    for path in (token, keys):
        os.chmod(path, 0o600)
    return token, keys


def learn(world, canaries, github, api):
    """The secrets that came to be: nonces, JIT configurations, claim keys."""
    for instance in world.emulator.instances():
        canaries.add("claim nonce", instance["tags"]["mayfly:claim"])
    for value in re.findall(rb'"encoded_jit_config":\s*"([^"]+)"', bytes(github.answered)):
        canaries.add("JIT configuration", value.decode())
    for value in re.findall(rb'"claim_key":\s*"([0-9a-f]{32})"', bytes(api.sent)):
        canaries.add("claim key", value.decode())


def judge_upstream(world, checks, canaries, github, aws):
    """A secret goes to its own place in a call alone."""
    to_github, to_aws = bytes(github.sent), bytes(aws.sent)
    stripped = re.sub(rb"(?i)\r\nauthorization: [^\r]*", b"", to_github)
    checks.empty("canaries: GitHub is sent its token in the Authorization header, and no secret "
                 "elsewhere", canaries.found_in(stripped))
    checks.empty("canaries: no secret of AWS goes to GitHub", canaries.found_in(
        to_github, but=("GitHub token",)))
    stripped = re.sub(rb"(?i)\r\nx-amz-security-token: [^\r]*", b"", to_aws)
    checks.empty("canaries: AWS is sent its session token in that header, and no secret elsewhere "
                 "but nonces among the tags", canaries.found_in(stripped, but=("claim nonce",)))
    data = re.search(rb"UserData=([^&\s]+)", to_aws)
    user_data = base64.b64decode(urllib.parse.unquote(data.group(1).decode())) if data else b""
    checks.check("canaries: none is in user data",
                 user_data.startswith(b"#!") and not canaries.found_in(user_data),
                 canaries.found_in(user_data))
    tags = [value for instance in world.emulator.instances()
            for name, value in instance["tags"].items() if name != "mayfly:claim"]
    checks.empty("canaries: none is in a tag but the nonce in its own",
                 canaries.found_in("\n".join(tags).encode()))


def judge_answers(world, checks, canaries, api):
    answers = bytes(api.answered)
    claims = re.sub(rb"jit_config [A-Za-z0-9+/=]+", b"", answers)
    checks.empty("canaries: the machines' answers hold their one JIT configuration, nothing else",
                 canaries.found_in(claims))
    said = b""
    for (lease,) in world.service.rows("SELECT id FROM lease"):
        said += call(world.service.port, "GET", "/v1/leases/" + lease)[1]
        said += call(world.service.port, "DELETE", "/v1/leases/" + lease)[1]
    said += call(world.service.admin_port, "GET", "/healthz")[1]
    for command in (("audit",), ("audit", "--json"), ("leases", "--all"), ("check",),
                    ("leases", "--all", "--json"), ("sweep", "--stateless")):
        _, out, error = world.service.command(*command)
        said += (out + error).encode()
    checks.empty("canaries: no public page, health or operator's command says one",
                 canaries.found_in(said))
    checks.empty("canaries: the log has none", canaries.found_in(read(world.service.log)))


def judge_process(checks, canaries, watch, pid):
    limits = read(f"/proc/{pid}/limits").decode()
    core = re.search(r"Max core file size +(\S+)", limits).group(1)
    dumps = os.stat(f"/proc/{pid}/mem")
    checks.check("canaries: the service leaves no core", core == "0", core)
    checks.check("canaries: nor is it to be read by others of its user (not dumpable)",
                 dumps.st_uid == 0, dumps.st_uid)
    checks.empty("canaries: none is in its environment",
                 canaries.found_in(read(f"/proc/{pid}/environ")))
    checks.check("canaries: its arguments were looked at, and have none",
                 b"serve" in watch.arguments and not canaries.found_in(watch.arguments))
    checks.empty("canaries: it starts no process that could inherit one", watch.children)
    own = ("JIT configuration", "claim nonce", "claim key")  # root's on its own machine
    machines = b"\n".join(watch.machines)
    checks.check("canaries: no machine's process has one of the service's",
                 b"bash" in machines and not canaries.found_in(machines, but=own),
                 (len(machines), canaries.found_in(machines, but=own)))


def play_runs(world, runs):
    quiet = threading.Event()
    callers = world.honest_runs(3, ("seed", "v1"), quiet)
    until = time.monotonic() + 120 + runs * 10
    while world.books.counts["runs"] < runs and time.monotonic() < until and not world.failed:
        time.sleep(0.2)
    quiet.set()
    for caller in callers:
        caller.join()


def run(options, checks):
    canaries, runs = Canaries(), max(3, int(FULL["runs"] * options.size))
    session = "session" + secrets.token_hex(24)
    began = time.monotonic()
    with World(options, machines="processes", emulate=("--session-token", session)) as world:
        token, keys = write_secrets(world, canaries)
        github, aws = (Tee(world, world.emulator.github_port), Tee(world, world.emulator.aws_port))
        service = world.service
        api = Tee(world, service.port)
        service = world.service = Service(
            options, world.directory, world.emulator, port=service.port, token="file:" + token,
            github_url=f"http://127.0.0.1:{github.port}",
            public_url=f"http://127.0.0.1:{api.port}",
            environment={"AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.port}",
                         "AWS_SHARED_CREDENTIALS_FILE": keys},
            without=("GITHUB_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                     "AWS_SESSION_TOKEN"))
        service.start()
        watch = ProcessWatch(world)
        play_runs(world, runs)
        checks.empty("canaries: honest runs succeeded", world.books.breaches["served"])
        learn(world, canaries, github, api)
        kinds = set(canaries.values)
        checks.check("canaries: there was one of each kind", len(kinds) == 6 and
                     all(canaries.values.values()), kinds)
        judge_upstream(world, checks, canaries, github, aws)
        judge_answers(world, checks, canaries, api)
        judge_process(checks, canaries, watch, service.process.pid)
        files = {name: read(service.ledger + name) for name in ("", "-wal", "-shm")}
        # The journal still shows what an intent was while its launch was unanswered.
        found = {name: canaries.found_in(data, but=("claim nonce",) if name == "-wal" else ())
                 for name, data in files.items()}
        checks.check("canaries: the ledger's files have none; its journal has spent nonces at most",
                     not any(found.values()) and all(files.values()), found)
        checks.check("canaries: the service stops well", service.stop() == 0)
        checks.empty("canaries: nor has the ledger after its end",
                     canaries.found_in(read(service.ledger)))
        checks.check("canaries: the rig kept up", world.failed is None, world.failed)
        figures("canaries", time.monotonic() - began, secrets=canaries.count(),
                runs=world.books.counts["runs"], looks_at_processes=watch.looks,
                sent_kib=(len(github.sent) + len(aws.sent)) // 1024,
                ledger_kib=sum(len(data) for data in files.values()) // 1024)
