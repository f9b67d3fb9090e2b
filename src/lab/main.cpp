#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <string>

#include "lab/demo.h"
#include "lab/emulate.h"

namespace {

// mayfly stands beside mayfly-lab.
std::string beside_us(const std::string& name) {
  std::array<char, 4096> self{};
  const ssize_t size = readlink("/proc/self/exe", self.data(), self.size() - 1);
  const std::string path(self.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return path.substr(0, path.rfind('/') + 1) + name;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "mayfly-lab: everything about mayfly that is not real: emulated clouds and the demo"};
  app.set_version_flag("--version", "mayfly-lab " MAYFLY_VERSION);
  app.require_subcommand(1);
  int status = 2;

  mayfly::lab::DemoOptions demo_options;
  demo_options.mayfly = beside_us("mayfly");
  CLI::App* demo =
      app.add_subcommand("demo", "play rr's workflow end to end on loopback; no account, no cost");
  demo->add_option("--runs", demo_options.runs, "workflow runs, one after the other")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  demo->add_flag("--old-shape", demo_options.old_shape,
                 "send the requests as rr's workflow did in 2024");
  demo->add_option("--keep", demo_options.keep,
                   "absolute path of a directory to leave ledger, log and machines in");
  demo->add_option("--record", demo_options.record,
                   "file for every exchange with the emulated GitHub, as JSON lines");
  demo->add_flag("-v,--verbose", demo_options.verbose, "print the service's log at the end");
  demo->callback([&] { status = mayfly::lab::run_demo(demo_options); });

  mayfly::lab::EmulateOptions emulate_options;
  CLI::App* emulate = app.add_subcommand(
      "emulate",
      "EC2, SSM, STS, IMDS and GitHub on loopback, with machines that run the boot script");
  emulate->add_option("--aws-port", emulate_options.aws_port, "0: any free one")
      ->capture_default_str();
  emulate->add_option("--github-port", emulate_options.github_port, "0: any free one")
      ->capture_default_str();
  emulate->add_option("--directory", emulate_options.directory,
                      "absolute path for the machines' directories; default: a temporary one");
  emulate->add_option("--record", emulate_options.record,
                      "file for every exchange with the emulated GitHub, as JSON lines");
  emulate->add_flag("--no-machines", emulate_options.no_machines,
                    "instances run nothing, and stay until they are terminated");
  emulate->callback([&] { status = mayfly::lab::run_emulate(emulate_options); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return status;
}
