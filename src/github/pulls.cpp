#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>
#include <utility>

#include "base/text.h"
#include "github/call.h"
#include "github/client.h"
#include "github/parse.h"

namespace mayfly::github {
namespace {

// A pull request with more reviews than fit is refused: strangers may write them.
constexpr int k_pages_max = 10;

std::string text_in(const json::object* object, std::string_view key) {
  return object != nullptr ? json_string(*object, key).value_or("") : "";
}

tl::unexpected<Error> lacking(std::string_view what) {
  return fail(Code::github_bad_answer, std::string(what));
}

Result<Pull> parse_pull(const json::object& object) {
  const auto number = json_int(object, "number");
  const auto association = json_string(object, "author_association");
  const json::object* head = json_object(object, "head");
  const json::object* base = json_object(object, "base");
  if (!number || !association || head == nullptr || base == nullptr)
    return lacking("a pull request lacks its number, head, base or author_association");
  Pull pull;
  pull.number = *number;
  pull.author = text_in(json_object(object, "user"), "login");
  pull.author_association = *association;
  pull.repository = text_in(json_object(*base, "repo"), "full_name");
  pull.head_repository = text_in(json_object(*head, "repo"), "full_name");
  pull.head_branch = text_in(head, "ref");
  pull.head_sha = text_in(head, "sha");
  if (pull.head_branch.empty() || pull.head_sha.empty())
    return lacking("the head of a pull request lacks its ref or sha");
  return pull;
}

Result<Review> parse_review(const json::object& object) {
  const auto state = json_string(object, "state");
  const auto association = json_string(object, "author_association");
  if (!state || !association) return lacking("a review lacks its state or author_association");
  return Review{text_in(json_object(object, "user"), "login"), *association, *state,
                text_in(&object, "commit_id")};
}

bool is_open(const json::object& object) { return text_in(&object, "state") == "open"; }

bool has_head(const Pull& pull, const RepositoryName& repository, const Head& head) {
  return to_lower(pull.repository) == to_lower(repository.text) &&
         to_lower(pull.head_repository) == to_lower(head.repository) &&
         pull.head_branch == head.branch && pull.head_sha == head.sha;
}

Call pulls_call(const RepositoryName& repository, const std::string& below) {
  Call call;
  call.path = "/repos/" + percent_encode(repository.text, true) + "/pulls" + below;
  call.permission = "repository \"Pull requests: read\"";
  return call;
}

}  // namespace

Result<json::array> GithubClient::read_array(Call call, SteadyTime deadline) {
  call.query.emplace_back("per_page", "100");
  call.query.emplace_back("page", "1");
  json::array all;
  std::set<std::int64_t> seen;
  for (int page = 1; page <= k_pages_max; ++page) {
    call.query.back().second = std::to_string(page);
    TRY_ASSIGN(const HttpResponse response, send(call, deadline));
    TRY_ASSIGN(json::array elements, parse_array(response.body));
    for (json::value& element : elements)
      if (seen.insert(*json_int(element.get_object(), "id")).second) all.push_back(element);
    const auto next = next_page(response);
    if (!next) return all;
    if (*next != page + 1) return fail(Code::github_bad_answer, "the next page has a wrong number");
  }
  return fail(Code::github_bad_answer, "more than " + std::to_string(k_pages_max) + " pages");
}

Result<std::vector<Pull>> GithubClient::list_pulls(const RepositoryName& repository,
                                                   const Head& head, SteadyTime deadline) {
  if (head.repository.empty()) return std::vector<Pull>{};  // of a fork that is gone
  Call call = pulls_call(repository, "");
  const std::string owner = head.repository.substr(0, head.repository.find('/'));
  call.hides_denial = true;
  call.query = {{"state", "open"}, {"head", owner + ":" + head.branch}};
  TRY_ASSIGN(const json::array array, read_array(std::move(call), deadline));
  std::vector<Pull> pulls;
  for (const json::value& element : array) {
    TRY_ASSIGN(Pull pull, parse_pull(element.get_object()));
    if (is_open(element.get_object()) && has_head(pull, repository, head))
      pulls.push_back(std::move(pull));
  }
  return pulls;
}

Result<std::vector<Review>> GithubClient::list_reviews(const RepositoryName& repository,
                                                       std::int64_t pull, SteadyTime deadline) {
  const Call call = pulls_call(repository, "/" + std::to_string(pull) + "/reviews");
  TRY_ASSIGN(const json::array array, read_array(call, deadline));
  return parse_each<Review>(array, parse_review);
}

}  // namespace mayfly::github
