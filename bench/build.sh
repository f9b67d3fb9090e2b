#!/usr/bin/env bash
# a clean build of what is deployed, without ccache: the whole, and the slowest files
#
#   bench/build.sh [PRESET]    by default release; MAYFLY_JOBS=N compiles N files at once
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset="${1:-release}"
jobs="${MAYFLY_JOBS:-$(nproc)}"
tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT

milliseconds() { date +%s%3N; }

export CCACHE_DISABLE=1
began=$(milliseconds)
cmake --preset "$preset" -B "$tree" >/dev/null
configured=$(milliseconds)
echo "Building mayfly and mayfly-lab (preset $preset, $jobs at once) ..."
cmake --build "$tree" -j "$jobs" --target mayfly mayfly-lab
built=$(milliseconds)

echo
awk -v configure=$((configured - began)) -v build=$((built - configured)) -v jobs="$jobs" '
  !/^#/ { ms = $2 - $1; busy += ms; if ($4 ~ /\.o$/) { files++; compile += ms } }
  END { printf "| configure | build, %d at once | files compiled | mean per file | all steps, one after another |\n", jobs
        print "|---|---|---|---|---|"
        printf "| %.1f s | %.1f s | %d | %.1f s | %.1f s |\n", configure / 1000, build / 1000,
               files, files ? compile / files / 1000 : 0, busy / 1000 }' "$tree/.ninja_log"
echo
echo "| slowest files | s |"
echo "|---|---|"
awk '$4 ~ /\.o$/ { print $2 - $1, $4 }' "$tree/.ninja_log" | sort -rn | head -n 10 |
  sed -e 's|CMakeFiles/[^/]*\.dir/||' -e 's|\.o$||' |
  awk '{ printf "| %s | %.1f |\n", $2, $1 / 1000 }'
stat -c '%s bytes: %n' "$tree/mayfly" "$tree/mayfly-lab" | sed "s|$tree/||"
