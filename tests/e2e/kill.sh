#!/usr/bin/env bash
# kill -9 at any moment: the service is killed while it creates leases, machines boot and jobs run,
# and started again on the same ledger. What was acknowledged survives, no lease ever has two
# machines, and at the end everything is gone and the books balance.
#
#   tests/e2e/kill.sh [ROUNDS]     12 without; MAYFLY_SEED=N repeats the moments of an earlier run
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rig.sh"

rounds=${1:-12}
seed=${MAYFLY_SEED:-$RANDOM}
k_patience=90 # seconds for everything to be gone
declare -A run_of=() acknowledged=()
retried=0

# --- Watching: two live machines for one lease at any look are a breach.

watch() {
  while :; do
    aws_state | jq -r '[.instances[] | select(.state == "pending" or .state == "running") |
      .tags["mayfly:lease"]] | group_by(.)[] | select(length > 1) | "\(length) of \(.[0])"'
    echo look >>"$work/looks"
    sleep 0.2
  done >>"$work/breaches" 2>/dev/null
}

# --- One round

# create LABEL: the answer goes to $work/answer.LABEL, curl's status to $work/status.LABEL.
create() {
  ask "{\"operation\":\"create\",\"architectures\":[\"x86_64\",\"arm64\"],\"label\":\"$1\"}" \
    >"$work/answer.$1"
  echo $? >"$work/status.$1"
}
created() {
  create "$1"
  [[ $(<"$work/status.$1") == 0 ]] || { sleep 1 && false; }
}
# note LABEL: what the caller was told of, and may rely on.
note() {
  local id
  [[ $(<"$work/status.$1") == 0 ]] || return
  while read -r id; do acknowledged[$id]=$1; done < <(jq -r '.leases[].id' "$work/answer.$1")
}
start_again() {
  start "$work/serve.log.$1" "$mayfly" serve --config "$config"
  service=$started
  wait_until 30 is_healthy || give_up "round $1: the service is healthy again" \
    "$(<"$work/serve.log.$1")"
}
# stop_jobs: each run's stop job runs when GitHub has let it, but in every sixth run it never does,
# and in every other of the rest it does not reach us.
stop_jobs() {
  local label number
  for label in "${!run_of[@]}"; do
    number=$((16#${label: -8}))
    [[ $(job_state "${run_of[$label]}" stop-runners) == queued ]] || continue
    ((number % 6 != 0)) || continue
    drive "${run_of[$label]}" jobs/stop-runners/begin
    ((number % 2 == 0)) || ask "{\"operation\":\"destroy\",\"label\":\"$label\"}" >/dev/null
    drive "${run_of[$label]}" jobs/stop-runners/complete
  done
}
play_round() {
  # In every other round within the call itself; else while machines boot and jobs run.
  local asking moment=$((RANDOM % ($1 % 2 ? 120 : 1500)))
  new_label
  run_of[$label]=$(start_run "$label")
  drive "${run_of[$label]}" jobs/setup/begin
  create "$label" &
  asking=$!
  sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
  stop "$service" KILL
  wait "$asking"
  start_again "$1"
  # rr's setup job fails then, and somebody runs it again: the same label.
  if [[ $(<"$work/status.$label") != 0 ]]; then
    retried=$((retried + 1))
    wait_until 75 created "$label" # GitHub may want a minute's pause by now
  fi
  note "$label"
  drive "${run_of[$label]}" jobs/setup/complete
  stop_jobs
  echo "# round $1: killed after $moment ms, create ended with $(<"$work/status.$label")" \
    "$(jq -r '.code // empty, .detail // empty' "$work/answer.$label" | paste -sd' ')"
}

# --- To the end

live_leases() { "$mayfly" leases --json --config "$config" 2>/dev/null | jq length; }
all_gone() {
  stop_jobs
  [[ $(live_leases) == 0 && $(live_instances) == 0 ]]
}
# states: of every lease, for the one who reads a failure.
states() {
  "$mayfly" leases --all --config "$config" 2>&1
  tail -n 20 "$work/serve.log.$rounds"
}

judge() {
  local id missing='' all
  if wait_until "$k_patience" all_gone; then
    ok "every lease is gone within $k_patience s, and no machine lives"
  else
    not_ok "every lease is gone within $k_patience s, and no machine lives" "$(states)"
  fi
  all=$("$mayfly" leases --all --json --config "$config")
  for id in "${!acknowledged[@]}"; do
    jq -e --arg i "$id" 'any(.[]; .id == $i)' <<<"$all" >/dev/null || missing+=" $id"
  done
  is "${#acknowledged[@]} acknowledged leases are in the ledger" "$missing" ''
  is 'every round had its two leases in the end' "${#acknowledged[@]}" $((2 * rounds))
  is 'a lease for each, and none besides' "$(jq length <<<"$all")" $((2 * rounds))
  is 'their jobs were done' "$(jq '[.[] | select(.outcome == "job-done")] | length' <<<"$all")" \
    $((2 * rounds))
  is "$(grep -c look "$work/looks") looks saw no lease with two machines" "$(<"$work/breaches")" ''
  check 'the audit is balanced' "$mayfly" audit --config "$config"
  is 'as many machines as EC2 started' "$("$mayfly" audit --json --config "$config" |
    jq .machines_launched)" "$(aws_state | jq '.instances | length')"
  stop "$service"
  is 'mayfly serve stops with status 0' "$stopped" 0
  is 'no service reported an error of its memory' \
    "$(grep -lE 'Sanitizer|runtime error' "$work"/serve.log* | wc -l)" 0
}

echo "# seed $seed"
RANDOM=$seed
start_emulator
write_config
start_service
touch "$work/breaches" "$work/looks"
watch &
watcher=$!
for ((round = 1; round <= rounds; ++round)); do play_round "$round"; done
echo "# $retried of $rounds create calls were lost and asked again"
judge
kill "$watcher"
finish
