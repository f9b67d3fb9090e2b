"""Plays Lambda to two programs in turn and measures them, for bench/lambda.sh.

    lambda_bench.py COLD WARM EMULATED_GITHUB MAYFLY [SEED_FILE]

COLD times each: a process from its start to its first call for an invocation, and on to the answer
to its first create. Then WARM creates and destroys in one process: the processor's time for each,
from the kernel's accounts of its threads, and the peak of its memory. Each create of mayfly's has a
live run of its own at the emulated GitHub. Prints tables in Markdown.
"""
import http.server
import itertools
import json
import os
import queue
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

ADDRESSES = itertools.count()
# A scheduled invocation sweeps again and again for its minute, or once where sweep.every is that.
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
HERE = os.path.dirname(os.path.abspath(__file__))


class RuntimeApi(http.server.ThreadingHTTPServer):
    """One sandbox's: hands out events, notes when each call came."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.calls, self.events, self.answers = queue.Queue(), queue.Queue(), queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # the process was killed: that is how each of them ends

    def exchange(self, event, patience=60):
        """When it was answered, with what, and whether that is an error report."""
        self.calls.get(timeout=60)  # it waits for an invocation
        self.events.put(event)
        return self.answers.get(timeout=patience)

    def invoke(self, event):
        at, body, is_error = self.exchange(event)
        answer = json.loads(body)
        if is_error or answer.get("statusCode") not in (200, 201, 202):
            raise SystemExit(f"an invocation failed: {body[:400]!r}")
        return at, answer


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.connection.setsockopt(6, 1, 1)  # TCP_NODELAY

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        text = f"HTTP/1.1 {status} OK\r\nContent-Length: {len(body)}\r\n"
        text += "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.wfile.write(text.encode() + b"\r\n" + body)

    def do_GET(self):
        self.server.calls.put(time.monotonic())
        event = self.server.events.get()
        seconds = 20 if event == SCHEDULED else 60  # too little for a second sweep
        deadline = int((time.time() + seconds) * 1000)
        self.answer(200, json.dumps(event).encode(),
                    [("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
                     ("Lambda-Runtime-Deadline-Ms", deadline)])

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.answers.put((time.monotonic(), body, self.path.endswith("error")))
        self.answer(202)


class Process:
    def __init__(self, command, environment):
        self.api = RuntimeApi()
        address = f"127.0.0.1:{self.api.server_address[1]}"
        began = time.monotonic()
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      env={**environment, "AWS_LAMBDA_RUNTIME_API": address})
        self.began = began
        at = self.api.calls.get(timeout=60)
        self.api.calls.put(at)
        self.to_first_next = at - began

    def cpu(self):
        """Nanoseconds, of all its threads."""
        folder = f"/proc/{self.child.pid}/task"
        return sum(int(open(f"{folder}/{thread}/schedstat").read().split()[0])
                   for thread in os.listdir(folder))

    def peak_kb(self):
        for line in open(f"/proc/{self.child.pid}/status"):
            if line.startswith("VmHWM:"):
                return int(line.split()[1])

    def end(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        self.api.shutdown()


class Mayfly:
    name = "mayfly"

    def __init__(self, program, github):
        self.command, self.github = [program], github
        self.environment = dict(os.environ)

    def drive(self, path, body=b""):
        request = urllib.request.Request(f"{self.github}/_emulator/runs{path}", data=body)
        return json.load(urllib.request.urlopen(request, timeout=5))

    def begin(self, number):
        run = self.drive("", json.dumps({"label": f"rr_runner_bench_{os.getpid()}_{number}"}).encode())
        self.drive(f"/{run['id']}/jobs/setup/begin")
        return run["id"]

    def create(self, run):
        return event("POST", "/v1/leases", {"repository": "rr-debugger/rr", "run_id": run,
                                            "runners": [{"architecture": "x86_64"}]})

    def destroy(self, run, answer):
        return event("DELETE", "/v1/leases/" + json.loads(answer["body"])["leases"][0]["id"], None)

    def finish(self, run):
        self.drive(f"/{run}/cancel")
        # A cancelled run is over when its last job, which runs always, has ended.
        self.drive(f"/{run}/jobs/stop-runners/begin")
        self.drive(f"/{run}/jobs/stop-runners/complete")

    def settle(self, process):
        """Until nothing is left of the leases before: few live at once, and cost what they cost."""
        for _ in range(100):
            _, body, is_error = process.api.exchange(SCHEDULED)
            if not is_error and json.loads(body)["leases"] == 0:
                return
            time.sleep(0.3)
        raise SystemExit(f"leases stay: {body[:400]!r}")


class Seed:
    name = "seed"

    def __init__(self, seed_file):
        self.command = [sys.executable, os.path.join(HERE, "seed_bootstrap.py"), seed_file]
        self.environment = dict(os.environ)

    def begin(self, number):
        return f"rr_runner_bench_{os.getpid()}_{number}"

    def create(self, label):
        return event("POST", "/", {"operation": "create", "label": label, "architecture": "x86_64"})

    def destroy(self, label, answer):
        return event("POST", "/", {"operation": "destroy", "labels": [label]})

    def finish(self, label):
        pass

    def settle(self, process):
        pass


def event(method, path, body):
    """Each from a neighbourhood of its own: asks are counted by those."""
    number = next(ADDRESSES)
    address = f"{10 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.7"
    made = {"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
            "headers": {"content-type": "application/json"},
            "requestContext": {"http": {"method": method, "path": path, "sourceIp": address}},
            "isBase64Encoded": False}
    if body is not None:
        made["body"] = json.dumps(body)
    return made


def cold(one, number, samples):
    what = one.begin(number)
    process = Process(one.command, one.environment)
    at, answer = process.api.invoke(one.create(what))
    samples["start to first next"].append(1000 * process.to_first_next)
    samples["start to first create answered"].append(1000 * (at - process.began))
    process.api.invoke(one.destroy(what, answer))
    process.end()
    one.finish(what)


def warm(one, first, count, samples):
    process = Process(one.command, one.environment)
    for number in range(first, first + count):
        one.settle(process)
        what = one.begin(number)
        before = process.cpu()
        _, answer = process.api.invoke(one.create(what))
        between = settled(process)
        process.api.invoke(one.destroy(what, answer))
        after = settled(process)
        samples["warm create, processor time"].append((between - before) / 1e6)
        samples["warm destroy, processor time"].append((after - between) / 1e6)
        one.finish(what)
        time.sleep(0.2)  # the emulated clouds limit the rate of calls as the real ones do
    samples["peak memory"] = [process.peak_kb() / 1024]
    process.end()


def settled(process):
    """Its account once it waits again: what it does after an answer counts as well."""
    at = process.api.calls.get(timeout=60)
    process.api.calls.put(at)
    return process.cpu()


def table(programs, samples):
    print("| | unit | n | " + " | ".join(f"{one.name}: median (min-max)" for one in programs) +
          (" | seed / mayfly |" if len(programs) > 1 else " |"))
    print("|---|---|--:|" + "--:|" * (len(programs) + (len(programs) > 1)))
    for what in samples[programs[0].name]:
        of = [samples[one.name][what] for one in programs]
        medians = [statistics.median(values) for values in of]
        cells = [f"{median:.2f} ({min(values):.2f}-{max(values):.2f})"
                 for median, values in zip(medians, of)]
        ratio = f" | {medians[1] / medians[0]:.1f}" if len(programs) > 1 else ""
        unit = "MiB" if "memory" in what else "ms"
        print(f"| {what} | {unit} | {len(of[0])} | " + " | ".join(cells) + ratio + " |")


def main():
    colds, warms = int(sys.argv[1]), int(sys.argv[2])
    programs = [Mayfly(sys.argv[4], sys.argv[3])] + [Seed(path) for path in sys.argv[5:6]]
    rows = ["start to first next", "start to first create answered", "warm create, processor time",
            "warm destroy, processor time"]
    samples = {one.name: {row: [] for row in rows} for one in programs}
    for number in range(colds):
        for one in programs:
            cold(one, number, samples[one.name])
            time.sleep(0.3)
    for one in programs:
        warm(one, colds, warms, samples[one.name])
    table(programs, samples)


if __name__ == "__main__":
    main()
