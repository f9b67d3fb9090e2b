#include "service/diagnosis_policy.h"

#include "base/text.h"

namespace mayfly {
namespace {

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string forks_in_words(Forks forks) {
  switch (forks) {
    case Forks::allow:
      return "forks like all others: GitHub's own approval settings decide whose runs start";
    case Forks::deny:
      return "no forks";
    case Forks::returning:
      return "of forks those whose author is a member or collaborator, or had a commit merged "
             "before";
    case Forks::approved:
      return "of forks those whose author is a member or collaborator, or whose commit one of "
             "these "
             "has approved in a review";
  }
  return "";
}

}  // namespace

std::string describe_policy(const RunPolicy& policy) {
  std::string out =
      "serves " + (policy.events.empty() ? "every event" : "runs of " + list_of(policy.events));
  if (!policy.workflows.empty()) out += " in " + list_of(policy.workflows);
  out += "; " + forks_in_words(policy.forks);
  const auto denied = static_cast<std::int64_t>(policy.denied_actors.size());
  if (denied > 0) out += "; denies " + std::to_string(denied) + " " + plural(denied, "account");
  return out;
}

bool looks_at_pulls(const RunPolicy& policy) {
  return policy.forks == Forks::returning || policy.forks == Forks::approved;
}

}  // namespace mayfly
