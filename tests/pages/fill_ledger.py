#!/usr/bin/env python3
"""Fills a ledger that `mayfly serve` has made with leases that are over, as a busy month leaves them.

usage: fill_ledger.py LEDGER COUNT [--gallery]

Each has the stamps, the machine and the launch that the service would have written, and the newest
runners' times are remembered as it remembers them (report/recent_times.h). With --gallery
the newest ones end in each way that there is, one of them with hostile text everywhere; their ids
are printed, one "OUTCOME ID" a line.
"""

import argparse
import json
import random
import sqlite3
import time

OUTCOMES = ["job-done", "run-over", "released", "no-capacity", "refused", "boot-failed", "idle",
            "deadline", "interrupted"]
WEIGHTS = [86, 4, 1, 2, 1, 2, 1, 1, 2]
REASONS = {"no-capacity": "c5.9xlarge InsufficientInstanceCapacity",
           "refused": "aws-config: the image ami-0f3c0000000000002 does not exist",
           "boot-failed": "no runner came online in time",
           "interrupted": "Server.SpotInstanceTermination: Spot instance termination"}
HOSTILE = "\"><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>'&\u202e"
TYPES = {"x86_64": ("c5.9xlarge", 1_530_000), "arm64": ("c6g.8xlarge", 1_088_000)}
DAY = 86_400_000


class Filler:
    def __init__(self, path, seed):
        self.db = sqlite3.connect(path, timeout=30)
        self.random = random.Random(seed)
        self.now = int(time.time() * 1000)
        self.times = []

    def insert(self, table, **row):
        marks = ",".join("?" * len(row))
        self.db.execute(f"INSERT INTO {table} ({','.join(row)}) VALUES ({marks})",
                        list(row.values()))

    def lease(self, number, created, outcome, hostile=False):
        arch = self.random.choice(list(TYPES))
        kind, price = TYPES[arch]
        ident = f"l-{number:020x}"
        run = 17_000_000_000 + number
        label = HOSTILE if hostile else f"mayfly-{run}-{arch}"
        reason = HOSTILE if hostile else REASONS.get(outcome, "")
        stamps, machine = self.timeline(created, outcome, reason, kind, number)
        has_machine = machine is not None
        end = stamps[-1][0]
        self.insert(
            "lease", id=ident, version=len(stamps), repository="rr-debugger/rr", run_id=run,
            run_attempt=1, architecture=arch, idx=0, label=label,
            labels=json.dumps([label, f"arch_{arch}"]), source="v1",
            actor=HOSTILE if hostile else self.random.choice(["ann", "bob", "eve", "rocallahan"]),
            state="gone", outcome=outcome, reason=reason, created_at=created, state_since=end,
            deadline=created + 3_600_000, launch_number=1, boots=int(has_machine), client_token="",
            launch_request="", launch_pending=0, launch_intended_at=created, on_demand=0,
            instance_id=machine[0] if machine else "", instance_type=kind if machine else "",
            zone="us-east-1a" if machine else "", usd_micros_per_hour=price, nonce_sha256="",
            reserved_micros=0, claim_key_sha256="", runner_name="", metadata_off=1, job_seen=1,
            release_asked=0, run_confirmed=1, runner_removed=1, machine_ended=1,
            head="rr-debugger/rr:master", job_confirmed=1)
        for at, name, detail in stamps:
            self.insert("event", lease_id=ident, at=at, name=name, detail=detail)
        if machine:
            begin, stop = machine[1:]
            self.insert("machine", instance_id=machine[0], lease_id=ident, instance_type=kind,
                        zone="us-east-1a", on_demand=0, usd_micros_per_hour=price,
                        launched_at=begin, ended_at=stop,
                        spent_micros=price * max(60_000, stop - begin) // 3_600_000)
        self.note_time(ident, arch, dict((name, at) for at, name, _ in stamps))
        verdict = "no-machine" if not machine else "failed" if outcome == "boot-failed" else "came-up"
        self.insert("launch", lease_id=ident, number=1, at=created, verdict=verdict,
                    cause="boot-failed" if verdict == "failed" else "", settled_at=end)
        return ident

    def note_time(self, ident, arch, at):
        if "online" in at:
            ends = ["asked", "verified", "launching", "booting", "machine-booted",
                    "machine-runner-ready", "claimed", "online"]
            took = [at[end] - at[begin] for begin, end in zip(ends, ends[1:])]
            took[1] = -1  # relaunch
            self.times.append([ident, arch, at["online"], at["online"] - at["asked"], *took])

    def remember_times(self):
        newest = sorted(self.times, key=lambda row: -row[2])[:100]
        self.db.execute("INSERT OR REPLACE INTO fact (name, value) VALUES ('runner-times', ?)",
                        [json.dumps(newest)])

    def timeline(self, created, outcome, reason, kind, number):
        at = created
        stamps = [(at, "asked", "v1")]

        def after(low, high, name, detail=""):
            nonlocal at
            at += self.random.randint(low, high)
            stamps.append((at, name, detail))

        after(100, 900, "verified", "run 1")
        after(1, 5, "launching")
        machine = None
        if outcome not in ("no-capacity", "refused"):
            instance = f"i-{number:017x}"
            after(1500, 9000, "booting", f"{instance} {kind} us-east-1a spot")
            begin = at
            if outcome != "boot-failed":
                after(15_000, 40_000, "machine-booted")
                after(300, 9000, "machine-runner-ready")
                after(50, 300, "machine-claiming")
                after(200, 1500, "claimed")
                after(2000, 9000, "online")
            if outcome in ("job-done", "interrupted", "deadline"):
                after(1000, 20_000, "busy")
                after(60_000, 1_800_000, "machine-job-completed")
            else:
                after(60_000, 600_000, "machine-failed", reason)
            machine = (instance, begin)
        after(500, 5000, "ending", outcome + (": " + reason if reason else ""))
        after(1000, 40_000, "machine-ended")
        if machine:
            machine = (*machine, at)
        after(1, 5, "gone")
        return stamps, machine

    def fill(self, count):
        for number in range(1, count + 1):
            created = self.now - self.random.randint(2 * 3_600_000, 30 * DAY)
            self.lease(number, created, self.random.choices(OUTCOMES, WEIGHTS)[0])
        self.remember_times()

    def gallery(self):
        for number, outcome in enumerate(OUTCOMES):
            print(outcome, self.lease(0xA000000 + number, self.now - 3_000_000, outcome))
        print("hostile", self.lease(0xB000000, self.now - 3_000_000, "refused", hostile=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ledger")
    parser.add_argument("count", type=int)
    parser.add_argument("--gallery", action="store_true")
    options = parser.parse_args()
    filler = Filler(options.ledger, seed=1)
    with filler.db:
        if options.count:
            filler.fill(options.count)
        if options.gallery:
            filler.gallery()


main()
