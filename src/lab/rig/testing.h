#pragma once

// For the stories told with a rig: what was answered, what stands in the ledger, what is really
// there, and rr's run played in one line. One thread.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lab/rig/rig.h"
#include "lab/rig/rr_workflow.h"
#include "lease/enforce.h"

namespace mayfly::lab {

inline const std::string k_label = "rr_runner_0123456789abcdef0123456789abcdef";
inline const std::string k_other_label = "rr_runner_fedcba9876543210fedcba9876543210";

inline std::string code_of(const HttpResponse& response) {
  const auto body = parse_json(response.body);
  if (!body || !body->is_object()) return "";
  return json_string(body->get_object(), "code").value_or("");
}

inline std::vector<Lease> leases(Rig& rig) { return rig.ledger().recent(100).value(); }

inline Lease lease_of(Rig& rig, const std::string& label, Architecture architecture) {
  for (const Lease& lease : leases(rig))
    if (lease.label == label && lease.architecture == architecture) return lease;
  FAIL("there is no lease of ", label);
  return {};
}

inline std::vector<FakeInstance> machines_of(Rig& rig, const Lease& lease) {
  std::vector<FakeInstance> all = rig.aws().instances();
  std::erase_if(all,
                [&](const FakeInstance& i) { return tag_of(i, k_tag_lease) != lease.id.text; });
  return all;
}

inline std::size_t live_count(Rig& rig) { return live_instances(rig.aws()).size(); }

inline bool all_in(Rig& rig, LeaseState state) {
  const auto all = leases(rig);
  return std::all_of(all.begin(), all.end(), [&](const Lease& l) { return l.state == state; });
}

// A run whose setup job has begun and has asked for nothing yet.
inline RunId begin_run(Rig& rig, const RrLabels& labels, Millis test_duration = Seconds{300}) {
  const RunId run = rig.github().start_run(rr_workflow(labels, test_duration));
  begin_hosted(rig.github(), run, "setup");
  return run;
}

// A run with its runners asked for and its tests queued.
inline RunId begin_and_create(Rig& rig, const std::string& label,
                              Millis test_duration = Seconds{300}) {
  const RunId run = begin_run(rig, {label, label}, test_duration);
  const HttpResponse answer = rig.post("/", seed_create(label));
  CHECK_MESSAGE(answer.status == 200, answer.body);
  finish_hosted(rig.github(), run, "setup");
  return run;
}

inline bool tests_are_over(Rig& rig, RunId run) {
  for (const char* name : {"test-x86_64", "test-arm64"})
    if (conclusion_of(rig.github(), run, name).starts_with("(")) return false;
  return true;
}

// Likewise by the run's id, for one runner of each architecture.
inline RunId ask_by_id(Rig& rig) {
  const RunId run = start_v1_run(rig.github());
  begin_hosted(rig.github(), run, "setup");
  const HttpResponse answer = rig.post("/v1/leases", v1_ask(run));
  REQUIRE_MESSAGE(answer.status == 201, answer.body);
  finish_hosted(rig.github(), run, "setup");
  return run;
}

// How many calls of the service went to addresses that end so.
inline std::size_t calls_to(Rig& rig, std::string_view end) {
  const auto& journal = rig.upstream().journal();
  return static_cast<std::size_t>(
      std::count_if(journal.begin(), journal.end(),
                    [&](const HttpRequest& request) { return request.url.ends_with(end); }));
}

// The names on a lease's timeline, oldest first.
inline std::vector<std::string> stamps_of(Rig& rig, const LeaseId& id) {
  std::vector<std::string> names;
  const auto events = rig.ledger().events(id).value();
  for (const LeaseEvent& event : events) names.push_back(event.name);
  return names;
}

inline void stop_run(Rig& rig, RunId run, const json::object& destroy) {
  begin_hosted(rig.github(), run, "stop");
  (void)rig.post("/", destroy);
  finish_hosted(rig.github(), run, "stop");
}

// Everything has ended, nothing is left over, the books agree with what EC2 really charged, and no
// promise was broken on the way.
inline void check_settled(Rig& rig) {
  CHECK(rig.is_quiet());
  const Audit audit = rig.ledger().audit().value();
  CHECK(audit.leases_live == 0);
  CHECK(audit.launched == audit.ended);
  CHECK(audit.runners_left == 0);
  CHECK(audit.reserved == Money{});
  CHECK(rig.aws().spent() <= audit.spent);
  CHECK_MESSAGE(rig.watch().violations().empty(), rig.watch().text());
}

// Jobs that do not end by themselves, on machines whose timer root has cancelled.
inline RigOptions endless_jobs() {
  RigOptions options = rr_options();
  options.machines.job = std::chrono::hours{5};
  options.machines.arms_timer = false;
  return options;
}

inline ModelOptions all_behave(Behaviour behaviour) {
  ModelOptions options;
  options.behaviour = [behaviour](const Machine&) { return behaviour; };
  return options;
}

inline Fault lost(std::string name, int count = 1) {
  return {.kind = FaultKind::lose_reply, .concerns = calls_named(std::move(name)), .count = count};
}

inline Fault refused(std::string name, int count = 1) {
  return {.kind = FaultKind::refuse, .concerns = calls_named(std::move(name)), .count = count};
}

inline Fault answered(std::string name, int status, int count = 1) {
  return {.kind = FaultKind::answer,
          .concerns = calls_named(std::move(name)),
          .count = count,
          .response = {status, {}, "{}"}};
}

}  // namespace mayfly::lab
