#pragma once

// What EC2's Describe calls share: filters with wildcards, and pages.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/ec2.h"
#include "lab/aws/aws_options.h"
#include "lab/aws/query_form.h"

namespace mayfly::lab {

// '*' any text, '?' any one character, '\' takes the next character as it is.
[[nodiscard]] bool wildcard_match(std::string_view pattern, std::string_view text);

struct Filter {
  std::string name;
  std::vector<std::string> values;

  [[nodiscard]] bool matches(std::string_view text) const;
};

// Filter.N.Name, Filter.N.Value.M. A name that ends in ':' in `known` stands for all that begin so.
// InvalidParameterValue for any other filter and for one without values; FilterLimitExceeded
// for more than 50 filters or 200 values of one.
[[nodiscard]] Answer<std::vector<Filter>> parse_filters(const QueryForm& form,
                                                        std::span<const std::string_view> known);

struct Page {
  std::vector<std::string> keys;
  std::string next_token;  // empty: the last page
};

struct PageLimits {
  std::int64_t min;
  std::int64_t max;
};

// The page that MaxResults and NextToken ask for out of all keys, which are sorted. A token is good
// for the same request only (InvalidPaginationToken), and goes on behind the last key that was
// given, whatever came or went meanwhile.
[[nodiscard]] Answer<Page> page_of(const std::vector<std::string>& keys, const QueryForm& form,
                                   PageLimits limits, const FakeAwsOptions& options);

}  // namespace mayfly::lab
