// attack_client MODE [--option VALUE]...: see attacks.h. tests/attack/*.py start it.

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "attacks.h"

namespace {

using attack::Options;

bool parse(int argc, char** argv, Options& options) {
  std::map<std::string, std::string> given;
  for (int i = 2; i + 1 < argc; i += 2) given[argv[i]] = argv[i + 1];
  const auto number = [&](const char* name, double otherwise) {
    const auto found = given.find(name);
    return found == given.end() ? otherwise : std::atof(found->second.c_str());
  };
  options.port = static_cast<std::uint16_t>(number("--port", 0));
  options.count = static_cast<std::uint64_t>(number("--count", 0));
  options.seconds = number("--seconds", 0);
  options.rate = number("--rate", 0);
  options.connections = static_cast<int>(number("--connections", 64));
  options.seed = static_cast<std::uint64_t>(number("--seed", 1));
  options.fresh_percent = static_cast<int>(number("--fresh", 0));
  options.unknown_percent = static_cast<int>(number("--unknown", 0));
  options.slow = static_cast<int>(number("--slow", 0));
  options.garbage = static_cast<int>(number("--garbage", 0));
  options.networks = static_cast<std::uint64_t>(number("--networks", 160));
  attack::set_network(static_cast<std::uint32_t>(number("--network", 127)));
  options.knowledge = given["--knowledge"];
  return options.port != 0 && (options.count > 0 || options.seconds > 0);
}

}  // namespace

int main(int argc, char** argv) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  Options options;
  const std::string mode = argc > 1 ? argv[1] : "";
  if (parse(argc, argv, options)) {
    if (mode == "strangers") return attack::strangers(options);
    if (mode == "hostile") return attack::hostile(options);
    if (mode == "honest") return attack::honest(options);
    if (mode == "flood") return attack::flood(options);
  }
  std::fputs(
      "usage: attack_client strangers|hostile|honest|flood --port N (--count N | --seconds S)\n",
      stderr);
  return 2;
}
