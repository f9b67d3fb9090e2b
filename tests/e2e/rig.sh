# shellcheck shell=bash disable=SC2034
# Sourced by the end-to-end suites: counts checks, starts the emulated clouds and a real `mayfly
# serve` on free ports, and at the end takes away every process and file it made.
#
# The programs are those of build/dev, or of the directory that MAYFLY_BUILD names.
set -uo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${MAYFLY_BUILD:-$root/build/dev}
mayfly=$build/mayfly
work=$(mktemp -d "${TMPDIR:-/tmp}/mayfly-test-XXXXXX")
config=$work/mayfly.toml
label_number=0 passed=0 failed=0
sessions=()

# --- Checks

# ok NAME / not_ok NAME [WHY]
ok() {
  passed=$((passed + 1))
  printf 'ok %s\n' "$1"
}
not_ok() {
  failed=$((failed + 1))
  printf 'not ok %s\n' "$1"
  [[ -z ${2:-} ]] || head -c 3000 <<<"$2" | sed 's/^/    /'
}
# is NAME GOT WANTED
is() { if [[ $2 == "$3" ]]; then ok "$1"; else not_ok "$1" "got '$2', wanted '$3'"; fi; }
# says NAME TEXT PART...: every PART stands in TEXT.
says() {
  local name=$1 text=$2 part
  shift 2
  for part in "$@"; do
    [[ $text == *"$part"* ]] || { not_ok "$name" "'$part' is not in: $text"; return; }
  done
  ok "$name"
}
# check NAME COMMAND...: the command must succeed.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then ok "$name"; else not_ok "$name" "$output"; fi
}
# wait_until SECONDS COMMAND...: tries until it succeeds.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}
finish() {
  echo "$passed passed, $failed failed"
  exit $((failed > 0))
}
give_up() {
  not_ok "$1" "${2:-}"
  finish
}

# --- Processes: each is started as the leader of a session, which holds all that it starts.

# start LOG COMMAND...: sets $started.
start() {
  local log=$1
  shift
  # Here and not by the child: who waits for a line must not find it in the log of the one before,
  # and end a child that is still this shell, with its clean_up.
  : >"$log"
  setsid "$@" >"$log" 2>&1 </dev/null &
  started=$!
  sessions+=("$started")
}
# session_pids SESSION: what still runs of it.
session_pids() {
  local stat fields
  for stat in /proc/[0-9]*/stat; do
    read -r fields <"$stat" || continue
    read -ra fields <<<"${fields##*) }"
    [[ ${fields[3]} != "$1" || ${fields[0]} == Z ]] || basename "${stat%/stat}"
  done 2>/dev/null
}
is_over() { [[ -z $(session_pids "$1") ]]; }
# stop PID [SIGNAL]: sets $stopped to its exit status, or to "stuck".
stop() {
  {
    kill -s "${2:-TERM}" "$1"
    stopped=stuck
    if wait_until 20 is_ended "$1"; then
      wait "$1"
      stopped=$?
    fi
  } 2>/dev/null # bash says there who was killed
}
is_ended() {
  local state
  { read -r state <"/proc/$1/stat"; } 2>/dev/null || return 0
  [[ ${state##*) } == Z* ]]
}
clean_up() {
  trap - EXIT
  trap '' INT TERM HUP
  local session pids
  mapfile -t pids < <(jobs -p)
  [[ ${#pids[@]} -eq 0 ]] || kill "${pids[@]}" 2>/dev/null
  for session in "${sessions[@]}"; do
    wait_until 5 is_over "$session" && continue
    mapfile -t pids < <(session_pids "$session")
    [[ ${#pids[@]} -eq 0 ]] || kill -KILL "${pids[@]}" 2>/dev/null
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

# --- The emulated clouds and the service

# free_port: one that nobody listens on, below those that the system hands out by itself.
free_port() {
  local port
  for _ in {1..50}; do
    port=$((20000 + RANDOM % 10000))
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}
# start_emulator [ARG...]: sets $github_url, and the environment to reach it.
start_emulator() {
  unset AWS_PROFILE AWS_SESSION_TOKEN http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
  export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
  start "$work/emulate.log" "$mayfly" emulate --aws-port 0 --github-port 0 "$@"
  emulator=$started
  wait_until 20 grep -qs Ctrl-C "$work/emulate.log" ||
    give_up 'mayfly emulate starts' "$(<"$work/emulate.log")"
  eval "$(grep '^  export ' "$work/emulate.log")"
  github_url=$(sed -n 's/.*GitHub at \(http[^,]*\),.*/\1/p' "$work/emulate.log")
}

# ask_for_both RUN_ID: a runner of each architecture for the run; prints the leases' ids.
ask_for_both() {
  curl -s -H 'Content-Type: application/json' --data "$(jq -cn --argjson run "$1" '{repository:
    "rr-debugger/rr", run_id: $run, runners: [{architecture: "x86_64"}, {architecture: "arm64"}]}')" \
    "$url/v1/leases" | jq -r '.leases[].id'
}

# write_config: sets $url and $admin_port; for the emulator, with limits that do not get in the way.
write_config() {
  port=$(free_port) admin_port=$port url=http://127.0.0.1:$port
  while [[ $admin_port == "$port" ]]; do admin_port=$(free_port); done
  cat >"$config" <<TOML
deployment = "e2e"
public_url = "$url"
[listen]
port = $port
admin_port = $admin_port
[github]
api_url = "$github_url"
token = "env:GITHUB_TOKEN"
organization = "rr-debugger"
calls_per_minute = ${calls_per_minute:-10000}
[[repository]]
name = "rr-debugger/rr"
seed_labels = "while-a-run-is-live"
[aws]
region = "$AWS_REGION"
security_group_ids = ["sg-0123456789abcdef0"]
subnet_ids = ["subnet-0a000000000000001", "subnet-0b000000000000002"]
[image.x86_64]
ssm_parameter = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
[image.arm64]
ssm_parameter = "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id"
[[instance_type]]
architecture = "x86_64"
type = "c5.9xlarge"
usd_per_hour = "1.53"
[[instance_type]]
architecture = "arm64"
type = "c6g.8xlarge"
usd_per_hour = "1.088"
[limits]
machines = 100
machines_per_repository = 100
machines_for_seed_labels = 100
launches_per_hour = 10000
usd_per_day = "10000.00"
usd_per_month = "10000.00"
asks_per_minute = ${asks_per_minute:-100000}
[ledger]
path = "$work/mayfly.db"
[sweep]
every = "1s"
TOML
}
is_healthy() { [[ $(curl -s -m 2 "http://127.0.0.1:$admin_port/healthz") == '{"healthy":true'* ]]; }
# start_service: sets $service; gives up if it does not become healthy.
start_service() {
  start "$work/serve.log" "$mayfly" serve --config "$config"
  service=$started
  wait_until 20 is_healthy || give_up 'mayfly serve becomes healthy' "$(<"$work/serve.log")"
}

# --- What callers and GitHub do

new_label() {
  label_number=$((label_number + 1))
  printf -v label 'rr_runner_%024x%08x' "$$" "$label_number"
}
# ask JSON: as rr's workflow does, byte for byte. The answer goes to standard output.
ask() {
  curl --fail-with-body -s -X POST -H 'Content-Type: application/json' --data "$1" "$url"
}
# start_run LABEL: prints its id.
start_run() {
  curl -sf -m 5 --data "{\"label\":\"$1\"}" "$github_url/_emulator/runs" | jq .id
}
# drive RUN WHAT: for example "jobs/setup/begin" or "cancel".
drive() { curl -sf -m 5 -o /dev/null -X POST "$github_url/_emulator/runs/$1/$2"; }
job_state() {
  curl -s -m 5 "$github_url/_emulator/runs/$1" |
    jq -r --arg n "$2" '.jobs[]|select(.name==$n).state'
}
# end_run RUN: cancels it; its stop job, which runs always, does without asking anything.
end_run() {
  drive "$1" cancel
  drive "$1" jobs/stop-runners/begin && drive "$1" jobs/stop-runners/complete
}
aws_state() { curl -s -m 5 "$AWS_ENDPOINT_URL/_emulator/aws/state"; }
live_instances() { aws_state | jq '[.instances[]|select(.state != "terminated")]|length'; }
lease_state() { curl -s -m 5 "$url/v1/leases/$1" | jq -r .state; }
lease_is() { [[ $(lease_state "$1") == "$2" ]]; }
