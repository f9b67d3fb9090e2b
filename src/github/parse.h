#pragma once

// GitHub's answers as values. Fields that mayfly does not need may be missing, null or new; those
// it needs must be there in the right type, or the whole answer is github_bad_answer. The schemas
// are GitHub's OpenAPI description (facts.md A1, A3).

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "github/client.h"

namespace mayfly::github {

// github_bad_answer in place of bad_json.
[[nodiscard]] Result<json::object> parse_object(std::string_view body);

[[nodiscard]] Result<Run> parse_run(const json::object& object);
[[nodiscard]] Result<Job> parse_job(const json::object& object);
[[nodiscard]] Result<Runner> parse_runner(const json::object& object);
[[nodiscard]] Result<JitConfig> parse_jit_config(const json::object& object);
[[nodiscard]] Result<std::vector<RunnerDownload>> parse_downloads(std::string_view body);

// The named array, of which every element must be an object with an integer id.
[[nodiscard]] Result<json::array> parse_list(const json::object& object, std::string_view key);

// An answer that is such an array itself.
[[nodiscard]] Result<json::array> parse_array(std::string_view body);

// Every element by the same parser; one bad element fails all, so that a list is never a part.
template <class T>
[[nodiscard]] Result<std::vector<T>> parse_each(const json::array& array,
                                                Result<T> (*parse)(const json::object&)) {
  std::vector<T> out;
  out.reserve(array.size());
  for (const json::value& value : array) {
    TRY_ASSIGN(T parsed, parse(value.as_object()));
    out.push_back(std::move(parsed));
  }
  return out;
}

}  // namespace mayfly::github
