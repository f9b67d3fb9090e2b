#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "cli/commands.h"

namespace mayfly::cli {

int run_lab(int argc, char** argv) {
  std::array<char, 4096> self{};
  const ssize_t size = readlink("/proc/self/exe", self.data(), self.size() - 1);
  const std::string own(self.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::string path = own.substr(0, own.rfind('/') + 1) + "mayfly-lab";
  execv(path.c_str(), argv);
  std::fprintf(stderr,
               "mayfly: %s is in mayfly-lab, which is not at %s\n"
               "  ./dev build makes both; only mayfly is meant to be deployed\n",
               argc > 1 ? argv[1] : "this command", path.c_str());
  return 2;
}

}  // namespace mayfly::cli
