#include "ledger/lease_row.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"

namespace mayfly {
namespace {

constexpr const char* k_columns =
    "id, version, repository, run_id, run_attempt, architecture, idx, label, labels, source, actor,"
    "state, outcome, reason, created_at, state_since, deadline,"
    "launch_number, boots, client_token, launch_request, launch_pending, launch_intended_at, "
    "on_demand,"
    "instance_id, instance_type, zone, usd_micros_per_hour, nonce_sha256,"
    "next_launch_at, give_up_at, reserved_micros, claim_key_sha256, runner_name, runner_id,"
    "metadata_off, job_seen, release_asked, run_confirmed, runner_missing_since, runner_removed,"
    "machine_ended, machine_missing_since, head, job_confirmed, subnet, interruptions, batch, "
    "batch_place, batch_size";
constexpr int k_column_count = 50;

std::string labels_to_text(const std::vector<std::string>& labels) {
  json::array array;
  for (const std::string& label : labels) array.emplace_back(label);
  return json::serialize(array);
}

Result<std::vector<std::string>> labels_from_text(const std::string& text) {
  const auto value = parse_json(text);
  std::vector<std::string> labels;
  if (!value || !value->is_array())
    return fail(Code::ledger_unavailable, "ledger: labels are not a list");
  for (const json::value& label : value->get_array()) {
    if (!label.is_string()) return fail(Code::ledger_unavailable, "ledger: a label is not text");
    labels.emplace_back(label.get_string());
  }
  return labels;
}

std::optional<std::int64_t> millis(const std::optional<WallTime>& t) {
  if (!t) return std::nullopt;
  return epoch_millis(*t);
}

std::optional<WallTime> wall(const std::optional<std::int64_t>& millis_since_epoch) {
  if (!millis_since_epoch) return std::nullopt;
  return wall_from_epoch_millis(*millis_since_epoch);
}

// Reads columns in the order of k_columns.
class Reader {
 public:
  explicit Reader(const sqlite::Statement& row) : row_(row) {}
  std::string text() { return row_.text(next_++); }
  std::int64_t number() { return row_.number(next_++); }
  int small() { return static_cast<int>(number()); }
  bool flag() { return number() != 0; }
  WallTime time() { return wall_from_epoch_millis(number()); }
  std::optional<std::int64_t> maybe_number() { return row_.maybe_number(next_++); }
  std::optional<WallTime> maybe_time() { return wall(maybe_number()); }

 private:
  const sqlite::Statement& row_;
  int next_ = 0;
};

void bind_lease(sqlite::Statement& statement, const Lease& lease, std::int64_t version) {
  const auto flag = [](bool value) { return std::int64_t{value ? 1 : 0}; };
  const Launch& launch = lease.launch;
  statement.bind(lease.id.text)
      .bind(version)
      .bind(lease.repository.text)
      .bind(lease.run_id)
      .bind(std::int64_t{lease.run_attempt})
      .bind(to_string(lease.architecture))
      .bind(std::int64_t{lease.index})
      .bind(lease.label)
      .bind(labels_to_text(lease.labels))
      .bind(to_string(lease.source))
      .bind(lease.actor)
      .bind(to_string(lease.state))
      .bind(to_string(lease.outcome))
      .bind(lease.reason)
      .bind(epoch_millis(lease.created_at))
      .bind(epoch_millis(lease.state_since))
      .bind(epoch_millis(lease.deadline))
      .bind(std::int64_t{launch.number})
      .bind(std::int64_t{launch.boots})
      .bind(launch.client_token.text)
      .bind(launch.request)
      .bind(flag(launch.pending))
      .bind(epoch_millis(launch.intended_at))
      .bind(flag(launch.on_demand))
      .bind(launch.instance_id.text)
      .bind(launch.instance_type)
      .bind(launch.zone)
      .bind(launch.usd_per_hour.micros)
      .bind(launch.nonce_sha256)
      .bind(millis(lease.next_launch_at))
      .bind(millis(lease.give_up_at))
      .bind(lease.reserved.micros)
      .bind(lease.claim_key_sha256)
      .bind(lease.runner_name)
      .bind(lease.runner_id)
      .bind(flag(lease.metadata_off))
      .bind(flag(lease.job_seen))
      .bind(flag(lease.release_asked))
      .bind(flag(lease.run_confirmed))
      .bind(millis(lease.runner_missing_since))
      .bind(flag(lease.runner_removed))
      .bind(flag(lease.machine_ended))
      .bind(millis(lease.machine_missing_since))
      .bind(lease.head)
      .bind(flag(lease.job_confirmed))
      .bind(launch.subnet)
      .bind(std::int64_t{lease.interruptions})
      .bind(launch.batch.text)
      .bind(std::int64_t{launch.batch_place})
      .bind(std::int64_t{launch.batch_size});
}

void read_launch(Reader& reader, Launch& launch) {
  launch.number = reader.small();
  launch.boots = reader.small();
  launch.client_token = ClientToken{reader.text()};
  launch.request = reader.text();
  launch.pending = reader.flag();
  launch.intended_at = reader.time();
  launch.on_demand = reader.flag();
  launch.instance_id = InstanceId{reader.text()};
  launch.instance_type = reader.text();
  launch.zone = reader.text();
  launch.usd_per_hour = Money{reader.number()};
  launch.nonce_sha256 = reader.text();
}

void read_rest(Reader& reader, Lease& lease) {
  lease.next_launch_at = reader.maybe_time();
  lease.give_up_at = reader.maybe_time();
  lease.reserved = Money{reader.number()};
  lease.claim_key_sha256 = reader.text();
  lease.runner_name = reader.text();
  lease.runner_id = reader.maybe_number();
  lease.metadata_off = reader.flag();
  lease.job_seen = reader.flag();
  lease.release_asked = reader.flag();
  lease.run_confirmed = reader.flag();
  lease.runner_missing_since = reader.maybe_time();
  lease.runner_removed = reader.flag();
  lease.machine_ended = reader.flag();
  lease.machine_missing_since = reader.maybe_time();
  lease.head = reader.text();
  lease.job_confirmed = reader.flag();
  lease.launch.subnet = reader.text();
  lease.interruptions = reader.small();
  lease.launch.batch = LeaseId{reader.text()};
  lease.launch.batch_place = reader.small();
  lease.launch.batch_size = reader.small();
}

std::string placeholders(int count) {
  std::string out = "?";
  for (int i = 1; i < count; ++i) out += ",?";
  return out;
}

}  // namespace

std::string select_lease(const std::string& rest) {
  return std::string("SELECT ") + k_columns + " FROM lease " + rest;
}

Result<Lease> read_lease(const sqlite::Statement& row) {
  Reader reader(row);
  Lease lease;
  lease.id = LeaseId{reader.text()};
  lease.version = reader.number();
  lease.repository = RepositoryName{reader.text()};
  lease.run_id = reader.number();
  lease.run_attempt = reader.small();
  const auto architecture = parse_architecture(reader.text());
  lease.index = reader.small();
  lease.label = reader.text();
  TRY_ASSIGN(lease.labels, labels_from_text(reader.text()));
  const auto source = parse_source(reader.text());
  lease.actor = reader.text();
  const auto state = parse_lease_state(reader.text());
  const auto outcome = parse_outcome(reader.text());
  lease.reason = reader.text();
  lease.created_at = reader.time();
  lease.state_since = reader.time();
  lease.deadline = reader.time();
  read_launch(reader, lease.launch);
  read_rest(reader, lease);
  if (!architecture || !source || !state || !outcome)
    return fail(Code::ledger_unavailable, "ledger: row " + lease.id.text + " cannot be understood");
  lease.architecture = *architecture;
  lease.source = *source;
  lease.state = *state;
  lease.outcome = *outcome;
  return lease;
}

Result<std::vector<Lease>> read_leases(sqlite::Statement& query) {
  std::vector<Lease> leases;
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) return leases;
    TRY_ASSIGN(Lease lease, read_lease(query));
    leases.push_back(std::move(lease));
  }
}

Status insert_lease(sqlite::Database& database, const Lease& lease) {
  const std::string sql = std::string("INSERT INTO lease (") + k_columns + ") VALUES (" +
                          placeholders(k_column_count) + ")";
  sqlite::Statement statement(database, sql.c_str());
  bind_lease(statement, lease, lease.version);
  return statement.run();
}

Result<bool> replace_lease(sqlite::Database& database, const Lease& lease) {
  const std::string sql = std::string("UPDATE lease SET (") + k_columns + ") = (" +
                          placeholders(k_column_count) + ") WHERE id = ? AND version = ?";
  sqlite::Statement statement(database, sql.c_str());
  bind_lease(statement, lease, lease.version + 1);
  statement.bind(lease.id.text).bind(lease.version);
  TRY(statement.run());
  return database.changes() == 1;
}

}  // namespace mayfly
