"""A stand-in for the metadata service, the API and the runner download, on one loopback port.

Every path starts with the scenario's name, which says what goes wrong; what was asked is kept and
read back at /<scenario>/log, one line per request. Prints its port, then serves until killed.
"""

import base64
import email.utils
import hashlib
import http.server
import json
import os
import sys
import threading
import time

PACKAGES = sys.argv[1]  # the folder with the runner packages
# What a machine of a batch is told, when it has booted and in the claim's answer, to be its own.
OWN = "l-fedcba98765432100123"
BOOTED = {"batch": OWN, "batch-odd": f"{OWN};touch $MAYFLY_ROOT/pwned"}
CLAIMED = {"batch": OWN, "batch-late": OWN, "batch-odd": "$(touch $MAYFLY_ROOT/pwned)"}
LEASE, NONCE, INSTANCE = "l-0123456789abcdef0123", "ab" * 16, "i-0123456789abcdef0"
JIT = "SklULWNvbmZpZy1vZi1vbmUtcnVubmVy"


def encoded(value):
    return base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()


lock = threading.Lock()
logs, counts, keys, claimed = {}, {}, {}, {}


def package(scenario):
    name = scenario if os.path.exists(f"{PACKAGES}/{scenario}.tar.gz") else "good"
    with open(f"{PACKAGES}/{name}.tar.gz", "rb") as file:
        return file.read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        skew = 3600 if self.scenario == "clock-skew" else 0
        return email.utils.formatdate((timestamp or time.time()) + skew, usegmt=True)

    def setup(self):
        super().setup()
        self.scenario = ""

    def answer(self, status, body="", headers=()):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def lifetime(self):
        return {"past-deadline": 1, "worker-hangs": 3000}.get(self.scenario, 36000)

    def here(self):
        return f"http://127.0.0.1:{self.server.server_port}/{self.scenario}"

    def nth(self, what):
        with lock:
            counts[self.scenario, what] = counts.get((self.scenario, what), 0) + 1
            return counts[self.scenario, what]

    def route(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        _, self.scenario, path = self.path.split("/", 2)
        if path == "log":
            return self.answer(200, "".join(logs.get(self.scenario, [])))
        with lock:
            logs.setdefault(self.scenario, []).append(f"{self.command} {path} {body}\n")
        if path.startswith("github/_runner/"):
            return self.github(path.removeprefix("github/_runner/"), json.loads(body))
        if path.startswith("imds/latest/"):
            return self.imds(path.removeprefix("imds/latest/"))
        if path == "runner.tar.gz":
            return self.download()
        if path == f"api/v1/leases/{LEASE}" and self.command == "GET":
            return self.answer(200, "{}")
        if self.headers.get("X-Mayfly-Claim") != claimed.get(self.scenario, NONCE):
            return self.answer(403, "wrong nonce")
        if path.removeprefix("api/v1/leases/") in (f"{LEASE}/events", f"{OWN}/events"):
            return self.event(json.loads(body))
        if path == "api/v1/claims":
            return self.claim(json.loads(body))
        return self.answer(404)

    do_GET = do_POST = do_PUT = route

    def imds(self, path):
        if path == "api/token":
            return self.answer(200 if self.command == "PUT" else 405, "token-of-imds")
        if self.headers.get("X-aws-ec2-metadata-token") != "token-of-imds":
            return self.answer(401)
        values = {
            "instance-id": INSTANCE,
            "tags/instance/mayfly:lease": LEASE,
            "tags/instance/mayfly:claim": NONCE,
            "tags/instance/mayfly:api": f"{self.here()}/api",
            "tags/instance/mayfly:expires-at": str(int(time.time()) + self.lifetime()),
        }
        key = path.removeprefix("meta-data/")
        if key not in values:
            return self.answer(404)
        if self.scenario == "hostile-" + key.split("/")[-1].removeprefix("mayfly:"):
            touch = "touch $MAYFLY_ROOT/pwned"
            return self.answer(200, f"{values[key]}$({touch})`{touch}`;{touch}")
        return self.answer(200, values[key])

    def event(self, event):
        if event["event"] == "job-found":
            verdicts = {"shared-run": "yes", "shared-own": "yes",
                        "shared-refused": "no the policy does not serve run 18"}
            if self.scenario not in verdicts:
                return self.answer(503, "later")
            return self.answer(200, f"admit {verdicts[self.scenario]}\n")
        if event["event"] != "booted":
            return self.answer(204)
        digest = hashlib.sha256(package(self.scenario)).hexdigest()
        if self.scenario == "wrong-checksum":
            digest = "0" * 64
        if self.scenario == "no-checksum":
            digest = ""
        address = f"{self.here()}/runner.tar.gz"
        return self.answer(
            200, self.own_lease(BOOTED) +
            f"runner_version 2.330.0\nrunner_url {address}\nrunner_sha256 {digest}\n"
        )

    def own_lease(self, told):
        return f"lease {told[self.scenario]}\n" if self.scenario in told else ""

    def download(self):
        data = package(self.scenario)
        asked = self.headers.get("Range", "")
        if self.scenario == "no-ranges":
            asked = ""
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.nth("offset-%s" % ("rest" if start else "whole"))
        status = 206 if start else 200
        self.send_response(status)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        cut = self.scenario == "download-cut" and not start
        if cut or (self.scenario == "no-ranges" and self.nth("send") == 1):
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        else:
            self.wfile.write(data[start:])

    def claim(self, claim):
        named = OWN if self.scenario == "batch" else LEASE
        if claim["lease"] != named or claim["instance_id"] != INSTANCE:
            return self.answer(400)
        known = keys.setdefault(self.scenario, claim["claim_key"])
        count = self.nth("claim")
        if self.scenario == "claim-403" or known != claim["claim_key"]:
            return self.answer(403)
        if self.scenario == "claim-503-for-ever" or (self.scenario == "claim-503" and count < 3):
            return self.answer(503, "later", [("Retry-After", "7")])
        if self.scenario == "claim-lost" and count == 1:
            self.close_connection = True
            return None
        run = "17" if self.scenario != "claim-malformed" else "17;touch pwned"
        limits = {"short-idle": "120", "odd-idle": "1;touch pwned", "never-a-job": "660",
                  "relaunches": "660", "long-job": "1500"}
        idle = limits.get(self.scenario, "7200")
        jit = self.stand_in_jit() if self.scenario.startswith("stand-in") else JIT
        sudo = "no" if self.scenario == "no-sudo" else "yes"
        shared = "yes" if self.scenario.startswith("shared") else "no"
        claimed[self.scenario] = claim["claim_key"]
        return self.answer(
            200, self.own_lease(CLAIMED) +
            f"repository Owner/Name\nrun_id {run}\nsudo {sudo}\nshared {shared}\nidle_seconds {idle}\n"
            f"jit_config {jit}\n"
        )

    def stand_in_jit(self):
        settings = {"agentId": "7", "serverUrl": f"{self.here()}/github"}
        credentials = {"scheme": "OAuth", "data": {"clientId": "7", "secret": "s3cret"}}
        return encoded({".runner": encoded(settings), ".credentials": encoded(credentials)})

    def github(self, path, body):
        """The emulated GitHub's side of the stand-in runner, with a job at the third question."""
        if path == "session":
            if self.scenario == "stand-in-too-old":
                return self.answer(403, '{"message":"Runner version is deprecated"}')
            known = body == {"runner_id": 7, "secret": "s3cret"}
            return self.answer(200 if known else 401, '{"session":"abc"}')
        if body.pop("session") != "abc":
            return self.answer(410, "{}")
        if path == "job":
            return self.answer(200, "{}")
        if self.scenario == "stand-in-deleted":
            return self.answer(410, "{}")
        if self.nth("poll") != 3:
            return self.answer(503 if self.nth("slow") == 1 else 204)
        run = 18 if self.scenario == "stand-in-foreign" else 17
        job = {"id": 48000000001, "run_id": run, "repository": "owner/name", "name": "test"}
        job |= {"labels": ["x"], "duration_ms": 25250, "steps": ["build"]}
        return self.answer(200, json.dumps({"job": job}, separators=(",", ":")))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
