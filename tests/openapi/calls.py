#!/usr/bin/env python3
"""Makes each call of the API, well and badly, and writes every exchange as a line of JSON.

  calls.py SERVICE_URL GITHUB_URL AWS_URL FILE WEBHOOK_SECRET

The machines are rows only: this is the machine as well, with the nonce of the instance's tags.
"""

import hashlib
import hmac
import http.client
import json
import sys
import time
import urllib.request
from urllib.parse import urlsplit

SERVICE, GITHUB, AWS, FILE, SECRET = sys.argv[1:6]
JSON = {"Content-Type": "application/json"}
NONCE = {**JSON, "X-Mayfly-Claim": "0" * 32}
OUT = open(FILE, "w", encoding="utf-8")


def call(method, target, body=None, headers=None):
    """Sends what it is given, also what no library would; the answer's JSON, or its text."""
    connection = http.client.HTTPConnection(urlsplit(SERVICE).netloc, timeout=20)
    text = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
    sent = headers if headers is not None else (JSON if body is not None else {})
    connection.request(method, target, text, sent)
    response = connection.getresponse()
    answer = response.read().decode()
    OUT.write(json.dumps({
        "method": method, "target": target, "request_body": text if isinstance(text, str) else None,
        "request_headers": {k.lower(): v for k, v in sent.items()}, "status": response.status,
        "headers": {k.lower(): v for k, v in response.getheaders()}, "body": answer}) + "\n")
    connection.close()
    is_json = answer and "json" in (response.getheader("Content-Type") or "")
    return json.loads(answer) if is_json else answer


def etag(target):
    with urllib.request.urlopen(SERVICE + target, timeout=10) as answer:
        return answer.headers["ETag"]


def outside(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=10) as answer:
        return json.loads(answer.read())


def start_run(label="rr_runner_other"):
    run = outside(f"{GITHUB}/_emulator/runs", {"label": label})["id"]
    outside(f"{GITHUB}/_emulator/runs/{run}/jobs/setup/begin", {})
    return run


def runners(run, **more):
    return {"repository": "rr-debugger/rr", "run_id": run, "runners": [{"architecture": "x86_64"}], **more}


def instance_of(lease):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for one in outside(f"{AWS}/_emulator/aws/state")["instances"]:
            if one["tags"].get("mayfly:lease") == lease and one["state"] == "running":
                return one["instance_id"], one["tags"]["mayfly:claim"]
        time.sleep(0.2)
    raise SystemExit(f"no machine of {lease}")


def workflow():
    run = start_run()
    lease = call("POST", "/v1/leases", runners(run))["leases"][0]["id"]
    call("POST", "/v1/leases", runners(run, run_attempt=1))
    call("POST", "/v1/leases?wait=online&timeout=1", runners(run))
    call("GET", f"/v1/leases/{lease}")
    for kind in ("text/html", "text/plain"):
        call("GET", f"/v1/leases/{lease}", headers={"Accept": kind})
    call("GET", f"/v1/leases/{lease}", headers={"If-None-Match": etag(f"/v1/leases/{lease}")})
    call("GET", f"/v1/leases/{lease}/badge.svg")
    call("DELETE", f"/v1/leases/{lease}")
    return run, lease


def machine(lease):
    instance, nonce = instance_of(lease)
    own = {**JSON, "X-Mayfly-Claim": nonce}
    events = f"/v1/leases/{lease}/events"
    call("POST", events, {"event": "booted", "detail": "kernel 6.1"}, own)
    call("POST", events, {"event": "runner-ready"}, own)
    call("POST", events, {"event": "danced"}, own)
    call("POST", events, {"event": "booted"}, NONCE)
    claim = {"lease": lease, "instance_id": instance, "claim_key": "1" * 32}
    call("POST", "/v1/claims", claim, NONCE)
    call("POST", "/v1/claims", claim, own)
    call("POST", "/v1/claims", {**claim, "claim_key": "2" * 32}, own)
    call("POST", "/v1/claims", {**claim, "lease": "x"}, own)


def seed():
    label = "rr_runner_0123456789abcdef"
    create = {"operation": "create", "architectures": ["x86_64", "arm64"], "label": label}
    run = start_run(label)
    call("POST", "/", create)
    call("POST", "/", {"operation": "create", "architecture": "x86_64", "label": label + "_x86_64"})
    call("POST", "/", {"operation": "destroy", "label": label})
    call("POST", "/", {"operation": "destroy", "labels": [label, "rr_runner_9"]})
    call("POST", "/", {**create, "operation": "dance"})
    call("POST", "/", {**create, "label": "other_1"})
    outside(f"{GITHUB}/_emulator/runs/{run}/cancel", {})


def deliver(event, payload, secret=SECRET, content_type="application/json"):
    body = json.dumps(payload)
    signature = "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return call("POST", "/v1/webhooks/github", body, {
        "Content-Type": content_type, "X-GitHub-Event": event, "X-Hub-Signature-256": signature})


def webhook(run):
    job = {"run_id": run, "run_attempt": 1, "labels": [f"mayfly-{run}-x86_64"], "status": "queued"}
    payload = {"action": "queued", "workflow_job": job, "repository": {"full_name": "rr-debugger/rr"}}
    deliver("ping", {"zen": "x"})
    deliver("workflow_job", payload)
    deliver("workflow_job", {**payload, "action": "in_progress"})
    deliver("workflow_job", payload, secret="another")
    deliver("workflow_job", {**payload, "repository": {"full_name": "eve/rr"}})
    deliver("workflow_job", {})
    deliver("workflow_job", payload, content_type="application/x-www-form-urlencoded")


def wrong(run):
    call("POST", "/v1/leases", "{")
    call("POST", "/v1/leases", runners(run), {"Content-Type": "text/plain"})
    call("POST", "/v1/leases", "{" + " " * 5000 + "}")
    call("POST", "/v1/leases", {**runners(run), "color": "red"})
    call("POST", "/v1/leases?color=red", runners(run))
    call("POST", "/v1/leases", runners(run, runners=[{"architecture": "riscv"}]))
    call("POST", "/v1/leases", runners(run, runners=[{"architecture": "x86_64", "count": 900}]))
    call("POST", "/v1/leases", runners(run, repository="eve/rr"))
    call("POST", "/v1/leases", runners(99))
    call("POST", "/v1/leases", runners(run, run_attempt=7))
    call("GET", "/v1/leases/l-00000000000000000000")
    call("GET", "/v1/leases/x")
    call("DELETE", "/v1/leases/l-00000000000000000000")
    call("POST", "/v1/leases/l-00000000000000000000/events", {"event": "booted"}, NONCE)
    for method, target in (("GET", "/"), ("PUT", "/v1/leases/l-00000000000000000000"), ("GET", "/v1/claims"),
                           ("DELETE", "/v1/leases"), ("POST", "/openapi.json")):
        call(method, target)
    call("GET", "/openapi.json", headers={"Cookie": "c" * 20000})
    call("GET", "/openapi.json?x=1")


def main():
    call("GET", "/openapi.json")
    run, lease = workflow()
    machine(lease)
    seed()
    webhook(run)
    wrong(run)
    outside(f"{GITHUB}/_emulator/runs/{run}/cancel", {})
    time.sleep(3.5)  # what GitHub said of a run is believed for three seconds
    call("POST", "/v1/leases", runners(run))


main()
