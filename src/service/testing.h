#pragma once

// For the tests of the service and of what stands on it: all its parts over three scripted wires
// (EC2, SSM, GitHub), a ledger in memory, a clock that is moved by hand. A wire whose script has
// ended fails, so a call too many is seen; wires() counts them all. One thread.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aws/testing.h"
#include "github/testing.h"
#include "ledger/sqlite_ledger.h"
#include "service/asking.h"
#include "service/claims.h"
#include "service/diagnosis.h"
#include "service/images.h"
#include "service/launch_template.h"
#include "service/launcher.h"
#include "service/runner_packages.h"

namespace mayfly::testing {

// Time passes only for who sleeps, and on_sleep may let something happen meanwhile.
class FakeClock final : public aws::testing::FakeClock {
 public:
  void sleep_until(SteadyTime t) override {
    aws::testing::FakeClock::sleep_until(t);
    if (on_sleep) on_sleep();
  }
  std::function<void()> on_sleep;
};

using FakeEnvironment = aws::testing::FakeEnvironment;

// Counts up: every draw is another, and the same in every test.
class CountingEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override {
    ++count_;
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<std::uint8_t>(i < 8 ? count_ >> (8 * i) : 0);
  }

 private:
  std::uint64_t count_ = 0;
};

class CapturingLog final : public Log {
 public:
  struct Line {
    LogLevel level;
    std::string event;
    std::map<std::string, std::string> fields;
  };
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    Line line{level, std::string(event), {}};
    for (const LogField& field : fields) line.fields.emplace(field.name, field.value);
    lines.push_back(std::move(line));
  }
  std::vector<Line> lines;
};

class CountingDoorbell final : public Doorbell {
 public:
  void ring() override { ++rings; }
  void wait_until(SteadyTime) override {}
  int rings = 0;
};

inline Config small_config() {
  Config config;
  config.deployment = "ci";
  config.public_url = "https://ci.example.org";
  config.github.organization = "octo";
  config.repositories = {
      {RepositoryName{"octo/repo"}, SeedLabels::while_a_run_is_live, "rr_runner_"}};
  config.aws.region = "us-east-2";
  config.aws.security_group_ids = {"sg-0a"};
  config.aws.subnet_ids = {"subnet-0a", "subnet-0b"};
  config.images[Architecture::x86_64].id = "ami-0a";
  config.images[Architecture::arm64].id = "ami-0b";
  config.instance_types = {{Architecture::x86_64, "c7i.large", Money{90'000}},
                           {Architecture::arm64, "c7g.large", Money{70'000}}};
  config.limits.usd_per_day = Money{50'000'000};
  config.limits.usd_per_month = Money{500'000'000};
  return config;
}

struct Service {
  explicit Service(Config a_config = small_config()) : config(std::move(a_config)) {
    // The launch template is there already, so that a launch is one call.
    (void)ledger->set_fact("launch-template", wanted_template(config).version_description + " 3");
  }

  Config config;
  FakeClock clock;
  CountingEntropy entropy;
  CapturingLog log;
  CountingDoorbell doorbell;
  FakeEnvironment environment;
  std::unique_ptr<SqliteLedger> ledger = std::move(*SqliteLedger::open(":memory:"));

  aws::testing::ScriptedTransport ec2_wire;
  aws::testing::ScriptedTransport ssm_wire;
  github::ScriptedTransport github_wire;
  aws::CredentialsChain chain{
      clock, aws::testing::sources(
                 std::make_unique<aws::testing::FixedSource>(std::vector<std::string>{"AKONE"}))};
  aws::SignedSender ec2_sender{
      ec2_wire, chain, clock, {"https://ec2.us-east-2.amazonaws.com", "us-east-2", "ec2"}};
  aws::SignedSender ssm_sender{
      ssm_wire, chain, clock, {"https://ssm.us-east-2.amazonaws.com", "us-east-2", "ssm"}};
  aws::Ec2Client ec2{ec2_sender};
  aws::SsmClient ssm{ssm_sender};
  github::FixedToken token{Secret("s3cret-token")};
  github::GithubClient github{github_wire, clock, token, github::Bench::organization_settings()};

  Images images{config, ec2, ssm, *ledger, clock};
  LaunchTemplates templates{config, ec2, *ledger, clock};
  Launcher launcher{config, {clock, entropy, log, *ledger, ec2}, images, templates};
  Demand demand{github, clock, entropy};
  RunnerPackages packages{config, github, clock};
  Asking asking{config, {clock, log, doorbell, *ledger}, demand, launcher};
  Claims claims{config, {clock, entropy, log, doorbell, *ledger, github, ec2}, packages};
  Diagnosis diagnosis{config, {clock, github, ec2, chain, *ledger}, images, packages};

  // Requests that left, to anybody.
  [[nodiscard]] std::size_t calls() const {
    return ec2_wire.sent.size() + ssm_wire.sent.size() + github_wire.sent.size();
  }
  // The lease as it is, in the ledger; no cap is in its way.
  Lease reserved(const Lease& lease) {
    const Caps caps{9, 9, 9, Money{1'000'000}, Money{1'000'000}};
    return ledger->reserve({lease}, {}, caps, clock.wall()).value().at(0).lease;
  }
  [[nodiscard]] std::size_t leases() const { return ledger->recent(1000)->size(); }
};

// Whether the n-th request on a wire of AWS holds this text.
inline bool asked_for(const aws::testing::ScriptedTransport& wire, std::size_t n,
                      const std::string& text) {
  return wire.body(n).find(text) != std::string::npos;
}

inline std::string tag_xml(const std::string& key, const std::string& value) {
  return "<item><key>" + key + "</key><value>" + value + "</value></item>";
}

// A machine in a reservation of its own; tags: of tag_xml().
inline std::string instance_xml(char last_digit, const std::string& tags,
                                const std::string& state = "running") {
  return std::string("<item><instancesSet><item><instanceId>i-0123456789abcdef") + last_digit +
         "</instanceId><instanceState><name>" + state +
         "</name></instanceState><launchTime>"
         "2026-11-23T20:15:30.000Z</launchTime><tagSet>" +
         tags + "</tagSet></item></instancesSet></item>";
}

inline std::string instances_xml(const std::string& instances) {
  return aws::testing::answer_xml("DescribeInstances",
                                  "<reservationSet>" + instances + "</reservationSet>");
}

inline std::string image_xml(const std::string& id, const std::string& name,
                             const std::string& created) {
  return "<item><imageId>" + id + "</imageId><name>" + name + "</name><creationDate>" + created +
         "</creationDate><architecture>x86_64</architecture></item>";
}

inline std::string images_xml(const std::string& items) {
  return aws::testing::answer_xml("DescribeImages", "<imagesSet>" + items + "</imagesSet>");
}

// A fleet that gave one spot machine.
inline std::string launched_xml(const std::string& instance_id) {
  return aws::testing::answer_xml(
      "CreateFleet",
      "<fleetId>fleet-1</fleetId><fleetInstanceSet><item><launchTemplateAndOverrides><overrides>"
      "<availabilityZone>us-east-2a</availabilityZone></overrides></launchTemplateAndOverrides>"
      "<lifecycle>spot</lifecycle><instanceIds><item>" +
          instance_id +
          "</item></instanceIds><instanceType>c7i.large</instanceType></item></fleetInstanceSet>");
}

inline std::string runs_json(const std::string& runs) {
  return R"({"total_count":1,"workflow_runs":[)" + runs + "]}";
}

inline std::string download_json(const std::string& os, const std::string& architecture,
                                 const std::string& version, const std::string& sha256,
                                 const std::string& host = "github.com") {
  const std::string name = "actions-runner-" + os + "-" + architecture + "-" + version + ".tar.gz";
  return R"({"os":")" + os + R"(","architecture":")" + architecture +
         R"(","download_url":"https://)" + host + "/d/" + name + R"(","filename":")" + name +
         R"(","sha256_checksum":")" + sha256 + R"("})";
}

}  // namespace mayfly::testing
