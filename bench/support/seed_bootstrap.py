"""The seed's Lambda as a custom runtime: a `bootstrap` for the benches.

    seed_bootstrap.py SEED_FILE

Imports the seed, then asks the runtime API for one invocation after another, with nothing but the
standard library in between: less than Lambda's own Python runtime does.
"""
import http.client
import json
import os
import sys

from seed_worker import Waiters, load


def main():
    seed = load(sys.argv[1])
    # A create waits for its machine, 15 s at a time: that is not the program's own time.
    Waiters(seed.ec2_client).skip = True
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    base = "/2018-06-01/runtime/invocation/"
    while True:
        runtime.request("GET", base + "next")
        answer = runtime.getresponse()
        event = json.loads(answer.read())
        identity = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        response = json.dumps(seed.lambda_handler(event, None))
        runtime.request("POST", f"{base}{identity}/response", response)
        runtime.getresponse().read()


main()
