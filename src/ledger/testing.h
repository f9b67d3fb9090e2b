#pragma once

// For the tests of ledgers: leases by number, records with every field filled, and records as lists
// of texts to compare them by. each_field() takes a record apart by a structured binding, which
// does not compile while it names more or fewer fields than the struct has: whoever adds a field is
// led here, and from then on every round trip covers it.

#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "ledger/ledger.h"

namespace mayfly::testing {

inline const WallTime k_noon = *parse_iso8601("2026-11-23T12:00:00Z");

inline Caps wide_caps() {
  const Money money{1'000'000'000};
  return {1000, 1000, 1000, money, money, 1000, 1000, 1000, 10'000, 100};
}

// The v1 lease of runner n of run 42, made n seconds after noon; reserves a dollar.
inline Lease numbered(int n) {
  const std::string digits = std::to_string(n);
  Lease lease;
  lease.id = LeaseId{"l-" + std::string(20 - digits.size(), '0') + digits};
  lease.repository = RepositoryName{"octo/one"};
  lease.run_id = 42;
  lease.index = n;
  lease.label = "label_" + digits;
  lease.created_at = k_noon + Seconds{n};
  lease.reserved = Money{1'000'000};
  return lease;
}

inline Lease numbered_seed(int n, RunId run, Architecture architecture) {
  Lease lease = numbered(n);
  lease.source = Source::seed;
  lease.run_id = run;
  lease.architecture = architecture;
  return lease;
}

inline MachineRecord machine_of(const Lease& lease, const std::string& instance, WallTime launched,
                                Money spent) {
  MachineRecord machine;
  machine.instance_id = InstanceId{instance};
  machine.lease_id = lease.id;
  machine.launched_at = launched;
  machine.spent = spent;
  return machine;
}

inline std::vector<int> numbers_of(const std::vector<Lease>& leases) {
  std::vector<int> numbers;
  for (const Lease& lease : leases) numbers.push_back(lease.index);
  return numbers;
}

template <class Visit, class... Field>
void visit_all(Visit& visit, Field&... field) {
  (visit(field), ...);
}

template <class Visit>
void each_field(Launch& launch, Visit& visit) {
  auto& [number, boots, client_token, request, pending, intended_at, on_demand, instance_id,
         instance_type, zone, usd_per_hour, nonce_sha256, subnet, batch, batch_place, batch_size] =
      launch;
  visit_all(visit, number, boots, client_token, request, pending, intended_at, on_demand,
            instance_id, instance_type, zone, usd_per_hour, nonce_sha256, subnet, batch,
            batch_place, batch_size);
}

template <class Visit>
void each_field(Lease& lease, Visit& visit) {
  auto& [id, repository, run_id, run_attempt, architecture, index, label, labels, source, actor,
         head, state, outcome, reason, created_at, state_since, deadline, version, launch,
         next_launch_at, give_up_at, reserved, claim_key_sha256, runner_name, runner_id,
         metadata_off, job_seen, job_confirmed, release_asked, run_confirmed, runner_missing_since,
         machine_missing_since, runner_removed, machine_ended, interruptions] = lease;
  visit_all(visit, id, repository, run_id, run_attempt, architecture, index, label, labels, source,
            actor, head, state, outcome, reason, created_at, state_since, deadline, version,
            next_launch_at, give_up_at, reserved, claim_key_sha256, runner_name, runner_id,
            metadata_off, job_seen, job_confirmed, release_asked, run_confirmed,
            runner_missing_since, machine_missing_since, runner_removed, machine_ended,
            interruptions);
  each_field(launch, visit);
}

template <class Visit>
void each_field(MachineRecord& machine, Visit& visit) {
  auto& [instance_id, lease_id, instance_type, zone, on_demand, usd_per_hour, launched_at, ended_at,
         spent] = machine;
  visit_all(visit, instance_id, lease_id, instance_type, zone, on_demand, usd_per_hour, launched_at,
            ended_at, spent);
}

template <class Visit>
void each_field(LeaseEvent& event, Visit& visit) {
  auto& [lease_id, at, name, detail] = event;
  visit_all(visit, lease_id, at, name, detail);
}

class TextOf {
 public:
  template <class T>
  void operator()(const T& field) {
    texts.push_back(text(field));
  }
  std::vector<std::string> texts;

 private:
  static std::string text(const std::string& s) { return s; }
  static std::string text(WallTime t) { return iso8601_millis(t); }
  static std::string text(Money m) { return std::to_string(m.micros) + " micros"; }
  template <class Tag>
  static std::string text(const Id<Tag>& id) {
    return id.text;
  }
  template <class T>
  static std::string text(const std::optional<T>& maybe) {
    return maybe ? text(*maybe) : "none";
  }
  static std::string text(const std::vector<std::string>& list) {
    std::string all = std::to_string(list.size()) + " of";
    for (const std::string& one : list) all += "|" + one;
    return all;
  }
  template <class T>
  requires std::is_enum_v<T>
  static std::string text(T value) { return std::string(to_string(value)); }
  template <class T>
  requires std::is_integral_v<T>
  static std::string text(T number) { return std::to_string(number); }
};

// Every field in turn, as text.
template <class Record>
std::vector<std::string> fields(Record record) {
  TextOf text_of;
  each_field(record, text_of);
  return text_of.texts;
}

// Gives each field a value that no other field has and that is not its default.
class Filler {
 public:
  void operator()(std::string& s) { s = "text " + next() + " with 'quotes' and \xc3\xbc\n"; }
  void operator()(WallTime& t) { t = k_noon + Millis{++n_}; }
  void operator()(Money& m) { m = Money{1'000'000'000'000 + ++n_}; }
  void operator()(std::vector<std::string>& list) {
    list = {"one " + next(), "", "two \"x\" " + next()};
  }
  void operator()(Architecture& value) { value = Architecture::arm64; }
  void operator()(Source& value) { value = Source::seed; }
  void operator()(LeaseState& value) { value = LeaseState::busy; }
  void operator()(Outcome& value) { value = Outcome::interrupted; }
  void operator()(bool& flag) { flag = true; }
  template <class Tag>
  void operator()(Id<Tag>& id) {
    id.text = "id-" + next();
  }
  template <class T>
  void operator()(std::optional<T>& maybe) {
    maybe.emplace();
    (*this)(*maybe);
  }
  template <class T>
  requires std::is_integral_v<T>
  void operator()(T& number) {
    number = static_cast<T>(sizeof(T) == 8 ? 9'000'000'000 + ++n_ : ++n_);
  }

 private:
  std::string next() { return std::to_string(++n_); }
  int n_ = 100;
};

template <class Record>
Record filled() {
  Record record;
  Filler fill;
  each_field(record, fill);
  return record;
}

// The record's flags, to set one at a time: where all are true, two may have changed places.
template <class Record>
std::vector<bool*> flags_of(Record& record) {
  std::vector<bool*> flags;
  auto collect = [&](auto& field) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(field)>, bool>)
      flags.push_back(&field);
  };
  each_field(record, collect);
  return flags;
}

}  // namespace mayfly::testing
