#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"

namespace {

using mayfly::cli::CommonOptions;

// Commands that live in mayfly-lab; named here so that --help lists them.
bool is_lab_command(std::string_view name) {
  return name == "emulate" || name == "demo" || name == "simulate";
}

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description,
                      CommonOptions& options) {
  CLI::App* command = app.add_subcommand(name, description);
  command->add_option("-c,--config", options.config_path, "configuration file")
      ->envname("MAYFLY_CONFIG")
      ->capture_default_str();
  return command;
}

void add_check(CLI::App& app, CommonOptions& options, std::string& group_name, int& status) {
  CLI::App* check = add_command(
      app, "check", "ask GitHub and AWS what may be done; say what is wrong and how to mend it",
      options);
  check->add_flag("--json", options.json, "for scripts");
  check->add_option("--create-runner-group", group_name,
                    "make a runner group of that name for the configured repositories alone, and "
                    "print its id");
  check->callback(
      [&options, &group_name, &status] { status = mayfly::cli::check(options, group_name); });
}

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
  if (argc > 1 && is_lab_command(argv[1])) return mayfly::cli::run_lab(argc, argv);

  CLI::App app{
      "mayfly: short-lived GitHub Actions runners on EC2 spot, for pull requests from forks"};
  app.set_version_flag("--version", "mayfly " MAYFLY_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 good, 1 done but something is wrong, 2 could not be done.\n"
      "deploy/mayfly.toml is a commented sample of the configuration.");

  CommonOptions options;
  std::string id;
  std::string group_name;
  int count_max = 100;
  bool all = false;
  bool stateless = false;
  int status = 2;

  add_command(app, "serve", "run the service: public API and sweep", options)->callback([&] {
    status = mayfly::cli::serve(options);
  });
  add_check(app, options, group_name, status);

  CLI::App* leases = add_command(app, "leases", "list leases", options);
  leases->add_flag("-a,--all", all, "ended ones too, newest first");
  leases->add_option("-n,--count", count_max, "at most so many, with --all")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  leases->add_flag("--json", options.json, "for scripts");
  leases->callback([&] { status = mayfly::cli::leases(options, count_max, all); });

  CLI::App* lease = add_command(app, "lease", "show one lease and its timeline", options);
  lease->add_option("id", id, "lease id, as `mayfly leases` shows it")->required();
  lease->add_flag("--json", options.json, "for scripts");
  lease->callback([&] { status = mayfly::cli::lease(options, id); });

  CLI::App* release = add_command(
      app, "release", "end a lease now, needed or not; its machine is terminated", options);
  release->add_option("id", id, "lease id, as `mayfly leases` shows it")->required();
  release->callback([&] { status = mayfly::cli::release(options, id); });

  CLI::App* sweep = add_command(app, "sweep", "run one sweep and report what it did", options);
  sweep->add_flag("--stateless", stateless,
                  "second enforcer: terminate what is past its deadline by its tags alone");
  sweep->add_flag("--json", options.json, "for scripts");
  sweep->callback([&] { status = mayfly::cli::sweep(options, stateless); });

  CLI::App* audit =
      add_command(app, "audit", "machines launched against machines ended, and money", options);
  audit->add_flag("--json", options.json, "for scripts");
  audit->callback([&] { status = mayfly::cli::audit(options); });

  app.add_subcommand("emulate", "EC2, SSM and GitHub emulated on loopback (mayfly-lab)");
  app.add_subcommand("demo", "rr's workflow played end to end, no account needed (mayfly-lab)");
  app.add_subcommand("simulate", "virtual time, faults, every promise checked (mayfly-lab)");

  if (complains_of_unknown_command(app, argc > 1 ? argv[1] : "")) return 2;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return status;
}
