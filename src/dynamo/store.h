#pragma once

// The table with patience: whole reads (keys that were left open are asked for again, pages are
// followed), throttled calls repeated, and one token for each transaction however often it is sent.
// Errors: ledger_unavailable alone. Thread rule: safe from many threads.

#include <map>
#include <string>
#include <vector>

#include "aws/dynamodb.h"
#include "http/retry.h"

namespace mayfly::dynamo {

using Items = std::map<aws::ItemKey, aws::Item>;

enum class Commit {
  done,
  hindered,  // nothing was written, or it is not known: read again
};

struct CommitResult {
  Commit commit = Commit::done;
  std::vector<aws::Hindrance> hindrances;  // one for each write, where they are known
};

class Store {
 public:
  Store(aws::DynamoDbClient& client, Clock& clock, Entropy& entropy)
      : client_(client), clock_(clock), entropy_(entropy) {}

  // When an operation that begins now must have been answered.
  [[nodiscard]] SteadyTime deadline();
  // Those that there are, as they are now. Keys may repeat.
  [[nodiscard]] Result<Items> get(const std::vector<aws::ItemKey>& keys, SteadyTime deadline);
  // count_max: the first so many; 0: all.
  [[nodiscard]] Result<std::vector<aws::Item>> query(aws::Question question, int count_max,
                                                     SteadyTime deadline);
  [[nodiscard]] Result<CommitResult> commit(const aws::Transaction& transaction,
                                            SteadyTime deadline);
  // Waits before try n + 1 (n from 1) of an operation that others got in the way of; false: it was
  // the last.
  [[nodiscard]] bool wait_for_others(int n, SteadyTime deadline);
  // A name for an operation that nobody guesses: 24 hex digits.
  [[nodiscard]] std::string new_writer() { return entropy_.hex(12); }

 private:
  template <class Call>
  auto with_patience(SteadyTime deadline, const Call& call);
  [[nodiscard]] Status get_some(std::vector<aws::ItemKey> keys, Items& items, SteadyTime deadline);
  [[nodiscard]] Error unavailable(Error error) const;

  aws::DynamoDbClient& client_;
  Clock& clock_;
  Entropy& entropy_;
};

}  // namespace mayfly::dynamo
