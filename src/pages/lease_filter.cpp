#include "pages/lease_filter.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace mayfly::pages {
namespace {

constexpr std::size_t k_text_max = 200;
constexpr std::int64_t k_pages_max = 10'000;

using TextField = std::string LeaseFilter::*;
constexpr std::array<std::pair<const char*, TextField>, 9> k_texts = {
    {{"state", &LeaseFilter::state},
     {"outcome", &LeaseFilter::outcome},
     {"architecture", &LeaseFilter::architecture},
     {"type", &LeaseFilter::instance_type},
     {"zone", &LeaseFilter::zone},
     {"repository", &LeaseFilter::repository},
     {"actor", &LeaseFilter::actor},
     {"code", &LeaseFilter::code},
     {"only", &LeaseFilter::only}}};

using TimeField = std::optional<WallTime> LeaseFilter::*;
constexpr std::array<std::pair<const char*, TimeField>, 2> k_times = {
    {{"from", &LeaseFilter::from}, {"before", &LeaseFilter::before}}};

Status take(LeaseFilter& filter, const std::string& key, const std::string& value) {
  if (value.size() > k_text_max) return fail(Code::bad_field, printable(key, 40) + " is too long");
  if (key == "only" && !value.empty() && std::ranges::find(k_onlys, value) == k_onlys.end())
    return fail(Code::bad_field, "only must be interrupted, machine or runner-left");
  for (const auto& [name, field] : k_texts) {
    if (key != name) continue;
    filter.*field = value;
    return {};
  }
  for (const auto& [name, field] : k_times) {
    if (key != name) continue;
    if (value.empty()) return {};
    filter.*field = parse_iso8601(value);
    return filter.*field ? Status{} : fail(Code::bad_field, key + " must be a time in UTC");
  }
  if (key != "page") return fail(Code::bad_field, "there is no " + printable(key, 40) + " here");
  const auto page = parse_int(value);
  if (!page || *page < 1 || *page > k_pages_max)
    return fail(Code::bad_field, "page must be a number from 1");
  filter.page = static_cast<int>(*page);
  return {};
}

bool is_of_state(const Lease& lease, const std::string& state) {
  if (state == "live") return is_live(lease.state);
  return state.empty() || mayfly::to_string(lease.state) == state;
}

bool is_only(const Lease& lease, const std::string& only) {
  if (only == "interrupted") return lease.interruptions > 0;
  if (only == "machine") return lease.launch.boots > 0;
  if (only == "runner-left") return !lease.runner_name.empty() && !lease.runner_removed;
  return true;
}

bool is_or_any(std::string_view wanted, std::string_view value) {
  return wanted.empty() || wanted == value;
}

}  // namespace

bool LeaseFilter::accepts(const Lease& lease) const {
  const bool is_code = code.empty() || (lease.outcome == Outcome::refused &&
                                        info(code_of_refusal(lease)).name == code);
  return is_code && is_of_state(lease, state) && is_only(lease, only) &&
         is_or_any(outcome, mayfly::to_string(lease.outcome)) &&
         is_or_any(architecture, mayfly::to_string(lease.architecture)) &&
         is_or_any(instance_type, lease.launch.instance_type) &&
         is_or_any(zone, lease.launch.zone) && is_or_any(repository, lease.repository.text) &&
         is_or_any(actor, lease.actor) && (!from || lease.created_at >= *from) &&
         (!before || lease.created_at < *before);
}

std::string LeaseFilter::query() const {
  QueryParameters parameters;
  for (const auto& [name, field] : k_texts)
    if (!(this->*field).empty()) parameters.emplace_back(name, this->*field);
  for (const auto& [name, field] : k_times)
    if (this->*field) parameters.emplace_back(name, iso8601(*(this->*field)));
  return encode_query(parameters);
}

Result<LeaseFilter> parse_lease_filter(const QueryParameters& query) {
  LeaseFilter filter;
  for (const auto& [key, value] : query) TRY(take(filter, key, value));
  return filter;
}

}  // namespace mayfly::pages
