#pragma once

// A list of leases with a form to choose them by, in pages. Pure: leases in, HTML out.

#include <span>

#include "pages/html.h"
#include "pages/lease_filter.h"

namespace mayfly::pages {

inline constexpr std::size_t k_leases_per_page = 50;

struct LeaseList {
  LeaseFilter filter;
  std::span<const Lease> leases;  // those that are searched, newest first
  std::size_t of = 0;             // so many there are in all; more than are searched, perhaps
};

void write_lease_list(Html& html, const LeaseList& list, WallTime now);

}  // namespace mayfly::pages
