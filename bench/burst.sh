#!/usr/bin/env bash
# a burst of runners: calls of CreateFleet and time to the last launch, under EC2's rate limits
#
#   bench/burst.sh [RUNS] [MATRIX]   by default 10 runs, each with a matrix of 50. Needs ./dev build,
#                                    curl, jq and python3
#
# Each run asks for its runners at once, which is one launch, with the ledger in a file and in a table
# of DynamoDB; and for one more at a time, each of which is a launch of its own. The emulated EC2 has the token buckets that AWS documents: fifty
# changing calls at once, then five a second. A call itself takes no time here.
# shellcheck source=/dev/null disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/support/measure.sh"

wanted=${1:-10} matrix=${2:-50}

is_counting() { curl -sf -m 1 -o /dev/null "http://127.0.0.1:$1/count"; }

# measure HOW [table]: one row, in a new world.
measure() {
  local id proxy count
  local -a runs=()
  start_emulator --no-machines
  proxy=$(free_port)
  start "$work/proxy.log" python3 "$support/burst.py" proxy "$proxy" "$AWS_ENDPOINT_URL"
  count=$started
  wait_until 20 is_counting "$proxy" || give_up 'calls are counted' "$(<"$work/proxy.log")"
  write_roomy_config
  [[ ${2:-} != table ]] || sed -i 's|^path = .*mayfly.db"$|table = "mayfly"|' "$config"
  sed -i -e "s/^\[limits\]/&\nmachines_per_run = $matrix\nmachines_per_actor = 1000/" "$config"
  AWS_ENDPOINT_URL=http://127.0.0.1:$proxy start_service
  while [[ ${#runs[@]} -lt $wanted ]]; do
    new_label
    id=$(start_run "$label")
    drive "$id" jobs/setup/begin || give_up 'a run begins'
    runs+=("$id")
  done
  python3 "$support/burst.py" "$1${2:+-$2}" "$url" "$proxy" "$AWS_ENDPOINT_URL" "$matrix" "${runs[@]}" ||
    give_up 'every runner is launched'
  stop "$service"
  stop "$count"
  stop "$emulator"
  rm -f "$work"/mayfly.db*
}

machine_line
echo '| how | runners | asks | calls of CreateFleet | of them throttled | last ask answered | last launch |'
echo '|---|--:|--:|--:|--:|--:|--:|'
measure together
measure together table
measure one-by-one
