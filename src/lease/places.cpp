#include "lease/places.h"

#include <algorithm>

namespace mayfly {
namespace {

// Of a job that was cancelled or skipped before any runner had it, nothing was ever wanted.
bool counts(const JobFacts& job) { return !job.completed || !job.runner_name.empty(); }

bool is_on_its_way(const Lease& lease) {
  return lease.state < LeaseState::ending && !lease.job_seen;
}

// A bare label's run is a guess until its job has been seen.
bool is_certain(const Lease& lease) {
  return lease.source != Source::seed || lease.run_confirmed || lease.job_confirmed;
}

bool was_served_by(const Lease& lease, const RunFacts& run) {
  if (lease.run_id == run.id) return lease.run_attempt < run.attempt;
  return run.attempt > 1 && !is_certain(lease);
}

int interruptions_before(const RunFacts& run, Architecture architecture,
                         const std::vector<Lease>& known) {
  int most = 0;
  for (const Lease& lease : known)
    if (lease.architecture == architecture && was_served_by(lease, run))
      most = std::max(most, lease.interruptions);
  return most;
}

bool is_of(const Lease& lease, const RunFacts& run) {
  return lease.run_id == run.id && lease.run_attempt == run.attempt;
}

bool is_failed(const Lease& lease) {
  return lease.outcome == Outcome::no_capacity || lease.outcome == Outcome::refused ||
         lease.outcome == Outcome::boot_failed || lease.outcome == Outcome::idle;
}

}  // namespace

std::vector<std::string> labels_of_queued(const std::vector<JobFacts>& jobs) {
  std::vector<std::string> labels;
  for (const JobFacts& job : jobs) {
    if (!job.queued) continue;
    for (const std::string& label : job.labels) {
      if (labels.size() >= k_labels_looked_at) return labels;
      if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
    }
  }
  return labels;
}

std::optional<Place> derived_place(const std::string& label, const RunFacts& run,
                                   const std::vector<Lease>& known) {
  const auto from = parse_derived_label(label, run.id);
  if (!from) return std::nullopt;
  Place place{from->architecture, from->index,
              derived_label(run.id, from->index, from->architecture)};
  place.was_served = std::any_of(known.begin(), known.end(), [&](const Lease& lease) {
    return lease.source == Source::v1 && was_served_by(lease, run);
  });
  place.interruptions = interruptions_before(run, place.architecture, known);
  return place;
}

std::optional<Place> shared_place(const std::string& label, const RunFacts& run,
                                  const std::vector<Lease>& known) {
  const auto architecture = parse_shared_label(label);
  if (!architecture) return std::nullopt;
  Place place{*architecture, 0, shared_name(run.id, *architecture)};
  place.is_shared = true;
  place.was_served = std::any_of(known.begin(), known.end(),
                                 [&](const Lease& lease) { return was_served_by(lease, run); });
  place.interruptions = interruptions_before(run, place.architecture, known);
  return place;
}

std::vector<std::string> labels_of(const Place& place) {
  return place.is_shared ? labels_of_shared_runner(place.label, place.architecture)
                         : labels_of_runner(place.label, place.architecture);
}

std::vector<Place> bare_places(const std::string& label, const RunFacts& run,
                               const std::vector<Lease>& known) {
  std::vector<Place> places;
  for (const Lease& lease : known) {
    const bool is_there = std::any_of(places.begin(), places.end(), [&](const Place& one) {
      return one.architecture == lease.architecture;
    });
    if (lease.source == Source::seed && !is_there && was_served_by(lease, run))
      places.push_back({lease.architecture, 0, label, true, true,
                        interruptions_before(run, lease.architecture, known)});
  }
  return places;
}

int lacking(const Place& place, const RunFacts& run, const std::vector<JobFacts>& jobs,
            const std::vector<Lease>& known) {
  const auto labels = labels_of(place);
  int all = 0, queued = 0;
  for (const JobFacts& job : jobs) {
    if (!is_for(job, place.label, labels)) continue;
    all += counts(job) ? 1 : 0;
    queued += job.queued ? 1 : 0;
  }
  int had = 0, coming = 0;
  for (const Lease& lease : known) {
    if (lease.architecture != place.architecture) continue;
    // One whose run is a guess still may turn out to be for this job.
    if (place.is_bare && !is_certain(lease) && is_on_its_way(lease)) return 0;
    if (!is_of(lease, run)) continue;
    had += 1;
    coming += is_on_its_way(lease) ? 1 : 0;
  }
  const int most = place.is_bare ? std::min(all, 1) : all;
  return std::max(0, std::min(queued - coming, most - had));
}

std::optional<Lease> failed_for(const RunFacts& run, const std::vector<JobFacts>& jobs,
                                const std::vector<Lease>& known) {
  for (const Lease& lease : known) {
    if (!is_of(lease, run) || !is_failed(lease)) continue;
    int all = 0, queued = 0, had = 0, coming = 0;
    for (const JobFacts& job : jobs) {
      if (!is_for(job, lease.label, lease.labels)) continue;
      all += counts(job) ? 1 : 0;
      queued += job.queued ? 1 : 0;
    }
    for (const Lease& other : known) {
      if (!is_of(other, run) || other.architecture != lease.architecture) continue;
      had += 1;
      coming += is_on_its_way(other) ? 1 : 0;
    }
    if (queued > coming && had >= all) return lease;
  }
  return std::nullopt;
}

std::optional<Millis> patience_for(Code refusal, const RunPolicy& policy,
                                   const Patience& patience) {
  switch (refusal) {
    case Code::fork_not_allowed:  // a review may still approve it
      return policy.forks == Forks::deny ? std::optional(patience.capacity) : std::nullopt;
    case Code::event_not_allowed:
    case Code::workflow_not_allowed:
    case Code::actor_not_allowed:
    case Code::limit_money_day:
    case Code::limit_money_month:
      return patience.capacity;
    case Code::limit_machines:
    case Code::limit_repository:
    case Code::limit_run:
    case Code::limit_actor:
    case Code::limit_pull_request:
    case Code::limit_seed_labels:
    case Code::limit_launches:
    case Code::launches_paused:
      return patience.place;
    default:
      return std::nullopt;
  }
}

std::optional<WallTime> waiting_since(const std::vector<JobFacts>& jobs,
                                      const std::vector<std::string>& labels) {
  std::optional<WallTime> since;
  for (const JobFacts& job : jobs) {
    const bool is_one = std::any_of(labels.begin(), labels.end(), [&](const std::string& label) {
      return is_for(job, label, job.labels);
    });
    if (job.queued && is_one && job.created_at && (!since || *job.created_at < *since))
      since = job.created_at;
  }
  return since;
}

LeaseKey key_of(const RepositoryName& repository, const RunFacts& run, const Place& place) {
  LeaseKey key;
  key.repository = repository;
  key.architecture = place.architecture;
  key.run_id = run.id;
  key.run_attempt = run.attempt;
  if (place.is_bare)
    key.label = place.label;
  else
    key.index = place.index;
  key.is_shared = place.is_shared;
  return key;
}

}  // namespace mayfly
