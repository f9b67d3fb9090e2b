#pragma once

// What the tests of the emulated AWS stand on: a clock moved by hand, seeded entropy, and the real
// clients talking to the emulator in process.

#include <memory>
#include <string>
#include <vector>

#include "aws/client.h"
#include "aws/ec2.h"
#include "aws/sigv4.h"
#include "aws/ssm.h"
#include "base/text.h"
#include "lab/aws/fake_aws.h"
#include "lab/local_transport.h"

namespace mayfly::lab::testing {

class HandClock final : public Clock {
 public:
  WallTime wall() override { return wall_; }
  SteadyTime steady() override { return steady_; }
  void sleep_until(SteadyTime t) override { pass(t - steady_); }

  void pass(Millis d) {
    wall_ += d;
    steady_ += d;
  }
  void step_wall(Millis d) { wall_ += d; }

 private:
  WallTime wall_ = wall_from_epoch_seconds(1'800'000'000);
  SteadyTime steady_{Seconds{5000}};
};

class SeededEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      byte = static_cast<std::uint8_t>(state_ >> 24);
    }
  }

 private:
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

class KeySource final : public aws::CredentialsSource {
 public:
  explicit KeySource(AccessKey key) : key_(std::move(key)) {}

  [[nodiscard]] std::string_view name() const override { return "test"; }
  Result<std::optional<aws::Credentials>> fetch(SteadyTime) override {
    return aws::Credentials{key_.id, Secret(key_.secret), Secret(key_.session_token), std::nullopt,
                            "test"};
  }

 private:
  AccessKey key_;
};

inline constexpr const char* k_url = "http://aws.test";

inline std::vector<std::unique_ptr<aws::CredentialsSource>> only(const AccessKey& key) {
  std::vector<std::unique_ptr<aws::CredentialsSource>> list;
  list.push_back(std::make_unique<KeySource>(key));
  return list;
}

// The text between <name> and </name>, from the first on.
inline std::string element(const std::string& xml, const std::string& name) {
  const std::size_t begin = xml.find("<" + name + ">");
  const std::size_t end = xml.find("</" + name + ">");
  if (begin == std::string::npos || end == std::string::npos) return "";
  return xml.substr(begin + name.size() + 2, end - begin - name.size() - 2);
}

inline int count_of(const std::string& text, const std::string& part) {
  int n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

struct Bench {
  explicit Bench(const FakeAwsOptions& options = {}) : aws(clock, entropy, options) {
    network.connect(k_url, aws);
  }

  // A signed form, "Action=X&Name=value", sent as raw text: for what the real client never sends.
  HttpResponse query(const std::string& form, const std::string& version = "2016-11-15",
                     const std::string& service = "ec2") {
    HttpRequest request{"POST", std::string(k_url) + "/", {}, form + "&Version=" + version, {}};
    request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    const auto credentials = KeySource(key).fetch(deadline);
    aws::sign(request, **credentials, {"us-east-1", service}, clock.wall());
    return *network.send(request, deadline);
  }

  std::string make_template(const std::string& name = "mayfly", const aws::Tags& volume_tags = {}) {
    aws::LaunchTemplate wanted;
    wanted.name = name;
    wanted.user_data_base64 = base64_encode("#!/bin/sh\necho boot\n");
    wanted.security_group_ids = {"sg-0123456789abcdef0"};
    wanted.volume_tags = volume_tags;
    wanted.version_description = "hash-1";
    return ec2.create_launch_template(wanted, {}, ClientToken{"template-" + name}, deadline)
        .value_or("");
  }

  // One spot machine in zone a, unless told otherwise.
  aws::CreateFleet fleet(const std::string& token, int count = 1) {
    aws::CreateFleet wanted;
    wanted.launch_template_name = "mayfly";
    wanted.launch_template_version = "1";
    wanted.overrides = {{"c5.9xlarge", "subnet-0a000000000000001", "ami-0f3c0000000000002"}};
    wanted.count = count;
    wanted.tags = {{"mayfly:deployment", "test"}, {"mayfly:lease", token}};
    wanted.client_token = {token};
    return wanted;
  }

  // The first machine of a fleet of one, running.
  InstanceId launch(const std::string& token = "t-1") {
    if (make_template().empty()) return {};
    const auto result = ec2.create_fleet(encode(fleet(token)), deadline);
    if (!result || result->instances.empty()) return {};
    clock.pass(Millis{3000});
    return result->instances.front().id;
  }

  HandClock clock;
  SeededEntropy entropy;
  AccessKey key = FakeAwsOptions{}.keys.front();
  FakeAws aws;
  LocalTransport network;
  aws::CredentialsChain chain{clock, only(key)};
  aws::SignedSender ec2_sender{network, chain, clock, {k_url, "us-east-1", "ec2"}};
  aws::SignedSender ssm_sender{network, chain, clock, {k_url, "us-east-1", "ssm"}};
  aws::Ec2Client ec2{ec2_sender};
  aws::SsmClient ssm{ssm_sender};
  SteadyTime deadline = SteadyTime{Seconds{1'000'000}};
};

}  // namespace mayfly::lab::testing
