#!/bin/bash
#
# jail.sh DIR: fills DIR with the only commands a machine of the emulator has. As PATH of the boot
# script, and of all it starts, DIR lets it run as any user, root too, and change nothing outside
# MAYFLY_ROOT: tools that read, write files or fetch are links to the real ones; what would touch
# the host is a stand-in, which writes its call into $MAYFLY_ROOT/machine.log and succeeds.
#
# A stand-in that powers off leaves the file $MAYFLY_ROOT/powered-off and kills its own process
# group, as power would: start a machine as the leader of a process group of its own.
#
# A convenience, not a wall: it keeps our own scripts from harm, it does not hold a hostile program.

set -euo pipefail
readonly dir=$1
mkdir -p "$dir"

for tool in base64 bash cat chmod curl cut date env grep gzip head id ln mkdir mv od rm sed \
  sha256sum sleep tail tar touch tr; do
  ln -sf "$(type -P "$tool")" "$dir/$tool"
done

# stand_in NAME: the body comes on standard input.
stand_in() {
  {
    printf '#!%s\n' "$(type -P bash)"
    # shellcheck disable=SC2016,SC2028  # expanded by the stand-in
    echo 'printf "%s\n" "${0##*/} $*" >>"$MAYFLY_ROOT/machine.log"'
    cat
  } >"$dir/$1"
  chmod 0755 "$dir/$1"
}

# shellcheck disable=SC2016
readonly off=': >"$MAYFLY_ROOT/powered-off"; kill -KILL 0'

stand_in shutdown <<<"[[ \$* != '-P now' ]] || { $off; }"
stand_in systemctl <<<"[[ \$1 != poweroff ]] || { $off; }"
stand_in systemd-run <<<''
stand_in chown <<<''
# shellcheck disable=SC2016
stand_in useradd <<<'mkdir -p "$MAYFLY_ROOT/home/${!#}"'
# There is one user only: `runuser -u NAME -- COMMAND...` runs the command as whoever we are.
# shellcheck disable=SC2016
stand_in runuser <<<'shift 3; exec "$@"'
