#pragma once

// Which leases a list shows, as its address says: what the charts of the dashboard lead to, and
// what the form above the list asks for. Pure.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/url.h"
#include "lease/lease.h"

namespace mayfly::pages {

// EC2 took a machine of it back; it had a machine; its runner is not known to be off GitHub.
inline constexpr std::array<std::string_view, 3> k_onlys = {"interrupted", "machine",
                                                            "runner-left"};

struct LeaseFilter {
  std::string state;  // "live", "gone", a state's name, or empty: any
  std::string outcome;
  std::string architecture;
  std::string instance_type;
  std::string zone;
  std::string repository;
  std::string actor;
  std::string code;                // for what it was refused
  std::string only;                // one of k_onlys
  std::optional<WallTime> from;    // asked at or after
  std::optional<WallTime> before;  // asked before
  int page = 1;                    // 1, 2, ...

  [[nodiscard]] bool accepts(const Lease& lease) const;
  // As a query, without the page: "state=live&actor=ann".
  [[nodiscard]] std::string query() const;
};

// bad_field for a key or value that no list of ours leads to.
[[nodiscard]] Result<LeaseFilter> parse_lease_filter(const QueryParameters& query);

}  // namespace mayfly::pages
