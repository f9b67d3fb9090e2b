#!/usr/bin/env bash
#
# machine_qemu.sh DIR: as machine.sh, but under qemu without KVM (qemu.sh): with a kernel and a clock of its own.
#
#   DIR/console.log   the serial console
#   DIR/powered-off   made when it is off by its own doing: qemu ends with 0 then
#
# Whoever kills this process ends the machine; the tap goes with it.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly here dir=$1

if [[ -z ${BOOT_INSIDE:-} ]]; then
  exec 9<"/proc/$BOOT_CLOUD/fd/$BOOT_CLOUD_FD"
  BOOT_INSIDE=yes exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
    -- bash "$0" "$@"
fi

on_wire() { nsenter --net=/proc/self/fd/9 "$@"; }
echo "$MAYFLY_MAC,$MAYFLY_ADDRESS" >"$BOOT_HOSTS/$MAYFLY_INSTANCE"
tap=tap-${MAYFLY_INSTANCE: -8}
on_wire ip tuntap add dev "$tap" mode tap
on_wire ip link set "$tap" master wire up

status=0
on_wire "$here/qemu.sh" "$dir" "$BOOT_ROOT" \
  'systemd.journald.forward_to_console=yes systemd.show_status=no' \
  "tap,id=net,ifname=$tap,script=no,downscript=no" || status=$?
on_wire ip link del "$tap" || true
if ((status == 0)); then : >"$dir/powered-off"; fi
exit "$status"
