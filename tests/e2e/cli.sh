#!/usr/bin/env bash
# The command line as an operator meets it: what helps, what is said of a broken configuration, what
# `check` finds, and each command on leases that live, with its exit status.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rig.sh"

# run ARG...: runs mayfly; sets $out, $err (what went to each) and $status.
run() {
  timeout 60 "$mayfly" "$@" >"$work/out" 2>"$work/err" </dev/null
  status=$?
  out=$(<"$work/out") err=$(<"$work/err")
}
# runs NAME STATUS ARG...
runs() {
  local name=$1 wanted=$2
  shift 2
  run "$@"
  if [[ $status == "$wanted" ]]; then
    ok "$name: exit status $wanted"
  else
    not_ok "$name: exit status $wanted" "$status: $out$err"
  fi
}
here() { runs "$@" --config "$config"; }

help_teaches() {
  local command words
  runs '--help' 0 --help
  says '--help names every command, the exit statuses and the sample' "$out" serve check leases \
    lease release sweep audit costs link completion emulate demo simulate 'Exit status' deploy/mayfly.toml
  while read -r command words; do
    run "$command" --help
    # shellcheck disable=SC2086
    says "$command --help names its options" "$status $out" '0 ' $words
  done <<'TABLE'
serve --config MAYFLY_CONFIG mayfly.toml
check --config --json --create-runner-group
leases --config --all --count --watch --json
lease --config --json id
release --config id
sweep --config --stateless --json
audit --config --export --sign-with --verify --key --json
costs --config --by workflow --month --times --markdown --csv --json
link --config --for
help --man
completion bash
emulate --aws-port --github-port --directory --record
demo --runs --old-shape --lambda --keep --record --verbose
simulate --seed --runs --years --minutes --scenario --faults --crash-points --replay --list --json
TABLE
  runs 'help costs' 0 help costs
  says 'help costs is costs --help' "$out" 'mayfly costs' --by --month
  runs 'help of no command' 2 help leasess
  runs '--version' 0 --version
  says '--version says it' "$out" 'mayfly '
}

# Links to the dashboard: who has the token makes them, for a while.
links_are_made() {
  here 'link without a token' 2 link
  says 'link without a token says which key' "$err" listen.admin_token
  sed 's/^port = .*/&\nadmin_token = "env:LINK_TOKEN"/' "$config" >"$work/linked.toml"
  LINK_TOKEN=short runs 'link by a short token' 2 link --config "$work/linked.toml"
  says 'link by a short token says how long it has to be' "$err" '16 characters'
  local -x LINK_TOKEN=correct-horse-battery life
  runs 'link' 0 link --config "$work/linked.toml"
  says 'link is below public_url' "$out" "$url/operator/"
  says 'link says until when, and who opens it' "$err" 'open until' 'for whoever has it' Lambda
  is 'link does not show the token' "$(grep -c "$LINK_TOKEN" <<<"$out$err")" 0
  for life in 25h 0s -1h x; do
    runs "link for $life" 2 link "--for=$life" --config "$work/linked.toml"
  done
}

# The manual page and the completion, with groff and a bash of their own.
manual_and_completion() {
  runs 'help --man' 0 help --man
  cp "$work/out" "$work/mayfly.1"
  is 'groff has nothing to say about the manual page' \
    "$(groff -man -Tutf8 -ww "$work/mayfly.1" 2>&1 >"$work/rendered")" ''
  says 'the manual page, rendered' "$(sed 's/\x1b\[[0-9;]*m//g; s/.\x08//g' "$work/rendered")" \
    'MAYFLY(1)' 'mayfly audit' '--sign-with REFERENCE' 'one of repository, workflow' 'EXIT STATUS'
  if command -v mandoc >"$work/out"; then
    check 'mandoc finds no error in it' mandoc -T lint -W error "$work/mayfly.1"
  fi
  runs 'completion bash' 0 completion bash
  cp "$work/out" "$work/completion"
  # shellcheck disable=SC2016
  check 'bash takes the completion' bash --norc -euc 'source "$1"; complete -p mayfly' _ "$work/completion"
  is 'completion of a command' "$(complete_words mayfly le)" 'leases lease'
  is 'completion of an option' "$(complete_words mayfly costs --m)" '--month --markdown'
  is 'completion of a value' "$(complete_words mayfly costs --by a)" 'actor arch'
  is 'completion of a file' "$(complete_words mayfly serve --config "$work/mayfly.1")" "$work/mayfly.1"
  runs 'completion of no shell' 2 completion tcsh
}
# complete_words WORD...: what a bash that has sourced it offers for the last of these.
complete_words() {
  # shellcheck disable=SC2016
  bash --norc -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mayfly
    echo "${COMPREPLY[*]}"' _ "$work/completion" "$@"
}

wrong_words() {
  runs 'no command' 2
  says 'no command: how to go on' "$out$err" --help
  runs 'a misspelt command' 2 leasess
  says 'a misspelt command: the nearest one' "$err" '"leasess"' 'did you mean leases?' --help
  here 'an unknown option' 2 leases --jsn
  says 'an unknown option is named' "$out$err" --jsn
  here 'a lease without its id' 2 lease
  here 'an id that is none' 2 lease nonsense
  says 'an id that is none: the reason' "$err" '"nonsense" is no lease id' lease-not-found
  here 'a lease that is not there' 2 release l-00000000000000000000
  says 'a lease that is not there: the reason' "$err" 'there is no lease l-00000000000000000000'
  here 'a count out of range' 2 leases --all --count 0
}

# broken NAME SED_SCRIPT PART...: the configuration with the change is refused, and says so.
broken() {
  local name=$1
  sed "$2" "$config" >"$work/broken.toml"
  shift 2
  runs "$name" 2 leases --config "$work/broken.toml"
  says "$name: what, where and how to mend it" "$err" "$work/broken.toml:" config-invalid "$@"
}
line_of() { grep -n -m 1 -- "$1" "$config" | cut -d: -f1; }

broken_configurations() {
  runs 'no configuration' 2 serve --config "$work/absent.toml"
  says 'no configuration: what, and how to give one' "$err" "$work/absent.toml" 'No such file' \
    --config MAYFLY_CONFIG
  broken 'a misspelt key' s/seed_labels/seed_lables/ ":$(line_of ^seed_labels): " \
    'repository.seed_lables is not a key' 'did you mean repository.seed_labels?'
  broken 'a misspelt table' 's/^\[limits\]/[limit]/' ":$(line_of '^\[limits')" \
    'did you mean limits?'
  broken 'a number in quotes' 's/^port = .*/port = "x"/' ":$(line_of ^port): " \
    'listen.port must be a whole number from 1 to 65535' 'not "x"'
  broken 'a duration of another form' 's/^every.*/every = "1 sec"/' ":$(line_of ^every): " \
    'sweep.every must be a duration like "5s"'
  broken 'a missing key' '/^region/d' 'aws.region is missing'
  broken 'a table that does not close' 's/^\[limits\]/[limits/' ":$(line_of '^\[limits'): " "']'"
  broken 'a secret instead of a reference' 's/env:GITHUB_TOKEN/github_pat_11SECRET/' github.token \
    'env:'
  is 'a secret instead of a reference is not repeated' "$(grep -c github_pat_11SECRET <<<"$err")" 0
  MAYFLY_CONFIG=$config runs 'the configuration by MAYFLY_CONFIG' 0 leases
  here 'a port that is taken' 2 serve
  says 'a port that is taken is named' "$err" "port $port" 'in use'
  # Its GitHub token is in SSM, under a name that only its owner has.
  cd "$work" && runs 'the sample' 1 check --config "$root/deploy/mayfly.toml"
  cd "$root" || return
  says 'the sample is accepted; only what it points to is not there' "$out" ssm:/mayfly/github-token
  is 'the sample: nothing is wrong with the file' "$(grep -c config-invalid <<<"$out$err")" 0
}

check_runner_group() {
  here 'check with the default runner group' 1 check
  says 'check with the default runner group: who else may use it, and how to mend it' "$out" \
    'problem  github: runner group: group 1 (Default)' '--create-runner-group'
  here 'check --create-runner-group' 0 check --create-runner-group mayfly-e2e
  says 'check --create-runner-group: what to write' "$out" 'runner_group_id = 2'
  here 'check --create-runner-group again' 0 check --create-runner-group mayfly-e2e --json
  is 'check --create-runner-group again: the same' "$(jq .runner_group_id <<<"$out")" 2
  here 'check --create-runner-group with a name that is taken' 2 check --create-runner-group default
  sed -i 's/^organization = .*/&\nrunner_group_id = 3/' "$config"
  here 'check with a runner group that is not there' 1 check
  says 'check with a runner group that is not there' "$out" 'there is no group 3'
  sed -i 's/^runner_group_id = .*/runner_group_id = 2/' "$config"
}

check_finds() {
  here 'check, all well' 0 check
  is 'check, all well: every line is ok' "$(grep -vc '^ok ' <<<"$out")" 0
  says 'check, all well: it tells what it looked at' "$out" 'github: runners' \
    'aws: ec2:CreateFleet for arm64' 'ec2:ModifyInstanceMetadataOptions' \
    "at most \$3672.00 a day: 100 machines x \$1.53 an hour (c5.9xlarge) x 24 h"
  here 'check --json' 0 check --json
  is 'check --json is a list of findings' "$(jq -r 'all(.[]; .level == "ok" and .subject and
    .text) and length > 8' <<<"$out")" true
  is 'check --json tells the worst day' "$(jq -r '.[] | .usd_per_day // empty' <<<"$out")" \
    "\$3672.00"
  GITHUB_TOKEN=wrong here 'check with a wrong GitHub token' 1 check
  says 'check with a wrong GitHub token: what to change' "$out" 'problem  github: runners' \
    'Replace the token named by github.token' 'ok       aws: ec2:DescribeInstances'
  is 'the token is not shown' "$(grep -cw wrong <<<"$out$err")" \
    "$(grep -c 'or is wrong' <<<"$out")"
  (unset GITHUB_TOKEN && here 'check without a GitHub token' 1 check &&
    says 'check without a GitHub token: which variable' "$out" GITHUB_TOKEN) >"$work/sub" 2>&1
  count "$work/sub"
  AWS_SECRET_ACCESS_KEY=wrong here 'check with a wrong AWS secret' 1 check
  says 'check with a wrong AWS secret: what to change' "$out" \
    'problem  aws: ec2:DescribeInstances' SignatureDoesNotMatch 'from environment' \
    'ok       github: runners'
  AWS_ACCESS_KEY_ID=AKIANOBODY here 'check with an unknown AWS key' 1 check
  says 'check with an unknown AWS key: what to change' "$out" 'problem  aws:' AuthFailure
  AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' AWS_EC2_METADATA_DISABLED=true \
    here 'check without an AWS key' 1 check --json
  is 'check without an AWS key: the finding' "$(jq -r '.[] | select(.level == "problem") |
    .subject' <<<"$out")" 'aws: credentials'
}
# count LOG: takes over what a subshell found.
count() {
  cat "$1"
  passed=$((passed + $(grep -c '^ok ' "$1")))
  failed=$((failed + $(grep -c '^not ok ' "$1")))
}

live_leases() {
  local run_id id
  here 'leases, none' 0 leases
  here 'audit, nothing yet' 0 audit --json
  is 'audit, nothing yet: balanced' "$(jq .balanced <<<"$out")" true
  is 'audit, nothing yet: launches do not pause' "$(jq .launches_paused <<<"$out")" null
  new_label
  run_id=$(start_run "$label")
  # Labels that are derived from the run: no job of the emulated one takes such a runner.
  mapfile -t ids < <(ask_for_both "$run_id")
  for id in "${ids[@]}"; do
    check "$id is online" wait_until 40 lease_is "$id" online
  done
  here 'leases' 0 leases
  says 'leases: the table' "$out" LEASE "${ids[0]}" "${ids[1]}" rr-debugger/rr "$run_id/1" spot
  here 'leases --json' 0 leases --json
  is 'leases --json: both' "$(jq 'length' <<<"$out")" 2
  here 'lease' 0 lease "${ids[0]}"
  says 'lease: facts, where the time went, and timeline' "$out" "${ids[0]}  online" 'running' \
    "mayfly-$run_id-" '|#' 'runner online after' 'under way: GitHub gives it a job' asked verified \
    booting machine-booted claimed online
  here 'lease --json' 0 lease "${ids[0]}" --json
  is 'lease --json: machine and timeline' \
    "$(jq '(.machines | length) == 1 and .timeline[0].event == "asked"' <<<"$out")" true
  here 'sweep' 0 sweep
  says 'sweep: what it did' "$out" '2 live leases, 2 instances' '0 problems'
  here 'sweep --stateless' 0 sweep --stateless --json
  is 'sweep --stateless ends nothing in its time' "$(jq -c . <<<"$out")" \
    '{"instances":2,"ended":[]}'
  here 'audit, machines in use' 0 audit
  says 'audit, machines in use: the figures' "$out" '2 live' 'machines are in use' reserved
}

# Elsewhere than at a terminal: a line for each change. At one: the table, drawn anew.
watching() {
  start "$work/watch.log" "$mayfly" leases --watch --config "$config"
  watcher=$started
  check 'leases --watch: a line for each lease' wait_until 10 grep -qs "${ids[1]}  online" "$work/watch.log"
  is 'leases --watch to a file: no control characters' "$(tr -d '\n[:print:]' <"$work/watch.log" | wc -c)" 0
}
watching_ends() {
  check 'leases --watch: and one when it changes' wait_until 10 grep -qs "${ids[1]}  no longer live" "$work/watch.log"
  is 'leases --watch: nothing is said twice' "$(grep -c "${ids[1]}  online" "$work/watch.log")" 1
  stop "$watcher" INT
  is 'leases --watch: Ctrl-C ends it, and well' "$stopped" 0
  timeout -s INT 3 script -qec "$mayfly leases --watch --config $config" /dev/null \
    >"$work/screen" 2>&1 </dev/null
  is 'leases --watch at a terminal: the screen is cleared for each table' \
    "$(grep -c $'\x1b\[H\x1b\[2J' "$work/screen")" "$(grep -c 'Ctrl-C ends' "$work/screen")"
  check 'and drawn' grep -q 'no live leases' "$work/screen"
}

endings() {
  here 'release' 0 release "${ids[0]}"
  says 'release: what happens now' "$out" "${ids[0]} is ending"
  here 'sweep after release' 0 sweep --json
  # The service may have been faster by a moment: either way the machine goes within one sweep.
  check 'one sweep later its machine is going' wait_until 3 is_going "${ids[0]}"
  check 'and the lease is gone' wait_until 30 lease_is "${ids[0]}" gone
  here 'release once more' 0 release "${ids[0]}"
  says 'release once more: it is done already' "$out" already
  is 'the other lease lives on' "$(lease_state "${ids[1]}")" online
  here 'release of the other' 0 release "${ids[1]}"
  check 'both are gone' wait_until 30 lease_is "${ids[1]}" gone
  here 'leases --all' 0 leases --all
  is 'leases --all shows the old ones' "$(grep -c 'gone (released)' <<<"$out")" 2
  here 'leases --all --count' 0 leases --all --count 1 --json
  is 'leases --all --count 1 shows one' "$(jq length <<<"$out")" 1
  here 'audit at the end' 0 audit
  says 'audit at the end' "$out" 'machines launched  2' 'machines ended     2' \
    'launched = ended: every machine is gone'
}
is_going() {
  [[ $(aws_state | jq -r --arg l "$1" \
    '.instances[] | select(.tags["mayfly:lease"] == $l).state') == @(shutting-down|terminated) ]]
}

# The second enforcer needs no ledger and no GitHub: a machine past its deadline ends by its tags.
stateless_enforcer() {
  local id
  id=$(overdue_machine) || return
  sed -e 's|^path = .*|path = "/nowhere/mayfly.db"|' "$config" >"$work/second.toml"
  GITHUB_TOKEN='' runs 'sweep --stateless finds an overdue machine' 0 sweep --stateless \
    --config "$work/second.toml"
  says 'sweep --stateless says what it ended and why' "$out" "$id" 'past its deadline' terminated
}
# Prints the id of a machine with our deployment's tag and a deadline that has passed.
overdue_machine() {
  local tags='ResourceType=instance,Tags=[{Key=mayfly:deployment,Value=e2e}'
  "${AWS_CLI:-/usr/bin/aws}" --endpoint-url "$AWS_ENDPOINT_URL" --region "$AWS_REGION" ec2 \
    run-instances --image-id ami-0f3c0000000000002 --instance-type c5.9xlarge --count 1 \
    --subnet-id subnet-0a000000000000001 --instance-initiated-shutdown-behavior terminate \
    --tag-specifications "$tags,{Key=mayfly:expires-at,Value=1600000000}]" \
    --query 'Instances[0].InstanceId' --output text
}

without_the_clouds() {
  stop "$service"
  is 'serve stops with status 0' "$stopped" 0
  stateless_enforcer
  stop "$emulator"
  is 'emulate stops with status 0' "$stopped" 0
  here 'leases without the clouds' 0 leases --all
  here 'sweep without the clouds' 1 sweep
  here 'sweep --stateless without the clouds' 2 sweep --stateless
  says 'sweep --stateless without the clouds: the reason' "$err" aws-unavailable refused
  here 'check without the clouds' 1 check
}

start_emulator
write_config
start_service
help_teaches
manual_and_completion
links_are_made
wrong_words
broken_configurations
check_runner_group
check_finds
live_leases
watching
endings
watching_ends
without_the_clouds
finish
