// What a DynamoDB table answers, down to the leases, machines, stamps and books made of it. The
// form of an input is that of conversation.h, with one of k_operations in its first line; for
// "books" the first body is the text of the books.

#include "aws/dynamodb.h"

#include "dynamo/books_text.h"
#include "dynamo/rows.h"
#include "fuzz/aws_bench.h"

namespace mayfly::fuzz {
namespace {

using aws::ItemKey;

constexpr auto k_operations =
    std::to_array<std::string_view>({"query", "batch", "transact", "describe", "books"});

void check_refusal(const Error& error) {
  check_error(error);
  law(error.code == Code::no_capacity || info(error.code).name.starts_with("aws-"),
      "a failure of AWS has a code of AWS", error.message);
}

void check_fault(const Error& error) {
  check_error(error);
  law(error.code == Code::ledger_unavailable || error.code == Code::ledger_version,
      "an item that cannot be understood is the ledger's fault", error.message);
}

void check_item(const aws::Item& item) {
  law(aws::key_of(item).has_value(), "an item has its key");
  if (const auto lease = dynamo::parse_lease(item); !lease) {
    check_fault(lease.error());
  } else {
    const auto again = dynamo::parse_lease(dynamo::lease_item(*lease, "w"));
    law(again.has_value(), "a lease that was read can be written and read again");
    law(dynamo::lease_item(*again, "w") == dynamo::lease_item(*lease, "w"), "and is the same");
  }
  if (const auto machine = dynamo::parse_machine(item); !machine)
    check_fault(machine.error());
  else
    law(dynamo::parse_machine(dynamo::machine_item(*machine)).has_value(),
        "so can a machine's record");
  if (const auto stamp = dynamo::parse_event(item); !stamp)
    check_fault(stamp.error());
  else
    law(dynamo::parse_event(dynamo::event_item(*stamp, 1)).has_value(), "so can a stamp");
  if (const auto id = dynamo::parse_index(item); !id) check_fault(id.error());
}

void check_books(const Conversation& wire) {
  if (!wire.first()) return;
  const auto books = dynamo::parse_books(wire.first()->body);
  if (!books) return check_fault(books.error());
  const auto again = dynamo::parse_books(dynamo::to_text(*books));
  law(again && *again == *books, "books that were read can be written and read again");
}

void check_query(aws::DynamoDbClient& client, SteadyTime deadline) {
  const auto page = client.query({"leases"}, deadline);
  if (!page) return check_refusal(page.error());
  for (const aws::Item& item : page->items) check_item(item);
}

void check_batch(aws::DynamoDbClient& client, SteadyTime deadline) {
  const std::vector<ItemKey> keys = {{"books", "books"}, {"lease#l-1", "lease"}};
  const auto batch = client.get_items(keys, deadline);
  if (!batch) return check_refusal(batch.error());
  for (const aws::Item& item : batch->items) check_item(item);
}

void check_transact(aws::DynamoDbClient& client, SteadyTime deadline) {
  const aws::Transaction two{"token",
                             {aws::Write::put(dynamo::item_at({"a", "b"})),
                              aws::Write::remove({"c", "d"}, {"rev = :r", {{":r", 1}}})}};
  const auto hindrances = client.transact(two, deadline);
  if (!hindrances) return check_refusal(hindrances.error());
  law(hindrances->empty() || hindrances->size() == two.writes.size(),
      "a transaction is done, or there is a reason for each write");
}

void check_client(Conversation& wire, std::size_t operation) {
  AwsBench bench(wire, "dynamodb");
  aws::DynamoDbClient client(bench.sender, "mayfly");
  const SteadyTime deadline = bench.clock.steady() + Seconds{9};
  if (operation == 0) check_query(client, deadline);
  if (operation == 1) check_batch(client, deadline);
  if (operation == 2) check_transact(client, deadline);
  if (operation == 3)
    if (const auto status = client.table_status(deadline); !status) check_refusal(status.error());
  law(wire.sent.size() <= 2, "one call is sent twice at most: with other credentials");
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  fuzz::Conversation wire(fuzz::text_of(data, size));
  const std::size_t operation = wire.operation(fuzz::k_operations);
  if (operation == 4)
    fuzz::check_books(wire);
  else
    fuzz::check_client(wire, operation);
  return 0;
}
