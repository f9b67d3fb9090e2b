#include "lab/github/hook_deliveries.h"

#include <algorithm>
#include <utility>

namespace mayfly::lab {

std::string delivery_status(int status_code) {
  if (status_code == 502) return "failed to connect to host";
  if (status_code == 504) return "timed out";
  if (status_code >= 200 && status_code < 300) return "OK";
  return "Invalid HTTP Response: " + std::to_string(status_code);
}

void HookDeliveries::note(const JobDelivery& content, int status_code, WallTime now,
                          std::string guid) {
  const bool is_redelivery = !guid.empty();
  const std::int64_t id = next_id_++;
  if (!is_redelivery) guid = "1c27c573-3889-4501-" + std::to_string(id % 1'000'000'000'000);
  attempts_.push_front({id, std::move(guid), now, is_redelivery, status_code, content});
  if (attempts_.size() > k_kept_max) attempts_.pop_back();
}

Status HookDeliveries::ask_again(std::int64_t id) {
  const auto found = std::find_if(attempts_.begin(), attempts_.end(),
                                  [&](const HookDelivery& one) { return one.id == id; });
  if (found == attempts_.end()) return fail(Code::github_not_found, "Not Found");
  asked_.push_back(*found);
  return {};
}

std::vector<HookDelivery> HookDeliveries::take_asked() { return std::exchange(asked_, {}); }

}  // namespace mayfly::lab
