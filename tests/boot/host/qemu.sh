#!/usr/bin/env bash
#
# qemu.sh DIR LAYERS APPEND NETDEV: a machine without KVM, with Debian's kernel for clouds (kernel.sh) from
# BOOT_BASE/kernel/, its disk on NVMe as in EC2, and DMI tables that say EC2. LAYERS: of its root, the topmost first,
# with colons between. APPEND: words for its kernel. NETDEV: qemu's -netdev, with the id "net". MAYFLY_MAC: its
# address. Its console is the output. In a mount namespace of the caller's; ends with 0 once it is off.
# A processor without AVX, for emulating that takes longer than doing without.
set -euo pipefail
readonly dir=$1 layers=$2 append=$3 netdev=$4 kernel=$BOOT_BASE/kernel id=ec2e1916-9099-7caf-fd21-32335a8b7d4e

mkdir -p "$dir/root"
mount -t overlay machine-root -o "ro,lowerdir=$kernel/layer:$layers" "$dir/root"
mke2fs -q -t ext4 -d "$dir/root" "$dir/disk.img" 2G
umount "$dir/root"

status=0
qemu-system-x86_64 -accel tcg,thread=multi -machine q35 -cpu Nehalem -smp 2 -m 1536 -no-reboot \
  -display none -serial stdio -monitor none -kernel "$kernel/vmlinuz" \
  -append "root=/dev/nvme0n1 rw console=ttyS0 mitigations=off $append" \
  -smbios "type=1,manufacturer=Amazon EC2,uuid=$id,serial=$id" \
  -drive "file=$dir/disk.img,format=raw,if=none,id=disk,cache=unsafe" \
  -device nvme,drive=disk,serial=vol0123456789abcdef -netdev "$netdev" \
  -device "virtio-net-pci,netdev=net,mac=$MAYFLY_MAC" -device virtio-rng-pci </dev/null || status=$?
rm -f "$dir/disk.img"
exit "$status"
