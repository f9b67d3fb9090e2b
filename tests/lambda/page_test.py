#!/usr/bin/env python3
"""docs/deploy-aws.md names nothing that is not there: files, parameters, outputs, alarms, commands and
options; and its figures are the template's. Exit status 1 and the reasons otherwise."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/deploy-aws.md").read_text()
TEMPLATE = (ROOT / "deploy/cloudformation.yaml").read_text()
HELP = subprocess.run([ROOT / "deploy/lambda/deploy.sh", "--help"], capture_output=True, text=True,
                      check=True).stdout
wrong = []


def need(good, why):
    if not good:
        wrong.append(why)


def of_type(kind):
    return re.findall(rf"^  (\w+):\n    Type: {kind}$", TEMPLATE, re.M)


for link in re.findall(r"\]\(([^)#]+)", PAGE):
    need((ROOT / "docs" / link).exists(), f"no such file: {link}")
for path in re.findall(r"\b(?:deploy|src)/[\w./-]+", PAGE):
    need((ROOT / path).exists(), f"no such file: {path}")
for command in re.findall(r"\./dev (\w+)", PAGE):
    need(subprocess.run([ROOT / "dev", "help", command], capture_output=True, check=False).returncode == 0,
         f"no such command: ./dev {command}")
for option in set(re.findall(r"(?:dev deploy [^`\n]*|`)(--[a-z-]+)", PAGE)):
    need(option in HELP, f"deploy.sh has no {option}")
sections = set(re.findall(r"^  (\w+):$", TEMPLATE, re.M))
for name in re.findall(r"`([A-Z][a-z]\w*[A-Za-z])`", PAGE):
    need(name in sections, f"the template has no {name}")
alarms = of_type("AWS::CloudWatch::Alarm")
need(re.findall(r"^\| `(\w+)` \|", PAGE, re.M) == alarms, f"the alarms are {alarms}")
for label, kind in (("CloudWatch alarms", "AWS::CloudWatch::Alarm"),
                    ("CloudWatch metrics of ours", "AWS::Logs::MetricFilter"),
                    ("EventBridge rules", "AWS::Events::Rule")):
    said = re.search(rf"^\| {label} \| (\d+)", PAGE, re.M)
    need(said and int(said[1]) == len(of_type(kind)), f"{label}: {len(of_type(kind))}")
memory = [int(one) / 1024 for one in re.findall(r"MemorySize: (\d+)", TEMPLATE)]
need("({} + {}) GB".format(*memory) in PAGE, f"the functions have {memory} GB")
sample = (ROOT / "deploy/mayfly.toml").read_text()
for key in re.findall(r"^(\w+) = ", PAGE.split("```toml")[1].split("```")[0], re.M):
    need(re.search(rf"^#? ?{key} = ", sample, re.M), f"deploy/mayfly.toml has no {key}")
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
