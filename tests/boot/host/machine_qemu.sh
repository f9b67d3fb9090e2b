#!/usr/bin/env bash
#
# machine_qemu.sh DIR: as machine.sh, but under qemu without KVM: a machine of its own with Debian's kernel for
# clouds, its disk on NVMe as in EC2, and DMI tables that say EC2. Needs BOOT_BASE/kernel/ (kernel.sh) besides.
#
#   DIR/console.log   the serial console
#   DIR/powered-off   made when it is off by its own doing: qemu ends with 0 then
#
# Whoever kills this process ends the machine; the tap goes with it.
set -euo pipefail
readonly dir=$1 kernel=$BOOT_BASE/kernel

if [[ -z ${BOOT_INSIDE:-} ]]; then
  exec 9<"/proc/$BOOT_CLOUD/fd/$BOOT_CLOUD_FD"
  BOOT_INSIDE=yes exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
    -- bash "$0" "$@"
fi

mkdir -p "$dir/root"
mount -t overlay machine-root -o "ro,lowerdir=$kernel/layer:$BOOT_ROOT" "$dir/root"
mke2fs -q -t ext4 -d "$dir/root" "$dir/disk.img" 2G
umount "$dir/root"

on_wire() { nsenter --net=/proc/self/fd/9 "$@"; }
echo "$MAYFLY_MAC,$MAYFLY_ADDRESS" >"$BOOT_HOSTS/$MAYFLY_INSTANCE"
tap=tap-${MAYFLY_INSTANCE: -8} id=ec2e1916-9099-7caf-fd21-32335a8b7d4e
on_wire ip tuntap add dev "$tap" mode tap
on_wire ip link set "$tap" master wire up

status=0
on_wire qemu-system-x86_64 -accel tcg,thread=multi -machine q35 -cpu max -smp 2 -m 1536 -no-reboot \
  -display none -serial stdio -monitor none -kernel "$kernel/vmlinuz" \
  -append 'root=/dev/nvme0n1 rw console=ttyS0 systemd.journald.forward_to_console=yes systemd.show_status=no' \
  -smbios "type=1,manufacturer=Amazon EC2,uuid=$id,serial=$id" \
  -drive "file=$dir/disk.img,format=raw,if=none,id=disk,cache=unsafe" \
  -device nvme,drive=disk,serial=vol0123456789abcdef \
  -netdev "tap,id=net,ifname=$tap,script=no,downscript=no" \
  -device "virtio-net-pci,netdev=net,mac=$MAYFLY_MAC" -device virtio-rng-pci </dev/null || status=$?
on_wire ip link del "$tap" || true
rm -f "$dir/disk.img"
if ((status == 0)); then : >"$dir/powered-off"; fi
exit "$status"
