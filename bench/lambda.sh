#!/usr/bin/env bash
# as a Lambda: cold start, processor time of a create and a destroy, memory; beside the seed's
#
#   bench/lambda.sh [COLD] [WARM]    by default 20 cold starts and 50 warm rounds. Needs ./dev build
#   BASELINE=FILE                    the seed's Lambda in Python; without it, mayfly alone is measured
#   LEDGER=file                      SQLite in a folder, instead of a DynamoDB table
#
# Both programs are spoken to by the same runtime API on loopback, in turn, against the same emulated
# clouds. The seed's create leaves out its wait for the machine to run. Both read their secrets from
# the environment.
# shellcheck source=/dev/null disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/support/measure.sh"

start_emulator --no-machines
write_roomy_config
[[ ${LEDGER:-table} == file ]] || sed -i 's|^path = .*mayfly.db"$|table = "mayfly"|' "$config"
export AWS_DEFAULT_REGION=$AWS_REGION GITHUB_API_URL=$github_url MAYFLY_CONFIG=$config
machine_line
baseline=()
if has_baseline; then baseline=("$BASELINE"); else skip_baseline; fi
"$python" "$support/lambda_bench.py" "${1:-20}" "${2:-50}" "$github_url" "$mayfly" "${baseline[@]}"
