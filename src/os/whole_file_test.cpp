#include "os/whole_file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>

namespace mayfly::os {
namespace {

TEST_CASE("whole file: what is added stands at the end, and a file that is not there is none") {
  char directory[] = "/tmp/mayfly-whole-file-XXXXXX";
  REQUIRE(mkdtemp(directory) != nullptr);
  const std::string path = std::string(directory) + "/file";
  CHECK(read_whole(path).value() == std::nullopt);
  REQUIRE(append_to(path, "one\n"));
  const std::string much(3'000'000, 'x');
  REQUIRE(append_to(path, much));
  CHECK(read_whole(path).value() == "one\n" + much);
  CHECK_FALSE(read_whole(directory));
  CHECK(append_to(directory, "x").error().message.find(directory) != std::string::npos);
  CHECK_FALSE(append_to(path + "/no", "x"));
  unlink(path.c_str());
  rmdir(directory);
}

}  // namespace
}  // namespace mayfly::os
