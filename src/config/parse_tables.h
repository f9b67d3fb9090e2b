#pragma once

// One reader for each table of the configuration, the same order as in the sample. Each checks what
// can be seen within its table; what needs two tables is checked in parse_config.

#include <map>
#include <vector>

#include "config/config.h"
#include "config/section.h"

namespace mayfly {

[[nodiscard]] Result<ListenConfig> parse_listen(const Section& section);
[[nodiscard]] Result<GithubConfig> parse_github(const Section& section);
[[nodiscard]] Result<std::vector<RepositoryConfig>> parse_repositories(const Section& top);
[[nodiscard]] Result<AwsConfig> parse_aws(const Section& section);
[[nodiscard]] Result<std::map<Architecture, ImageConfig>> parse_images(const Section& section);
[[nodiscard]] Result<std::vector<InstanceTypeConfig>> parse_instance_types(const Section& top);
[[nodiscard]] Result<MachineConfig> parse_machine(const Section& section);
[[nodiscard]] Result<RunnerConfig> parse_runner(const Section& section);
[[nodiscard]] Result<Caps> parse_limits(const Section& section);
[[nodiscard]] Result<AskConfig> parse_asks(const Section& limits);

}  // namespace mayfly
