#!/usr/bin/env bash
# The program for arm64, which no machine of ours runs: qemu's user mode executes it, instruction by
# instruction, behind the emulated Lambda, before the emulated clouds.
#
# Needs `./dev lambda arm64` to have been run, and qemu-aarch64-static; says so and passes where one of
# them is missing. tests/lambda/empty_root.sh runs the same program in an empty root.
# shellcheck disable=SC2154  # rig.sh
# shellcheck disable=SC1091
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../e2e/rig.sh"
binary=$root/build/release-arm64/mayfly qemu=qemu-aarch64-static

skip() {
  ok "skipped: $1"
  finish
}
[[ -x $binary ]] || skip "$binary is not built (./dev lambda arm64)"
command -v "$qemu" >/dev/null || skip "no $qemu (package qemu-user-static)"

# The lab starts the program beside it.
mkdir "$work/bin"
cp "$build/mayfly-lab" "$work/bin/"
printf '#!/bin/sh\nexec %s %s "$@"\n' "$(command -v "$qemu")" "$binary" >"$work/bin/mayfly"
chmod +x "$work/bin/mayfly"

says 'it is for arm64' "$(readelf --file-header "$binary")" AArch64
is 'it is static, and holds nothing for a debugger' "$(readelf --wide --program-headers --sections \
  "$binary" | grep -cE '^ +(INTERP|DYNAMIC) |\.debug_|\.symtab')" 0
is 'it is of this version' "$("$work/bin/mayfly" --version)" "$("$mayfly" --version)"

start_emulator --no-machines
write_config
is 'it sweeps: signs, asks EC2, understands the answer' \
  "$("$work/bin/mayfly" sweep --stateless --config "$config" 2>&1)" '0 alive, 0 ended'
stop "$emulator"

start "$work/demo.log" "$work/bin/mayfly-lab" demo --lambda
wait_until 300 is_ended "$started" || give_up 'the demo comes to its end' "$(<"$work/demo.log")"
status=0
wait "$started" || status=$?
is 'as a Lambda, frozen and thawed, it plays a whole workflow: exit status 0' "$status" 0
says 'and every promise was kept' "$(<"$work/demo.log")" 'Every promise was kept, in '
finish
