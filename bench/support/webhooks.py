"""The deliveries of bench/webhooks.sh: half of them twice, all shuffled, one in a hundred forged. One a line: the
status that is documented for it, its signature, its body."""

import hashlib
import hmac
import json
import random
import sys

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


def main():
    secret, count, runs = sys.argv[1].encode(), int(sys.argv[2]), sys.argv[3:]
    for payload, signature, status in deliveries([int(run) for run in runs], count, secret):
        print(status, signature, payload.decode())


if __name__ == "__main__":
    main()
