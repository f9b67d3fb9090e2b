#!/usr/bin/env bash
# A GitHub App in place of the token: whole leases, tokens that end or are revoked meanwhile, and what
# `mayfly check` says of each thing that may be wrong.
# What GitHub is asked and answers is held against its own OpenAPI description.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rig.sh"

validator=$root/build/github_openapi
exchanges=$work/exchanges.jsonl

# as_app KEY_FILE [LINE]: the configuration with the App.
as_app() {
  write_config
  sed -i "s|^token = .*|app_id = \"123456\"\napp_private_key = \"file:$1\"\n${2:-}|" "$config"
}
app() { curl -sSf -m 5 -o /dev/null --data "$1" "$github_url/_emulator/app"; }
# checked NAME STATUS PART...: what `mayfly check` says. No part of the key is in it.
checked() {
  local name=$1 wanted=$2 out status=0
  shift 2
  out=$("$mayfly" check --config "$config" 2>&1) || status=$?
  is "check, $name: exit status $wanted" "$status" "$wanted"
  says "check, $name: what to do" "$out" "$@"
  is "check, $name: no secret is shown" "$(grep -cE 'ghs_|eyJ|MII' <<<"$out")" 0
}
tokens_made() { grep -c '/access_tokens' "$exchanges"; }
# whole_lease NAME: rr's workflow until its tests have ended.
whole_lease() {
  local run id
  new_label
  run=$(start_run "$label")
  drive "$run" jobs/setup/begin
  id=$(ask "{\"operation\":\"create\",\"architectures\":[\"x86_64\",\"arm64\"],\"label\":\"$label\"}" |
    jq -r '.leases[0].id')
  drive "$run" jobs/setup/complete
  check "$1" wait_until 60 job_is_done "$run"
  end_run "$run"
  check "$1: the lease is gone" wait_until 60 lease_is "$id" gone
}
job_is_done() { [[ $(job_state "$1" test-x86_64) == completed ]]; }
# install_validator: as tests/e2e/demo.sh does.
install_validator() {
  mkdir -p "$validator" && cp "$root"/tests/github_openapi/*.{json,mjs} "$validator" || return 1
  cmp -s "$validator/package-lock.json" "$validator/node_modules/installed-lock.json" && return
  (cd "$validator" && timeout 300 npm ci --no-audit --no-fund --ignore-scripts) &&
    cp "$validator/package-lock.json" "$validator/node_modules/installed-lock.json"
}

start_emulator --model-machines --no-limits --record "$exchanges" --directory "$work/emulated"
unset GITHUB_TOKEN
key=$work/emulated/app.pem

# --- A whole life
as_app "$key"
checked 'all is well but for the runner group' 1 'ok       github: credential: App 123456, installation 7654321 of rr-debugger'
start_service
whole_lease 'a lease is served with the App alone'
before=$(tokens_made)
app '{"revoke": true}'
sleep 6
whole_lease 'a lease is served after its token was revoked'
app '{"token_seconds": 40, "revoke": true}'
sleep 6
whole_lease 'a lease is served with tokens that end all the time'
check 'tokens were replaced' test "$(tokens_made)" -gt "$before"
app '{"token_seconds": 3600}'
stop "$service"
is 'the service ends well' "$stopped" 0
is 'no token is in the log, nor a JWT' "$(grep -cE 'ghs_|eyJ' "$work/serve.log")" 0
is 'no token is in the ledger' "$(grep -caE 'ghs_|eyJhbGci' "$work/mayfly.db")" 0

# --- What may be wrong
openssl genrsa -out "$work/other.pem" 2048 2>/dev/null
as_app "$work/other.pem"
checked 'a key of another App' 1 'problem  github: credential' 'github.app_private_key' \
  '/organizations/rr-debugger/settings/apps'
as_app "$config"
checked 'a file that is no key' 1 'no private key in PEM'
as_app "$key" 'app_installation_id = 5'
checked 'another installation' 1 'github.app_installation_id'
as_app "$key"
app '{"permissions": {"metadata": "read", "actions": "read", "organization_self_hosted_runners": "read"}}'
checked 'a permission too few' 1 \
  'lacks organization_self_hosted_runners=write (organization permission "Self-hosted runners": read and write)' \
  '/organizations/rr-debugger/settings/installations'
app '{"permissions": {"metadata": "read", "actions": "read", "organization_self_hosted_runners": "write"}}'
sed -i 's|^name = "rr-debugger/rr"|name = "rr-debugger/other"|' "$config"
checked 'a repository where it is not installed' 1 'not accessible to the parent installation'
as_app "$key"
sed -i 's|^app_private_key = .*||' "$config"
"$mayfly" check --config "$config" >"$work/out" 2>&1
is 'half an App: exit status 2' "$?" 2
says 'half an App: what is missing' "$(<"$work/out")" 'github.app_private_key is missing'

# --- What was asked and answered
check 'npm installs the validator' install_validator
check "the exchanges are as GitHub documents them" timeout 120 node "$validator/validate.mjs" "$exchanges"
finish
