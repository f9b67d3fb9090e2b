#pragma once

// A lease as a page for people, as a badge and as one line. Pure: the story in, text out. Thread
// rule: safe from many threads.

#include <string>

#include "pages/story.h"

namespace mayfly::pages {

struct LeasePlace {
  std::string root;           // PageHead::root
  std::string json_url;       // where scripts read the lease: status_url of the API
  std::string github_url;     // of people, "https://github.com"; empty: no links to it
  bool is_operators = false;  // then it also says who started the run, and where others are listed
};

[[nodiscard]] std::string lease_page(const LeaseStory& story, const LeasePlace& place,
                                     WallTime now);

// "mayfly | job running" as an SVG of 20 pixels' height.
[[nodiscard]] std::string badge_svg(const Lease& lease);

}  // namespace mayfly::pages
