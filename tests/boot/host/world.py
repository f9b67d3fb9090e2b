"""One emulated cloud with one real `mayfly serve`, whose machines are whole hosts (machine.sh) on a
network of their own (cloud.py); and what can be asked of such a host while it runs and afterwards."""
import contextlib
import datetime
import http.client
import json
import os
import random
import re
import select
import shutil
import ssl
import stat
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "e2e"))

from crash.programs import Emulator, Problem, call, end, free_port  # noqa: E402

CONFIG = """deployment = "boot"
public_url = "https://api.boot.test"
[listen]
port = {port}
admin_port = {admin_port}
tls_certificate = "{tls}/certificate.pem"
tls_key = "{tls}/key.pem"
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
subnet_ids = ["subnet-0a000000000000001"]
[image.x86_64]
id = "ami-0f3c0000000000002"
[image.arm64]
id = "ami-0c110000000000003"
[[instance_type]]
architecture = "x86_64"
type = "c5.9xlarge"
usd_per_hour = "1.53"
[[instance_type]]
architecture = "arm64"
type = "c6g.8xlarge"
usd_per_hour = "1.088"
[machine]
boots_max = 1
{machine}
{runner}
[limits]
usd_per_day = "1000.00"
usd_per_month = "1000.00"
[ledger]
path = "{directory}/mayfly.db"
[sweep]
every = "1s"
"""


WORLDS = []  # those that are open
INTERRUPTED = []  # by which signal


def leave(number, _):
    """A signal's handler: ends everything now. Who waits for something in a world is told."""
    INTERRUPTED.append(number)
    for world in list(WORLDS):
        world.end()


class World:
    """Everything ends with close(), or with leave()."""

    def __init__(self, options, name, faults=(), machine="", runner="", image="", mirror="",
                 **environment):
        if INTERRUPTED:
            raise Problem("interrupted")
        self.options, self.name = options, name
        self.directory = tempfile.mkdtemp(prefix=f"mayfly-boot-{name}-", dir=options.work)
        self.environment, self.image, self.began = environment, image, time.monotonic()
        self.emulator = self.cloud = self.service = None
        WORLDS.append(self)
        os.mkdir(os.path.join(self.directory, "hosts"))
        self.record = os.path.join(self.directory, "github.jsonl")
        try:
            self._start(list(faults), machine, runner, mirror)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def end(self):
        for process in (self.service, self.emulator and self.emulator.process, self.cloud):
            if process:
                end(process)
        for instance in os.listdir(os.path.join(self.directory, "hosts")):
            remove_groups(f"mayfly-boot-{instance}")

    def close(self):
        self.end()
        WORLDS.remove(self)
        if not self.options.keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    # --- starting

    def _start(self, faults, machine, runner, mirror):
        wrapper = os.path.join(self.directory, "machine")
        self.emulator = Emulator(self.options.build, self.directory, "processes", 0,
                                 ["--directory", self.directory, "--machine-command", wrapper,
                                  "--record", self.record,
                                  "--machines-see-github", "https://github.boot.test"])
        port = free_port(random.Random())
        between = self._start_cloud(faults, port, mirror)
        self._write_wrapper(wrapper)
        self._start_service(port, between, machine, runner)

    def _start_cloud(self, faults, port, mirror):
        hosts = os.path.join(self.directory, "hosts")
        settings = {"aws_port": self.emulator.aws_port, "github_port": self.emulator.github_port,
                    "api_port": port, "hosts": hosts, "tls": self.options.tls, "mirror": mirror,
                    "faults": faults}
        with open(os.path.join(self.directory, "cloud.log"), "wb") as log:
            self.cloud = subprocess.Popen(
                [sys.executable, os.path.join(HERE, "cloud.py"), json.dumps(settings)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True)
        if not select.select([self.cloud.stdout], [], [], 20)[0]:
            raise Problem("cloud.py does not start: " + self.log("cloud.log"))
        words = self.cloud.stdout.readline().split()
        if words[:1] != ["ready"]:
            raise Problem("cloud.py does not start: " + self.log("cloud.log"))
        self.cloud_fd = words[1]
        return int(words[2])

    def _write_wrapper(self, wrapper):
        """What the emulator runs for each machine; it gives machines no environment of ours."""
        root = os.path.join(self.options.base, "root")
        values = {"BOOT_ROOT": f"{self.image}:{root}" if self.image else root,
                  "BOOT_CLOUD": self.cloud.pid, "BOOT_CLOUD_FD": self.cloud_fd,
                  "BOOT_HOSTS": os.path.join(self.directory, "hosts"),
                  "BOOT_BASE": self.options.base, **self.environment}
        program = os.path.join(HERE, self.options.machine)
        with open(wrapper, "w", encoding="ascii") as out:
            out.write("#!/bin/bash\nexport " +
                      " ".join(f"{name}='{value}'" for name, value in values.items()) +
                      f'\nexec "{program}" "$@"\n')
        os.chmod(wrapper, 0o755)

    def _start_service(self, port, between, machine, runner):
        self.port, admin_port = port, port
        while admin_port == port:
            admin_port = free_port(random.Random())
        config = os.path.join(self.directory, "mayfly.toml")
        with open(config, "w", encoding="utf-8") as out:
            out.write(CONFIG.format(port=port, admin_port=admin_port, tls=self.options.tls,
                                    github_port=between, directory=self.directory, machine=machine,
                                    runner=runner,
                                    region=self.emulator.environment["AWS_REGION"]))
        with open(os.path.join(self.directory, "serve.log"), "wb") as log:
            self.service = subprocess.Popen(
                [os.path.join(self.options.build, "mayfly"), "serve", "--config", config],
                env={**os.environ, **self.emulator.environment, "AWS_CONFIG_FILE": "/dev/null",
                     "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        for _ in range(600):
            with contextlib.suppress(OSError, http.client.HTTPException):
                if b'"healthy":true' in call(admin_port, "GET", "/healthz", timeout=5)[1]:
                    return
            if self.service.poll() is not None:
                break
            time.sleep(0.1)
        raise Problem("mayfly serve does not become healthy: " + self.log("serve.log")[-1500:])

    def log(self, name):
        with contextlib.suppress(OSError):
            with open(os.path.join(self.directory, name), encoding="utf-8", errors="replace") as log:
                return log.read()
        return ""

    # --- asking the service

    def ask(self, method, path, body=None):
        context = ssl.create_default_context(cafile=f"{self.options.tls}/ca.pem")
        context.check_hostname = False
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30,
                                                 context=context)
        try:
            connection.request(method, path, body and json.dumps(body),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status not in (200, 201, 202):
                raise Problem(f"the service answers {answer.status} to {method} {path}: {text}")
            return json.loads(text)
        finally:
            connection.close()

    def launch(self, job_ms=3000):
        """A run of rr's workflow, one machine asked for, and the setup job over."""
        label = "rr_runner_%032x" % random.getrandbits(128)
        self.run = self.emulator.start_run([label, label], job_ms)
        self.emulator.drive(self.run, "jobs/setup/begin")
        made = self.ask("POST", "/", {"operation": "create", "architectures": ["x86_64"],
                                      "label": label})
        self.lease = made["leases"][0]["id"]
        self.emulator.drive(self.run, "jobs/setup/complete")

    def show(self):
        return self.ask("GET", "/v1/leases/" + self.lease)

    def wait(self, is_so, seconds):
        """True as soon as is_so() is; False after so many seconds."""
        until = time.monotonic() + seconds
        while not INTERRUPTED and time.monotonic() < until:
            if is_so():
                return True
            time.sleep(0.2)
        return False

    def events(self):
        """The timeline: [(event, detail)]."""
        return [(one["event"], one.get("detail", "")) for one in self.show()["timeline"]]

    def times(self):
        """[(event, seconds since the launch)] of the timeline, for who reads the log."""
        stamps = [(one["event"], datetime.datetime.fromisoformat(one["at"].replace("Z", "+00:00")))
                  for one in self.show()["timeline"]]
        began = dict(stamps).get("launching", stamps[0][1])
        return [(event, round((at - began).total_seconds(), 1)) for event, at in stamps]

    def has_event(self, name, detail=""):
        return any(event == name and re.search(detail, told) for event, told in self.events())

    def wait_off(self, seconds):
        return self.wait(lambda: self.instance() and self.instance()["state"] == "terminated",
                         seconds)

    # --- the machine

    def instance(self):
        instances = self.emulator.instances()
        return instances[0] if instances else None

    def machine_file(self, name):
        return os.path.join("machines", self.instance()["instance_id"], name)

    def console(self):
        return self.log(self.machine_file("console.log"))

    def host_pid(self):
        """The process 1 of the host, as we see it."""
        wanted = f"--machine={self.instance()['instance_id']}"
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if wanted in command_line(pid) and "systemd-nspawn" in command_line(pid)[0]:
                with contextlib.suppress(OSError):
                    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                        for child in children.read().split():
                            return child
        return None

    def inside(self, *command, seconds=30):
        """Runs a command as root in the host: (exit status, what it said)."""
        done = subprocess.run(["nsenter", "--all", "--root", "--wd=/", "--target", self.host_pid(),
                               "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds,
                              check=False)
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def processes(self):
        """[(pid, uid, words)] of the host's processes."""
        status, text = self.inside("ps", "-eo", "pid=,user:32=,args=", "-ww")
        if status != 0:
            return []
        return [line.split(None, 2) for line in text.splitlines() if len(line.split(None, 2)) == 3]

    def disk(self):
        """{path: bytes or None} of what the host wrote to its disk, once it is off."""
        written = {}
        with tarfile.open(os.path.join(self.directory, self.machine_file("disk.tar"))) as tar:
            for member in tar:
                data = tar.extractfile(member) if stat.S_ISREG(member.mode | stat.S_IFREG) and \
                    member.isfile() else None
                written[member.name.removeprefix("./")] = data.read() if data else None
        return written

    def jit_configs(self):
        """The JIT configs that GitHub made, as it made them."""
        return set(re.findall(r'encoded_jit_config\\*":\s*\\*"([A-Za-z0-9+/=]+)',
                              self.log("github.jsonl")))


def remove_groups(name):
    """The empty control groups that a host leaves; its processes may need a moment to be gone."""
    tops = [os.path.join("/sys/fs/cgroup", hierarchy, name)
            for hierarchy in ("", "unified", "systemd")]
    for _ in range(50):
        for top in tops:
            for folder, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
        if not any(map(os.path.exists, tops)):
            return
        time.sleep(0.1)


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as words:
            return words.read().decode(errors="replace").split("\0")
    except OSError:
        return [""]
