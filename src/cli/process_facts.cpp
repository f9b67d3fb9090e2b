#include "cli/process_facts.h"

#include "report/recent_times.h"
#include "service/sweep_note.h"

namespace mayfly::cli {
namespace {

constexpr Millis k_between_notes = Seconds{30};

void add_upstream(pages::CallFacts& facts, const std::string& what, std::int64_t calls) {
  const bool is_github = what.starts_with("github ");
  const bool has_failed = what.ends_with(" 5xx") || what.ends_with(" none");
  (is_github ? facts.github : facts.aws) += calls;
  if (has_failed) (is_github ? facts.github_failed : facts.aws_failed) += calls;
}

}  // namespace

pages::ProcessFacts facts_of_server(const LastSweep& last_sweep, const Counters& counters,
                                    const github::GithubClient& github) {
  pages::ProcessFacts facts;
  if (const auto last = last_sweep.get())
    facts.sweep = SweepNote{last->first, last->second, github.rate_limit()};
  pages::CallFacts calls;
  calls.since = counters.started;
  calls.github_in_minute = github.calls_in_minute();
  for (const auto& [what, count] : counters.upstream.get()) add_upstream(calls, what, count.calls);
  for (const auto& [code, count] : counters.answers.get())
    if (code != "ok") calls.refused[code] = count.calls;
  facts.calls = std::move(calls);
  return facts;
}

pages::ProcessFacts facts_left_by_sweep(Ledger& ledger) {
  pages::ProcessFacts facts;
  if (auto note = read_sweep_note(ledger)) facts.sweep = std::move(*note);
  return facts;
}

void keep_runner_time(Log& log, Ledger& ledger, const Lease& lease,
                      const report::Journey& journey) {
  if (const Status kept = report::note_runner_time(ledger, lease, journey); !kept)
    log.warning("runner-time-not-kept",
                {{"lease", lease.id.text}, {"reason", kept.error().message}});
}

void SweepNotes::leave(const SweepReport& report) {
  const SteadyTime now = clock_.steady();
  if (next_ && now < *next_ && report.problems.empty()) return;
  next_ = now + k_between_notes;
  const Status left = write_sweep_note(ledger_, {clock_.wall(), report, github_.rate_limit()});
  if (!left) log_.warning("sweep-note-not-left", {{"reason", left.error().message}});
}

}  // namespace mayfly::cli
