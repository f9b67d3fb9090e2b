#include "dynamo/rows.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

namespace mayfly::dynamo {
namespace {

using aws::Item;
using aws::ItemKey;

constexpr std::size_t k_digits = 15;
constexpr std::size_t k_number_digits = 6;
constexpr std::size_t k_once_digits = 32;
constexpr const char* k_first_stamps = "first_stamps";

std::string padded(std::int64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

std::string sortable(WallTime t) { return padded(epoch_millis(t), k_digits); }

std::string lease_pk(const LeaseId& id) { return "lease#" + id.text; }

// The one list of what a lease consists of beside its id and version, for both directions.
template <class Visit, class AnyLease>
void each_field(Visit& visit, AnyLease& lease) {
  visit("repository", lease.repository);
  visit("run_id", lease.run_id);
  visit("run_attempt", lease.run_attempt);
  visit("architecture", lease.architecture);
  visit("idx", lease.index);
  visit("label", lease.label);
  visit("labels", lease.labels);
  visit("source", lease.source);
  visit("actor", lease.actor);
  visit("head", lease.head);
  visit("state", lease.state);
  visit("outcome", lease.outcome);
  visit("reason", lease.reason);
  visit("created_at", lease.created_at);
  visit("state_since", lease.state_since);
  visit("deadline", lease.deadline);
  visit("launch_number", lease.launch.number);
  visit("boots", lease.launch.boots);
  visit("client_token", lease.launch.client_token);
  visit("launch_request", lease.launch.request);
  visit("launch_pending", lease.launch.pending);
  visit("launch_intended_at", lease.launch.intended_at);
  visit("on_demand", lease.launch.on_demand);
  visit("instance_id", lease.launch.instance_id);
  visit("instance_type", lease.launch.instance_type);
  visit("zone", lease.launch.zone);
  visit("usd_micros_per_hour", lease.launch.usd_per_hour);
  visit("nonce_sha256", lease.launch.nonce_sha256);
  visit("next_launch_at", lease.next_launch_at);
  visit("give_up_at", lease.give_up_at);
  visit("reserved_micros", lease.reserved);
  visit("claim_key_sha256", lease.claim_key_sha256);
  visit("runner_name", lease.runner_name);
  visit("runner_id", lease.runner_id);
  visit("metadata_off", lease.metadata_off);
  visit("job_seen", lease.job_seen);
  visit("job_confirmed", lease.job_confirmed);
  visit("release_asked", lease.release_asked);
  visit("run_confirmed", lease.run_confirmed);
  visit("runner_missing_since", lease.runner_missing_since);
  visit("machine_missing_since", lease.machine_missing_since);
  visit("runner_removed", lease.runner_removed);
  visit("machine_ended", lease.machine_ended);
  visit.since("subnet", lease.launch.subnet);
  visit.since("interruptions", lease.interruptions);
  visit.since("batch", lease.launch.batch);
  visit.since("batch_place", lease.launch.batch_place);
  visit.since("batch_size", lease.launch.batch_size);
}

template <class Visit, class AnyMachine>
void each_machine_field(Visit& visit, AnyMachine& machine) {
  visit("instance_id", machine.instance_id);
  visit("lease_id", machine.lease_id);
  visit("instance_type", machine.instance_type);
  visit("zone", machine.zone);
  visit("on_demand", machine.on_demand);
  visit("usd_micros_per_hour", machine.usd_per_hour);
  visit("launched_at", machine.launched_at);
  visit("ended_at", machine.ended_at);
  visit("spent_micros", machine.spent);
}

template <class Visit, class AnyEvent>
void each_event_field(Visit& visit, AnyEvent& event) {
  visit("lease_id", event.lease_id);
  visit("at", event.at);
  visit("event", event.name);
  visit("detail", event.detail);
}

class Writer {
 public:
  explicit Writer(Item& item) : item_(item) {}

  template <class T>
  void operator()(const char* name, const T& value) {
    put(name, value);
  }
  template <class T>
  void since(const char* name, const T& value) {
    put(name, value);
  }

 private:
  void put(const char* name, const std::string& text) { item_[name] = text; }
  void put(const char* name, bool flag) { item_[name] = flag; }
  void put(const char* name, WallTime t) { item_[name] = std::int64_t{epoch_millis(t)}; }
  void put(const char* name, Money money) { item_[name] = money.micros; }
  void put(const char* name, const std::vector<std::string>& list) {
    json::array array;
    for (const std::string& text : list) array.emplace_back(text);
    item_[name] = json::serialize(array);
  }
  template <class Tag>
  void put(const char* name, const Id<Tag>& id) {
    item_[name] = id.text;
  }
  template <class T>
  void put(const char* name, const std::optional<T>& maybe) {
    if (maybe) put(name, *maybe);
  }
  template <class T>
  requires std::is_enum_v<T>
  void put(const char* name, T value) { item_[name] = std::string(to_string(value)); }
  template <class T>
  requires std::is_integral_v<T>
  void put(const char* name, T number) { item_[name] = std::int64_t{number}; }

  Item& item_;
};

class Reader {
 public:
  explicit Reader(const Item& item) : item_(item) {}

  template <class T>
  void operator()(const char* name, T& value) {
    if (!get(name, value) && fault_.empty()) fault_ = name;
  }
  // A field that items have only since a later version.
  template <class T>
  void since(const char* name, T& value) {
    if (item_.contains(name)) (*this)(name, value);
  }
  // The first field that could not be read; empty: none.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  template <class T>
  const T* find(const char* name) const {
    const auto found = item_.find(name);
    return found == item_.end() ? nullptr : std::get_if<T>(&found->second);
  }
  template <class T>
  bool copy(const char* name, T& value) const {
    const T* found = find<T>(name);
    if (found != nullptr) value = *found;
    return found != nullptr;
  }
  bool get(const char* name, std::string& text) const { return copy(name, text); }
  bool get(const char* name, bool& flag) const { return copy(name, flag); }
  bool get(const char* name, std::int64_t& number) const { return copy(name, number); }
  bool get(const char* name, Money& money) const { return copy(name, money.micros); }
  bool get(const char* name, int& number) const {
    const auto* found = find<std::int64_t>(name);
    if (found == nullptr || *found < INT32_MIN || *found > INT32_MAX) return false;
    number = static_cast<int>(*found);
    return true;
  }
  bool get(const char* name, WallTime& t) const {
    const auto* found = find<std::int64_t>(name);
    if (found != nullptr) t = wall_from_epoch_millis(*found);
    return found != nullptr;
  }
  bool get(const char* name, std::vector<std::string>& list) const {
    const auto* found = find<std::string>(name);
    const auto document = found == nullptr ? fail(Code::bad_json, "") : parse_json(*found);
    if (!document || !document->is_array()) return false;
    for (const json::value& value : document->get_array()) {
      if (!value.is_string()) return false;
      list.emplace_back(value.get_string());
    }
    return true;
  }
  template <class Tag>
  bool get(const char* name, Id<Tag>& id) const {
    return copy(name, id.text);
  }
  template <class T>
  bool get(const char* name, std::optional<T>& maybe) const {
    if (!item_.contains(name)) return true;
    return get(name, maybe.emplace());
  }
  bool get(const char* name, Architecture& value) const {
    return get(name, value, parse_architecture);
  }
  bool get(const char* name, Source& value) const { return get(name, value, parse_source); }
  bool get(const char* name, LeaseState& value) const {
    return get(name, value, parse_lease_state);
  }
  bool get(const char* name, Outcome& value) const { return get(name, value, parse_outcome); }
  template <class T>
  bool get(const char* name, T& value, std::optional<T> (*parse)(std::string_view)) const {
    const auto* found = find<std::string>(name);
    const auto known = found == nullptr ? std::nullopt : parse(*found);
    if (known) value = *known;
    return known.has_value();
  }

  const Item& item_;
  std::string fault_;
};

void expire(Item& item, WallTime of) {
  item["expires_at"] = std::int64_t{epoch_seconds(of + k_history)};
}

Error not_understood(const Item& item, const std::string& field) {
  const auto key = aws::key_of(item).value_or(ItemKey{});
  return {Code::ledger_unavailable, "the item " + printable(key.pk) + " " + printable(key.sk) +
                                        " cannot be understood: " + field};
}

Item event_at(const ItemKey& key, const LeaseEvent& event) {
  Item item = item_at(key);
  Writer writer(item);
  each_event_field(writer, event);
  expire(item, event.at);
  return item;
}

}  // namespace

ItemKey books_key() { return {"books", "books"}; }
ItemKey lease_key(const LeaseId& id) { return {lease_pk(id), "lease"}; }
ItemKey timeline_key(const LeaseId& id) { return {lease_pk(id), "timeline"}; }

ItemKey once_key(const LeaseEvent& event) {
  return {lease_pk(event.lease_id),
          "once#" + sha256_hex(event.name + "\n" + event.detail).substr(0, k_once_digits)};
}

ItemKey machine_key(const LeaseId& id, const InstanceId& instance) {
  return {lease_pk(id), k_machine_prefix + instance.text};
}

ItemKey owner_key(const InstanceId& instance) { return {"instance#" + instance.text, "lease"}; }

ItemKey seed_key(const Lease& lease) {
  return {"seed#" + lease.repository.text + "#" + std::to_string(lease.run_id) + "#" +
              std::to_string(lease.run_attempt) + "#" + std::string(to_string(lease.architecture)),
          "label"};
}

ItemKey fact_key(const std::string& name) { return {"fact#" + name, "fact"}; }

std::string label_pk(const RepositoryName& repository, const std::string& label) {
  return "label#" + repository.text + "#" + label;
}

Item item_at(const ItemKey& key) { return {{"pk", key.pk}, {"sk", key.sk}}; }

std::optional<std::string> text_of(const Item& item, std::string_view name) {
  const auto found = item.find(name);
  const auto* text = found == item.end() ? nullptr : std::get_if<std::string>(&found->second);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<std::int64_t> number_of(const Item& item, std::string_view name) {
  const auto found = item.find(name);
  const auto* number = found == item.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

Item lease_item(const Lease& lease, const std::string& writer_id) {
  Item item = item_at(lease_key(lease.id));
  item["id"] = lease.id.text;
  item["rev"] = lease.version;
  item["writer"] = writer_id;
  Writer writer(item);
  each_field(writer, lease);
  if (!is_live(lease.state)) expire(item, lease.state_since);
  return item;
}

Result<Lease> parse_lease(const Item& item) {
  Lease lease;
  Reader reader(item);
  reader("id", lease.id);
  reader("rev", lease.version);
  each_field(reader, lease);
  if (!reader.fault().empty()) return fail(not_understood(item, reader.fault()));
  return lease;
}

void put_first_stamps(Item& item, const std::vector<LeaseEvent>& events) {
  json::array stamps;
  for (const LeaseEvent& event : events)
    stamps.emplace_back(
        json::array{std::int64_t{epoch_millis(event.at)}, event.name, event.detail});
  if (!stamps.empty()) item[k_first_stamps] = json::serialize(stamps);
}

void keep_first_stamps(Item& item, const Item& before) {
  const auto stamps = before.find(k_first_stamps);
  if (stamps != before.end()) item[k_first_stamps] = stamps->second;
}

Result<std::vector<LeaseEvent>> parse_first_stamps(const Item& item) {
  std::vector<LeaseEvent> events;
  if (!item.contains(k_first_stamps)) return events;
  const auto id = text_of(item, "id");
  const auto text = text_of(item, k_first_stamps);
  const auto stamps = text ? parse_json(*text) : fail(Code::bad_json, "");
  if (!id || !stamps || !stamps->is_array()) return fail(not_understood(item, k_first_stamps));
  for (const json::value& stamp : stamps->get_array()) {
    const json::array* parts = stamp.if_array();
    if (parts == nullptr || parts->size() != 3 || !parts->at(0).is_int64() ||
        !parts->at(1).is_string() || !parts->at(2).is_string())
      return fail(not_understood(item, k_first_stamps));
    events.push_back({LeaseId{*id}, wall_from_epoch_millis(parts->at(0).get_int64()),
                      std::string(parts->at(1).get_string()),
                      std::string(parts->at(2).get_string())});
  }
  return events;
}

Item machine_item(const MachineRecord& machine) {
  Item item = item_at(machine_key(machine.lease_id, machine.instance_id));
  Writer writer(item);
  each_machine_field(writer, machine);
  expire(item, machine.launched_at);
  return item;
}

Result<MachineRecord> parse_machine(const Item& item) {
  MachineRecord machine;
  Reader reader(item);
  each_machine_field(reader, machine);
  if (!reader.fault().empty()) return fail(not_understood(item, reader.fault()));
  return machine;
}

Item event_item(const LeaseEvent& event, std::int64_t number) {
  return event_at({lease_pk(event.lease_id),
                   k_event_prefix + sortable(event.at) + "#" + padded(number, k_number_digits)},
                  event);
}

Item refusal_item(const LeaseEvent& event, std::int64_t number) {
  return event_at({k_refusals_pk, sortable(event.at) + "#" + event.lease_id.text + "#" +
                                      padded(number, k_number_digits)},
                  event);
}

Result<LeaseEvent> parse_event(const Item& item) {
  LeaseEvent event;
  Reader reader(item);
  each_event_field(reader, event);
  if (!reader.fault().empty()) return fail(not_understood(item, reader.fault()));
  return event;
}

Item index_item(const std::string& pk, const Lease& lease) {
  return marker_item({pk, sortable(lease.created_at) + "#" + lease.id.text}, lease.id,
                     lease.created_at);
}

Result<LeaseId> parse_index(const Item& item) {
  const auto id = text_of(item, "lease_id");
  if (!id) return fail(not_understood(item, "lease_id"));
  return LeaseId{*id};
}

Item marker_item(const ItemKey& key, const LeaseId& lease, WallTime at) {
  Item item = item_at(key);
  item["lease_id"] = lease.text;
  expire(item, at);
  return item;
}

}  // namespace mayfly::dynamo
