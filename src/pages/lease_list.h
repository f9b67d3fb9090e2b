#pragma once

// A list of leases with a form to choose them by, in pages. Pure: leases in, HTML out.

#include <vector>

#include "pages/html.h"
#include "pages/lease_filter.h"

namespace mayfly::pages {

inline constexpr std::size_t k_leases_per_page = 50;

struct LeaseList {
  LeaseFilter filter;
  std::vector<Lease> leases;  // those that were searched, newest first
  std::size_t of = 0;         // so many there are in all; more than were searched, perhaps
};

void write_lease_list(Html& html, const LeaseList& list, WallTime now);

}  // namespace mayfly::pages
