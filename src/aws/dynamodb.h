#pragma once

// DynamoDB as far as mayfly needs it: strongly consistent reads by key, one page of a query, and
// writes as transactions. Tables have a partition key "pk" and a sort key "sk", both texts. One
// function is one call; no retries here (http/retry.h), no unprocessed keys asked for again.
//
// Errors: those of aws/client.h. A number that is no whole 64-bit one, a set, a list or any other
// type that is not of Attribute is a bad answer: mayfly has not written it.
// Sources: DynamoDB API reference, BatchGetItem, Query, TransactWriteItems, DescribeTable.
// Thread rule: safe from many threads.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/client.h"

namespace mayfly::aws {

// S, N and BOOL.
using Attribute = std::variant<std::string, std::int64_t, bool>;
using Item = std::map<std::string, Attribute, std::less<>>;

struct ItemKey {
  std::string pk;  // 1 to 2048 bytes
  std::string sk;  // 1 to 1024 bytes

  friend auto operator<=>(const ItemKey&, const ItemKey&) = default;
};
// None: the item lacks a key of this form, which no table gives back.
[[nodiscard]] std::optional<ItemKey> key_of(const Item& item);

// The limits of one call.
inline constexpr std::size_t k_batch_keys_max = 100;
inline constexpr std::size_t k_transaction_writes_max = 100;

struct Condition {
  std::string expression;  // empty: none. "rev = :rev"
  Item values = {};        // by ":rev"
};

struct Write {
  enum class Kind { put, remove };
  Kind kind = Kind::put;
  Item item;  // put: the whole item, pk and sk within
  ItemKey key;
  Condition condition;

  [[nodiscard]] static Write put(Item item, Condition condition = {});
  [[nodiscard]] static Write remove(ItemKey key, Condition condition = {});
};

struct Transaction {
  // 1 to 36 bytes. The same bytes with the same token within ten minutes are carried out once, and
  // answered as done again.
  std::string token;
  std::vector<Write> writes;
};

// Why a write did not happen. none: it stood in no one's way.
enum class Hindrance { none, condition, conflict, throttled };

struct Batch {
  std::vector<Item> items;           // in no order; an item that does not exist is absent
  std::vector<ItemKey> unprocessed;  // to be asked for again, after a while
};

struct Question {
  std::string pk;
  std::string sk_prefix = {};  // empty: all
  bool newest_first = false;   // descending by sk
  int limit = 0;               // items of this page; 0: as many as fit into 1 MB
  std::optional<ItemKey> after = std::nullopt;
};

struct Page {
  std::vector<Item> items;
  std::optional<ItemKey> next;  // none: that was the last page
};

class DynamoDbClient {
 public:
  DynamoDbClient(SignedSender& sender, std::string table)
      : sender_(sender), table_(std::move(table)) {}

  // 1 to k_batch_keys_max different keys.
  [[nodiscard]] Result<Batch> get_items(const std::vector<ItemKey>& keys, SteadyTime deadline);
  [[nodiscard]] Result<Page> query(const Question& question, SteadyTime deadline);
  // Empty: all was written. Else nothing was, and there is one hindrance for each write. aws_lost
  // also while an earlier call with the same token is still being carried out.
  [[nodiscard]] Result<std::vector<Hindrance>> transact(const Transaction& transaction,
                                                        SteadyTime deadline);
  // "ACTIVE", "CREATING", ...; aws_not_found where there is no such table.
  [[nodiscard]] Result<std::string> table_status(SteadyTime deadline);

  [[nodiscard]] const std::string& table() const { return table_; }

 private:
  SignedSender& sender_;
  const std::string table_;
};

}  // namespace mayfly::aws
