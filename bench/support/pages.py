"""How long pages take, and what a crowd of viewers costs, for bench/pages.sh. Prints tables.

pages.py times PUBLIC ADMIN LEASES LEASE
pages.py viewers PUBLIC ADMIN LEASE VIEWERS SECONDS PID
"""

import asyncio
import calendar
import http.client
import json
import os
import random
import resource
import sys
import time
import urllib.request
from urllib.parse import urlsplit

COUNT = 300
KEPT_FOR = 10.2  # seconds until nothing that the dashboard keeps is fresh


def at(samples, part):
    ranked = sorted(samples)
    return f"{1000 * ranked[max(0, -(-len(ranked) * part // 100) - 1)]:.2f}"


def row(name, samples, size):
    print(f"| {name} | {len(samples)} | {at(samples, 50)} | {at(samples, 99)} | {at(samples, 100)} | "
          f"{size / 1024:.1f} KiB |")


class Reader:
    def __init__(self, url, token=None):
        where = urlsplit(url)
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
        self.headers = {"Accept": "text/html"}
        if token:
            self.headers["Authorization"] = "Bearer " + token

    def get(self, path):
        begun = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - begun
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
        if answer.getheader("Connection") == "close":
            self.connection.close()
        return took, len(body)

    def measure(self, name, paths):
        got = [self.get(path) for path in paths]
        row(name, [took for took, _ in got], max(size for _, size in got))

    def measure_cold(self, name, path, count):
        got = []
        for _ in range(count):
            time.sleep(KEPT_FOR)
            self.connection.close()
            got.append(self.get(path))
        row(name, [took for took, _ in got], max(size for _, size in got))


def times(public, admin, leases, lease):
    draw = random.Random(3)
    some = [f"l-{draw.randint(1, int(leases)):020x}" for _ in range(COUNT)]
    anyone, operator = Reader(public), Reader(admin, os.environ["ADMIN_TOKEN"])
    print("| ms | n | median | p99 | max | largest |\n|---|--:|--:|--:|--:|--:|")
    anyone.measure("a lease's page, another one each time", [f"/v1/leases/{one}" for one in some])
    anyone.measure("the page of one live lease", [f"/v1/leases/{lease}"] * COUNT)
    operator.measure("the dashboard, kept", ["/"] * COUNT)
    operator.measure("the list of leases, page by page", [f"/leases?page={n % 20 + 1}" for n in range(COUNT)])
    operator.measure("the list, of one outcome", ["/leases?outcome=boot-failed"] * COUNT)
    operator.measure("the newest runners' times", ["/times"] * COUNT)
    operator.measure("a lease as the operator sees it", [f"/leases/{one}" for one in some])
    operator.measure_cold("the dashboard, nothing kept", "/", 10)
    operator.measure_cold("the list of leases, nothing kept", "/leases", 5)


class Crowd:
    """Viewers of one page, each on a connection of its own."""

    def __init__(self, url, path, seconds):
        where = urlsplit(url)
        self.host, self.port, self.path = where.hostname, where.port, path
        self.end = time.monotonic() + seconds
        self.took, self.statuses, self.dropped = [], {}, 0

    async def ask(self, stream, version):
        reader, writer = stream
        begun = time.perf_counter()
        known = f"If-None-Match: {version}\r\n" if version else ""
        writer.write(f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nAccept: text/html\r\n{known}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        await reader.readexactly(int(fields.get("Content-Length", "0")) if " 304 " not in head[:16] else 0)
        self.took.append(time.perf_counter() - begun)
        status = head.split(" ", 2)[1]
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return fields.get("ETag")

    async def viewer(self):
        await asyncio.sleep(3 * random.random())
        stream = version = None
        while time.monotonic() < self.end:
            try:
                stream = stream or await asyncio.open_connection(self.host, self.port)
                version = await self.ask(stream, version)
            except (OSError, asyncio.IncompleteReadError):
                self.dropped += 1
                stream = None
            await asyncio.sleep(3 * random.uniform(0.8, 1.2))


def memory(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def sweep_age(admin):
    with urllib.request.urlopen(admin + "/healthz", timeout=5) as answer:
        at_text = json.load(answer)["last_sweep_at"]
    seconds, millis = at_text.rstrip("Z").split(".")
    return time.time() - calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) - int(millis) / 1000


async def watch(crowd, admin, pid, ages, memories):
    while time.monotonic() < crowd.end:
        ages.append(await asyncio.to_thread(sweep_age, admin))
        memories.append(memory(pid))
        await asyncio.sleep(0.25)


async def viewers(public, admin, lease, count, seconds, pid):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, int(count) + 200)), hard))
    before = memory(pid)
    crowd = Crowd(public, f"/v1/leases/{lease}", float(seconds))
    ages, memories = [], []
    await asyncio.gather(watch(crowd, admin, pid, ages, memories),
                         *(crowd.viewer() for _ in range(int(count))))
    third = len(memories) // 3
    good = sum(n for status, n in crowd.statuses.items() if status in ("200", "304"))
    print("| viewers | answers a second | 304 | 200 | other | dropped | p50 ms | p99 ms | RSS before | after a third "
          "| at the end | peak | oldest sweep |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    print(f"| {count} | {len(crowd.took) / float(seconds):.0f} | {crowd.statuses.get('304', 0)} | "
          f"{crowd.statuses.get('200', 0)} | {len(crowd.took) - good} | {crowd.dropped} | {at(crowd.took, 50)} | "
          f"{at(crowd.took, 99)} | {before:.1f} MiB | {memories[third]:.1f} MiB | {memories[-1]:.1f} MiB | "
          f"{max(memories):.1f} MiB | {max(ages):.2f} s |")


if __name__ == "__main__":
    if sys.argv[1] == "times":
        times(*sys.argv[2:])
    else:
        asyncio.run(viewers(*sys.argv[2:]))
