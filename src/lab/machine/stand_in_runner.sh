#!/bin/bash
#
# Not GitHub's runner: a stand-in for it, for the emulator's machines. It keeps to what the boot
# script sees of the real one (JIT config in ACTIONS_RUNNER_INPUT_JITCONFIG, hooks before and after
# the one job, an exit after it), and asks the emulated GitHub for its job by a protocol of our own,
# /_runner/. It runs nothing of a job: a job here is a duration to wait and the names of steps.

set -uo pipefail
readonly network_tries=30 job_millis_max=3600000 heartbeat_millis=10000

config=$(base64 -d <<<"$ACTIONS_RUNNER_INPUT_JITCONFIG") || exit 1
unset ACTIONS_RUNNER_INPUT_JITCONFIG

# text KEY JSON, number KEY JSON: the first field of that name, without an unescaping of any kind.
text() { grep -o "\"$1\":\"[^\"]*\"" <<<"$2" | head -n1 | cut -d'"' -f4; }
number() { grep -o "\"$1\":[0-9]*" <<<"$2" | head -n1 | cut -d: -f2; }

settings=$(text '\.runner' "$config" | base64 -d) || exit 1
credentials=$(text '\.credentials' "$config" | base64 -d) || exit 1
server=$(text serverUrl "$settings")
id=$(text agentId "$settings")
secret=$(text secret "$credentials")

# call PATH JSON: sets status and body; tries again while there is no answer, or none from within.
call() {
  local answer tries=$network_tries
  while ((tries-- > 0)); do
    answer=$(curl -sS --max-time 30 -w '\n%{http_code}' -A stand-in-runner \
      -H 'Content-Type: application/json' --data "$2" "$server/_runner/$1") || answer=$'\n000'
    status=${answer##*$'\n'} body=${answer%$'\n'*}
    [[ $status == 000 || $status == 5?? ]] || return 0
    sleep 1
  done
  echo "no answer from $server"
  exit 1
}

report() {
  call job "{\"session\":\"$session\",\"job_id\":$1,\"event\":\"$2\",\"conclusion\":\"${3:-}\"}"
}

# work MILLIS: GitHub takes a runner that is silent for long as lost, so it is asked meanwhile.
work() {
  local left=$1
  ((left <= job_millis_max)) || left=$job_millis_max
  while ((left > heartbeat_millis)); do
    sleep $((heartbeat_millis / 1000))
    ((left -= heartbeat_millis))
    call poll "{\"session\":\"$session\"}"
    if [[ $status != 20? ]]; then
      echo 'The job was cancelled.'
      return
    fi
  done
  sleep "$((left / 1000)).$(printf '%03d' $((left % 1000)))"
}

run_job() {
  local job=$1 job_id
  job_id=$(number id "$job")
  GITHUB_RUN_ID=$(number run_id "$job")
  GITHUB_REPOSITORY=$(text repository "$job")
  export GITHUB_RUN_ID GITHUB_REPOSITORY GITHUB_ACTIONS=true
  echo "Running job: $(text name "$job")"
  report "$job_id" started
  if ! "$ACTIONS_RUNNER_HOOK_JOB_STARTED"; then
    echo 'The job-started hook refused the job.'
    report "$job_id" completed failure
    return
  fi
  work "$(number duration_ms "$job")"
  "$ACTIONS_RUNNER_HOOK_JOB_COMPLETED"
  report "$job_id" completed success
}

call session "{\"runner_id\":$id,\"secret\":\"$secret\"}"
if [[ $status == 403 && $body == *deprecated* ]]; then
  echo 'GitHub refuses this version of the runner.'
  exit $((${ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE:-0} == 1 ? 7 : 0))
fi
[[ $status == 200 ]] || { echo "The registration has been deleted: status $status"; exit 0; }
session=$(text session "$body")
echo 'Listening for Jobs'
while true; do
  call poll "{\"session\":\"$session\"}"
  case $status in
    200) break ;;
    204) sleep 1 ;;
    *) echo "The registration has been deleted: status $status"; exit 0 ;;
  esac
done
run_job "$body"
