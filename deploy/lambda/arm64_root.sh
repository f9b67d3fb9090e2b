#!/usr/bin/env bash
# Unpacks the arm64 libraries that mayfly is linked with into a directory; nothing is installed.
#
#   arm64_root.sh DIRECTORY
#
# The packages and versions are those of this machine's own libraries, from the sources that apt
# knows: headers are this machine's, so they must agree. apt works with lists and an architecture of
# its own below DIRECTORY, and needs no root. A directory that is complete is left as it is.
set -euo pipefail
[[ $# == 1 ]] || { echo 'arm64_root.sh: one argument, a directory' >&2; exit 2; }
mkdir -p "$1"
target=$(readlink -f "$1")
packages=(libc6-dev libssl-dev libsqlite3-dev libpugixml-dev libboost-json1.81-dev
  libboost-container1.81-dev libboost-context1.81-dev)

# NAME=VERSION of this machine's, so that a mixture is refused rather than linked.
wanted=()
for package in "${packages[@]}"; do
  version=$(dpkg-query -W -f '${Version}' "$package:$(dpkg --print-architecture)")
  wanted+=("$package:arm64=$version")
done
[[ ! -f $target/complete || $(<"$target/complete") != "${wanted[*]}" ]] || exit 0

rm -rf "$target"
mkdir -p "$target"/apt/{lists/partial,cache/archives/partial,packages}
: >"$target/apt/status"
apt() {
  apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 \
    -o Dir::State::lists="$target/apt/lists" -o Dir::State::status="$target/apt/status" \
    -o Dir::Cache="$target/apt/cache" -o APT::Sandbox::User=root "$@"
}
apt update >"$target/apt/log" 2>&1 || { cat "$target/apt/log" >&2; exit 1; }
(cd "$target/apt/packages" && apt download "${wanted[@]}") >>"$target/apt/log" 2>&1 ||
  { tail -n 20 "$target/apt/log" >&2; exit 1; }
for package in "$target"/apt/packages/*.deb; do dpkg-deb -x "$package" "$target"; done
rm -rf "$target/apt"
echo "${wanted[*]}" >"$target/complete"
