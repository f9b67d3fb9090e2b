#!/usr/bin/env bash
# Looks at the pages of a real `mayfly serve`, before emulated clouds, in headless Chromium: what
# tests/pages/look.mjs says. SHOTS=DIRECTORY keeps a picture of each.
# shellcheck disable=SC1091,SC2154  # rig.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e/rig.sh"

browser=${MAYFLY_BROWSER:-$(command -v chromium)}
tools=$root/build/pages
tests=$root/tests/pages

# install_tools: into build/, so that the checkout stays clean; kept while the lock file is the same.
install_tools() {
  mkdir -p "$tools" && cp "$tests"/*.{json,mjs} "$tools" || return 1
  cmp -s "$tools/package-lock.json" "$tools/node_modules/installed-lock.json" && return
  (cd "$tools" && timeout 300 npm ci --no-audit --no-fund --ignore-scripts) &&
    cp "$tools/package-lock.json" "$tools/node_modules/installed-lock.json"
}

# look: adds what the browser's tests count.
look() {
  local last
  timeout 240 node "$tools/look.mjs" </dev/null 2>&1 | tee "$work/look.log"
  last=$(tail -n 1 "$work/look.log")
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  else
    not_ok 'the tests in the browser end with their counts' "$last"
  fi
}

check 'there is a browser' test -x "$browser"
check 'npm installs what drives it' install_tools
start_emulator --model-machines
write_config
start_service
check 'the ledger has old leases' "$tests/fill_ledger.py" "$work/mayfly.db" 200
"$tests/fill_ledger.py" "$work/mayfly.db" 0 --gallery >"$work/gallery"
export BROWSER=$browser PAGES_URL=$url GITHUB_URL=$github_url \
  GALLERY=$work/gallery
look
stop "$service"
is 'mayfly serve stops with status 0' "$stopped" 0
finish
