#!/usr/bin/env bash
# The service built with the thread sanitizer, under everything at once: creates good and bad,
# looks, releases, claims of strangers, events, slow clients, and the sweep with real machines. It
# must end with status 0 and without a report of a race.
#
#   tests/load/tsan.sh [SECONDS]     10 without; builds build/tsan, or takes the directory
#                                    MAYFLY_TSAN_BUILD as it is
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e/rig.sh"

seconds=${1:-10}
tsan=${MAYFLY_TSAN_BUILD:-$root/build/tsan}
json=(-H 'Content-Type: application/json')
loads=()

# build_it: the service alone; the emulated clouds come from the other build.
build_it() {
  [[ -z ${MAYFLY_TSAN_BUILD:-} ]] || return 0
  cd "$root" &&
    cmake --preset tsan -DCMAKE_CXX_COMPILER_LAUNCHER= &&  # as dev does, or all is compiled again
    cmake --build build/tsan -j "${MAYFLY_JOBS:-$(nproc)}" --target mayfly
}

# again NAME COMMAND...: over and over until the time is up; counts the statuses in $work/NAME.
again() {
  local name=$1 end=$((SECONDS + seconds))
  shift
  while ((SECONDS < end)); do "$@"; done >>"$work/said.$name" 2>/dev/null
}
load() { again "$@" & loads+=($!); }
# hit CURL_ARG...: several requests at once on kept connections; prints their statuses.
hit() { curl -s -m 20 -o /dev/null -w '%{http_code}\n' "$@"; }

good_create() {
  hit "${json[@]}" --data "{\"operation\":\"create\",\"architectures\":[\"x86_64\",\"arm64\"],
    \"label\":\"${labels[RANDOM % ${#labels[@]}]}\"}" "$url/"
}
good_v1() {
  hit "${json[@]}" --data "{\"repository\":\"rr-debugger/rr\",\"run_id\":${runs[RANDOM %
    ${#runs[@]}]},\"runners\":[{\"architecture\":\"arm64\"}]}" "$url/v1/leases"
}
waiting_v1() {
  hit "${json[@]}" --data "{\"repository\":\"rr-debugger/rr\",\"run_id\":${runs[0]},
    \"runners\":[{\"architecture\":\"arm64\"}]}" "$url/v1/leases?wait=online&timeout=2"
}
bad_create() {
  hit "${json[@]}" --data '{"operation":"create","label":[[[[' "$url/"
  hit "${json[@]}" --data '{"operation":"create","architectures":["vax"],"label":"x"}' "$url/"
  hit --data x "$url/"
}
look() {
  local id=${ids[RANDOM % ${#ids[@]}]}
  hit "$url/v1/leases/$id" -o /dev/null "$url/v1/leases/l-00000000000000000000" -o /dev/null \
    "$url/v1/leases/$id" -o /dev/null "$url/nowhere" -o /dev/null \
    "http://127.0.0.1:$admin_port/healthz"
}
destroy() {
  hit "${json[@]}" --data "{\"operation\":\"destroy\",
    \"labels\":[\"${labels[0]}\",\"${labels[1]}\"]}" "$url/"
  hit -X DELETE "$url/v1/leases/${ids[RANDOM % ${#ids[@]}]}"
  sleep 0.2
}
stranger() {
  local id=${ids[RANDOM % ${#ids[@]}]} nonce=X-Mayfly-Claim:0123456789abcdef0123456789abcdef
  hit "${json[@]}" -H "$nonce" --data "{\"lease\":\"$id\",\"instance_id\":\"i-0123456789abcdef0\",
    \"claim_key\":\"0123456789abcdef0123456789abcdef\"}" "$url/v1/claims"
  hit "${json[@]}" -H "$nonce" --data '{"event":"booted"}' "$url/v1/leases/$id/events"
}
# Connections that stop in the middle, or go away before their answer.
slow() {
  exec 5<>"/dev/tcp/127.0.0.1/$port" 6<>"/dev/tcp/127.0.0.1/$port"
  printf 'POST / HTTP/1.1\r\nHost: x\r\nContent-Le' >&5
  printf 'GET /v1/leases/%s HTTP/1.1\r\nHost: x\r\n\r\n' "${ids[0]}" >&6
  exec 6>&-
  sleep 0.3
  exec 5>&-
  echo slow
}

# Four runs live, one of them ending in the middle.
start_runs() {
  local _
  labels=() runs=()
  for _ in 1 2 3 4; do
    new_label
    labels+=("$label")
    runs+=("$(start_run "$label")")
    drive "${runs[-1]}" jobs/setup/begin
  done
}
first_leases() {
  mapfile -t ids < <(ask "{\"operation\":\"create\",\"architectures\":[\"x86_64\",\"arm64\"],
    \"label\":\"${labels[0]}\"}" | jq -r '.leases[].id')
  is 'two leases to begin with' "${#ids[@]}" 2
  [[ ${#ids[@]} -eq 2 ]] || finish
}

check 'it builds with the thread sanitizer' build_it
[[ -x $tsan/mayfly ]] || finish
check 'the thread sanitizer is in it' grep -q __tsan_init "$tsan/mayfly"
start_emulator
write_config
# shellcheck disable=SC2034  # start_service reads it
mayfly=$tsan/mayfly
# The first report ends it: then the log ends with it.
export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1 ${TSAN_OPTIONS:-}"
start_service
start_runs
first_leases

load good good_create
load v1 good_v1
load waiting waiting_v1
load bad bad_create
load look look
load look look
load destroy destroy
load stranger stranger
load slow slow
sleep "$((seconds / 2))"
for run in "${runs[@]}"; do drive "$run" jobs/setup/complete; done
wait "${loads[@]}"

for kind in good v1 waiting bad look destroy stranger slow; do
  echo "# $kind: $(sort "$work/said.$kind" | uniq -c | awk '{ printf "%s%d x %s", s, $1, $2
    s = ", " }')"
done
is 'none of the bad ones was let in' "$(grep -c '^2' "$work/said.bad")" 0
is 'no stranger was let in' "$(grep -c '^2' "$work/said.stranger")" 0
check 'good ones were answered' grep -q '^2' "$work/said.good" "$work/said.v1"
is 'nothing was a bug of ours (500)' "$(cat "$work"/said.* | grep -c '^500')" 0
check 'it is healthy afterwards' wait_until 30 is_healthy
seconds=3 loads=()
load last look
load last waiting_v1
load last slow
sleep 1
stop "$service"
is 'it stops in the middle of all this, with status 0' "$stopped" 0
wait "${loads[@]}"
if grep -q ThreadSanitizer "$work/serve.log"; then
  not_ok 'no data race' "$(grep -A 60 ThreadSanitizer "$work/serve.log" | grep -v '^{')"
else
  ok 'no data race'
fi
finish
