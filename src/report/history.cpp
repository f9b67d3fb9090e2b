#include "report/history.h"

#include <algorithm>

#include "base/time.h"

namespace mayfly::report {
namespace {

constexpr int k_first_read = 1000;
constexpr std::size_t k_progress_every = 100;

// Newest first, and one more than count_max if there is one. Reads no more of a long record than
// it has to.
Result<std::vector<Lease>> leases_since(Ledger& ledger, WallTime oldest, int count_max) {
  for (int count = std::min(k_first_read, count_max + 1);;
       count = std::min(count * 4, count_max + 1)) {
    TRY_ASSIGN(auto leases, ledger.recent(count));
    const bool is_all = leases.size() < static_cast<std::size_t>(count) || count > count_max ||
                        leases.back().created_at < oldest;
    if (!is_all) continue;
    std::erase_if(leases, [&](const Lease& lease) { return lease.created_at < oldest; });
    return leases;
  }
}

}  // namespace

Window month_of(WallTime t) {
  const WallTime from = start_of_month(t);
  return {from, start_of_month(from + std::chrono::hours{24 * 31})};
}

std::optional<Window> parse_month(std::string_view text) {
  if (text.size() != 7) return std::nullopt;
  const auto first = parse_iso8601(std::string(text) + "-01T00:00:00Z");
  if (!first) return std::nullopt;
  return month_of(*first);
}

Result<History> read_history(Ledger& ledger, Lease lease) {
  History history;
  TRY_ASSIGN(history.events, ledger.events(lease.id));
  TRY_ASSIGN(history.machines, ledger.machines(lease.id));
  history.lease = std::move(lease);
  return history;
}

Result<Histories> read_histories(Ledger& ledger, const Window& window, int count_max,
                                 const Progress& progress) {
  const WallTime oldest = window.from <= WallTime{} + k_lease_lifetime_max
                              ? WallTime{}
                              : window.from - k_lease_lifetime_max;
  TRY_ASSIGN(auto leases, leases_since(ledger, oldest, count_max));
  Histories histories;
  histories.is_cut = leases.size() > static_cast<std::size_t>(count_max);
  if (histories.is_cut) leases.resize(static_cast<std::size_t>(count_max));
  std::erase_if(leases, [&](const Lease& lease) { return lease.created_at >= window.until; });
  for (Lease& lease : leases) {
    if (progress && histories.all.size() % k_progress_every == 0)
      progress(histories.all.size(), leases.size());
    TRY_ASSIGN(History history, read_history(ledger, std::move(lease)));
    histories.all.push_back(std::move(history));
  }
  return histories;
}

}  // namespace mayfly::report
