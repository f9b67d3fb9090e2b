#!/usr/bin/env bash
# Replays the corpora of fuzz/, built with sanitizers: every input keeps the laws of its target. A
# target without a corpus, or a corpus without a target, fails. PROGRAMS says where the replays are.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
programs="${PROGRAMS:-build/dev}"

total_passed=0 total_failed=0
for target in $({ basename -a -s .cpp fuzz/*.cpp | grep -vx replay; ls fuzz/corpus; } | sort -u); do
  log="$("$programs/replay_$target" "fuzz/corpus/$target" 2>&1)" || true
  read -r passed failed < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' <<<"$log") ||
    { passed=0 failed=1; }
  [ "$failed" = 0 ] || printf '%s\n' "$log"
  printf '%4d passed  %s\n' "$passed" "$target"
  total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed))
done
echo "$total_passed passed, $total_failed failed"
[ "$total_failed" = 0 ]
