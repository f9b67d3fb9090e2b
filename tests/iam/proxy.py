#!/usr/bin/env python3
"""The emulated AWS under a policy: passes on what the policy allows and refuses the rest.

    proxy.py --policy FILE --account ID --region NAME --to URL --log FILE

Prints its own URL. Each call is a line in the log: its action, whether it was allowed, and of a
refused one the question that was answered with no. The signature covers the Host that the client
wrote, so requests are passed on as they are.
"""

import argparse
import http.client
import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import iam
from calls import Call, World, questions

_REFUSAL = (
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>"
    "<Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation."
    "</Message></Error></Errors><RequestID>00000000-0000-0000-0000-000000000000</RequestID>"
    "</Response>"
)
_SSM_REFUSAL = '{"__type":"AccessDeniedException","Message":"not authorized"}'
_NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length"}


class Guard:
    """Decides, logs, and keeps what successful calls changed. Safe from many threads."""

    def __init__(self, options):
        with open(options.policy, encoding="utf-8") as file:
            self.statements = iam.load(file.read())
        self.to = options.to.rstrip("/")
        self.log = open(options.log, "a", encoding="utf-8")
        self.lock = threading.Lock()
        self.world = World(options.account, options.region, self.instance_tags)

    def instance_tags(self, id):
        with urllib.request.urlopen(self.to + "/_emulator/aws/state", timeout=10) as answer:
            instances = json.load(answer)["instances"]
        return next((i["tags"] for i in instances if i["instance_id"] == id), {})

    def allows(self, call):
        with self.lock:
            asked = questions(call, self.world)
            refused = [one for one in asked if not iam.allowed(self.statements, *one)]
            self.log.write(json.dumps({"action": call.action, "allowed": not refused,
                                       "dry": call.parameters.get("DryRun") == "true",
                                       "refused": refused}) + "\n")
            self.log.flush()
        return not refused

    def note(self, call, answer):
        with self.lock:
            self.world.note(call, answer)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        target = self.headers.get("X-Amz-Target")
        if target:
            service, name = target.split(".")
            prefix = "dynamodb:" if service.startswith("DynamoDB_") else "ssm:"
            call = Call(prefix + name, json.loads(body))
        else:
            call = Call.of_query(body.decode())
        if not self.server.guard.allows(call):
            self.refuse(target)
            return
        status, headers, answer = self.pass_on(body)
        if status == 200:
            self.server.guard.note(call, answer.decode())
        self.reply(status, headers, answer)

    def refuse(self, target):
        text = _SSM_REFUSAL if target else _REFUSAL
        kind = "application/x-amz-json-1.1" if target else "text/xml;charset=UTF-8"
        self.reply(400 if target else 403, [("Content-Type", kind)], text.encode())

    def pass_on(self, body):
        upstream = http.client.HTTPConnection(urlsplit(self.server.guard.to).netloc, timeout=30)
        try:
            upstream.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() != "connection":
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def reply(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    for name in ("policy", "account", "region", "to", "log"):
        parser.add_argument("--" + name, required=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.guard = Guard(parser.parse_args())
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
