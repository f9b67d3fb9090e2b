#!/usr/bin/env bash
# src/web/openapi.json: a sound OpenAPI 3.1 description, of what the running service does, with every code of
# docs/errors.md that it can answer. The validators are npm's.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e/rig.sh"

here=$root/tests/openapi
validator=$root/build/openapi
description=$root/src/web/openapi.json

# Into build/, so that the checkout stays clean; kept while its lock file is the same.
install_validator() {
  mkdir -p "$validator" && cp "$here"/*.{json,mjs} "$validator" || return 1
  cmp -s "$validator/package-lock.json" "$validator/node_modules/installed-lock.json" && return
  (cd "$validator" && timeout 300 npm ci --no-audit --no-fund --ignore-scripts) &&
    cp "$validator/package-lock.json" "$validator/node_modules/installed-lock.json"
}
hold() {
  timeout 60 node "$validator/check.mjs" "$1" "$root/docs/errors.md" "$root/docs/api.md" \
    "$work/exchanges.jsonl"
}
# notices NAME FAULT JQ: a description that is changed so is found out.
notices() {
  local said
  jq "$3" "$description" >"$work/broken.json"
  said=$(hold "$work/broken.json" 2>&1) && { not_ok "$1 is noticed" "$said"; return; }
  says "$1 is noticed" "$said" "$2"
}

check 'npm installs the validator' install_validator
start_emulator --no-machines
write_config
export WEBHOOK_SECRET=a-secret-of-the-test
sed -i -e 's/^organization = .*/&\nwebhook_secret = "env:WEBHOOK_SECRET"/' \
  -e 's/^seed_labels = .*/&\nwebhook = "derived"/' "$config"
start_service
check 'each call is made' timeout 100 python3 "$here/calls.py" "$url" "$github_url" \
  "$AWS_ENDPOINT_URL" "$work/exchanges.jsonl" "$WEBHOOK_SECRET"
check 'the description is sound, complete, and what the service does' hold "$description"
notices 'a code that is left out' 'does not name run-not-live' \
  'del(.components.responses.Problem409.content[].schema.allOf[1].properties.code.enum[0])'
notices 'a call that is left out' 'POST /v1/claims is in docs/api.md only' 'del(.paths["/v1/claims"])'
notices 'a status that is left out' 'status 504 is not described' \
  'del(.paths["/v1/leases"].post.responses["504"])'
notices 'a field that is left out' "a lease's zone is not described" \
  'del(.components.schemas.Lease.properties.zone)'
notices 'a field of another form' 'must match pattern' \
  '.components.schemas.Lease.properties.label.pattern = "^x$"'
notices 'an answer that never comes' 'never seen: GET /v1/leases/{id} 203' \
  '.paths["/v1/leases/{id}"].get.responses["203"] = {description: "x"}'
notices 'what OpenAPI does not know' "OpenAPI's schema" '.paths["/"].post.respones = {}'
finish
