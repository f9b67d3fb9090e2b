#pragma once

// The configuration: one TOML file, read once at start. Config holds only valid values:
// parse_config is the one way to make it, and its error names the key, the line, what was expected
// and, for an unknown key, the nearest right one. Secrets are references here, never values.
// deploy/mayfly.toml is the commented sample; a test parses it and checks that it names every key.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "lease/admission.h"
#include "lease/label.h"
#include "lease/policy.h"

namespace mayfly {

// "env:NAME", "file:/path" or "ssm:/parameter/name".
struct SecretReference {
  enum class Kind { environment, file, ssm };
  Kind kind = Kind::environment;
  std::string name;
};

struct ListenConfig {
  std::string address = "127.0.0.1";
  int port = 8080;
  int admin_port = 0;                        // loopback only; 0: no admin listener
  int workers = 16;                          // handler threads
  int connections_per_prefix = 64;           // of one IPv4 /24 or IPv6 /48 at once
  std::string tls_certificate;               // PEM files: both, or both empty for plain HTTP
  std::string tls_key;                       //
  std::vector<std::string> trusted_proxies;  // addresses and networks, as base/ip_address.h

  [[nodiscard]] bool speaks_tls() const { return !tls_certificate.empty(); }
};

enum class GithubScope { organization, repository };

struct GithubAppConfig {
  std::string id;  // or the client id
  SecretReference private_key;
  std::int64_t installation_id = 0;  // 0: that of the organization or repository
};

struct GithubConfig {
  std::string api_url = "https://api.github.com";
  SecretReference token;  // without app
  GithubScope scope = GithubScope::organization;
  std::string organization;  // scope organization
  std::int64_t runner_group_id = 1;
  int calls_per_minute = 120;                          // in any 60 seconds, of one process
  std::optional<SecretReference> webhook_secret = {};  // none: webhooks are off
  std::optional<GithubAppConfig> app = {};             // in place of token
};

enum class SeedLabels { off, while_a_run_is_live };

// Whose jobs get runners without anybody asking: of later attempts alone, all that name a derived
// label, or also those that name a label which other runs' jobs name too (lease.h).
enum class Webhook { off, derived, shared };

struct RepositoryConfig {
  RepositoryName name;
  SeedLabels seed_labels = SeedLabels::off;
  std::string seed_label_prefix = "rr_runner_";  // only while seed_labels is on
  RunPolicy policy = {};
  Webhook webhook = Webhook::off;
  bool cancel_unserved = false;    // cancel a live run that can get no runner any more
  bool rerun_interrupted = false;  // once per run: the jobs whose machine EC2 took back
};

struct AwsConfig {
  std::string region;
  std::vector<std::string> security_group_ids;
  std::vector<std::string> subnet_ids;
  std::string key_name;  // empty: none. Anything else is warned about at every start
  bool public_address = true;
};

// Exactly one of the three forms is set.
struct ImageConfig {
  std::string id;
  std::string ssm_parameter;
  std::string owner;
  std::string name_pattern;
};

// One instance type of an architecture; its pools are this type in each of aws.subnet_ids.
struct InstanceTypeConfig {
  Architecture architecture = Architecture::x86_64;
  std::string instance_type;
  Money usd_per_hour;  // on-demand price: the most that an hour can cost
};

// When the full price is paid: where spot has no capacity, or only after EC2 took a machine back.
enum class OnDemand { never, after_interruptions, when_no_spot, always };

struct MachineConfig {
  Millis lifetime{Seconds{3600}};     // from the launch's intent to the deadline
  Millis boot_timeout{Seconds{600}};  // from launch to a runner that is online
  Millis idle_timeout{Seconds{600}};  // from online to its job
  int boots_max = 3;                  // launches for one lease, the first included
  OnDemand on_demand = OnDemand::when_no_spot;
  int spot_interruptions_max = 1;          // of one lease; then on-demand, unless that is never
  Millis capacity_patience{Seconds{300}};  // how long /v1 leases wait for capacity
  int root_volume_gb = 32;
  bool sudo = true;  // the job may become root (rr needs it)
};

// Which actions/runner to download where the image has none.
struct RunnerConfig {
  std::string version = "latest";              // or "2.336.0", then with checksums
  std::map<Architecture, std::string> sha256;  // pinned version only
  std::string download_url;  // pinned only: with {version} and {arch}; empty: GitHub's releases
};

// Of requests that make mayfly ask GitHub something: creates and doorbells.
struct AskConfig {
  int per_minute = 60;             // in all
  int per_minute_per_prefix = 12;  // from one IPv4 /24 or IPv6 /48
};

struct Config {
  std::string deployment;  // tag value, [a-z0-9-]{1,32}
  std::string profile;     // in the labels of its runners (lease/label.h); may be empty
  std::string public_url;  // where machines and workflows reach the API, no trailing slash
  ListenConfig listen;
  GithubConfig github;
  std::vector<RepositoryConfig> repositories;  // at least one
  AwsConfig aws;
  std::map<Architecture, ImageConfig> images;  // one for each architecture that has a type
  std::vector<InstanceTypeConfig> instance_types;
  MachineConfig machine;
  RunnerConfig runner;
  Caps limits;
  AskConfig asks;
  std::string ledger_path = "mayfly.db";
  std::string ledger_table;  // of DynamoDB, in aws.region; empty: the file
  Millis sweep_every{Seconds{5}};
  // listen.admin_token: opens the dashboard, and signs links to it; no name: there is none.
  SecretReference admin_token;

  [[nodiscard]] RunnerLabels labels() const { return RunnerLabels(profile); }
  [[nodiscard]] const RepositoryConfig* find_repository(const RepositoryName& name) const;
  [[nodiscard]] std::vector<InstanceTypeConfig> types_for(Architecture architecture) const;
  // The most that one hour on any pool of the architecture can cost.
  [[nodiscard]] Money worst_price_for(Architecture architecture) const;
};

// Code::config_invalid; file_name is only for messages.
[[nodiscard]] Result<Config> parse_config(std::string_view toml, const std::string& file_name);

// What is legal but unwise, as sentences: a key pair, an API on plain HTTP, ...
[[nodiscard]] std::vector<std::string> warnings(const Config& config);

}  // namespace mayfly
