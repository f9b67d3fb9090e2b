#!/usr/bin/env bash
# The long version of the simulator, part by part, with a line for each at the end. Run it as
# `./dev simulate all`, which builds what it needs first.
#
#   tests/simulate/all.sh [YEARS] [PART...]
#
# YEARS (1000) is the size of it all. What each part has to reach, and the time after which it ends and
# has failed to:
#   seeds        every line of seeds.txt holds
#   situations   every named situation is reached, but for the rare ones; 10 minutes
#   quiet-years  YEARS simulated years under all faults, each history twice and alike; YEARS / 10 minutes
#   storm        10,000 x YEARS requests, of whose launches at least 10 % are not answered;
#                YEARS / 10 minutes
#   one-run      killed at each boundary, in every life at each, and 1,500 times again during recovery
#                (of a smaller size some of the boundaries); 30 minutes
#   one-v1-run   the same for a run that asks by its id; 30 minutes
#   alike        the same seeds give the same histories in the builds of GCC, clang and with sanitizers
# What a part said is in build/simulate/PART.log. MAYFLY_JOBS=N plays N simulations at once (2).
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
size=1000
case "${1:-}" in "" | *[!0-9]*) ;; *) size=$1 && shift ;; esac
parts=("$@")
[[ $# -gt 0 ]] || parts=(seeds situations quiet-years storm one-run one-v1-run alike)
jobs=${MAYFLY_JOBS:-2}
mayfly=build/mayfly-lab
limit=$((size / 10 + 5))
# Of small sizes only a share of the crash points, the second deaths first.
stride=$((size >= 1000 ? 1 : 1000 / (size + 1)))
pairs=$((size >= 1000 ? 1500 : size + 1))
child='' is_stopped='' failed=0
summary=()
mkdir -p build/simulate

stop() {
  is_stopped=yes
  [[ -z $child ]] || kill -TERM "$child" 2>/dev/null || true
}
trap stop INT TERM

# play PART PROGRAM ARG...: its exit status; what it printed goes to the part's log.
play() {
  local log=build/simulate/$1.log status=0
  shift
  "$@" >"$log" </dev/null &
  child=$!
  wait "$child" || status=$?
  [[ -z $is_stopped ]] || { wait "$child" && status=0 || status=$?; }
  child=''
  return "$status"
}

# row PART LABEL: that row of its report.
row() { sed -n "s/^$2  *//p" "build/simulate/$1.log" | head -n 1; }

# figure PART: what it reached, in a few words.
figure() {
  case "$1" in
    seeds) echo "$(row "$1" simulations) seeds" ;;
    situations) echo "$(row "$1" 'situations reached'); $(row "$1" simulations) simulations" ;;
    quiet-years)
      echo "$(row "$1" simulated | sed 's/;.*//'), alike $(row "$1" 'played twice, alike')," \
        "overrun $(row "$1" 'worst overrun'), $(row "$1" 'real time' | sed 's/.*; //')" ;;
    storm)
      echo "$(row "$1" 'requests of callers') requests, launches without their answer" \
        "$(row "$1" 'launch answers lost')" ;;
    one-run | one-v1-run) sed -n 's/^one.*-run: //p' "build/simulate/$1.log" ;;
    alike) tail -n 1 "build/simulate/$1.log" ;;
  esac
}

# reached PART: whether it came as far as it should, where its exit status does not say so.
reached() {
  case "$1" in
    quiet-years) row "$1" simulated | awk -v of="$size" '{ exit !($1 + 0.01 >= of) }' ;;
    one-run | one-v1-run) # "killed once at N of N points, in every life at M of M, again ..."
      [[ $stride != 1 ]] || grep -qE 'at ([0-9]+) of \1 points, .* at ([0-9]+) of \2, again' "build/simulate/$1.log" ;;
    storm)
      row "$1" 'requests of callers' | awk -v of="$((size * 10000))" '{ exit !($1 >= of) }' &&
        row "$1" 'launch answers lost' | awk '{ exit !($3 > 0 && $1 / $3 >= 0.1) }' ;;
  esac
}

run_part() {
  case "$1" in
    seeds) play "$1" "$mayfly" simulate --replay tests/simulate/seeds.txt --jobs "$jobs" ;;
    situations) play "$1" "$mayfly" simulate --situations --minutes 10 --jobs "$jobs" ;;
    quiet-years)
      play "$1" "$mayfly" simulate --scenario quiet-years --years "$size" --minutes "$limit" \
        --jobs "$jobs" ;;
    storm)
      play "$1" "$mayfly" simulate --scenario storm --requests "$((size * 10000))" --once \
        --minutes "$limit" --jobs "$jobs" ;;
    one-run | one-v1-run)
      play "$1" "$mayfly" simulate --crash-points --scenario "$1" --stride "$stride" \
        --pairs "$pairs" --minutes 30 --jobs "$jobs" ;;
    alike)
      play "$1" env MAYFLY_JOBS="$jobs" tests/simulate/alike.sh "$((size >= 1000 ? 200 : 40))" \
        "$mayfly" build/dev/mayfly-lab build/clang/mayfly-lab ;;
    *) echo "there is no part $1" >&2 && exit 2 ;;
  esac
}

for part in "${parts[@]}"; do
  began=$SECONDS status=0 verdict=ok
  echo "-- $part" >&2
  run_part "$part" || status=$?
  [[ -z $is_stopped ]] || verdict='stopped'
  if [[ $status != 0 || -n $is_stopped ]] || ! reached "$part"; then
    [[ $verdict != ok ]] || verdict='NOT OK'
    failed=$((failed + 1))
    [[ -n $is_stopped ]] || tail -n 40 "build/simulate/$part.log"
  fi
  summary+=("$(printf '%-8s %-12s %5d s  %s' "$verdict" "$part" $((SECONDS - began)) "$(figure "$part")")")
  [[ -z $is_stopped ]] || break
done
printf '%s\n' "${summary[@]}"
echo "$((${#summary[@]} - failed)) passed, $failed failed"
[[ $failed == 0 ]]
