#include "lab/aws/listing.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace mayfly::lab {
namespace {

constexpr std::size_t k_filters_max = 50;
constexpr std::size_t k_filter_values_max = 200;  // of one filter

bool is_known(std::string_view name, std::span<const std::string_view> known) {
  return std::any_of(known.begin(), known.end(), [&](std::string_view k) {
    return k.ends_with(':') ? name.starts_with(k) && name.size() > k.size() : name == k;
  });
}

std::string request_mark(const QueryForm& form) {
  static constexpr std::array<std::string_view, 1> k_ignored = {"NextToken"};
  return form.fingerprint(k_ignored).substr(0, 16);
}

std::string make_token(const QueryForm& form, const std::string& last_key) {
  return base64_encode(request_mark(form) + last_key);
}

Answer<std::string> last_key_of(const QueryForm& form) {
  const auto decoded = base64_decode(form.text("NextToken"));
  const std::string mark = request_mark(form);
  if (!decoded || !decoded->starts_with(mark))
    return refuse("InvalidPaginationToken", "The specified pagination token is not valid");
  return decoded->substr(mark.size());
}

}  // namespace

bool wildcard_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && !escaped && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() &&
               (escaped ? pattern[p + 1] == text[t] : pattern[p] == '?' || pattern[p] == text[t])) {
      p += escaped ? 2 : 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool Filter::matches(std::string_view text) const {
  return std::any_of(values.begin(), values.end(),
                     [&](const std::string& value) { return wildcard_match(value, text); });
}

Answer<std::vector<Filter>> parse_filters(const QueryForm& form,
                                          std::span<const std::string_view> known) {
  std::vector<Filter> filters;
  for (const QueryForm& item : form.items("Filter")) {
    Filter filter{item.text("Name"), item.list("Value")};
    if (!is_known(filter.name, known))
      return refuse("InvalidParameterValue",
                    "The filter '" + printable(filter.name) + "' is invalid");
    if (filter.values.empty())
      return refuse("InvalidParameterValue", "The filter '" + filter.name + "' has no values");
    if (filter.values.size() > k_filter_values_max)
      return refuse("FilterLimitExceeded", "The maximum number of filter values is 200");
    filters.push_back(std::move(filter));
  }
  if (filters.size() > k_filters_max)
    return refuse("FilterLimitExceeded", "The maximum number of filters is 50");
  return filters;
}

Answer<Page> page_of(const std::vector<std::string>& keys, const QueryForm& form, PageLimits limits,
                     const FakeAwsOptions& options) {
  TRY_ASSIGN(const std::int64_t asked,
             form.number("MaxResults", limits.max, limits.min, limits.max));
  const std::size_t size =
      std::clamp<std::size_t>(static_cast<std::size_t>(asked), 1, options.page_size_max);
  if (!form.has("NextToken") && options.empty_pages) return Page{{}, make_token(form, "")};

  auto first = keys.begin();
  if (form.has("NextToken")) {
    TRY_ASSIGN(const std::string last_key, last_key_of(form));
    first = std::upper_bound(keys.begin(), keys.end(), last_key);
  }
  const std::size_t left = static_cast<std::size_t>(keys.end() - first);
  const std::size_t count = std::min(size, left);
  Page page{{first, first + static_cast<std::ptrdiff_t>(count)}, {}};
  if (count < left) page.next_token = make_token(form, page.keys.back());
  return page;
}

}  // namespace mayfly::lab
