#include "ledger/sqlite_ledger.h"

#include "ledger/launch_rows.h"
#include "ledger/lease_row.h"
#include "ledger/schema.h"
#include "ledger/usage.h"

namespace mayfly {
namespace {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

Result<Lease> load(Database& database, const LeaseId& id, bool& found) {
  Statement query(database, select_lease("WHERE id = ?").c_str());
  query.bind(id.text);
  TRY_ASSIGN(found, query.step());
  if (!found) return Lease{};
  return read_lease(query);
}

Result<std::int64_t> single_number(Statement& query) {
  TRY_ASSIGN(const bool row, query.step());
  return row ? query.number(0) : std::int64_t{0};
}

Status refuse_second_label(Database& database, const Lease& lease) {
  if (lease.source != Source::seed) return {};
  Statement query(database,
                  "SELECT count(*) FROM lease WHERE source = 'seed' AND repository = ?"
                  " AND run_id = ? AND run_attempt = ? AND architecture = ?");
  query.bind(lease.repository.text)
      .bind(lease.run_id)
      .bind(std::int64_t{lease.run_attempt})
      .bind(to_string(lease.architecture));
  TRY_ASSIGN(const std::int64_t count, single_number(query));
  if (count == 0) return {};
  return fail(Code::lease_conflict, "the run has a label for this architecture already");
}

Status write_event(Database& database, const LeaseEvent& event) {
  Statement statement(database, "INSERT INTO event (lease_id, at, name, detail) VALUES (?,?,?,?)");
  return statement.bind(event.lease_id.text)
      .bind(epoch_millis(event.at))
      .bind(event.name)
      .bind(event.detail)
      .run();
}

Status write_once(Database& database, const LeaseEvent& event) {
  Statement statement(database,
                      "INSERT INTO event (lease_id, at, name, detail) SELECT ?1, ?2, ?3, ?4"
                      " WHERE NOT EXISTS (SELECT 1 FROM event"
                      " WHERE lease_id = ?1 AND name = ?3 AND detail = ?4)");
  return statement.bind(event.lease_id.text)
      .bind(epoch_millis(event.at))
      .bind(event.name)
      .bind(event.detail)
      .run();
}

Status write_machine(Database& database, const MachineRecord& machine) {
  std::optional<std::int64_t> ended_at;
  if (machine.ended_at) ended_at = epoch_millis(*machine.ended_at);
  Statement statement(database,
                      "INSERT INTO machine (instance_id, lease_id, instance_type, zone, on_demand,"
                      " usd_micros_per_hour, launched_at, ended_at, spent_micros)"
                      " VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT(instance_id) DO UPDATE SET"
                      " ended_at = coalesce(machine.ended_at, excluded.ended_at),"
                      " spent_micros = max(machine.spent_micros, excluded.spent_micros)"
                      " WHERE machine.lease_id = excluded.lease_id");
  TRY(statement.bind(machine.instance_id.text)
          .bind(machine.lease_id.text)
          .bind(machine.instance_type)
          .bind(machine.zone)
          .bind(std::int64_t{machine.on_demand ? 1 : 0})
          .bind(machine.usd_per_hour.micros)
          .bind(epoch_millis(machine.launched_at))
          .bind(ended_at)
          .bind(machine.spent.micros)
          .run());
  if (database.changes() == 0) return fail(Code::lease_conflict, k_machine_taken);
  return {};
}

MachineRecord read_machine(const Statement& row) {
  MachineRecord machine;
  machine.instance_id = InstanceId{row.text(0)};
  machine.lease_id = LeaseId{row.text(1)};
  machine.instance_type = row.text(2);
  machine.zone = row.text(3);
  machine.on_demand = row.number(4) != 0;
  machine.usd_per_hour = Money{row.number(5)};
  machine.launched_at = wall_from_epoch_millis(row.number(6));
  if (const auto ended_at = row.maybe_number(7))
    machine.ended_at = wall_from_epoch_millis(*ended_at);
  machine.spent = Money{row.number(8)};
  return machine;
}

}  // namespace

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::open(const std::string& path) {
  TRY_ASSIGN(Database database, Database::open(path));
  TRY(migrate(database));
  return std::unique_ptr<SqliteLedger>(new SqliteLedger(std::move(database)));
}

Result<std::vector<Reservation>> SqliteLedger::reserve(const std::vector<Lease>& asked,
                                                       const std::vector<LeaseEvent>& events,
                                                       const Caps& caps, WallTime now) {
  const std::scoped_lock lock(mutex_);
  TRY_ASSIGN(Transaction transaction, Transaction::begin(database_));
  std::vector<Reservation> reservations;
  Ask ask;
  for (const Lease& lease : asked) {
    bool found = false;
    TRY_ASSIGN(Lease existing, load(database_, lease.id, found));
    reservations.push_back({found ? std::move(existing) : lease, !found});
    if (found) continue;
    TRY(refuse_second_label(database_, lease));
    ask.machines += 1;
    ask.of_run[lease.architecture] += 1;
    ask.reserve += lease.reserved;
    ask.source = lease.source;
  }
  if (ask.machines == 0) return reservations;
  if (breaks_batch(asked, reservations)) return fail(Code::lease_conflict, k_batch_broken);
  TRY_ASSIGN(const Usage usage, read_usage(database_, asked.front(), caps, now));
  TRY(admit(usage, ask, caps, now));
  for (const Reservation& reservation : reservations) {
    if (!reservation.is_new) continue;
    TRY(insert_lease(database_, reservation.lease));
    TRY(insert_launch(database_, reservation.lease, now));
  }
  for (const LeaseEvent& event : events)
    for (const Reservation& reservation : reservations)
      if (reservation.is_new && reservation.lease.id == event.lease_id)
        TRY(write_event(database_, event));
  TRY(transaction.commit());
  return reservations;
}

Result<std::optional<Lease>> SqliteLedger::find(const LeaseId& id) {
  const std::scoped_lock lock(mutex_);
  bool found = false;
  TRY_ASSIGN(Lease lease, load(database_, id, found));
  return found ? std::optional<Lease>(std::move(lease)) : std::nullopt;
}

Result<std::vector<Lease>> SqliteLedger::find_by_label(const RepositoryName& repository,
                                                       const std::string& label) {
  const std::scoped_lock lock(mutex_);
  Statement query(
      database_,
      select_lease("WHERE repository = ? AND label = ? ORDER BY created_at DESC, id").c_str());
  query.bind(repository.text).bind(label);
  return read_leases(query);
}

Result<std::vector<Lease>> SqliteLedger::live() {
  const std::scoped_lock lock(mutex_);
  Statement query(database_, select_lease("WHERE state <> 'gone' ORDER BY created_at, id").c_str());
  return read_leases(query);
}

Result<std::vector<Lease>> SqliteLedger::recent(int count_max) {
  const std::scoped_lock lock(mutex_);
  Statement query(database_, select_lease("ORDER BY created_at DESC, id LIMIT ?").c_str());
  query.bind(std::int64_t{count_max});
  return read_leases(query);
}

Result<std::vector<Lease>> SqliteLedger::recent_again(int count_max,
                                                      const std::vector<Lease>& known) {
  const auto settled = settled_in(known);
  const std::scoped_lock lock(mutex_);
  Statement query(database_, "SELECT id FROM lease ORDER BY created_at DESC, id LIMIT ?");
  query.bind(std::int64_t{count_max});
  std::vector<Lease> leases;
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) return leases;
    const LeaseId id{query.text(0)};
    if (const auto old = settled.find(id); old != settled.end()) {
      leases.push_back(*old->second);
      continue;
    }
    bool found = false;
    TRY_ASSIGN(Lease lease, load(database_, id, found));
    if (found) leases.push_back(std::move(lease));
  }
}

Result<Lease> SqliteLedger::replace(const Lease& lease, const std::vector<LeaseEvent>& events,
                                    const std::optional<MachineRecord>& machine) {
  TRY_ASSIGN(const bool replaced, replace_lease(database_, lease));
  if (!replaced)
    return fail(Code::lease_conflict, "lease " + lease.id.text + " is no longer at version " +
                                          std::to_string(lease.version));
  for (const LeaseEvent& event : events) TRY(write_event(database_, event));
  if (machine) TRY(write_machine(database_, *machine));
  Lease written = lease;
  written.version += 1;
  return written;
}

Result<std::vector<Lease>> SqliteLedger::update_all(const std::vector<Update>& updates) {
  const std::scoped_lock lock(mutex_);
  TRY_ASSIGN(Transaction transaction, Transaction::begin(database_));
  std::vector<Lease> written;
  for (const Update& update : updates) {
    TRY_ASSIGN(Lease lease, replace(update.lease, update.events, update.machine));
    TRY(settle_launch(database_, lease));
    written.push_back(std::move(lease));
  }
  TRY(transaction.commit());
  return written;
}

Result<Lease> SqliteLedger::launch_again(const Lease& lease, const std::vector<LeaseEvent>& events,
                                         const Caps& caps, WallTime now) {
  const std::scoped_lock lock(mutex_);
  TRY_ASSIGN(Transaction transaction, Transaction::begin(database_));
  TRY_ASSIGN(Lease written, replace(lease, events, std::nullopt));
  TRY_ASSIGN(const LaunchUsage usage, read_launches(database_, caps, now));
  TRY(admit_launches(usage, 1, caps, now));
  TRY(insert_launch(database_, written, now));
  TRY(transaction.commit());
  return written;
}

Result<std::optional<LaunchPause>> SqliteLedger::launch_pause(const Caps& caps, WallTime now) {
  const std::scoped_lock lock(mutex_);
  return read_pause(database_, caps, now);
}

Result<Usage> SqliteLedger::usage(const Caps& caps, WallTime now) {
  const std::scoped_lock lock(mutex_);
  return read_usage(database_, Lease{}, caps, now);
}

Status SqliteLedger::append(const LeaseEvent& event) {
  const std::scoped_lock lock(mutex_);
  Statement statement(database_,
                      "INSERT INTO event (lease_id, at, name, detail) SELECT ?1, ?2, ?3, ?4"
                      " WHERE (SELECT count(*) FROM event WHERE lease_id = ?1) < ?5");
  TRY(statement.bind(event.lease_id.text)
          .bind(epoch_millis(event.at))
          .bind(event.name)
          .bind(event.detail)
          .bind(std::int64_t{k_events_max})
          .run());
  if (database_.changes() == 1) return {};
  return write_once(database_, {event.lease_id, event.at, k_event_refused, "the timeline is full"});
}

Status SqliteLedger::append_once(const LeaseEvent& event) {
  const std::scoped_lock lock(mutex_);
  return write_once(database_, event);
}

Result<std::vector<LeaseEvent>> SqliteLedger::refusals() {
  const std::scoped_lock lock(mutex_);
  Statement query(database_,
                  "SELECT lease_id, at, name, detail FROM event WHERE name IN (?, ?)"
                  " ORDER BY at DESC, rowid DESC");
  query.bind(k_claim_refused).bind(k_event_refused);
  std::vector<LeaseEvent> events;
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) return events;
    events.push_back({LeaseId{query.text(0)}, wall_from_epoch_millis(query.number(1)),
                      query.text(2), query.text(3)});
  }
}

Result<std::vector<LeaseEvent>> SqliteLedger::events(const LeaseId& id) {
  const std::scoped_lock lock(mutex_);
  Statement query(database_,
                  "SELECT at, name, detail FROM event WHERE lease_id = ? ORDER BY at, rowid");
  query.bind(id.text);
  std::vector<LeaseEvent> events;
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) return events;
    events.push_back({id, wall_from_epoch_millis(query.number(0)), query.text(1), query.text(2)});
  }
}

Result<std::vector<MachineRecord>> SqliteLedger::machines(const LeaseId& id) {
  const std::scoped_lock lock(mutex_);
  Statement query(database_,
                  "SELECT instance_id, lease_id, instance_type, zone, on_demand,"
                  " usd_micros_per_hour, launched_at, ended_at, spent_micros"
                  " FROM machine WHERE lease_id = ? ORDER BY launched_at, instance_id");
  query.bind(id.text);
  std::vector<MachineRecord> machines;
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) return machines;
    machines.push_back(read_machine(query));
  }
}

Result<std::optional<LeaseId>> SqliteLedger::lease_of(const InstanceId& machine) {
  const std::scoped_lock lock(mutex_);
  Statement query(database_, "SELECT lease_id FROM machine WHERE instance_id = ?");
  query.bind(machine.text);
  TRY_ASSIGN(const bool row, query.step());
  return row ? std::optional(LeaseId{query.text(0)}) : std::nullopt;
}

Result<Audit> SqliteLedger::audit() {
  const std::scoped_lock lock(mutex_);
  Statement leases(database_,
                   "SELECT (SELECT count(*) FROM lease), count(*), (SELECT count(*) FROM lease"
                   " WHERE runner_name <> '' AND runner_removed = 0),"
                   " coalesce(sum(reserved_micros), 0) FROM lease WHERE state <> 'gone'");
  Statement machines(
      database_, "SELECT count(*), count(ended_at), coalesce(sum(spent_micros), 0) FROM machine");
  TRY(leases.step());
  TRY(machines.step());
  Audit audit;
  audit.leases = leases.number(0);
  audit.leases_live = leases.number(1);
  audit.runners_left = leases.number(2);
  audit.reserved = Money{leases.number(3)};
  audit.launched = machines.number(0);
  audit.ended = machines.number(1);
  audit.spent = Money{machines.number(2)};
  return audit;
}

Result<std::optional<std::string>> SqliteLedger::fact(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  Statement query(database_, "SELECT value FROM fact WHERE name = ?");
  query.bind(name);
  TRY_ASSIGN(const bool row, query.step());
  return row ? std::optional<std::string>(query.text(0)) : std::nullopt;
}

Status SqliteLedger::set_fact(const std::string& name, const std::string& value) {
  const std::scoped_lock lock(mutex_);
  Statement statement(database_,
                      "INSERT INTO fact (name, value) VALUES (?, ?)"
                      " ON CONFLICT(name) DO UPDATE SET value = excluded.value");
  return statement.bind(name).bind(value).run();
}

}  // namespace mayfly
