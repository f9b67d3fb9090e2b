#!/usr/bin/env bash
# The emulated AWS against Debian's AWS CLI, a client that is not ours: starts the emulator and runs
# tests/aws_cli.sh on it.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rig.sh"

start_emulator
TMPDIR=$work timeout 300 "$root/tests/aws_cli.sh" "$AWS_ENDPOINT_URL" | tee "$work/aws.log"
read -r passed _ failed _ < <(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$work/aws.log")
# shellcheck disable=SC2034
[[ -n $passed ]] || { passed=0 failed=0; give_up 'tests/aws_cli.sh comes to its end'; }
stop "$emulator"
is 'mayfly emulate stops with status 0' "$stopped" 0
finish
