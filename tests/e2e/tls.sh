#!/usr/bin/env bash
# The service over TLS with real curl: old versions refused, a certificate that is replaced while it
# runs, one that is broken; and that the server's own refusals look like every other answer.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rig.sh"

# certificate NAME: self-signed for localhost, as $work/NAME.pem and $work/NAME.key.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test \
    -addext subjectAltName=DNS:localhost -keyout "$work/$1.key" -out "$work/$1.pem" 2>/dev/null
}
# show NAME: as the service's own; each file at once, the way that renewing tools do.
show() {
  for end in key pem; do
    cp "$work/$1.$end" "$work/new" && mv "$work/new" "$work/served.$end"
  done
}
# get CERTIFICATE [CURL_ARG...]: the status; 000 when there was no connection.
get() {
  curl -s -m 5 -o "$work/body" -D "$work/head" -w '%{http_code}' --cacert "$work/$1.pem" "${@:2}" \
    "https://localhost:$port/v1/leases/l-00000000000000000000"
}
is_shown() { [[ $(get "$1") == 404 ]]; }
logged() { grep -qs "\"$1\"" "$work/serve.log"; }
headers() { tr -d '\r' <"$work/head" | grep -ic "^$1: ."; }

for name in first second; do
  certificate "$name" || give_up 'openssl makes a certificate'
done
show first
start_emulator
write_config
sed -i -e "s|^\[listen\]|&\ntls_certificate = \"$work/served.pem\"\ntls_key = \"$work/served.key\"|" \
  -e "s|^public_url.*|public_url = \"https://localhost:$port\"|" "$config"
start_service

is 'curl is answered over TLS' "$(get first)" 404
is 'an authority that did not sign is noticed' "$(get second)" 000
is 'TLS 1.3 is spoken' "$(get first --tlsv1.3)" 404
is 'TLS 1.1 is not' "$(get first --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0)" 000
is 'plain HTTP is not' "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://localhost:$port/")" 000

is 'a request without Host is refused' "$(get first -H 'Host:')" 400
is 'with X-Request-Id' "$(headers x-request-id)" 1
is 'with Date' "$(headers date)" 1
id=$(tr -d '\r' <"$work/head" | sed -n 's/^x-request-id: //ip')
check 'which the log has as well' grep -q "\"request-refused\".*\"$id\"" "$work/serve.log"

show second
check 'a replaced certificate is used' wait_until 10 is_shown second
is 'and the old one no more' "$(get first)" 000
check 'and the log says so' logged tls-certificate-changed
echo broken >"$work/served.pem"
broken_is_seen() { get second >/dev/null; logged tls-certificate-kept; }
check 'a broken certificate is warned of' wait_until 10 broken_is_seen
is 'and the last good one goes on' "$(get second)" 404

stop "$service"
is 'the service stops' "$stopped" 0
finish
