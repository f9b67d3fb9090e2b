#!/usr/bin/env bash
# from exec to the first answered request, memory at rest, size; beside Python with boto3
#
#   bench/start.sh [TIMES]    by default 20. Needs ./dev build, curl and jq
#   BASELINE=FILE             the seed's Lambda in Python; without it, mayfly alone is measured
#
# Times are from before the fork to the end of the process, or to the first byte of an answer. The
# first row is what the measuring costs by itself. Files are in the page cache.
# shellcheck source=/dev/null disable=SC2154,SC2016,SC2034
source "$(dirname "${BASH_SOURCE[0]}")/support/measure.sh"

times=${1:-20}
exec 8<> <(:) # a pipe that never has anything to read

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.6f", b - a }'; }

# run_once NAME COMMAND...
run_once() {
  local name=$1 began=$EPOCHREALTIME
  shift
  "$@" </dev/null >/dev/null 2>"$work/err" || give_up "$name" "$(<"$work/err")"
  note "$name" "$(seconds_since "$began")"
}
# try_request: asks the service for a lease that is not there; succeeds when it has answered.
try_request() {
  local line
  exec 7<>"/dev/tcp/127.0.0.1/$port" || return 1
  printf 'GET /v1/leases/l-00000000000000000000 HTTP/1.1\r\nHost: bench\r\n\r\n' >&7
  read -r -t 5 line <&7
  exec 7>&-
  [[ $line == 'HTTP/1.1 404'* ]]
} 2>/dev/null
# serve_once NAME: with the ledger as it is.
serve_once() {
  local began=$EPOCHREALTIME end=$((SECONDS + 10))
  "$mayfly" serve --config "$config" >"$work/serve.log" 2>&1 </dev/null &
  service=$!
  sessions=("$emulator" "$service")
  until try_request; do
    read -r -t 0.0005 <&8 # half a millisecond: whoever polls without a rest is in the way
    ((SECONDS < end)) || give_up "$1" "$(<"$work/serve.log")"
  done
  note "$1" "$(seconds_since "$began")"
}
rss() { awk '$1 == "VmRSS:" { printf "%.1f MiB", $2 / 1024 }' "/proc/$1/status"; }
size() { awk -v bytes="$(stat -L -c %s "$1")" 'BEGIN { printf "%.1f MiB", bytes / 1048576 }'; }

start_emulator --no-machines
write_roomy_config
export AWS_DEFAULT_REGION=$AWS_REGION GITHUB_API_URL=$github_url
machine_line
with_seed=no
if has_baseline; then with_seed=yes; else skip_baseline; fi
for ((i = 1; i <= times; i++)); do
  run_once 'nothing' /bin/true
  run_once 'version' "$mayfly" --version
  rm -f "$work"/mayfly.db*
  serve_once 'serve new'
  stop "$service"
  serve_once 'serve'
  stop "$service"
  [[ $with_seed = no ]] ||
    run_once 'seed' "$python" "$support/seed_worker.py" "$BASELINE"
done

table_head 'ms'
row 'nothing' '`/bin/true`'
row 'version' '`mayfly --version`'
row 'serve new' '`mayfly serve`, new ledger: first answer'
row 'serve' '`mayfly serve`, existing ledger: first answer'
row 'seed' "python3: boto3 and the seed's module imported, no request yet"

serve_once 'at rest'
sleep 3
echo
echo '| | size on disk | RSS at rest |'
echo '|---|--:|--:|'
printf '| `mayfly` | %s | %s |\n' "$(size "$mayfly")" "$(rss "$service")"
printf '| `mayfly-lab` (not deployed) | %s | |\n' "$(size "$mayfly-lab")"
[[ $with_seed = no ]] || {
  start_seed
  printf "| python3 with the seed's module | | %s |\n" "$(rss "$seed_pid")"
}
