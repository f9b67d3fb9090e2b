"""Holds the seed's Lambda handler warm, in one process, for the benches.

    seed_worker.py SEED_FILE

Reads one command a line and answers each with one line, times in seconds:
    create LABEL ARCHITECTURE [skip-wait]   time to RunInstances' answer, time of the whole call
    destroy LABEL                           time of the whole call
skip-wait leaves out the handler's last step, which waits for the instance to run. The handler's
clients reach the clouds of AWS_ENDPOINT_URL and GITHUB_API_URL.
"""
import importlib.util
import json
import os
import sys
import time

import boto3


def with_endpoint(make_client):
    """boto3 heeds AWS_ENDPOINT_URL only from 1.28 on; Debian 12 has 1.26."""
    return lambda name: make_client(name, endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def load(path):
    boto3.client = with_endpoint(boto3.client)
    spec = importlib.util.spec_from_file_location("seed", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Waiters:
    """Stands before the EC2 client's waiters: notes when the first is asked for."""

    def __init__(self, client):
        self.real = client.get_waiter
        self.asked_at = None
        self.skip = False
        client.get_waiter = self.get

    def get(self, name):
        self.asked_at = time.perf_counter()
        return self if self.skip else self.real(name)

    def wait(self, **_):
        pass


def call(seed, payload):
    answer = seed.lambda_handler({"body": json.dumps(payload)}, None)
    if answer["statusCode"] != 200:
        raise ValueError(answer)


def main():
    seed = load(sys.argv[1])
    waiters = Waiters(seed.ec2_client)
    print("ready", flush=True)
    for line in sys.stdin:
        words = line.split()
        waiters.skip = "skip-wait" in words
        began = time.perf_counter()
        if words[0] == "create":
            call(seed, {"operation": "create", "label": words[1], "architecture": words[2]})
            ended = time.perf_counter()
            print(f"{waiters.asked_at - began:.6f} {ended - began:.6f}", flush=True)
        else:
            call(seed, {"operation": "destroy", "labels": [words[1]]})
            print(f"{time.perf_counter() - began:.6f}", flush=True)


if __name__ == "__main__":
    main()
