#include "lease/decide.h"

#include <algorithm>

#include "base/result.h"

namespace mayfly {
namespace {

using enum LeaseState;

struct View {
  const LeaseFacts& facts;
  WallTime now;
  const SweepPolicy& policy;
};

void note(Decision& decision, WallTime now, std::string name, std::string detail = {}) {
  decision.events.push_back({decision.next.id, now, std::move(name), std::move(detail)});
  decision.changed = true;
}

void add(Decision& decision, Act act) {
  if (std::find(decision.acts.begin(), decision.acts.end(), act) == decision.acts.end())
    decision.acts.push_back(act);
}

bool is_absence_believed(const Lease& lease, const View& view) {
  return lease.machine_missing_since &&
         view.now - *lease.machine_missing_since > view.policy.list_lag;
}

void see_machine(Decision& decision, const View& view) {
  std::optional<WallTime>& missing = decision.next.machine_missing_since;
  const MachineSeen seen = view.facts.machine.seen;
  const Launch& launch = decision.next.launch;
  if (!launch.pending && launch.instance_id.empty()) return;  // there is none to miss
  if (seen == MachineSeen::unknown || (seen == MachineSeen::absent) == missing.has_value()) return;
  if (seen == MachineSeen::absent)
    missing = view.now;
  else
    missing.reset();
  decision.changed = true;
}

bool machine_is_dead(const Lease& lease, const View& view) {
  switch (view.facts.machine.seen) {
    case MachineSeen::ended:
      return true;
    case MachineSeen::absent:
      return !lease.launch.pending && is_absence_believed(lease, view);
    default:
      return false;
  }
}

// A machine found by its tag before the launch's answer arrived, or after it was lost.
void adopt(Decision& decision, const View& view) {
  Lease& lease = decision.next;
  const MachineFact& machine = view.facts.machine;
  if (!lease.launch.pending || machine.instance_id.empty()) return;
  lease.launch.pending = false;
  lease.launch.request.clear();
  lease.launch.boots += 1;
  lease.launch.instance_id = machine.instance_id;
  lease.launch.instance_type = machine.instance_type;
  lease.launch.zone = machine.zone;
  lease.launch.subnet = machine.subnet;
  lease.launch.on_demand = machine.on_demand;
  lease.next_launch_at.reset();
  lease.reason.clear();
  note(decision, view.now, "adopted", machine.instance_id.text);
  if (lease.state == launching) move_to(decision, booting, view.now);
}

void see_job(Decision& decision, const View& view) {
  Lease& lease = decision.next;
  const JobSeen job = view.facts.job;
  if (lease.job_confirmed || (job != JobSeen::at_work && job != JobSeen::done)) return;
  lease.job_seen = lease.job_confirmed = true;
  decision.changed = true;
}

bool is_runner_missing_for(const Lease& lease, const View& view, Millis patience) {
  return view.facts.runner == RunnerSeen::absent && lease.runner_missing_since &&
         view.now - *lease.runner_missing_since > patience;
}

// A job of another run's may have been given to the runner, whose hook refused it: then the lease's
// own job still waits for one.
bool is_stolen(const Lease& lease, const View& view) {
  return lease.job_seen && !lease.job_confirmed && view.facts.job == JobSeen::none &&
         view.facts.demand != DemandSeen::served &&
         is_runner_missing_for(lease, view, view.policy.job_list_lag);
}

void on_machine_death(Decision& decision, const View& view) {
  Lease& lease = decision.next;
  const std::string& reason = view.facts.machine.reason;
  const bool taken_back = reason.starts_with("Server.SpotInstance");
  const bool served = lease.job_seen && view.facts.demand == DemandSeen::served;
  const LeaseState state = lease.state;
  if (lease.job_confirmed && taken_back) {
    end_with(decision, Outcome::interrupted, view.now, reason);
  } else if (lease.job_confirmed || served) {
    end_with(decision, Outcome::job_done, view.now, "");
  } else if (is_stolen(lease, view)) {
    relaunch(decision, view.now, view.policy, k_stolen);
  } else if (lease.state == booting || (view.facts.job == JobSeen::none && !lease.job_seen)) {
    relaunch(decision, view.now, view.policy, reason.empty() ? "the machine is gone" : reason);
  }
  if (!taken_back || lease.state == state) return;
  lease.interruptions += 1;
  decision.interrupted = true;
}

void ending_acts(Decision& decision, const View& view) {
  Lease& lease = decision.next;
  if (!lease.machine_ended) {
    const bool never_was = lease.launch.pending && lease.launch.instance_id.empty() &&
                           view.facts.machine.seen == MachineSeen::absent &&
                           is_absence_believed(lease, view);
    const bool none_known = !lease.launch.pending && lease.launch.instance_id.empty();
    if (none_known || never_was || machine_is_dead(lease, view)) {
      lease.machine_ended = true;
      lease.launch.pending = false;
      lease.launch.request.clear();
      lease.reserved = Money{};
      note(decision, view.now, "machine-ended", view.facts.machine.reason);
    } else if (!lease.launch.instance_id.empty()) {
      add(decision, Act::terminate);
    }
  }
  if (!lease.runner_removed) {
    const bool gave_up = view.now - lease.state_since > view.policy.runner_cleanup_max;
    const bool absent = lease.machine_ended && view.facts.runner == RunnerSeen::absent;
    if (lease.runner_name.empty() || absent || gave_up) {
      lease.runner_removed = true;
      note(decision, view.now, "runner-removed", gave_up ? "left to GitHub" : "");
    } else if (view.facts.runner != RunnerSeen::busy) {
      // A busy one cannot be removed (422), and one whose machine is dead stays busy for minutes.
      add(decision, Act::remove_runner);
    }
  }
  if (lease.machine_ended && lease.runner_removed) move_to(decision, gone, view.now);
}

void decide_launching(Decision& decision, const View& view) {
  Lease& lease = decision.next;
  if (lease.launch.pending) {
    if (view.now - lease.launch.intended_at > view.policy.boot_timeout) {
      end_with(decision, Outcome::boot_failed, view.now, "no answer to the launch ever came");
      return;
    }
    if (!lease.next_launch_at || view.now < *lease.next_launch_at) return;
    decision.changed = true;
    if (!view.facts.is_launch_refused || view.facts.machine.seen != MachineSeen::absent) {
      lease.next_launch_at = view.now + view.policy.launch_patience;
      return add(decision, Act::resend_launch);
    }
    lease.launch.pending = false;
    lease.launch.request.clear();
  }
  if (!lease.launch.instance_id.empty()) {  // the previous machine must be gone first
    if (machine_is_dead(lease, view)) {
      note(decision, view.now, "machine-ended", view.facts.machine.reason);
      lease.launch.instance_id = InstanceId{};
    } else {
      add(decision, Act::terminate);
      return;
    }
  }
  if (lease.give_up_at && view.now >= *lease.give_up_at) {
    end_with(decision, Outcome::no_capacity, view.now, lease.reason);
  } else if (!lease.next_launch_at || view.now >= *lease.next_launch_at) {
    lease.next_launch_at = view.now + view.policy.launch_patience;
    decision.changed = true;
    add(decision, Act::new_launch);
  }
}

void see_runner(Decision& decision, const View& view) {
  Lease& lease = decision.next;
  const RunnerSeen runner = view.facts.runner;
  if (lease.state == booting || lease.runner_name.empty()) return;
  if (runner == RunnerSeen::busy) {
    lease.job_seen = true;
    if (lease.state != busy) move_to(decision, busy, view.now);
  } else if (runner == RunnerSeen::online && lease.state == claimed) {
    move_to(decision, online, view.now);
  }
  if (runner != RunnerSeen::absent && runner != RunnerSeen::unknown) {
    if (lease.runner_missing_since) decision.changed = true;
    lease.runner_missing_since.reset();
  } else if (runner == RunnerSeen::absent && !lease.runner_missing_since) {
    lease.runner_missing_since = view.now;
    decision.changed = true;
  }
}

// GitHub takes a JIT runner off its list when its job is done, and sometimes while it is idle
// (facts.md A2). The machine should have powered itself off; it gets a moment, then is ended. Lists
// may be old, so a runner that the jobs show at work is believed to be there.
void on_missing_runner(Decision& decision, const View& view) {
  Lease& lease = decision.next;
  if (lease.state == claimed && !lease.job_seen) return;
  if (!is_runner_missing_for(lease, view, view.policy.power_off_grace)) return;
  const bool is_sure = is_runner_missing_for(lease, view, view.policy.job_list_lag);
  switch (view.facts.job) {
    case JobSeen::unknown:
    case JobSeen::at_work:
      return;
    case JobSeen::done:
      return end_with(decision, Outcome::job_done, view.now, "");
    case JobSeen::none:
      if (!lease.job_seen)
        relaunch(decision, view.now, view.policy, "GitHub took the idle runner off its list");
      else if (is_stolen(lease, view))
        relaunch(decision, view.now, view.policy, k_stolen);
      else if (is_sure)
        end_with(decision, Outcome::job_done, view.now, "");
  }
}

void decide_running(Decision& decision, const View& view) {
  Lease& lease = decision.next;
  see_job(decision, view);
  see_runner(decision, view);
  if (machine_is_dead(lease, view)) return on_machine_death(decision, view);
  on_missing_runner(decision, view);
  if (lease.state == launching || lease.state == ending) return;

  // A claimed machine may long be at work while GitHub does not answer: then it is not late.
  const bool up_late = lease.state == booting ||
                       (lease.state == claimed && view.facts.runner != RunnerSeen::unknown);
  if (up_late && view.now - lease.launch.intended_at > view.policy.boot_timeout) {
    // A runner that has been made may be given a job at this very moment, and lists lag: GitHub has
    // to let go of it first.
    if (lease.state == claimed && lease.job_seen) return;
    if (lease.state == claimed) return add(decision, Act::retire_if_late);
    relaunch(decision, view.now, view.policy, k_too_late);
    return;
  }
  if (lease.state != booting && !lease.metadata_off) add(decision, Act::disable_metadata);
  const bool idle_too_long =
      lease.state == online && view.now - lease.state_since > view.policy.idle_timeout;
  const bool unneeded = lease.release_asked && view.facts.demand == DemandSeen::served;
  if (lease.state != busy && (idle_too_long || unneeded)) add(decision, Act::retire_if_idle);
  if (lease.release_asked && view.facts.demand != DemandSeen::unknown && !unneeded) {
    lease.release_asked = false;  // still needed: the doorbell is answered
    decision.changed = true;
  }
}

// Jobs of other runs name the runner's labels too, and GitHub may have given it one that we do not
// know of yet: it is asked for the runner before the machine ends. A runner that is busy is told of
// by its hook before long (service/exchange.h), or is none.
bool may_be_anothers(const Lease& lease, const View& view) {
  if (lease.source != Source::shared || lease.job_confirmed || lease.state == booting ||
      lease.state == launching || machine_is_dead(lease, view))
    return false;
  return !lease.job_seen || view.now - lease.state_since <= view.policy.job_list_lag;
}

void decide_without_run(Decision& decision, const View& view) {
  Lease& lease = decision.next;
  see_job(decision, view);
  see_runner(decision, view);
  if (!lease.metadata_off) add(decision, Act::disable_metadata);
  if (lease.state == busy) return;
  if (!lease.release_asked) decision.changed = true;
  lease.release_asked = true;
  add(decision, Act::retire_if_idle);
}

Outcome outcome_of_run_over(const Lease& lease, const LeaseFacts& facts) {
  const bool took_job = facts.job == JobSeen::at_work || facts.job == JobSeen::done;
  return lease.job_confirmed || took_job ? Outcome::job_done : Outcome::run_over;
}

}  // namespace

void move_to(Decision& decision, LeaseState state, WallTime now, std::string detail) {
  MAYFLY_CHECK(is_edge(decision.next.state, state));
  decision.next.state = state;
  decision.next.state_since = now;
  note(decision, now, std::string(to_string(state)), std::move(detail));
}

void end_with(Decision& decision, Outcome outcome, WallTime now, std::string reason) {
  decision.next.outcome = outcome;
  decision.next.reason = std::move(reason);
  decision.next.release_asked = false;
  // A launch sent again a moment ago: what older lists lacked says nothing of it.
  if (decision.next.launch.pending) decision.next.machine_missing_since.reset();
  std::string detail(to_string(outcome));
  if (!decision.next.reason.empty()) detail += ": " + decision.next.reason;
  move_to(decision, LeaseState::ending, now, std::move(detail));
}

void relaunch(Decision& decision, WallTime now, const SweepPolicy& policy, const std::string& why) {
  Lease& lease = decision.next;
  if (lease.launch.boots >= policy.boots_max) {
    end_with(decision, Outcome::boot_failed, now, why);
    return;
  }
  lease.claim_key_sha256.clear();
  lease.runner_name.clear();
  lease.runner_id.reset();
  lease.runner_missing_since.reset();
  lease.runner_removed = false;
  lease.metadata_off = false;
  lease.job_seen = lease.job_confirmed = false;
  lease.next_launch_at = now;
  lease.give_up_at.reset();
  lease.reason = why;
  move_to(decision, launching, now, why);
}

Decision decide(const Lease& lease, const LeaseFacts& facts, WallTime now,
                const SweepPolicy& policy) {
  Decision decision{lease, false, {}, {}};
  if (lease.state == gone) return decision;
  const View view{facts, now, policy};
  see_machine(decision, view);
  adopt(decision, view);
  if (decision.next.state != ending) {
    if (now >= lease.deadline) {
      end_with(decision, Outcome::deadline, now, "");
    } else if (facts.run == RunSeen::over && may_be_anothers(decision.next, view)) {
      decide_without_run(decision, view);
    } else if (facts.run == RunSeen::over) {
      end_with(decision, outcome_of_run_over(lease, facts), now, "");
    } else if (decision.next.state == launching) {
      decide_launching(decision, view);
    } else {
      decide_running(decision, view);
    }
  }
  if (decision.next.state == ending) ending_acts(decision, view);
  if (decision.next.state == launching && !decision.next.launch.instance_id.empty())
    add(decision, Act::terminate);
  return decision;
}

Questions questions(const Lease& lease, const MachineFact& machine) {
  Questions ask;
  if (lease.state == gone) return ask;
  ask.run = lease.state != ending;
  ask.runner = !lease.runner_name.empty() && !lease.runner_removed;
  const bool after_claim = lease.state == claimed || lease.state == online || lease.state == busy;
  const bool died = machine.seen == MachineSeen::ended || machine.seen == MachineSeen::absent;
  const bool is_listed_late = lease.state == claimed && !lease.job_seen;
  const bool is_missing = lease.runner_missing_since.has_value() && !is_listed_late;
  ask.jobs = lease.release_asked || (after_claim && (is_missing || (died && !lease.job_confirmed)));
  return ask;
}

}  // namespace mayfly
