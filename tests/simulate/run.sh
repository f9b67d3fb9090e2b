#!/usr/bin/env bash
# A share of `mayfly simulate`, built with sanitizers: the seeds that once failed, a campaign through
# scenarios with each history played twice, and crash points of the smallest scenario. All of
# it: ./dev simulate.
#
#   tests/simulate/run.sh [MAYFLY]
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
mayfly=${1:-build/dev/mayfly}
passed=0 failed=0

# holds NAME ARG...: the simulations of one command; what they said is shown where they fail.
holds() {
  local name=$1 began=$SECONDS output status=0
  shift
  output=$(timeout 300 "$mayfly" simulate "$@" 2>&1 </dev/null) || status=$?
  if [[ $status == 0 ]]; then
    echo "ok $name ($((SECONDS - began)) s)"
    passed=$((passed + 1))
  else
    printf 'not ok %s: exit status %d of mayfly simulate %s\n%s\n' "$name" "$status" "$*" "$output"
    failed=$((failed + 1))
  fi
}

# refuses NAME WORDS ARG...: exit status 2, and the words are said.
refuses() {
  local name=$1 words=$2 output status=0
  shift 2
  output=$(timeout 60 "$mayfly" simulate "$@" 2>&1 </dev/null) || status=$?
  if [[ $status == 2 && $output == *"$words"* ]]; then
    echo "ok $name"
    passed=$((passed + 1))
  else
    printf 'not ok %s: exit status %d\n%s\n' "$name" "$status" "$output"
    failed=$((failed + 1))
  fi
}

# stops NAME SIGNAL: a campaign without end ends within some seconds, and says what was found so far.
stops() {
  local name=$1 began output status=0 pid
  output=$(mktemp)
  timeout 120 "$mayfly" simulate --minutes 100 --scenario quiet-years >"$output" 2>&1 </dev/null &
  pid=$!
  sleep 3
  began=$SECONDS
  kill -s "$2" "$pid"
  wait "$pid" || status=$?
  if [[ $status == 2 && $((SECONDS - began)) -lt 15 ]] && grep -q '^Stopped by a signal' "$output"; then
    echo "ok $name ($((SECONDS - began)) s)"
    passed=$((passed + 1))
  else
    printf 'not ok %s: exit status %d after %d s\n%s\n' "$name" "$status" $((SECONDS - began)) \
      "$(<"$output")"
    failed=$((failed + 1))
  fi
  rm -f "$output"
}

refuses 'a misspelt scenario: the nearest one' 'did you mean' --scenario one-rum
refuses 'a list of faults that is none' 'POINT#NUMBER=KIND' --faults nonsense
refuses 'an empty list of faults' '"none"' --faults ' '
refuses 'a file of seeds that is not there' /nonexistent --replay /nonexistent
stops 'SIGTERM ends a campaign at once' TERM
holds 'the seeds that once failed' --replay tests/simulate/seeds.txt
holds 'scenarios of all kinds, each history twice' --seed 101 --runs 9 --shrink-tries 60
holds 'two services on one table' --scenario table --seed 2 --runs 1 --once --shrink-tries 20
holds 'crash points of one run' --crash-points --scenario one-run --stride 300 --pairs 8 \
  --shrink-tries 60
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
