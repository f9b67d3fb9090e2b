#include "pages/story.h"

#include "base/digest.h"
#include "base/text.h"
#include "pages/words.h"
#include "service/asking.h"

namespace mayfly::pages {
namespace {

bool is_over(const Lease& lease) {
  return lease.state == LeaseState::ending || lease.state == LeaseState::gone;
}

std::string without_code(const std::string& reason, std::string_view code) {
  const std::string prefix = std::string(code) + ": ";
  return reason.starts_with(prefix) ? reason.substr(prefix.size()) : reason;
}

Trouble trouble_of_code(Code code, const std::string& reason) {
  const CodeInfo& about = info(code);
  return {std::string(about.title), without_code(reason, about.name), std::string(about.remedy)};
}

// It goes on by itself; who waits should know why and for how long.
std::optional<Trouble> trouble_of_waiting(const Lease& lease) {
  if (lease.reason.empty()) return std::nullopt;
  const std::string until = "mayfly tries again by itself, until " +
                            spoken(lease.give_up_at.value_or(lease.deadline)) +
                            " at the latest. There is nothing to do.";
  const auto code = code_named(lease.reason.substr(0, lease.reason.find(':')));
  if (!code) return Trouble{"A machine has to be found again", lease.reason, until};
  Trouble trouble = trouble_of_code(*code, lease.reason);
  trouble.remedy = until;
  return trouble;
}

std::string machine_of(const Lease& lease) {
  const Launch& launch = lease.launch;
  if (launch.instance_type.empty()) return "";
  return launch.instance_type + ", " + launch.zone + ", " +
         (launch.on_demand ? "on-demand" : "spot");
}

}  // namespace

std::optional<Trouble> trouble_of(const Lease& lease) {
  if (!is_over(lease)) {
    const bool waits = lease.state == LeaseState::launching;
    return waits ? trouble_of_waiting(lease) : std::nullopt;
  }
  switch (lease.outcome) {
    case Outcome::none:
    case Outcome::job_done:
    case Outcome::run_over:
    case Outcome::released:
      return std::nullopt;
    default:
      return trouble_of_code(code_of_ended(lease), lease.reason);
  }
}

Money price_so_far(const LeaseStory& story, WallTime now) {
  Money sum;
  for (const MachineRecord& machine : story.machines)
    sum += machine.ended_at ? machine.spent
                            : price_for(machine.usd_per_hour, now - machine.launched_at);
  return sum;
}

std::string version_of(const LeaseStory& story) {
  std::string all = std::to_string(story.lease.version) + " " + std::to_string(story.events.size());
  for (const MachineRecord& machine : story.machines) all += machine.ended_at ? " e" : " r";
  for (const auto& [kind, usual] : story.usuals) all += " " + std::to_string(usual.count() / 1000);
  return sha256_hex(all).substr(0, 12);
}

std::string summary_of(const LeaseStory& story, WallTime now) {
  std::string text = standing(story.lease) + ".";
  const auto runner = time_to_runner(story.events);
  const std::string machine = machine_of(story.lease);
  if (runner) text += " Runner after " + spoken(*runner) + (machine.empty() ? ";" : " on ");
  if (!runner && !machine.empty()) text += " On ";
  if (!machine.empty()) text += machine + ";";
  if (!story.machines.empty()) {
    const bool is_final = story.lease.machine_ended;
    text += " at most " + human_usd(price_so_far(story, now)) + (is_final ? "." : " so far.");
  }
  if (const auto trouble = trouble_of(story.lease))
    text += " " + trouble->title + (trouble->detail.empty() ? "" : ": " + trouble->detail) + ". " +
            trouble->remedy;
  return printable(text, 1000);
}

}  // namespace mayfly::pages
