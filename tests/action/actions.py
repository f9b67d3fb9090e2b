"""A small reader of GitHub's actions and workflows, enough to run those of this repository.

It interprets: inputs with defaults, env, if, steps with run (shell bash, as GitHub starts it) and with
uses (of the Action here, nothing else), outputs of steps, actions and jobs, GITHUB_OUTPUT with both of
its forms, GITHUB_STEP_SUMMARY, needs, strategy.matrix, and runs-on. Of expressions: contexts,
literals, ==, !=, &&, ||, !, fromJSON, toJSON, always, success, failure. Whatever else it meets is an
error, never ignored. What a step prints is searched for workflow commands by the runner's own rules (v2 at the
start of a line, v1 anywhere in it); none of them is obeyed.
"""

import json
import os
import re
import subprocess
import tempfile

import yaml

ACTION = re.compile(r"^OWNER/mayfly/action@v1$")
KEYS_OF_STEP = {"id", "name", "if", "uses", "with", "run", "env", "shell"}
TOKEN = re.compile(r"\s*(?:(==|!=|&&|\|\||[!().,])|'((?:[^']|'')*)'|(-?\d+)|([A-Za-z_][A-Za-z0-9_-]*))")


class Unknown(Exception):
    """Something that this reader does not interpret."""


class Expression:
    def __init__(self, text, contexts, status="success"):
        self.tokens, self.contexts, self.status = [], contexts, status
        text = text.strip()
        at = 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                raise Unknown(f"expression: {text}")
            self.tokens.append(found.groups())
            at = found.end()

    def value(self):
        out = self.either()
        if self.tokens:
            raise Unknown(f"rest of an expression: {self.tokens}")
        return out

    def take(self, *operators):
        if self.tokens and self.tokens[0][0] in operators:
            return self.tokens.pop(0)[0]
        return None

    def either(self):
        left = self.both()
        while self.take("||"):
            right = self.both()
            left = left or right
        return left

    def both(self):
        left = self.compared()
        while self.take("&&"):
            right = self.compared()
            left = left and right
        return left

    def compared(self):
        left = self.single()
        operator = self.take("==", "!=")
        if not operator:
            return left
        right = self.single()
        if isinstance(left, str) and isinstance(right, str):
            left, right = left.lower(), right.lower()
        return (left == right) == (operator == "==")

    def single(self):
        if self.take("!"):
            return not self.single()
        if self.take("("):
            out = self.either()
            if not self.take(")"):
                raise Unknown("a bracket is open")
            return out
        _, text, number, name = self.tokens.pop(0)
        if text is not None:
            return text.replace("''", "'")
        if number is not None:
            return int(number)
        if name in ("true", "false"):
            return name == "true"
        return self.call(name) if self.take("(") else self.looked_up(name)

    def call(self, name):
        arguments = []
        while not self.take(")"):
            arguments.append(self.either())
            self.take(",")
        if name == "fromJSON":
            return json.loads(arguments[0])
        if name == "toJSON":
            return json.dumps(arguments[0])
        if name in ("always", "success", "failure") and not arguments:
            return name in ("always", self.status)
        raise Unknown(f"function {name}")

    def looked_up(self, name):
        if name not in self.contexts:
            raise Unknown(f"context {name}")
        value = self.contexts[name]
        while self.take("."):
            key = self.tokens.pop(0)[3]
            value = value.get(key, "") if isinstance(value, dict) else ""
        return value


def as_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        raise Unknown("a list or an object in a text")
    return str(value)


def filled(value, contexts):
    """A value with every ${{ }} in it evaluated; one that is nothing else keeps its type."""
    if isinstance(value, list):
        return [filled(one, contexts) for one in value]
    if isinstance(value, dict):
        return {key: filled(one, contexts) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*", value, re.S)
    if whole:
        return Expression(whole[1], contexts).value()
    return re.sub(r"\$\{\{(.*?)\}\}", lambda m: as_text(Expression(m[1], contexts).value()), value)


def is_wanted(condition, contexts, status):
    if condition is None:
        return status == "success"
    text = str(condition)
    inner = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", text, re.S)
    text = inner[1] if inner else text
    chosen = bool(Expression(text, contexts, status).value())
    return chosen and (status == "success" or re.search(r"\b(always|failure)\(", text) is not None)


def outputs_in(text):
    """GITHUB_OUTPUT: name=value, or name<<DELIMITER and lines until it."""
    out, lines = {}, iter(text.split("\n"))
    for line in lines:
        heredoc = re.fullmatch(r"([^=<]+)<<(.+)", line)
        if heredoc:
            value = []
            for inner in lines:
                if inner == heredoc[2]:
                    break
                value.append(inner)
            out[heredoc[1]] = "\n".join(value)
        elif "=" in line:
            name, value = line.split("=", 1)
            out[name] = value
        elif line:
            raise Unknown(f"a line of GITHUB_OUTPUT: {line}")
    return out


def commands_in(text):
    """(command, rest) of each line that the runner would take for a workflow command."""
    found = []
    for line in re.split(r"\r\n|\r|\n", text):
        text = line.strip()
        end = text.find("::", 2) if text.startswith("::") else -1
        first = re.search(r"##\[([A-Za-z-]+)[^\]]*\]", line)
        if end > 0:
            found.append((text[2:end].split(" ")[0], text))
        elif first:
            found.append((first[1], text))
    return found


class Result:
    def __init__(self):
        self.outputs, self.printed, self.summary, self.status = {}, "", "", "success"

    @property
    def commands(self):
        return commands_in(self.printed)


class World:
    """Where steps run: the directory of the Action, and what GitHub would say of the run."""

    def __init__(self, action, github, seconds=60):
        self.action, self.github, self.seconds = action, github, seconds

    def environment(self, files):
        github = self.github
        # Nothing of ours: a step must get by with what GitHub sets.
        return {
            "PATH": os.environ["PATH"],
            "HOME": files,
            "GITHUB_ACTION_PATH": self.action,
            "GITHUB_REPOSITORY": github["repository"],
            "GITHUB_RUN_ID": str(github["run_id"]),
            "GITHUB_RUN_ATTEMPT": str(github["run_attempt"]),
            "GITHUB_OUTPUT": f"{files}/output",
            "GITHUB_STEP_SUMMARY": f"{files}/summary",
        }

    def run_script(self, step, contexts, result):
        if filled(step.get("shell", "bash"), contexts) != "bash":
            raise Unknown(f"shell {step['shell']}")
        with tempfile.TemporaryDirectory() as files:
            for name in ("output", "summary"):
                open(f"{files}/{name}", "w", encoding="utf-8").close()
            with open(f"{files}/script.sh", "w", encoding="utf-8") as script:
                script.write(filled(step["run"], contexts))
            env = self.environment(files)
            env.update({k: as_text(v) for k, v in filled(step.get("env", {}), contexts).items()})
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", f"{files}/script.sh"],
                env=env, cwd=files, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=self.seconds, check=False)
            with open(f"{files}/output", encoding="utf-8") as output:
                outputs = outputs_in(output.read())
            with open(f"{files}/summary", encoding="utf-8") as summary:
                result.summary += summary.read()
        result.printed += done.stdout.decode("utf-8", "replace")
        return ("success" if done.returncode == 0 else "failure"), outputs

    def run_steps(self, steps, contexts, result):
        contexts = {**contexts, "steps": {}}
        for step in steps:
            if not set(step) <= KEYS_OF_STEP:
                raise Unknown(f"keys of a step: {set(step) - KEYS_OF_STEP}")
            if not is_wanted(step.get("if"), contexts, result.status):
                continue
            if "run" in step:
                status, outputs = self.run_script(step, contexts, result)
            elif ACTION.match(step["uses"]):
                inner = self.run_action(filled(step.get("with", {}), contexts))
                status, outputs = inner.status, inner.outputs
                result.printed += inner.printed
                result.summary += inner.summary
            else:
                continue  # actions/checkout and the like: not ours
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs, "outcome": status}
            if status != "success":
                result.status = "failure"
        return contexts

    def run_action(self, given):
        with open(f"{self.action}/action.yml", encoding="utf-8") as file:
            action = yaml.safe_load(file)
        if action["runs"]["using"] != "composite" or not set(given) <= set(action["inputs"]):
            raise Unknown(f"an action that is not composite, or inputs: {set(given)}")
        inputs = {}
        for name, declared in action["inputs"].items():
            if name in given:
                inputs[name] = as_text(given[name])
            elif declared.get("required"):
                raise Unknown(f"input {name} is missing")
            else:
                inputs[name] = declared.get("default", "")
        result = Result()
        contexts = self.run_steps(action["runs"]["steps"], {"inputs": inputs}, result)
        for name, declared in action["outputs"].items():
            result.outputs[name] = as_text(filled(declared["value"], contexts))
        return result


def rows_of(matrix):
    """The jobs that a matrix makes: of include alone, or of one list."""
    if set(matrix) == {"include"}:
        return matrix["include"]
    if len(matrix) == 1:
        (name, values), = matrix.items()
        return [{name: value} for value in values]
    raise Unknown(f"matrix {matrix}")


class Workflow:
    """The jobs of a workflow on hosted machines are run; those of others are only planned."""

    def __init__(self, text, world, inputs=None):
        self.text = yaml.safe_load(text)
        self.world = world
        self.contexts = {"github": world.github, "inputs": inputs or {}}
        self.results, self.planned = {}, []

    def run(self):
        for name, job in self.text["jobs"].items():
            needs = job.get("needs", [])
            needs = [needs] if isinstance(needs, str) else needs
            states = [self.results[need].status for need in needs]
            status = "success" if all(one == "success" for one in states) else "failure"
            contexts = {**self.contexts, "needs": {
                need: {"outputs": self.results[need].outputs, "result": self.results[need].status}
                for need in needs}}
            result = self.results[name] = Result()
            if not is_wanted(job.get("if"), contexts, status):
                result.status = "skipped"
                continue
            if job.get("runs-on") == "ubuntu-latest":
                after = self.world.run_steps(job["steps"], contexts, result)
                for output, value in job.get("outputs", {}).items():
                    result.outputs[output] = as_text(filled(value, after))
            else:
                self.plan(name, job, contexts)
        return self

    def plan(self, name, job, contexts):
        matrix = filled(job.get("strategy", {}).get("matrix", {"include": [{}]}), contexts)
        for row in rows_of(matrix):
            labels = filled(job["runs-on"], {**contexts, "matrix": row})
            self.planned.append({"job": name, "matrix": row,
                                 "labels": [labels] if isinstance(labels, str) else labels})

    def outputs(self):
        declared = self.text[True]["workflow_call"]["outputs"]  # YAML reads "on" as true
        jobs = {name: {"outputs": result.outputs} for name, result in self.results.items()}
        return {name: as_text(filled(one["value"], {"jobs": jobs})) for name, one in declared.items()}
