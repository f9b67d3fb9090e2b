#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <string>

#include "lab/demo.h"
#include "lab/emulate.h"
#include "lab/sim/simulate.h"

namespace {

// mayfly stands beside mayfly-lab.
std::string beside_us(const std::string& name) {
  std::array<char, 4096> self{};
  const ssize_t size = readlink("/proc/self/exe", self.data(), self.size() - 1);
  const std::string path(self.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return path.substr(0, path.rfind('/') + 1) + name;
}

using mayfly::lab::sim::SimulateOptions;

void add_simulate_sizes(CLI::App& command, SimulateOptions& options) {
  CLI::App* group = command.add_option_group("How much");
  group->add_option("--seed", options.seed, "the first seed; the others follow it")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 62))
      ->capture_default_str();
  group->add_option("--runs", options.runs, "so many seeds; without another end 20")
      ->check(CLI::Range(1, 1'000'000'000));
  group->add_option("--years", options.years, "until so many years have been simulated")
      ->check(CLI::Range(0.0, 1e6));
  group->add_option("--requests", options.requests, "until callers have made so many requests")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 62));
  group->add_option("--minutes", options.minutes, "begin nothing more after so many real minutes")
      ->check(CLI::Range(0.0, 1e5));
  group
      ->add_option("--scenario", options.scenario,
                   "one of --list, or all: the seed then says which")
      ->capture_default_str();
  group->add_option("--jobs", options.jobs, "threads; 0: one for each processor")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  group->add_option("--max-failures", options.failures_max, "end after so many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  group->add_flag("--once", options.once, "do not play each seed twice to compare its histories");
}

void add_simulate_replays(CLI::App& command, SimulateOptions& options) {
  CLI::App* group = command.add_option_group("One failure again");
  group->add_option("--faults", options.faults,
                    "exactly these instead of what the seed draws, as a failure's report names "
                    "them; or none");
  group->add_flag("--trace", options.trace, "print the history of --seed, line by line");
  group
      ->add_option("--shrink-tries", options.shrink_tries,
                   "simulations to find the few faults that matter; 0: do not look for them")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  group->add_option("--replay", options.replay,
                    "play a file: SCENARIO | SEED | FAULTS, - or none | WHAT IT WAS");
}

void add_simulate_crashes(CLI::App& command, SimulateOptions& options) {
  CLI::App* group = command.add_option_group("Crash points");
  CLI::Option* crash = group->add_flag(
      "--crash-points", options.crash_points,
      "kill the service at each I/O point of --seed in turn, once, always, and in recovery");
  group->add_option("--stride", options.stride, "only every so-manieth point")
      ->check(CLI::Range(1, 1'000'000))
      ->needs(crash)
      ->capture_default_str();
  group
      ->add_option("--pairs", options.pairs_max,
                   "about so many second deaths during recovery, for each scenario")
      ->check(CLI::Range(1, 100'000'000))
      ->needs(crash)
      ->capture_default_str();
}

void add_simulate(CLI::App& app, SimulateOptions& options, int& status) {
  CLI::App* command = app.add_subcommand(
      "simulate", "the whole control plane in virtual time, under faults, every promise checked");
  command->footer(
      "A seed is one history: the same faults, the same interleaving, the same end. Of a failure\n"
      "the report names the promise, a command that plays it again, and the few faults it needs.\n"
      "  mayfly simulate --minutes 5                    as much as five minutes allow\n"
      "  mayfly simulate --crash-points --scenario NAME every point of one scenario\n"
      "Exit status: 0 every promise held, 1 one was broken or a history differed when repeated,\n"
      "2 could not be played, or was stopped by a signal.");
  add_simulate_sizes(*command, options);
  add_simulate_replays(*command, options);
  add_simulate_crashes(*command, options);
  CLI::App* group = command->add_option_group("What is shown");
  group->add_flag("--list", options.list, "the scenarios, with a sentence for each");
  group->add_flag("--json", options.json, "the report for scripts");
  group->add_flag(
      "--situations", options.needs_situations,
      "until every named situation was reached, but for the rare ones; one that is missing "
      "in the end is a failure");
  group->add_flag("--hashes", options.hashes,
                  "a line for each history instead of the report, to compare two builds");
  group->add_flag("-v,--verbose", options.verbose, "name each simulation when it begins");
  command->callback([&] { status = mayfly::lab::sim::run_simulate(options); });
}

constexpr std::array k_modes = {mayfly::lab::DemoMode::seed, mayfly::lab::DemoMode::old_shape,
                                mayfly::lab::DemoMode::action, mayfly::lab::DemoMode::webhook,
                                mayfly::lab::DemoMode::rerun};

std::string modes_in_words() {
  std::string text;
  for (const mayfly::lab::DemoMode mode : k_modes)
    text += (text.empty() ? "" : ", ") + std::string(to_string(mode));
  return text;
}

void take_modes(mayfly::lab::DemoOptions& options, const std::vector<std::string>& names) {
  options.modes.clear();
  for (const std::string& name : names) {
    const std::size_t before = options.modes.size();
    for (const mayfly::lab::DemoMode mode : k_modes)
      if (name == "all" || name == to_string(mode)) options.modes.push_back(mode);
    if (options.modes.size() == before)
      throw CLI::ValidationError("--mode",
                                 "'" + name + "' is none of " + modes_in_words() + ", all");
  }
}

void add_demo(CLI::App& app, mayfly::lab::DemoOptions& options, int& status) {
  options.mayfly = beside_us("mayfly");
  CLI::App* demo =
      app.add_subcommand("demo", "play rr's workflow end to end on loopback; no account, no cost");
  demo->add_option("--runs", options.runs, "workflow runs, one after the other")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  demo->add_option_function<std::vector<std::string>>(
          "--mode",
          [&options](const std::vector<std::string>& names) { take_modes(options, names); },
          "how its jobs come by a runner: " + modes_in_words() + ", or all, one after the other")
      ->delimiter(',');
  demo->add_flag_callback(
      "--old-shape", [&options] { options.modes = {mayfly::lab::DemoMode::old_shape}; },
      "the same as --mode old-shape");
  demo->add_flag("--app", options.with_app, "with a GitHub App in place of a token");
  demo->add_option("--keep", options.keep,
                   "absolute path of a directory to leave ledger, log and machines in");
  demo->add_option("--record", options.record,
                   "file for every exchange with the emulated GitHub, as JSON lines");
  demo->add_flag("--lambda", options.on_lambda,
                 "run mayfly behind an emulated AWS Lambda: cold starts, freezes and thaws");
  demo->add_flag("-v,--verbose", options.verbose, "print the service's log at the end");
  demo->callback([&options, &status] { status = mayfly::lab::run_demo(options); });
}

void add_emulate(CLI::App& app, mayfly::lab::EmulateOptions& options, int& status) {
  CLI::App* command = app.add_subcommand(
      "emulate",
      "EC2, SSM, STS, IMDS and GitHub on loopback, with machines that run the boot script");
  command->add_option("--aws-port", options.aws_port, "0: any free one")->capture_default_str();
  command->add_option("--github-port", options.github_port, "0: any free one")
      ->capture_default_str();
  command->add_option("--directory", options.directory,
                      "absolute path for the machines' directories; default: a temporary one");
  command->add_option("--record", options.record,
                      "file for every exchange with the emulated GitHub, as JSON lines");
  command->add_option("--session-token", options.session_token,
                      "the AWS key is a temporary one, with this token");
  using mayfly::lab::MachineKind;
  const auto machines_are = [&](MachineKind kind) {
    return [&options, kind](std::int64_t) { options.machines = kind; };
  };
  CLI::Option* no_machines =
      command->add_flag_function("--no-machines", machines_are(MachineKind::none),
                                 "instances run nothing, and stay until they are terminated");
  command
      ->add_flag_function("--model-machines", machines_are(MachineKind::models),
                          "machines are modelled, and quick: no processes; for load")
      ->excludes(no_machines);
  command->add_flag_function(
      "--no-limits", [&](std::int64_t) { options.limits = false; },
      "AWS does not throttle, and GitHub allows any number of calls; for load");
  command
      ->add_option("--slow-ms", options.slow_ms,
                   "each call of AWS or GitHub takes a drawn time of up to so many milliseconds")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command
      ->add_option("--machine-command", options.machine_command,
                   "absolute path of a program that plays each machine; default: bash, with the "
                   "user data and only harmless commands")
      ->excludes(no_machines);
  command->add_option("--machines-see-github", options.machines_see_github,
                      "the URL at which such machines reach the emulated GitHub");
  command->callback([&] { status = mayfly::lab::run_emulate(options); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "mayfly-lab: everything about mayfly that is not real: emulated clouds and the demo"};
  app.set_version_flag("--version", "mayfly-lab " MAYFLY_VERSION);
  app.require_subcommand(1);
  int status = 2;

  mayfly::lab::DemoOptions demo_options;
  add_demo(app, demo_options, status);

  mayfly::lab::EmulateOptions emulate_options;
  add_emulate(app, emulate_options, status);

  SimulateOptions simulate_options;
  add_simulate(app, simulate_options, status);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return status;
}
