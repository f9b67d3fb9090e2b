#!/usr/bin/env bash
# Writes the zip for AWS Lambda from a program that is built: `./dev lambda` builds and calls this.
#
#   build.sh --binary FILE --out ZIP [--config FILE] [--ca-bundle FILE]
#
# In the zip: the program itself as bootstrap, the configuration as mayfly.toml (deploy/mayfly.toml if
# none is named) and, if one is named, a bundle of certificate authorities as ca-bundle.pem. The same
# files give the same bytes, with advzip (package advancecomp) or, 3 % more of them, without it.
# Exit status 1: the program is not one static file, or a file is missing.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
die() { printf 'build.sh: %s\n' "$*" >&2; exit "${status:-1}"; }

binary='' out='' config=$here/../mayfly.toml bundle=''
while [[ $# -gt 0 ]]; do
  [[ $# -ge 2 ]] || status=2 die "$1 needs a value"
  case $1 in
    --binary) binary=$2 ;;
    --out) out=$2 ;;
    --config) config=$2 ;;
    --ca-bundle) bundle=$2 ;;
    *) status=2 die "no such option: $1" ;;
  esac
  shift 2
done
[[ -n $binary && -n $out ]] || status=2 die '--binary and --out are needed'
for file in "$binary" "$config" ${bundle:+"$bundle"}; do
  [[ -f $file && -r $file ]] || die "cannot read $file"
done

headers=$(LC_ALL=C readelf --wide --program-headers --sections "$binary" 2>/dev/null) ||
  die "$binary is no program"
grep -Eq '^ +(INTERP|DYNAMIC) ' <<<"$headers" && die "$binary is not static"
grep -q '\.debug_' <<<"$headers" && die "$binary holds what only a debugger reads"

files=("bootstrap=$binary" "mayfly.toml=$config")
[[ -z $bundle ]] || files+=("ca-bundle.pem=$bundle")
python3 "$here/pack.py" "$out.unfinished" "${files[@]}"
if command -v advzip >/dev/null; then
  advzip --quiet --recompress --shrink-extra "$out.unfinished"
else
  echo 'build.sh: no advzip (package advancecomp): the zip is larger than it has to be'
fi
mv "$out.unfinished" "$out"
printf '%s: %d bytes, sha256 %s\n' "$out" "$(stat -c %s "$out")" \
  "$(sha256sum "$out" | cut -d ' ' -f 1)"
