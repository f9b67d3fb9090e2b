#!/usr/bin/env bash
# The policies of deploy/iam: what they must allow and refuse, call by call; the roles of
# deploy/cloudformation.yaml, which must be the same; and then a real `mayfly` working under them.
# Every AWS call of the service goes through a proxy that evaluates its policy, and every call of the
# second enforcer through one with the other policy.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e/rig.sh"

here=$root/tests/iam
account=123456789012
export PYTHONDONTWRITEBYTECODE=1

# render POLICY [ARG...]
render() {
  local policy=$1
  shift
  "$root/deploy/iam/render.sh" "$policy" --account "$account" --region "$AWS_REGION" \
    --deployment e2e "$@"
}
render_policies() {
  check 'render.sh fills in the service' render service --subnet subnet-0a000000000000001 \
    --subnet subnet-0b000000000000002 --security-group sg-0123456789abcdef0 \
    --parameter /mayfly/github-token
  render service --subnet subnet-0a000000000000001 --subnet subnet-0b000000000000002 \
    --security-group sg-0123456789abcdef0 --parameter /mayfly/github-token >"$work/service.json"
  render enforcer >"$work/enforcer.json"
  render table --table mayfly >"$work/table.json"
  jq -s '.[0].Statement += .[1].Statement | .[0]' "$work/service.json" "$work/table.json" \
    >"$work/both.json"
  "$root/deploy/iam/render.sh" table --account "$account" --region "$AWS_REGION" --deployment e2e \
    >"$work/out" 2>&1
  is 'render.sh refuses a table without a name' $? 2
  is 'render.sh refuses an account that is none' "$(refused_with --account 1)" 2
  is 'render.sh refuses a region that is none' "$(refused_with --region here)" 2
  is 'render.sh refuses a quote in a name' "$(refused_with --deployment 'x"')" 2
  is 'render.sh refuses a wildcard for a subnet' "$(refused_with --subnet '*')" 2
  is 'render.sh refuses a wildcard in a parameter' "$(refused_with --parameter '/mayfly/*')" 2
  is 'render.sh refuses a service without a network' "$(refused_with --parameter /mayfly/x)" 2
}
refused_with() {
  render service "$@" >"$work/out" 2>&1
  echo $?
}

# tally: takes over the lines of a program that prints "ok ..." and "not ok ...".
tally() {
  cat "$1"
  passed=$((passed + $(grep -c '^ok ' "$1")))
  failed=$((failed + $(grep -c '^not ok ' "$1")))
}

# start_proxy POLICY: sets $proxy_url; its decisions go to $work/POLICY.jsonl.
start_proxy() {
  start "$work/$1.proxy" python3 "$here/proxy.py" --policy "$work/$1.json" --account "$account" \
    --region "$AWS_REGION" --to "$emulator_url" --log "$work/$1.jsonl"
  wait_until 20 grep -qs ^http "$work/$1.proxy" || give_up "the $1's proxy starts" \
    "$(<"$work/$1.proxy")"
  proxy_url=$(head -n 1 "$work/$1.proxy")
}
actions() { jq -r "select($2) | .action" "$work/$1.jsonl" | sort -u | paste -sd ' '; }
refusals() { jq -c 'select(.allowed | not) | .refused[]' "$work/$1.jsonl" | sort -u; }

# aws_refuses NAME ARG...: Debian's AWS CLI, with the service's credential and policy, is refused.
aws_refuses() {
  local name=$1 text
  shift
  text=$("${AWS_CLI:-/usr/bin/aws}" --endpoint-url "$AWS_ENDPOINT_URL" --region "$AWS_REGION" \
    "$@" 2>&1)
  says "a thief of the service's credential $name: refused" "$text" UnauthorizedOperation
}
run_machine() {
  local tags="{Key=mayfly:deployment,Value=$1},{Key=mayfly:expires-at,Value=1600000000}"
  "${AWS_CLI:-/usr/bin/aws}" --endpoint-url "$emulator_url" \
    --region "$AWS_REGION" ec2 run-instances --image-id ami-0f3c0000000000002 \
    --instance-type c5.9xlarge --count 1 --subnet-id subnet-0a000000000000001 \
    --instance-initiated-shutdown-behavior terminate --tag-specifications \
    "ResourceType=instance,Tags=[$tags]" \
    --query 'Instances[0].InstanceId' --output text
}
state_of() {
  curl -s -m 5 "$emulator_url/_emulator/aws/state" |
    jq -r --arg id "$1" '.instances[] | select(.instance_id == $id) | .state'
}
imds_is_off() {
  curl -s -m 5 "$emulator_url/_emulator/aws/state" |
    jq -e --arg l "$1" \
      '.instances[] | select(.tags["mayfly:lease"] == $l).metadata_enabled == false'
}

service_works() {
  local run_id id
  new_label
  run_id=$(start_run "$label")
  curl -s -H 'Content-Type: application/json' --data "$(jq -cn --argjson run "$run_id" \
    '{repository: "rr-debugger/rr", run_id: $run, runners:
    [{architecture: "x86_64"}, {architecture: "arm64"}]}')" "$url/v1/leases" >"$work/asked"
  mapfile -t ids < <(jq -r '.leases[]?.id' "$work/asked")
  [[ ${#ids[@]} == 2 ]] || give_up 'two leases are asked for' "$(<"$work/asked")$(refusals service)"
  for id in "${ids[@]}"; do
    check "$id is online under the policy" wait_until 60 lease_is "$id" online
    check "$id: its machine's metadata service is off" wait_until 10 imds_is_off "$id"
  done
  "$mayfly" check --config "$config" --json >"$work/check.json" 2>"$work/check.err"
  is 'mayfly check finds every AWS permission, and asks with a machine of ours' \
    "$(jq -r '[.[] | select(.subject | startswith("aws: ")) | .level] | unique | join(" ")' \
      "$work/check.json")" ok
  for id in "${ids[@]}"; do
    "$mayfly" release "$id" --config "$config" >"$work/out" 2>&1
    check "$id is gone" wait_until 60 lease_is "$id" gone
  done
}

thief_fails() {
  local theirs=$1
  aws_refuses 'ends a machine of another deployment' \
    ec2 terminate-instances --instance-ids "$theirs"
  aws_refuses 'marks it as ours' ec2 create-tags --resources "$theirs" \
    --tags Key=mayfly:deployment,Value=e2e
  aws_refuses 'runs a machine of its own' ec2 run-instances --image-id ami-0f3c0000000000002 \
    --instance-type c5.9xlarge --subnet-id subnet-0a000000000000001
  is "the other deployment's machine still runs" "$(state_of "$theirs")" running
}

enforcer_works() {
  local overdue=$1 theirs=$2
  AWS_ENDPOINT_URL=$proxy_url GITHUB_TOKEN='' \
    "$mayfly" sweep --stateless --json --config "$config" >"$work/out" 2>&1
  is 'the enforcer ends the overdue machine of ours, and it alone' \
    "$(jq -r '[.ended[] | .instance // .instance_id] | join(" ")' "$work/out")" "$overdue"
  says 'it is going' "shutting-down terminated" "$(state_of "$overdue")"
  is "the other deployment's overdue machine is left alone" "$(state_of "$theirs")" running
}

start_emulator
emulator_url=$AWS_ENDPOINT_URL
render_policies
python3 "$here/policies_test.py" "$work/service.json" "$work/enforcer.json" "$work/table.json" \
  "$AWS_REGION" >"$work/policies" 2>&1
is 'the policies are evaluated to the end' "$(grep -c Traceback "$work/policies")" 0
tally "$work/policies"
/usr/bin/python3 "$here/template_test.py" "$work/service.json" "$work/enforcer.json" \
  "$work/table.json" "$AWS_REGION" "$account" >"$work/template" 2>&1
is 'the template is looked at to the end' "$(grep -c Traceback "$work/template")" 0
tally "$work/template"

start_proxy service
export AWS_ENDPOINT_URL=$proxy_url
write_config
start_service
service_works
is 'the service was refused nothing' "$(refusals service)" ''
calls='ec2:CreateFleet ec2:CreateLaunchTemplate ec2:DescribeInstances '
calls+='ec2:DescribeLaunchTemplateVersions ec2:ModifyInstanceMetadataOptions '
calls+='ec2:TerminateInstances ssm:GetParameter'
is 'the service made every call that it has' "$(actions service '.dry | not')" "$calls"
stop "$service"

# A proxy knows a launch template by the call that made it: this one sees a new account.
stop "$emulator"
start_emulator
emulator_url=$AWS_ENDPOINT_URL
start_proxy both
export AWS_ENDPOINT_URL=$proxy_url
write_config
sed -i 's|^path = .*mayfly.db"$|table = "mayfly"|' "$config"
start_service
service_works
is 'with a table: the service was refused nothing' "$(refusals both)" ''
is 'with a table: it made every call that it has' "$(actions both '.dry | not')" \
  "dynamodb:BatchGetItem dynamodb:DescribeTable dynamodb:Query dynamodb:TransactWriteItems $calls"
is 'mayfly check finds the table' \
  "$(jq -r '.[] | select(.subject == "ledger: table mayfly") | .level' "$work/check.json")" ok
stop "$service"

theirs=$(run_machine other)
overdue=$(run_machine e2e)
thief_fails "$theirs"
start_proxy enforcer
enforcer_works "$overdue" "$theirs"
is 'the enforcer was refused nothing' "$(refusals enforcer)" ''
is 'the enforcer made two calls' "$(actions enforcer .allowed)" \
  'ec2:DescribeInstances ec2:TerminateInstances'
finish
