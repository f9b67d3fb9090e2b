#include "dynamo/dynamo_ledger.h"

#include <algorithm>
#include <set>

#include "dynamo/changes.h"

namespace mayfly {
namespace {

using aws::Item;
using aws::ItemKey;
using aws::Write;
using dynamo::Books;
using dynamo::BooksRead;
using dynamo::Commit;
using dynamo::CommitResult;
using dynamo::Items;
using dynamo::Timeline;

tl::unexpected<Error> conflict(const Lease& lease) {
  return fail(Code::lease_conflict, "lease " + lease.id.text + " is no longer at version " +
                                        std::to_string(lease.version));
}

bool is_written_by(const Item& item, const std::string& writer) {
  return dynamo::text_of(item, "writer") == writer;
}

std::vector<ItemKey> keys_to_reserve(const std::vector<Lease>& asked) {
  std::vector<ItemKey> keys = {dynamo::books_key()};
  for (const Lease& lease : asked) {
    keys.push_back(dynamo::lease_key(lease.id));
    if (lease.source == Source::seed) keys.push_back(dynamo::seed_key(lease));
  }
  return keys;
}

// Those that are there, as they are; one that this operation wrote is new all the same.
Result<std::vector<Reservation>> sort_out(const Items& items, const std::vector<Lease>& asked,
                                          const std::string& writer) {
  std::vector<Reservation> reservations;
  for (const Lease& lease : asked) {
    const Item* item = dynamo::find_item(items, dynamo::lease_key(lease.id));
    if (item != nullptr) {
      TRY_ASSIGN(Lease existing, dynamo::parse_lease(*item));
      reservations.push_back({std::move(existing), is_written_by(*item, writer)});
      continue;
    }
    if (lease.source == Source::seed &&
        dynamo::find_item(items, dynamo::seed_key(lease)) != nullptr)
      return fail(Code::lease_conflict, "the run has a label for this architecture already");
    reservations.push_back({lease, true});
  }
  return reservations;
}

bool is_there(const Items& items, const Lease& lease) {
  return dynamo::find_item(items, dynamo::lease_key(lease.id)) != nullptr;
}

Ask ask_for(const std::vector<Lease>& leases) {
  Ask ask;
  for (const Lease& lease : leases) {
    ask.machines += 1;
    ask.of_run[lease.architecture] += 1;
    ask.reserve += lease.reserved;
    ask.source = lease.source;
  }
  return ask;
}

void sort_oldest_first(std::vector<Lease>& leases) {
  std::sort(leases.begin(), leases.end(), [](const Lease& a, const Lease& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
}

void sort_newest_first(std::vector<Lease>& leases) {
  std::sort(leases.begin(), leases.end(), [](const Lease& a, const Lease& b) {
    return std::tie(b.created_at, a.id) < std::tie(a.created_at, b.id);
  });
}

template <class T, class Parse>
Result<std::vector<T>> parse_all(const std::vector<Item>& items, const Parse& parse) {
  std::vector<T> parsed;
  for (const Item& item : items) {
    TRY_ASSIGN(T one, parse(item));
    parsed.push_back(std::move(one));
  }
  return parsed;
}

std::vector<ItemKey> keys_to_update(const std::vector<Update>& updates) {
  std::vector<ItemKey> keys = {dynamo::books_key()};
  for (const Update& update : updates) {
    keys.push_back(dynamo::lease_key(update.lease.id));
    keys.push_back(dynamo::timeline_key(update.lease.id));
    if (!update.machine) continue;
    keys.push_back(dynamo::machine_key(update.machine->lease_id, update.machine->instance_id));
    keys.push_back(dynamo::owner_key(update.machine->instance_id));
  }
  return keys;
}

struct UpdatesRead {
  std::vector<Lease> written;  // as they are to be, or are
  bool is_done = false;        // this operation has written them already
};

Result<UpdatesRead> stored_before(const Items& items, const std::vector<Update>& updates,
                                  const std::string& writer) {
  UpdatesRead read;
  for (const Update& update : updates) {
    const Item* stored = dynamo::find_item(items, dynamo::lease_key(update.lease.id));
    if (stored == nullptr) return conflict(update.lease);
    if (is_written_by(*stored, writer))
      read.is_done = true;
    else if (dynamo::number_of(*stored, "rev") != update.lease.version)
      return conflict(update.lease);
    read.written.push_back(update.lease);
    read.written.back().version += 1;
  }
  return read;
}

}  // namespace

template <class T, class One>
Result<T> DynamoLedger::repeat(const One& one) {
  Operation operation{store_.new_writer(), 0, store_.deadline()};
  for (;;) {
    operation.tries += 1;
    auto tried = one(operation);
    if (!tried) return fail(tried.error());
    if (*tried) return std::move(**tried);
    if (!store_.wait_for_others(operation.tries, operation.deadline))
      return fail(Code::ledger_unavailable, "the table: others were in the way for too long");
  }
}

Result<CommitResult> DynamoLedger::commit(const Operation& operation, std::vector<Write> writes,
                                          std::size_t part) {
  return store_.commit(
      {operation.writer + "-" + std::to_string(operation.tries) + "-" + std::to_string(part),
       std::move(writes)},
      operation.deadline);
}

Result<std::vector<Reservation>> DynamoLedger::reserve(const std::vector<Lease>& asked,
                                                       const std::vector<LeaseEvent>& events,
                                                       const Caps& caps, WallTime now) {
  return repeat<std::vector<Reservation>>(
      [&](const Operation& operation) { return try_reserve(operation, asked, events, caps, now); });
}

DynamoLedger::Try<std::vector<Reservation>> DynamoLedger::try_reserve(
    const Operation& operation, const std::vector<Lease>& asked,
    const std::vector<LeaseEvent>& events, const Caps& caps, WallTime now) {
  TRY_ASSIGN(const Items items, store_.get(keys_to_reserve(asked), operation.deadline));
  TRY_ASSIGN(const BooksRead read, dynamo::read_books(items));
  TRY_ASSIGN(std::vector<Reservation> reservations, sort_out(items, asked, operation.writer));
  std::vector<Lease> fresh;
  std::copy_if(asked.begin(), asked.end(), std::back_inserter(fresh),
               [&](const Lease& lease) { return !is_there(items, lease); });
  if (fresh.empty()) return std::optional(std::move(reservations));
  if (breaks_batch(asked, reservations)) return fail(Code::lease_conflict, k_batch_broken);

  TRY(admit(dynamo::usage_of(read.books, asked.front(), caps, now), ask_for(fresh), caps, now));
  Books books = read.books;
  dynamo::forget_launches(books, caps, now);
  std::vector<Write> writes;
  std::vector<Write> pointers;
  for (const Lease& lease : fresh) {
    dynamo::enter(books, lease);
    dynamo::open_launch(books, lease.id, now);
    books.leases_ever += 1;
    dynamo::write_new_lease(writes, lease, events, operation.writer);
    dynamo::write_pointers(pointers, lease);
  }
  writes.push_back(dynamo::write_books(read, books));
  if (writes.size() > aws::k_transaction_writes_max)
    return fail(Code::limit_run, std::to_string(fresh.size()) +
                                     " machines are more than a DynamoDB ledger takes at once");
  std::size_t part = 0;
  for (auto& some : dynamo::in_transactions(std::move(pointers), std::move(writes))) {
    TRY_ASSIGN(const CommitResult result, commit(operation, std::move(some), part++));
    if (result.commit != Commit::done) return std::nullopt;
  }
  return std::optional(std::move(reservations));
}

Result<std::optional<Lease>> DynamoLedger::find(const LeaseId& id) {
  TRY_ASSIGN(const std::vector<Lease> leases, read_leases({id}, store_.deadline()));
  return leases.empty() ? std::nullopt : std::optional(leases.front());
}

Result<std::vector<Lease>> DynamoLedger::read_leases(const std::vector<LeaseId>& ids,
                                                     SteadyTime deadline) {
  std::vector<ItemKey> keys;
  for (const LeaseId& id : ids) keys.push_back(dynamo::lease_key(id));
  TRY_ASSIGN(const Items items, store_.get(keys, deadline));
  std::vector<Lease> leases;
  for (const auto& [key, item] : items) {
    TRY_ASSIGN(Lease lease, dynamo::parse_lease(item));
    leases.push_back(std::move(lease));
  }
  return leases;
}

// A lease that its time to live has taken before what points at it, or that was never written after
// it, is just not there; one that was tried twice is pointed at twice.
Result<std::vector<Lease>> DynamoLedger::read_indexed(const std::string& pk, int count_max,
                                                      const std::vector<Lease>& known) {
  const SteadyTime deadline = store_.deadline();
  TRY_ASSIGN(const auto items, store_.query({.pk = pk, .newest_first = true}, count_max, deadline));
  TRY_ASSIGN(const auto ids, parse_all<LeaseId>(items, dynamo::parse_index));
  const auto settled = settled_in(known);
  std::vector<Lease> leases;
  std::vector<LeaseId> unknown;
  for (const LeaseId& id : std::set<LeaseId>(ids.begin(), ids.end())) {
    if (const auto old = settled.find(id); old != settled.end())
      leases.push_back(*old->second);
    else
      unknown.push_back(id);
  }
  TRY_ASSIGN(auto others, read_leases(unknown, deadline));
  std::move(others.begin(), others.end(), std::back_inserter(leases));
  sort_newest_first(leases);
  return leases;
}

Result<std::vector<Lease>> DynamoLedger::find_by_label(const RepositoryName& repository,
                                                       const std::string& label) {
  return read_indexed(dynamo::label_pk(repository, label), 0, {});
}

Result<std::vector<Lease>> DynamoLedger::recent(int count_max) {
  return recent_again(count_max, {});
}

Result<std::vector<Lease>> DynamoLedger::recent_again(int count_max,
                                                      const std::vector<Lease>& known) {
  if (count_max <= 0) return std::vector<Lease>{};
  return read_indexed(dynamo::k_leases_pk, count_max, known);
}

// The books name every lease that was reserved before they were read. One of them that is not there
// is a fault, never an absence: whoever takes it for one ends its machine.
Result<std::vector<Lease>> DynamoLedger::live() {
  const SteadyTime deadline = store_.deadline();
  TRY_ASSIGN(const Books books, read_books());
  std::vector<LeaseId> ids;
  for (const dynamo::Line& line : books.lines)
    if (line.is_live) ids.push_back(line.id);
  TRY_ASSIGN(std::vector<Lease> leases, read_leases(ids, deadline));
  if (leases.size() != ids.size())
    return fail(Code::ledger_unavailable, "the table lacks a lease that its books name");
  std::erase_if(leases, [](const Lease& lease) { return !is_live(lease.state); });
  sort_oldest_first(leases);
  return leases;
}

Result<std::vector<Lease>> DynamoLedger::update_all(const std::vector<Update>& updates) {
  return repeat<std::vector<Lease>>(
      [&](const Operation& operation) { return try_update(operation, updates, std::nullopt); });
}

Result<Lease> DynamoLedger::launch_again(const Lease& lease, const std::vector<LeaseEvent>& events,
                                         const Caps& caps, WallTime now) {
  TRY_ASSIGN(auto written, repeat<std::vector<Lease>>([&](const Operation& operation) {
               return try_update(operation, {{lease, events}}, Relaunch{caps, now});
             }));
  return std::move(written.front());
}

// The leases themselves are read as well: a version that moved on is a conflict before any limit
// is.
DynamoLedger::Try<std::vector<Lease>> DynamoLedger::try_update(
    const Operation& operation, const std::vector<Update>& updates,
    const std::optional<Relaunch>& relaunch) {
  TRY_ASSIGN(const Items items, store_.get(keys_to_update(updates), operation.deadline));
  TRY_ASSIGN(const UpdatesRead stored, stored_before(items, updates, operation.writer));
  if (stored.is_done) return std::optional(stored.written);

  TRY_ASSIGN(const BooksRead read, dynamo::read_books(items));
  Books books = read.books;
  if (relaunch) {
    const auto usage = dynamo::launches_of(read.books, relaunch->caps, relaunch->now);
    TRY(admit_launches(usage, 1, relaunch->caps, relaunch->now));
    dynamo::forget_launches(books, relaunch->caps, relaunch->now);
  }
  std::vector<Write> writes;
  for (std::size_t n = 0; n < updates.size(); ++n) {
    const Update update{stored.written[n], updates[n].events, updates[n].machine};
    TRY(dynamo::write_update(writes, books, items, update, operation.writer));
    if (relaunch)
      dynamo::open_launch(books, update.lease.id, relaunch->now);
    else
      dynamo::settle_launch(books, update.lease);
    TRY_ASSIGN(const auto moves, move_seed_label(read.books, update.lease, operation.deadline));
    writes.insert(writes.end(), moves.begin(), moves.end());
  }
  if (books != read.books) writes.push_back(dynamo::write_books(read, books));
  TRY_ASSIGN(const CommitResult result, commit(operation, std::move(writes)));
  if (result.commit != Commit::done) return std::nullopt;
  return std::optional(stored.written);
}

// A seed lease whose run turned out to be another one: the label is that run's, and no longer the
// former's. Known from the books, which hold the lease as it was.
Result<std::vector<Write>> DynamoLedger::move_seed_label(const Books& books, const Lease& lease,
                                                         SteadyTime deadline) {
  const dynamo::Line* line = dynamo::find_line(books, lease.id);
  if (line == nullptr || line->source != Source::seed || lease.source != Source::seed ||
      (line->run_id == lease.run_id && line->run_attempt == lease.run_attempt))
    return std::vector<Write>{};
  Lease former = lease;
  former.run_id = line->run_id;
  former.run_attempt = line->run_attempt;
  const ItemKey former_key = dynamo::seed_key(former);
  TRY_ASSIGN(const Items items, store_.get({former_key}, deadline));
  std::vector<Write> writes = {
      Write::put(dynamo::marker_item(dynamo::seed_key(lease), lease.id, lease.created_at))};
  const Item* marker = dynamo::find_item(items, former_key);
  if (marker != nullptr && dynamo::text_of(*marker, "lease_id") == lease.id.text)
    writes.push_back(Write::remove(former_key, {"lease_id = :lease", {{":lease", lease.id.text}}}));
  return writes;
}

Result<Books> DynamoLedger::read_books() {
  TRY_ASSIGN(const Items items, store_.get({dynamo::books_key()}, store_.deadline()));
  TRY_ASSIGN(BooksRead read, dynamo::read_books(items));
  return std::move(read.books);
}

Result<std::optional<LaunchPause>> DynamoLedger::launch_pause(const Caps& caps, WallTime now) {
  TRY_ASSIGN(const Books books, read_books());
  return dynamo::pause_of(books, caps, now);
}

Result<Usage> DynamoLedger::usage(const Caps& caps, WallTime now) {
  TRY_ASSIGN(const Books books, read_books());
  return dynamo::usage_of(books, Lease{}, caps, now);
}

Status DynamoLedger::append(const LeaseEvent& event) {
  TRY_ASSIGN(const bool is_kept, repeat<bool>([&](const Operation& operation) {
               return try_append(operation, event, false);
             }));
  if (is_kept) return {};
  return append_once({event.lease_id, event.at, k_event_refused, "the timeline is full"});
}

Status DynamoLedger::append_once(const LeaseEvent& event) {
  const auto appended =
      repeat<bool>([&](const Operation& operation) { return try_append(operation, event, true); });
  return appended ? Status{} : fail(appended.error());
}

DynamoLedger::Try<bool> DynamoLedger::try_append(const Operation& operation,
                                                 const LeaseEvent& event, bool once) {
  const ItemKey marker = dynamo::once_key(event);
  TRY_ASSIGN(const Items items, store_.get({dynamo::lease_key(event.lease_id),
                                            dynamo::timeline_key(event.lease_id), marker},
                                           operation.deadline));
  TRY_ASSIGN(const Timeline timeline, dynamo::read_timeline(items, event.lease_id));
  if (timeline.writer == operation.writer) return std::optional(true);
  if (once && dynamo::find_item(items, marker) != nullptr) return std::optional(true);
  if (!once && timeline.count >= k_events_max) return std::optional(false);
  std::vector<Write> writes;
  dynamo::write_events(writes, timeline, {event}, operation.writer);
  if (once)
    writes.push_back(Write::put(dynamo::marker_item(marker, event.lease_id, event.at),
                                {"attribute_not_exists(pk)"}));
  TRY_ASSIGN(const CommitResult result, commit(operation, std::move(writes)));
  if (result.commit != Commit::done) return std::nullopt;
  return std::optional(true);
}

Result<std::vector<LeaseEvent>> DynamoLedger::refusals() {
  TRY_ASSIGN(const auto items, store_.query({.pk = dynamo::k_refusals_pk, .newest_first = true}, 0,
                                            store_.deadline()));
  return parse_all<LeaseEvent>(items, dynamo::parse_event);
}

Result<std::vector<LeaseEvent>> DynamoLedger::events(const LeaseId& id) {
  TRY_ASSIGN(const auto items,
             store_.query({.pk = dynamo::lease_key(id).pk}, 0, store_.deadline()));
  return dynamo::parse_stamps(items);
}

Result<std::vector<MachineRecord>> DynamoLedger::machines(const LeaseId& id) {
  TRY_ASSIGN(const auto items,
             store_.query({.pk = dynamo::lease_key(id).pk, .sk_prefix = dynamo::k_machine_prefix},
                          0, store_.deadline()));
  TRY_ASSIGN(auto machines, parse_all<MachineRecord>(items, dynamo::parse_machine));
  std::sort(machines.begin(), machines.end(), [](const MachineRecord& a, const MachineRecord& b) {
    return std::tie(a.launched_at, a.instance_id) < std::tie(b.launched_at, b.instance_id);
  });
  return machines;
}

Result<std::optional<LeaseId>> DynamoLedger::lease_of(const InstanceId& machine) {
  const ItemKey key = dynamo::owner_key(machine);
  TRY_ASSIGN(const Items items, store_.get({key}, store_.deadline()));
  const Item* item = dynamo::find_item(items, key);
  const auto id = item == nullptr ? std::nullopt : dynamo::text_of(*item, "lease_id");
  return id ? std::optional(LeaseId{*id}) : std::nullopt;
}

Result<Audit> DynamoLedger::audit() {
  TRY_ASSIGN(const Books books, read_books());
  return dynamo::audit_of(books);
}

Result<std::optional<std::string>> DynamoLedger::fact(const std::string& name) {
  const ItemKey key = dynamo::fact_key(name);
  TRY_ASSIGN(const Items items, store_.get({key}, store_.deadline()));
  const Item* item = dynamo::find_item(items, key);
  return item == nullptr ? std::nullopt : dynamo::text_of(*item, "fact");
}

Status DynamoLedger::set_fact(const std::string& name, const std::string& value) {
  const auto set = repeat<bool>([&](const Operation& operation) -> Try<bool> {
    Item item = dynamo::item_at(dynamo::fact_key(name));
    item["fact"] = value;
    TRY_ASSIGN(const CommitResult result, commit(operation, {Write::put(std::move(item))}));
    if (result.commit != Commit::done) return std::nullopt;
    return std::optional(true);
  });
  return set ? Status{} : fail(set.error());
}

}  // namespace mayfly
