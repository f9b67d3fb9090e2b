"""Which questions EC2, SSM and DynamoDB ask IAM about a call.

`questions(call, world)` turns one request into (action, ARN, context) triples, all of which must be
allowed, as the service authorization reference and the EC2 user guide list them. A fleet of type
instant asks for CreateFleet and then, in the caller's name, for RunInstances and for the CreateTags
of what it makes. `World` knows what the ARNs stand for: the tags of machines and templates.
"""

import re
from urllib.parse import parse_qsl

_LISTINGS = {"DescribeInstances", "DescribeImages", "DescribeLaunchTemplateVersions"}


class Call:
    """One request: `action` as IAM names it, and its parameters."""

    def __init__(self, action, parameters):
        self.action = action
        self.parameters = parameters

    @staticmethod
    def of_query(body):
        parameters = dict(parse_qsl(body, keep_blank_values=True))
        return Call("ec2:" + parameters["Action"], parameters)

    def values(self, name):
        """The values of name.1, name.2, ..."""
        return [v for k, v in self.parameters.items() if re.fullmatch(rf"{name}\.\d+", k)]

    def under(self, prefix):
        start = prefix + "."
        return {k[len(start):]: v for k, v in self.parameters.items() if k.startswith(start)}

    def tags(self, resource, below=""):
        """Those of the TagSpecification for one type of resource."""
        tags = {}
        for key, kind in self.parameters.items():
            is_kind = re.fullmatch(rf"{below}TagSpecification\.\d+\.ResourceType", key)
            if is_kind and kind == resource:
                tags |= _pairs(self.under(key.removesuffix(".ResourceType")))
        return tags


class World:
    """The account as the policies see it. Machines and templates are known by what was asked for
    and answered; `find_instance_tags` may know of more machines."""

    def __init__(self, account, region, find_instance_tags=lambda _: {}):
        self.account = account
        self.region = region
        self.find_instance_tags = find_instance_tags
        self.templates = {}  # by name and id: {"id", "tags", "versions": {number: Call}}

    def arn(self, kind, name):
        owner = "" if kind in ("image", "snapshot") else self.account
        return f"arn:aws:ec2:{self.region}:{owner}:{kind}/{name}"

    def note(self, call, answer):
        """What a successful call changed. `answer` is its XML."""
        if call.action == "ec2:CreateLaunchTemplate":
            template = {"id": _text(answer, "launchTemplateId"), "versions": {"1": call},
                        "tags": call.tags("launch-template")}
            for key in (template["id"], call.parameters["LaunchTemplateName"]):
                self.templates[key] = template
        elif call.action == "ec2:CreateLaunchTemplateVersion":
            self._template(call.parameters)["versions"][_text(answer, "versionNumber")] = call

    def _template(self, parameters):
        name = parameters.get("LaunchTemplateId") or parameters.get("LaunchTemplateName", "")
        nobody = {"id": "lt-00000000000000000", "tags": {}, "versions": {}}
        return self.templates.get(name, nobody)

    def question_of(self, action, id):
        """About one thing that exists."""
        if id.startswith("i-"):
            return (action, self.arn("instance", id), _resource(self.find_instance_tags(id)))
        if id.startswith("lt-"):
            return self.template_question(action, {"LaunchTemplateId": id})
        return (action, self.arn("volume" if id.startswith("vol-") else "image", id), {})

    def template_question(self, action, parameters):
        template = self._template(parameters)
        return (action, self.arn("launch-template", template["id"]), _resource(template["tags"]))

    def launch_data(self, parameters):
        """The LaunchTemplateData of the version named, as a Call."""
        version = self._template(parameters)["versions"].get(parameters.get("Version"))
        return Call("", version.under("LaunchTemplateData") if version else {})


def questions(call, world):
    base = {"aws:RequestedRegion": world.region}
    return [(action, arn, base | context) for action, arn, context in _of(call, world)]


def _of(call, world):
    name = call.action.split(":")[1]
    if call.action == "ssm:GetParameter":
        return [_parameter(call, world)]
    if call.action.startswith("dynamodb:"):
        return _of_table(call, world)
    if not call.action.startswith("ec2:"):
        return [(call.action, "*", {})]
    if name in _LISTINGS:
        return [(call.action, "*", {})]
    if name == "ModifyInstanceMetadataOptions":
        return [world.question_of(call.action, call.parameters["InstanceId"])]
    if name in _OF_EC2:
        return _OF_EC2[name](call, world)
    ids = call.values("InstanceId")
    return [world.question_of(call.action, id) for id in ids] or [(call.action, "*", {})]


def _parameter(call, world):
    name = call.parameters["Name"].lstrip("/")
    owner = "" if name.startswith("aws/service/") else world.account
    return (call.action, f"arn:aws:ssm:{world.region}:{owner}:parameter/{name}", {})


def _of_table(call, world):
    """A transaction asks for each of its parts, by what that does."""
    parts = [(kind, part["TableName"]) for one in call.parameters.get("TransactItems", [])
             for kind, part in one.items()]
    parts = [("dynamodb:" + _OF_TRANSACTION[kind], table) for kind, table in parts]
    tables = [*call.parameters.get("RequestItems", {}), call.parameters.get("TableName")]
    parts = parts or [(call.action, table) for table in tables if table]
    return [(action, f"arn:aws:dynamodb:{world.region}:{world.account}:table/{table}", {})
            for action, table in parts]


_OF_TRANSACTION = {"Put": "PutItem", "Delete": "DeleteItem", "Update": "UpdateItem",
                   "ConditionCheck": "ConditionCheckItem"}


def _create_fleet(call, world):
    specification = call.under("LaunchTemplateConfigs.1.LaunchTemplateSpecification")
    overrides = call.under("LaunchTemplateConfigs.1")
    subnets = [v for k, v in overrides.items() if k.endswith(".SubnetId")]
    images = [v for k, v in overrides.items() if k.endswith(".ImageId")]
    tags = call.tags("instance")
    return [
        world.template_question(call.action, specification),
        (call.action, world.arn("fleet", "*"), {}),
        (call.action, world.arn("instance", "*"), _request(tags)),
        *((call.action, world.arn("subnet", id), {}) for id in subnets),
        *((call.action, world.arn("image", id), {}) for id in images),
        *_launch(world, specification, Call("", {}), subnets, images, tags, "CreateFleet"),
    ]


def _run_instances(call, world):
    return _launch(world, call.under("LaunchTemplate"), call, [], [], call.tags("instance"),
                   "RunInstances")


def _launch(world, specification, asked, subnets, images, tags, create_action):
    """RunInstances: `asked` goes before what the template says."""
    action = "ec2:RunInstances"
    data = world.launch_data(specification) if specification else Call("", {})
    both = Call("", data.parameters | asked.parameters)
    values = lambda pattern: [v for k, v in both.parameters.items() if re.fullmatch(pattern, k)]
    subnets = subnets or values(r"(NetworkInterface\.\d+\.)?SubnetId")
    images = images or values("ImageId")
    common = {}
    if specification:
        common["ec2:LaunchTemplate"] = world.template_question("", specification)[1]
    profile = values(r"IamInstanceProfile\.(Arn|Name)")
    of_instance = _request(tags) | ({"ec2:InstanceProfile": profile[0]} if profile else {})
    volume_tags = data.tags("volume") | asked.tags("volume")
    made = [("instance", "*", of_instance), ("volume", "*", _request(volume_tags)),
            ("network-interface", "*", {}), ("spot-instances-request", "*", {})]
    used = [("subnet", subnets), ("image", images), ("key-pair", values("KeyName")),
            ("security-group", values(r"(NetworkInterface\.\d+\.)?SecurityGroupId\.\d+")),
            ("snapshot", values(r"BlockDeviceMapping\.\d+\.Ebs\.SnapshotId"))]
    found = [(action, world.arn(kind, id), common | context) for kind, id, context in made]
    found += [(action, world.arn(kind, id), common) for kind, ids in used for id in ids]
    if specification:
        found.append(world.template_question(action, specification))
    if profile:
        found.append(("iam:PassRole", f"arn:aws:iam::{world.account}:role/of-the-profile", {}))
    found += _tagging(world, "instance", tags, create_action)
    return found + _tagging(world, "volume", volume_tags, create_action)


def _tagging(world, kind, tags, create_action):
    if not tags:
        return []
    context = _request(tags) | {"ec2:CreateAction": create_action}
    return [("ec2:CreateTags", world.arn(kind, "*"), context)]


def _create_template(call, world):
    tags = call.tags("launch-template")
    return [(call.action, world.arn("launch-template", "*"), _request(tags)),
            *_tagging(world, "launch-template", tags, "CreateLaunchTemplate")]


def _change_tags(call, world):
    """CreateTags or DeleteTags on what exists: there is no ec2:CreateAction."""
    context = _request(_pairs(call.parameters))
    return [(action, arn, of_it | context) for action, arn, of_it in
            (world.question_of(call.action, id) for id in call.values("ResourceId"))]


_OF_EC2 = {
    "CreateFleet": _create_fleet,
    "RunInstances": _run_instances,
    "CreateLaunchTemplate": _create_template,
    "CreateLaunchTemplateVersion":
        lambda call, world: [world.template_question(call.action, call.parameters)],
    "CreateTags": _change_tags,
    "DeleteTags": _change_tags,
}


def _pairs(parameters):
    return {v: parameters.get(f"{k.removesuffix('.Key')}.Value", "")
            for k, v in parameters.items() if re.fullmatch(r"Tag\.\d+\.Key", k)}


def _request(tags):
    context = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return context | ({"aws:TagKeys": list(tags)} if tags else {})


def _resource(tags):
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}


def _text(xml, name):
    found = re.search(rf"<{name}>([^<]*)</{name}>", xml)
    return found.group(1) if found else ""
