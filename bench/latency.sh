#!/usr/bin/env bash
# time of each call of rr's workflow, beside the seed's Lambda against the same emulated clouds
#
#   bench/latency.sh [ROUNDS]    by default 30. Needs ./dev build, curl and jq
#   BASELINE=FILE                the seed's Lambda in Python; without it, mayfly alone is measured
#   WAITS=N                      rounds in which the seed waits for its machine, by default 3
#
# Each create has a live run of its own whose setup job is under way. mayfly is timed by curl from
# outside (connection, HTTP and log included); the seed by a clock around its handler in a warm
# process (no HTTP, no start). The clouds answer at once: what shows is the programs' own time.
# shellcheck source=/dev/null disable=SC2154,SC2016
source "$(dirname "${BASH_SOURCE[0]}")/support/measure.sh"

rounds=${1:-30} waits=${WAITS:-3}

# timed NAME CURL-ARG...: one sample; the answer's body goes to $work/answer.
timed() {
  local name=$1 seconds
  shift
  seconds=$(curl --fail-with-body -s -m 60 -o "$work/answer" -w '%{time_total}' "$@") ||
    give_up "$name" "$(<"$work/answer")"
  note "$name" "$seconds"
}
# post NAME JSON: as rr's workflow does, byte for byte.
post() { timed "$1" -X POST -H 'Content-Type: application/json' --data "$2" "$url"; }

# begin_run: a live run that may have runners; sets $label and $run.
begin_run() {
  new_label
  run=$(start_run "$label")
  drive "$run" jobs/setup/begin || give_up 'a run begins'
}
end_run() {
  drive "$run" cancel
  drive "$run" jobs/stop-runners/begin
  drive "$run" jobs/stop-runners/complete
}

two_machines() {
  local body
  begin_run
  body='{"operation":"create","architectures":["x86_64","arm64"],"label":"'$label'"}'
  post 'create two' "$body"
  post 'create again' "$body"
  timed 'get lease' "$url/v1/leases/$(jq -r '.leases[0].id' "$work/answer")"
  post 'destroy two' '{"operation":"destroy","label":"'"$label"'"}'
  end_run
}
one_machine() {
  begin_run
  post 'create one' '{"operation":"create","architecture":"x86_64","label":"'"$label"'"}'
  post 'destroy one' '{"operation":"destroy","labels":["'"$label"'"]}'
  end_run
}
seed_machine() {
  begin_run
  if (($1 <= waits)); then
    seed_says "create $label x86_64"
    note 'seed create, with its wait' "${said[1]}"
  else
    seed_says "create $label x86_64 skip-wait"
  fi
  note 'seed create' "${said[0]}"
  seed_says "destroy $label"
  note 'seed destroy' "${said[0]}"
  end_run
}

ratio() { awk -v a="$(of "$1" 50)" -v b="$(of "$2" 50)" 'BEGIN { printf "%.1f", a / b }'; }

start_emulator --no-machines
write_roomy_config
start_service
with_seed=no
if has_baseline; then with_seed=yes && start_seed; else skip_baseline; fi

machine_line
for ((round = 1; round <= rounds; round++)); do
  two_machines
  one_machine
  [[ $with_seed = no ]] || seed_machine "$round"
  sleep 1.5 # the emulated EC2 and GitHub limit the rate of calls as the real ones do
done

table_head 'ms'
row 'create two' 'create, two architectures'
row 'create one' 'create, one architecture'
row 'create again' 'create, repeated'
row 'get lease' 'GET /v1/leases/{id}'
row 'destroy two' 'destroy, two machines'
row 'destroy one' 'destroy, one machine'
row 'seed create' "seed: create, until RunInstances has answered"
row 'seed create, with its wait' "seed: create as it is, with its wait for \`running\`"
row 'seed destroy' 'seed: destroy, one machine'
[[ $with_seed = no ]] ||
  printf '\nMedians, seed / mayfly: create one %s, destroy one %s.\n' \
    "$(ratio 'seed create' 'create one')" "$(ratio 'seed destroy' 'destroy one')"
