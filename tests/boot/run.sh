#!/bin/bash
#
# Runs the boot script, as it is, against a stand-in metadata service and API, once for each thing
# that may go wrong, inside the emulator's jail (src/lab/machine/jail.sh): no root needed, and as
# root no harm done. `sleep` is a thousand times as fast. Needs bash, curl, python3; prints a line
# per check and ends with a status of 1 if one failed.

set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
readonly first=l-0123456789abcdef0123 own=l-fedcba98765432100123
readonly shared=abababababababababababababababab
readonly here source=$here/../../src boot=$here/../../src/service/boot/boot.sh
work=$(mktemp -d)
readonly work
passed=0 failed=0 port='' server='' root=''

cleanup() {
  [[ -z $server ]] || kill "$server" 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

# --- checks ------------------------------------------------------------------------------------

# check SENTENCE COMMAND...
check() {
  local sentence=$1
  shift
  if "$@"; then
    ((++passed))
    echo "ok - $scenario: $sentence"
  else
    ((++failed))
    echo "not ok - $scenario: $sentence"
    sed 's/^/    /' "$root/console.log"
  fi
}

not() { ! "$@"; }
said() { grep -q -- "$1" "$root/console.log"; }
asked() { curl -s "http://127.0.0.1:$port/$scenario/log" | grep -q -- "$1"; }
times_asked() { [[ $(curl -s "http://127.0.0.1:$port/$scenario/log" | grep -c -- "$1") == "$2" ]]; }
did() { grep -q -- "$1" "$root/machine.log"; }
event() { asked "\"event\":\"$1\",\"detail\":\"${2:-}"; }
events_in_order() {
  local seen
  seen=$(curl -s "http://127.0.0.1:$port/$scenario/log" | sed -n 's/.*"event":"\([a-z-]*\)".*/\1/p')
  [[ $(tr '\n' ' ' <<<"$seen") == "$* " ]]
}
armed_first() { [[ $(head -n1 "$root/machine.log") == 'shutdown -P +720' ]]; }
powered_off_last() {
  [[ -e $root/powered-off && $(tail -n1 "$root/machine.log") == 'shutdown -P now' ]]
}
nothing_injected() { [[ ! -e $root/pwned ]]; }
jit_not_on_disk() { ! grep -rq SklULWNvbmZpZy "$root"; }

# --- machines ----------------------------------------------------------------------------------

# prepare SCENARIO: an empty machine.
prepare() {
  scenario=$1
  root=$work/machines/$1
  mkdir -p "$root/etc/sudoers.d" "$root/proc" "$root/home"
}

# run [JAIL] [IMDS]: boots the machine and waits until it is off.
run() {
  local jail=${1:-$work/jail} imds=${2:-http://127.0.0.1:$port/$scenario/imds}
  { timeout -k 2 30 setsid env -i PATH="$jail" MAYFLY_IMDS="$imds" MAYFLY_ROOT="$root" \
    bash "$boot" </dev/null >"$root/console.log" 2>&1; } 2>/dev/null  # "Killed": it always is
  check 'the power-off is armed before anything else' armed_first
}

boot() {
  prepare "$1"
  run
  check 'ends in a power-off' powered_off_last
}

# package NAME: a runner whose run.sh comes on standard input.
package() {
  mkdir -p "$work/package-$1" "$work/packages"
  { echo '#!/bin/bash' && cat; } >"$work/package-$1/run.sh"
  chmod 0755 "$work/package-$1/run.sh"
  head -c 100000 /dev/urandom >"$work/package-$1/ballast"
  tar -czf "$work/packages/$1.tar.gz" -C "$work/package-$1" .
}

make_world() {
  bash "$source/lab/machine/jail.sh" "$work/jail"
  rm "$work/jail/sleep"
  # shellcheck disable=SC2016  # expanded by the stand-in
  printf '#!/bin/bash\nwhole=${1%%%%.*}\nexec %s "$((whole / 1000)).$(printf %%03d $((whole %% 1000)))"\n' \
    "$(type -P sleep)" >"$work/jail/sleep"
  chmod 0755 "$work/jail/sleep"
  cp -a "$work/jail" "$work/broken-jail"
  # shellcheck disable=SC2016
  printf '#!/bin/bash\necho "${0##*/} $*" >>"$MAYFLY_ROOT/machine.log"\nexit 1\n' |
    tee "$work/broken-jail/"{shutdown,systemctl,systemd-run} >/dev/null
  cp -a "$work/jail" "$work/jail-without-chown"
  rm "$work/jail-without-chown/chown"

  package good <<'END'
secret=$ACTIONS_RUNNER_INPUT_JITCONFIG
sha256sum <<<"$secret" | cut -c1-64 >"$HOME/jit.sha256"
for file in /proc/[0-9]*/cmdline; do
  words=$(tr '\0' ' ' <"$file") 2>/dev/null
  if [[ $words == *"$secret"* ]]; then echo "$words" >"$HOME/leak"; fi
done
unset ACTIONS_RUNNER_INPUT_JITCONFIG secret
env >"$HOME/environment"
GITHUB_REPOSITORY=owner/name GITHUB_RUN_ID=17 "$ACTIONS_RUNNER_HOOK_JOB_STARTED" || exit 9
"$ACTIONS_RUNNER_HOOK_JOB_COMPLETED"
END
  package exits-7 <<<'exit 7'
  package foreign-run <<'END'
export GITHUB_REPOSITORY=Owner/Name GITHUB_RUN_ID=18
"$ACTIONS_RUNNER_HOOK_JOB_STARTED" && touch "$HOME/job-ran"
exit 0
END
  for name in shared-run shared-refused shared-unasked; do
    package "$name" < <(tail -n +2 "$work/package-foreign-run/run.sh")
  done
  package never-a-job <<<'exec -a listener sleep 999999'
  # A job that takes longer than the idle limit.
  package long-job <<'END'
GITHUB_REPOSITORY=Owner/Name GITHUB_RUN_ID=17 "$ACTIONS_RUNNER_HOOK_JOB_STARTED"
for _ in 1 2 3; do sleep 900; done
END
  cp -a "$work/package-never-a-job" "$work/package-short-idle"
  cp -a "$work/package-never-a-job" "$work/package-odd-idle"
  cp -a "$work/package-never-a-job" "$work/package-past-deadline"
  for name in short-idle odd-idle past-deadline; do
    tar -czf "$work/packages/$name.tar.gz" -C "$work/package-$name" .
  done
  # What run.sh does when its listener asks for another try, before a job and after it.
  package relaunches <<<'while sleep 60; do :; done'
  package lingers <<'END'
GITHUB_REPOSITORY=Owner/Name GITHUB_RUN_ID=17 "$ACTIONS_RUNNER_HOOK_JOB_STARTED"
"$ACTIONS_RUNNER_HOOK_JOB_COMPLETED"
while sleep 60; do :; done
END
  # A worker that hangs: the hook said that its job started, and nothing comes after it.
  package worker-hangs <<'END'
GITHUB_REPOSITORY=Owner/Name GITHUB_RUN_ID=17 "$ACTIONS_RUNNER_HOOK_JOB_STARTED"
sleep 999999
END
  for name in stand-in stand-in-foreign stand-in-deleted stand-in-too-old; do
    package "$name" < <(tail -n +2 "$source/lab/machine/stand_in_runner.sh")
  done

  mkfifo "$work/port"
  python3 "$here/server.py" "$work/packages" >"$work/port" &
  server=$!
  read -r port <"$work/port"
}

# --- scenarios ---------------------------------------------------------------------------------

good_path() {
  boot good
  check 'every step is reported, in order' events_in_order booted runner-downloading runner-ready \
    claiming runner-started job-started job-completed runner-exited
  check 'the timer is set again to the deadline' did '^shutdown -P +\(599\|600\)$'
  check 'the runner got its JIT config' grep -q "$(sha256sum <<<SklULWNvbmZpZy1vZi1vbmUtcnVubmVy |
    cut -c1-64)" "$root/home/runner/jit.sha256"
  check 'no argument of any process holds the JIT config' test ! -e "$root/home/runner/leak"
  check 'no file holds the JIT config' jit_not_on_disk
  check 'the runner runs as the user runner' did '^runuser -u runner --'
  check 'the environment of the runner is clean' not grep -q MAYFLY "$root/home/runner/environment"
  check 'sudo is given' grep -q NOPASSWD "$root/etc/sudoers.d/mayfly-runner"
  check 'the claim is made once' times_asked claim_key 1

  boot no-sudo
  check 'sudo is not given' test ! -e "$root/etc/sudoers.d/mayfly-runner"

  prepare prebaked
  mkdir -p "$root/opt"
  cp -a "$work/package-good" "$root/opt/actions-runner"
  run
  check 'ends in a power-off' powered_off_last
  check 'a runner in the image is not downloaded' not asked runner.tar.gz
  check 'the job ran' event job-completed
}

metadata_faults() {
  prepare imds-absent
  run "$work/jail" http://127.0.0.1:1/none
  check 'ends in a power-off' powered_off_last
  check 'the step is named' said 'failed metadata: no answer from the metadata service'

  for key in lease claim api expires-at instance-id; do
    boot "hostile-$key"
    check 'nothing of a tag is executed' nothing_injected
    check 'the step is named' said 'failed metadata: .* is malformed'
    check 'nothing is claimed' not asked claim_key
  done
}

runner_faults() {
  boot wrong-checksum
  check 'the step is reported' event failed 'runner: the runner could not be downloaded whole'
  check 'nothing is claimed' not asked claim_key
  check 'nothing is unpacked' test ! -e "$root/opt/actions-runner/run.sh"

  boot no-checksum
  check 'the step is reported' event failed 'runner: no runner here and no checksum of one'

  boot download-cut
  check 'the download goes on where it stopped' times_asked 'GET runner.tar.gz' 2
  check 'the job ran' event job-completed

  boot no-ranges
  check 'or from the start, where the server cannot do that' event job-completed
  check 'with one more download' times_asked 'GET runner.tar.gz' 3

  prepare a-command-fails
  run "$work/jail-without-chown"
  check 'ends in a power-off' powered_off_last
  check 'the step is reported' event failed 'runner: failed at line [0-9]'
  check 'nothing is claimed' not asked claim_key

  boot exits-7
  check 'the status is reported' event runner-exited 'status 7'

  boot foreign-run
  check 'the job of another run does not start' test ! -e "$root/home/runner/job-ran"
  check 'the refusal is reported' event failed 'hook: refused a job of run 18 of Owner/Name'

  boot shared-run
  check 'the service is asked for the job of another run' asked '"event":"job-found","detail":"18"'
  check 'whom it lets begin begins' test -e "$root/home/runner/job-ran"

  boot shared-refused
  check 'whom it does not is told why' said 'the policy does not serve run 18'
  check 'and does not start' test ! -e "$root/home/runner/job-ran"
  check 'the refusal is reported' event failed 'hook: refused a job of run 18 of Owner/Name'

  boot shared-unasked
  check 'without an answer it does not start' test ! -e "$root/home/runner/job-ran"
  check 'and is told so' said 'the service could not be asked'

  boot shared-own
  check 'of its own run it is told too' asked '"event":"job-found","detail":"17"'
  check 'and begins' event job-started

  boot shared-own-unasked
  check 'without an answer its own job begins all the same' event job-started

  boot never-a-job
  check 'a runner without a job is ended' event failed 'run: no job within 660 seconds'

  boot short-idle
  check 'within what the service says' event failed 'run: no job within 120 seconds'

  boot odd-idle
  check 'or, if that is no number, within its own limit' event failed 'run: no job within 900 sec'
  check 'nothing of it is executed' nothing_injected

  boot relaunches
  check 'a runner that is started again and again is ended' event failed 'run: no job within 660 s'

  boot lingers
  check 'nor does it go on after its job' event failed 'run: the runner did not end within 300 s'

  boot worker-hangs
  check 'a job that hangs is ended at the deadline' event failed 'run: the deadline has passed'

  boot past-deadline
  check 'nor past the deadline' event failed 'run: the deadline has passed'

  boot long-job
  check 'a runner with a job is not' event runner-exited 'status 0'
}

service_faults() {
  boot clock-skew
  check 'the step is reported' event failed 'clock: clock is off by -3[56][0-9][0-9] seconds'
  check 'nothing is claimed' not asked claim_key

  boot claim-403
  check 'a refusal is final' times_asked claim_key 1
  check 'the step is reported' event failed 'claim: the service refused the claim: status 403'

  boot claim-503
  check 'the claim is repeated' times_asked claim_key 3
  check 'the job ran' event job-completed

  boot claim-503-for-ever
  check 'the claim is given up after two minutes' times_asked claim_key 18
  check 'the step is reported' event failed 'claim: no answer to the claim: status 503'

  boot claim-lost
  check 'the same key is shown again' times_asked claim_key 2
  check 'the job ran' event job-completed

  boot claim-malformed
  check 'the step is reported' event failed 'claim: the answer to the claim is malformed'
  check 'nothing is started' not did runuser
}

stand_in_runner() {
  boot stand-in
  check 'takes its job' asked '_runner/job .*"job_id":48000000001,"event":"started"'
  check 'ends it' asked '_runner/job .*"event":"completed","conclusion":"success"'
  check 'asks after its job while it runs' times_asked _runner/poll 5
  check 'every step is reported, in order' events_in_order booted runner-downloading runner-ready \
    claiming runner-started started job-started job-completed completed runner-exited

  boot stand-in-foreign
  check 'fails a job that the hook refuses' asked '"event":"completed","conclusion":"failure"'
  check 'does not run it' not event job-started

  boot stand-in-deleted
  check 'exits when its registration is gone' event runner-exited 'status 0, without a job'
  check 'takes no job' not asked _runner/job

  boot stand-in-too-old
  check 'says when its version is refused' event failed 'run: GitHub refuses this version of the r'
}

# Machines of one launch have the tags of its first lease, the nonce among them.
batches() {
  boot batch
  check 'names its own lease as soon as it is told' times_asked "/$own/events" 7
  check 'the tags name the first' times_asked "/$first/events" 1
  check 'the job ran' event job-completed
  check 'no file holds the nonce, which others have too' not grep -rq "$shared" "$root"

  boot batch-late
  check 'learns it from the claim at the latest' times_asked "/$own/events" 4
  check 'the job ran' event job-completed

  boot batch-odd
  check 'takes only a lease for a lease' times_asked "/$own/events" 0
  check 'nothing of it is executed' nothing_injected
  check 'the job ran' event job-completed
}

power_faults() {
  prepare shutdown-refused
  run "$work/broken-jail"
  check 'refuses to start without a timer' said 'failed arm: no power-off could be armed'
  check 'every other way is tried' did '^systemctl poweroff'
  check 'the kernel is asked last' grep -q o "$root/proc/sysrq-trigger"
}

mkdir -p "$work/machines"
make_world
good_path
metadata_faults
runner_faults
service_faults
stand_in_runner
batches
power_faults
echo "$passed passed, $failed failed"
((failed == 0))
