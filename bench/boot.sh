#!/usr/bin/env bash
# what each step of a boot costs, on a host in namespaces and under qemu, beside the seed's steps
#
#   bench/boot.sh [MEGABYTES]   of the runner's archive, by default 8. As root; ten minutes
#
# One machine of each kind, one after the other, on the same root. Under qemu there is no KVM: everything
# takes many times as long, and rows are to be compared with those beside them.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
megabytes=${1:-8}
build=${MAYFLY_BUILD:-$PWD/build} base=${BOOT_BASE:-$PWD/build/boot-test/debian}
export BOOT_BASE=$base MAYFLY_MAC=0a:00:00:00:00:01
work=$(mktemp -d)
server=''
leave() {
  [[ -z $server ]] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap leave EXIT

# play KIND ARG...: a whole host of ours; its stamps are in the work folder.
play() {
  local kind=$1
  shift
  tests/boot/host_test.py --build "$build" --base "$base" --megabytes "$megabytes" "$@" >"$work/$kind" ||
    { cat "$work/$kind" >&2 && exit 1; }
  sed -n 's/^-- [a-z]*: seconds since the launch: //p' "$work/$kind" | tr ',' '\n' | sed 's/^ //' >"$work/$kind.stamps"
}
between() { # KIND FROM TO
  awk -v from="$2" -v to="$3" '$1 == from { a = $2 } $1 == to { b = $2 } END { printf "%.1f", b - a }' \
    "$work/$1.stamps"
}
step() { awk -v name="$2" '$1 == "step" && $2 == name && $4 == 0 { at = $3 } END { print at == "" ? "failed" : at " s" }' \
  <(tr -d '\r' <"$work/$1"); }

serve_archive() {
  local tries
  head -c "${megabytes}M" /dev/urandom >"$work/ballast"
  mkdir "$work/www"
  tar -C "$work" -czf "$work/www/runner.tar.gz" ballast
  python3 -u -m http.server --bind 127.0.0.1 --directory "$work/www" 0 >"$work/www.log" 2>&1 &
  server=$!
  for ((tries = 0; tries < 100; tries++)); do
    port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$work/www.log")
    [[ -z $port ]] || return 0
    sleep 0.1
  done
  echo 'bench: no server for the archive' >&2 && exit 1
}

# A layer above the root, with the steps; the seed's machine as a process, and as a machine.
seed_steps() {
  mkdir -p "$work/layer" "$work/machine"
  cp tests/boot/host/seed_steps.sh "$work/layer/"
  # shellcheck disable=SC2016  # for the shell inside
  base=$base work=$work unshare --mount --pid --fork --kill-child --propagation private -- bash -euc '
    mkdir "$work/tmpfs" "$work/root"
    mount -t tmpfs disk "$work/tmpfs"
    mkdir "$work/tmpfs/upper" "$work/tmpfs/work"
    mount -t overlay root -o "lowerdir=$work/layer:$base/root,upperdir=$work/tmpfs/upper,workdir=$work/tmpfs/work" \
      "$work/root"
    mount -t proc proc "$work/root/proc"
    mount --bind /dev "$work/root/dev"
    rm -f "$work/root/etc/resolv.conf"
    cat /etc/resolv.conf >"$work/root/etc/resolv.conf"
    chroot "$work/root" env SEED_ARCHIVE="$1" /seed_steps.sh' - \
    "http://127.0.0.1:$port/runner.tar.gz" >"$work/seed-host" 2>&1
  unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- tests/boot/host/qemu.sh \
    "$work/machine" "$work/layer:$base/root" \
    "quiet init=/seed_steps.sh SEED_ARCHIVE=http://10.0.2.2:$port/runner.tar.gz" user,id=net >"$work/seed-qemu" 2>&1
}

echo "boot.sh: a host, a machine, and the seed's steps on both; $(nproc) processors, load $(cut -d ' ' -f 1-3 /proc/loadavg)" >&2
play host mirror
play qemu --qemu
serve_archive
seed_steps

row() { echo "| $1 | $2 | $3 | $4 | $5 |"; }
ours() { row "$1" "$(between host "$2" "$3") s" "$(between qemu "$2" "$3") s" "$4" "$4"; }
seeds() { row "$1" none none "$(step seed-host "$2")" "$(step seed-qemu "$2")"; }
echo "Archive of $megabytes MB; $(sed -n 's/^packages //p' "$work/seed-host") packages to upgrade."
echo
row step 'mayfly, host' 'mayfly, qemu' "the seed, host" "the seed, qemu"
echo '|---|--:|--:|--:|--:|'
ours 'launch until the script has told that it runs' launching machine-booted 'as long'
seeds 'apt-get update' update
seeds 'apt-get dist-upgrade' dist-upgrade
row 'download, sum, unpacking' "$(between host machine-booted machine-runner-ready) s" \
  "$(between qemu machine-booted machine-runner-ready) s" \
  "$(step seed-host download) + $(step seed-host unpack), no sum" "$(step seed-qemu download) + $(step seed-qemu unpack), no sum"
ours 'user, hooks, claim, runner configuration' machine-runner-ready machine-runner-started "config.sh: not here"
ours 'the runner connects and begins its job' machine-runner-started machine-job-started "not here"
