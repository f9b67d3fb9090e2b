#!/usr/bin/env bash
# the pages with the ledger in DynamoDB: each page's time, calls and units; many viewers; throttling
#
#   bench/pages_table.sh [LEASES] [VIEWERS] [SECONDS]    by default 3000, 20, 60. Needs ./dev build,
#                                                        curl, jq and python3
#
# The table is the emulated one, on loopback, behind a proxy in Python that counts: what a call takes
# here says nothing of AWS, how many there are does. The sweep, which reads the table too, waits.
# shellcheck source=/dev/null disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/support/measure.sh"

leases=${1:-3000} viewers=${2:-20} seconds=${3:-60}

is_counting() { curl -sf -m 1 -o /dev/null --data '' "http://127.0.0.1:$1/_count"; }

start_emulator --no-machines
write_roomy_config
"$mayfly" leases --config "$config" >/dev/null 2>&1
tests/pages/fill_ledger.py "$work/mayfly.db" "$leases" || give_up 'a ledger is filled'
tests/pages/copy_to_table.py "$work/mayfly.db" mayfly >/dev/null || give_up 'the table is filled'
sed -i -e 's|^path = .*mayfly.db"$|table = "mayfly"|' -e 's|^every = .*|every = "60s"|' "$config"
proxy=$(free_port)
start "$work/proxy.log" "$python" "$support/pages_table.py" proxy "$proxy" "$AWS_ENDPOINT_URL"
wait_until 20 is_counting "$proxy" || give_up 'calls are counted' "$(<"$work/proxy.log")"
AWS_ENDPOINT_URL=http://127.0.0.1:$proxy start_service
run=$(curl -sf -m 5 --data '{"labels":["PLACE-x86_64-bench","PLACE-arm64-bench"]}' \
  "$github_url/_emulator/runs" | jq .id)
ask_for_both "$run" >/dev/null

machine_line
printf '%d leases in the table, two of them live.\n\n' $((leases + 2))
"$python" "$support/pages_table.py" measure "$url" "http://127.0.0.1:$admin_port" \
  "http://127.0.0.1:$proxy" "$leases" "$viewers" "$seconds" || give_up 'every page is answered'
