#!/usr/bin/env bash
# The tidy test's own test: in a small good tree every rule passes; with one bad file added, exactly
# the rule it is bad for fails; and what only looks bad passes.
# shellcheck disable=SC2016  # back quotes are markdown here
set -euo pipefail
here="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
passed=0 failed=0

good_tree() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/src/{base,lease,ledger,os,lab} "$tree/docs"
  cat >"$tree/CMakeLists.txt" <<'TEXT'
mayfly_room(base   SEES                   LINKS openssl-crypto)
mayfly_room(lease  SEES base)
mayfly_room(ledger SEES lease base        LINKS sqlite)
mayfly_room(os     SEES base              LINKS boost-beast)
mayfly_room(lab    SEES ledger lease os base)
TEXT
  cat >"$tree/src/base/codes.def" <<'TEXT'
// MAYFLY_CODE(id, "name", kind, http status, "title", "remedy")
MAYFLY_CODE(no_such, "no-such", not_found, 404, "There is none",
            "Use \"this\", or that.")
TEXT
  printf '%s\n' '| `no-such` | 404 | not-found | There is none | Why. | Use "this", or that. |' \
    >"$tree/docs/errors.md"
}

# verdict EXPECTED WHAT: EXPECTED is the one rule that must fail, or "none".
verdict() {
  local found
  found="$("$here/tidy.sh" "$tree" | sed -n 's/^not ok //p' | tr '\n' ' ' || true)"
  if [ "${found:-none }" = "$1 " ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "$2: expected $1, found ${found:-none}"
  fi
}

# bad RULE PATH LINE... and good PATH LINE...: the good tree with one more file.
bad() {
  local rule="$1" path="$2"
  shift 2
  good_tree
  mkdir -p "$tree/$(dirname "$path")"
  printf '%s\n' "$@" >"$tree/$path"
  verdict "$rule" "$path: $1"
}
good() { bad none "$@"; }

lines() { seq -f '  call(%g);' "$1"; }
mapfile -t function_of_70 < <(echo 'void f() {'; lines 68; echo '}')
mapfile -t function_of_71 < <(echo 'Status f(int a,'; echo '         int b) {'; lines 68; echo '}')
mapfile -t header_of_301 < <(echo '#pragma once'; echo; echo '// It is long.'; lines 298)
mapfile -t source_of_451 < <(lines 451)
header=("#pragma once" "" "// Prose.")
wide="$(printf 'x%.0s' {1..101})"

good_tree
verdict none "the good tree"

bad room_includes src/lease/a_test.cpp '#include "ledger/ledger.h"'
bad room_includes src/lab/a_test.cpp "#include \"aws/ec2.h\""
good src/lab/a_test.cpp "#include \"os/x.h\"" \
  '#include "ledger/x.h"' '#include "base/x.h"' '#include "lease/x.h"' '#include "lab/x.h"'
bad room_includes src/cloud/a_test.cpp 'int x;'
bad room_includes src/os/a.h "${header[@]}" '#include "base/testing.h"'
bad room_includes src/os/a_test.cpp "#include \"nothing.h\""
good src/ledger/a_test.cpp '#include "lease/testing.h"' '#include "ledger/x.h"'

bad library_includes src/lease/a_test.cpp '#include <sqlite3.h>'
bad library_includes src/base/a_test.cpp '#include <boost/beast/http.hpp>'
bad library_includes src/os/x.h "${header[@]}" '#include <doctest/doctest.h>'
good src/ledger/a_test.cpp '#include <sqlite3.h>' '#include <doctest/doctest.h>'

bad outside_world src/lease/a_test.cpp 'auto t = std::chrono::system_clock::now();'
bad outside_world src/lab/a_test.cpp 'auto t = time(nullptr);'
bad outside_world src/base/a_test.cpp 'std::this_thread::sleep_for(x);'
bad outside_world src/lab/a_test.cpp 'auto* home = getenv("HOME");'
bad outside_world src/lease/a_test.cpp 'int x = rand();'
bad outside_world src/lab/a_test.cpp 'int s = socket(AF_INET, 0, 0);'
bad outside_world src/ledger/a.h "${header[@]}" "std::thread t(work);"
bad outside_world src/ledger/a.h "${header[@]}" "if (fork() == 0) {"
bad outside_world src/ledger/a.h "${header[@]}" "#include <fstream>"
good src/os/a_test.cpp 'auto t = std::chrono::steady_clock::now();' 'std::thread t(getenv("A"));'
good src/ledger/a_test.cpp "std::thread t(work);" "#include <fstream>"
good src/lab/a_test.cpp 'std::thread t(work);' 'if (fork() == 0) {' '#include <fstream>'
good src/lease/a_test.cpp 'clock.sleep_for(wait);' 'auto strand(int);' 'auto lifetime(nullptr);'
good src/lease/a_test.cpp '// not system_clock' 'say("getenv is not called");' 'WallTime steady;'
good src/lease/a_test.cpp 'auto text = R"(' 'int x = rand();' ')";' 'auto b = R"x(rand())x";'

bad banned src/os/a.h "${header[@]}" 'using namespace std;'
bad banned src/os/a.h "${header[@]}" '#include <iostream>'
bad banned src/lab/a_test.cpp 'auto f = [=] { return x; };'
bad banned src/lab/a_test.cpp 'auto f = [=, this] { return x; };'
bad banned src/lease/a_test.cpp 'std::unordered_map<int, int> m;'
good src/lab/a_test.cpp 'using namespace std;' '#include <iostream>' \
  'std::unordered_map<int, int> m;'

bad leftover_notes src/os/a_test.cpp "// TO""DO: later"
bad leftover_notes docs/a.md "FIX""ME"
good docs/a.md 'mktemp /tmp/a.XXXXXX'

bad file_limits src/os/a.h "${header_of_301[@]}"
bad file_limits src/os/a_test.cpp "${source_of_451[@]}"
bad file_limits src/os/a_test.cpp "$wide"
good src/os/a.h "${header_of_301[@]:0:300}"
good src/os/a_test.cpp "${source_of_451[@]:0:450}"
good src/os/a_test.cpp "${wide:0:100}" "// https://$wide" "//$(printf '─%.0s' {1..98})"

bad function_length src/os/main.cpp "${function_of_71[@]}"
good src/os/main.cpp "${function_of_70[@]}" '' 'int g() {' '}'
good src/os/a.h "${header[@]}" 'class A {' \
  "${function_of_70[@]:1:68}" '  int x;' '};'

bad header_prose src/os/a.h '// Prose.' '#pragma once' ''
bad header_prose src/os/a.h '#pragma once' '' '#include <string>'
bad header_prose src/os/a.h '#pragma once' '// Prose.' '// More.'

bad room_tests src/os/a.cpp 'int x;'
good src/os/main.cpp 'int main() {}'

row='| `no-such` | 404 | not-found | There is none | Why. | Use "this", or that. |'
good docs/errors.md '# Errors' '' "$row"
bad error_codes docs/errors.md '# Errors'
bad error_codes docs/errors.md "${row/404/403}"
bad error_codes docs/errors.md "${row/not-found/denied}"
bad error_codes docs/errors.md "${row/is none/are none}"
bad error_codes docs/errors.md "${row/or that/or not}"
bad error_codes docs/errors.md "${row/Why./}"
bad error_codes docs/errors.md "$row" "${row/no-such/no-more}"

threats=('| tries to | what stops it | shown by |' '|---|---|---|')
good docs/threat-model.md "${threats[@]}"
bad threat_model docs/threat-model.md "${threats[@]}" '| steal | hope |  |'
bad threat_model docs/threat-model.md "${threats[@]}" '| steal | a lock | `base: it holds` |'
bad threat_model docs/threat-model.md "${threats[@]}" '| steal | a lock | `law: it holds` |'
bad threat_model docs/threat-model.md "${threats[@]}" '| steal | a lock | `attack locks` |'
bad threat_model docs/threat-model.md "${threats[@]}" '| steal | a lock | `locks` |'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
