#!/usr/bin/env python3
"""deploy/cloudformation.yaml: everything it refers to is there, its roles allow exactly what the
policies of deploy/iam do, and its switches do what they say. Prints "ok ..." or "not ok ...".

    template_test.py SERVICE_POLICY ENFORCER_POLICY TABLE_POLICY REGION ACCOUNT

The policies are rendered ones; the template is resolved with the same names, as CloudFormation
would, by the few functions that it uses: another one is an error.
"""

import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "deploy" / "cloudformation.yaml"
REGION, ACCOUNT = sys.argv[4:6]
GROUP = "sg-0123456789abcdef0"
GIVEN = {"Deployment": "e2e", "CodeBucket": "bucket", "Vpc": "vpc-0a",
         "SubnetOne": "subnet-0a000000000000001", "SubnetTwo": "subnet-0b000000000000002"}
PSEUDO = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws"}
NO_VALUE = object()

failed = False


def test(name, good, why=""):
    global failed
    failed = failed or not good
    print(("ok " if good else "not ok ") + name + ("" if good else f"\n    {why}"))


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms; "2012-10-17" stays a text."""


def short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    else:
        value = loader.construct_sequence(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix: value}


Loader.add_multi_constructor("!", short_form)


class Template:
    def __init__(self, text, given):
        self.all = yaml.load(text, Loader)
        parameters = self.all["Parameters"]
        self.values = {name: given.get(name, one.get("Default")) for name, one in parameters.items()}
        self.resources = self.all["Resources"]
        self.used = set()

    def resolve(self, value):
        if isinstance(value, list):
            return [one for one in map(self.resolve, value) if one is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (key, inner), = value.items()
            if key == "Ref":
                return self.ref(inner)
            if key.startswith("Fn::"):
                return self.function(key[4:], inner)
        return {key: self.resolve(one) for key, one in value.items()}

    def ref(self, name):
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.values:
            self.used.add(name)
            return self.values[name]
        return f"<{self.resources[name] and name}>"

    def function(self, name, inner):
        if name == "GetAtt":
            return self.attribute(*inner)
        if name == "Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: self.substitute(found[1]), inner)
        if name == "If":
            return self.resolve(inner[1] if self.condition(inner[0]) else inner[2])
        if name == "Equals":
            return self.resolve(inner[0]) == self.resolve(inner[1])
        if name == "Not":
            return not self.resolve(inner[0])
        raise ValueError(f"Fn::{name} is not resolved here")

    def substitute(self, name):
        return self.attribute(*name.split(".", 1)) if "." in name else str(self.ref(name))

    def attribute(self, name, attribute):
        if self.resources[name]["Type"] == "AWS::EC2::SecurityGroup" and attribute == "GroupId":
            return GROUP
        if self.resources[name]["Type"] == "AWS::DynamoDB::Table" and attribute == "Arn":
            return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mayfly"
        return f"<{name}.{attribute}>"

    def condition(self, name):
        return self.resolve(self.all["Conditions"][name])

    def of_type(self, kind):
        return {name: self.resolve(one.get("Properties", {}))
                for name, one in self.resources.items() if one["Type"] == kind}


def plain(statements):
    """A policy says the same in any order, and one action is a list of one."""
    def settled(value):
        if isinstance(value, dict):
            return {key: settled(one) for key, one in value.items()}
        return sorted(value) if isinstance(value, list) else value
    listed = [dict(one, Action=sorted([one["Action"]] if isinstance(one["Action"], str)
                                      else one["Action"])) for one in statements]
    return {one["Sid"]: settled(one) for one in listed}


def statements_of(role, name):
    return next(one["PolicyDocument"]["Statement"] for one in role["Policies"]
                if one["PolicyName"] == name)


def roles(template):
    found = template.of_type("AWS::IAM::Role")
    for role, path in (("ServiceRole", sys.argv[1]), ("EnforcerRole", sys.argv[2])):
        wanted = plain(json.loads(Path(path).read_text())["Statement"])
        got = plain(statements_of(found[role], "work"))
        differing = [sid for sid in wanted | got if wanted.get(sid) != got.get(sid)]
        test(f"template: {role} allows exactly what deploy/iam does", not differing,
             [(got.get(sid), wanted.get(sid)) for sid in differing])
    names = {role: sorted(one["PolicyName"] for one in found[role]["Policies"]) for role in found}
    test("template: beside that, each role writes its own log, and the service its table",
         names == {"ServiceRole": ["log", "record", "work"], "EnforcerRole": ["log", "work"]}, names)
    test("template: no role has a managed policy",
         not any("ManagedPolicyArns" in one for one in found.values()))
    linked = Template(TEMPLATE.read_text(), dict(GIVEN, AdminTokenParameter="/mayfly/admin-token"))
    readable = {role: plain(statements_of(one, "work")).get("ReadParameters", {}).get("Resource", [])
                for role, one in linked.of_type("AWS::IAM::Role").items()}
    test("template: with the operator's token the service may read that one too, and nobody else",
         f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/mayfly/admin-token" in readable["ServiceRole"]
         and len(readable["ServiceRole"]) == 3 and not readable["EnforcerRole"], readable)
    record = plain(statements_of(found["ServiceRole"], "record"))
    table = plain(json.loads(Path(sys.argv[3]).read_text())["Statement"])
    del table["LookAtTheTable"]  # who runs `mayfly check` does that, not the function
    test("template: the service may do to its table what deploy/iam says, and nothing more",
         record == table, (record, table))


def functions(template):
    found = template.of_type("AWS::Lambda::Function")
    permissions = template.of_type("AWS::Lambda::Permission").values()
    rules = template.of_type("AWS::Events::Rule")
    test("template: both functions run the same file",
         found["Service"]["Code"] == found["Enforcer"]["Code"])
    test("template: each function has a role of its own",
         (found["Service"]["Role"], found["Enforcer"]["Role"]) ==
         ("<ServiceRole.Arn>", "<EnforcerRole.Arn>"))
    test("template: the enforcer is told that it is one",
         found["Enforcer"]["Environment"]["Variables"]["MAYFLY_ROLE"] == "sweep" and
         "MAYFLY_ROLE" not in found["Service"]["Environment"]["Variables"])
    bundles = {one["Environment"]["Variables"]["SSL_CERT_FILE"] for one in found.values()}
    test("template: both believe the authorities that are named, no others",
         bundles == {"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"}, bundles)
    test("template: the kill switch leaves the enforcer at work",
         found["Service"]["ReservedConcurrentExecutions"] == 10 and
         "ReservedConcurrentExecutions" not in found["Enforcer"])
    without = Template(TEMPLATE.read_text(), dict(GIVEN, Concurrency=-1))
    test("template: a concurrency of -1 reserves nothing", without.of_type("AWS::Lambda::Function")
         ["Service"]["ReservedConcurrentExecutions"] is NO_VALUE)
    public = [(one["Action"], one["FunctionName"], one.get("FunctionUrlAuthType"),
               one.get("InvokedViaFunctionUrl")) for one in permissions if one["Principal"] == "*"]
    test("template: strangers may use the service's URL, by both permissions, and nothing else",
         sorted(public, key=str) == [("lambda:InvokeFunction", "<Service>", None, True),
                                     ("lambda:InvokeFunctionUrl", "<Service>", "NONE", None)],
         public)
    invoked = {one["SourceArn"] for one in permissions if one["Principal"] == "events.amazonaws.com"}
    test("template: each rule may invoke what it targets",
         invoked == {f"<{name}.Arn>" for name in rules}, invoked)
    schedules = sorted(one["Targets"][0]["Arn"] for one in rules.values()
                       if one.get("ScheduleExpression") == "rate(1 minute)")
    test("template: each function has a schedule of its own",
         schedules == ["<Enforcer.Arn>", "<Service.Arn>"], schedules)


def alarms(template):
    """Metric filters read the log's line of a sweep; its names are those that the program writes."""
    source = (ROOT / "src/cli/lambda.cpp").read_text()
    filters = template.of_type("AWS::Logs::MetricFilter").values()
    published = {}
    for one in filters:
        event = re.fullmatch(r'\{ \$\.event = "([a-z-]+)" \}', one["FilterPattern"])[1]
        (metric,) = one["MetricTransformations"]
        field = metric["MetricValue"].removeprefix("$.")
        published[metric["MetricName"]] = one["LogGroupName"]
        test(f"template: a sweep's line has {field}, as a number",
             f'"{event}"' in source and f'LogField::number("{field}"' in source)
    watched = template.of_type("AWS::CloudWatch::Alarm")
    of_ours = {one["MetricName"] for one in watched.values() if one["Namespace"] == "mayfly"}
    test("template: there are alarms on every metric of a sweep, and on no other",
         of_ours == set(published) == {"e2e-overdue-seconds", "e2e-money-percent"}, published)
    test("template: the metrics come from the service's log",
         set(published.values()) == {"<ServiceLog>"}, published)
    test("template: that no sweep says anything is an alarm too",
         watched["Overdue"]["TreatMissingData"] == "breaching")
    test("template: money is watched at four fifths", watched["Money"]["Threshold"] == 80)
    of_functions = {(one["MetricName"], one["Dimensions"][0]["Value"])
                    for one in watched.values() if one["Namespace"] == "AWS/Lambda"}
    wanted = {(metric, function) for metric in ("Errors", "Throttles")
              for function in ("<Service>", "<Enforcer>")} | {("Invocations", "<Enforcer>")}
    test("template: errors and throttles of both functions are watched, and the enforcer's silence",
         of_functions == wanted, of_functions)


def main():
    text = TEMPLATE.read_text()
    template = Template(text, GIVEN)
    template.resolve(template.resources)
    template.resolve(template.all["Outputs"])
    test("template: everything that it refers to is there", True)
    for name in template.all["Conditions"]:
        template.condition(name)
    unused = set(template.values) - template.used
    test("template: each parameter is used", not unused, unused)
    roles(template)
    functions(template)
    alarms(template)
    groups = template.of_type("AWS::EC2::SecurityGroup").values()
    test("template: nobody reaches a runner", not any("SecurityGroupIngress" in one for one in groups))
    table, = template.of_type("AWS::DynamoDB::Table").values()
    test("template: the table costs nothing while nothing happens, and outlives the stack",
         table["BillingMode"] == "PAY_PER_REQUEST" and
         template.resources["Ledger"]["DeletionPolicy"] == "Retain")
    rows = (ROOT / "src/dynamo/rows.cpp").read_text()
    test("template: the table lets go of what the ledger says may go",
         f'item["{table["TimeToLiveSpecification"]["AttributeName"]}"]' in rows)
    sys.exit(1 if failed else 0)


main()
