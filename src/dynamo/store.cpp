#include "dynamo/store.h"

#include <algorithm>
#include <set>

namespace mayfly::dynamo {
namespace {

constexpr Millis k_patience = Seconds{10};
constexpr Millis k_call = Seconds{3};
constexpr RetryPolicy k_policy{
    .attempts_max = 6, .backoff_initial = Millis{50}, .backoff_max = Millis{2000}};
// Writers that meet are quick: each round one of them is done.
constexpr RetryPolicy k_meeting{
    .attempts_max = 60, .backoff_initial = Millis{10}, .backoff_max = Millis{400}};

}  // namespace

template <class Call>
auto Store::with_patience(SteadyTime deadline, const Call& call) {
  return with_retries(k_policy, Idempotency::safe_to_repeat, clock_, entropy_, deadline,
                      [&] { return call(std::min(deadline, clock_.steady() + k_call)); });
}

SteadyTime Store::deadline() { return clock_.steady() + k_patience; }

Error Store::unavailable(Error error) const {
  error.code = Code::ledger_unavailable;
  error.message = "table " + client_.table() + ": " + error.message;
  return error;
}

Status Store::get_some(std::vector<aws::ItemKey> keys, Items& items, SteadyTime deadline) {
  const auto once = [&](SteadyTime until) -> Status {
    TRY_ASSIGN(aws::Batch batch, client_.get_items(keys, until));
    for (aws::Item& item : batch.items) {
      const aws::ItemKey key = *aws::key_of(item);
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        return fail(Code::aws_bad_answer, "an item came that was not asked for");
      items[key] = std::move(item);
    }
    if (batch.unprocessed.empty()) return {};
    keys = std::move(batch.unprocessed);
    return fail(Code::aws_throttled, "keys were left open");
  };
  return with_patience(deadline, once);
}

Result<Items> Store::get(const std::vector<aws::ItemKey>& keys, SteadyTime deadline) {
  const std::set<aws::ItemKey> distinct(keys.begin(), keys.end());
  Items items;
  std::vector<aws::ItemKey> some;
  for (auto key = distinct.begin(); key != distinct.end();) {
    some.push_back(*key);
    ++key;
    if (some.size() < aws::k_batch_keys_max && key != distinct.end()) continue;
    const Status status = get_some(std::move(some), items, deadline);
    if (!status) return fail(unavailable(status.error()));
    some.clear();
  }
  return items;
}

Result<std::vector<aws::Item>> Store::query(aws::Question question, int count_max,
                                            SteadyTime deadline) {
  std::vector<aws::Item> items;
  const auto wanted = static_cast<std::size_t>(std::max(count_max, 0));
  for (;;) {
    if (wanted > 0) question.limit = static_cast<int>(wanted - items.size());
    auto page = with_patience(deadline, [&](SteadyTime u) { return client_.query(question, u); });
    if (!page) return fail(unavailable(page.error()));
    std::move(page->items.begin(), page->items.end(), std::back_inserter(items));
    if (wanted > 0 && items.size() >= wanted) return items;
    if (!page->next) return items;
    if (page->next == question.after)
      return fail(unavailable({Code::aws_bad_answer, "a listing does not advance"}));
    question.after = std::move(page->next);
  }
}

// The same token each time: what was done before its answer was lost is answered as done. If the
// answers stay away, whether it is done only a read can tell.
Result<CommitResult> Store::commit(const aws::Transaction& transaction, SteadyTime deadline) {
  auto hindrances = with_patience(
      deadline, [&](SteadyTime until) { return client_.transact(transaction, until); });
  if (hindrances)
    return CommitResult{hindrances->empty() ? Commit::done : Commit::hindered, *hindrances};
  if (hindrances.error().kind() == ErrorKind::ambiguous) return CommitResult{Commit::hindered, {}};
  return fail(unavailable(hindrances.error()));
}

bool Store::wait_for_others(int n, SteadyTime deadline) {
  if (n >= k_meeting.attempts_max || clock_.steady() >= deadline) return false;
  const Millis wait = backoff_before_next(k_meeting, n, Error{Code::aws_throttled, ""}, entropy_);
  if (clock_.steady() + wait >= deadline) return false;
  clock_.sleep_for(wait);
  return true;
}

}  // namespace mayfly::dynamo
