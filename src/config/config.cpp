#include "config/config.h"

#include <algorithm>

#include "base/text.h"
#include "config/parse_tables.h"
#include "config/section.h"
#include "config/toml_node.h"

namespace mayfly {
namespace {

constexpr DurationRange k_sweeps = {Seconds{1}, Seconds{60}};

Status read_ledger(const Section& ledger, Config& config) {
  if (ledger.has("path") && ledger.has("table"))
    return ledger.refuse("table", "must not stand beside ledger.path: the ledger is in one place");
  TRY(ledger.text("path", k_ledger_path, config.ledger_path));
  return ledger.text("table", k_ledger_table, config.ledger_table);
}

// The tables that stand alone, and the two keys above them.
Result<Config> read_tables(const Section& top) {
  Config config;
  for (const char* key : {"deployment", "public_url"}) TRY(top.require(key));
  TRY(top.text("deployment", k_deployment, config.deployment));
  TRY(top.text("profile", k_profile, config.profile));
  TRY(top.text("public_url", k_public_url, config.public_url));
  TRY_ASSIGN(const Section listen, top.table("listen"));
  TRY_ASSIGN(config.listen, parse_listen(listen));
  TRY(listen.secret("admin_token", config.admin_token));
  TRY_ASSIGN(const Section github, top.table("github"));
  TRY_ASSIGN(config.github, parse_github(github));
  TRY_ASSIGN(config.repositories, parse_repositories(top));
  TRY_ASSIGN(const Section aws, top.table("aws"));
  TRY_ASSIGN(config.aws, parse_aws(aws));
  TRY_ASSIGN(const Section images, top.table("image"));
  TRY_ASSIGN(config.images, parse_images(images));
  TRY_ASSIGN(config.instance_types, parse_instance_types(top));
  TRY_ASSIGN(const Section machine, top.table("machine"));
  TRY_ASSIGN(config.machine, parse_machine(machine));
  TRY_ASSIGN(const Section runner, top.table("runner"));
  TRY_ASSIGN(config.runner, parse_runner(runner));
  TRY_ASSIGN(const Section limits, top.table("limits"));
  TRY_ASSIGN(config.limits, parse_limits(limits));
  TRY_ASSIGN(config.asks, parse_asks(limits));
  TRY_ASSIGN(const Section ledger, top.table("ledger"));
  TRY(read_ledger(ledger, config));
  TRY_ASSIGN(const Section sweep, top.table("sweep"));
  TRY(sweep.duration("every", k_sweeps, config.sweep_every));
  return config;
}

// Runners of an organization serve its own repositories; those of a repository serve that one.
Status check_scope(const Section& top, const Config& config) {
  if (config.github.scope == GithubScope::repository) {
    if (config.repositories.size() == 1) return {};
    return top.refuse("repository", "must be one table while github.scope is \"repository\"");
  }
  const std::string owner = to_lower(config.github.organization) + "/";
  TRY_ASSIGN(const std::vector<Section> sections, top.tables("repository"));
  for (std::size_t i = 0; i < config.repositories.size(); ++i) {
    if (!to_lower(config.repositories[i].name.text).starts_with(owner))
      return sections[i].refuse("name", "must belong to github.organization");
    // Its jobs would be handed the others' runners, which serve no repository but their own.
    if (config.repositories[i].webhook == Webhook::shared && sections.size() > 1)
      return sections[i].refuse("webhook", "can be \"shared\" only where one repository is served");
  }
  return {};
}

Status check_architectures(const Section& top, const Config& config) {
  TRY_ASSIGN(const Section images, top.table("image"));
  TRY_ASSIGN(const Section runner, top.table("runner"));
  const bool is_pinned = config.runner.version != "latest";
  for (const InstanceTypeConfig& type : config.instance_types) {
    const std::string name{to_string(type.architecture)};
    if (!config.images.contains(type.architecture))
      return images.refuse(name, "is missing: " + type.instance_type + " needs an image");
    if (is_pinned && !config.runner.sha256.contains(type.architecture))
      return runner.refuse("sha256", "must name " + name + ": the runner's version is pinned");
  }
  return {};
}

}  // namespace

const RepositoryConfig* Config::find_repository(const RepositoryName& name) const {
  for (const RepositoryConfig& repository : repositories)
    if (to_lower(repository.name.text) == to_lower(name.text)) return &repository;
  return nullptr;
}

std::vector<InstanceTypeConfig> Config::types_for(Architecture architecture) const {
  std::vector<InstanceTypeConfig> types;
  for (const InstanceTypeConfig& type : instance_types)
    if (type.architecture == architecture) types.push_back(type);
  return types;
}

Money Config::worst_price_for(Architecture architecture) const {
  Money worst;
  for (const InstanceTypeConfig& type : types_for(architecture))
    worst = std::max(worst, type.usd_per_hour);
  return worst;
}

Result<Config> parse_config(std::string_view toml, const std::string& file_name) {
  TRY_ASSIGN(const TomlNode document, parse_toml(toml, file_name));
  TRY_ASSIGN(const Section top, Section::open_file(document, file_name));
  TRY_ASSIGN(Config config, read_tables(top));
  TRY(check_scope(top, config));
  TRY(check_architectures(top, config));
  return config;
}

}  // namespace mayfly
