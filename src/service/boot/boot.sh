#!/bin/bash
#
# mayfly's user data: what cloud-init runs as root when a machine starts. The same bytes for every
# lease and every deployment; what differs comes from the instance's tags, and is checked.
#
# Two promises: the power-off is armed before anything else, and every way out of this script ends
# in a power-off (the launch template makes that a termination). No step runs after a failed one.
#
# The job that comes later may be root here. So this timer is only a courtesy to the bill; the
# service and its sweep end machines from outside, and nothing on this one is worth stealing.
#
# For the emulator: MAYFLY_IMDS is where the metadata service is, MAYFLY_ROOT stands before every
# path that is written. Commands go by name only, so that PATH decides what this script can do.

shutdown -P +720 || systemd-run --on-active=12h systemctl poweroff --force || armed=no

set -Eeuo pipefail

readonly imds=${MAYFLY_IMDS:-http://169.254.169.254} root=${MAYFLY_ROOT:-}
readonly runner_dir=$root/opt/actions-runner mayfly_dir=$root/opt/mayfly
readonly progress_dir=$mayfly_dir/progress
readonly skew_seconds_max=120 claim_wait_max=120 admission_wait_max=120 linger_seconds=300

step=arm reason='' token=''
lease='' nonce='' expires_at='' api='' instance_id=''   # from the metadata service
offer=''                                                # what the service said to "booted"
repository='' run_id='' shared=no sudo_allowed='' jit_config='' idle_seconds=900   # from the claim

# --- the way out -------------------------------------------------------------------------------

fail() {
  reason=$1
  exit 1
}

# Each way in turn, should the one before it be refused or take no effect. The shutdown sends us a
# TERM, and would wait for us if we did not obey it.
power_off() {
  trap - EXIT TERM
  shutdown -P now
  sleep 60
  systemctl poweroff --force
  sleep 60
  echo o >"$root/proc/sysrq-trigger"
}

on_exit() {
  local status=$?
  trap - ERR
  trap '' HUP INT TERM USR1
  set +e
  if ((status != 0)); then report failed "$step: ${reason:-exit status $status}"; fi
  echo "mayfly: power-off after step $step, status $status"
  power_off
}

trap on_exit EXIT
trap 'reason=${reason:-failed at line $LINENO}' ERR
trap 'fail "stopped by a signal"' HUP INT TERM
trap 'fail "$(cat "$mayfly_dir/verdict")"' USR1

# --- helpers -----------------------------------------------------------------------------------

begin() {
  step=$1
  echo "mayfly: $step"
}

# retry TIMES COMMAND...: until it succeeds, two seconds apart.
retry() {
  local left=$1
  shift
  until "$@"; do
    ((--left > 0)) || return 1
    sleep 2
  done
}

# post SECONDS PATH JSON [CURL OPTION...]
post() {
  local seconds=$1 path=$2 body=$3
  shift 3
  curl -sS --max-time "$seconds" -H "X-Mayfly-Claim: $nonce" -H 'Content-Type: application/json' \
    --data "$body" "$@" "$api$path"
}

event_json() {
  local detail=${2:-}
  detail=${detail//[^A-Za-z0-9 .,:;_()\/=-]/_}
  printf '{"event":"%s","detail":"%s"}' "$1" "${detail:0:200}"
}

# report EVENT [DETAIL]: tells the service how far we are. Never fails, never waits long.
report() {
  echo "mayfly: event $1 ${2:-}"
  [[ -n $api ]] || return 0
  post 3 "/v1/leases/$lease/events" "$(event_json "$@")" -o /dev/null || true
}

# line NAME TEXT: what follows NAME in the line of TEXT that starts with it. Nothing touches a disk.
line() {
  local text
  while IFS= read -r text; do
    if [[ $text == "$1 "* ]]; then printf '%s' "${text#* }"; fi
  done < <(printf '%s\n' "$2")
}

# --- the steps ---------------------------------------------------------------------------------

imds_get() {
  curl -sSf --max-time 2 -H "X-aws-ec2-metadata-token: $token" "$imds/latest/meta-data/$1"
}

# metadata VARIABLE PATH PATTERN: the value must match as a whole, or nothing goes on.
metadata() {
  local value
  value=$(retry 5 imds_get "$2") || fail "cannot read $2"
  [[ $value =~ ^$3$ ]] || fail "$2 is malformed"
  printf -v "$1" '%s' "$value"
}

new_token() {
  curl -sSf --max-time 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' \
    "$imds/latest/api/token"
}

# The JIT config travels to this address: in clear only to the machine itself (the emulator).
readonly url='(https://[A-Za-z0-9.-]+(:[0-9]+)?|http://127\.0\.0\.1:[0-9]+)'

read_metadata() {
  token=$(retry 15 new_token) || fail 'no answer from the metadata service'
  metadata instance_id instance-id 'i-[0-9a-f]{8,17}'
  metadata expires_at tags/instance/mayfly:expires-at '[1-9][0-9]{9}'
  arm_deadline
  metadata lease tags/instance/mayfly:lease 'l-[0-9a-f]{20}'
  metadata nonce tags/instance/mayfly:claim '[0-9a-f]{32,64}'
  metadata api tags/instance/mayfly:api "$url(/[A-Za-z0-9._-]+)*"
}

arm_deadline() {
  local minutes=$(((expires_at - $(date +%s)) / 60))
  if ((minutes < 1)); then minutes=1; fi
  if ((minutes > 720)); then minutes=720; fi
  shutdown -P "+$minutes"
}

# A wrong clock makes GitHub refuse the runner with a message that says something else.
clock_agrees() {
  local theirs skew
  theirs=$(curl -sS --max-time 5 -o /dev/null -w '%header{date}' "$api/v1/leases/$lease") ||
    return 1
  [[ $theirs == *GMT ]] || return 1
  theirs=$(date -d "$theirs" +%s) || return 1
  skew=$(($(date +%s) - theirs))
  reason="clock is off by $skew seconds"
  ((${skew#-} <= skew_seconds_max))
}

check_clock() {
  reason='no date from the service'
  retry 30 clock_agrees || fail "$reason"
  reason=''
  arm_deadline
}

say_booted() {
  offer=$(post 5 "/v1/leases/$lease/events" "$(event_json booted "$instance_id")" -f) &&
    learn_lease "$offer"
}

# Machines of one launch carry the tags of its first lease: the service knows whose each is.
learn_lease() {
  local own
  own=$(line lease "$1")
  if [[ $own =~ ^l-[0-9a-f]{20}$ ]]; then lease=$own; fi
}

fetch_runner() {
  local address sum archive=$mayfly_dir/runner.tar.gz tries=5 status
  address=$(line runner_url "$offer")
  sum=$(line runner_sha256 "$offer")
  [[ $address =~ ^$url(/[A-Za-z0-9._~%+-]+)+$ ]] || fail 'no runner here and no address of one'
  [[ $sum =~ ^[0-9a-f]{64}$ ]] || fail 'no runner here and no checksum of one'
  report runner-downloading "$(line runner_version "$offer")"
  while true; do
    # A cut download goes on where it stopped; the checksum decides whether it is whole.
    status=0
    curl -sSfL -C - --max-time 600 --speed-limit 10000 --speed-time 20 -o "$archive" "$address" ||
      status=$?
    if echo "$sum  $archive" | sha256sum --check --status; then break; fi
    case $status in
      0) fail 'the runner could not be downloaded whole (checksum)' ;;
      23) fail 'the runner could not be written to the disk' ;;
      33) rm -f "$archive" ;;   # a server that can only send all of it
    esac
    ((--tries > 0)) || fail "the runner could not be downloaded whole (curl: $status)"
    sleep 2
  done
  tar -xzf "$archive" -C "$runner_dir" --no-same-owner || fail 'the runner could not be unpacked'
  rm "$archive"
  if [[ -x $runner_dir/bin/installdependencies.sh && $(ldconfig -p) != *libicuuc.so* ]]; then
    "$runner_dir/bin/installdependencies.sh"
  fi
}

prepare_runner() {
  mkdir -p "$runner_dir" "$progress_dir"
  if [[ ! -x $runner_dir/run.sh ]]; then fetch_runner; fi
  [[ -x $runner_dir/run.sh ]] || fail 'the runner has no run.sh'
  id runner >/dev/null 2>&1 || useradd --create-home --shell /bin/bash runner
  chown -R runner: "$runner_dir" "$progress_dir"
  report runner-ready
}

# The key is new for this boot. When an answer is lost, the service gives the same answer to the
# same key again, and to no other.
claim() {
  local key answer status after waited=0
  key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  report claiming
  while true; do
    answer=$(post 20 /v1/claims \
      "{\"lease\":\"$lease\",\"instance_id\":\"$instance_id\",\"claim_key\":\"$key\"}" \
      -w '\nstatus %{http_code}\nretry_after %header{retry-after}\n') || answer=''
    status=$(line status "$answer")
    case $status in
      200) break ;;
      '' | 429 | 5??) ;;
      *) fail "the service refused the claim: status $status" ;;
    esac
    after=$(line retry_after "$answer")
    if [[ ! $after =~ ^[1-9][0-9]?$ ]]; then after=5; fi
    ((waited += after))
    ((waited <= claim_wait_max)) || fail "no answer to the claim: status ${status:-none}"
    sleep "$after"
  done
  learn_lease "$answer"
  nonce=$key   # others of our launch have the nonce too; from here on only our own lease is ours
  repository=$(line repository "$answer")
  run_id=$(line run_id "$answer")
  sudo_allowed=$(line sudo "$answer")
  if [[ $(line shared "$answer") == yes ]]; then shared=yes; fi
  jit_config=$(line jit_config "$answer")
  take_idle_limit "$(line idle_seconds "$answer")"
  [[ $repository =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ && $run_id =~ ^[0-9]+$ &&
    $sudo_allowed =~ ^(yes|no)$ && $jit_config =~ ^[A-Za-z0-9+/]+=*$ ]] ||
    fail 'the answer to the claim is malformed'
}

# Without one, or with one out of bounds, ours stays.
take_idle_limit() {
  if [[ $1 =~ ^[1-9][0-9]{1,3}$ ]] && (($1 >= 60 && $1 <= 7260)); then idle_seconds=$1; fi
}

# The hooks tell the service of the job, so the claim's key stands in them and the job can read it.
# Without the nonce all it allows is to report the progress of this one lease.
hook_head() {
  echo '#!/bin/bash'
  printf '%s=%q\n' api "$api" lease "$lease" nonce "$nonce" repository "$repository" \
    run_id "$run_id" shared "$shared" admission_wait_max "$admission_wait_max" \
    started "$progress_dir/job-started" completed "$progress_dir/job-completed"
  declare -f post event_json report is_admitted
}

# Whether the job may begin here. Where our labels are such that jobs of many runs name them the service
# says, for it asks GitHub whose the job is, and the lease may be another run's by now. Without an answer
# only the run that we were started for goes on.
is_admitted() {
  local answer waited=0 is_ours=no
  verdict="this runner was started for run $run_id of $repository and for no other."
  [[ ${GITHUB_REPOSITORY,,} == "${repository,,}" ]] || return 1
  if [[ $GITHUB_RUN_ID == "$run_id" ]]; then is_ours=yes; fi
  if [[ $shared != yes ]]; then
    [[ $is_ours == yes ]]
    return
  fi
  verdict='the service could not be asked whether this job may have this runner.'
  while ((waited < admission_wait_max)); do
    if answer=$(post 20 "/v1/leases/$lease/events" "$(event_json job-found "$GITHUB_RUN_ID")" -f); then
      # shellcheck disable=SC2034  # read in the hook
      verdict=${answer#admit no }
      [[ $answer == 'admit yes' ]]
      return
    fi
    if [[ $is_ours == yes ]]; then return; fi
    sleep 5
    ((waited += 5))
  done
  return 1
}

# Labels are public: a job of another run may have asked for ours. It is refused before its steps.
write_hooks() {
  { hook_head && cat <<'END'; } >"$mayfly_dir/job-started.sh"
if ! is_admitted; then
  echo "::error::mayfly: $verdict"
  report failed "hook: refused a job of run $GITHUB_RUN_ID of $GITHUB_REPOSITORY"
  exit 1
fi
: >"$started"
report job-started
END
  { hook_head && cat <<'END'; } >"$mayfly_dir/job-completed.sh"
: >"$completed"
report job-completed
END
  chmod 0755 "$mayfly_dir/job-started.sh" "$mayfly_dir/job-completed.sh"
}

set_sudo() {
  local file=$root/etc/sudoers.d/mayfly-runner
  rm -f "$file"
  if [[ $sudo_allowed == yes ]]; then
    (umask 0337 && echo 'runner ALL=(ALL) NOPASSWD:ALL' >"$file")
  fi
}

# Of what may keep a runner here for ever. The reason goes through a file, for a signal carries none.
give_up() {
  echo "$1" >"$mayfly_dir/verdict" || true
  kill -USR1 $$
}

# A runner that GitHub has forgotten, or whose job was cancelled or given to another, listens for ever.
watch_for_job() {
  sleep "$idle_seconds"
  [[ -e $progress_dir/job-started ]] || give_up "no job within $idle_seconds seconds"
}

# One that goes on listening after its job, or that run.sh starts again, gets no other.
watch_for_end() {
  until [[ -e $progress_dir/job-completed ]]; do sleep 10; done
  sleep "$linger_seconds"
  give_up "the runner did not end within $linger_seconds seconds of its job"
}

# A job that hangs, should the power-off that was armed come to nothing.
watch_for_deadline() {
  local left=$((expires_at - $(date +%s)))
  sleep $((left > 0 ? left + 60 : 60))
  give_up 'the deadline has passed'
}

# The JIT config goes through a pipe into the runner's environment, which the runner clears: it is
# never an argument, and never a file until the runner makes its own. The runner then ends with 7 when
# GitHub refuses its version.
run_runner() {
  local runner status=0
  # shellcheck disable=SC2016  # expanded by the inner shell
  runuser -u runner -- env -i PATH="$PATH" HOME="$root/home/runner" USER=runner LOGNAME=runner \
    LANG=C.UTF-8 ACTIONS_RUNNER_HOOK_JOB_STARTED="$mayfly_dir/job-started.sh" \
    ACTIONS_RUNNER_HOOK_JOB_COMPLETED="$mayfly_dir/job-completed.sh" \
    ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1 \
    bash -c 'IFS= read -r ACTIONS_RUNNER_INPUT_JITCONFIG && export ACTIONS_RUNNER_INPUT_JITCONFIG &&
      cd "$0" && exec ./run.sh </dev/null' "$runner_dir" < <(printf '%s\n' "$jit_config") &
  runner=$!
  jit_config=''
  report runner-started
  watch_for_job &
  watch_for_end &
  watch_for_deadline &
  wait "$runner" || status=$?
  if [[ -e $progress_dir/job-started ]]; then report runner-exited "status $status"
  else report runner-exited "status $status, without a job"; fi
  if ((status == 7)); then fail 'GitHub refuses this version of the runner as too old'; fi
}

[[ ${armed:-yes} == yes ]] || fail 'no power-off could be armed'
begin metadata
read_metadata
begin clock
check_clock
begin boot
retry 5 say_booted || true
begin runner
prepare_runner
begin claim
claim
begin hooks
write_hooks
set_sudo
begin run
run_runner
