#!/usr/bin/env python3
"""mayfly.toml for AWS Lambda: what the stack needs of it, and what only the stack can fill in.

    configuration.py read FILE                       one line each: KEY=VALUE
    configuration.py fill FILE PUBLIC_URL GROUP TABLE    the file with these three, to standard output

A configuration that the stack of deploy/cloudformation.yaml cannot serve is refused, with exit
status 2. Everything but the three values stays as it is written, comments too.
"""

import re
import sys
import tomllib


def leave(why):
    print(why, file=sys.stderr)
    sys.exit(2)


def load(text):
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        leave(f"it is not TOML: {error}")


def text_at(data, path, pattern, wanted):
    value = data
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        leave(f"{path} has to be {wanted}")
    return value


def check_images(data):
    images = data.get("image", {})
    for name, image in images.items() if isinstance(images, dict) else ():
        parameter = image.get("ssm_parameter", "") if isinstance(image, dict) else ""
        if parameter and not str(parameter).startswith("/aws/service/"):
            leave(f"image.{name}.ssm_parameter: the stack's role reads only parameters below "
                  "/aws/service/; name the image by id, or by owner and name_pattern")


def needed(data):
    aws, github = data.get("aws"), data.get("github")
    if not isinstance(aws, dict) or not isinstance(github, dict):
        leave("[aws] and [github] are needed")
    subnets = aws.get("subnet_ids", [])
    if not isinstance(subnets, list) or not 1 <= len(subnets) <= 3 or not all(
            re.fullmatch(r"subnet-[0-9a-f]+", str(one)) for one in subnets):
        leave("aws.subnet_ids has to name one to three subnets: the stack has parameters for three")
    if aws.get("key_name"):
        leave("aws.key_name: the stack's role may not use key pairs; take it out")
    if "path" in data.get("ledger", {}):
        leave("ledger.path: a Lambda has no disk that stays; take it out, the stack makes a table")
    check_images(data)
    parameter = r"ssm:/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*"
    admin_token = ""
    if "admin_token" in data.get("listen", {}):
        admin_token = text_at(data, "listen.admin_token", parameter,
                              'the name of an SSM parameter, such as "ssm:/mayfly/admin-token"')
    credential = "github.app_private_key" if "app_id" in github else "github.token"
    token = text_at(data, credential, parameter,
                    'the name of an SSM parameter, such as "ssm:/mayfly/github-token": '
                    "a Lambda has no file to read it from")
    return {
        "deployment": text_at(data, "deployment", r"[a-z0-9][a-z0-9-]{0,31}",
                              "1 to 32 lower-case letters, digits and hyphens"),
        "region": text_at(data, "aws.region", r"[a-z]{2}(-[a-z]+)+-[0-9]", "the name of a region"),
        "token_parameter": token.removeprefix("ssm:"),
        "admin_token_parameter": admin_token.removeprefix("ssm:"),
        "subnets": " ".join(subnets),
    }


class Lines:
    """The file by lines, with the table that each stands in ("" before the first)."""

    def __init__(self, text):
        self.lines = text.splitlines()

    def tables(self):
        table = ""
        for number, line in enumerate(self.lines):
            header = re.match(r"\s*\[+\s*([A-Za-z0-9_.-]+)\s*\]+", line)
            table = header[1] if header else table
            yield number, table, bool(header)

    def put(self, table, key, value):
        line = f"{key} = {value}"
        last = -1 if table == "" else None
        for number, where, is_header in self.tables():
            if where == table and re.match(rf"\s*{key}\s*=", self.lines[number]):
                self.lines[number] = line
                return
            if where == table and is_header:
                last = number
        if last is None:
            self.lines += ["", f"[{table}]"]
            last = len(self.lines) - 1
        self.lines.insert(last + 1, line)


def fill(text, public_url, group, table):
    wanted = load(text)
    lines = Lines(text)
    lines.put("", "public_url", f'"{public_url}"')
    lines.put("aws", "security_group_ids", f'["{group}"]')
    lines.put("ledger", "table", f'"{table}"')
    filled = "\n".join(lines.lines) + "\n"
    wanted["public_url"] = public_url
    wanted["aws"]["security_group_ids"] = [group]
    wanted.setdefault("ledger", {})["table"] = table
    try:
        is_right = tomllib.loads(filled) == wanted
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        leave("public_url, aws.security_group_ids and ledger.table have to stand on one line each, "
              "as in deploy/mayfly.toml")
    return filled


def main():
    if len(sys.argv) < 3 or (sys.argv[1], len(sys.argv)) not in (("read", 3), ("fill", 6)):
        leave(__doc__)
    try:
        with open(sys.argv[2], encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        leave(f"it cannot be read: {error}")
    values = needed(load(text))
    if sys.argv[1] == "fill":
        sys.stdout.write(fill(text, *sys.argv[3:]))
        return
    fill(text, "https://example.org", "sg-0", "table")  # what cannot be filled is refused at once
    for key, value in values.items():
        print(f"{key}={value}")


main()
