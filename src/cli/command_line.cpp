#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/manual.h"
#include "report/costs.h"
#include "report/history.h"

namespace mayfly::cli {
namespace {

CLI::App& add_command(CLI::App& app, Given& given, const std::string& name,
                      const std::string& description) {
  CLI::App* command = app.add_subcommand(name, description);
  command->add_option("-c,--config", given.options.config_path, "configuration file")
      ->envname("MAYFLY_CONFIG")
      ->type_name("FILE")
      ->capture_default_str();
  return *command;
}

void add_json(CLI::App& command, Given& given) {
  command.add_flag("--json", given.options.json, "for scripts");
}

void add_id(CLI::App& command, Given& given) {
  command.add_option("id", given.id, "lease id, as `mayfly leases` shows it")->required();
}

void define_service(CLI::App& app, Given& given) {
  add_command(app, given, "serve", "run the service: public API and sweep").callback([&given] {
    given.status = serve(given.options);
  });

  CLI::App& check_command =
      add_command(app, given, "check",
                  "ask GitHub and AWS what may be done; say what is wrong and how to mend it");
  add_json(check_command, given);
  check_command.add_option("--create-runner-group", given.group_name,
                           "make a runner group of that name for the configured repositories "
                           "alone, and print its id");
  check_command.callback([&given] { given.status = check(given.options, given.group_name); });

  CLI::App& sweep_command =
      add_command(app, given, "sweep", "run one sweep and report what it did");
  sweep_command.add_flag("--stateless", given.stateless,
                         "second enforcer: terminate what is past its deadline by its tags alone");
  add_json(sweep_command, given);
  sweep_command.callback([&given] { given.status = sweep(given.options, given.stateless); });
}

void define_leases(CLI::App& app, Given& given) {
  CLI::App& list = add_command(app, given, "leases", "list leases");
  list.add_flag("-a,--all", given.leases.all, "ended ones too, newest first");
  list.add_option("-n,--count", given.leases.count_max, "at most so many, with --all")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  list.add_flag(
      "-w,--watch", given.leases.watch,
      "go on until Ctrl-C: the table drawn anew; not at a terminal, a line for each change");
  add_json(list, given);
  list.callback([&given] { given.status = leases(given.options, given.leases); });

  CLI::App& one = add_command(app, given, "lease", "show one lease and its timeline");
  add_id(one, given);
  add_json(one, given);
  one.callback([&given] { given.status = lease(given.options, given.id); });

  CLI::App& end = add_command(app, given, "release",
                              "end a lease now, needed or not; its machine is terminated");
  add_id(end, given);
  end.callback([&given] { given.status = release(given.options, given.id); });
}

void define_link(CLI::App& app, Given& given) {
  CLI::App& link = add_command(
      app, given, "link", "print a link to the dashboard that whoever has it may open for a while");
  link.add_option("--for", given.link_life, "for how long: \"30m\", \"1h\", at most \"24h\"")
      ->type_name("TIME")
      ->capture_default_str();
  link.callback([&given] { given.status = operator_link(given.options, given.link_life); });
}

std::string is_a_month(const std::string& text) {
  return report::parse_month(text) ? "" : "a month is written 2026-11, not \"" + text + "\"";
}

void define_books(CLI::App& app, Given& given) {
  CLI::App& audit_command =
      add_command(app, given, "audit", "machines launched against machines ended, and money");
  CLI::Option* export_to =
      audit_command.add_option("--export", given.audit.export_to,
                               "add what is new to a file from which anyone can recompute");
  CLI::Option* sign_with =
      audit_command.add_option("--sign-with", given.audit.sign_with,
                               "Ed25519 key for --export, as env:NAME, file:/PATH or ssm:/NAME");
  CLI::Option* verify =
      audit_command.add_option("--verify", given.audit.verify, "recompute such a file");
  CLI::Option* key =
      audit_command.add_option("--key", given.audit.key, "public key that signed it, in PEM");
  export_to->type_name("FILE")->excludes(verify);
  sign_with->type_name("REFERENCE")->needs(export_to);
  verify->type_name("FILE");
  key->type_name("FILE")->needs(verify);
  add_json(audit_command, given);
  audit_command.callback([&given] {
    const AuditAsk& ask = given.audit;
    const bool is_plain = ask.export_to.empty() && ask.verify.empty();
    given.status = is_plain ? audit(given.options) : audit_file(given.options, ask);
  });

  CLI::App& costs_command = add_command(
      app, given, "costs", "what machines cost and for whom, and how long runners took");
  std::vector<std::string> names;
  for (const std::string_view name : report::cost_by_names()) names.emplace_back(name);
  costs_command.add_option("--by", given.costs.by, "what to add up by")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  costs_command.add_option("--month", given.costs.month, "as 2026-11; this month without it")
      ->type_name("MONTH")
      ->check(CLI::Validator(is_a_month, ""));
  costs_command.add_flag("--times", given.costs.times,
                         "p50, p90 and p99 of the time until a runner, stage by stage");
  CLI::Option* markdown =
      costs_command.add_flag("--markdown", given.costs.markdown, "the month's report as a page");
  CLI::Option* csv = costs_command.add_flag("--csv", given.costs.csv, "the rows for a spreadsheet");
  add_json(costs_command, given);
  markdown->excludes(csv);
  costs_command.callback([&given] { given.status = costs(given.options, given.costs); });
}

int help(const CLI::App& app, const Given& given) {
  if (given.man) {
    std::fputs(manual_page(app).c_str(), stdout);
    return 0;
  }
  const CLI::App* topic = &app;
  if (!given.topic.empty()) {
    topic = nullptr;
    for (const CLI::App* command : app.get_subcommands({}))
      if (command->get_name() == given.topic) topic = command;
  }
  if (topic == nullptr) {
    std::fprintf(stderr, "mayfly: there is no command \"%s\"\n",
                 printable(given.topic, 40).c_str());
    return 2;
  }
  const std::string text = topic == &app ? app.help() : topic->help("mayfly");
  std::fputs(text.c_str(), stdout);
  return 0;
}

void define_help(CLI::App& app, Given& given) {
  CLI::App* help_command = app.add_subcommand("help", "the same as --help, of all or of a command");
  help_command->add_option("command", given.topic, "which");
  help_command->add_flag("--man", given.man, "the manual page: mayfly help --man | man -l -");
  help_command->callback([&app, &given] { given.status = help(app, given); });

  CLI::App* completion =
      app.add_subcommand("completion", "completion for a shell: source <(mayfly completion bash)");
  completion->add_option("shell", given.shell, "bash")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"bash"}));
  completion->callback([&app, &given] {
    std::fputs(bash_completion(app).c_str(), stdout);
    given.status = 0;
  });
}

}  // namespace

bool is_lab_command(std::string_view name) {
  return name == "emulate" || name == "demo" || name == "simulate";
}

void define_commands(CLI::App& app, Given& given) {
  app.set_version_flag("--version", "mayfly " MAYFLY_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 good, 1 done but something is wrong, 2 could not be done.\n"
      "deploy/mayfly.toml is a commented sample of the configuration.");
  define_service(app, given);
  define_leases(app, given);
  define_books(app, given);
  define_link(app, given);
  define_help(app, given);
  app.add_subcommand("emulate", "EC2, SSM and GitHub emulated on loopback (mayfly-lab)");
  app.add_subcommand("demo", "rr's workflow played end to end, no account needed (mayfly-lab)");
  app.add_subcommand("simulate", "virtual time, faults, every promise checked (mayfly-lab)");
}

}  // namespace mayfly::cli
