#!/usr/bin/env bash
# The rules of the code that no compiler knows: who may include whom, what only src/os may touch,
# how long things may be, and that docs/errors.md says what codes.def says.
#
#   tests/tidy/tidy.sh [ROOT]     checks the tree at ROOT, by default this repository
#
# One line per rule, "ok NAME" or "not ok NAME" with each place that breaks it; last the counts.
# tests/tidy/self_test.sh shows that each rule finds what it is for.
# shellcheck disable=SC2016  # what stands in single quotes is for awk
set -euo pipefail
export LC_ALL=C
here="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
cd "${1:-$here/../..}"

mapfile -t k_code < <(find src bench tests fuzz \( -name '*.h' -o -name '*.cpp' -o -name '*.def' \) \
  2>/dev/null | sort)
mapfile -t k_text < <(find src bench tests fuzz docs deploy action cmake -type f 2>/dev/null |
  grep -vE '/(node_modules|data|tidy|corpus)/' | sort)

# scan [-v NAME=VALUE]... PROGRAM: awk over the code, with bad() to report and three readings of a
# line: $0 as it stands, code (no strings, no comments, no raw strings), room (of the file, or "").
scan() {
  local program="${*: -1}"
  [ ${#k_code[@]} -gt 0 ] || return 0
  awk "${@:1:$#-1}" '
    function bad(why) { print FILENAME ":" FNR ": " why }
    function is_test() { return FILENAME ~ /_test\.cpp$|\/testing[^\/]*$/ }
    function is_header() { return FILENAME ~ /\.h$/ }
    function reading(line) {
      if (raw) { if (line !~ /\)[a-z]*"/) return ""; sub(/^.*\)[a-z]*"/, "\"", line); raw = 0 }
      gsub(/R"[a-z]*\([^)]*\)[a-z]*"/, "\"\"", line)
      if (match(line, /R"[a-z]*\(/)) { raw = 1; line = substr(line, 1, RSTART - 1) }
      gsub(/\\./, "", line); gsub(/"[^"]*"/, "\"\"", line); sub(/\/\/.*/, "", line)
      return line
    }
    FNR == 1 { split(FILENAME, dir, "/"); room = dir[1] == "src" ? dir[2] : ""; raw = 0 }
    { code = reading($0) }
    '"$program" "${k_code[@]}"
}

# "room other other ..." for each room of CMakeLists.txt.
room_table() {
  sed -n 's/^mayfly_room(\([a-z]*\) *\(.*\))$/\1 \2/p' CMakeLists.txt |
    sed -e 's/ LINKS .*//' -e 's/ SEES / /'
}

# A room includes itself and the rooms it SEES; only tests include a testing.h.
rule_room_includes() {
  scan -v table="$(room_table | tr '\n' ';')" '
    BEGIN { n = split(table, line, ";")
            for (i = 1; i < n; i++) { m = split(line[i], word, " ")
              for (j = 1; j <= m; j++) sees[word[1], word[j]] = rooms[word[1]] = 1 } }
    FNR == 1 && room != "" && !(room in rooms) { bad("this room is not in CMakeLists.txt") }
    room == "" || !/^#include "/ { next }
    { split($0, part, "\""); split(part[2], path, "/"); other = path[1] }
    part[2] ~ /(^|\/)testing[^\/]*\.h$/ && !is_test() { bad("only tests include " part[2]) }
    is_test() && !(other in rooms) && (getline helper < ("tests/" part[2])) >= 0 { next }
    !((room, other) in sees) {
      bad(room " may not include " part[2]) }'
}

# An outside library stays in the rooms that docs/dependencies.md names.
rule_library_includes() {
  scan '
    function only(library, where) {
      if (index($0, "#include <" library) == 1 && index(" " where " ", " " room " ") == 0)
        bad("<" library "...> belongs to: " (where == "" ? "no room" : where)) }
    room == "" { next }
    { only("boost/asio", "os"); only("boost/beast", "os"); only("openssl/ssl", "os")
      only("openssl/", "base os"); only("sqlite3", "ledger"); only("pugixml", "aws lab")
      only("toml++", "config"); only("CLI/", "cli lab"); only("tl/", "base lab"); only("fmt/", "") }
    !is_test() { only("doctest", "") }'
}

# Time, randomness, the environment, threads, sockets and files come through the seams.
rule_outside_world() {
  scan '
    function ban(pattern, why) { if (code ~ "(^|[^A-Za-z0-9_])(" pattern ")") bad(why) }
    room == "" || room == "os" { next }
    { ban("(system|steady|high_resolution)_clock|clock_gettime|gettimeofday|time\\((nullptr|0)\\)",
          "reads a clock: use Clock")
      ban("this_thread|nanosleep|usleep", "sleeps: use Clock::sleep_for")
      ban("getenv|setenv|putenv", "touches the environment: use seam/environment.h")
      ban("s?rand\\(|random_device|mt19937|getrandom|arc4random|RAND_bytes",
          "draws: use seam/entropy.h")
      ban("socket\\(|<sys/socket\\.h>|<netinet/|<netdb\\.h>", "opens sockets: that is for src/os") }
    room == "lab" || is_test() { next }
    { ban("std::(jthread|thread|async)|<thread>|pthread_|condition_variable",
          "makes or waits for threads: that is for src/os")
      ban("fork\\(|popen|system\\(|posix_spawn", "starts processes: that is for src/lab")
      ban("fopen|[io]?fstream|<filesystem>|std::filesystem",
          "touches files: use Environment::read_file") }'
}

# Not wanted anywhere.
rule_banned() {
  scan '
    is_header() && code ~ /using namespace/ { bad("using namespace in a header") }
    is_header() && /#include <iostream>/ { bad("iostream in a header") }
    code ~ /\[=/ && code ~ /\[=[],]/ { bad("captures everything by copy") }
    (room == "lease" || room == "service") && code ~ /unordered_/ {
      bad("decisions must not depend on hash order") }'
}

rule_leftover_notes() {
  [ ${#k_text[@]} -eq 0 ] || grep -nHwE 'TO''DO|FIX''ME|XX''X|HA''CK' "${k_text[@]}" || true
}

rule_file_limits() {
  scan '
    function check_length() {
      limit = last ~ /\.h$/ ? 300 : last ~ /\.cpp$/ ? 450 : 100000
      if (lines > limit) print last ":" lines ": more than " limit " lines" }
    FNR == 1 { check_length(); last = FILENAME }
    { lines = FNR; gsub(/[\200-\277]/, "") }
    length($0) > 100 && !/https?:\/\// && FILENAME !~ /\.def$/ { bad("more than 100 columns") }
    END { check_length() }'
}

# A function begins on a line at column 0 and ends with a lone brace at column 0. Tests may have
# long tables.
rule_function_length() {
  scan '
    is_test() { next }
    /^(namespace|struct|class|enum|union|extern|using|typedef)/ { begin = 0 }
    /^[^ ].*;$/ || /^}./ { begin = 0; next }
    /^[A-Za-z_\[~]/ { begin = FNR }
    /^}$/ { if (begin && FNR - begin + 1 > 70) bad("a function of more than 70 lines")
            begin = 0 }'
}

# A header opens with what it is for.
rule_header_prose() {
  scan '
    !is_header() { next }
    FNR == 1 && $0 != "#pragma once" { bad("the first line is not #pragma once") }
    FNR == 2 && $0 != "" { bad("no empty line after #pragma once") }
    FNR == 3 && $0 !~ /^\/\/ [^ ]/ { bad("no prose after #pragma once") }'
}

# A room with code has tests.
rule_room_tests() {
  local room
  for room in src/*/; do
    if [ -n "$(find "$room" -name "*.cpp" ! -name main.cpp ! -name "*_test.cpp" -print -quit)" ] &&
      [ -z "$(find "$room" -name "*_test.cpp" -print -quit)" ]; then
      echo "$room:1: has code but no *_test.cpp"
    fi
  done
}

# Both tables as "name|status|kind|title|remedy", with where each row stands.
codes_of_def() {
  awk '{ text = text " " $0; if (!at && /^MAYFLY_CODE/) at = FNR }
       /"\)$/ { if (at) {
         gsub(/\\"/, "\001", text); split(text, quoted, "\""); split(quoted[3], plain, ",")
         kind = plain[2]; gsub(/[ ]/, "", kind); gsub(/_/, "-", kind)
         row = quoted[2] "|" plain[3] + 0 "|" kind "|" quoted[4] "|" quoted[6]
         gsub(/\001/, "\"", row); print row "\t" FILENAME ":" at }
         text = ""; at = 0 }
       /^\/\// { text = ""; at = 0 }' src/base/codes.def
}

codes_of_docs() {
  awk -F ' *[|] *' '/^\| `/ { gsub(/`/, "", $2)
    print $2 "|" $3 "|" $4 "|" $5 "|" $7 "\t" FILENAME ":" FNR
    if ($6 == "") print $2 "|no cause\t" FILENAME ":" FNR }' docs/errors.md
}

rule_error_codes() {
  awk -F '\t' 'NR == FNR { def[$1] = $2; next }
    !($1 in def) { print $2 ": not so in codes.def: " $1 }
    { doc[$1] = 1 }
    END { for (row in def) if (!(row in doc)) print def[row] ": not so in docs/errors.md: " row }' \
    <(codes_of_def) <(codes_of_docs)
}

# What docs/threat-model.md names as its tests is there: a suite, an attack, a law or a test case. A
# row that names none is a claim.
rule_threat_model() {
  local doc=docs/threat-model.md line text kind
  [ -f "$doc" ] || return 0
  while IFS=$'\t' read -r line text; do
    case "$text" in
      '') kind="names no test" ;;
      'attack '*) grep -qs "\"${text#attack }\": ${text#attack }\.run" tests/attack/attack.py ;;
      'law: '*) grep -rqsF "return \"${text#law: }\"" src/lab/sim --include='laws_*.cpp' ;;
      *' '*) grep -rqsF "TEST_CASE(\"$text\")" src --include='*_test.cpp' ;;
      *) sed -n 's/^\([a-z][a-z-]*\) *|.*/\1/p' tests/suites 2>/dev/null | grep -qxF "$text" ;;
    esac && [ -n "$text" ] || echo "$doc:$line: ${text:+there is no }${text:-$kind}"
  done < <(awk -F '|' '!/^\|/ { is_threats = 0 } /shown by \|$/ { is_threats = 1; next }
    is_threats && !/^\|[ -]*-/ {
      n = split($(NF - 1), part, "`")
      if (n < 3) print FNR "\t"
      for (i = 2; i <= n; i += 2) print FNR "\t" part[i] }' "$doc")
}

passed=0 failed=0
for rule in room_includes library_includes outside_world banned leftover_notes file_limits \
  function_length header_prose room_tests error_codes threat_model; do
  found="$("rule_$rule")"
  if [ -z "$found" ]; then
    echo "ok $rule"
    passed=$((passed + 1))
  else
    printf 'not ok %s\n%s\n' "$rule" "$found"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
