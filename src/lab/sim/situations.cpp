#include "lab/sim/situations.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

namespace mayfly::lab::sim {
namespace {

struct Entry {
  std::string_view name;
  std::string_view text;
};

constexpr std::array<Entry, k_situations> k_entries = {{
#define MAYFLY_SITUATION(name, text) {#name, text},
#include "lab/sim/situations.def"
#undef MAYFLY_SITUATION
}};

// Names, or how several begin. Of each some were missed by one of three campaigns of five minutes.
constexpr std::string_view k_rare[] = {
    "asked_again_waiting",
    "batch_partial",
    "deadline_clock_",
    "delay_list_reviews",
    "ec2_out_",
    "github_out_",
    "killed_after_ledger_launch_again",
    "killed_before_ledger_launch_again",
    "ledger_lost_",
    "ledger_out_",
    "lose_reply_list_reviews",
    "noticed_",
    "refuse_list_reviews",
    "server_error_list_reviews",
    "stolen_runner",
    "throttle_list_reviews",
    "told_launches_paused",
    "told_lease_conflict",
    "told_too_many_runners",
    "truncate_list_reviews",
};

std::map<std::string_view, Situation> index_names() {
  std::map<std::string_view, Situation> all;
  for (std::size_t i = 0; i < k_entries.size(); ++i)
    all[k_entries[i].name] = static_cast<Situation>(i);
  return all;
}

}  // namespace

std::string_view text_of(Situation situation) {
  return k_entries[static_cast<std::size_t>(situation)].text;
}

std::string_view name_of(Situation situation) {
  return k_entries[static_cast<std::size_t>(situation)].name;
}

std::optional<Situation> situation_named(std::string_view name) {
  static const std::map<std::string_view, Situation> names = index_names();
  const auto found = names.find(name);
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

bool is_rare(Situation situation) {
  return std::any_of(std::begin(k_rare), std::end(k_rare), [&](std::string_view beginning) {
    return name_of(situation).starts_with(beginning);
  });
}

std::vector<std::string_view> Situations::missing(bool rare) const {
  std::vector<std::string_view> texts;
  for (std::size_t i = 0; i < k_situations; ++i)
    if (!seen_.test(i) && is_rare(static_cast<Situation>(i)) == rare)
      texts.push_back(k_entries[i].text);
  return texts;
}

}  // namespace mayfly::lab::sim
