#!/usr/bin/env bash
# a burst of webhook deliveries: time of each answer, leases that come of it, and memory
#
#   bench/webhooks.sh [DELIVERIES]    by default 10000. Needs ./dev build, curl, jq, python3 and sqlite3
#   RUNS=N                            live runs of two jobs each among them, by default 10
#
# Half of the deliveries are sent twice, all are shuffled, one in a hundred is forged; most are of
# other jobs and repositories. 16 connections, from the same processors as the server.
# shellcheck source=/dev/null disable=SC2154,SC2016
source "$(dirname "${BASH_SOURCE[0]}")/support/measure.sh"

deliveries=${1:-10000} wanted=${RUNS:-10} connections=${CONNECTIONS:-16}
runs=()

memory() { awk -v key="$1:" '$1 == key { printf "%.1f", $2 / 1024 }' "/proc/$service/status"; }
leases() { sqlite3 -readonly "$work/mayfly.db" 'select count(*) from lease'; }
has_leases() { [[ $(leases) == "$1" ]]; }
# A run whose tests are queued, with labels that only it can have: ids are handed out in order.
begin_run() {
  local id
  id=$(curl -sf -m 5 --data "{\"labels\":[\"mayfly-$1-x86_64\",\"mayfly-$1-arm64\"],\"job_ms\":600000}" \
    "$github_url/_emulator/runs" | jq .id)
  [[ $id == "$1" ]] || give_up "the emulator's next run is $1" "$id"
  drive "$id" jobs/setup/begin || give_up 'a run begins'
  drive "$id" jobs/setup/complete || give_up 'its tests are queued'
  runs+=("$id")
}

start_emulator --model-machines
write_roomy_config
export WEBHOOK_SECRET=s3cret-of-the-bench
sed -i -e 's|^\[github\]|&\nwebhook_secret = "env:WEBHOOK_SECRET"|' \
  -e 's|^name = .*|&\nwebhook = "derived"|' "$config"
start_service
new_label
first=$(start_run "$label")
for ((i = 1; i <= wanted; i++)); do begin_run $((first + i)); done

machine_line
echo '| deliveries | p50 ms | p99 ms | max ms | answered otherwise | leases | of | RSS before | after | peak |'
echo '|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|'
at_rest=$(memory VmRSS)
"$python" "$support/webhooks.py" "$WEBHOOK_SECRET" "$deliveries" "${runs[@]}" >"$work/deliveries" ||
  give_up 'the deliveries are made'
row=$(wrk -t 1 -c "$connections" -d 20s -s "$support/webhooks.lua" "$url" "$work/deliveries" | tail -n 1)
[[ $row == *' 0 |' ]] || give_up 'every delivery is answered as documented' "$row"
wait_until 60 has_leases $((2 * wanted))
sleep 5 # nothing more comes of it
printf '%s %s | %s | %s MiB | %s MiB | %s MiB |\n' "$row" "$(leases)" $((2 * wanted)) \
  "$at_rest" "$(memory VmRSS)" "$(memory VmHWM)"
has_leases $((2 * wanted))
