"""Counts what one lease costs the clouds, for bench/lambda_curve.sh.

    lambda_curve.py MAYFLY FILE_CONFIG TABLE_CONFIG SEED_FILE|- OTHERS...

Prints a table in Markdown: calls to GitHub + calls to EC2 and SSM, and DynamoDB's apart.
"""
import collections
import http.client
import http.server
import json
import os
import sys
import threading
import urllib.request

import lambda_bench
import relay

SWEEPS_MAX = 6


class Proxy(http.server.ThreadingHTTPServer):
    """Passes everything on, and counts it."""

    daemon_threads = True

    def __init__(self, upstream, kind):
        super().__init__(("127.0.0.1", 0), Pass)
        self.upstream, self.kind = upstream.removeprefix("http://"), kind
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.calls = collections.Counter()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that is killed


class Pass(relay.Relay):
    def handle_request(self):
        body = self.body()
        kind, server = self.server.kind, self.server
        if self.headers.get("X-Amz-Target", "").startswith("DynamoDB"):
            kind = "DynamoDB"
            server.calls["bytes"] += len(body)
        server.calls[kind] += 1
        status, headers, content = self.pass_on(http.client.HTTPConnection(server.upstream), body)
        if kind == "DynamoDB":
            server.calls["bytes"] += len(content)
        self.reply(status, headers, content)

    do_GET = do_POST = do_DELETE = do_PUT = handle_request


class Clouds:
    def __init__(self):
        self.github = os.environ["GITHUB_API_URL"]
        self.aws_url = os.environ["AWS_ENDPOINT_URL"]
        self.proxies = [Proxy(self.github, "GitHub"), Proxy(self.aws_url, "AWS")]
        self.registered = 0

    def environment(self, config):
        """mayfly's configuration names GitHub: a copy that names the proxy."""
        github, aws = (proxy.url for proxy in self.proxies)
        environment = {**os.environ, "GITHUB_API_URL": github, "AWS_ENDPOINT_URL": aws}
        if config:
            with open(config, encoding="utf-8") as file:
                text = file.read().replace(self.github, github)
            environment["MAYFLY_CONFIG"] = config + ".proxied"
            with open(environment["MAYFLY_CONFIG"], "w", encoding="utf-8") as file:
                file.write(text)
        return environment

    def register(self, count):
        while self.registered < count:
            self.registered += 1
            body = json.dumps({"name": f"other-{self.registered}", "runner_group_id": 1,
                               "labels": ["other"], "work_folder": "_work"}).encode()
            headers = {"Authorization": "Bearer " + os.environ["GITHUB_TOKEN"],
                       "User-Agent": "bench", "Accept": "application/vnd.github+json"}
            urllib.request.urlopen(urllib.request.Request(
                self.github + "/orgs/rr-debugger/actions/runners/generate-jitconfig", body,
                headers)).read()

    def live(self):
        with urllib.request.urlopen(self.aws_url + "/_emulator/aws/state") as answer:
            return sum(one["state"] != "terminated" for one in json.load(answer)["instances"])

    def taken(self):
        """What was called since this was asked last."""
        calls = collections.Counter()
        for proxy in self.proxies:
            calls += proxy.calls
            proxy.calls.clear()
        return calls


def cell(calls):
    text = f"{calls['GitHub']} + {calls['AWS']}"
    return text + (f"; {calls['DynamoDB']}, {calls['bytes'] / 1024:.0f} KiB" if calls["DynamoDB"] else "")


def life(clouds, one, process, number, sweeps):
    """Create, destroy, each sweep until all is gone, and one more sweep of nothing."""
    what = one.begin(number)
    clouds.taken()
    _, answer = process.api.invoke(one.create(what))
    steps = [clouds.taken()]
    one.finish(what)
    process.api.invoke(one.destroy(what, answer))
    steps.append(clouds.taken())
    if sweeps:
        total, count = collections.Counter(), 0
        while clouds.live() and count < SWEEPS_MAX:
            process.api.exchange(lambda_bench.SCHEDULED, 120)
            count += 1
            total += clouds.taken()
        process.api.exchange(lambda_bench.SCHEDULED, 120)
        steps += [total + clouds.taken()]
        process.api.exchange(lambda_bench.SCHEDULED, 120)
        steps += [clouds.taken()]
    return steps


def main():
    mayfly, file_config, table_config, seed = sys.argv[1:5]
    clouds = Clouds()
    programs = []
    for name, config in (("mayfly, file", file_config), ("mayfly, table", table_config)):
        one = lambda_bench.Mayfly(mayfly, clouds.github)
        programs.append((name, one, lambda_bench.Process(one.command, clouds.environment(config))))
    if seed != "-":
        one = lambda_bench.Seed(seed)
        programs.append(("seed", one, lambda_bench.Process(one.command, clouds.environment(None))))
    for number, (_, one, process) in enumerate(programs):
        life(clouds, one, process, number, one.name == "mayfly")  # warm from here on
    print("| other runners | program | create | destroy | sweeps until gone | a sweep of nothing |")
    print("|--:|---|--:|--:|--:|--:|")
    number = len(programs)
    for others in map(int, sys.argv[5:]):
        clouds.register(others)
        for name, one, process in programs:
            number += 1
            steps = [cell(step) for step in life(clouds, one, process, number, one.name == "mayfly")]
            print(f"| {others} | {name} | " + " | ".join(steps + ["–"] * (4 - len(steps))) + " |",
                  flush=True)
    for _, _, process in programs:
        process.end()


main()
