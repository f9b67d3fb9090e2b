#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/text.h"
#include "config/config.h"
#include "config/keys.h"

namespace mayfly {
namespace {

std::string sample() {
  std::ifstream file(MAYFLY_SOURCE_DIR "/deploy/mayfly.toml");
  std::ostringstream text;
  text << file.rdbuf();
  REQUIRE(!text.str().empty());
  return text.str();
}

// "#key = value" is a default that is commented out; this takes the comment sign away.
std::string with_defaults_written(const std::string& toml) {
  std::string out;
  for (const std::string& line : split(toml, '\n')) {
    const bool is_default = line.size() > 1 && line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';
    out += (is_default ? line.substr(1) : line) + "\n";
  }
  return out;
}

Config parsed(const std::string& toml) {
  auto config = parse_config(toml, "mayfly.toml");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  return *config;
}

// Section -> keys of the sample, in whichever way they are commented out.
std::map<std::string, std::set<std::string>> keys_in(const std::string& toml) {
  std::map<std::string, std::set<std::string>> keys;
  std::string section;
  for (const std::string& whole : split(toml, '\n')) {
    std::string_view line = whole;
    if (line.starts_with('#')) line.remove_prefix(1);
    if (line.starts_with(' ')) line.remove_prefix(1);
    const std::string_view name = line.substr(0, line.find_first_of(" =]", 1));
    if (line.starts_with('[') && line.ends_with(']')) {
      section = name.substr(name.find_first_not_of('['));
    } else if (line.substr(std::min(name.size(), line.size())).starts_with(" = ")) {
      keys[section].insert(std::string(name));
    }
  }
  return keys;
}

std::string settings_of(const Config& c) {
  std::ostringstream out;
  out << c.listen.address << ' ' << c.listen.port << ' ' << c.listen.admin_port << ' '
      << c.listen.workers << ' ' << c.listen.connections_per_prefix << ' ' << c.github.api_url
      << ' ' << static_cast<int>(c.github.scope) << ' ' << c.github.runner_group_id << ' '
      << c.repositories.at(0).seed_label_prefix << ' ' << c.aws.key_name << ' '
      << c.aws.public_address << ' ' << c.machine.lifetime.count() << ' '
      << c.machine.boot_timeout.count() << ' ' << c.machine.idle_timeout.count() << ' '
      << c.machine.boots_max << ' ' << static_cast<int>(c.machine.on_demand) << ' '
      << c.machine.spot_interruptions_max << ' ' << c.machine.capacity_patience.count() << ' '
      << c.machine.root_volume_gb << ' ' << c.machine.sudo << ' ' << c.runner.version << ' '
      << c.limits.machines << ' ' << c.limits.machines_per_repository << ' '
      << c.limits.machines_per_run << ' ' << c.limits.machines_per_actor << ' '
      << c.limits.machines_per_pull_request << ' ' << c.limits.machines_for_seed_labels << ' '
      << c.limits.launches_per_hour << ' ' << c.limits.launch_failures_max << ' '
      << c.limits.launch_pause.count() << ' ' << c.github.calls_per_minute << ' '
      << c.asks.per_minute << ' ' << c.asks.per_minute_per_prefix << ' '
      << static_cast<int>(c.repositories.at(0).webhook) << ' '
      << c.repositories.at(0).cancel_unserved << ' ' << c.repositories.at(0).rerun_interrupted
      << ' ' << c.profile << ' ' << c.ledger_path << ' ' << c.ledger_table << ' '
      << c.sweep_every.count();
  return out.str();
}

TEST_CASE("sample: it is a valid configuration for rr, without warnings") {
  const Config config = parsed(sample());
  CHECK(config.github.organization == "rr-debugger");
  CHECK(config.github.token.kind == SecretReference::Kind::ssm);
  CHECK(config.repositories.at(0).name.text == "rr-debugger/rr");
  CHECK(config.repositories.at(0).seed_labels == SeedLabels::while_a_run_is_live);
  CHECK(config.aws.subnet_ids.size() == 2);
  CHECK(config.types_for(Architecture::x86_64).at(0).instance_type == "c5.9xlarge");
  CHECK(config.worst_price_for(Architecture::x86_64) == Money{1'530'000});
  CHECK(config.worst_price_for(Architecture::arm64) == Money{1'088'000});
  CHECK(config.images.at(Architecture::arm64).ssm_parameter.find("/arm64/") != std::string::npos);
  CHECK(warnings(config).empty());
}

TEST_CASE("sample: the defaults it shows are the defaults") {
  const std::string toml = sample();
  const std::string written = with_defaults_written(toml);
  REQUIRE(written.size() < toml.size());
  CHECK(settings_of(parsed(written)) == settings_of(parsed(toml)));
}

TEST_CASE("sample: it names every key that the parser knows") {
  auto shown = keys_in(sample());
  shown["image.arm64"].merge(std::set(shown["image.x86_64"]));  // explained once for both
  const auto is_table = [&](const std::string& name) {
    return std::ranges::any_of(
        shown, [&](const auto& entry) { return (entry.first + ".").starts_with(name + "."); });
  };
  for (const SectionKeys& section : all_sections()) {
    for (const std::string_view key : section.keys) {
      const std::string name = full_key(section.section, key);
      const bool is_key = shown[std::string(section.section)].contains(std::string(key));
      CHECK_MESSAGE((is_key || is_table(name)), name);
    }
  }
}

TEST_CASE("sample: it names no key that the parser does not know") {
  for (const auto& [section, keys] : keys_in(sample())) {
    const auto known = keys_of(section);
    for (const std::string& key : keys)
      CHECK_MESSAGE(std::ranges::find(known, key) != known.end(), full_key(section, key));
  }
}

}  // namespace
}  // namespace mayfly
