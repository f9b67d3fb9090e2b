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

Place place_of(Source source, Architecture architecture, int index, std::string label,
               const RunFacts& run, const std::vector<Lease>& known) {
  Place place{source, architecture, index, std::move(label)};
  for (const Lease& lease : known) {
    if (!was_served_by(lease, run)) continue;
    place.was_served = place.was_served || lease.source == source;
    if (lease.architecture == architecture)
      place.interruptions = std::max(place.interruptions, lease.interruptions);
  }
  return place;
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

std::optional<Place> derived_place(const RunnerLabels& ours, const std::string& label,
                                   const RunFacts& run, const std::vector<Lease>& known) {
  const auto from = ours.parse_derived(label, run.id);
  if (!from) return std::nullopt;
  return place_of(Source::v1, from->architecture, from->index,
                  ours.derived(run.id, from->index, from->architecture), run, known);
}

std::optional<Place> shared_place(const RunnerLabels& ours, const std::string& label,
                                  const RunFacts& run, const std::vector<Lease>& known) {
  const auto architecture = ours.parse_shared(label);
  if (!architecture) return std::nullopt;
  return place_of(Source::shared, *architecture, 0, ours.shared_name(run.id, *architecture), run,
                  known);
}

std::vector<Place> bare_places(const std::string& label, const RunFacts& run,
                               const std::vector<Lease>& known) {
  std::vector<Place> places;
  for (const Lease& lease : known) {
    const bool is_there = std::any_of(places.begin(), places.end(), [&](const Place& one) {
      return one.architecture == lease.architecture;
    });
    if (lease.source == Source::seed && !is_there && was_served_by(lease, run))
      places.push_back(place_of(Source::seed, lease.architecture, 0, label, run, known));
  }
  return places;
}

std::vector<std::string> labels_of(const RunnerLabels& ours, Source source,
                                   const std::string& label, Architecture architecture) {
  return source == Source::shared ? ours.of_shared_runner(label, architecture)
                                  : labels_of_runner(label, architecture);
}

int lacking(const RunnerLabels& ours, const Place& place, const RunFacts& run,
            const std::vector<JobFacts>& jobs, const std::vector<Lease>& known) {
  const auto labels = labels_of(ours, place.source, place.label, place.architecture);
  const bool is_bare = place.source == Source::seed;
  int all = 0, queued = 0;
  for (const JobFacts& job : jobs) {
    if (!is_for(job, labels)) continue;
    all += counts(job) ? 1 : 0;
    queued += job.queued ? 1 : 0;
  }
  int had = 0, coming = 0;
  for (const Lease& lease : known) {
    if (lease.architecture != place.architecture) continue;
    // One whose run is a guess still may turn out to be for this job.
    if (is_bare && !is_certain(lease) && is_on_its_way(lease)) return 0;
    if (!is_of(lease, run)) continue;
    had += 1;
    coming += is_on_its_way(lease) ? 1 : 0;
  }
  const int most = is_bare ? std::min(all, 1) : all;
  return std::max(0, std::min(queued - coming, most - had));
}

std::optional<Lease> failed_for(const RunFacts& run, const std::vector<JobFacts>& jobs,
                                const std::vector<Lease>& known) {
  for (const Lease& lease : known) {
    if (!is_of(lease, run) || !is_failed(lease)) continue;
    int all = 0, queued = 0, had = 0, coming = 0;
    for (const JobFacts& job : jobs) {
      if (!is_for(job, lease.labels)) continue;
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
    const bool is_one =
        std::any_of(job.labels.begin(), job.labels.end(), [&](const std::string& label) {
          return std::find(labels.begin(), labels.end(), label) != labels.end();
        });
    if (job.queued && is_one && job.created_at && (!since || *job.created_at < *since))
      since = job.created_at;
  }
  return since;
}

LeaseKey key_of(const RepositoryName& repository, const RunFacts& run, const Place& place) {
  LeaseKey key{repository, place.architecture, "", run.id, run.attempt};
  key.source = place.source;
  if (place.source == Source::seed)
    key.label = place.label;
  else
    key.index = place.index;
  return key;
}

}  // namespace mayfly
