#!/usr/bin/env bash
# Unpacks the arm64 libraries that mayfly is linked with into a directory; nothing is installed.
#
#   arm64_root.sh DIRECTORY
#
# The versions are those of this machine's own packages where apt's sources still have them, or else the
# newest: a security update may have replaced one. What is linked brings its own headers along, in
# DIRECTORY/headers; only Boost's are this machine's, so Boost must agree. apt works with lists and
# an architecture of its own below DIRECTORY, and needs no root. A directory that was made for the
# packages of this machine is left as it is; remove it to have newer ones.
set -euo pipefail
[[ $# == 1 ]] || { echo 'arm64_root.sh: one argument, a directory' >&2; exit 2; }
mkdir -p "$1"
target=$(readlink -f "$1")
boost=(libboost-json1.81-dev libboost-container1.81-dev libboost-context1.81-dev)
others=(libc6-dev libssl-dev libsqlite3-dev libpugixml-dev)

ours=()  # NAME=VERSION of this machine's
for package in "${boost[@]}" "${others[@]}"; do
  version=$(dpkg-query -W -f '${Version}' "$package:$(dpkg --print-architecture)")
  ours+=("$package=$version")
done
[[ ! -f $target/complete || $(head -n 1 "$target/complete") != "${ours[*]}" ]] || exit 0

rm -rf "$target"
mkdir -p "$target"/headers "$target"/apt/{lists/partial,cache/archives/partial,packages}
: >"$target/apt/status"
apt() {
  "apt-$1" -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 \
    -o Dir::State::lists="$target/apt/lists" -o Dir::State::status="$target/apt/status" \
    -o Dir::Cache="$target/apt/cache" -o APT::Sandbox::User=root "${@:2}"
}
apt get update >"$target/apt/log" 2>&1 || { cat "$target/apt/log" >&2; exit 1; }

wanted=()
for package in "${ours[@]}"; do
  name=${package%%=*}
  if [[ $name != libboost-* && -z $(apt cache show "$package" 2>/dev/null) ]]; then
    echo "arm64_root.sh: apt has no $package any more, taking the newest $name"
    package=$name
  fi
  wanted+=("$package")
done
(cd "$target/apt/packages" && apt get download "${wanted[@]}") >>"$target/apt/log" 2>&1 ||
  { tail -n 20 "$target/apt/log" >&2; exit 1; }
for package in "$target"/apt/packages/*.deb; do dpkg-deb -x "$package" "$target"; done
(cd "$target/usr/include" &&
  cp -r openssl aarch64-linux-gnu/openssl sqlite3*.h pugi*.hpp "$target/headers")
(cd "$target/apt/packages" && printf '%s\n' "${ours[*]}" *.deb) >"$target/unfinished"
rm -rf "$target/apt"
mv "$target/unfinished" "$target/complete"
