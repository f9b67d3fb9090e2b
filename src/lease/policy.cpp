#include "lease/policy.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace mayfly {
namespace {

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool holds_login(const std::vector<std::string>& logins, const std::string& login) {
  return std::any_of(logins.begin(), logins.end(),
                     [&](const std::string& one) { return to_lower(one) == to_lower(login); });
}

std::string named(const RunFacts& run) { return "run " + std::to_string(run.id); }

std::string quoted(const std::string& foreign) {
  return foreign.empty() ? "unknown" : "\"" + printable(foreign, 100) + "\"";
}

// GitHub may name a workflow with its ref, and with the repository before it:
// "octo/repo/.github/workflows/ci.yml@refs/heads/main". A file may be called "ci.yml@x.yml", and
// then is another one; a ref that could be such a name has a slash in it.
bool is_workflow(const RunFacts& run, const std::string& wanted) {
  std::string_view path = run.workflow;
  const std::string repository = run.repository.text + "/";
  if (to_lower(path.substr(0, repository.size())) == to_lower(repository))
    path.remove_prefix(repository.size());
  if (!path.starts_with(wanted)) return false;
  path.remove_prefix(wanted.size());
  if (path.empty()) return true;
  if (!path.starts_with('@') || path.size() == 1) return false;
  const std::string ref = to_lower(path.substr(1));
  const bool may_be_a_file = ref.ends_with(".yml") || ref.ends_with(".yaml");
  return !may_be_a_file || ref.find('/') != std::string::npos;
}

Status judge_actors(const RunPolicy& policy, const RunFacts& run) {
  if (policy.denied_actors.empty()) return {};
  for (const std::string& login : {run.actor, run.triggering_actor}) {
    if (login.empty())
      return fail(Code::actor_not_allowed, "GitHub does not say who started " + named(run) +
                                               ", and this repository denies some accounts");
    if (holds_login(policy.denied_actors, login))
      return fail(Code::actor_not_allowed,
                  named(run) + " was started by " + quoted(login) + ", whom the owner denies");
  }
  return {};
}

Status judge_event(const RunPolicy& policy, const RunFacts& run) {
  if (policy.events.empty() || holds(policy.events, run.event)) return {};
  return fail(Code::event_not_allowed, "the event of " + named(run) + " is " + quoted(run.event));
}

Status judge_workflow(const RunPolicy& policy, const RunFacts& run) {
  const bool is_served =
      policy.workflows.empty() ||
      std::any_of(policy.workflows.begin(), policy.workflows.end(),
                  [&](const std::string& wanted) { return is_workflow(run, wanted); });
  if (is_served) return {};
  return fail(Code::workflow_not_allowed,
              "the workflow of " + named(run) + " is " + quoted(run.workflow));
}

Status judge_without_pull(const RunPolicy& policy, const RunFacts& run) {
  TRY(judge_actors(policy, run));
  TRY(judge_event(policy, run));
  return judge_workflow(policy, run);
}

int standing(const PullFacts& pull) {
  if (is_member(pull.author_association)) return 3;
  if (pull.head_is_approved) return 2;
  return pull.author_association == "CONTRIBUTOR" ? 1 : 0;
}

Status refuse_fork(const RunFacts& run, const std::string& why) {
  return fail(Code::fork_not_allowed, "the code of " + named(run) + " comes from " +
                                          quoted(run.head_repository) + ": " + why);
}

Status judge_fork(const RunPolicy& policy, const RunFacts& run,
                  const std::optional<PullFacts>& pull) {
  if (policy.forks == Forks::allow || !run.is_of_fork()) return {};
  if (policy.forks == Forks::deny) return refuse_fork(run, "forks are not served here");
  if (!pull) return refuse_fork(run, "no open pull request has this commit as its head");
  const std::string which = "pull request " + std::to_string(pull->number);
  if (is_member(pull->author_association)) return {};
  if (policy.forks == Forks::approved)
    return pull->head_is_approved
               ? Status{}
               : refuse_fork(run, "nobody of the repository has approved this commit of " + which);
  if (pull->author_association == "CONTRIBUTOR") return {};
  return refuse_fork(run, "the author of " + which + " has had no commit merged here before");
}

}  // namespace

bool is_member(std::string_view author_association) {
  return author_association == "OWNER" || author_association == "MEMBER" ||
         author_association == "COLLABORATOR";
}

bool is_head_approved(const std::vector<ReviewFacts>& in_order, const std::string& head_sha) {
  std::map<std::string, const ReviewFacts*> last;  // of each reviewer's, of those that decide
  for (const ReviewFacts& review : in_order) {
    const bool decides = review.state != "COMMENTED" && review.state != "PENDING";
    if (decides && !review.author.empty()) last[to_lower(review.author)] = &review;
  }
  return !head_sha.empty() && std::any_of(last.begin(), last.end(), [&](const auto& entry) {
    const ReviewFacts& review = *entry.second;
    return review.state == "APPROVED" && review.commit == head_sha &&
           is_member(review.author_association);
  });
}

std::optional<PullFacts> best_of(const std::vector<PullFacts>& pulls) {
  const auto best = std::max_element(
      pulls.begin(), pulls.end(),
      [](const PullFacts& a, const PullFacts& b) { return standing(a) < standing(b); });
  return best == pulls.end() ? std::nullopt : std::optional(*best);
}

bool is_policy_refusal(Code code) {
  return code == Code::actor_not_allowed || code == Code::event_not_allowed ||
         code == Code::workflow_not_allowed || code == Code::fork_not_allowed;
}

bool needs_pull_request(const RunPolicy& policy, const RunFacts& run) {
  const bool asks_for_one = policy.forks == Forks::returning || policy.forks == Forks::approved;
  return asks_for_one && run.is_of_fork() && judge_without_pull(policy, run).has_value();
}

Status judge(const RunPolicy& policy, const RunFacts& run, const std::optional<PullFacts>& pull) {
  TRY(judge_without_pull(policy, run));
  return judge_fork(policy, run, pull);
}

}  // namespace mayfly
