#include "service/boot/boot_script.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace mayfly {
namespace {

std::vector<std::string> commands() {
  std::istringstream lines{std::string(boot_script())};
  std::vector<std::string> out;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && !line.starts_with('#')) out.push_back(line);
  return out;
}

TEST_CASE("boot script: is the file, byte for byte") {
  std::ifstream file(MAYFLY_SOURCE_DIR "/src/service/boot/boot.sh", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  CHECK(boot_script() == bytes);
}

TEST_CASE("boot script: fits into the user data of an instance") {
  CHECK(boot_script().size() < 16 * 1024);
}

TEST_CASE("boot script: cloud-init takes it for a script") {
  CHECK(boot_script().starts_with("#!/bin/bash\n"));
  CHECK(boot_script().ends_with('\n'));
}

TEST_CASE("boot script: the first command arms the power-off") {
  REQUIRE(!commands().empty());
  CHECK(commands().front().starts_with("shutdown -P +720 ||"));
}

TEST_CASE("boot script: every exit leads to the power-off, before any step can fail") {
  const auto all = commands();
  const auto trap = std::find(all.begin(), all.end(), "trap on_exit EXIT");
  const auto step = std::find(all.begin(), all.end(), "begin metadata");
  REQUIRE(step != all.end());
  CHECK(trap < step);
}

TEST_CASE("boot script: has no place where something could be filled in") {
  for (const char* mark : {"{{", "}}", "<%", "%%", "@@", "__MAYFLY"})
    CHECK_MESSAGE(boot_script().find(mark) == std::string_view::npos, mark);
}

TEST_CASE("boot script: names commands only, so that PATH decides what it can do") {
  for (const std::string& line : commands())
    for (const char* folder : {"/bin/", "/sbin/"}) {
      const auto at = line.find(folder);
      if (at == std::string::npos) continue;
      const bool is_shell = line.find("#!/bin/bash") != std::string::npos ||
                            line.find("--shell /bin/bash") != std::string::npos ||
                            line.find("$runner_dir/bin/") != std::string::npos;
      CHECK_MESSAGE(is_shell, line);
    }
}

}  // namespace
}  // namespace mayfly
