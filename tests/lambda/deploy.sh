#!/usr/bin/env bash
# deploy/lambda/deploy.sh against an account that is made up (fake_aws.py): a first deployment, later
# ones, refusals, and an interruption at each call (every thirteenth in each of three ways; with --all,
# which takes minutes, all of them). The script's very command lines are then
# given to Debian's AWS CLI, which must find nothing wrong with them but that nobody listens.
# And docs/deploy-aws.md: what it names is there.
# shellcheck disable=SC2154,SC2317,SC1091  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e/rig.sh"

unset AWS_PROFILE AWS_DEFAULT_REGION AWS_ENDPOINT_URL
export AWS_REGION=us-east-2 MAYFLY_POLL_SECONDS=0
mkdir "$work/bin"
ln -s "$root/tests/lambda/fake_aws.py" "$work/bin/aws"
token=github_pat_canary_0123456789
echo "$token" >"$work/token"
echo 'int main() {}' >"$work/main.c"
cc -static -s -o "$work/static" "$work/main.c" || give_up 'a static program'
echo 'int main() { return 1; }' >"$work/other.c"
cc -static -s -o "$work/other" "$work/other.c"
cp "$root/deploy/mayfly.toml" "$config"

# new_account [JQ]: an empty one, changed by the expression.
new_account() {
  rm -rf "$work/account" "$work/out"
  mkdir "$work/account"
  export FAKE_AWS=$work/account
  jq -n "{stacks: {}, buckets: {}, parameters: {}, roles: [], quota: 1000, reserved: \"-1\",
    reserved_by_others: 0, changes: 0, profile_region: \"eu-west-1\",
    subnets: {\"subnet-0123456789abcdef0\": \"vpc-0a\", \"subnet-0123456789abcdef1\": \"vpc-0a\"}}
    | ${1:-.}" >"$FAKE_AWS/state.json"
}
change_account() {
  jq "$1" "$FAKE_AWS/state.json" >"$FAKE_AWS/new" && mv "$FAKE_AWS/new" "$FAKE_AWS/state.json"
}
account() { jq -r "$1" "$FAKE_AWS/state.json"; }
# deploy [ARG...]: sets $status and $said. Its own session: trouble ends it with all that it started.
run_deploy() {
  PATH=$work/bin:$PATH setsid -w "$root/deploy/lambda/deploy.sh" "$config" --work "$work/out" "$@" \
    >"$work/said" 2>&1
}
deploy() {
  { run_deploy --binary "${binary:-$work/static}" "$@"; } 2>/dev/null
  status=$?
  said=$(<"$work/said")
  cat "$work/said" >>"$work/all_said"
  cat "$FAKE_AWS/calls.jsonl" >>"$work/all_calls" 2>/dev/null
}
calls() { jq -r '.[0:2] | join(" ")' "$FAKE_AWS/calls.jsonl" | grep -c "$1"; }
parameter() { account ".stacks[\"mayfly-rr-ci\"].parameters.$1"; }
# What is deployed: the configuration in the zip that the stack names.
deployed() {
  local sha
  sha=$(account ".buckets[\"$(parameter CodeBucket)\"].objects[\"$(parameter CodeKey)\"]")
  python3 -m zipfile -e "$FAKE_AWS/$sha.zip" "$work/unpacked"
  cat "$work/unpacked/mayfly.toml"
}
# The account, without what tells how often something was tried.
end_state() { jq -Sc 'del(.changes)' "$FAKE_AWS/state.json"; }

# --- First, again, changed

new_account
deploy --token-file "$work/token"
is 'a first deployment succeeds' "$status" 0
says 'it says where mayfly runs, and what to do next' "$said" \
  'runs at https://abc123.lambda-url.us-east-2.on.aws (' 'check --config' 'aws logs tail' \
  '"problems":0'
says 'the configuration in it has the values of the stack' "$(deployed)" \
  'public_url = "https://abc123.lambda-url.us-east-2.on.aws"' 'security_group_ids = ["sg-' \
  'table = "mayfly-rr-Ledger-1ABC"'
is 'the rest of it is as it was written' "$(diff "$config" <(deployed) | grep -c '^[<>]')" 5
is 'the configuration of the maintainer stays as it was' \
  "$(cmp "$config" "$root/deploy/mayfly.toml" && echo same)" same
is 'the first pass let nothing run' "$(jq -r 'select(.[1] == "deploy") | .[] |
  select(startswith("Concurrency="))' "$FAKE_AWS/calls.jsonl" | paste -sd ' ')" \
  'Concurrency=0 Concurrency=10'
is 'ten copies are set aside' "$(account .reserved)" 10
is 'the token is in SSM, encrypted, without its end of line' \
  "$(account '.parameters["/mayfly/github-token"] | .type + " " + .value')" "SecureString $token"
is 'the bucket is closed to the public' "$(account '.buckets["rr-ci-123456789012-us-east-2"].blocked |
  [scan("=true")] | length')" 4
is 'both subnets are named, and the third is not' \
  "$(parameter SubnetOne) $(parameter SubnetTwo) $(parameter SubnetThree)" \
  'subnet-0123456789abcdef0 subnet-0123456789abcdef1 '
is 'the role of EC2 Spot is made' "$(account '.roles[0]')" AWSServiceRoleForEC2Spot
finished=$(end_state)

rm "$FAKE_AWS/calls.jsonl"
deploy
is 'again without a change: nothing is changed' "$status $(account .changes) $(calls 's3api put\|ssm put')" \
  '0 2 0'
sed -i 's/^#machines = 10/machines = 7/' "$config"
deploy
is 'another configuration is one more change of the stack' "$status $(account .changes)" '0 3'
says 'and is what is deployed' "$(deployed)" 'machines = 7' 'table = "mayfly-rr-Ledger-1ABC"'
binary=$work/other deploy
is 'another program is one more change of the stack' "$status $(account .changes)" '0 4'
is 'and is what is deployed' "$(deployed >"$work/x" && cmp "$work/unpacked/bootstrap" "$work/other")" ''
binary=$work/other deploy --concurrency 20 --alarm-topic arn:aws:sns:us-east-2:123456789012:alarms
is 'another number of copies is set aside' "$status $(account .reserved)" '0 20'
binary=$work/other deploy
is 'the topic of the alarms stays' "$status $(parameter AlarmTopic)" \
  '0 arn:aws:sns:us-east-2:123456789012:alarms'
change_account '.subnets[] = "vpc-0b"'
binary=$work/other deploy
says 'another network: the configuration follows to its security group' "$(deployed)" \
  "sg-$(printf vpc-0b | sha256sum | head -c 17)"
binary=$work/other deploy --off
is 'off: no copy may run, and the stack knows' "$status $(account .reserved) $(parameter Concurrency)" \
  '0 0 0'
change_account '.stacks["mayfly-rr-ci"] += {status: "UPDATE_IN_PROGRESS", turns: 2}'
binary=$work/other deploy --off
is 'off, while the stack is at work: first the switch, then the wait' \
  "$status $(tail -n 4 "$FAKE_AWS/calls.jsonl" | jq -r '.[1]' | paste -sd ' ')" \
  '0 put-function-concurrency describe-stacks describe-stacks deploy'
binary=$work/other deploy
is 'and on again' "$status $(account .reserved) $(parameter Concurrency)" '0 10 10'
change_account '.reserved = "0"'
binary=$work/other deploy
is 'on again also after it was switched off by hand' "$status $(account .reserved)" '0 10'
change_account '.function_fails = true'
binary=$work/other deploy
is 'a function that does not start is told, with what it said' \
  "$status $(grep -c 'mayfly.toml:3: no such key' "$work/said")" '1 1'

# --- Refusals: nothing is begun, the reason and a remedy are told

# refuses NAME PART... -- [ARG...]
refuses() {
  local name=$1 before
  local -a parts=()
  shift
  while [[ $1 != -- ]]; do parts+=("$1"); shift; done
  shift
  before=$(end_state)
  deploy "$@"
  if [[ $status != 2 || $(end_state) != "$before" ]]; then
    not_ok "$name" "exit status $status: $said"
  else
    says "$name" "$said" "${parts[@]}"
  fi
}
# with_config NAME PART SED: a configuration that is refused.
with_config() {
  sed "$3" "$root/deploy/mayfly.toml" >"$config"
  refuses "$1" "$2" -- --token-file "$work/token"
  cp "$root/deploy/mayfly.toml" "$config"
}
cp "$root/deploy/mayfly.toml" "$config"
new_account '.credentials = false'
refuses 'no credentials' 'does not accept' 'aws configure' -- --token-file "$work/token"
new_account
AWS_REGION=eu-west-1 refuses 'another region than the configuration' '"eu-west-1"' \
  AWS_REGION=us-east-2 -- --token-file "$work/token"
AWS_REGION='' refuses 'another region in the profile of the CLI' '"eu-west-1"' -- \
  --token-file "$work/token"
refuses 'no token in SSM, and none given' '/mayfly/github-token' '--token-file' --
refuses 'a token file that is not there' 'cannot be read' -- --token-file "$work/none"
refuses 'a token file with more than a token' 'nothing else' -- --token-file "$config"
refuses 'no program' '--binary' -- --binary "$work/none"
refuses 'an option that there is not' --help -- --tokenfile "$work/token"
refuses 'switching off what is not there' 'cannot be switched off' -- --off
new_account '.parameters["/mayfly/github-token"] = {type: "String"}'
refuses 'a token in SSM that is not encrypted' 'no SecureString' --
new_account '.subnets["subnet-0123456789abcdef1"] = "vpc-0b"'
refuses 'subnets in two networks' 'several VPCs' -- --token-file "$work/token"
new_account 'del(.subnets["subnet-0123456789abcdef1"])'
refuses 'a subnet that is not there' 'does not exist' -- --token-file "$work/token"
new_account
with_config 'a token in the environment' 'github.token' 's/^token = .*/token = "env:TOKEN"/'
with_config "the operator's token in a file" 'listen.admin_token' \
  's|^# admin_token = .*|admin_token = "file:/etc/mayfly/admin-token"|'
with_config 'four subnets' 'one to three' \
  's/^subnet_ids = .*/subnet_ids = ["subnet-1","subnet-2","subnet-3","subnet-4"]/'
with_config 'a ledger on a disk' 'ledger.path' 's/^#path/path/'
with_config 'a key pair' 'aws.key_name' 's/^#key_name = ""/key_name = "mine"/'
with_config 'a parameter for the image that the role cannot read' 'image.arm64' \
  's|^ssm_parameter = "/aws/.*arm64.*|ssm_parameter = "/my/image"|'
with_config 'no deployment' 'deployment' '/^deployment/d'
with_config 'what is no TOML' 'not TOML' 's/^deployment.*/deployment = /'
with_config 'a value that is spread over lines' 'one line each' \
  's/^security_group_ids = .*/security_group_ids = [\n"sg-0123456789abcdef0",\n]/'

# --- What the account allows

new_account '.quota = 10'
deploy --token-file "$work/token"
is 'an account with ten copies in all: none is set aside' "$status $(account .reserved)" '0 -1'
says 'and what that means is told' "$said" 'may run 10' 'second enforcer waiting' 'Service Quotas'
deploy --off
is 'its kill switch works' "$status $(account .reserved)" '0 0'
refuses 'its ten copies are not set aside on demand either' '0 of them' '--concurrency none' -- \
  --concurrency 10
new_account '.quota = 1000 | .reserved_by_others = 895'
deploy --token-file "$work/token"
is 'where others have set most aside, the rest is taken' "$status $(account .reserved)" '0 5'
deploy
is 'and kept: what is ours already counts as free' "$status $(account .reserved)" '0 5'
new_account '.buckets_of_others = ["rr-ci-123456789012-us-east-2"]'
deploy --token-file "$work/token"
is "somebody else's bucket is not used" "$status $(account '.stacks | length')" '1 0'
says 'and how to name another is told' "$said" --bucket
new_account '.stacks["mayfly-rr-ci"] = {status: "UPDATE_ROLLBACK_FAILED", turns: 0, parameters: {}}'
refuses 'a stack that is stuck' 'UPDATE_ROLLBACK_FAILED' -- --token-file "$work/token"
new_account '.stacks["mayfly-rr-ci"] = {status: "ROLLBACK_COMPLETE", turns: 0, parameters: {}}'
deploy --token-file "$work/token"
is 'what is left of a stack that could not be made is taken away first' "$status $(end_state)" \
  "0 $finished"
new_account
deploy --token-file - <"$work/token"
is 'the token may come from standard input' "$status $(end_state)" "0 $finished"

# --- Trouble at every call

# trouble HOW FIRST NAME: at that call of a first deployment, and every thirteenth after it; with --all as
# the suite's argument at each. Then it is begun again.
if [[ ${1:-} == --all ]]; then every=1; else every=13; fi
trouble() {
  local call first=$2 wrong=''
  ((every > 1)) || first=1
  for ((call = first; call < 40; call += every)); do
    new_account
    echo "{\"call\": $call, \"how\": \"$1\"}" >"$FAKE_AWS/trouble.json"
    deploy --token-file "$work/token"
    [[ $(wc -l <"$FAKE_AWS/calls.jsonl") -ge $call ]] || break
    [[ $1 != kill-* || $status == 137 ]] || wrong+=" $call: exit status $status"
    rm "$FAKE_AWS/trouble.json"
    deploy --token-file "$work/token"
    [[ $status == 0 && $(end_state) == "$finished" ]] || wrong+=" $call: $said $(end_state)"
  done
  is "$3" "$((call > 20)) $wrong" '1 '
}
trouble kill-before 1 'killed before a call, and begun again, it ends the same'
trouble kill-after 2 'killed after a call, and begun again, it ends the same'
trouble fail 3 'refused a call, and begun again, it ends the same'

# --- An App in place of the token

sed 's|^token = .*|app_id = "1"\napp_private_key = "ssm:/mayfly/app-key"|' \
  "$root/deploy/mayfly.toml" >"$config"
new_account
deploy --token-file "$root/src/lab/github/emulated_app_key.pem"
is "an App's key is put where the configuration says" \
  "$status $(account '.parameters["/mayfly/app-key"] | .type + " " + .value')" \
  "0 SecureString $(<"$root/src/lab/github/emulated_app_key.pem")"
with_app() { sed 's|^token = .*|app_id = "1"\napp_private_key = "file:/app.pem"|' "$root/deploy/mayfly.toml"; }
with_app >"$config"
refuses "an App's key in a file" 'github.app_private_key' -- --token-file "$work/token"
cp "$root/deploy/mayfly.toml" "$config"

# --- The token, and the AWS CLI

is 'the token is in no argument and no line that was printed' \
  "$(grep -c "$token" "$work/all_calls" "$work/all_said" | paste -sd ' ')" \
  "$work/all_calls:0 $work/all_said:0"
is 'nor in what is left behind' "$(grep -rl "$token" "$work/out")" ''

# real_cli: each command line once, to an endpoint that nobody listens at.
real_cli() {
  local line output refused='' lines=0 port
  local -a words
  port=$(free_port)
  export AWS_ACCESS_KEY_ID=AKIA0123456789ABCDEF AWS_SECRET_ACCESS_KEY=secret AWS_MAX_ATTEMPTS=1
  while IFS= read -r line; do
    mapfile -t words < <(jq -r '.[] | gsub("\n"; " ")' <<<"$line")
    output=$(timeout 60 "${AWS_CLI:-/usr/bin/aws}" --endpoint-url "http://127.0.0.1:$port" \
      "${words[@]/#file:\/\/\/dev\/fd\/*/file://$work/token}" 2>&1)
    lines=$((lines + 1))
    [[ $output == *'Could not connect to the endpoint URL'* || $output == *'Failed to connect'* ]] ||
      refused+="${words[*]}: $output; "
  done < <(jq -sc 'unique_by(.[0:3], (map(select(startswith("--"))) | sort)) | .[]' "$work/all_calls" |
    grep -v tokenfile)
  is "Debian's AWS CLI accepts each of the script's command lines" "$((lines >= 20)) $refused" '1 '
}
real_cli

# --- The page

check 'docs/deploy-aws.md names what is there' python3 "$root/tests/lambda/page_test.py"
finish
