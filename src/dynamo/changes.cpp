#include "dynamo/changes.h"

#include <algorithm>

#include "dynamo/books_text.h"

namespace mayfly::dynamo {
namespace {

using aws::Condition;
using aws::Item;
using aws::Write;

Condition if_new() { return {"attribute_not_exists(pk)"}; }

Condition if_rev(std::int64_t rev) { return {"rev = :rev", {{":rev", rev}}}; }

Result<std::optional<MachineRecord>> machine_before(const Items& items,
                                                    const std::optional<MachineRecord>& machine) {
  if (!machine) return std::nullopt;
  const Item* owner = find_item(items, owner_key(machine->instance_id));
  if (owner != nullptr && text_of(*owner, "lease_id") != machine->lease_id.text)
    return fail(Code::lease_conflict, k_machine_taken);
  const Item* item = find_item(items, machine_key(machine->lease_id, machine->instance_id));
  if (item == nullptr) return std::nullopt;
  TRY_ASSIGN(MachineRecord before, parse_machine(*item));
  return std::optional(std::move(before));
}

}  // namespace

const Item* find_item(const Items& items, const aws::ItemKey& key) {
  const auto found = items.find(key);
  return found == items.end() ? nullptr : &found->second;
}

Result<BooksRead> read_books(const Items& items) {
  BooksRead read;
  const Item* item = find_item(items, books_key());
  if (item == nullptr) return read;
  const auto text = text_of(*item, "books");
  const auto rev = number_of(*item, "rev");
  if (!text || !rev || *rev < 1)
    return fail(Code::ledger_unavailable, "the books cannot be understood");
  TRY_ASSIGN(read.books, parse_books(*text));
  read.rev = *rev;
  return read;
}

Write write_books(const BooksRead& read, const Books& books) {
  Item item = item_at(books_key());
  item["books"] = to_text(books);
  item["rev"] = read.rev + 1;
  return Write::put(std::move(item), read.rev == 0 ? if_new() : if_rev(read.rev));
}

Result<std::vector<LeaseEvent>> parse_stamps(const std::vector<Item>& items) {
  std::vector<LeaseEvent> first;
  std::vector<LeaseEvent> later;
  for (const Item& item : items) {
    const std::string sk = aws::key_of(item).value_or(aws::ItemKey{}).sk;
    if (sk == lease_key({}).sk) {
      TRY_ASSIGN(first, parse_first_stamps(item));
    } else if (sk.starts_with(k_event_prefix)) {
      TRY_ASSIGN(LeaseEvent event, parse_event(item));
      later.push_back(std::move(event));
    }
  }
  first.insert(first.end(), later.begin(), later.end());
  std::stable_sort(first.begin(), first.end(),
                   [](const LeaseEvent& a, const LeaseEvent& b) { return a.at < b.at; });
  return first;
}

Result<Timeline> read_timeline(const Items& items, const LeaseId& id) {
  const Item* item = find_item(items, timeline_key(id));
  if (item == nullptr) {
    const Item* lease = find_item(items, lease_key(id));
    if (lease == nullptr) return Timeline{};
    TRY_ASSIGN(const auto first, parse_first_stamps(*lease));
    return Timeline{static_cast<std::int64_t>(first.size()), false, {}};
  }
  const auto count = number_of(*item, "rev");
  const auto writer = text_of(*item, "writer");
  if (!count || *count < 0 || !writer)
    return fail(Code::ledger_unavailable, "the timeline of " + id.text + " cannot be understood");
  return Timeline{*count, true, *writer};
}

void write_events(std::vector<Write>& writes, const Timeline& timeline,
                  const std::vector<LeaseEvent>& events, const std::string& writer) {
  if (events.empty()) return;
  std::int64_t number = timeline.count;
  for (const LeaseEvent& event : events) {
    writes.push_back(Write::put(event_item(event, number)));
    if (is_refusal(event)) writes.push_back(Write::put(refusal_item(event, number)));
    number += 1;
  }
  Item item =
      marker_item(timeline_key(events.front().lease_id), events.front().lease_id, events.back().at);
  item["rev"] = number;
  item["writer"] = writer;
  writes.push_back(
      Write::put(std::move(item), timeline.exists ? if_rev(timeline.count) : if_new()));
}

void write_new_lease(std::vector<Write>& writes, const Lease& lease,
                     const std::vector<LeaseEvent>& events, const std::string& writer) {
  std::vector<LeaseEvent> own;
  std::copy_if(events.begin(), events.end(), std::back_inserter(own),
               [&](const LeaseEvent& event) { return event.lease_id == lease.id; });
  Item item = lease_item(lease, writer);
  put_first_stamps(item, own);
  writes.push_back(Write::put(std::move(item), if_new()));
  if (lease.source == Source::seed)
    writes.push_back(
        Write::put(marker_item(seed_key(lease), lease.id, lease.created_at), if_new()));
  for (std::size_t n = 0; n < own.size(); ++n)
    if (is_refusal(own[n]))
      writes.push_back(Write::put(refusal_item(own[n], static_cast<std::int64_t>(n))));
}

void write_pointers(std::vector<Write>& writes, const Lease& lease) {
  writes.push_back(Write::put(index_item(k_leases_pk, lease)));
  writes.push_back(Write::put(index_item(label_pk(lease.repository, lease.label), lease)));
}

std::vector<std::vector<Write>> in_transactions(std::vector<Write> pointers,
                                                std::vector<Write> writes) {
  std::vector<std::vector<Write>> transactions;
  while (!pointers.empty() && pointers.size() + writes.size() > aws::k_transaction_writes_max) {
    const auto count = std::min(pointers.size(), aws::k_transaction_writes_max);
    const auto end = pointers.begin() + static_cast<std::ptrdiff_t>(count);
    transactions.emplace_back(pointers.begin(), end);
    pointers.erase(pointers.begin(), end);
  }
  writes.insert(writes.end(), pointers.begin(), pointers.end());
  transactions.push_back(std::move(writes));
  return transactions;
}

Write write_lease(const Item& before, const Lease& after, const std::string& writer) {
  Item item = lease_item(after, writer);
  keep_first_stamps(item, before);
  return Write::put(std::move(item), if_rev(after.version - 1));
}

Status write_update(std::vector<Write>& writes, Books& books, const Items& items,
                    const Update& update, const std::string& writer) {
  const Lease& lease = update.lease;
  TRY_ASSIGN(const Timeline timeline, read_timeline(items, lease.id));
  TRY_ASSIGN(const auto before, machine_before(items, update.machine));
  enter(books, lease);
  writes.push_back(write_lease(*find_item(items, lease_key(lease.id)), lease, writer));
  write_events(writes, timeline, update.events, writer);
  if (!update.machine) return {};
  const MachineRecord after = merged(before, *update.machine);
  enter_machine(books, before, after);
  writes.push_back(Write::put(machine_item(after)));
  if (const aws::ItemKey owner = owner_key(after.instance_id); find_item(items, owner) == nullptr)
    writes.push_back(Write::put(marker_item(owner, lease.id, after.launched_at), if_new()));
  return {};
}

MachineRecord merged(const std::optional<MachineRecord>& before, const MachineRecord& machine) {
  if (!before) return machine;
  MachineRecord after = *before;
  if (!after.ended_at) after.ended_at = machine.ended_at;
  after.spent = std::max(after.spent, machine.spent);
  return after;
}

}  // namespace mayfly::dynamo
