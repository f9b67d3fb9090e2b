#!/usr/bin/python3
"""An AWS account for deploy/lambda/deploy.sh: stands in for the program `aws`, and keeps what it is told
in the directory FAKE_AWS. A call or an option that it does not know is an error, as is a value that
AWS would refuse. Answers have AWS's shapes; --query and --output are done by the AWS CLI's own code.

Files in FAKE_AWS: state.json (the account), calls.jsonl (each call's arguments), and, to make
trouble, trouble.json: {"call": N, "how": "kill-before" | "kill-after" | "fail"}, which happens at the
Nth call. Killed is the whole process group, with the script in it.
"""

import hashlib
import json
import os
import re
import signal
import sys
from pathlib import Path

HOME = Path(os.environ["FAKE_AWS"])
ACCOUNT = "123456789012"
COMMON = {"--query", "--output"}
FLAGS = {"--overwrite", "--no-fail-on-empty-changeset"}
NO_RESERVATION = "-1"
OPTIONS = {
    "sts get-caller-identity": "",
    "ec2 describe-subnets": "--subnet-ids*",
    "cloudformation describe-stacks": "--stack-name",
    "cloudformation describe-stack-events": "--stack-name --max-items",
    "cloudformation delete-stack": "--stack-name",
    "cloudformation wait stack-delete-complete": "--stack-name",
    "cloudformation deploy": "--stack-name --template-file --capabilities* "
                             "--no-fail-on-empty-changeset --parameter-overrides*",
    "lambda get-account-settings": "",
    "lambda get-function-concurrency": "--function-name",
    "lambda put-function-concurrency": "--function-name --reserved-concurrent-executions",
    "lambda delete-function-concurrency": "--function-name",
    "lambda invoke": "--function-name --payload --cli-binary-format --cli-read-timeout",
    "ssm get-parameter": "--name",
    "ssm put-parameter": "--name --type --value --overwrite",
    "iam get-role": "--role-name",
    "iam create-service-linked-role": "--aws-service-name",
    "s3api head-bucket": "--bucket --expected-bucket-owner",
    "s3api create-bucket": "--bucket --create-bucket-configuration",
    "s3api get-public-access-block": "--bucket",
    "s3api put-public-access-block": "--bucket --public-access-block-configuration",
    "s3api head-object": "--bucket --key --expected-bucket-owner",
    "s3api put-object": "--bucket --key --body --expected-bucket-owner",
}
OPTIONAL = {"--create-bucket-configuration"}


class Refused(Exception):
    pass


def refuse(code, operation, message):
    raise Refused(f"\nAn error occurred ({code}) when calling the {operation} operation: {message}")


def usage(why):
    print(f"fake aws: {why}", file=sys.stderr)
    sys.exit(252)


def parse(words):
    command = " ".join(words[:3]) if words[1:2] == ["wait"] else " ".join(words[:2])
    if command not in OPTIONS:
        usage(f"no such call: {command}")
    known = {one.rstrip("*"): one.endswith("*") for one in OPTIONS[command].split()}
    given, plain, rest = {}, [], words[len(command.split()):]
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            plain.append(word)
            continue
        if word not in known and word not in COMMON or word in given:
            usage(f"{command}: no such option, or twice: {word}")
        if word in FLAGS:
            given[word] = True
        elif known.get(word):
            given[word] = []
            while rest and not rest[0].startswith("--"):
                given[word].append(rest.pop(0))
        else:
            given[word] = rest.pop(0)
    missing = set(known) - set(given) - OPTIONAL
    if missing or len(plain) != (1 if command == "lambda invoke" else 0):
        usage(f"{command}: {missing} missing, {plain} too much")
    return command, given, plain


class Account:
    def __init__(self, state):
        self.state = state
        self.region = os.environ.get("AWS_REGION", "us-east-2")

    # --- Who, and where

    def sts_get_caller_identity(self, _):
        if not self.state.get("credentials", True):
            raise Refused("\nUnable to locate credentials. You can configure credentials by running "
                          '"aws configure".')
        return {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/owner", "UserId": "A"}

    def ec2_describe_subnets(self, given):
        subnets = self.state["subnets"]
        for one in given["--subnet-ids"]:
            if one not in subnets:
                refuse("InvalidSubnetID.NotFound", "DescribeSubnets",
                       f"The subnet ID '{one}' does not exist")
        return {"Subnets": [{"SubnetId": one, "VpcId": subnets[one]} for one in given["--subnet-ids"]]}

    # --- Stacks

    def stack(self, given, operation):
        name = given["--stack-name"]
        if name not in self.state["stacks"]:
            refuse("ValidationError", operation, f"Stack with id {name} does not exist")
        return self.state["stacks"][name]

    def cloudformation_describe_stacks(self, given):
        stack = self.stack(given, "DescribeStacks")
        if stack["turns"] > 0:
            stack["turns"] -= 1
            if stack["turns"] == 0:
                stack["status"] = stack["status"].replace("_IN_PROGRESS", "_COMPLETE")
        answer = {"StackName": given["--stack-name"], "StackStatus": stack["status"], "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in stack["parameters"].items()]}
        if stack["status"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            vpc = stack["parameters"]["Vpc"]
            answer["Outputs"] = [{"OutputKey": key, "OutputValue": value} for key, value in (
                ("PublicUrl", f"https://abc123.lambda-url.{self.region}.on.aws/"),
                ("SecurityGroup", "sg-" + hashlib.sha256(vpc.encode()).hexdigest()[:17]),
                ("Table", "mayfly-rr-Ledger-1ABC"))]
        return {"Stacks": [answer]}

    def cloudformation_describe_stack_events(self, given):
        self.stack(given, "DescribeStackEvents")
        return {"StackEvents": [{"LogicalResourceId": "Service", "ResourceStatus": "CREATE_FAILED",
                                 "ResourceStatusReason": "a reason"}]}

    def cloudformation_delete_stack(self, given):
        self.state["stacks"].pop(given["--stack-name"], None)

    def cloudformation_wait_stack_delete_complete(self, given):
        assert given["--stack-name"] not in self.state["stacks"]

    def cloudformation_deploy(self, given):
        name = given["--stack-name"]
        import yaml  # here, as below: most calls need none of it, and there are hundreds
        text = Path(given["--template-file"]).read_text().partition("\nConditions:")[0]
        template = yaml.safe_load(text)
        old = self.state["stacks"].get(name)
        if old and (old["status"].endswith("_IN_PROGRESS") or old["status"] == "ROLLBACK_COMPLETE"):
            refuse("ValidationError", "CreateChangeSet",
                   f"Stack:{name} is in {old['status']} state and can not be updated.")
        values = {key: one.get("Default") for key, one in template["Parameters"].items()}
        values.update(old["parameters"] if old else {})
        for word in given["--parameter-overrides"]:
            key, value = word.split("=", 1)
            if key not in values:
                usage(f"the template has no parameter {key}")
            values[key] = value
        values = {key: str(value) for key, value in values.items()}
        self.check_values(template["Parameters"], values)
        if old and old["parameters"] == values:
            print(f"\nNo changes to deploy. Stack {name} is up to date")
            return None
        self.state["changes"] += 1
        self.state["stacks"][name] = {"status": "UPDATE_COMPLETE" if old else "CREATE_COMPLETE",
                                      "parameters": values, "turns": 0}
        if not old or old["parameters"]["Concurrency"] != values["Concurrency"]:
            self.state["reserved"] = values["Concurrency"]
        return None

    def check_values(self, parameters, values):
        for key, one in parameters.items():
            good = values[key] != "None" and re.fullmatch(one.get("AllowedPattern", "(?s).*"), values[key])
            if not good or one.get("AllowedValues", [values[key]]).count(values[key]) == 0:
                refuse("ValidationError", "CreateChangeSet", f"Parameter {key} is {values[key]}")
        bucket = self.state["buckets"].get(values["CodeBucket"], {"objects": {}})
        if values["CodeKey"] not in bucket["objects"]:
            refuse("ValidationError", "CreateChangeSet", "S3 Error: The specified key does not exist")
        self.check_reservation(int(values["Concurrency"]))

    # --- Functions

    def check_reservation(self, wanted):
        if wanted > 0 and self.state["quota"] - self.state["reserved_by_others"] - wanted < 100:
            refuse("InvalidParameterValueException", "PutFunctionConcurrency",
                   "Specified ReservedConcurrentExecutions for function decreases account's "
                   "UnreservedConcurrentExecution below its minimum value of [100].")

    def lambda_get_account_settings(self, _):
        ours = max(int(self.state["reserved"]), 0)
        return {"AccountLimit": {"ConcurrentExecutions": self.state["quota"],
                                 "UnreservedConcurrentExecutions":
                                 self.state["quota"] - self.state["reserved_by_others"] - ours}}

    def function(self, given):
        if given["--function-name"] not in [one["parameters"]["Deployment"] + "-service"
                                            for one in self.state["stacks"].values()]:
            refuse("ResourceNotFoundException", "Function", "Function not found")

    def lambda_get_function_concurrency(self, given):
        self.function(given)
        reserved = self.state["reserved"]
        return {} if reserved == NO_RESERVATION else {"ReservedConcurrentExecutions": int(reserved)}

    def lambda_put_function_concurrency(self, given):
        self.function(given)
        self.check_reservation(int(given["--reserved-concurrent-executions"]))
        self.state["reserved"] = given["--reserved-concurrent-executions"]
        return {"ReservedConcurrentExecutions": int(self.state["reserved"])}

    def lambda_delete_function_concurrency(self, given):
        self.function(given)
        self.state["reserved"] = NO_RESERVATION

    def lambda_invoke(self, given, path):
        self.function(given)
        if self.state["reserved"] == "0":
            refuse("TooManyRequestsException", "Invoke", "Rate Exceeded.")
        assert json.loads(given["--payload"])["source"] == "aws.events"
        if self.state.get("function_fails"):
            Path(path).write_text('{"errorMessage":"mayfly.toml:3: no such key"}')
            return {"StatusCode": 200, "FunctionError": "Unhandled"}
        Path(path).write_text('{"sweeps":1,"leases":0,"instances":0,"terminated":0,"problems":0}')
        return {"StatusCode": 200, "ExecutedVersion": "$LATEST"}

    # --- Parameters and roles

    def ssm_get_parameter(self, given):
        if given["--name"] not in self.state["parameters"]:
            refuse("ParameterNotFound", "GetParameter", "")
        one = self.state["parameters"][given["--name"]]
        return {"Parameter": {"Name": given["--name"], "Type": one["type"], "Value": "encrypted"}}

    def ssm_put_parameter(self, given):
        if not given["--value"].startswith("file://"):
            usage("a secret in an argument")
        value = Path(given["--value"].removeprefix("file://")).read_text()
        self.state["parameters"][given["--name"]] = {"type": given["--type"], "value": value}
        return {"Version": 1}

    def iam_get_role(self, given):
        if given["--role-name"] not in self.state["roles"]:
            refuse("NoSuchEntity", "GetRole", f"The role with name {given['--role-name']} cannot be found.")
        return {"Role": {"RoleName": given["--role-name"]}}

    def iam_create_service_linked_role(self, given):
        assert given["--aws-service-name"] == "spot.amazonaws.com"
        self.state["roles"].append("AWSServiceRoleForEC2Spot")
        return {"Role": {"RoleName": "AWSServiceRoleForEC2Spot"}}

    # --- Buckets

    def bucket(self, given, operation):
        if given["--bucket"] in self.state.get("buckets_of_others", []):
            refuse("403", operation, "Forbidden")
        if given["--bucket"] not in self.state["buckets"]:
            refuse("404", operation, "Not Found")
        return self.state["buckets"][given["--bucket"]]

    def s3api_head_bucket(self, given):
        self.bucket(given, "HeadBucket")

    def s3api_create_bucket(self, given):
        where = given.get("--create-bucket-configuration")
        if where != (None if self.region == "us-east-1" else f"LocationConstraint={self.region}"):
            refuse("IllegalLocationConstraintException", "CreateBucket", str(where))
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", given["--bucket"]):
            refuse("InvalidBucketName", "CreateBucket", given["--bucket"])
        self.state["buckets"][given["--bucket"]] = {"blocked": "", "objects": {}}

    def s3api_get_public_access_block(self, given):
        blocked = self.bucket(given, "GetPublicAccessBlock")["blocked"]
        if not blocked:
            refuse("NoSuchPublicAccessBlockConfiguration", "GetPublicAccessBlock", "not found")
        return {"PublicAccessBlockConfiguration":
                {key: value == "true" for key, value in
                 (one.split("=") for one in blocked.split(","))}}

    def s3api_put_public_access_block(self, given):
        self.bucket(given, "PutPublicAccessBlock")["blocked"] = \
            given["--public-access-block-configuration"]

    def s3api_head_object(self, given):
        if given["--key"] not in self.bucket(given, "HeadObject")["objects"]:
            refuse("404", "HeadObject", "Not Found")
        return {"ContentLength": 1}

    def s3api_put_object(self, given):
        body = Path(given["--body"]).read_bytes()
        (HOME / (hashlib.sha256(body).hexdigest() + ".zip")).write_bytes(body)
        self.bucket(given, "PutObject")["objects"][given["--key"]] = hashlib.sha256(body).hexdigest()
        return {"ETag": '"0"'}


def count_call(words):
    with open(HOME / "calls.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(words) + "\n")
    return len((HOME / "calls.jsonl").read_text().splitlines())


def save(state):
    (HOME / "state.new").write_text(json.dumps(state, indent=1, sort_keys=True))
    os.replace(HOME / "state.new", HOME / "state.json")


def show(answer, given):
    if answer is None or answer == {} and "--query" not in given:
        return
    if "--query" in given:
        import jmespath
        answer = jmespath.search(given["--query"], answer)
    assert given.get("--output") == "text", "the script reads text alone"
    if not isinstance(answer, (dict, list)):
        print(answer)
    else:
        from awscli.text import format_text
        format_text(answer, sys.stdout)


def work(words, how):
    command, given, plain = parse(words)
    state = json.loads((HOME / "state.json").read_text())
    account = Account(state)
    if how == "fail":
        refuse("InternalFailure", command, "trouble")
    method = getattr(account, command.replace(" ", "_").replace("-", "_"))
    answer = method(given, *plain)
    if how == "kill-after" and command == "cloudformation deploy":
        stack = state["stacks"][given["--stack-name"]]
        stack.update(status=stack["status"].replace("_COMPLETE", "_IN_PROGRESS"), turns=3)
    save(state)
    if how == "kill-after":
        os.killpg(0, signal.SIGKILL)
    show(answer, given)


def main():
    words = sys.argv[1:]
    if words == ["configure", "get", "region"]:
        print(json.loads((HOME / "state.json").read_text())["profile_region"])
        return
    number = count_call(words)
    trouble = HOME / "trouble.json"
    planned = json.loads(trouble.read_text()) if trouble.exists() else {"call": 0}
    how = planned["how"] if planned["call"] == number else ""
    if how == "kill-before":
        os.killpg(0, signal.SIGKILL)
    try:
        work(words, how)
    except Refused as refused:
        if how == "kill-after":
            os.killpg(0, signal.SIGKILL)
        print(refused, file=sys.stderr)
        sys.exit(254)


main()
