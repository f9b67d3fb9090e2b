#!/usr/bin/env bash
# Every example delivery that GitHub's SDK publishes is taken or refused by a real service as
# docs/webhooks.md says, and none gives a lease or harms it. npm fetches the examples.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e/rig.sh"

examples=$root/build/webhook_examples
install_examples() {
  mkdir -p "$examples" && cp "$root"/tests/webhooks/*.{json,mjs} "$examples" || return 1
  cmp -s "$examples/package-lock.json" "$examples/node_modules/installed-lock.json" && return
  (cd "$examples" && timeout 300 npm ci --no-audit --no-fund --ignore-scripts) &&
    cp "$examples/package-lock.json" "$examples/node_modules/installed-lock.json"
}
leases() { sqlite3 "$work/mayfly.db" 'select count(*) from lease'; }

check 'npm installs the examples' install_examples
start_emulator
write_config
export WEBHOOK_SECRET=s3cret-of-the-suite
sed -i -e 's|^calls_per_minute.*|&\nwebhook_secret = "env:WEBHOOK_SECRET"|' \
  -e 's|^seed_labels.*|&\nwebhook = "derived"|' "$config"
start_service
check 'every example is answered as documented' timeout 300 \
  node "$examples/deliver.mjs" "$url/v1/webhooks/github" "$WEBHOOK_SECRET" rr-debugger/rr
check 'the service is healthy afterwards' wait_until 20 is_healthy
is 'no example makes a lease: GitHub knows none of their runs' "$(leases)" 0
is 'a signed ping is answered' "$(curl -s -X POST -H 'X-GitHub-Event: ping' \
  -H 'Content-Type: application/json' -H "X-Hub-Signature-256: sha256=$(printf '{}' |
    openssl dgst -sha256 -hmac "$WEBHOOK_SECRET" | sed 's/.*= //')" \
  --data '{}' "$url/v1/webhooks/github")" pong
finish
