#!/usr/bin/env python3
"""The Action of action/, its steps interpreted (actions.py): against a service that answers what a test
tells it to, and, where SERVICE_URL and GITHUB_URL are set, against a real service and emulated clouds."""

import json
import os
import re
import sys
import threading
import time
import traceback
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from actions import Unknown, Workflow, World, commands_in, outputs_in
from scripted import LEASE, LOST, Scripted, lease, leases, problem, shown

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ACTION = f"{ROOT}/action"
WORKFLOWS = f"{ROOT}/deploy/workflows"
RUN = {"repository": "rr-debugger/rr", "run_id": 7, "run_attempt": 2}
LABELS = LEASE["runs_on"]
ID = LEASE["id"]


def act(url, github=None, **given):
    return World(ACTION, github or RUN).run_action({"url": url, "timeout": "20", **given})


def errors(result):
    return [text for command, text in result.commands if command == "error"]


def wants(condition, *shown_when_not):
    if not condition:
        raise AssertionError(" ".join(str(one) for one in shown_when_not))


def fails_with(result, *parts):
    wants(result.status == "failure", "it did not fail:", result.printed)
    wants(len(errors(result)) == 1, "not one error:", result.printed)
    for part in parts:
        wants(part in errors(result)[0], part, "is not in", errors(result)[0])
    wants(result.summary.count("\n") == 1, "the summary is not one line:", result.summary)
    wants(result.outputs["runs-on"] == "", "there are outputs:", result.outputs)


# --- The reader itself

def reader_finds_commands():
    wants(commands_in("a\n ::error title=x::why\rb ##[add-path]/x\n::no") ==
          [("error", "::error title=x::why"), ("add-path", "b ##[add-path]/x")])


def reader_reads_both_forms_of_outputs():
    wants(outputs_in("a=1=2\nb<<E\nx\ny\nE\n") == {"a": "1=2", "b": "x\ny"})


def reader_refuses_what_it_does_not_know():
    for workflow in ("runs-on: x\n    steps: [{run: a, timeout-minutes: 1}]",
                     "runs-on: ubuntu-latest\n    steps: [{run: 'echo ${{ secrets.X }}'}]",
                     "runs-on: ubuntu-latest\n    steps: [{run: 'echo ${{ hashFiles(1) }}'}]"):
        text = "jobs:\n  j:\n    " + workflow.replace("runs-on: x", "runs-on: ubuntu-latest")
        try:
            Workflow(text, World(ACTION, RUN)).run()
        except Unknown:
            continue
        raise AssertionError(workflow)


# --- What goes well

def one_runner():
    with Scripted(POST=[leases()], GET=[shown()]) as service:
        result = act(service.url)
    wants(result.status == "success", result.printed)
    wants(json.loads(result.outputs["runs-on"]) == LABELS, result.outputs)
    wants(json.loads(result.outputs["leases"]) == [ID])
    wants(json.loads(result.outputs["status-urls"]) == [LEASE["status_url"]])
    wants(json.loads(service.asked[0][2]) == {
        "repository": "rr-debugger/rr", "run_id": 7, "run_attempt": 2,
        "runners": [{"architecture": "x86_64", "count": 1}]}, service.asked)
    wants(re.fullmatch(r"mayfly: 1 online after \d+ s: \[mayfly-7-x86_64\]\(" +
                       re.escape(LEASE["status_url"]) + r"\)\n", result.summary), result.summary)
    wants(result.commands == [], result.printed)


def several_runners_make_a_matrix():
    two = lease(id="l-00000000000000000002", architecture="arm64", runs_on=["mayfly-7-arm64"])
    with Scripted(POST=[leases(LEASE, two)], GET=[shown()]) as service:
        result = act(service.url, architectures="x86_64, arm64", count=3)
        asked = json.loads(service.asked[0][2])
    wants(asked["runners"] == [{"architecture": "x86_64", "count": 3},
                               {"architecture": "arm64", "count": 3}], asked)
    wants(json.loads(result.outputs["matrix"]) == {"include": [
        {"architecture": "x86_64", "lease": ID, "runs-on": LABELS},
        {"architecture": "arm64", "lease": two["id"], "runs-on": two["runs_on"]}]}, result.outputs)
    wants("2 online" in result.summary, result.summary)


def it_waits_until_online():
    states = [shown(state="launching"), shown(state="booting"), shown(state="online")]
    with Scripted(POST=[leases(lease(state="launching"))], GET=states) as service:
        result = act(service.url)
        wants(service.count("GET") == 3 and service.count("POST") == 1, service.asked)
    wants(result.status == "success", result.printed)


def a_job_that_is_already_done_had_its_runner():
    with Scripted(POST=[leases()], GET=[shown(state="gone", outcome="job-done")]) as service:
        wants(act(service.url).status == "success")


def a_lost_answer_is_asked_for_again():
    with Scripted(POST=[LOST, LOST, leases(status=200)], GET=[LOST, shown()]) as service:
        result = act(service.url)
        bodies = {asked[2] for asked in service.asked if asked[0] == "POST"}
        wants(service.count("POST") == 3 and len(bodies) == 1, service.asked)
    wants(result.status == "success", result.printed)


def a_proxys_own_answer_is_asked_for_again():
    with Scripted(POST=[(502, {}, "<html>bad gateway"), leases()], GET=[shown()]) as service:
        wants(act(service.url).status == "success")


def retry_after_is_obeyed():
    limited = problem(429, "limit-asks", **{"Retry-After": "3"})
    with Scripted(POST=[limited, leases()], GET=[shown()]) as service:
        began = time.monotonic()
        result = act(service.url)
        wants(time.monotonic() - began >= 3, "it came back too early")
    wants(result.status == "success", result.printed)


# --- What turns red

def a_refusal_is_shown_and_not_repeated():
    for status, code in ((403, "fork-not-allowed"), (400, "bad-field"), (409, "lease-ended"),
                         (502, "aws-denied"), (404, "run-not-found")):
        with Scripted(POST=[problem(status, code, "the reason", "the remedy")]) as service:
            result = act(service.url)
            wants(service.count("POST") == 1, service.asked)
        fails_with(result, f"title=mayfly: {code}::", "the reason", "the remedy")


def a_lease_that_ended_is_no_reason_to_wait():
    for code in ("boot-failed", "no-capacity", "interrupted", "deadline-passed", "idle-limit"):
        ended = problem(503, code, "it ended", "look at it", **{"Retry-After": "1"})
        with Scripted(POST=[leases(lease(state="booting")), ended],
                      GET=[shown(state="ending", outcome=code, reason="r")]) as service:
            result = act(service.url)
            wants(service.count("POST") == 2, service.asked)
        fails_with(result, f"title=mayfly: {code}::", "it ended", "look at it")


def nobody_there():
    with Scripted(POST=[leases()]) as service:
        url = service.url
    began = time.monotonic()
    fails_with(act(url, timeout="5"), "title=mayfly: timeout::", "not online within 5 s", "no answer from")
    wants(3.9 < time.monotonic() - began < 12, "it ended early or late")  # whole seconds


def a_boot_without_end_ends_at_the_timeout():
    with Scripted(POST=[leases()], GET=[shown(state="booting")]) as service:
        began = time.monotonic()
        fails_with(act(service.url, timeout="4"), "not online within 4 s", f"lease {ID} is booting")
        wants(2.9 < time.monotonic() - began < 11, "it ended early or late")


def a_wait_beyond_the_timeout_is_not_begun():
    money = problem(429, "limit-money-day", "the day's money", "wait", **{"Retry-After": "3600"})
    with Scripted(POST=[money]) as service:
        began = time.monotonic()
        fails_with(act(service.url), "limit-money-day: the day's money", "told to wait 3600 s")
        wants(time.monotonic() - began < 3, "it waited in vain")


def something_that_is_not_mayfly():
    for answer in ((200, {}, "<html>hello"), (404, {}, "nothing"), (200, {}, '{"leases": []}'),
                   (301, {"Location": "http://127.0.0.1:9/"}, ""), (200, {}, "{" + '"x":1,' * 20000)):
        with Scripted(POST=[answer]) as service:
            result = act(service.url, timeout="4")
        fails_with(result, "")


def wrong_inputs():
    with Scripted(POST=[leases()]) as service:
        for given in ({"timeout": "soon"}, {"timeout": "0"}, {"count": "-1"}, {"count": "x"},
                      {"operation": "destroy"}, {"url": "file:///etc/passwd"}, {"url": "http://a b"},
                      {"url": "-o/tmp/x"}, {"url": "https://user:secret@host"}):
            fails_with(act(**{"url": service.url, **given}), "title=mayfly: bad-input::")
        wants(service.asked == [], service.asked)


# --- Texts of others

HOSTILE = ["\n::add-mask::x", "\r::set-env name=PATH::/tmp", "%0A::add-path::/tmp", "##[add-path]/tmp",
           "`touch pwned`", "$(touch pwned)", "'; touch pwned; '", "\x1b[2J", "</code><img src=x>",
           "\u202ereversed", "](javascript:alert(1))", "a" * 5000]


def hostile_reasons_stay_text():
    for text in HOSTILE:
        with Scripted(POST=[problem(403, "fork-not-allowed", f"d{text}", f"r{text}")]) as service:
            result = act(service.url)
        fails_with(result, "fork-not-allowed")
        wants([command for command, _ in result.commands] == ["error"], result.printed)
        wants(len(result.printed) < 1500 and result.printed.isascii(), result.printed)
        wants(re.fullmatch(r"mayfly: no runners: `[^`\n]*`\n", result.summary), result.summary)
        # The runner turns %0A into the end of a line, and %25 back.
        wants(re.search("%(?!25)", errors(result)[0]) is None, errors(result))


def hostile_leases_are_refused():
    for field in ("id", "architecture", "status_url", "runs_on"):
        good = LABELS[0] if field == "runs_on" else LEASE[field]
        for value in (f"{good}\n", f"{good}\nleases=evil", f"{good}`$(x)", f"::error::\n{good}", "", None, 7):
            value = [value] if field == "runs_on" else value
            with Scripted(POST=[leases(LEASE, lease(**{field: value}))], GET=[shown()]) as service:
                result = act(service.url)
                wants(service.count("GET") == 0, field, repr(value), "was used")
            fails_with(result, "title=mayfly: bad-answer::")


def a_hostile_code_is_none():
    with Scripted(POST=[problem(403, "x::add-path::/tmp\n::add-mask::y")]) as service:
        result = act(service.url)
    fails_with(result, "title=mayfly: bad-answer::")
    wants([command for command, _ in result.commands] == ["error"], result.printed)


def inputs_are_never_part_of_a_script():
    for text in ["$(touch pwned)", "x86_64'; touch pwned; '", '"; touch pwned; "', "x\n::error::y"]:
        with Scripted(POST=[problem(400, "unknown-architecture")]) as service:
            act(service.url, architectures=text)
            names = [one["architecture"] for one in json.loads(service.asked[0][2])["runners"]]
            wants(names == [one for one in re.split(r"[\s,]+", text) if one], names)
    with open(f"{ACTION}/action.yml", encoding="utf-8") as file:
        for line in file:
            wants("run:" not in line or "${{" not in line, line)


# --- The doorbell

def ring():
    with Scripted(DELETE=[(202, {}, json.dumps(LEASE))]) as service:
        result = act(service.url, operation="ring", leases=json.dumps([ID, "../x", 7, "l-1"]))
        wants([asked[:2] for asked in service.asked] == [("DELETE", f"/v1/leases/{ID}")], service.asked)
    wants(result.status == "success" and result.printed == "", result.printed)


def a_ring_that_is_not_heard_only_warns():
    for leases_given, answer in ((f'["{ID}"]', problem(429, "limit-asks")), ("", problem(404, "x")),
                                 (f'["{ID}"]', LOST), ("not json", problem(404, "x"))):
        with Scripted(DELETE=[answer]) as service:
            result = act(service.url, operation="ring", leases=leases_given)
        wants(result.status == "success" and errors(result) == [], result.printed)
        wants({command for command, _ in result.commands} <= {"warning"}, result.printed)


# --- The workflows, before a service that only answers

def workflow(name, url, inputs=None, github=None):
    with open(f"{WORKFLOWS}/{name}", encoding="utf-8") as file:
        text = file.read().replace("https://mayfly.example.org", url)
    return Workflow(text, World(ACTION, github or RUN), inputs).run()


def the_reusable_workflow_hands_on_its_outputs():
    inputs = {"url": "", "architectures": "x86_64", "count": 1, "timeout": 20}
    with Scripted(POST=[leases()], GET=[shown()]) as service:
        outputs = workflow("runners.yml", service.url, {**inputs, "url": service.url}).outputs()
    wants(json.loads(outputs["runs-on"]) == LABELS and json.loads(outputs["leases"]) == [ID], outputs)


def a_setup_that_fails_starts_no_test():
    with Scripted(POST=[problem(403, "fork-not-allowed")]) as service:
        played = workflow("build-and-test.yml", service.url)
    wants(played.results["setup"].status == "failure" and played.planned == [], played.planned)


def another_repository_asks_nothing():
    for name in ("build-and-test.yml", "derived-label.yml"):
        with Scripted(POST=[leases()], GET=[shown()]) as service:
            played = workflow(name, service.url, github={**RUN, "repository": "eve/rr"})
            wants(service.asked == [] and played.planned == [], service.asked)


# --- A real service

BEGINNING = threading.Lock()
SERVICE, GITHUB = os.environ.get("SERVICE_URL"), os.environ.get("GITHUB_URL")


def call(url, body=None, method=None):
    data = body if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"{}")


def begin_run():
    """A run whose tests have the labels that mayfly will derive from its number."""
    with BEGINNING:
        unused = call(f"{GITHUB}/_emulator/runs", {"label": "rr_runner_unused"})["id"]
        number = unused + 1
        labels = [f"mayfly-{number}-x86_64", f"mayfly-{number}-arm64"]
        wants(call(f"{GITHUB}/_emulator/runs", {"labels": labels})["id"] == number, "another came between")
    call(f"{GITHUB}/_emulator/runs/{unused}/cancel", {}, "POST")
    call(f"{GITHUB}/_emulator/runs/{number}/jobs/setup/begin", {}, "POST")
    return {"repository": "rr-debugger/rr", "run_id": number, "run_attempt": 1}


def play_to_the_end(github):
    run = f"{GITHUB}/_emulator/runs/{github['run_id']}"
    call(f"{run}/jobs/setup/complete", {}, "POST")
    until = time.monotonic() + 60
    jobs = {}
    while time.monotonic() < until:
        jobs = {job["name"]: job for job in call(run)["jobs"]}
        if all(jobs[name]["conclusion"] == "success" for name in ("test-x86_64", "test-arm64")):
            return jobs
        time.sleep(0.3)
    raise AssertionError(f"the tests did not end: {jobs}")


def real_workflow(name):
    github = begin_run()
    played = workflow(name, SERVICE, github=github)
    wanted = {f"mayfly-{github['run_id']}-{one}" for one in ("x86_64", "arm64")}
    wants({plan["labels"][0] for plan in played.planned} == wanted, played.planned)
    play_to_the_end(github)
    return played


def real_rr_in_one_workflow():
    setup = real_workflow("build-and-test.yml").results["setup"]
    urls = re.findall(r"\]\((http[^)]*)\)", setup.summary)
    wants(len(urls) == 2 and all(call(url)["id"] in url for url in urls), setup.summary)


def real_derived_labels():
    real_workflow("derived-label.yml")


def real_ring():
    github = begin_run()
    ids = act(SERVICE, github, architectures="x86_64 arm64", timeout="50").outputs["leases"]
    wants(len(json.loads(ids)) == 2, ids)
    result = act(SERVICE, github, operation="ring", leases=ids)
    wants(result.status == "success" and result.printed == "", result.printed)
    play_to_the_end(github)  # rung for or not, what is needed goes on


def real_refusals():
    fails_with(act(SERVICE, {**RUN, "repository": "eve/rr"}), "repository-not-served", "[[repository]]")
    fails_with(act(SERVICE, {**RUN, "run_id": 99}), "run-not-found")
    github = begin_run()
    fails_with(act(SERVICE, github, architectures="riscv"), "unknown-architecture", "x86_64")
    fails_with(act(SERVICE, github, architectures=""), "bad-field", "runners")
    fails_with(act(SERVICE, github, count=5000), "bad-field")
    call(f"{GITHUB}/_emulator/runs/{github['run_id']}/cancel", {}, "POST")


SCRIPTED = [reader_finds_commands, reader_reads_both_forms_of_outputs, reader_refuses_what_it_does_not_know,
            one_runner, several_runners_make_a_matrix, it_waits_until_online,
            a_job_that_is_already_done_had_its_runner, a_lost_answer_is_asked_for_again,
            a_proxys_own_answer_is_asked_for_again, retry_after_is_obeyed,
            a_refusal_is_shown_and_not_repeated, a_lease_that_ended_is_no_reason_to_wait, nobody_there,
            a_boot_without_end_ends_at_the_timeout, a_wait_beyond_the_timeout_is_not_begun,
            something_that_is_not_mayfly, wrong_inputs, hostile_reasons_stay_text,
            hostile_leases_are_refused, a_hostile_code_is_none, inputs_are_never_part_of_a_script, ring,
            a_ring_that_is_not_heard_only_warns, the_reusable_workflow_hands_on_its_outputs,
            a_setup_that_fails_starts_no_test, another_repository_asks_nothing]
REAL = [real_rr_in_one_workflow, real_derived_labels, real_ring, real_refusals]


def outcome_of(case):
    began = time.monotonic()
    try:
        case()
    except Exception:  # pylint: disable=broad-except
        return f"not ok {case.__name__}\n{traceback.format_exc()}"
    return f"ok {case.__name__} ({time.monotonic() - began:.1f} s)"


def main():
    cases = [one for one in SCRIPTED + (REAL if SERVICE else [])
             if not sys.argv[1:] or one.__name__ in sys.argv[1:]]
    failed = 0
    # Most of their time they wait.
    with ThreadPoolExecutor(6) as pool:
        for outcome in pool.map(outcome_of, cases):
            failed += outcome.startswith("not ok")
            print(outcome, flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
