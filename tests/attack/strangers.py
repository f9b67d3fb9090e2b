"""Strangers: anonymous creates, destroys, claims and events by who knows every public label, run
and lease, and even the machines' ids, while honest runs work. In a second part a fifth of their
asks are for labels and as many for runs that they invent; then the honest runs use derived labels,
because an invented one may take the place of a run's own, and may have to wait for a call to GitHub
(docs/threat-model.md: what remains)."""
import collections
import threading
import time

from world import MACHINES_PER_RUN, GithubCalls, World, figures, undocumented

FULL = 1_000_000  # requests
CALLS_PER_MINUTE = 300  # to GitHub, as configured here


def leases_beyond(rows, runs):
    """What no run was entitled to: (whose, why). A derived label is one of machines_per_run for
    each architecture, and there once. A run has one place for a bare label of each architecture;
    which label belongs to which run is found out later, so of those the sum is judged."""
    rights = collections.Counter(row for row in rows if row[4] == "v1")
    beyond = [(right, f"{number} times") for right, number in rights.items()
              if number > 1 or right[3] >= MACHINES_PER_RUN]
    bare = collections.Counter(row[2] for row in rows if row[4] == "seed")
    return beyond + [(architecture, f"{number} bare labels for {runs} runs")
                     for architecture, number in bare.items() if number > runs]


class AtOnce:
    """The most machines of one architecture that one run had at once, by derived labels."""

    def __init__(self, world):
        self.world, self.most = world, 0
        world.thread(self._watch)

    def _watch(self):
        while not self.world.over.wait(0.3):
            for (number,) in self.world.service.rows(
                    "SELECT count(*) FROM lease WHERE state <> 'gone' AND machine_ended = 0 "
                    "AND source = 'v1' GROUP BY run_id, run_attempt, architecture"):
                self.most = max(self.most, number)


def play(world, checks, count, shapes, invented, title):
    quiet = threading.Event()
    callers = world.honest_runs(3, shapes, quiet)
    learning = world.thread(world.keep_learning, quiet)
    until = time.monotonic() + 60
    bare = "SELECT 1 FROM lease WHERE source = 'seed' LIMIT 1"
    while not world.service.rows(bare) and time.monotonic() < until:
        time.sleep(0.2)
    world.write_knowledge()
    counts = world.finish(world.attack("strangers", count=count, fresh=invented,
                                       unknown=invented))
    quiet.set()
    for one in [*callers, learning]:
        one.join()
    checks.empty(f"{title}: every answer is documented, and none a fault of ours",
                 [key for key in undocumented(counts) if key != "0 "])
    checks.check(f"{title}: every request was answered", not counts["answers"].get("0 ", 0), counts)
    return counts


def judge(world, checks):
    service, books = world.service, world.books
    leases = service.rows("SELECT run_id, run_attempt, architecture, idx, source FROM lease")
    checks.empty("strangers: no run has more machines than it is entitled to",
                 leases_beyond(leases, books.counts["runs"]))
    owners = dict(service.rows("SELECT instance_id, lease_id FROM machine"))
    machines = collections.Counter(owners.get(i["instance_id"])
                                   for i in world.emulator.instances())
    checks.empty("strangers: every machine EC2 ever started is the one machine of its lease",
                 [(lease, n) for lease, n in machines.items() if n > 1 or lease is None])
    checks.empty("strangers: nothing queued, booting or busy was ended: honest runs succeeded",
                 books.breaches["served"] + books.breaches["same"] + books.breaches["answers"])
    released = service.rows("SELECT id FROM lease WHERE outcome = 'released'")
    checks.empty("strangers: no lease ended because a stranger said so", released)
    stolen = service.rows("SELECT id FROM lease WHERE claim_key_sha256 <> '' AND instance_id = ''")
    checks.empty("strangers: no claim of a stranger was let in", stolen)
    refused = service.rows("SELECT max(n), count(*) FROM (SELECT count(*) AS n FROM event WHERE "
                           "name IN ('claim-refused', 'event-refused') GROUP BY lease_id)")[0]
    checks.check("strangers: their refused claims are in the audit, a few stamps for each lease",
                 refused[1] and refused[0] <= 12, refused)


def run(options, checks):
    count = max(1000, int(FULL * options.size))
    with World(options, calls_per_minute=CALLS_PER_MINUTE) as world:
        world.service.start()
        calls, at_once = GithubCalls(world), AtOnce(world)
        began = time.monotonic()
        known = play(world, checks, count * 4 // 5, ("seed", "v1"), 0, "strangers")
        invented = play(world, checks, count // 5, ("v1",), 20, "strangers, labels of their own")
        seconds = time.monotonic() - began
        calls.look()
        judge(world, checks)
        checks.check("strangers: no run had more machines at once than it may",
                     0 < at_once.most <= MACHINES_PER_RUN, at_once.most)
        checks.check(f"strangers: GitHub had at most {CALLS_PER_MINUTE} calls in any minute",
                     0 < calls.most <= CALLS_PER_MINUTE, calls.most)
        checks.check("strangers: the service lives", world.service.process.poll() is None)
        checks.check("strangers: the rig kept up", world.failed is None, world.failed)
        asked = known["total"] + invented["total"]
        runs = world.books.counts["runs"]
        machines = len(world.emulator.instances())
        figures("strangers", seconds, requests=asked,
                per_second=round(asked / seconds), honest_runs=runs, machines=machines,
                github_calls=calls.total(), most_github_calls_in_a_minute=calls.most,
                p99_ms=known["p99_ms"], answers=known["answers"],
                answers_to_invented=invented["answers"])
