"""What IAM answers: identity policies of the kind that deploy/iam holds, and no other.

A policy is read strictly: an element, operator or variable that is not evaluated here is an error,
so that no policy passes because a part of it was overlooked. The rules are those of the IAM user
guide (policy evaluation logic, condition operators): nothing is allowed that no statement allows,
and a Deny wins. Where the guide leaves room, the reading here allows less: a wildcard in an ARN
stays within its segment, and an operator for one value fails on a key with several.
"""

import json
import re

_STATEMENT = {"Sid", "Effect", "Action", "Resource", "Condition"}
_ARN_SEGMENTS = 6


class PolicyError(Exception):
    """The policy uses what is not evaluated here, or is not filled in."""


def load(text):
    """The statements of a policy in JSON."""
    policy = json.loads(text, object_pairs_hook=_no_key_twice)
    if set(policy) != {"Version", "Statement"} or policy["Version"] != "2012-10-17":
        raise PolicyError("not a policy of version 2012-10-17 with statements alone")
    if left := re.findall(r"\b[A-Z]{4,}(?:_[A-Z]+)*\b", re.sub(r'"Sid".*', "", text)):
        raise PolicyError(f"placeholders are left: {sorted(set(left))}")
    if "${" in text:
        raise PolicyError("policy variables are not evaluated here")
    for statement in policy["Statement"]:
        _check(statement)
    return policy["Statement"]


def allowed(statements, action, resource, context):
    """Whether the policy lets `action` be done to the ARN `resource`.

    `context` maps condition keys to a text or a list of texts; keys have no case.
    """
    context = {key.lower(): value for key, value in context.items()}
    effects = {
        statement["Effect"]
        for statement in statements
        if _names_action(statement, action)
        and any(_like_arn(one, resource) for one in _list(statement["Resource"]))
        and _holds(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def _no_key_twice(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise PolicyError("a key stands twice in one object")
    return dict(pairs)


def _check(statement):
    if unknown := set(statement) - _STATEMENT:
        raise PolicyError(f"not evaluated here: {sorted(unknown)}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise PolicyError(f"effect {statement['Effect']}")
    for action in _list(statement["Action"]):
        if not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9*?]+", action):
            raise PolicyError(f"action {action}")
    for resource in _list(statement["Resource"]):
        if resource != "*" and len(resource.split(":", _ARN_SEGMENTS - 1)) != _ARN_SEGMENTS:
            raise PolicyError(f"resource {resource}")
    for operator in statement.get("Condition", {}):
        if operator not in _OPERATORS:
            raise PolicyError(f"condition operator {operator}")


def _list(value):
    return value if isinstance(value, list) else [value]


def _like(pattern, text):
    parts = ("." if c == "?" else ".*" if c == "*" else re.escape(c) for c in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _like_arn(pattern, arn):
    if pattern == "*":
        return True
    wanted = pattern.split(":", _ARN_SEGMENTS - 1)
    given = arn.split(":", _ARN_SEGMENTS - 1)
    return len(wanted) == len(given) and all(map(_like, wanted, given))


def _names_action(statement, action):
    return any(_like(one.lower(), action.lower()) for one in _list(statement["Action"]))


def _holds(condition, context):
    return all(
        _OPERATORS[operator](_list(values), context.get(key.lower()))
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


def _one(matches):
    return lambda wanted, given: isinstance(given, str) and any(
        matches(value, given) for value in wanted
    )


def _every(matches):
    return lambda wanted, given: all(
        any(matches(value, one) for value in wanted) for one in _list(given or [])
    )


def _null(wanted, given):
    return any((given is None) == (value == "true") for value in wanted)


def _equals(wanted, given):
    return wanted == given


_OPERATORS = {
    "StringEquals": _one(_equals),
    "StringLike": _one(_like),
    "ArnLike": _one(_like_arn),
    "Null": _null,
    "ForAllValues:StringEquals": _every(_equals),
    "ForAllValues:StringLike": _every(_like),
}
