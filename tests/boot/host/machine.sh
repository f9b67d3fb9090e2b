#!/usr/bin/env bash
#
# machine.sh DIR: plays one instance of the emulated EC2 as a whole host: a Debian root with its own
# systemd as process 1, in namespaces of its own, on the wire of a cloud.py. `mayfly emulate
# --machine-command` runs it (src/lab/machine/process_machines.h).
#
#   DIR/console.log   what the host says, its journal and its power-off included
#   DIR/disk.tar      what it has written to its disk, once it is off
#   DIR/powered-off   made when it is off, by its own doing: systemd-nspawn ends with 0 then, and only then
#
# From the environment: BOOT_ROOT, the layers of the root, the topmost first, with colons between;
# BOOT_CLOUD, the id of the process of cloud.py; BOOT_CLOUD_FD, its descriptor of the wire; BOOT_HOSTS, the
# folder that tells it of machines; BOOT_DISK_MB, how much may be written, and BOOT_OPT_MB, below /opt alone.
#
# Whoever kills this process ends the host: it is in namespaces that die with it. What stays is empty control
# groups, named mayfly-boot-<instance>.
set -euo pipefail
readonly dir=$1 cgroup=mayfly-boot-$MAYFLY_INSTANCE

if [[ -z ${BOOT_INSIDE:-} ]]; then
  exec 9<"/proc/$BOOT_CLOUD/fd/$BOOT_CLOUD_FD"
  BOOT_INSIDE=yes exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
    -- bash "$0" "$@"
fi

# Of its own, for process 1 of a host takes the control group that it finds itself in as the root of all.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
  if [[ -e $hierarchy/cgroup.procs ]]; then
    mkdir -p "$hierarchy/$cgroup"
    echo $$ >"$hierarchy/$cgroup/cgroup.procs"
  fi
done

disk=$dir/disk root=$dir/root
mkdir -p "$disk" "$root"
mount -t tmpfs -o "size=${BOOT_DISK_MB:-1024}m,mode=755" machine-disk "$disk"
mkdir "$disk/upper" "$disk/work"
mount -t overlay machine-root -o "lowerdir=$BOOT_ROOT,upperdir=$disk/upper,workdir=$disk/work" "$root"

# What cloud-init looks at to tell that it is in EC2: the hypervisor's id, as Xen has it, for a container's
# DMI tables it does not read. systemd-nspawn puts the rest of /sys beside it.
mount -t tmpfs -o mode=755 machine-sys "$root/sys"
mkdir "$root/sys/hypervisor"
echo ec2e1916-9099-7caf-fd21-32335a8b7d4e >"$root/sys/hypervisor/uuid"

on_wire() { nsenter --net=/proc/self/fd/9 "$@"; }
echo "$MAYFLY_MAC,$MAYFLY_ADDRESS" >"$BOOT_HOSTS/$MAYFLY_INSTANCE"
plug=plug-${MAYFLY_INSTANCE: -8}
on_wire ip link add "$plug" master wire type veth peer name ens5 address "$MAYFLY_MAC" netns $$
on_wire ip link set "$plug" up

options=(--quiet --register=no --keep-unit --directory="$root" --boot --machine="$MAYFLY_INSTANCE"
  --network-namespace-path=/proc/$$/ns/net --capability="CAP_NET_ADMIN,CAP_NET_RAW"
  --console=read-only --resolv-conf=off --timezone=off --link-journal=no)
if [[ -n ${BOOT_OPT_MB:-} ]]; then options+=("--tmpfs=/opt:size=${BOOT_OPT_MB}m,mode=755"); fi

status=0
systemd-nspawn "${options[@]}" systemd.journald.forward_to_console=yes systemd.log_color=no \
  systemd.show_status=no </dev/null || status=$?
tar -cf "$dir/disk.tar" -C "$disk/upper" . 2>/dev/null || true
if ((status == 0)); then : >"$dir/powered-off"; fi
exit "$status"
