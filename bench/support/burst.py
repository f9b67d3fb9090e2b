"""A burst of runners for bench/burst.sh: asks for those of each run at once, or for one more at a time.

    burst.py together|together-table|one-by-one SERVICE PROXY_PORT AWS MATRIX RUN...
    burst.py proxy PORT AWS          counts CreateFleet on its way; GET /count tells

Prints one row of the table; exit status 1 where not every runner is launched within four minutes."""

import collections
import http.client
import http.server
import json
import sys
import threading
import time
import urllib.error
import urllib.request

import relay

PATIENCE = 240
NAMES = {"together": "one launch for each run",
         "together-table": "one launch for each run, ledger in DynamoDB",
         "one-by-one": "one launch for each runner"}


class Proxy(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Relay(relay.Relay):
    statuses = collections.Counter()

    def handle_request(self):
        body = self.body()
        if self.path == "/count":
            return self.reply(200, [], json.dumps(self.statuses).encode())
        upstream = http.client.HTTPConnection(sys.argv[3].removeprefix("http://"))
        status, headers, content = self.pass_on(upstream, body)
        if b"Action=CreateFleet" in body:
            self.statuses["calls"] += 1
            self.statuses["throttled"] += b"RequestLimitExceeded" in content
        return self.reply(status, headers, content)

    do_GET = do_POST = handle_request


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


class Caller(threading.Thread):
    """The setup job of one run. Asks again where it is refused for now."""

    def __init__(self, service, run, counts):
        super().__init__()
        self.service, self.run_id, self.counts = service, run, counts
        self.asks, self.done_at = 0, None

    def ask(self, count):
        body = {"repository": "rr-debugger/rr", "run_id": self.run_id,
                "runners": [{"architecture": "x86_64", "count": count}]}
        self.asks += 1
        request = urllib.request.Request(self.service + "/v1/leases", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE):
            return

    def run(self):
        for count in self.counts:
            while True:
                try:
                    self.ask(count)
                    break
                except urllib.error.HTTPError as error:
                    if error.code not in (409, 429, 503):
                        raise SystemExit(error.read().decode())
                    time.sleep(1)
        self.done_at = time.monotonic()


def main():
    how, service, port, aws, matrix, *runs = sys.argv[1:]
    matrix = int(matrix)
    counts = range(1, matrix + 1) if how == "one-by-one" else [matrix]
    callers = [Caller(service, int(run), counts) for run in runs]
    begun = time.monotonic()
    for caller in callers:
        caller.start()
    wanted, launched = matrix * len(runs), 0
    while launched < wanted and time.monotonic() < begun + PATIENCE:
        time.sleep(0.05)
        launched = len(get(aws + "/_emulator/aws/state")["instances"])
    last = time.monotonic() - begun
    for caller in callers:
        caller.join()
    counted = get(f"http://127.0.0.1:{port}/count")
    answered = max(caller.done_at for caller in callers) - begun
    print(f"| {NAMES[how]} | {launched} | {sum(one.asks for one in callers)} | {counted['calls']} "
          f"| {counted.get('throttled', 0)} | {answered:.1f} s | {last:.1f} s |", flush=True)
    return launched != wanted


if __name__ == "__main__":
    if sys.argv[1] == "proxy":
        Proxy(("127.0.0.1", int(sys.argv[2])), Relay).serve_forever()
    sys.exit(main())
