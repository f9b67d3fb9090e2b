#pragma once

// What the emulated account has and how it behaves. Everything may be changed while it runs
// (FakeAws::configure). Defaults make a small account in which the samples work.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "aws/ec2.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"

namespace mayfly::lab {

struct AccessKey {
  std::string id;
  std::string secret;
  std::string session_token;           // empty: a long-lived key
  std::optional<WallTime> expires_at;  // none: never
  std::string arn = "arn:aws:iam::123456789012:user/mayfly";
};

struct InstanceType {
  Architecture architecture = Architecture::x86_64;
  Money on_demand_per_hour;
  Money spot_per_hour;
};

struct FakeImage {
  std::string id;
  std::string name;
  std::string owner;
  std::string creation_date;  // 2026-11-15T03:12:00.000Z
  Architecture architecture = Architecture::x86_64;
  bool deprecated = false;  // hidden unless IncludeDeprecated (facts.md B5)
  std::string root_device = "/dev/sda1";
};

struct SsmParameter {
  std::string value;
  bool secure = false;
};

// One instance type in one subnet, spot or on-demand.
struct Pool {
  std::string instance_type;
  std::string subnet_id;
  aws::Market market = aws::Market::spot;

  friend auto operator<=>(const Pool&, const Pool&) = default;
};

struct FakeAwsOptions {
  std::string region = "us-east-1";
  std::string account = "123456789012";
  std::vector<AccessKey> keys = {{.id = "AKIAEMULATEDEXAMPLE0",
                                  .secret = "emulatedSecretAccessKeyForMayflyTests000",
                                  .session_token = {},
                                  .expires_at = std::nullopt}};
  std::map<std::string, std::string> web_identities;  // role ARN -> the token that it accepts
  std::set<std::string> denied_actions;               // "ec2:CreateFleet", "ssm:GetParameter"

  std::map<std::string, std::string> subnets = {  // subnet -> zone
      {"subnet-0a000000000000001", "us-east-1a"},
      {"subnet-0b000000000000002", "us-east-1b"},
      {"subnet-0c000000000000003", "us-east-1c"}};
  std::set<std::string> security_groups = {"sg-0123456789abcdef0"};
  std::set<std::string> key_pairs = {"operator"};
  std::map<std::string, InstanceType> instance_types = {
      {"c5.9xlarge", {Architecture::x86_64, {1'530'000}, {612'000}}},
      {"c6i.8xlarge", {Architecture::x86_64, {1'360'000}, {520'000}}},
      {"c7i.8xlarge", {Architecture::x86_64, {1'428'000}, {571'200}}},
      {"c6g.8xlarge", {Architecture::arm64, {1'088'000}, {435'200}}},
      {"c7g.8xlarge", {Architecture::arm64, {1'160'000}, {464'000}}}};
  std::vector<FakeImage> images = {
      {"ami-0b2a0000000000001",
       "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261101", "099720109477",
       "2026-11-01T06:02:11.000Z", Architecture::x86_64},
      {"ami-0f3c0000000000002",
       "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261115", "099720109477",
       "2026-11-15T06:01:47.000Z", Architecture::x86_64},
      {"ami-0c110000000000003",
       "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20261115", "099720109477",
       "2026-11-15T06:03:20.000Z", Architecture::arm64},
      {"ami-0a990000000000004",
       "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20240801", "099720109477",
       "2024-08-01T05:59:02.000Z", Architecture::x86_64, true}};
  std::map<std::string, SsmParameter> parameters;

  std::set<std::string> dynamo_tables = {"mayfly"};  // there from the start; others are created
  int dynamo_throttles = 0;                          // so many calls pass the table's throughput
  int dynamo_conflicts = 0;                          // so many transactions meet another one
  int dynamo_unprocessed = 0;  // so many batches are answered for their first key alone
  Millis dynamo_staleness{0};  // an eventually consistent read sees what was so long ago

  // An hour in a pool, where it is not the type's price. Spot never costs more than on-demand: that
  // is the price at which nobody is served any more who named no other.
  std::map<Pool, Money> prices;
  // How many instances of a pool may live at once; none: as many as are asked for.
  std::map<Pool, int> capacity;
  int capacity_errors = 0;  // so many launch calls are answered 500 InsufficientInstanceCapacity
  std::optional<int> spot_quota;  // live instances in the account
  std::optional<int> on_demand_quota;

  bool throttling = true;  // token buckets of facts.md B4
  std::size_t page_size_max = 1000;
  bool empty_pages = false;     // a listing starts with an empty page that has a NextToken
  Millis visible_after{0};      // until then Describe and Terminate do not know a new instance
  Millis state_lag{0};          // DescribeInstances tells the state of so long ago (facts.md D20)
  Millis boot_delay{2000};      // pending -> running
  Millis boot_jitter{0};        // and up to this much longer, drawn for each instance
  Millis shutdown_delay{1500};  // shutting-down -> terminated, stopping -> stopped
  Millis terminated_visible{3'600'000};
  // Client tokens are known for so long after the last instance of theirs is (facts.md B2).
  Millis tokens_remembered = std::chrono::hours{24};
  int doomed_launches = 0;  // so many launches end pending -> terminated: Server.InternalError
};

}  // namespace mayfly::lab
