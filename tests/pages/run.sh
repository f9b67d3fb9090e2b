#!/usr/bin/env bash
# Looks at the pages of a real `mayfly serve`, before emulated clouds, in headless Chromium: what
# tests/pages/look.mjs says. SHOTS=DIRECTORY keeps a picture of each, LAWS="byLink theGate" plays but
# these.
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

# start_function: `mayfly` as on Lambda, on the same ledger; sets $function_config.
start_function() {
  local function_port
  function_port=$(free_port) function_config=$work/function.toml
  sed "s|^public_url = .*|public_url = \"http://127.0.0.1:$function_port\"|" \
    "$config" >"$function_config"
  MAYFLY_CONFIG=$function_config start "$work/function.log" \
    node "$tools/function_url.mjs" "$function_port" "$mayfly"
  wait_until 20 grep -qs ready "$work/function.log" ||
    give_up 'the function starts' "$(<"$work/function.log")"
}
# link LIFE: for so long.
link() { "$mayfly" link --config "$function_config" --for "$1" 2>/dev/null; }

check 'there is a browser' test -x "$browser"
check 'npm installs what drives it' install_tools
start_emulator --model-machines
write_config
export ADMIN_TOKEN=correct-horse-battery
sed -i 's/^admin_port = .*/&\nadmin_token = "env:ADMIN_TOKEN"/' "$config"
start_service
start_function
check 'the ledger has old leases' "$tests/fill_ledger.py" "$work/mayfly.db" 200
"$tests/fill_ledger.py" "$work/mayfly.db" 0 --gallery >"$work/gallery"
LINK=$(link 30m) EXPIRED_LINK=$(link 1s)
export LINK EXPIRED_LINK
says 'a link stands below public_url' "$LINK" "http://127.0.0.1:" /operator/
is 'a link for more than a day is not made' "$(link 25h)" ''
export BROWSER=$browser PAGES_URL=$url GITHUB_URL=$github_url GALLERY=$work/gallery
export ADMIN_URL=http://127.0.0.1:$admin_port
look
is 'no log names a link or the token' \
  "$(grep -cE "/operator/|$ADMIN_TOKEN" "$work/serve.log" "$work/function.log" | paste -sd' ')" \
  "$work/serve.log:0 $work/function.log:0"
stop "$service"
is 'mayfly serve stops with status 0' "$stopped" 0
finish
