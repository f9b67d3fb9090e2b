#include "lab/github/bodies.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <map>
#include <utility>

#include "base/digest.h"
#include "base/text.h"

namespace mayfly::lab::rest {
namespace {

constexpr std::string_view k_html = "https://github.com";

// Stable, positive, below 2^31.
std::int64_t number_of(const std::string& name) {
  const Sha256 digest = sha256(name);
  return ((digest[0] & 0x3f) << 24 | digest[1] << 16 | digest[2] << 8 | digest[3]) + 1;
}

std::string node_id(const std::string& name) { return "R_" + base64url_encode(name); }

json::value time_or_null(const std::optional<WallTime>& time) {
  return time ? json::value(iso8601(*time)) : json::value(nullptr);
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::array text_array(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

struct Link {
  std::string_view field;
  std::string_view below;
};

void add_links(json::object& object, const std::string& base, std::initializer_list<Link> links) {
  for (const Link& link : links) object[link.field] = base + std::string(link.below);
}

// A run's body holds six of these, which follow from their names alone; putting them together was a
// sixth of what the simulator did.
using MakeBody = json::object (*)(const GithubOptions& options, const std::string& name);
json::object remembered(MakeBody make, const GithubOptions& options, const std::string& name) {
  constexpr std::size_t k_most = 1000;
  thread_local std::map<std::pair<MakeBody, std::string>, json::object> bodies;
  const std::string key = options.base_url + "\n" + options.organization + "\n" + name;
  const auto found = bodies.find({make, key});
  if (found != bodies.end()) return found->second;
  if (bodies.size() >= k_most) bodies.clear();
  return bodies.emplace(std::pair(make, key), make(options, name)).first->second;
}

json::object commit_body(const GithubRun& run) {
  const json::object person{{"name", run.spec.actor}, {"email", run.spec.actor + "@example.org"}};
  return {{"id", run.spec.head_sha},
          {"tree_id", run.spec.head_sha},
          {"message", "Change something"},
          {"timestamp", iso8601(run.created_at)},
          {"author", person},
          {"committer", person}};
}

json::array steps_body(const GithubJob& job) {
  json::array out;
  const bool is_done = job.state == JobState::completed;
  for (const std::string& name : job.spec.steps) {
    out.push_back(json::object{{"name", name},
                               {"status", is_done ? "completed" : "queued"},
                               {"conclusion", is_done ? json::value(job.conclusion) : nullptr},
                               {"number", out.size() + 1},
                               {"started_at", nullptr},
                               {"completed_at", nullptr}});
  }
  return out;
}

}  // namespace

std::string_view status_name(JobState state) {
  switch (state) {
    case JobState::hidden:
    case JobState::queued:
      return "queued";
    case JobState::in_progress:
      return "in_progress";
    case JobState::completed:
      return "completed";
  }
  std::abort();
}

namespace {

json::object make_user_body(const GithubOptions& options, const std::string& login) {
  json::object user{{"login", login},
                    {"id", number_of(login)},
                    {"node_id", node_id(login)},
                    {"gravatar_id", ""},
                    {"url", options.base_url + "/users/" + login},
                    {"html_url", std::string(k_html) + "/" + login},
                    {"avatar_url", "https://avatars.example.org/" + login},
                    {"type", login == options.organization ? "Organization" : "User"},
                    {"site_admin", false}};
  add_links(user, options.base_url + "/users/" + login,
            {{"followers_url", "/followers"},
             {"following_url", "/following{/other_user}"},
             {"gists_url", "/gists{/gist_id}"},
             {"starred_url", "/starred{/owner}{/repo}"},
             {"subscriptions_url", "/subscriptions"},
             {"organizations_url", "/orgs"},
             {"repos_url", "/repos"},
             {"events_url", "/events{/privacy}"},
             {"received_events_url", "/received_events"}});
  return user;
}

}  // namespace

std::int64_t repository_id(const std::string& name) { return number_of(name); }

namespace {

json::object make_repository_body(const GithubOptions& options, const std::string& name) {
  const std::size_t slash = name.find('/');
  json::object body{{"id", repository_id(name)},
                    {"node_id", node_id(name)},
                    {"name", name.substr(slash + 1)},
                    {"full_name", name},
                    {"private", false},
                    {"owner", user_body(options, name.substr(0, slash))},
                    {"html_url", std::string(k_html) + "/" + name},
                    {"description", nullptr},
                    {"fork", false}};
  add_links(body, options.base_url + "/repos/" + name,
            {{"url", ""},
             {"archive_url", "/{archive_format}{/ref}"},
             {"assignees_url", "/assignees{/user}"},
             {"blobs_url", "/git/blobs{/sha}"},
             {"branches_url", "/branches{/branch}"},
             {"collaborators_url", "/collaborators{/collaborator}"},
             {"comments_url", "/comments{/number}"},
             {"commits_url", "/commits{/sha}"},
             {"compare_url", "/compare/{base}...{head}"},
             {"contents_url", "/contents/{+path}"},
             {"contributors_url", "/contributors"},
             {"deployments_url", "/deployments"},
             {"downloads_url", "/downloads"},
             {"events_url", "/events"},
             {"forks_url", "/forks"},
             {"git_commits_url", "/git/commits{/sha}"},
             {"git_refs_url", "/git/refs{/sha}"},
             {"git_tags_url", "/git/tags{/sha}"},
             {"issue_comment_url", "/issues/comments{/number}"},
             {"issue_events_url", "/issues/events{/number}"},
             {"issues_url", "/issues{/number}"},
             {"keys_url", "/keys{/key_id}"},
             {"labels_url", "/labels{/name}"},
             {"languages_url", "/languages"},
             {"merges_url", "/merges"},
             {"milestones_url", "/milestones{/number}"},
             {"notifications_url", "/notifications{?since,all,participating}"},
             {"pulls_url", "/pulls{/number}"},
             {"releases_url", "/releases{/id}"},
             {"stargazers_url", "/stargazers"},
             {"statuses_url", "/statuses/{sha}"},
             {"subscribers_url", "/subscribers"},
             {"subscription_url", "/subscription"},
             {"tags_url", "/tags"},
             {"teams_url", "/teams"},
             {"trees_url", "/git/trees{/sha}"},
             {"hooks_url", "/hooks"}});
  return body;
}

}  // namespace

json::object user_body(const GithubOptions& options, const std::string& login) {
  return remembered(make_user_body, options, login);
}

json::object repository_body(const GithubOptions& options, const std::string& name) {
  return remembered(make_repository_body, options, name);
}

json::object full_repository_body(const GithubOptions& options, const std::string& name) {
  json::object body = repository_body(options, name);
  add_links(body, std::string(k_html) + "/" + name, {{"clone_url", ".git"}, {"svn_url", ""}});
  body["git_url"] = "git://github.com/" + name + ".git";
  body["ssh_url"] = "git@github.com:" + name + ".git";
  for (const char* field : {"mirror_url", "homepage", "language", "license"}) body[field] = nullptr;
  for (const char* field :
       {"forks_count", "stargazers_count", "watchers_count", "size", "open_issues_count",
        "subscribers_count", "network_count", "forks", "open_issues", "watchers"})
    body[field] = 0;
  for (const char* field :
       {"has_wiki", "has_pages", "has_discussions", "has_downloads", "archived", "disabled"})
    body[field] = false;
  for (const char* field : {"has_issues", "has_projects"}) body[field] = true;
  for (const char* field : {"pushed_at", "created_at", "updated_at"})
    body[field] = "2026-01-01T00:00:00Z";
  body["default_branch"] = "main";
  body["visibility"] = "public";
  return body;
}

json::object run_body(const GithubOptions& options, const GithubRun& run,
                      const RunOutcome& outcome) {
  const std::string id = std::to_string(run.id);
  const std::string& repository = run.spec.repository.text;
  const std::string url = options.base_url + "/repos/" + repository + "/actions/runs/" + id;
  const std::string& head =
      run.spec.head_repository.empty() ? repository : run.spec.head_repository;
  const std::string workflow = std::to_string(number_of(repository + run.spec.path));
  json::object body{{"id", run.id},
                    {"name", run.spec.workflow_name},
                    {"node_id", node_id("run" + id)},
                    {"head_branch", run.spec.head_branch},
                    {"head_sha", run.spec.head_sha},
                    {"path", run.spec.path},
                    {"display_title", "Change something"},
                    {"run_number", run.number},
                    {"run_attempt", run.attempt},
                    {"event", run.spec.event},
                    {"status", status_name(outcome.state)},
                    {"conclusion", text_or_null(outcome.conclusion)},
                    {"workflow_id", number_of(repository + run.spec.path)},
                    {"check_suite_id", run.id + 1},
                    {"check_suite_node_id", node_id("suite" + id)},
                    {"pull_requests", json::array()},
                    {"created_at", iso8601(run.created_at)},
                    {"updated_at", iso8601(run.updated_at)},
                    {"run_started_at", iso8601(run.started_at)},
                    {"actor", user_body(options, run.spec.actor)},
                    {"triggering_actor", user_body(options, run.triggering_actor())},
                    {"referenced_workflows", json::array()},
                    {"head_commit", commit_body(run)},
                    {"repository", repository_body(options, repository)},
                    {"head_repository", repository_body(options, head)},
                    {"previous_attempt_url", nullptr}};
  if (run.attempt > 1)
    body["previous_attempt_url"] = url + "/attempts/" + std::to_string(run.attempt - 1);
  add_links(body, url,
            {{"url", ""},
             {"jobs_url", "/jobs"},
             {"logs_url", "/logs"},
             {"artifacts_url", "/artifacts"},
             {"cancel_url", "/cancel"},
             {"rerun_url", "/rerun"}});
  add_links(body, options.base_url + "/repos/" + repository,
            {{"check_suite_url", "/check-suites/" + std::to_string(run.id + 1)},
             {"workflow_url", "/actions/workflows/" + workflow}});
  body["html_url"] = std::string(k_html) + "/" + repository + "/actions/runs/" + id;
  return body;
}

json::object job_body(const GithubOptions& options, const GithubRun& run, const GithubJob& job) {
  const std::string id = std::to_string(job.id);
  const std::string api = options.base_url + "/repos/" + run.spec.repository.text;
  const std::string run_path = "/actions/runs/" + std::to_string(run.id);
  json::object body{
      {"id", job.id},
      {"run_id", run.id},
      {"run_attempt", job.attempt},
      {"run_url", api + run_path},
      {"node_id", node_id("job" + id)},
      {"head_sha", run.spec.head_sha},
      {"head_branch", run.spec.head_branch},
      {"url", api + "/actions/jobs/" + id},
      {"html_url", std::string(k_html) + "/" + run.spec.repository.text + run_path + "/job/" + id},
      {"status", status_name(job.state)},
      {"conclusion", text_or_null(job.conclusion)},
      {"created_at", iso8601(job.created_at)},
      {"started_at", iso8601(job.started_at.value_or(job.created_at))},
      {"completed_at", time_or_null(job.completed_at)},
      {"name", job.spec.name},
      {"workflow_name", run.spec.workflow_name},
      {"steps", steps_body(job)},
      {"check_run_url", api + "/check-runs/" + id},
      {"labels", text_array(job.spec.labels)},
      {"runner_id", nullptr},
      {"runner_name", text_or_null(job.runner_name)},
      {"runner_group_id", nullptr},
      {"runner_group_name", nullptr}};
  if (job.runner_id) {
    body["runner_id"] = *job.runner_id;
    body["runner_group_id"] = job.spec.hosted ? 0 : options.group_id;
    body["runner_group_name"] = job.spec.hosted ? "GitHub Actions" : "Default";
  }
  return body;
}

}  // namespace mayfly::lab::rest
