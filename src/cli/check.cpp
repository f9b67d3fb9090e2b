#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/process.h"
#include "cli/terminal.h"

namespace mayfly::cli {
namespace {

const char* word(Finding::Level level) {
  switch (level) {
    case Finding::Level::ok:
      return "ok";
    case Finding::Level::warning:
      return "warning";
    case Finding::Level::problem:
      return "problem";
  }
  return "problem";
}

Tone tone_of(Finding::Level level) {
  if (level == Finding::Level::ok) return Tone::good;
  return level == Finding::Level::warning ? Tone::warning : Tone::bad;
}

std::string counted(const std::vector<Finding>& findings, Finding::Level level,
                    std::string_view what) {
  const auto count = std::count_if(findings.begin(), findings.end(),
                                   [level](const Finding& one) { return one.level == level; });
  return std::to_string(count) + " " + plural(count, what);
}

void print(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    const std::string level(word(finding.level));
    std::printf("%s%s %s: %s\n", toned(tone_of(finding.level), level).c_str(),
                std::string(8 - level.size(), ' ').c_str(), finding.subject.c_str(),
                finding.text.c_str());
    if (!finding.remedy.empty()) std::printf("         %s\n", finding.remedy.c_str());
  }
  std::fprintf(stderr, "%s, %s\n", counted(findings, Finding::Level::problem, "problem").c_str(),
               counted(findings, Finding::Level::warning, "warning").c_str());
}

void print_json(const std::vector<Finding>& findings) {
  json::array out;
  for (const Finding& finding : findings) {
    json::object one{{"level", word(finding.level)},
                     {"subject", finding.subject},
                     {"text", finding.text},
                     {"remedy", finding.remedy}};
    if (finding.usd_per_day) one["usd_per_day"] = human_usd(*finding.usd_per_day);
    out.push_back(std::move(one));
  }
  std::printf("%s\n", json::serialize(out).c_str());
}

Result<int> create_group(Diagnosis& diagnosis, const std::string& name, bool as_json) {
  TRY_ASSIGN(const github::RunnerGroup group, diagnosis.create_runner_group(name));
  if (as_json)
    std::printf("%s\n", json::serialize(json::object{{"runner_group_id", group.id}}).c_str());
  else
    std::printf(
        "Only the configured repositories may use runner group %s. In the configuration:\n"
        "[github]\nrunner_group_id = %lld\n",
        printable(group.name, 60).c_str(), static_cast<long long>(group.id));
  return 0;
}

Result<int> run(const CommonOptions& options, const std::string& group_name) {
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const auto ledger, open_ledger(process, config));
  const World world{process.clock,     process.entropy,  process.log, process.environment,
                    process.transport, process.doorbell, *ledger};
  const auto plane = ControlPlane::make(config, world);
  if (!plane && plane.error().code == Code::secret_unreadable) {
    const Finding finding{Finding::Level::problem, "github: token", plane.error().message,
                          std::string(info(plane.error().code).remedy)};
    options.json ? print_json({finding}) : print({finding});
    return 1;
  }
  if (!plane) return fail(plane.error());
  if (!group_name.empty()) return create_group((*plane)->diagnosis(), group_name, options.json);
  if (!options.json) std::fputs("asking GitHub and AWS what may be done ...\n", stderr);
  std::vector<Finding> findings = (*plane)->diagnosis().run();
  if (auto table = look_at_table(process, config)) findings.push_back(std::move(*table));
  if (options.json)
    print_json(findings);
  else
    print(findings);
  for (const Finding& finding : findings)
    if (finding.level == Finding::Level::problem) return 1;
  return 0;
}

}  // namespace

int check(const CommonOptions& options, const std::string& create_runner_group) {
  const auto status = run(options, create_runner_group);
  return status ? *status : complain(status.error());
}

}  // namespace mayfly::cli
