#pragma once

// DynamoDB alone, for tests: the emulated tables behind a transport that may lose calls and
// answers, a clock that only sleeping moves, and the real client. Safe from many threads.

#include <atomic>
#include <mutex>

#include "aws/dynamodb.h"
#include "aws/testing.h"
#include "lab/aws/aws_envelope.h"
#include "lab/aws/fake_dynamodb.h"
#include "seam/clock.h"
#include "seam/entropy.h"

namespace mayfly::lab::testing {

class SleepClock final : public Clock {
 public:
  WallTime wall() override { return wall_from_epoch_seconds(1'800'000'000) + Millis{now_.load()}; }
  SteadyTime steady() override { return SteadyTime{Millis{now_.load()}}; }
  void sleep_until(SteadyTime t) override {
    const auto wanted = t.time_since_epoch().count();
    auto now = now_.load();
    while (now < wanted && !now_.compare_exchange_weak(now, wanted)) {
    }
  }

 private:
  std::atomic<Millis::rep> now_{1000};
};

class LockedEntropy final : public Entropy {
 public:
  explicit LockedEntropy(std::uint64_t seed = 1) : state_(seed * 0x9e3779b97f4a7c15) {}
  void fill(std::span<std::uint8_t> out) override {
    const std::scoped_lock lock(mutex_);
    for (std::uint8_t& byte : out) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      byte = static_cast<std::uint8_t>(state_ >> 24);
    }
  }

 private:
  std::mutex mutex_;
  std::uint64_t state_;
};

// Of 100 calls so many never arrive, and so many are carried out without an answer.
struct Losses {
  std::uint64_t calls = 0;
  std::uint64_t answers = 0;
};

class TableTransport final : public HttpTransport {
 public:
  Result<HttpResponse> send(const HttpRequest& request, SteadyTime) override {
    const std::uint64_t draw = entropy_.below(100);
    if (draw < losses.calls) return fail(Code::transport_not_sent, "not sent");
    const std::string target(request.headers.find("X-Amz-Target").value_or(""));
    const std::scoped_lock lock(mutex_);
    if (answered_until && calls >= *answered_until)
      return fail(Code::transport_not_sent, "not sent");
    calls += 1;
    const auto answer = fake_.answer(target.substr(target.find('.') + 1), request.body, options,
                                     clock.steady(), clock.wall());
    if (draw < losses.calls + losses.answers) return fail(Code::transport_lost, "lost");
    return answer ? good_answer(AwsService::dynamodb, "", *answer, "r-1")
                  : bad_answer(AwsService::dynamodb, answer.error(), "r-1");
  }

  SleepClock clock;
  FakeAwsOptions options;
  Losses losses;
  std::int64_t calls = 0;
  std::optional<std::int64_t> answered_until;  // once there were so many calls, no more arrive

 private:
  std::mutex mutex_;
  LockedEntropy entropy_{7};
  FakeDynamoDb fake_;
};

// A client of its own to tables that others may use as well.
struct TableClient {
  explicit TableClient(TableTransport& transport)
      : chain(transport.clock, aws::testing::sources(std::make_unique<aws::testing::FixedSource>(
                                   std::vector<std::string>{"AKTEST"}))),
        sender(transport, chain, transport.clock, {"http://aws.test", "us-east-1", "dynamodb"}) {}

  aws::CredentialsChain chain;
  aws::SignedSender sender;
  aws::DynamoDbClient table{sender, "mayfly"};
};

}  // namespace mayfly::lab::testing
