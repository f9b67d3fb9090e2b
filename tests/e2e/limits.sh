#!/usr/bin/env bash
# Limits on ourselves over real sockets: a flood of asks for runs that are not there, from one address
# and from many, costs GitHub no more calls than was agreed, while an honest workflow elsewhere gets
# its machine and the machine its runner. Addresses come in X-Forwarded-For: we are the proxy.
# shellcheck disable=SC1091,SC2034,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rig.sh"

calls_per_minute=60 asks_per_minute=60
next_run=900000000

# ask_from ADDRESS RUN: the status and the code; the answer's head is $work/head.
ask_from() {
  local status
  status=$(curl -s -m 10 -o "$work/body" -D "$work/head" -w '%{http_code}' -X POST \
    -H 'Content-Type: application/json' -H "X-Forwarded-For: $1" --data \
    "{\"repository\":\"rr-debugger/rr\",\"run_id\":$2,\"runners\":[{\"architecture\":\"x86_64\"}]}" \
    "$url/v1/leases")
  echo "$status $(jq -r '.code // "ok"' "$work/body")"
}
waits() { [[ $(sed -n 's/^retry-after: *//ip' "$work/head" | tr -d '\r') =~ ^[1-9][0-9]?$ ]]; }
# What the emulated GitHub has counted; looking is free.
calls() {
  curl -s -m 5 -H "Authorization: Bearer $GITHUB_TOKEN" -H 'User-Agent: test' \
    "$github_url/rate_limit" | jq .resources.core.used
}
# flood COUNT ADDRESS: unknown runs, each another; ADDRESS "many": each from another neighbourhood.
flood() {
  local i address=$2
  for ((i = 0; i < $1; i++)); do
    next_run=$((next_run + 1))
    [[ $2 != many ]] || address=198.51.$((next_run % 250)).7
    ask_from "$address" "$next_run"
  done
}
times() { grep -c "^$1\$" "$work/told"; }

start_emulator
write_config
sed -i -e 's|^\[listen\]|&\ntrusted_proxies = ["127.0.0.1"]|' \
  -e 's|^asks_per_minute = .*|&\nasks_per_minute_per_prefix = 10|' "$config"
start_service
began=$(calls)

flood 40 203.0.113.9 >"$work/told"
check 'a flood from one address: the first are looked up' [ "$(times '404 run-not-found')" -ge 10 ]
check 'and few more' [ "$(times '404 run-not-found')" -le 13 ]
check 'the rest is told to come again' [ "$(times '429 limit-asks')" -ge 27 ]
check 'and when' waits
is 'its neighbour is refused as well' "$(ask_from 203.0.113.77 1)" '429 limit-asks'
is 'the flood costs one call for each that was let in' "$(($(calls) - began))" \
  "$(times '404 run-not-found')"

before=$(calls)
for _ in {1..6}; do ask_from 192.0.9.9 4711; done >"$work/told"
is 'one unknown run, asked for six times, is not there' "$(times '404 run-not-found')" 6
check 'and costs a call in three seconds' [ $(($(calls) - before)) -le 2 ]

new_label
run=$(start_run "$label")
drive "$run" jobs/setup/begin
is 'an honest ask from elsewhere is served' "$(ask_from 192.0.2.7 "$run")" '201 ok'
id=$(jq -r '.leases[].id' "$work/body")

while [[ ! -e $work/enough ]]; do flood 5 many; done >"$work/told" &
flooding=$!
check 'while many addresses flood, the machine claims and is online' \
  wait_until 60 lease_is "$id" online
touch "$work/enough"
wait "$flooding"
check 'strangers were refused meanwhile' grep -qE '^(429 limit-asks|503 github-budget)$' "$work/told"
check 'GitHub was asked no more than was agreed' \
  [ "$(($(calls) - began))" -le $((calls_per_minute * (SECONDS / 60 + 1))) ]
drive "$run" cancel
end_run "$run"
check 'and when the run is over its machine goes' wait_until 60 lease_is "$id" gone

stop "$service"
is 'the service stops' "$stopped" 0
finish
