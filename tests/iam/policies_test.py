#!/usr/bin/env python3
"""The policies of deploy/iam against calls that must pass and calls that must not, and the
evaluator against what it must refuse to read. Prints a line for each: "ok ..." or "not ok ...".

    policies_test.py SERVICE_POLICY ENFORCER_POLICY TABLE_POLICY REGION
"""

import json
import re
import sys
from pathlib import Path

import iam
from calls import Call, World, questions

ACCOUNT, DEPLOYMENT = "123456789012", "e2e"
REGION, ELSEWHERE = sys.argv[4], "eu-west-1"
ROOT = Path(__file__).resolve().parents[2]
OURS, THEIRS = "i-0000000000000000a", "i-0000000000000000b"
UNTAGGED = "i-0000000000000000c"
MACHINES = {
    OURS: {"mayfly:deployment": DEPLOYMENT, "mayfly:expires-at": "1"},
    THEIRS: {"mayfly:deployment": "other", "mayfly:expires-at": "1"},
}
TAGS = {"mayfly:deployment": DEPLOYMENT, "mayfly:lease": "l-1", "mayfly:launch": "1",
        "mayfly:expires-at": "1800000000", "mayfly:claim": "0123", "mayfly:api": "https://x",
        "Label": "rr_runner_1"}
NETWORK = {"NetworkInterface.1.SecurityGroupId.1": "sg-0123456789abcdef0"}

failed = False


def test(name, good, why=""):
    global failed
    failed = failed or not good
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n    {why}"))


def tagged(resource, tags, n=1, below=""):
    prefix = f"{below}TagSpecification.{n}"
    out = {f"{prefix}.ResourceType": resource}
    for i, (key, value) in enumerate(tags.items(), 1):
        out |= {f"{prefix}.Tag.{i}.Key": key, f"{prefix}.Tag.{i}.Value": value}
    return out


def below_data(data):
    return {f"LaunchTemplateData.{key}": value for key, value in data.items()}


def template(name, tags=None, data=None, **more):
    data = NETWORK if data is None else data
    return Call("ec2:CreateLaunchTemplate", {"LaunchTemplateName": name, **below_data(data),
                **tagged("launch-template", tags or {"mayfly:deployment": DEPLOYMENT}), **more})


def fleet(name="mayfly-e2e", tags=None, version="1", subnet="subnet-0a000000000000001", **more):
    first = "LaunchTemplateConfigs.1."
    return Call("ec2:CreateFleet", {
        first + "LaunchTemplateSpecification.LaunchTemplateName": name,
        first + "LaunchTemplateSpecification.Version": version,
        first + "Overrides.1.InstanceType": "c5.9xlarge",
        first + "Overrides.1.SubnetId": subnet,
        first + "Overrides.1.ImageId": "ami-0f3c0000000000002",
        **(tagged("instance", TAGS if tags is None else tags)), **more})


def run(name="mayfly-e2e", tags=None, version="1", **more):
    named = {"LaunchTemplate.LaunchTemplateName": name, "LaunchTemplate.Version": version}
    return Call("ec2:RunInstances", {
        **(named if name else NETWORK), "ImageId": "ami-0f3c0000000000002",
        "SubnetId": "subnet-0a000000000000001",
        **(tagged("instance", TAGS if tags is None else tags)), **more})


def on(action, *ids):
    one = {"InstanceId": ids[0]} if action == "ModifyInstanceMetadataOptions" else {}
    return Call("ec2:" + action, {f"InstanceId.{n}": id for n, id in enumerate(ids, 1)} | one)


def tag(action, id, tags):
    pairs = [{f"Tag.{n}.Key": k, f"Tag.{n}.Value": v} for n, (k, v) in enumerate(tags.items(), 1)]
    return Call("ec2:" + action, {"ResourceId.1": id} | {k: v for p in pairs for k, v in p.items()})


def parameter(name):
    return Call("ssm:GetParameter", {"Name": name})


def made(template_call, id):
    return f"<launchTemplateId>{id}</launchTemplateId>"


def world():
    """Our template with three versions, of which two are harmful, and one of somebody else's."""
    world = World(ACCOUNT, REGION, lambda id: MACHINES.get(id, {}))
    ours, theirs = template("mayfly-e2e"), template("web", {"team": "web"})
    world.note(ours, made(ours, "lt-0000000000000000a"))
    world.note(theirs, made(theirs, "lt-0000000000000000b"))
    bad = [{**NETWORK, "IamInstanceProfile.Name": "admin"}, {**NETWORK, "KeyName": "key"},
           {"NetworkInterface.1.SecurityGroupId.1": "sg-0bad"}]
    for n, data in enumerate(bad, 2):
        version = Call("ec2:CreateLaunchTemplateVersion",
                       {"LaunchTemplateName": "mayfly-e2e", **below_data(data)})
        world.note(version, f"<versionNumber>{n}</versionNumber>")
    return world


def without(key):
    return {k: v for k, v in TAGS.items() if k != key}


ALLOWED_TO_SERVICE = {
    "a launch with all tags": fleet(),
    "the end of a machine of ours": on("TerminateInstances", OURS),
    "IMDS off on a machine of ours": on("ModifyInstanceMetadataOptions", OURS),
    "our launch template": template("mayfly-e2e"),
    "a version of our launch template": Call("ec2:CreateLaunchTemplateVersion",
                                             {"LaunchTemplateName": "mayfly-e2e"}),
    "the GitHub token": parameter("/mayfly/github-token"),
    "Canonical's image": parameter("/aws/service/canonical/ubuntu/server/24.04/x"),
}
ALLOWED_TO_ENFORCER = {
    "the end of a machine of ours": on("TerminateInstances", OURS),
    "the list of machines": Call("ec2:DescribeInstances", {}),
}
HOSTILE = {
    "ends a machine of another deployment": on("TerminateInstances", THEIRS),
    "ends a machine without tags": on("TerminateInstances", UNTAGGED),
    "ends a machine of ours and another's in one call": on("TerminateInstances", OURS, THEIRS),
    "changes the metadata options of another's": on("ModifyInstanceMetadataOptions", THEIRS),
    "launches from another's template": fleet("web"),
    "launches from a template that is not there": fleet("nobody"),
    "launches with an instance profile in our template": fleet(version="2"),
    "launches with a key pair in our template": fleet(version="3"),
    "launches with another security group in our template": fleet(version="4"),
    "launches in another subnet": fleet(subnet="subnet-0bad"),
    "launches without any tag": fleet(tags={}),
    "launches for another deployment": fleet(tags=TAGS | {"mayfly:deployment": "other"}),
    "launches without a deadline": fleet(tags=without("mayfly:expires-at")),
    "launches without a lease": fleet(tags=without("mayfly:lease")),
    "launches with a tag that is not documented": fleet(tags=TAGS | {"team": "web"}),
    "runs a machine from another's template": run("web"),
    "runs a machine without a template": run(name=None),
    "runs a machine from our template with a profile":
        run(**{"IamInstanceProfile.Name": "admin"}),
    "runs a machine from our template with a key pair": run(KeyName="key"),
    "runs a machine from our template without tags": run(tags={}),
    "tags a machine of another's as ours":
        tag("CreateTags", THEIRS, {"mayfly:deployment": DEPLOYMENT}),
    "tags a machine without tags as ours":
        tag("CreateTags", UNTAGGED, {"mayfly:deployment": DEPLOYMENT}),
    "moves the deadline of a machine of ours":
        tag("CreateTags", OURS, {"mayfly:deployment": DEPLOYMENT, "mayfly:expires-at": "9"}),
    "tags another's template as ours":
        tag("CreateTags", "lt-0000000000000000b", {"mayfly:deployment": DEPLOYMENT}),
    "takes our tag off a machine": tag("DeleteTags", OURS, {"mayfly:deployment": ""}),
    "makes a template without our tag": template("x", {"team": "web"}),
    "makes a template with a tag that is not documented":
        template("x", {"mayfly:deployment": DEPLOYMENT, "team": "web"}),
    "makes a template for another deployment": template("x", {"mayfly:deployment": "other"}),
    "changes another's template":
        Call("ec2:CreateLaunchTemplateVersion", {"LaunchTemplateName": "web"}),
    "deletes our template": Call("ec2:DeleteLaunchTemplate", {"LaunchTemplateName": "mayfly-e2e"}),
    "passes a role": Call("iam:PassRole", {}),
    "makes a service-linked role": Call("iam:CreateServiceLinkedRole", {}),
    "makes itself a key": Call("iam:CreateAccessKey", {}),
    "takes another role": Call("sts:AssumeRole", {}),
    "reads another parameter": parameter("/production/database-password"),
    "reads a parameter whose name begins like ours": parameter("/mayfly/github-token-2"),
    "reads a parameter below ours": parameter("/mayfly/github-token/old"),
    "lists parameters": Call("ssm:GetParametersByPath", {"Path": "/"}),
    "writes a parameter": Call("ssm:PutParameter", {"Name": "/mayfly/github-token"}),
    "sends a command to a machine": Call("ssm:SendCommand", {}),
    "reads a machine's user data": Call("ec2:DescribeInstanceAttribute", {"InstanceId": OURS}),
    "changes a machine": Call("ec2:ModifyInstanceAttribute", {"InstanceId": OURS}),
    "stops a machine of ours": on("StopInstances", OURS),
    "gives a machine a profile": Call("ec2:AssociateIamInstanceProfile", {}),
    "opens a security group": Call("ec2:AuthorizeSecurityGroupIngress", {}),
    "shares a snapshot": Call("ec2:ModifySnapshotAttribute", {}),
    "asks for spot machines the old way": Call("ec2:RequestSpotInstances", {}),
    "reads a bucket": Call("s3:GetObject", {}),
}


def is_allowed(policy, call, in_world):
    return all(iam.allowed(policy, *one) for one in questions(call, in_world))


def test_calls(service, enforcer):
    here = world()
    elsewhere = world()
    elsewhere.region = ELSEWHERE
    for name, call in ALLOWED_TO_SERVICE.items():
        refused = [q for q in questions(call, here) if not iam.allowed(service, *q)]
        test(f"the service may: {name}", not refused, refused)
    for name, call in ALLOWED_TO_ENFORCER.items():
        test(f"the enforcer may: {name}", is_allowed(enforcer, call, here))
    for name, call in (ALLOWED_TO_SERVICE | ALLOWED_TO_ENFORCER).items():
        test(f"not in another region: {name}", not is_allowed(service, call, elsewhere))
    for name, call in HOSTILE.items():
        test(f"nobody {name}", not is_allowed(service, call, here) and
             not is_allowed(enforcer, call, here))
    for name, call in ALLOWED_TO_SERVICE.items():
        if name not in ALLOWED_TO_ENFORCER:
            test(f"the enforcer may not: {name}", not is_allowed(enforcer, call, here))


def verdicts(policy):
    """For each hostile call and each action that it asks for: whether that would be allowed."""
    out = {}
    for in_world, suffix in ((world(), ""), (world(), " elsewhere")):
        in_world.region = ELSEWHERE if suffix else REGION
        for name, call in (HOSTILE | ALLOWED_TO_SERVICE | ALLOWED_TO_ENFORCER).items():
            for one in questions(call, in_world):
                key = (name + suffix, one[0])
                out[key] = out.get(key, True) and iam.allowed(policy, *one)
    return out


def weakened(policy):
    """The policy once for each condition taken out, and for each statement that has none with its
    resources widened; with a name."""
    def change(n, name, fn):
        copy = json.loads(json.dumps(policy))
        fn(copy[n])
        return f"{copy[n]['Sid']}, {name}", copy
    for n, statement in enumerate(policy):
        for operator, tests in statement.get("Condition", {}).items():
            for key in tests:
                yield change(n, f"without {operator} {key}",
                             lambda s, o=operator, k=key: s["Condition"][o].pop(k))
        if "Condition" not in statement:
            yield change(n, "for every resource", lambda s: s.update(Resource="*"))


def test_every_bound_counts(policy, whose):
    before = verdicts(policy)
    for name, weaker in weakened(policy):
        test(f"{whose}: {name} more would be allowed", verdicts(weaker) != before)


def actions_of(policy):
    found = [one["Action"] for one in policy]
    return {a for one in found for a in (one if isinstance(one, list) else [one])}


def test_against_the_source(service, enforcer):
    files = [p for p in (ROOT / "src/aws").glob("*.cpp") if "_test" not in p.name]
    sources = "".join(p.read_text() for p in files)
    called = {"ec2:" + name for name in re.findall(r'ec2_(?:read|change)\("(\w+)"\)', sources)}
    called |= set(re.findall(r'"(ssm:\w+)"', sources))
    wanted = called | {"ec2:RunInstances", "ec2:CreateTags"}
    test("the service's actions are those that src/aws calls, and what a fleet needs",
         actions_of(service) == wanted, actions_of(service) ^ wanted)
    test("the enforcer has two actions",
         actions_of(enforcer) == {"ec2:DescribeInstances", "ec2:TerminateInstances"})
    header = (ROOT / "src/lease/enforce.h").read_text()
    launcher = (ROOT / "src/service/launcher.cpp").read_text()
    documented = set(re.findall(r'k_tag_\w+ = "([^"]+)"', header))
    documented |= set(re.findall(r'\{"(\w+)", "mayfly-" \+ config', launcher))
    for statement in service:
        keys = statement.get("Condition", {}).get("ForAllValues:StringEquals", {})
        given = set(keys.get("aws:TagKeys", documented))
        name = "mayfly:deployment" if statement["Sid"] == "MakeOurTemplate" else None
        test(f"{statement['Sid']}: the tag keys are those that a launch sets, and no other",
             given == ({name} if name else documented), given ^ documented)


def test_table(table):
    source = (ROOT / "src/aws/dynamodb.cpp").read_text()
    called = set(re.findall(r'(?:ask|request_for)\(sender_, "(\w+)"', source))
    parts = set(re.findall(r'\? "(\w+)" : "(\w+)"\] = std::move\(inner\)', source).pop())
    wanted = called - {"TransactWriteItems"} | {part + "Item" for part in parts}
    test("the table's actions are those that src/aws calls, and the parts of its transactions",
         "TransactWriteItems" in called and
         actions_of(table) == {"dynamodb:" + name for name in wanted}, actions_of(table))
    write = lambda kind, name: Call("dynamodb:TransactWriteItems",
                                    {"TransactItems": [{kind: {"TableName": name}}]})
    both = Call("dynamodb:TransactWriteItems", {"TransactItems": [
        {"Put": {"TableName": "mayfly"}}, {"Put": {"TableName": "other"}}]})
    read = Call("dynamodb:BatchGetItem", {"RequestItems": {"mayfly": {}, "other": {}}})
    for name, may, call in [
            ("a put", True, write("Put", "mayfly")), ("a delete", True, write("Delete", "mayfly")),
            ("an update", False, write("Update", "mayfly")),
            ("a put into another table", False, write("Put", "other")),
            ("a transaction that also writes another table", False, both),
            ("a read that also reads another table", False, read),
            ("a query", True, Call("dynamodb:Query", {"TableName": "mayfly"})),
            ("a scan", False, Call("dynamodb:Scan", {"TableName": "mayfly"})),
            ("the end of the table", False, Call("dynamodb:DeleteTable", {"TableName": "mayfly"}))]:
        asked = questions(call, World(ACCOUNT, REGION))
        test(f"table: {name}: {'allowed' if may else 'refused'}",
             bool(asked) and all(iam.allowed(table, *one) for one in asked) == may)


def test_is_explained(service, enforcer):
    text = (ROOT / "docs/permissions.md").read_text()
    for statement in service + enforcer:
        test(f"docs/permissions.md explains {statement['Sid']}", f"`{statement['Sid']}`" in text)
    test("every statement only allows, on named actions",
         all(s["Effect"] == "Allow" and "*" not in json.dumps(s["Action"])
             for s in service + enforcer))


def policy_with(**statement):
    whole = {"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"} | statement
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]})


def test_evaluator():
    for name, text in {
        "NotAction": policy_with(NotAction="x:Y"),
        "an unknown operator": policy_with(Condition={"StringNotEquals": {"a": "b"}}),
        "an unknown set operator": policy_with(Condition={"ForAnyValue:StringEquals": {"a": "b"}}),
        "a variable": policy_with(Resource="arn:aws:ec2:a:b:instance/${aws:username}"),
        "a placeholder": policy_with(Resource="arn:aws:ec2:REGION:1:instance/*"),
        "every action of every service": policy_with(Action="*"),
        "an ARN of five parts": policy_with(Resource="arn:aws:ec2:a:instance"),
    }.items():
        try:
            iam.load(text)
            test(f"{name} is not read", False)
        except iam.PolicyError:
            test(f"{name} is not read", True)
    arn = "arn:aws:ec2:a:1:instance/i-1"
    asks = lambda context, **s: iam.allowed(iam.load(policy_with(**s)), "ec2:RunInstances", arn,
                                            context)
    equal = {"StringEquals": {"aws:RequestTag/k": ["v", "w"]}}
    every = {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}
    rows = {
        "a value among those named": (True, {"aws:requesttag/K": "w"}, equal),
        "another value": (False, {"aws:RequestTag/k": "V"}, equal),
        "an absent key": (False, {}, equal),
        "all values named": (True, {"aws:TagKeys": ["a"]}, every),
        "one value not named": (False, {"aws:TagKeys": ["a", "c"]}, every),
        "no values": (True, {}, every),
        "Null true and the key absent": (True, {}, {"Null": {"x": "true"}}),
        "Null true and the key there": (False, {"x": "1"}, {"Null": {"x": "true"}}),
        "Null false and the key absent": (False, {}, {"Null": {"x": "false"}}),
        "an ARN that a pattern fits": (True, {"x": arn}, {"ArnLike": {"x": "arn:aws:ec2:a:1:*/*"}}),
        "a wildcard over segments": (False, {"x": arn}, {"ArnLike": {"x": "arn:aws:*:instance/*"}}),
    }
    for name, (wanted, context, condition) in rows.items():
        test(f"evaluation: {name}", asks(context, Condition=condition) == wanted)
    test("evaluation: an action's case does not count", asks({}, Action="ec2:runinstances"))
    test("evaluation: a wildcard in an action", asks({}, Action="ec2:Run*"))
    test("evaluation: another resource", not asks({}, Resource="arn:aws:ec2:a:2:instance/*"))
    both = iam.load(policy_with()) + iam.load(policy_with(Effect="Deny"))
    test("evaluation: a Deny wins", not iam.allowed(both, "ec2:RunInstances", arn, {}))


def main():
    service, enforcer, table = (iam.load(Path(name).read_text()) for name in sys.argv[1:4])
    test_evaluator()
    test_calls(service, enforcer)
    test_every_bound_counts(service, "service")
    test_every_bound_counts(enforcer, "enforcer")
    test_against_the_source(service, enforcer)
    test_table(table)
    test_is_explained(service + table, enforcer)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
