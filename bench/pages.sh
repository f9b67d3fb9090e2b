#!/usr/bin/env bash
# the pages with a full ledger: each page's time; then a thousand viewers of one lease: memory, sweeps
#
#   bench/pages.sh [LEASES] [VIEWERS] [SECONDS]    by default 10000, 1000, 60. Needs ./dev build, curl,
#                                                  jq and python3
#
# The ledger is SQLite's. Each viewer asks as a browser does: every three seconds, give or take a
# fifth, on a connection of its own, and says which version it has.
# shellcheck source=/dev/null disable=SC2154,SC2016
source "$(dirname "${BASH_SOURCE[0]}")/support/measure.sh"

leases=${1:-10000} viewers=${2:-1000} seconds=${3:-60}
export ADMIN_TOKEN=secret-of-the-bench

# begin_a_lease: one whose runner waits for its job; sets $lease.
begin_a_lease() {
  local run
  run=$(curl -sf -m 5 --data '{"labels":["PLACE-x86_64-bench","PLACE-arm64-bench"],"job_ms":600000}' \
    "$github_url/_emulator/runs" | jq .id)
  lease=$(ask_for_both "$run" | head -n 1)
  wait_until 60 lease_is "$lease" online || give_up 'a runner comes online' "$(<"$work/serve.log")"
}

start_emulator --model-machines
write_roomy_config
sed -i -e 's|^admin_port = .*|&\nadmin_token = "env:ADMIN_TOKEN"\nconnections_per_prefix = 4000|' "$config"
start_service
tests/pages/fill_ledger.py "$work/mayfly.db" "$leases" || give_up 'the ledger is filled'
begin_a_lease

machine_line
printf '%d leases in the ledger.\n\n' "$leases"
"$python" "$support/pages.py" times "$url" "http://127.0.0.1:$admin_port" "$leases" "$lease" ||
  give_up 'every page is answered'
echo
"$python" "$support/pages.py" viewers "$url" "http://127.0.0.1:$admin_port" "$lease" "$viewers" \
  "$seconds" "$service" || give_up 'every viewer is answered'
