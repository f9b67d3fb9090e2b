#!/usr/bin/env bash
#
# root.sh DIR [MIRROR]: fills DIR with what the hosts of `./dev boot-test` are made of. Takes minutes the
# first time, nothing later; remove DIR to have it made again. Needs root, debootstrap and openssl.
#
#   DIR/root/   Debian 12 with systemd and cloud-init, as in Debian's own cloud images, and what
#               Ubuntu's server images have that the boot script needs: curl and sudo
#   DIR/tls/    a certificate authority of our own, which that root believes, and a certificate for
#               the names that its hosts reach
#
# Two things are not as in an image. The list of data sources is Ec2 alone, where an image finds that out
# from the DMI tables, which a namespace has not (machine.sh). And cloud-init hands the network to systemd-networkd
# without netplan between, which looks for a permanent hardware address, which a veth has not.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly here dir=$1
# Where this host has its own packages from.
# shellcheck disable=SC2016  # apt's own placeholders
mirror=${2:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' |
  head -n 1)}
readonly mirror
readonly packages=systemd-sysv,dbus,udev,kmod,cloud-init,systemd-resolved,isc-dhcp-client,sudo,\
curl,ca-certificates,iproute2,procps,libicu72,python3-cffi-backend
readonly names=DNS:api.boot.test,DNS:github.boot.test,DNS:mirror.boot.test

# It is whole only when this file says of which recipe it is.
readonly made=$dir/made-by
recipe=$(sha256sum <"$here/root.sh")
if [[ -e $made && $(<"$made") == "$recipe" ]]; then exit 0; fi

make_certificates() {
  mkdir -p "$dir/tls"
  (
    cd "$dir/tls"
    umask 077
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=boot-test authority' \
      -keyout ca.key -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj /CN=boot.test -keyout key.pem -out request.pem
    openssl x509 -req -days 3650 -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial \
      -extfile <(echo "subjectAltName=$names") -out certificate.pem
  ) 2>"$dir/openssl.log"
}

make_root() {
  debootstrap --variant=minbase --include="$packages" bookworm "$dir/root" "$mirror" \
    >"$dir/debootstrap.log" 2>&1 || { tail -n 20 "$dir/debootstrap.log" >&2; return 1; }
  cp "$dir/tls/ca.pem" "$dir/root/usr/local/share/ca-certificates/boot-test.crt"
  chroot "$dir/root" update-ca-certificates >/dev/null 2>&1
  chroot "$dir/root" systemctl --quiet enable systemd-networkd
  printf '%s\n' 'datasource_list: [Ec2]' 'system_info: {network: {renderers: [networkd]}}' \
    >"$dir/root/etc/cloud/cloud.cfg.d/90_boot_test.cfg"
  : >"$dir/root/etc/machine-id"
  rm -f "$dir/root/etc/hostname" "$dir/root/var/cache/apt/archives/"*.deb
}

if [[ -z $mirror ]]; then
  echo 'root.sh: this host has no package lists of Debian 12; run apt-get update, or name a mirror' >&2
  exit 1
fi
rm -rf "$dir"
mkdir -p "$dir"
make_certificates
make_root
echo "$recipe" >"$made"
