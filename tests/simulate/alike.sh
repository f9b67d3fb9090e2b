#!/usr/bin/env bash
# One seed is one history, whoever compiled the simulator: the hashes of the same seeds in several
# builds of it. Where they differ it says which seeds do; `simulate --trace --seed N --scenario NAME`
# of both builds, and diff, show where.
#
#   tests/simulate/alike.sh RUNS PROGRAM PROGRAM...
set -euo pipefail
runs=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 number=0

for program in "$@"; do
  number=$((number + 1))
  status=0
  "$program" simulate --hashes --once --seed 1 --runs "$runs" --jobs "${MAYFLY_JOBS:-0}" \
    --max-failures 1000000 --shrink-tries 0 >"$work/$number" || status=$?
  lines=$(grep -cE '^[a-z0-9-]+ [0-9]+ [0-9a-f]{16}$' "$work/$number" || true)
  if [[ $status != 0 || $lines != "$runs" ]]; then
    echo "not ok $program: exit status $status, $lines of $runs hashes"
    grep -vE '^[a-z0-9-]+ [0-9]+ [0-9a-f]{16}$' "$work/$number" | tail -n 20 || true
    failed=$((failed + 1))
  elif cmp -s "$work/1" "$work/$number"; then
    echo "ok $program: $lines histories, $(sha256sum <"$work/$number" | cut -c 1-16)"
    passed=$((passed + 1))
  else
    echo "not ok $program plays other histories than $1:"
    diff "$work/1" "$work/$number" | head -n 10 || true
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[[ $failed == 0 && $passed -gt 1 ]]
