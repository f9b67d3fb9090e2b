#!/usr/bin/env bash
# `mayfly demo`, in the shapes in which rr's workflow has asked: every promise kept and nothing left
# behind. What the emulated GitHub answered meanwhile, and in its C++ tests, is held against
# GitHub's own OpenAPI description, which npm fetches.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rig.sh"

# demo NAME ARG...
demo() {
  local name=$1 text status=0
  shift
  start "$work/demo.log" "$mayfly" demo "$@"
  wait_until 150 is_ended "$started" || give_up "$name comes to its end" "$(<"$work/demo.log")"
  wait "$started" || status=$?
  text=$(<"$work/demo.log")
  if [[ $status != 0 ]]; then
    not_ok "$name: exit status 0" "$status: $text"
  else
    ok "$name: exit status 0"
  fi
  says "$name: the last line says that every promise was kept, and the time" \
    "$(tail -n 1 "$work/demo.log")" 'Every promise was kept, in ' s
  is "$name: no promise is shown as broken" "$(grep -c BROKEN "$work/demo.log")" 0
  is "$name: no process of it is left" "$(session_pids "$started")" ''
}

# interrupted_demo: Ctrl-C in the middle takes everything away as well.
interrupted_demo() {
  local pid directory
  start "$work/demo.log" "$mayfly" demo
  wait_until 60 grep -qs machine-runner-started "$work/demo.log"
  directory=$(for pid in $(session_pids "$started"); do
    tr '\0' '\n' <"/proc/$pid/cmdline"
  done 2>/dev/null | sed -n 's|^\(/.*mayfly-demo-[^/]*\)/mayfly.toml$|\1|p' | head -n 1)
  stop "$started"
  is 'demo, interrupted: exit status 2' "$stopped" 2
  is 'demo, interrupted: no process of it is left' "$(session_pids "$started")" ''
  check "demo, interrupted: its directory is gone" test -n "$directory" -a ! -e "$directory"
}

# interrupted_at WHEN LINE STATUS...: a SIGTERM that comes early, or late, is not lost and kills nothing
# halfway.
interrupted_at() {
  local name="demo, interrupted $1" line=$2 status found=''
  shift 2
  start "$work/demo.log" "$mayfly" demo
  wait_until 60 grep -qs -- "$line" "$work/demo.log"
  stop "$started"
  for status in "$@"; do [[ $stopped != "$status" ]] || found=$status; done
  is "$name: exit status $*" "$stopped" "${found:-one of these}"
  is "$name: no process of it is left" "$(session_pids "$started")" ''
}

# install_validator: into build/, so that the checkout stays clean; kept while its lock file is the
# same.
install_validator() {
  mkdir -p "$validator" && cp "$root"/tests/github_openapi/*.{json,mjs} "$validator" || return 1
  cmp -s "$validator/package-lock.json" "$validator/node_modules/installed-lock.json" && return
  (cd "$validator" && timeout 300 npm ci --no-audit --no-fund --ignore-scripts) &&
    cp "$validator/package-lock.json" "$validator/node_modules/installed-lock.json"
}

# validate NAME FILE
validate() {
  check "$1" timeout 120 node "$validator/validate.mjs" "$2"
  grep -c '' "$2" | sed 's/$/ exchanges recorded/'
}

validator=$root/build/github_openapi
current=$work/current.jsonl modes=$work/modes.jsonl old=$work/old.jsonl contract=$work/contract.jsonl

demo 'demo' --record "$current"
demo 'demo --old-shape' --record "$old" --old-shape
demo 'demo --mode action,webhook,rerun --app' --mode action,webhook,rerun --app --record "$modes"
is 'demo --mode: each way in ends with success' \
  "$(grep -c "kept .*the run's conclusion is success" "$work/demo.log")" 3
is 'demo --mode rerun: two leases, and one of the second attempt' \
  "$(sed -n '/^Mode rerun/,$p' "$work/demo.log" | grep -c 'kept .*: job-done, one machine')" 3
demo 'demo --runs 3' --runs 3
is 'demo --runs 3: three runs succeeded' \
  "$(grep -c "kept .*the run's conclusion is success" "$work/demo.log")" 3
says 'demo: the time until a runner, by architecture and image' "$(<"$work/demo.log")" \
  'x86_64 ami-' ': 3 leases' '= runner online' P99
demo 'demo --lambda' --lambda --mode seed,webhook,rerun --keep "$work/on_lambda"
check 'demo --lambda: cold starts, and thaws of what was frozen' \
  grep -qE 'Lambda: [0-9]+ invocations, ([2-9]|[1-9][0-9]+) cold starts, [1-9][0-9]* thaws, 0 errors' "$work/demo.log"
check 'demo --lambda: its ledger is the table, no file' [ ! -e "$work/on_lambda/mayfly.db" ]
check 'demo --lambda: each sweep says as numbers what the alarms watch' grep -qE \
  '"event":"sweep-state","overdue_seconds":0,"money_percent":[1-9][0-9]*}' "$work/on_lambda/mayfly.log"
interrupted_demo
interrupted_at 'at its beginning' 'emulated EC2 at' 2
# It may be over by then.
interrupted_at 'at its end' 'x86_64  gone' 2 0
# shellcheck disable=SC2016
check 'demo --keep leaves ledger and log' \
  bash -c '"$0" demo --keep "$1" && [ -s "$1/mayfly.db" ] && [ -s "$1/mayfly.log" ]' \
  "$mayfly" "$work/kept"
is 'an unknown option of demo: exit status 2' \
  "$("$mayfly" demo --walks 3 >"$work/out" 2>&1; echo $?)" 2

check 'npm installs the validator' install_validator
check 'the validator sees what is wrong' timeout 120 node --test "$validator"
validate "the demo's exchanges are as GitHub documents them" "$current"
validate "the exchanges of the other ways in are as GitHub documents them" "$modes"
validate "the old shape's exchanges are as GitHub documents them" "$old"
if [[ -x $build/lab_test ]]; then
  check 'the contract test passes' env MAYFLY_EXCHANGES="$contract" timeout 120 \
    "$build/lab_test" '-sf=*github_contract_test.cpp'
  validate "the contract test's exchanges are as GitHub documents them" "$contract"
else
  echo "# no $build/lab_test: the contract test's exchanges are not looked at"
fi
finish
