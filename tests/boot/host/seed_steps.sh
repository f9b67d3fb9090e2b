#!/usr/bin/env bash
#
# seed_steps.sh: inside of a root, as its own program or as the kernel's init (the first machine under qemu): the
# steps that the seed's machine takes before its runner and ours does not, with the seconds of each. Its config.sh
# is GitHub's, and not here. From the environment, or from the kernel's words: SEED_ARCHIVE, the URL of one
# as large as the runner's.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C

if (($$ == 1)) && [[ ! -e /proc/self ]]; then # a machine: qemu's own network
  readonly is_machine=yes
  mount -t proc proc /proc
  mount -t sysfs sys /sys
  mount -t tmpfs tmp /tmp
  modprobe -a virtio_pci virtio_net
  for _ in {1..100}; do
    link=$(cd /sys/class/net && printf '%s\n' e* | head -n 1)
    [[ $link == 'e*' ]] || break
    sleep 0.1
  done
  ip link set lo up
  ip link set "$link" up
  ip address add 10.0.2.15/24 dev "$link"
  ip route add default via 10.0.2.2
  rm -f /etc/resolv.conf
  echo nameserver 10.0.2.3 >/etc/resolv.conf
fi

# step NAME COMMAND...
step() {
  local name=$1 began=$EPOCHREALTIME status=0
  shift
  "$@" >/tmp/step.log 2>&1 </dev/null || status=$?
  ((status == 0)) || tail -n 5 /tmp/step.log
  echo "step $name $(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') $status"
}

printf 'deb http://deb.debian.org/debian %s main\n' bookworm bookworm-updates >/etc/apt/sources.list
echo 'deb http://deb.debian.org/debian-security bookworm-security main' >>/etc/apt/sources.list
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d # nothing to start or restart here
chmod 755 /usr/sbin/policy-rc.d
step update apt-get update -y
echo "packages $(apt-get -s dist-upgrade 2>/dev/null | grep -c '^Inst ')"
step dist-upgrade apt-get dist-upgrade -f -y
step download curl -sSf -o /opt/runner.tar.gz "$SEED_ARCHIVE"
step unpack tar xzf /opt/runner.tar.gz -C /opt
if [[ -n ${is_machine:-} ]]; then
  sync
  echo o >/proc/sysrq-trigger
  sleep 60
fi
