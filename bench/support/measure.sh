# shellcheck shell=bash
# Sourced by the benches: the end-to-end suites' rig with the optimised programs of build/, no limit
# in the way, the seed's Lambda as a warm process, and tables in Markdown.
# What stands here is for those who source it, and much comes from the rig:
# shellcheck disable=SC2034,SC2154

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
support=bench/support
python=${PYTHON:-/usr/bin/python3}
MAYFLY_BUILD=${MAYFLY_BUILD:-$PWD/build}
# shellcheck source=/dev/null
source tests/e2e/rig.sh

# machine_line: where and how busy. Loads above the number of processors make figures worthless.
machine_line() {
  printf 'Linux %s, %s, %d processors; load %s; %s.\n\n' "$(uname -r)" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
    "$(cut -d ' ' -f 1-3 /proc/loadavg)" "$("$mayfly" --version)"
}

# write_roomy_config: rig.sh's, with room for every machine of a bench.
write_roomy_config() {
  write_config
  sed -i 's/^machines\(.*\) = .*/machines\1 = 1000/' "$config"
}

# note NAME SECONDS: one sample.
note() { printf '%s\n' "$2" >>"$work/samples.${1// /_}"; }

# of NAME PERCENT: that quantile of the samples, in ms. The nearest rank: always one of the samples.
of() {
  sort -n "$work/samples.${1// /_}" | awk -v percent="$2" '
    { sample[NR] = $1 }
    END { rank = int((NR * percent + 99) / 100)
          printf "%.2f", 1000 * sample[rank < 1 ? 1 : rank] }'
}

table_head() {
  echo "| $1 | n | min | median | p90 | max |"
  echo '|---|--:|--:|--:|--:|--:|'
}

# row NAME [TEXT]: nothing where there is no sample.
row() {
  local samples=$work/samples.${1// /_}
  [[ -s $samples ]] || return 0
  printf '| %s | %d | %s | %s | %s | %s |\n' "${2:-$1}" "$(wc -l <"$samples")" \
    "$(of "$1" 0)" "$(of "$1" 50)" "$(of "$1" 90)" "$(of "$1" 100)"
}

# has_baseline: BASELINE names the seed's Lambda as a Python file.
has_baseline() {
  [[ -n ${BASELINE:-} && -r $BASELINE ]] && "$python" -c 'import boto3, urllib3' 2>/dev/null
}
skip_baseline() {
  echo "Without the seed's Lambda: BASELINE names no file, or $python has no boto3."
}

# start_seed: one warm process, spoken to by seed_says; sets $seed_pid.
start_seed() {
  local -x AWS_DEFAULT_REGION=$AWS_REGION GITHUB_API_URL=$github_url
  coproc seed { exec setsid "$python" "$support/seed_worker.py" "$BASELINE" 2>"$work/seed.log"; }
  # Copies: bash takes its own away when the process ends.
  seed_pid=$seed_PID seed_output=${seed[0]} seed_input=${seed[1]}
  sessions+=("$seed_pid")
  read -r -t 60 <&"$seed_output" || give_up 'the seed starts' "$(<"$work/seed.log")"
}

# seed_says COMMAND: the answer's words go to the array $said.
seed_says() {
  printf '%s\n' "$1" >&"$seed_input"
  read -r -t 120 -a said <&"$seed_output" || give_up "the seed answers $1" "$(<"$work/seed.log")"
}
