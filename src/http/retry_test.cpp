#include "http/retry.h"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

namespace mayfly {
namespace {

class FakeClock final : public Clock {
 public:
  WallTime wall() override { return WallTime{now_.time_since_epoch()}; }
  SteadyTime steady() override { return now_; }
  void sleep_until(SteadyTime t) override {
    slept.push_back(t - now_);
    now_ = t;
  }

  std::vector<Millis> slept;

 private:
  SteadyTime now_{Seconds{1'000}};
};

// Fills with one byte: 0 draws the shortest jitter.
class FakeEntropy final : public Entropy {
 public:
  explicit FakeEntropy(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, byte_); }

 private:
  std::uint8_t byte_;
};

Code code_of(ErrorKind kind) {
  for (const CodeInfo& row : all_codes())
    if (row.kind == kind && row.code != Code::github_budget) return row.code;
  FAIL("no code of kind " << to_string(kind));
  return Code::internal;
}

Error error_of(ErrorKind kind, std::optional<Millis> retry_after = std::nullopt) {
  return {code_of(kind), "why", retry_after};
}

struct Attempts {
  FakeClock clock;
  FakeEntropy entropy{0};
  RetryPolicy policy;
  Idempotency idempotency = Idempotency::safe_to_repeat;
  Millis patience{Seconds{60}};
  int calls = 0;

  // The call fails with each error in turn, then gives 7.
  Result<int> play(const std::vector<Error>& errors) {
    const auto call = [&]() -> Result<int> {
      const auto index = static_cast<std::size_t>(calls++);
      if (index < errors.size()) return fail(errors[index]);
      return 7;
    };
    return with_retries(policy, idempotency, clock, entropy, clock.steady() + patience, call);
  }
};

TEST_CASE("retry: a success is not repeated and nothing sleeps") {
  Attempts attempts;
  CHECK(attempts.play({}) == 7);
  CHECK(attempts.calls == 1);
  CHECK(attempts.clock.slept.empty());
}

TEST_CASE("retry: unavailable and throttled are repeated until it works") {
  Attempts attempts;
  CHECK(attempts.play({error_of(ErrorKind::unavailable), error_of(ErrorKind::throttled)}) == 7);
  CHECK(attempts.calls == 3);
  CHECK(attempts.clock.slept.size() == 2);
}

TEST_CASE("retry: the last error comes back when the attempts are used up") {
  Attempts attempts;
  const auto error = error_of(ErrorKind::unavailable);
  const auto result = attempts.play({error, error, error, error});
  REQUIRE_FALSE(result);
  CHECK(result.error().code == error.code);
  CHECK(attempts.calls == 3);
  CHECK(attempts.clock.slept.size() == 2);
}

TEST_CASE("retry: errors that repeating cannot mend come back at once") {
  for (const ErrorKind kind :
       {ErrorKind::bad_request, ErrorKind::denied, ErrorKind::not_found, ErrorKind::conflict,
        ErrorKind::capacity, ErrorKind::misconfigured, ErrorKind::internal}) {
    Attempts attempts;
    CHECK_FALSE(attempts.play({error_of(kind)}));
    CHECK_MESSAGE(attempts.calls == 1, to_string(kind));
  }
}

TEST_CASE("retry: a lost answer is repeated only where the call is safe to repeat") {
  Attempts safe;
  CHECK(safe.play({error_of(ErrorKind::ambiguous)}) == 7);
  Attempts unsafe;
  unsafe.idempotency = Idempotency::not_safe;
  CHECK_FALSE(unsafe.play({error_of(ErrorKind::ambiguous)}));
  CHECK(unsafe.calls == 1);
}

TEST_CASE("retry: the wait is never shorter than the other side asked for") {
  Attempts attempts;
  CHECK(attempts.play({error_of(ErrorKind::throttled, Millis{4'900})}) == 7);
  CHECK(attempts.clock.slept == std::vector<Millis>{Millis{4'900}});
}

TEST_CASE("retry: nobody sleeps longer than the policy's longest wait; the caller is told") {
  Attempts attempts;
  const auto result = attempts.play({error_of(ErrorKind::throttled, Millis{5'001})});
  REQUIRE_FALSE(result);
  CHECK(result.error().retry_after == Millis{5'001});
  CHECK(attempts.calls == 1);
  CHECK(attempts.clock.slept.empty());
  Attempts at_most;
  CHECK(at_most.play({error_of(ErrorKind::throttled, Millis{5'000})}) == 7);
}

TEST_CASE("retry: a wait that would reach the deadline is not begun") {
  Attempts attempts;
  attempts.patience = Millis{3'000};
  CHECK_FALSE(attempts.play({error_of(ErrorKind::throttled, Millis{3'000})}));
  CHECK(attempts.calls == 1);
  CHECK(attempts.clock.slept.empty());
}

TEST_CASE("retry: what our own budget refuses comes back at once, however short the wait") {
  Attempts attempts;
  const Error refused{Code::github_budget, "used up", Millis{1}};
  CHECK_FALSE(attempts.play({refused}));
  CHECK(attempts.calls == 1);
  CHECK(attempts.clock.slept.empty());
}

TEST_CASE("retry: the jitter lies between one and the doubled ceiling") {
  const RetryPolicy policy{
      .attempts_max = 9, .backoff_initial = Millis{200}, .backoff_max = Millis{5'000}};
  const Error error = error_of(ErrorKind::unavailable);
  FakeEntropy least{0};
  CHECK(backoff_before_next(policy, 1, error, least) == Millis{1});
  CHECK(backoff_before_next(policy, 8, error, least) == Millis{1});
  for (int byte = 0; byte < 255; ++byte) {
    FakeEntropy entropy{static_cast<std::uint8_t>(byte)};
    Millis ceiling{200};
    for (int attempt = 1; attempt < 9; ++attempt, ceiling = std::min(ceiling * 2, Millis{5'000})) {
      const Millis wait = backoff_before_next(policy, attempt, error, entropy);
      CHECK(wait >= Millis{1});
      CHECK(wait <= ceiling);
    }
  }
}

TEST_CASE("retry: the jitter uses the whole of its span") {
  const RetryPolicy policy;
  Millis longest{0};
  for (int byte = 0; byte < 255; ++byte) {
    FakeEntropy entropy{static_cast<std::uint8_t>(byte)};
    longest = std::max(longest,
                       backoff_before_next(policy, 3, error_of(ErrorKind::unavailable), entropy));
  }
  CHECK(longest > Millis{700});
}

TEST_CASE("retry: a policy without backoff still waits a moment") {
  const RetryPolicy policy{
      .attempts_max = 3, .backoff_initial = Millis{0}, .backoff_max = Millis{0}};
  FakeEntropy entropy{1};
  CHECK(backoff_before_next(policy, 2, error_of(ErrorKind::unavailable), entropy) == Millis{1});
}

TEST_CASE("retry: a Status is repeated like any other result") {
  FakeClock clock;
  FakeEntropy entropy{0};
  int calls = 0;
  const Status status = with_retries(RetryPolicy{}, Idempotency::safe_to_repeat, clock, entropy,
                                     clock.steady() + Seconds{60}, [&]() -> Status {
                                       if (++calls < 3)
                                         return fail(error_of(ErrorKind::unavailable));
                                       return {};
                                     });
  CHECK(status);
  CHECK(calls == 3);
}

}  // namespace
}  // namespace mayfly
