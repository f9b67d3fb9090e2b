#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/command_line.h"

namespace {

// CLI11 says only that a command is required. Whether it spoke.
bool complains_of_unknown_command(const CLI::App& app, std::string_view word) {
  if (word.empty() || word[0] == '-') return false;
  std::vector<std::string_view> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (std::find(known.begin(), known.end(), word) != known.end()) return false;
  const auto near = mayfly::nearest(word, known);
  const std::string hint = near ? "; did you mean " + std::string(*near) + "?" : "";
  std::fprintf(stderr, "mayfly: there is no command \"%s\"%s\n  mayfly --help lists them\n",
               mayfly::printable(word, 40).c_str(), hint.c_str());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (mayfly::cli::is_lambda()) return mayfly::cli::run_lambda();
  if (argc > 1 && mayfly::cli::is_lab_command(argv[1])) return mayfly::cli::run_lab(argc, argv);

  CLI::App app{
      "mayfly: short-lived GitHub Actions runners on EC2 spot, for pull requests from forks"};
  mayfly::cli::Given given;
  mayfly::cli::define_commands(app, given);
  if (complains_of_unknown_command(app, argc > 1 ? argv[1] : "")) return 2;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return given.status;
}
