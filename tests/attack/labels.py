"""Hostile labels and field values: each is refused with a documented 4xx, what the clouds and the
machines get is the same as ever, and no log line is another than it should be."""
import json
import re
import threading
import time

from world import Tee, World, call, figures, undocumented

FULL = 1_000_000  # requests
PATIENCE = 70  # seconds: a bucket that is empty is full again after a minute
CANARY = b"zqCANARYqz"  # in attack_client's values
TAG = re.compile(r"^[A-Za-z0-9_.:/-]*$")
CUT = "\u2026"  # our own mark of a text that was cut
NAME = re.compile(r"^[a-z0-9_-]+$")


def ask_again(world, ask):
    """All come from one address here: on a fast machine their asks use up the minute's for all."""
    end = time.monotonic() + PATIENCE
    while True:
        status, answer = world.service.ask("POST", "/v1/leases", ask)
        if status != 429 or answer.get("code") != "limit-asks" or time.monotonic() > end:
            return status, answer
        time.sleep(1)


def keep_asking(world, stopping):
    """Honest runs that only start meanwhile: what their machines get is compared."""
    while not stopping.is_set():
        run = world.emulator.start_run(["none", "none"], 1000)
        ask = {"repository": "rr-debugger/rr", "run_id": run,
               "runners": [{"architecture": "x86_64"}, {"architecture": "arm64"}]}
        status, answer = ask_again(world, ask)
        if status != 201:
            world.failed = world.failed or f"an honest ask was answered {status}: {answer}"
        stopping.wait(1)


def bad_lines(text):
    """Log lines that a caller has made, or has made different."""
    for line in text.splitlines():
        try:
            fields = json.loads(line)
        except ValueError:
            yield line
            continue
        names = all(NAME.match(name) for name in fields)
        plain = all(32 <= ord(c) < 127 or c == CUT for value in fields.values() for c in value)
        if not names or not plain or not NAME.match(fields["event"]) or fields["event"] == "forged":
            yield line


def run(options, checks):
    count = max(2000, int(FULL * options.size))
    with World(options, machines="none") as world:
        github = Tee(world, world.emulator.github_port)
        aws = Tee(world, world.emulator.aws_port)
        service = world.service = type(world.service)(
            options, world.directory, world.emulator, github_url=f"http://127.0.0.1:{github.port}",
            environment={"AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.port}"})
        service.start()
        quiet = threading.Event()
        asking = world.thread(keep_asking, world, quiet)
        while not service.rows("SELECT 1 FROM lease LIMIT 1") and not world.failed:
            time.sleep(0.2)
        world.write_knowledge()
        began = time.monotonic()
        found = world.finish(world.attack("hostile", count=count, seed=options.seed))
        seconds = time.monotonic() - began
        counts = found["counts"]
        quiet.set()
        asking.join()
        time.sleep(1.5)  # a sweep later
        checks.check("labels: each hostile request was refused with a 4xx and a code",
                     found["not_refused"] == 0, "\n".join(found["samples"]))
        checks.empty("labels: every refusal is documented", undocumented(counts))
        checks.check("labels: honest runs were served meanwhile", world.failed is None,
                     world.failed)
        instances = world.emulator.instances()
        user_data = {i["user_data_sha256"] for i in instances}
        checks.check("labels: all machines got the same user data, byte for byte",
                     len(user_data) == 1 and len(instances) >= 2, user_data)
        checks.empty("labels: tags have letters, digits and the few marks of ours alone",
                     [i["tags"] for i in instances
                      if not all(TAG.match(value) for value in i["tags"].values())])
        checks.check("labels: nothing of the hostile values went to GitHub or AWS",
                     CANARY not in github.sent and CANARY not in aws.sent and github.sent
                     and aws.sent, "the canary is in what was sent")
        ledger = b""
        for name in ("", "-wal"):
            with open(service.ledger + name, "rb") as file:
                ledger += file.read()
        checks.check("labels: nor into the ledger", CANARY not in ledger and b"mayfly-" in ledger)
        log = service.log_text()
        checks.check("labels: the log was looked at", CANARY.decode() in log)
        checks.empty("labels: every log line is whole, printable and one of ours", bad_lines(log))
        checks.check("labels: the service lives", service.process.poll() is None)
        figures("labels", seconds, requests=counts["total"],
                per_second=round(counts["total"] / seconds), machines=len(instances),
                log_lines=log.count("\n"), answers=counts["answers"])
