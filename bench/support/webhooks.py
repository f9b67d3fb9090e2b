"""A burst of webhook deliveries for bench/webhooks.sh: half of them sent twice, all shuffled, one in a
hundred forged. Prints one row of its table; exit status 1 where an answer is not the documented one."""

import hashlib
import hmac
import http.client
import json
import random
import sys
import threading
import time
from urllib.parse import urlsplit

CLIENTS = 16
PADDING = "x" * 8000  # GitHub's deliveries of this event have 10 to 30 KB


def body(run, label, repository="rr-debugger/rr"):
    job = {"id": run, "run_id": run, "run_attempt": 1, "status": "queued", "labels": [label], "steps": []}
    return json.dumps(
        {"action": "queued", "workflow_job": job, "repository": {"full_name": repository, "x": PADDING}}
    ).encode()


def deliveries(runs, count, secret):
    """(body, signature, expected status) of count deliveries: each run's two jobs, and others' jobs."""
    unique = [(body(run, f"mayfly-{run}-{arch}"), 202) for run in runs for arch in ("x86_64", "arm64")]
    for number in range(len(unique), count // 2):
        foreign = number % 2 == 0
        repository = "rr-debugger/other" if foreign else "rr-debugger/rr"
        unique.append((body(10**9 + number, "ubuntu-latest", repository), 403 if foreign else 204))
    out = []
    for number, (payload, status) in enumerate(unique + unique):
        forged = number % 100 == 99
        key = b"forged" if forged else secret
        signature = hmac.new(key, payload, hashlib.sha256).hexdigest()
        out.append((payload, "sha256=" + signature, 401 if forged else status))
    random.Random(7).shuffle(out)
    return out


class Client(threading.Thread):
    def __init__(self, url, work):
        super().__init__()
        self.url, self.work, self.took, self.wrong = urlsplit(url), work, [], []

    def run(self):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=30)
        for payload, signature, status in self.work:
            headers = {
                "Content-Type": "application/json",
                "X-GitHub-Event": "workflow_job",
                "X-Hub-Signature-256": signature,
            }
            begun = time.perf_counter()
            connection.request("POST", self.url.path, payload, headers)
            answer = connection.getresponse()
            answer.read()
            self.took.append(time.perf_counter() - begun)
            if answer.status != status:
                self.wrong.append((answer.status, status))


def main():
    url, secret, count, runs = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3]), sys.argv[4:]
    work = deliveries([int(run) for run in runs], count, secret)
    clients = [Client(url, work[number::CLIENTS]) for number in range(CLIENTS)]
    begun = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    seconds = time.perf_counter() - begun
    took = sorted(one for client in clients for one in client.took)
    wrong = [one for client in clients for one in client.wrong]
    at = lambda part: f"{1000 * took[int(part * (len(took) - 1))]:.1f}"
    print(f"| {len(took)} | {len(took) / seconds:.0f} | {at(0.5)} | {at(0.99)} | {at(1)} | {len(wrong)} |", end="")
    for got, documented in wrong[:5]:
        print(f"\nanswered {got}, documented is {documented}", file=sys.stderr)
    return 1 if wrong or len(took) != len(work) else 0


if __name__ == "__main__":
    sys.exit(main())
