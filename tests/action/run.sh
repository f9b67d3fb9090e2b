#!/usr/bin/env bash
# The Action and the workflows of action/ and deploy/workflows: by readers that are not ours, which npm
# fetches, by shellcheck, and played: against scripted answers and a real service before emulated clouds.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e/rig.sh"

here=$root/tests/action
schemas=$root/build/action_schemas
files=("$root/action/action.yml" "$root"/deploy/workflows/*.yml)

# Into build/, so that the checkout stays clean; kept while its lock file is the same.
install_schemas() {
  mkdir -p "$schemas" && cp "$here"/*.{json,mjs} "$schemas" || return 1
  cmp -s "$schemas/package-lock.json" "$schemas/node_modules/installed-lock.json" && return
  (cd "$schemas" && timeout 300 npm ci --no-audit --no-fund --ignore-scripts) &&
    cp "$schemas/package-lock.json" "$schemas/node_modules/installed-lock.json"
}
# What GitHub would give to bash, of each step.
check_steps() {
  python3 - "${files[@]}" <<'PYTHON' && shellcheck -s bash -e SC2148 "$work"/step-*.sh
import os, sys, yaml
for number, path in enumerate(sys.argv[1:]):
    with open(path, encoding="utf-8") as file:
        text = yaml.safe_load(file)
    jobs = text.get("jobs", {"": text.get("runs", {})}).values()
    for step in [step for job in jobs for step in job.get("steps", []) if "run" in step]:
        assert "${{" not in step["run"], step["run"]
        with open(f"{os.environ['work']}/step-{number}.sh", "a", encoding="utf-8") as script:
            script.write(step["run"] + "\n")
PYTHON
}

check 'npm installs the readers' install_schemas
check 'the Action and the workflows are well-formed, and what is not is noticed' \
  timeout 60 node "$schemas/schemas.mjs" "${files[@]}"
export work
check "the steps' scripts are clean, and hold no expression" check_steps

start_emulator --model-machines
write_config
start_service
export SERVICE_URL=$url GITHUB_URL=$github_url
outcome=$(timeout 300 "$here/action_test.py" 2>&1)
echo "$outcome"
read -r good _ bad _ <<<"$(tail -n 1 <<<"$outcome")"
passed=$((passed + good)) failed=$((failed + bad))
finish
