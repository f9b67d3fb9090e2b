"""What pages cost where the ledger is a table of DynamoDB, for bench/pages_table.sh.

pages_table.py proxy PORT UPSTREAM
pages_table.py measure PUBLIC ADMIN PROXY LEASES VIEWERS SECONDS

The proxy stands between mayfly and AWS: it counts what is asked of DynamoDB, and may be told to take
its time over each call or to refuse each one as DynamoDB refuses who asks too much. Units are reckoned
by DynamoDB's rules: consistent reads, 4 KiB each, of single items rounded up one by one.
"""

import collections
import http.client
import http.server
import json
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pages
import relay

UNIT = 4096
THROTTLED = (b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",'
             b'"message":"slow down"}')


def units_of(action, answer):
    if action == "Query":
        return -(-len(json.dumps(answer.get("Items", []))) // UNIT)
    items = [one for some in answer.get("Responses", {}).values() for one in some]
    return sum(-(-len(json.dumps(item)) // UNIT) for item in items)


class Relay(relay.Relay):
    wbufsize = -1  # one packet for an answer's head and body
    disable_nagle_algorithm = True
    upstream = None
    counts = collections.Counter()
    mode = {"delay_ms": 0, "throttle": False}
    lock = threading.Lock()
    to_aws = None

    def control(self, body):
        with self.lock:
            self.mode.update(json.loads(body or "{}"))
            said = json.dumps(self.counts).encode()
            self.counts.clear()
        self.reply(200, [], said)

    def handle_request(self):
        body = self.body()
        if self.path == "/_count":
            return self.control(body)
        action = self.headers.get("X-Amz-Target", "")
        if not action.startswith("DynamoDB"):
            return self.reply(*self.ask_aws(body))
        action = action.rsplit(".", 1)[1]
        time.sleep(self.mode["delay_ms"] / 1000)
        if self.mode["throttle"]:
            status, headers, content = 400, [("Content-Type", "application/x-amz-json-1.0")], THROTTLED
        else:
            status, headers, content = self.ask_aws(body)
        with self.lock:
            self.counts["calls"] += 1
            self.counts["bytes"] += len(content)
            if status == 200:
                self.counts["units"] += units_of(action, json.loads(content))
        return self.reply(status, headers, content)

    def ask_aws(self, body):
        self.to_aws = self.to_aws or http.client.HTTPConnection(self.upstream)
        return self.pass_on(self.to_aws, body)

    do_GET = do_POST = handle_request


def proxy(port, upstream):
    Relay.upstream = urlsplit(upstream).netloc
    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Relay).serve_forever()


class Bench:
    def __init__(self, public, admin, control):
        self.url, self.control = admin, control
        self.anyone, self.operator = pages.Reader(public), pages.Reader(admin)

    def taken(self, **mode):
        """What was asked of DynamoDB since this was asked last."""
        request = urllib.request.Request(self.control + "/_count", json.dumps(mode).encode())
        with urllib.request.urlopen(request) as answer:
            return collections.Counter(json.load(answer))

    def row(self, name, paths, reader=None, pause=0.0):
        times, calls, units = [], [], []
        reader = reader or self.operator
        reader.connection.close()  # mayfly does not keep one that is idle for long
        for path in paths:
            if pause:
                time.sleep(pause)
                reader.connection.close()
            self.taken()
            times.append(reader.get(path)[0])
            cost = self.taken()
            calls.append(cost["calls"])
            units.append(cost["units"])
        middle = sorted(units)[len(units) // 2]
        print(f"| {name} | {len(times)} | {pages.at(times, 50)} | {pages.at(times, 100)} | "
              f"{sorted(calls)[len(calls) // 2]} | {max(calls)} | {middle} |", flush=True)

    def crowd(self, count, seconds):
        """So many dashboards, each asking every five seconds as its script does."""
        end, took, lock = time.monotonic() + seconds, [], threading.Lock()

        def view():
            reader = pages.Reader(self.url)
            time.sleep(5 * random.random())
            while time.monotonic() < end:
                reader.connection.close()
                one = reader.get("/")[0]
                with lock:
                    took.append(one)
                time.sleep(5)

        self.taken()
        viewers = [threading.Thread(target=view) for _ in range(count)]
        for viewer in viewers:
            viewer.start()
        for viewer in viewers:
            viewer.join()
        cost = self.taken()
        print(f"| {count} | {len(took)} | {pages.at(took, 50)} | {pages.at(took, 99)} | "
              f"{cost['calls'] / seconds:.1f} | {cost['units'] / seconds:.1f} |", flush=True)

    def throttled(self, path):
        self.taken(throttle=True)
        begun = time.perf_counter()
        try:
            urllib.request.urlopen(self.url + path)
            said = "200"
        except urllib.error.HTTPError as error:
            said = f"{error.code}, {json.load(error)['code']}, again in {error.headers['Retry-After']} s"
        took = time.perf_counter() - begun
        cost = self.taken(throttle=False)
        print(f"| `{path}` | {said} | {took:.1f} s | {cost['calls']} |", flush=True)


def measure(public, admin, control, leases, viewers, seconds):
    bench = Bench(public, admin, control)
    draw = random.Random(3)
    some = [f"l-{draw.randint(1, int(leases)):020x}" for _ in range(100)]
    cold = pages.KEPT_FOR
    print("| ms | n | median | max | calls, median | most | units, median |\n|---|--:|--:|--:|--:|--:|--:|")
    bench.row("the dashboard, the first time", ["/"])
    bench.row("the dashboard, nothing fresh", ["/"] * 8, pause=cold)
    bench.row("the list of leases, nothing fresh", ["/leases"] * 4, pause=cold)
    bench.row("the dashboard after two seconds", ["/"] * 4, pause=2)
    bench.row("the dashboard, kept", ["/"] * 50)
    bench.row("the list, page by page, kept", [f"/leases?page={n % 20 + 1}" for n in range(50)])
    bench.row("a lease as the operator sees it, another one each time", [f"/leases/{one}" for one in some])
    bench.row("a lease's public page, another one each time", [f"/v1/leases/{one}" for one in some],
              bench.anyone)
    bench.row("`/metrics`", ["/metrics"] * 20)
    bench.row("`/healthz`", ["/healthz"] * 20)
    bench.taken(delay_ms=10)
    bench.row("the dashboard, nothing fresh, each call 10 ms more", ["/"] * 4, pause=cold)
    bench.taken(delay_ms=0)
    print("\n| dashboards open | answers | p50 ms | p99 ms | calls a second | units a second |\n"
          "|--:|--:|--:|--:|--:|--:|")
    for count in (1, int(viewers)):
        bench.crowd(count, float(seconds))
    print("\n| with every call throttled | answer | after | calls |\n|---|---|--:|--:|")
    time.sleep(3 * cold)
    for path in ("/", "/leases", f"/leases/{some[0]}", "/healthz", "/metrics"):
        bench.throttled(path)
    bench.operator.connection.close()
    bench.operator.get("/")


if __name__ == "__main__":
    {"proxy": proxy, "measure": measure}[sys.argv[1]](*sys.argv[2:])
