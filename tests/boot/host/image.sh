#!/usr/bin/env bash
#
# image.sh ROOT DIR ARCHIVE VERSION: runs deploy/image/install-runner.sh over ROOT, with the runner of ARCHIVE,
# without upgrade and power-off. What it changed is in DIR/upper, a layer to put above ROOT. ROOT stays.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly here root=$1 dir=$2 archive=$3 version=$4

if [[ -z ${BOOT_INSIDE:-} ]]; then
  BOOT_INSIDE=yes exec unshare --mount --pid --fork --kill-child --propagation private -- bash "$0" "$@"
fi

mkdir "$dir/disk" "$dir/root"
mount -t tmpfs image-disk "$dir/disk"
mkdir "$dir/disk/upper" "$dir/disk/work"
mount -t overlay image-root -o "lowerdir=$root,upperdir=$dir/disk/upper,workdir=$dir/disk/work" "$dir/root"
cp "$archive" "$dir/root/tmp/runner.tar.gz"
cp "$here/../../../deploy/image/install-runner.sh" "$dir/root/tmp/"
mount -t proc proc "$dir/root/proc"
chroot "$dir/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin MAYFLY_RUNNER_VERSION="$version" \
  MAYFLY_RUNNER_SHA256="$(sha256sum <"$archive" | cut -c1-64)" MAYFLY_IMAGE_UPGRADE=no MAYFLY_IMAGE_OFF=no \
  MAYFLY_RUNNER_URL=file:///tmp/runner.tar.gz bash /tmp/install-runner.sh >"$dir/image.log" 2>&1 ||
  { cat "$dir/image.log" >&2; exit 1; }
rm "$dir/root/tmp/"*
umount "$dir/root/proc" "$dir/root"
cp -a "$dir/disk/upper" "$dir/upper"
