#!/usr/bin/env bash
# The zip for Lambda: what is in it, that the same files give the same bytes, and what is refused.
#
# A small static program stands for mayfly's, which takes minutes to build. Two whole builds are
# compared by hand: run `./dev lambda x86_64` in two clones in different directories; the sha256 that
# it prints must be the same.
# shellcheck disable=SC2154,SC2317  # rig.sh, and what is called by name
# shellcheck disable=SC1091
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e/rig.sh"
pack=$root/deploy/lambda/build.sh

echo 'int main() {}' >"$work/main.c"
cc -static -s -o "$work/static" "$work/main.c" || give_up 'a static program'
cc -s -o "$work/dynamic" "$work/main.c"
cc -static -g -o "$work/debug" "$work/main.c"
echo 'an authority' >"$work/ca.pem"

zip_of() { "$pack" --binary "$work/static" --out "$work/$1.zip" "${@:2}" >"$work/said" 2>&1; }
refuses() {
  local name=$1 part=$2
  shift 2
  if "$pack" "$@" >"$work/said" 2>&1; then not_ok "$name"; else says "$name" "$(<"$work/said")" "$part"; fi
}
listed() {
  python3 -c 'import sys, zipfile
for i in zipfile.ZipFile(sys.argv[1]).infolist():
    print(i.filename, oct(i.external_attr >> 16), *i.date_time[:3])' "$work/$1.zip" | paste -sd ,
}

check 'a zip is written' zip_of first
is 'with the program, which may be executed, and the configuration' "$(listed first)" \
  'bootstrap 0o100755 1980 1 1,mayfly.toml 0o100644 1980 1 1'
is 'bootstrap is the program itself' \
  "$(python3 -m zipfile -e "$work/first.zip" "$work/out" && cmp "$work/out/bootstrap" "$work/static")" ''
touch -d '2001-02-03' "$work/static"
chmod 700 "$work/static"
(umask 077 && TZ=Asia/Tokyo zip_of second)
check 'the same bytes at another time, in another zone, under another umask' \
  cmp "$work/first.zip" "$work/second.zip"
SOURCE_DATE_EPOCH=1700000000 zip_of dated
is 'SOURCE_DATE_EPOCH is the time of every file' "$(listed dated)" \
  'bootstrap 0o100755 2023 11 14,mayfly.toml 0o100644 2023 11 14'
zip_of bundled --ca-bundle "$work/ca.pem" --config "$work/main.c"
is 'a bundle of authorities goes into it when named' "$(listed bundled | tr , '\n' | cut -d ' ' -f 1 |
  paste -sd ' ')" 'bootstrap ca-bundle.pem mayfly.toml'
refuses 'a program that needs a loader is refused' 'not static' --binary "$work/dynamic" \
  --out "$work/no.zip"
refuses 'a program with debug information is refused' debugger --binary "$work/debug" \
  --out "$work/no.zip"
refuses 'what is no program is refused' 'no program' --binary "$work/main.c" --out "$work/no.zip"
refuses 'a configuration that is not there is refused' 'cannot read' --binary "$work/static" \
  --out "$work/no.zip" --config "$work/none"
check 'and nothing is written then' [ ! -e "$work/no.zip" ]
finish
