#include "lab/aws/listing.h"

#include <doctest/doctest.h>

#include <array>

namespace mayfly::lab {
namespace {

QueryForm form(const std::string& body) { return *QueryForm::parse(body); }

const std::vector<std::string> k_keys = {"a", "b", "c", "d", "e"};

std::vector<std::string> all_pages(const std::string& body, const FakeAwsOptions& options,
                                   std::size_t* pages = nullptr) {
  std::vector<std::string> all;
  std::string token;
  for (std::size_t n = 0; n < 20; ++n) {
    const auto page = page_of(k_keys, form(token.empty() ? body : body + "&NextToken=" + token),
                              {1, 1000}, options);
    REQUIRE(page);
    all.insert(all.end(), page->keys.begin(), page->keys.end());
    if (pages != nullptr) *pages = n + 1;
    // Base64's own characters do not survive a form unescaped.
    token.clear();
    for (const char c : page->next_token) token += c == '+' ? "%2B" : std::string(1, c);
    if (token.empty()) return all;
  }
  return {};
}

TEST_CASE("wildcards: star, question mark and the backslash that takes them literally") {
  CHECK(wildcard_match("ubuntu-*-24.04-*", "ubuntu-noble-24.04-amd64"));
  CHECK(wildcard_match("a?c", "abc"));
  CHECK(wildcard_match("*", ""));
  CHECK(wildcard_match("a*b*c", "aXbXbXc"));
  CHECK(wildcard_match("a\\*b", "a*b"));
  CHECK(wildcard_match("*\\?", "what?"));
  CHECK_FALSE(wildcard_match("a\\*b", "aXb"));
  CHECK_FALSE(wildcard_match("a?c", "ac"));
  CHECK_FALSE(wildcard_match("abc", "abcd"));
  CHECK_FALSE(wildcard_match("", "a"));
}

TEST_CASE("filters: unknown names, missing values and too many values are refused") {
  constexpr std::array<std::string_view, 2> known = {"tag:", "state"};
  CHECK(parse_filters(form("Filter.1.Name=tag:x&Filter.1.Value.1=y"), known));
  CHECK_FALSE(parse_filters(form("Filter.1.Name=tag:&Filter.1.Value.1=y"), known));
  CHECK_FALSE(parse_filters(form("Filter.1.Name=color&Filter.1.Value.1=y"), known));
  CHECK_FALSE(parse_filters(form("Filter.1.Name=state"), known));
  std::string many = "Filter.1.Name=state";
  for (int i = 1; i <= 200; ++i) many += "&Filter.1.Value." + std::to_string(i) + "=x";
  CHECK(parse_filters(form(many), known));
  CHECK(parse_filters(form(many + "&Filter.1.Value.201=x"), known).error().code ==
        "FilterLimitExceeded");
}

TEST_CASE("pages: every key comes exactly once, whatever the page size") {
  for (const std::size_t size : {1u, 2u, 4u, 5u, 6u}) {
    FakeAwsOptions options;
    options.page_size_max = size;
    CHECK(all_pages("Action=X", options) == k_keys);
  }
}

TEST_CASE("pages: MaxResults makes pages smaller, never larger than the account's size") {
  FakeAwsOptions options;
  options.page_size_max = 2;
  std::size_t pages = 0;
  CHECK(all_pages("Action=X&MaxResults=1", options, &pages) == k_keys);
  CHECK(pages == 5);
  CHECK(all_pages("Action=X&MaxResults=1000", options, &pages) == k_keys);
  CHECK(pages == 3);
}

TEST_CASE("pages: a listing may start with an empty page that goes on") {
  FakeAwsOptions options;
  options.empty_pages = true;
  const auto first = page_of(k_keys, form("Action=X"), {1, 1000}, options);
  CHECK(first->keys.empty());
  CHECK_FALSE(first->next_token.empty());
  CHECK(all_pages("Action=X", options) == k_keys);
}

TEST_CASE("pages: a token is of no use for another request, nor an invented one") {
  FakeAwsOptions options;
  options.page_size_max = 2;
  const auto first = page_of(k_keys, form("Action=X"), {1, 1000}, options);
  const std::string token = "&NextToken=" + first->next_token;
  CHECK(page_of(k_keys, form("Action=X" + token), {1, 1000}, options));
  CHECK_FALSE(page_of(k_keys, form("Action=Y" + token), {1, 1000}, options));
  CHECK_FALSE(page_of(k_keys, form("Action=X&NextToken=bm9uc2Vuc2U%3D"), {1, 1000}, options));
}

TEST_CASE("pages: MaxResults outside the action's limits is refused") {
  CHECK_FALSE(page_of(k_keys, form("MaxResults=4"), {5, 1000}, {}));
  CHECK_FALSE(page_of(k_keys, form("MaxResults=1001"), {5, 1000}, {}));
}

}  // namespace
}  // namespace mayfly::lab
