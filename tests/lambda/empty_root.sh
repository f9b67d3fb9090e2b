#!/usr/bin/env bash
# The program of the zip in an empty root, as Lambda's runtime image is to it: no libc, no loader, no
# certificates, names from a DNS server alone. It asks an EC2 that speaks TLS; all of it in a network
# namespace of its own.
#
#   empty_root.sh BINARY
#
# A BINARY for arm64 is run elsewhere by qemu's user mode, which is static itself and goes into the root
# beside it. Needs BINARY to be built, root (or unprivileged user namespaces) and dnsmasq; says so and
# passes where one of them is missing.
# shellcheck disable=SC2154  # rig.sh
binary=$(readlink -f "$1")
# shellcheck disable=SC1091
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e/rig.sh"
here=$root/tests/lambda
k_qemu=qemu-aarch64-static

is_foreign() {
  [[ $(uname -m) != aarch64 ]] && readelf --file-header "$binary" | grep -q 'Machine: *AArch64'
}
skip() {
  ok "skipped: $1"
  finish
}
if [[ ${MAYFLY_IN_NAMESPACE:-} != yes ]]; then
  [[ -x $binary ]] || skip "$binary is not built"
  ! is_foreign || command -v "$k_qemu" >/dev/null || skip "no $k_qemu (package qemu-user-static)"
  PATH=$PATH:/usr/sbin command -v dnsmasq >/dev/null || skip 'no dnsmasq (package dnsmasq-base)'
  rm -rf "$work"
  map=()
  [[ $(id -u) == 0 ]] || map=(--user --map-root-user)
  unshare "${map[@]}" --net true 2>/dev/null || skip 'no network namespaces: be root'
  MAYFLY_IN_NAMESPACE=yes exec unshare "${map[@]}" --net "$0" "$binary"
fi
PATH=$PATH:/usr/sbin:/sbin

k_name=ec2.mayfly.test k_dns=127.0.0.53 k_ec2=127.0.0.80 k_port=8443
jail=$work/root
emulator=()

# certificate NAME: an authority of its own for k_name, as $work/NAME.pem and $work/NAME.key.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test \
    -addext "subjectAltName=DNS:$k_name" -keyout "$work/$1.key" -out "$work/$1.pem" 2>/dev/null
}
make_root() {
  mkdir -p "$jail/etc" "$jail/task"
  cp "$binary" "$jail/task/bootstrap"
  cp "$root/deploy/mayfly.toml" "$work/ours.pem" "$work/others.pem" "$jail/task/"
  echo "nameserver $k_dns" >"$jail/etc/resolv.conf"
  is_foreign || return 0
  cp "$(command -v "$k_qemu")" "$jail/emulator"
  emulator=(/emulator)
}
start_servers() {
  start "$work/dns.log" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts \
    --user=root --pid-file= --bind-interfaces --listen-address="$k_dns" --port=53 --log-queries \
    --log-facility=- --local=/test/ --host-record="$k_name,$k_ec2"
  start "$work/ec2.log" python3 "$here/endpoint.py" "$k_ec2" "$k_port" "$work/ours.pem" \
    "$work/ours.key"
  wait_until 10 grep -qs started "$work/dns.log" || give_up 'dnsmasq starts' "$(<"$work/dns.log")"
  wait_until 10 grep -qs ready "$work/ec2.log" || give_up 'EC2 starts' "$(<"$work/ec2.log")"
}
# in_root BUNDLE NAME: a stateless sweep; sets $said and $status.
in_root() {
  said=$(env -i SSL_CERT_FILE="$1" AWS_REGION=us-east-2 AWS_ACCESS_KEY_ID=AKIAEXAMPLE \
    AWS_SECRET_ACCESS_KEY=secret AWS_ENDPOINT_URL_EC2="https://$2:$k_port" \
    /usr/sbin/chroot "$jail" "${emulator[@]}" /task/bootstrap sweep --stateless \
    --config /task/mayfly.toml 2>&1)
  status=$?
}
# refused NAME PART: the last sweep failed, and said PART.
refused() {
  if [[ $status != 0 ]]; then says "$1" "$said" "$2"; else not_ok "$1" "$said"; fi
}

ip link set lo up || give_up 'a loopback interface'
for name in ours others; do certificate "$name" || give_up 'openssl makes a certificate'; done
make_root
is 'the root holds the program, its configuration, certificates, and where DNS is' \
  "$(cd "$jail" && find . -type f | sort | paste -sd ' ')" \
  "${emulator:+./emulator }"'./etc/resolv.conf ./task/bootstrap ./task/mayfly.toml ./task/others.pem ./task/ours.pem'
says 'it says its version' \
  "$(/usr/sbin/chroot "$jail" "${emulator[@]}" /task/bootstrap --version 2>&1)" mayfly
start_servers

in_root /task/ours.pem "$k_name"
is 'the name is found, the certificate believed, EC2 answers' "$said" '0 alive, 0 ended'
check 'and the DNS server was asked' grep -q "query\[A\] $k_name" "$work/dns.log"

in_root /task/others.pem "$k_name"
refused 'a certificate of an authority that the bundle does not hold is refused' certificate
in_root /task/none.pem "$k_name"
refused 'a bundle that is named and not there is no reason to take another' none.pem
in_root '' "$k_name"
refused 'without any bundle nothing is believed' SSL_CERT_FILE
in_root /task/ours.pem nobody.mayfly.test
refused 'a name that DNS does not know is not found' 'look up'
in_root /task/ours.pem "$k_ec2"
refused 'nor is a certificate believed for an address that it does not name' certificate
echo 'nameserver 127.0.0.54' >"$jail/etc/resolv.conf"
in_root /task/ours.pem "$k_name"
refused 'without a DNS server there is no name' 'look up'
finish
