#pragma once

// What every page has: its head, its headers, and what a refusal looks like to a person.

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pages/html.h"
#include "seam/http_message.h"

namespace mayfly::pages {

struct PageHead {
  std::string title;
  std::string root;          // from the page to where "assets/" is: "../../", or "./"
  int reload_seconds = 0;    // of a browser without scripts; 0: not by itself
  std::string version = {};  // what the script asks with whether there is something new
  int poll_millis = 0;       // how often it does; 0: not at all
};

// "../../" for "/v1/leases/l-1": pages name everything relative to themselves, so that they work
// behind whatever prefix a proxy puts before them.
[[nodiscard]] std::string root_from(std::string_view path);

// The whole document; body writes what is inside its <main>.
[[nodiscard]] std::string page_text(const PageHead& head, const std::function<void(Html&)>& body);

// With the policy that lets nothing run, load or frame but our own files. Never kept by a cache.
[[nodiscard]] HttpResponse page_response(int status, std::string text);

// An error as problem_response() has it, for a person.
[[nodiscard]] HttpResponse problem_page(const Error& error, std::string_view path);

}  // namespace mayfly::pages
