#include <boost/json/array.hpp>

#include "base/text.h"
#include "lab/github/bodies.h"

namespace mayfly::lab::rest {
namespace {

json::object link(const std::string& url) { return {{"href", url}}; }

json::object side_body(const GithubOptions& options, const std::string& repository,
                       const std::string& branch, const std::string& sha) {
  const std::string owner = repository.substr(0, repository.find('/'));
  json::object side{{"label", owner + ":" + branch}, {"ref", branch}, {"sha", sha}};
  // As GitHub has it for a fork that is gone, whatever its description says.
  side["user"] = owner.empty() ? json::value(nullptr) : json::value(user_body(options, owner));
  side["repo"] = repository.empty() ? json::value(nullptr)
                                    : json::value(full_repository_body(options, repository));
  return side;
}

json::object links_of(const std::string& api, const std::string& issue, const std::string& html,
                      const std::string& statuses) {
  return {{"self", link(api)},
          {"html", link(html)},
          {"issue", link(issue)},
          {"comments", link(issue + "/comments")},
          {"review_comments", link(api + "/comments")},
          {"review_comment", link(api + "/comments{/number}")},
          {"commits", link(api + "/commits")},
          {"statuses", link(statuses)}};
}

}  // namespace

json::object pull_body(const GithubOptions& options, const GithubPulls& pulls,
                       const GithubPull& pull) {
  const std::string number = std::to_string(pull.number);
  const std::string repository = options.base_url + "/repos/" + pull.repository.text;
  const std::string api = repository + "/pulls/" + number;
  const std::string issue = repository + "/issues/" + number;
  const std::string html = "https://github.com/" + pull.repository.text + "/pull/" + number;
  const std::string statuses = repository + "/statuses/" + pull.head_sha;
  json::object body{
      {"id", 2'000'000'000 + pull.number},
      {"node_id", "PR_" + number},
      {"number", pull.number},
      {"state", pull.is_open ? "open" : "closed"},
      {"locked", false},
      {"draft", false},
      {"title", "Change something"},
      {"url", api},
      {"html_url", html},
      {"issue_url", issue},
      {"diff_url", html + ".diff"},
      {"patch_url", html + ".patch"},
      {"commits_url", api + "/commits"},
      {"comments_url", issue + "/comments"},
      {"review_comments_url", api + "/comments"},
      {"review_comment_url", repository + "/pulls/comments{/number}"},
      {"statuses_url", statuses},
      {"created_at", iso8601(pull.created_at)},
      {"updated_at", iso8601(pull.created_at)},
      {"user", user_body(options, pull.author)},
      {"author_association", pulls.association(pull.repository, pull.author)},
      {"labels", json::array()},
      {"head", side_body(options, pull.head_repository, pull.head_branch, pull.head_sha)},
      {"base", side_body(options, pull.repository.text, pull.base_branch,
                         "553c2077f0edc3d5dc5d17262f6aa498e69d6f8e")},
      {"_links", links_of(api, issue, html, statuses)}};
  for (const char* field : {"assignee", "body", "closed_at", "merge_commit_sha", "merged_at",
                            "milestone", "auto_merge"})
    body[field] = nullptr;
  if (!pull.is_open) body["closed_at"] = iso8601(pull.created_at);
  return body;
}

json::object review_body(const GithubOptions& options, const GithubPulls& pulls,
                         const GithubPull& pull, const GithubReview& review) {
  const std::string number = std::to_string(pull.number);
  const std::string api = options.base_url + "/repos/" + pull.repository.text + "/pulls/" + number;
  const std::string html = "https://github.com/" + pull.repository.text + "/pull/" + number +
                           "#pullrequestreview-" + std::to_string(review.id);
  return {{"id", review.id},
          {"node_id", "PRR_" + std::to_string(review.id)},
          {"user", user_body(options, review.author)},
          {"body", ""},
          {"state", review.state},
          {"commit_id", review.commit},
          {"html_url", html},
          {"pull_request_url", api},
          {"author_association", pulls.association(pull.repository, review.author)},
          {"submitted_at", iso8601(review.submitted_at)},
          {"_links", json::object{{"html", link(html)}, {"pull_request", link(api)}}}};
}

}  // namespace mayfly::lab::rest
