#include <doctest/doctest.h>

#include "aws/testing.h"

namespace mayfly {
namespace {

using aws::Credentials;
using aws::CredentialsChain;
using aws::CredentialsSource;
using aws::testing::FakeClock;

const SteadyTime k_deadline{Seconds{60}};

// Counts its fetches; lives as long as the test says, and fails when told.
struct Scripted : CredentialsSource {
  struct State {
    int fetches = 0;
    std::optional<Millis> life = std::nullopt;
    bool is_broken = false;
    bool is_absent = false;
    std::function<void()> on_fetch = nullptr;
  };

  Scripted(FakeClock& the_clock, State& the_state) : clock(the_clock), state(the_state) {}

  [[nodiscard]] std::string_view name() const override { return "scripted"; }
  Result<std::optional<Credentials>> fetch(SteadyTime) override {
    const int n = ++state.fetches;
    if (state.on_fetch) state.on_fetch();
    if (state.is_broken) return fail(Code::aws_unavailable, "the source is broken");
    if (state.is_absent) return std::nullopt;
    Credentials credentials;
    credentials.access_key_id = "AK" + std::to_string(n);
    if (state.life) credentials.expires_at = clock.wall() + *state.life;
    return credentials;
  }

  FakeClock& clock;
  State& state;
};

struct Bench {
  FakeClock clock;
  Scripted::State first;
  Scripted::State second;
  CredentialsChain chain{clock, aws::testing::sources(std::make_unique<Scripted>(clock, first),
                                                      std::make_unique<Scripted>(clock, second))};

  std::string key() {
    auto got = chain.get(k_deadline);
    return got ? got->access_key_id : "error: " + got.error().message;
  }
};

TEST_CASE("credentials: those that never expire are fetched once") {
  Bench bench;
  CHECK(bench.key() == "AK1");
  bench.clock.advance(std::chrono::hours{1000});
  CHECK(bench.key() == "AK1");
  CHECK(bench.second.fetches == 0);
}

TEST_CASE("credentials: the chain looks on where nothing is configured") {
  Bench bench;
  bench.first.is_absent = true;
  CHECK(bench.key() == "AK1");
  CHECK(bench.second.fetches == 1);
}

TEST_CASE("credentials: a broken source stops the chain rather than give another identity") {
  Bench bench;
  bench.first.is_broken = true;
  const auto got = bench.chain.get(k_deadline);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == Code::aws_unavailable);
  CHECK(got.error().message == "AWS credentials from scripted: the source is broken");
  CHECK(bench.second.fetches == 0);
}

TEST_CASE("credentials: where there are none, the message names what was tried") {
  Bench bench;
  bench.first.is_absent = bench.second.is_absent = true;
  const auto got = bench.chain.get(k_deadline);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == Code::aws_credentials);
  CHECK(got.error().message == "there are no AWS credentials; looked for: scripted, scripted");
}

TEST_CASE("credentials: long-lived ones are renewed five minutes before they expire") {
  Bench bench;
  bench.first.life = std::chrono::hours{6};
  CHECK(bench.key() == "AK1");
  bench.clock.advance(std::chrono::hours{6} - std::chrono::minutes{5} - Millis{1});
  CHECK(bench.key() == "AK1");
  bench.clock.advance(Millis{1});
  CHECK(bench.key() == "AK2");
}

TEST_CASE("credentials: short-lived ones are renewed in the last tenth of their life") {
  Bench bench;
  bench.first.life = Seconds{900};
  CHECK(bench.key() == "AK1");
  bench.clock.advance(Seconds{809});
  CHECK(bench.key() == "AK1");
  bench.clock.advance(Seconds{1});
  CHECK(bench.key() == "AK2");
}

TEST_CASE("credentials: when a renewal fails, the old ones serve until their last 30 seconds") {
  Bench bench;
  bench.first.life = std::chrono::hours{1};
  CHECK(bench.key() == "AK1");
  bench.first.is_broken = true;
  bench.clock.advance(std::chrono::minutes{56});
  CHECK(bench.key() == "AK1");
  CHECK(bench.first.fetches == 2);
  bench.clock.advance(std::chrono::minutes{4} - Seconds{31});
  CHECK(bench.key() == "AK1");
  bench.clock.advance(Seconds{1});
  CHECK(bench.key() == "error: AWS credentials from scripted: the source is broken");
}

TEST_CASE("credentials: after a failed renewal the next attempt waits 30 seconds") {
  Bench bench;
  bench.first.life = std::chrono::hours{1};
  CHECK(bench.key() == "AK1");
  bench.clock.advance(std::chrono::minutes{56});
  bench.first.is_broken = true;
  for (int i = 0; i < 10; ++i) CHECK(bench.key() == "AK1");
  CHECK(bench.first.fetches == 2);
  bench.first.is_broken = false;
  bench.clock.advance(Seconds{30});
  CHECK(bench.key() == "AK3");
}

TEST_CASE("credentials: the old ones are given out while one caller renews them") {
  Bench bench;
  bench.first.life = std::chrono::hours{1};
  CHECK(bench.key() == "AK1");
  bench.clock.advance(std::chrono::minutes{56});
  std::string meanwhile;
  // Also shows that no lock is held during the fetch: this would never return.
  bench.first.on_fetch = [&] {
    bench.first.on_fetch = nullptr;
    meanwhile = bench.key();
  };
  CHECK(bench.key() == "AK2");
  CHECK(meanwhile == "AK1");
  CHECK(bench.first.fetches == 2);
}

TEST_CASE("credentials: refused ones are not given out again, even if nothing better comes") {
  Bench bench;
  CHECK(bench.key() == "AK1");
  bench.chain.invalidate();
  bench.first.is_broken = true;
  CHECK(bench.key().starts_with("error"));
  bench.first.is_broken = false;
  CHECK(bench.key() == "AK3");
}

TEST_CASE("credentials: the standard order is environment, web identity, files, container, IMDS") {
  aws::testing::FakeEnvironment environment;
  FakeClock clock;
  aws::testing::ScriptedTransport transport;
  CredentialsChain chain({environment, transport, clock}, "us-east-2");
  const auto got = chain.get(k_deadline);
  REQUIRE_FALSE(got);
  CHECK(got.error().message ==
        "there are no AWS credentials; looked for: environment, web identity, shared files, "
        "container, instance role (IMDSv2)");
}

}  // namespace
}  // namespace mayfly
