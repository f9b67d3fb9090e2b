#include "lab/sim/people.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "lab/sim/callers.h"
#include "lab/sim/draw.h"

namespace mayfly::lab::sim {
namespace {

constexpr const char* k_workflow = ".github/workflows/ci.yml";
// Asking takes a while, and what GitHub said may be a minute old.
constexpr Millis k_flux{180'000};

void note_change(SimWorld& world, RunId run) { world.facts_changed[run] = world.clock.steady(); }

// What happens to a pull request while its run goes on.
void change_pull(SimWorld& world, const RepositoryName& repository, std::int64_t number,
                 std::uint64_t how) {
  world.github->with_pulls([&](GithubPulls& pulls, WallTime now) {
    const GithubPull pull = *pulls.find(repository, number);
    switch (how) {
      case 0:
        return (void)pulls.review(repository, number, "maintainer", "APPROVED", now);
      case 1:
        return (void)pulls.review(repository, number, "maintainer", "CHANGES_REQUESTED", now);
      case 2:
        for (const GithubReview& review : pull.reviews)
          (void)pulls.dismiss(repository, number, review.id);
        return;
      case 3:
        return (void)pulls.close(repository, number);
      default:
        return (void)pulls.push(repository, number, std::string(40, 'f'));
    }
  });
}

void change_later(SimWorld& world, Entropy& entropy, RunId run, const RepositoryName& repository,
                  std::int64_t number) {
  const std::uint64_t how = entropy.below(5);
  const Millis after = draw_between(entropy, Millis{1}, Seconds{600});
  world.fibers.spawn(k_world, [&world, run, repository, number, how, after] {
    world.fibers.sleep_for(after);
    change_pull(world, repository, number, how);
    note_change(world, run);
  });
}

void open_pull(SimWorld& world, Entropy& entropy, RunId run, const RunSpec& spec) {
  if (entropy.below(12) == 0) return;  // it was closed meanwhile
  const std::uint64_t reviews = entropy.below(5);
  std::int64_t number = 0;
  world.github->with_pulls([&](GithubPulls& pulls, WallTime now) {
    GithubPull pull{.repository = spec.repository, .head_repository = spec.head_repository};
    pull.head_branch = spec.head_branch;
    pull.author = spec.actor;
    pull.head_sha = reviews == 1 ? std::string(40, '0') : spec.head_sha;
    number = pulls.open(pull, now);
    if (reviews == 0 || reviews == 1)
      (void)pulls.review(spec.repository, number, "maintainer", "APPROVED", now);
    if (reviews == 1) (void)pulls.push(spec.repository, number, spec.head_sha);
    if (reviews == 2) (void)pulls.review(spec.repository, number, "stranger", "APPROVED", now);
    if (reviews == 3) (void)pulls.review(spec.repository, number, "maintainer", "COMMENTED", now);
  });
  if (entropy.below(3) == 0) change_later(world, entropy, run, spec.repository, number);
}

bool is_denied(const RunPolicy& policy, const std::string& login) {
  return std::any_of(policy.denied_actors.begin(), policy.denied_actors.end(),
                     [&](const std::string& one) { return to_lower(one) == to_lower(login); });
}

// The file that the run is really of. The model's refs all begin with "refs/".
std::string file_of(const RunSpec& spec) { return spec.path.substr(0, spec.path.find("@refs/")); }

// The last word of the maintainer, who is the only one of the repository that reviews.
bool is_approved(const GithubPull& pull, const std::string& sha) {
  bool approved = false;
  for (const GithubReview& review : pull.reviews)
    if (review.author == "maintainer" && review.state != "COMMENTED")
      approved = review.state == "APPROVED" && review.commit == sha;
  return approved;
}

bool is_fork_served(SimWorld& world, const RunPolicy& policy, const RunSpec& spec) {
  if (spec.head_repository.empty() || policy.forks == Forks::allow) return true;
  if (policy.forks == Forks::deny) return false;
  bool served = false;
  world.github->with_pulls([&](GithubPulls& pulls, WallTime) {
    for (const auto& [number, pull] : pulls.all()) {
      if (!pull.is_open || pull.repository != spec.repository ||
          pull.head_repository != spec.head_repository || pull.head_branch != spec.head_branch ||
          pull.head_sha != spec.head_sha)
        continue;
      const std::string who = pulls.association(spec.repository, pull.author);
      const bool returns = policy.forks == Forks::returning && who == "CONTRIBUTOR";
      const bool approved = policy.forks == Forks::approved && is_approved(pull, spec.head_sha);
      served = served || who == "MEMBER" || returns || approved;
    }
  });
  return served;
}

}  // namespace

RunPolicy draw_policy(std::uint64_t seed) {
  SeededEntropy entropy(seed * 7919 + 53);
  RunPolicy policy;
  if (entropy.below(2) == 0) return policy;
  if (entropy.below(3) == 0) policy.events = {"push", "pull_request"};
  if (entropy.below(3) == 0) policy.workflows = {k_workflow};
  policy.forks = static_cast<Forks>(entropy.below(4));
  if (entropy.below(2) == 0) policy.denied_actors = {"Mallory"};
  return policy;
}

void introduce_people(SimWorld& world) {
  if (!world.scenario.draws_config) return;
  static const std::map<std::string, std::string> k_people = {{"contributor", "CONTRIBUTOR"},
                                                              {"mallory", "CONTRIBUTOR"},
                                                              {"newcomer", "FIRST_TIMER"},
                                                              {"maintainer", "MEMBER"},
                                                              {"member", "MEMBER"}};
  world.github->with_pulls([&](GithubPulls& pulls, WallTime) {
    for (const RepositoryConfig& repository : world.config.repositories)
      for (const auto& [login, association] : k_people)
        MAYFLY_CHECK(pulls.associate(repository.name, login, association).has_value());
  });
}

void give_author(SimWorld& world, Entropy& entropy, RunId run, RunSpec& spec) {
  if (!world.scenario.draws_config) return;
  static constexpr const char* k_authors[] = {"contributor", "contributor", "contributor",
                                              "member",      "member",      "newcomer",
                                              "stranger",    "mallory"};
  spec.actor = k_authors[entropy.below(std::size(k_authors))];
  spec.head_branch = "topic-" + std::to_string(run);
  spec.head_sha = entropy.hex(20);
  spec.path = k_workflow;
  const std::uint64_t path = entropy.below(12);
  if (path == 0) spec.path = ".github/workflows/other.yml";
  if (path == 1) spec.path = std::string(k_workflow) + "@evil.yml";
  if (path >= 8) spec.path += "@refs/heads/" + spec.head_branch;
  const std::uint64_t event = entropy.below(12);
  if (event == 0) spec.event = "schedule";
  if (event == 1) spec.event = "push";
  if (event == 2) spec.event = "pull_request_target";
  const bool is_own = event < 2 || (spec.actor == std::string("member") && entropy.below(2) == 0);
  spec.head_repository = is_own ? "" : spec.actor + "/rr";
  if (!is_own) open_pull(world, entropy, run, spec);
}

std::string draw_rerunner(SimWorld& world, Entropy& entropy, RunId run) {
  if (!world.scenario.draws_config || entropy.below(4) != 0) return "";
  note_change(world, run);
  return entropy.below(2) == 0 ? "mallory" : "member";
}

bool is_served_by_policy(SimWorld& world, const GithubRun& run) {
  const RepositoryConfig* repository = world.config.find_repository(run.spec.repository);
  if (repository == nullptr) return false;
  const RunPolicy& policy = repository->policy;
  const auto names = [](const std::vector<std::string>& all, const std::string& one) {
    return all.empty() || std::find(all.begin(), all.end(), one) != all.end();
  };
  return !is_denied(policy, run.spec.actor) && !is_denied(policy, run.triggering_actor()) &&
         names(policy.events, run.spec.event) && names(policy.workflows, file_of(run.spec)) &&
         is_fork_served(world, policy, run.spec);
}

bool is_policy_in_flux(SimWorld& world, RunId run) {
  const auto changed = world.facts_changed.find(run);
  return changed != world.facts_changed.end() && world.clock.steady() - changed->second <= k_flux;
}

}  // namespace mayfly::lab::sim
