#!/usr/bin/env bash
# upstream calls of one lease as a Lambda, beside 1 to 10,000 other runners; beside the seed's
#
#   bench/lambda_curve.sh [OTHERS...]   by default 1 10 100 1000 10000. Needs ./dev build
#   BASELINE=FILE                       the seed's Lambda in Python; without it, mayfly alone
#
# Counted in proxies before the emulated clouds, by a warm process: create, destroy, and the sweeps
# until the machine and the lease are gone. Machines run nothing here, so nothing claims.
# shellcheck source=/dev/null disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/support/measure.sh"

start_emulator --no-machines --no-limits
write_roomy_config
# A scheduled invocation sweeps once then.
sed -i 's/^every = .*/every = "60s"/' "$config"
sed "s|^path = .*|table = \"mayfly\"|" "$config" >"$work/table.toml"
export AWS_DEFAULT_REGION=$AWS_REGION GITHUB_API_URL=$github_url
machine_line
baseline=(-)
if has_baseline; then baseline=("$BASELINE"); else skip_baseline; fi
[[ $# -gt 0 ]] || set -- 1 10 100 1000 10000
"$python" "$support/lambda_curve.py" "$mayfly" "$config" "$work/table.toml" "${baseline[@]}" "$@"
