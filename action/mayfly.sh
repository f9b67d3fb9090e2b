#!/usr/bin/env bash
# The one step of action.yml. Asks mayfly for this run's runners (POST /v1/leases), looks at their leases
# until all are online, and writes the outputs; or fails with the service's reason and remedy.
#
# Asking is safe to repeat: the same run gets the same leases. So a lost answer is asked for again, and
# whoever tells us to come later (Retry-After) is obeyed, both until the timeout. What the service answers
# is checked before it is used, and shown only as the text of ::error:: and ::warning::, on one line.
set -euo pipefail
export LC_ALL=C

url=${MAYFLY_URL%/}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
last_reason='nothing was answered yet'

# --- What the run's page shows

# plain: one line of printable ASCII, not long.
plain() { tr -c ' -~' '?' | cut -c 1-700; }
# annotate error|warning TITLE TEXT
annotate() {
  local text
  text=$(printf '%s' "$3" | plain)
  printf '::%s title=mayfly: %s::%s\n' "$1" "$(tr -cd 'a-z0-9-' <<<"$2" | cut -c 1-40)" "${text//%/%25}"
}
# fail CODE TEXT
fail() {
  annotate error "$1" "$2"
  # In a code span, which has no links and no HTML.
  # shellcheck disable=SC2016
  printf 'mayfly: no runners: `%s`\n' "$(printf '%s' "$2" | plain | tr '`' "'")" >>"$GITHUB_STEP_SUMMARY"
  exit 1
}

# --- The service

# call METHOD PATH [JSON]: sets $status, 000 when no whole answer came; the body is $work/body.
call() {
  local -a body=()
  [[ -z ${3:-} ]] || body=(--data-binary "$3")
  rm -f "$work/head" "$work/body"
  status=$(curl -sS --connect-timeout 10 --max-time "$((left < 30 ? left : 30))" --max-filesize 65536 \
    -X "$1" -H 'Content-Type: application/json' "${body[@]}" \
    -D "$work/head" -o "$work/body" -w '%{http_code}' -- "$url$2" 2>"$work/why") || status=000
  touch "$work/head" "$work/body"
  retry_after=$(sed -n 's/^retry-after: *\([0-9]\{1,6\}\)[[:space:]]*$/\1/Ip' "$work/head" | tail -n 1)
}
# read_problem: sets $code, empty when the answer is no problem document of mayfly, and $reason.
read_problem() {
  code=$(jq -r '.code | strings | select(test("\\A[a-z0-9-]{1,40}\\z"))' "$work/body" 2>/dev/null) || code=
  if [[ -n $code ]]; then
    reason="$code: $(jq -r '"\(.detail) -- \(.remedy)"' "$work/body")"
  elif [[ $status == 000 ]]; then
    reason="no answer from $url: $(head -n 1 "$work/why")"
  else
    reason="$url answered $status, and not as mayfly does; check the input url"
  fi
  last_reason=$reason
}

# count_down: sets $left, the whole seconds until the timeout, at least one.
count_down() {
  left=$((timeout - SECONDS))
  ((left > 0)) || fail timeout "not online within $timeout s. Last: $last_reason"
}
# rest WAIT: as long as the answer says, or else so many seconds, which may be cut to what is left.
rest() {
  local left=$((timeout - SECONDS))
  if [[ -n $retry_after ]] && ((10#$retry_after >= left)); then
    fail timeout "told to wait $((10#$retry_after)) s, and $left s are left. Last: $last_reason"
  fi
  local wait=$((10#${retry_after:-$1}))
  sleep "$((wait < left ? wait : left > 0 ? left : 0))"
}

# The leases of an answer, if each is as docs/api.md says; nothing else is taken from it.
# shellcheck disable=SC2016  # jq's variables
k_leases='
  def is(rule): type == "string" and test("\\A(" + rule + ")\\z");
  def sound: (.id | is("l-[0-9a-f]{20}")) and (.architecture | is("[a-z0-9_]{1,20}"))
    and (.status_url | is("https?://[A-Za-z0-9._:/-]{1,300}"))
    and (.runs_on | type == "array" and length > 0 and all(.[]; is("[A-Za-z0-9._-]{1,100}")));
  .leases | if type == "array" and length > 0 and all(.[]; sound)
    then map({id, architecture, runs_on, status_url}) else error("unsound") end'

# ask: sets $leases; comes back only with them.
ask() {
  while count_down; do
    call POST /v1/leases "$request"
    if [[ $status == 20[01] ]]; then
      leases=$(jq -ce "$k_leases" "$work/body" 2>/dev/null) && return
      fail bad-answer "$url answered $status without sound leases; check the input url"
    fi
    read_problem
    case $status:$code in
      # These say why a lease has ended: it will not come back.
      *:boot-failed | *:no-capacity | *:interrupted | *:deadline-passed | *:idle-limit) fail "$code" "$reason" ;;
      429:* | 503:*) rest 10 ;;
      000: | 5??:) rest "$((2 + RANDOM % 4))" ;; # lost, or a proxy's own answer
      *) fail "${code:-bad-answer}" "$reason" ;;
    esac
  done
}

# wait_for ID: comes back when the runner is, or has been, online.
wait_for() {
  local state
  while count_down; do
    call GET "/v1/leases/$1"
    state=$(jq -r '"\(.state) \(.outcome)"' "$work/body" 2>/dev/null) || state=
    if [[ $status == 200 ]]; then
      last_reason="lease $1 is ${state%% *}"
      case $state in
        'online '* | 'busy '* | *' job-done') return ;;
        'ending '* | 'gone '*)
          ask # which says why, in words, and fails
          fail lease-ended "lease $1 ended: ${state##* }" ;;
      esac
    fi
    rest 3
  done
}

create() {
  [[ $timeout =~ ^[1-9][0-9]{0,4}$ ]] || { timeout=1; fail bad-input 'timeout must be a number of seconds'; }
  [[ $MAYFLY_COUNT =~ ^[1-9][0-9]{0,3}$ ]] || fail bad-input 'count must be a number from 1'
  request=$(jq -cn --arg a "$MAYFLY_ARCHITECTURES" --argjson count "$MAYFLY_COUNT" '{
    repository: $ENV.GITHUB_REPOSITORY, run_id: ($ENV.GITHUB_RUN_ID | tonumber),
    run_attempt: ($ENV.GITHUB_RUN_ATTEMPT | tonumber),
    runners: [$a | splits("[\\s,]+") | select(. != "") | {architecture: ., count: $count}]}')
  ask
  local id
  for id in $(jq -r '.[].id' <<<"$leases"); do wait_for "$id"; done
  jq -r '"runs-on=\(.[0].runs_on)", "leases=\(map(.id))", "status-urls=\(map(.status_url))",
    "matrix=\({include: map({architecture, lease: .id, "runs-on": .runs_on})})"' <<<"$leases" >>"$GITHUB_OUTPUT"
  jq -r --arg s "$SECONDS" '"mayfly: \(length) online after \($s) s: " +
    (map("[\(.runs_on[0])](\(.status_url))") | join(", "))' <<<"$leases" >>"$GITHUB_STEP_SUMMARY"
}

# Nothing depends on it: what is not rung for is noticed all the same.
ring() {
  local id
  timeout=60
  for id in $(jq -r '.[]? | strings | select(test("\\Al-[0-9a-f]{20}\\z"))' <<<"$MAYFLY_LEASES"); do
    left=$((timeout - SECONDS))
    ((left > 0)) || break
    call DELETE "/v1/leases/$id"
    [[ $status == 202 ]] || { read_problem; annotate warning not-rung "$reason"; }
  done
}

[[ $url =~ ^https?://[A-Za-z0-9._:/-]+$ ]] || fail bad-input 'url must be the address of a mayfly service'
case $MAYFLY_OPERATION in
  create) timeout=$MAYFLY_TIMEOUT; create ;;
  ring) ring ;;
  *) fail bad-input 'operation must be "create" or "ring"' ;;
esac
