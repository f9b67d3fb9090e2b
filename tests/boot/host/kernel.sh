#!/usr/bin/env bash
#
# kernel.sh BASE: puts Debian's kernel for clouds into BASE/kernel/, unpacked and not installed: vmlinuz, and
# layer/, what a root has to have of it. From the package lists of this machine, which is to be a Debian 12.
set -euo pipefail
base=$(readlink -f "$1")
readonly base dir=$base/kernel
if [[ -e $dir/vmlinuz ]]; then exit 0; fi

rm -rf "$dir"
mkdir -p "$dir"
package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: //p' | head -n 1)
(cd "$dir" && apt-get -q download "$package" >/dev/null 2>&1 && dpkg-deb -x ./*.deb unpacked && rm ./*.deb)
# The root's /lib is a link into /usr.
mkdir -p "$dir/layer/usr/lib"
mv "$dir/unpacked/lib/modules" "$dir/layer/usr/lib/modules"
(exec -a depmod "$base/root/usr/bin/kmod" --basedir "$dir/layer/usr" "$(ls "$dir/layer/usr/lib/modules")")
mv "$dir"/unpacked/boot/vmlinuz-* "$dir/vmlinuz"
rm -r "$dir/unpacked"
