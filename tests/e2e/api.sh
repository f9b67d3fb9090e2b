#!/usr/bin/env bash
# The public API over real sockets with real curl: rr's requests byte for byte, everything a caller
# can get wrong with the status and code it is told, and the life of a lease asked for through /v1.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rig.sh"

k_seconds_max=${MAYFLY_ANSWER_SECONDS:-1}
slowest=0 slowest_name=none answered=0
json=(-H 'Content-Type: application/json')
nonce=(-H 'X-Mayfly-Claim: 0123456789abcdef0123456789abcdef')

# call CURL_ARG...: sets $status; the answer's head and body are $work/head and $work/body.
call() {
  local seconds
  read -r status seconds < <(curl -s -m 20 -o "$work/body" -D "$work/head" \
    -w '%{http_code} %{time_total}\n' "$@")
  answered=$((answered + 1))
  if awk -v a="$seconds" -v b="$slowest" 'BEGIN { exit !(a > b) }'; then
    slowest=$seconds slowest_name="$status for ${*: -1}"
  fi
}
header() { sed -n "s/^$1: *//ip" "$work/head" | tr -d '\r'; }

# refused NAME STATUS CODE CURL_ARG...: the answer must be a whole problem document.
refused() {
  local name=$1 wanted="$2 $3" got
  shift 3
  call "$@"
  got="$status $(jq -r 'select(.status and .title and .detail and .remedy and
    .type == "urn:mayfly:error:" + .code) | .code' "$work/body" 2>/dev/null)"
  [[ $(header content-type) == application/problem+json ]] || got+=', no problem+json'
  if [[ $got == "$wanted" ]]; then
    ok "$name: $wanted"
  else
    not_ok "$name: $wanted" "got $got: $(<"$work/body")"
  fi
}
# refused_post NAME STATUS CODE PATH BODY [CURL_ARG...]
refused_post() {
  local name=$1 status_and_code=("$2" "$3") path=$4 body=$5
  shift 5
  printf '%s' "$body" >"$work/sent"
  refused "$name" "${status_and_code[@]}" "${json[@]}" "$@" --data-binary "@$work/sent" "$url$path"
}
seed() {
  jq -cn --arg l "$1" '{operation: "create", architectures: ["x86_64", "arm64"], label: $l}'
}
old_create() { jq -cn --arg l "$1" '{operation: "create", architecture: "arm64", label: $l}'; }
destroy() { jq -cn --arg l "$1" '{operation: "destroy", label: $l}'; }
old_destroy() { jq -cn --arg l "$1" '{operation: "destroy", labels: ["rr_runner_1", $l]}'; }
repeat() { printf "%$2s" '' | sed "s/ /$1/g"; }

# --- What can be wrong

wrong_http() {
  refused 'GET /' 405 method-not-allowed "$url/"
  is 'GET /: the Allow header' "$(header allow)" POST
  refused 'PUT of a lease' 405 method-not-allowed -X PUT "$url/v1/leases/l-00000000000000000000"
  is 'PUT of a lease: the Allow header' "$(header allow)" 'GET, DELETE'
  refused 'DELETE /v1/leases' 405 method-not-allowed -X DELETE "$url/v1/leases"
  refused 'GET /v1/claims' 405 method-not-allowed "$url/v1/claims"
  refused 'a method that nobody knows' 405 method-not-allowed -X BREW "$url/"
  refused 'a path that is not there' 404 no-such-path "$url/v2/leases"
  refused "a path that climbs" 400 bad-request --path-as-is "$url/v1/../healthz"
  refused 'the metrics from outside' 404 no-such-path "$url/metrics"
  refused 'the health from outside' 404 no-such-path "$url/healthz"
  refused 'a query where none is taken' 400 bad-field "$url/?operation=create"
  refused 'a broken escape in the path' 400 bad-request "$url/%zz"
  refused 'a header of 20 KB' 431 headers-too-large -H "Cookie: $(repeat c 20000)" "$url/"
  refused 'a target of 20 KB' 431 headers-too-large "$url/$(repeat a 20000)"
  refused 'two lengths' 400 bad-request "${json[@]}" -H 'Content-Length: 2' \
    -H 'Content-Length: 3' --data '{}' "$url/"
  refused 'a length and chunks' 400 bad-request "${json[@]}" -H 'Transfer-Encoding: chunked' \
    -H 'Content-Length: 2' --data '{}' "$url/"
  refused 'no Host' 400 bad-request -H 'Host:' "$url/"
}

wrong_json() {
  local good
  good=$(seed rr_runner_1)
  refused "curl's own content type" 415 unsupported-media-type --data "$good" "$url/"
  refused "a body that says it is text" 415 unsupported-media-type -H "Content-Type: text/plain" \
    --data "$good" "$url/"
  refused_post 'no body' 400 bad-json / ''
  refused_post 'half a body' 400 bad-json / "${good:0:40}"
  refused_post 'two bodies' 400 bad-json / "$good$good"
  refused_post 'a list' 400 bad-json / "[$good]"
  refused_post 'a text' 400 bad-json / '"create"'
  refused_post 'JSON 10000 deep' 400 bad-json / \
    "{\"label\":$(repeat '[' 1500)$(repeat ']' 1500)}"
  refused_post 'a key twice' 400 bad-json / \
    '{"operation":"create","architecture":"arm64","label":"rr_runner_1","label":"rr_runner_2"}'
  refused_post 'a key twice, once escaped' 400 bad-json / \
    '{"operation":"create","architecture":"arm64","label":"rr_runner_1","l\u0061bel":"rr_runner_2"}'
  refused_post 'UTF-8 that is none' 400 bad-json / \
    $'{"operation":"destroy","label":"rr_runner_\xff"}'
  refused_post 'an overlong slash' 400 bad-json / \
    $'{"operation":"destroy","label":"rr_runner_\xc0\xaf"}'
  printf '{"operation":"destroy","label":"rr_runner_1\0"}' >"$work/nul"
  refused 'a NUL in a text' 400 bad-json "${json[@]}" --data-binary "@$work/nul" "$url/"
  printf '\0%s' "$good" >"$work/nul"
  refused 'a NUL before the body' 400 bad-json "${json[@]}" --data-binary "@$work/nul" "$url/"
  refused_post 'a body of 5 KB' 413 body-too-large / "$good$(repeat ' ' 5000)"
  refused_post 'a body of 1 MB' 413 body-too-large / "$good$(repeat ' ' 1000000)"
  refused_post 'a body of 1 MB in chunks' 413 body-too-large / "$good$(repeat ' ' 1000000)" \
    -H 'Transfer-Encoding: chunked'
}

wrong_fields() {
  refused_post 'an empty object' 400 bad-field / '{}'
  refused_post 'a wrong operation' 400 unknown-operation / '{"operation":"launch","label":"x"}'
  refused_post 'an operation that is a number' 400 bad-field / '{"operation":1}'
  refused_post 'a wrong key' 400 bad-field / \
    '{"operation":"create","architectures":["arm64"],"labels":"rr_runner_1"}'
  refused_post 'a key that nobody reads' 400 bad-field / \
    '{"operation":"create","architectures":["arm64"],"label":"rr_runner_1","instance_type":"x"}'
  says 'a key that nobody reads is named' "$(<"$work/body")" instance_type
  refused_post 'both shapes at once' 400 bad-field / \
    '{"operation":"create","architecture":"arm64","architectures":["arm64"],"label":"rr_runner_1"}'
  refused_post 'no architecture' 400 bad-field / \
    '{"operation":"create","architectures":[],"label":"rr_runner_1"}'
  refused_post 'an architecture twice' 400 bad-field / \
    '{"operation":"create","architectures":["arm64","arm64"],"label":"rr_runner_1"}'
  refused_post 'an architecture that nobody has' 400 unknown-architecture / \
    '{"operation":"create","architectures":["x86_64","riscv64"],"label":"rr_runner_1"}'
  refused_post 'a label that is a list' 400 bad-field / \
    '{"operation":"create","architectures":["arm64"],"label":["rr_runner_1"]}'
  refused_post '17 labels' 400 bad-field / \
    "$(jq -cn '{operation: "destroy", labels: [range(17) | "rr_runner_\(.)"]}')"
  refused_post 'a label while no run is live' 409 no-live-run / "$(seed rr_runner_1)"
}

# The seed looked at a label's beginning only; the rest went into a shell script run by root.
hostile_labels() {
  local label body
  # shellcheck disable=SC2016
  for label in $'rr_runner_a\ntouch /tmp/x' $'rr_runner_a\n' $'rr_runner_a\r' 'rr_runner_$(id)' \
    'rr_runner_`id`' 'rr_runner_a; id' "rr_runner_a'\"" 'rr_runner_a --url https://evil.example/x' \
    'rr_runner_a,self-hosted' ' rr_runner_a' 'rr_runner_*' 'rr_runner_?' 'rr_runner_' \
    'rr_runner_é' 'RR_RUNNER_a' '../rr_runner_a' '' '*' "rr_runner_$(repeat a 91)"; do
    for body in seed old_create destroy old_destroy; do
      refused_post "$body with the label ${label@Q}" 400 bad-label / "$("$body" "$label")"
    done
  done
}

wrong_v1() {
  local known='"repository":"rr-debugger/rr","run_id":17000000009' lease=l-0123456789abcdef0123
  local one='"runners":[{"architecture":"arm64"}]'
  refused_post 'v1: a repository of somebody else' 403 repository-not-served /v1/leases \
    "{\"repository\":\"evil/rr\",\"run_id\":1,$one}"
  refused_post 'v1: a repository that climbs' 400 bad-field /v1/leases \
    "{\"repository\":\"../rr\",\"run_id\":1,$one}"
  refused_post 'v1: a run that is not there' 404 run-not-found /v1/leases "{$known,$one}"
  refused_post 'v1: run 0' 400 bad-field /v1/leases \
    "{\"repository\":\"rr-debugger/rr\",\"run_id\":0,$one}"
  refused_post 'v1: a run in quotes' 400 bad-field /v1/leases \
    "{\"repository\":\"rr-debugger/rr\",\"run_id\":\"1\",$one}"
  refused_post 'v1: a run beyond 64 bits' 400 bad-field /v1/leases \
    "{\"repository\":\"rr-debugger/rr\",\"run_id\":99999999999999999999,$one}"
  refused_post 'v1: too many runners' 400 too-many-runners /v1/leases \
    "{$known,\"runners\":[{\"architecture\":\"arm64\",\"count\":5}]}"
  refused_post 'v1: less than no runner' 400 bad-field /v1/leases \
    "{$known,\"runners\":[{\"architecture\":\"arm64\",\"count\":-1}]}"
  refused_post 'v1: to wait for something else' 400 bad-field '/v1/leases?wait=busy' "{$known,$one}"
  refused_post 'v1: to wait for an hour' 400 bad-field '/v1/leases?wait=online&timeout=3600' \
    "{$known,$one}"
  refused 'a lease that is not there' 404 lease-not-found "$url/v1/leases/$lease"
  refused 'a lease with a wrong id' 404 lease-not-found "$url/v1/leases/*"
  refused 'the release of no lease' 404 lease-not-found -X DELETE "$url/v1/leases/$lease"
  local claim="{\"lease\":\"$lease\",\"instance_id\":\"i-0123456789abcdef0\""
  claim+=',"claim_key":"0123456789abcdef0123456789abcdef"}'
  refused_post 'a claim without its nonce' 400 bad-field /v1/claims "$claim"
  refused_post 'a claim for no lease' 403 claim-refused /v1/claims "$claim" "${nonce[@]}"
  refused_post 'an event of a stranger' 403 claim-refused "/v1/leases/$lease/events" \
    '{"event":"booted"}' "${nonce[@]}"
  refused_post 'an event that no machine reports' 400 bad-field "/v1/leases/$lease/events" \
    '{"event":"pwned"}' "${nonce[@]}"
}

nothing_happened() {
  is 'no lease came of all this' "$("$mayfly" leases --all --json --config "$config")" '[]'
  is 'and no machine' "$(aws_state | jq '.instances | length')" 0
  echo "# $answered answers, the slowest after $slowest s ($slowest_name)"
  check "each within $k_seconds_max s" \
    awk -v a="$slowest" -v b="$k_seconds_max" 'BEGIN { exit a > b }'
}

# --- Slow clients

# dribble NAME BYTES: sends them on one connection and then nothing; what comes back until the
# service closes is $work/said.NAME.
dribble() {
  exec 5<>"/dev/tcp/127.0.0.1/$port"
  printf '%b' "$2" >&5
  timeout 20 cat <&5 >"$work/said.$1" || echo 'still open after 20 s' >>"$work/said.$1"
}
slow_clients() {
  local name clients=()
  local head='POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
  dribble head "${head:0:40}" & clients+=($!)
  dribble body "${head}Content-Length: 50\r\n\r\n{" & clients+=($!)
  dribble nothing '' & clients+=($!)
  dribble old 'GET / HTTP/1.0\r\n\r\n' & clients+=($!)
  dribble tls '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n' & clients+=($!)
  sleep 1
  call "$url/v1/leases/l-0123456789abcdef0123"
  is 'others are answered meanwhile' "$status" 404
  wait "${clients[@]}"
  for name in head body; do
    says "who stops within the $name is cut off" "$(<"$work/said.$name")" 'HTTP/1.1 408' \
      '"code":"request-timeout"'
  done
  is 'who says nothing is cut off' "$(<"$work/said.nothing")" ''
  says 'HTTP/1.0 is answered and closed' "$(<"$work/said.old")" ' 405 '
  says 'TLS to the plain port is told so in HTTP' "$(<"$work/said.tls")" 'HTTP/1.1 400' \
    '"code":"bad-request"'
}

# --- What is right

both_shapes() {
  local body answer run ids id
  new_label
  run=$(start_run "$label")
  drive "$run" jobs/setup/begin
  body="{\"operation\":\"create\",\"architectures\":[\"x86_64\",\"arm64\"],\"label\":\"$label\"}"
  answer=$(ask "$body")
  is 'the shape of today: create' \
    "$? $(jq -r '[.leases[].architecture] | join(" ")' <<<"$answer")" '0 x86_64 arm64'
  is 'its runs_on are what the workflow writes' "$(jq -c '.leases[0].runs_on' <<<"$answer")" \
    "[\"$label\",\"arch_x86_64\"]"
  mapfile -t ids < <(jq -r '.leases[].id' <<<"$answer")
  answer=$(ask "$body")
  is 'asked again: the same leases' \
    "$? $(jq -r ".leases[].id" <<<"$answer" | sort | paste -sd" ")" \
    "0 $(printf "%s\n" "${ids[@]}" | sort | paste -sd" ")"
  answer=$(ask "{\"operation\":\"destroy\",\"label\":\"$label\"}")
  is 'the shape of today: destroy' "$? $(jq '.leases | length' <<<"$answer")" '0 2'
  answer=$(ask '{"operation":"create","architectures":["x86_64"],"label":"rr_runner_thief"}')
  is 'a second label of the same run: curl fails with the reason' \
    "$? $(jq -r .code <<<"$answer")" '22 no-live-run'
  end_run "$run"

  new_label
  run=$(start_run "${label}_x86_64")
  drive "$run" jobs/setup/begin
  for id in x86_64 arm64; do
    answer=$(ask "{\"operation\":\"create\",\"architecture\":\"$id\",\"label\":\"${label}_$id\"}")
    is "the shape of 2024: create $id" "$? $(jq -r '[.leases[].label] | join(" ")' <<<"$answer")" \
      "0 ${label}_$id"
    ids+=("$(jq -r '.leases[].id' <<<"$answer")")
  done
  answer=$(ask "{\"operation\":\"destroy\",\"labels\":[\"${label}_x86_64\",\"${label}_arm64\"]}")
  is 'the shape of 2024: destroy' "$? $(jq '.leases | length' <<<"$answer")" '0 2'
  end_run "$run"
  for id in "${ids[@]}"; do
    check "lease $id is gone" wait_until 40 lease_is "$id" gone
  done
}

v1_lease() {
  local body run id
  new_label
  run=$(start_run "$label")
  body="{\"repository\":\"rr-debugger/rr\",\"run_id\":$run,\"run_attempt\":1,"
  body+='"runners":[{"architecture":"x86_64"}]}'
  call "${json[@]}" --data "$body" "$url/v1/leases?wait=online&timeout=60"
  is 'v1: create and wait until it is online' "$status $(jq -r '.leases[].state' "$work/body")" \
    '201 online'
  id=$(jq -r '.leases[].id' "$work/body")
  is 'v1: its label names the run' "$(jq -r '.leases[].label' "$work/body")" "mayfly-$run-x86_64"
  call "${json[@]}" --data "$body" "$url/v1/leases"
  is 'v1: asked again, the same lease' "$status $(jq -r '.leases[].id' "$work/body")" "200 $id"
  call "$url/v1/leases/$id"
  is 'v1: show it' "$status $(jq -r '.id, .state' "$work/body" | paste -sd' ')" "200 $id online"
  is 'v1: its timeline begins with the question' "$(jq -r '.timeline[0].event' "$work/body")" asked
  is 'v1: the answer has an id for the log' \
    "$(grep -c "$(header x-request-id)" "$work/serve.log")" 1
  is 'v1: nothing in it opens anything' \
    "$(grep -ciE 'nonce|jit|token|claim_key' "$work/body")" 0
  refused_post 'v1: the attempt after this one' 409 run-not-live /v1/leases \
    "${body/\"run_attempt\":1/\"run_attempt\":2}"
  call -X DELETE "$url/v1/leases/$id"
  is 'v1: release is heard' "$status" 202
  sleep 2.5
  is 'v1: but the run still needs it' "$(lease_state "$id")" online
  end_run "$run"
  call -X DELETE "$url/v1/leases/$id"
  check 'v1: once the run is over it is gone' wait_until 40 lease_is "$id" gone
  refused_post 'v1: a run that is over gets nothing more' 409 run-not-live /v1/leases \
    "${body/x86_64/arm64}"
}

the_end() {
  call "http://127.0.0.1:$admin_port/healthz"
  is 'healthz on the admin port' "$status $(jq '.healthy, .leases_live' "$work/body" |
    paste -sd' ')" '200 true 0'
  refused 'another path of the admin port' 404 no-such-path "http://127.0.0.1:$admin_port/nowhere"
  check 'the audit is balanced' "$mayfly" audit --config "$config"
  is 'no machine is left' "$(live_instances)" 0
  stop "$service"
  is 'mayfly serve stops with status 0' "$stopped" 0
  stop "$emulator"
  is 'mayfly emulate stops with status 0' "$stopped" 0
}

start_emulator
write_config
start_service
wrong_http
wrong_json
wrong_fields
hostile_labels
wrong_v1
nothing_happened
slow_clients
both_shapes
v1_lease
the_end
finish
