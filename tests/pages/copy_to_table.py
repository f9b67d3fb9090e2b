#!/usr/bin/env python3
"""Copies a ledger file of leases that are over (fill_ledger.py) into an empty table of DynamoDB.

usage: copy_to_table.py LEDGER TABLE

The table is asked for at AWS_ENDPOINT_URL, with the credentials of the environment, on plain HTTP.
The items are those of src/dynamo/rows.h. Prints how many were written.
"""

import collections
import datetime
import hashlib
import hmac
import http.client
import json
import os
import sqlite3
import sys
from urllib.parse import urlsplit

FLAGS = {"launch_pending", "on_demand", "metadata_off", "job_seen", "job_confirmed", "release_asked",
         "run_confirmed", "runner_removed", "machine_ended"}
AT_ONCE = 100
DAY = 86_400_000


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Table:
    def __init__(self, name):
        self.name, self.items, self.written = name, [], 0
        self.host = urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=30)

    def headers(self, target, body):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{now[:8]}/{os.environ['AWS_REGION']}/dynamodb/aws4_request"
        headers = {"content-type": "application/x-amz-json-1.0", "host": self.host,
                   "x-amz-date": now, "x-amz-target": "DynamoDB_20120810." + target}
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        asked = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in scope.split("/"):
            key = sign(key, part)
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
            f"SignedHeaders={names}, Signature={sign(key, text).hex()}")
        return headers

    def put(self, pk, sk, **fields):
        item = {"pk": {"S": pk}, "sk": {"S": sk}}
        for name, value in fields.items():
            if isinstance(value, bool):
                item[name] = {"BOOL": value}
            elif isinstance(value, int):
                item[name] = {"N": str(value)}
            elif value is not None:
                item[name] = {"S": value}
        self.items.append({"Put": {"TableName": self.name, "Item": item}})
        if len(self.items) == AT_ONCE:
            self.flush()

    def flush(self):
        if not self.items:
            return
        body = json.dumps({"TransactItems": self.items}).encode()
        self.connection.request("POST", "/", body, self.headers("TransactWriteItems", body))
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status} {said[:300]!r}")
        self.written += len(self.items)
        self.items = []


class Copy:
    def __init__(self, path, table):
        self.db = sqlite3.connect(path)
        self.db.row_factory = sqlite3.Row
        self.table = table

    def rows(self, what):
        return (dict(row) for row in self.db.execute("SELECT * FROM " + what))

    def leases(self):
        for row in self.rows("lease WHERE state = 'gone'"):
            lease, created = row["id"], f"{row['created_at']:015d}#{row['id']}"
            fields = {name: bool(value) if name in FLAGS else value for name, value in row.items()
                      if name != "version"}
            self.table.put("lease#" + lease, "lease", rev=row["version"], writer="copy", **fields)
            for pk in ("leases", f"label#{row['repository']}#{row['label']}"):
                self.table.put(pk, created, lease_id=lease)

    def events(self):
        count = collections.Counter()
        for row in self.rows("event ORDER BY lease_id, at, rowid"):
            lease = row["lease_id"]
            self.table.put("lease#" + lease, f"event#{row['at']:015d}#{count[lease]:06d}",
                           lease_id=lease, at=row["at"], event=row["name"], detail=row["detail"])
            count[lease] += 1
        for lease, events in count.items():
            self.table.put("lease#" + lease, "timeline", lease_id=lease, rev=events, writer="copy")

    def machines(self):
        ended, total = collections.Counter(), [0, 0]
        for row in self.rows("machine WHERE ended_at IS NOT NULL"):
            row["on_demand"] = bool(row["on_demand"])
            self.table.put("lease#" + row["lease_id"], "machine#" + row["instance_id"], **row)
            self.table.put("instance#" + row["instance_id"], "lease", lease_id=row["lease_id"])
            ended[row["ended_at"] // DAY * DAY] += row["spent_micros"]
            total = [total[0] + 1, total[1] + row["spent_micros"]]
        return ended, total

    def books(self, ended, total):
        leases = self.db.execute("SELECT count(*) FROM lease WHERE state = 'gone'").fetchone()[0]
        books = {"version": 1, "lines": [], "open": [], "counted": [], "told": [], "running": [],
                 "ended": sorted(ended.items()), "ever": [leases, total[0], total[0], total[1]]}
        self.table.put("books", "books", books=json.dumps(books), rev=1)

    def facts(self):
        for row in self.rows("fact WHERE name = 'runner-times'"):
            self.table.put("fact#" + row["name"], "fact", fact=row["value"])


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    table = Table(sys.argv[2])
    copy = Copy(sys.argv[1], table)
    copy.leases()
    copy.events()
    copy.books(*copy.machines())
    copy.facts()
    table.flush()
    print(f"{table.written} items")


main()
