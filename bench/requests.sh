#!/usr/bin/env bash
# GET /v1/leases/{id} under load: requests a second, latency, processor time and memory
#
#   bench/requests.sh [SECONDS]    by default 5. Needs ./dev build, curl, jq and wrk
#   CONNECTIONS=N                  by default 32
#
# The lease has lived its whole life: its machine booted, ran its job and is gone, and the answer
# holds all of its timeline. wrk runs on the same processors as the server.
# shellcheck source=/dev/null disable=SC2154,SC2016
source "$(dirname "${BASH_SOURCE[0]}")/support/measure.sh"

seconds=${1:-5} connections=${CONNECTIONS:-32}

finish_a_lease() {
  local run
  new_label
  run=$(start_run "$label")
  drive "$run" jobs/setup/begin || give_up 'a run begins'
  lease=$(ask '{"operation":"create","architecture":"x86_64","label":"'"$label"'"}' |
    jq -r '.leases[0].id')
  drive "$run" jobs/setup/complete
  wait_until 90 lease_is "$lease" gone || give_up 'the lease ends' "$(<"$work/serve.log")"
}
# cpu_ticks: of the server, in user and system, since its start.
cpu_ticks() {
  local fields
  read -r fields <"/proc/$service/stat"
  read -ra fields <<<"${fields##*) }"
  echo $((fields[11] + fields[12]))
}
memory() { awk -v key="$1:" '$1 == key { printf "%.1f", $2 / 1024 }' "/proc/$service/status"; }
from_wrk() { awk "$1" "$work/wrk.out"; }

start_emulator
write_roomy_config
start_service
at_rest=$(memory VmRSS)
finish_a_lease
curl -sf -o "$work/answer" "$url/v1/leases/$lease" || give_up 'the lease is shown'

machine_line
before=$(cpu_ticks)
wrk -t2 -c"$connections" -d"${seconds}s" --latency "$url/v1/leases/$lease" >"$work/wrk.out" 2>&1 ||
  give_up 'wrk runs' "$(<"$work/wrk.out")"
ticks=$(($(cpu_ticks) - before))
served=$(from_wrk '/requests in/ { print $1 }')

printf 'One answer: %d bytes, %d events. %d connections for %d s.\n\n' \
  "$(stat -c %s "$work/answer")" "$(jq '.timeline | length' "$work/answer")" \
  "$connections" "$seconds"
echo '| requests/s | p50 | p99 | not 2xx | CPU of the server | CPU a request | RSS before | peak |'
echo '|--:|--:|--:|--:|--:|--:|--:|--:|'
printf '| %s | %s | %s | %s | %s | %s | %s MiB | %s MiB |\n' \
  "$(from_wrk '/^Requests\/sec/ { print int($2) }')" "$(from_wrk '$1 == "50%" { print $2 }')" \
  "$(from_wrk '$1 == "99%" { print $2 }')" \
  "$(from_wrk '/Non-2xx/ { bad = $NF } /Socket errors/ { bad = $0 } END { print bad + 0 }')" \
  "$(awk -v t="$ticks" -v hz="$(getconf CLK_TCK)" -v s="$seconds" \
    'BEGIN { printf "%d %%", 100 * t / hz / s }')" \
  "$(awk -v t="$ticks" -v hz="$(getconf CLK_TCK)" -v n="$served" \
    'BEGIN { printf "%d µs", 1e6 * t / hz / n }')" \
  "$at_rest" "$(memory VmHWM)"
