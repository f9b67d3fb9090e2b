#include "lease/decide.h"

#include <doctest/doctest.h>

#include "lease/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using enum LeaseState;

LeaseFacts machine_ended(const Lease& lease, const std::string& reason = "") {
  LeaseFacts facts = facts_as_expected(lease);
  facts.machine.seen = MachineSeen::ended;
  facts.machine.reason = reason;
  return facts;
}

TEST_CASE("decide: a lease whose facts are as expected is left alone") {
  for (const LeaseState state : {booting, claimed, online, busy}) {
    const Lease lease = lease_in(state);
    const Decision decision = after(lease, facts_as_expected(lease), Seconds{10});
    CHECK_FALSE(decision.changed);
    CHECK(decision.acts.empty());
  }
}

TEST_CASE("decide: a deadline ends a lease in every state, whatever GitHub and EC2 say") {
  for (const LeaseState state : {launching, booting, claimed, online, busy}) {
    const Lease lease = lease_in(state);
    const Decision decision = after(lease, LeaseFacts{}, Seconds{3600});
    CHECK(decision.next.state == ending);
    CHECK(decision.next.outcome == Outcome::deadline);
    if (state != launching) CHECK(has_act(decision, Act::terminate));
  }
}

TEST_CASE("decide: unknown facts end nothing before the deadline") {
  for (const LeaseState state : {launching, booting, claimed, online, busy}) {
    const Decision decision = after(lease_in(state), LeaseFacts{}, Seconds{20});
    CHECK(decision.next.state == state);
    CHECK_FALSE(has_act(decision, Act::terminate));
    CHECK_FALSE(has_act(decision, Act::remove_runner));
  }
}

TEST_CASE("decide: a busy runner is not ended by a release, an idle limit or a boot timeout") {
  Lease lease = lease_in(busy);
  lease.release_asked = true;
  LeaseFacts facts = facts_as_expected(lease);
  facts.demand = DemandSeen::open;
  const Decision decision = after(lease, facts, Seconds{3000});
  CHECK(decision.next.state == busy);
  CHECK(decision.acts.empty());
  CHECK_FALSE(decision.next.release_asked);
}

TEST_CASE(
    "decide: destroy of a stranger's run changes nothing while its jobs are queued or not yet "
    "visible") {
  for (const LeaseState state : {booting, claimed, online, busy}) {
    for (const DemandSeen demand : {DemandSeen::none_yet, DemandSeen::open}) {
      Lease lease = lease_in(state);
      lease.release_asked = true;
      LeaseFacts facts = facts_as_expected(lease);
      facts.demand = demand;
      const Decision decision = after(lease, facts, Seconds{10});
      CHECK(decision.next.state == state);
      CHECK(decision.acts.empty());
    }
  }
}

TEST_CASE("decide: a release of a lease whose jobs are all done asks GitHub before it ends it") {
  Lease lease = lease_in(online);
  lease.release_asked = true;
  LeaseFacts facts = facts_as_expected(lease);
  facts.demand = DemandSeen::served;
  const Decision decision = after(lease, facts, Seconds{10});
  CHECK(decision.next.state == online);
  CHECK(decision.acts == std::vector<Act>{Act::retire_if_idle});
}

TEST_CASE("decide: a run that is over ends its leases although no stop job ever rang") {
  for (const LeaseState state : {launching, booting, claimed, online, busy}) {
    const Lease lease = lease_in(state);
    LeaseFacts facts = facts_as_expected(lease);
    facts.run = RunSeen::over;
    const Decision decision = after(lease, facts, Seconds{10});
    CHECK(decision.next.state == ending);
    if (state != launching) CHECK(has_act(decision, Act::terminate));
  }
}

TEST_CASE("decide: a launch without an answer is sent again with the same intent, not made anew") {
  const Lease lease = lease_in(launching);
  const LeaseFacts facts = facts_as_expected(lease);
  CHECK(after(lease, facts, Seconds{29}).acts.empty());
  const Decision decision = after(lease, facts, Seconds{31});
  CHECK(decision.acts == std::vector<Act>{Act::resend_launch});
  CHECK(decision.next.launch.request == lease.launch.request);
  CHECK(decision.next.launch.number == 1);
}

TEST_CASE("decide: a machine found by its tag is adopted instead of launching a second one") {
  const Lease lease = lease_in(launching);
  LeaseFacts facts = facts_as_expected(lease);
  facts.machine.seen = MachineSeen::alive;
  facts.machine.instance_id = InstanceId{"i-00000000000000001"};
  const Decision decision = after(lease, facts, Seconds{60});
  CHECK(decision.next.state == booting);
  CHECK(decision.next.launch.instance_id.text == "i-00000000000000001");
  CHECK_FALSE(decision.next.launch.pending);
  CHECK(decision.next.launch.request.empty());
  CHECK(decision.acts.empty());
}

TEST_CASE(
    "decide: an ending lease never sends its launch again, and waits until the list is believed") {
  Lease lease = lease_in(launching);
  lease.state = ending;
  lease.outcome = Outcome::run_over;
  LeaseFacts facts = facts_as_expected(lease);
  facts.machine.seen = MachineSeen::absent;
  const Decision early = after(lease, facts, Seconds{60});
  CHECK(early.next.state == ending);
  CHECK_FALSE(has_act(early, Act::resend_launch));
  CHECK(after(early.next, facts, Seconds{360}).next.state == ending);
  CHECK(after(early.next, facts, Seconds{361}).next.state == gone);
  Lease sent = lease_in(launching);  // once more, just before its run is over
  sent.machine_missing_since = k_start;
  facts.run = RunSeen::over;
  CHECK(after(after(sent, facts, Seconds{309}).next, facts, Seconds{320}).next.state == ending);
  facts.machine.seen = MachineSeen::unknown;
  CHECK(after(early.next, facts, Seconds{361}).next.state == ending);
}

TEST_CASE("decide: a machine that dies before its job is launched again, at most boots_max times") {
  Lease lease = lease_in(booting);
  const Decision again = after(lease, machine_ended(lease), Seconds{20});
  CHECK(again.next.state == launching);
  CHECK(again.next.next_launch_at == k_start + Seconds{20});
  lease.launch.boots = k_policy.boots_max;
  const Decision enough = after(lease, machine_ended(lease), Seconds{20});
  CHECK(enough.next.outcome == Outcome::boot_failed);
}

TEST_CASE("decide: after a claim a dead machine is launched again only when the jobs are known") {
  const Lease lease = lease_in(online);
  LeaseFacts facts = machine_ended(lease);
  CHECK(after(lease, facts, Seconds{20}).next.state == online);
  facts.job = JobSeen::none;
  CHECK(after(lease, facts, Seconds{20}).next.state == launching);
  facts.job = JobSeen::done;
  const Decision done = after(lease, facts, Seconds{20});
  CHECK(done.next.state == ending);
  CHECK(done.next.outcome == Outcome::job_done);
}

TEST_CASE("decide: a spot interruption during the job is called by its name") {
  const Lease lease = lease_in(busy);
  LeaseFacts facts = machine_ended(lease, "Server.SpotInstanceTermination");
  facts.job = JobSeen::at_work;
  CHECK(after(lease, facts, Seconds{20}).next.outcome == Outcome::interrupted);
}

TEST_CASE("decide: each machine that spot takes back is counted once, no other death is") {
  const std::string taken = "Server.SpotInstanceTermination";
  for (const std::string& reason : {taken, std::string("Client.UserInitiatedShutdown")}) {
    const Lease lease = lease_in(booting);
    const Decision died = after(lease, machine_ended(lease, reason), Seconds{20});
    CHECK(died.next.interruptions == (reason == taken ? 1 : 0));
    CHECK(died.interrupted == (reason == taken));
    const Decision again = after(died.next, machine_ended(lease, reason), Seconds{25});
    CHECK(again.next.interruptions == died.next.interruptions);
    CHECK_FALSE(again.interrupted);
  }
}

TEST_CASE("decide: a second launch waits until the first machine is confirmed ended") {
  Lease lease = lease_in(booting);
  const Decision timed_out = after(lease, facts_as_expected(lease), Seconds{601});
  CHECK(timed_out.next.state == launching);
  CHECK(timed_out.acts == std::vector<Act>{Act::terminate});

  lease = timed_out.next;
  LeaseFacts facts = facts_as_expected(lease);
  facts.machine.seen = MachineSeen::ending;
  const Decision waiting = after(lease, facts, Seconds{620});
  CHECK(waiting.acts == std::vector<Act>{Act::terminate});
  facts.machine.seen = MachineSeen::unknown;
  CHECK(after(lease, facts, Seconds{620}).acts == std::vector<Act>{Act::terminate});

  facts.machine.seen = MachineSeen::ended;
  const Decision relaunch = after(lease, facts, Seconds{640});
  CHECK(has_act(relaunch, Act::new_launch));
  CHECK(relaunch.next.launch.instance_id.empty());
}

TEST_CASE("decide: a machine is taken for dead when lists lack it for long, not when one does") {
  const Lease lease = lease_in(booting);
  LeaseFacts facts = facts_as_expected(lease);
  facts.machine.seen = MachineSeen::absent;
  const Decision first = after(lease, facts, Seconds{100});
  CHECK(first.next.state == booting);
  CHECK(after(first.next, facts, Seconds{400}).next.state == booting);
  CHECK(after(first.next, facts, Seconds{401}).next.state == launching);
}

TEST_CASE("decide: a machine that was missing and is seen again has never been missing") {
  const Lease lease = lease_in(booting);
  LeaseFacts facts = facts_as_expected(lease);
  const MachineSeen alive = facts.machine.seen;
  facts.machine.seen = MachineSeen::absent;
  const Decision missing = after(lease, facts, Seconds{100});
  facts.machine.seen = alive;
  const Decision back = after(missing.next, facts, Seconds{110});
  CHECK_FALSE(back.next.machine_missing_since);
  facts.machine.seen = MachineSeen::absent;
  CHECK(after(back.next, facts, Seconds{405}).next.state == booting);
}

TEST_CASE(
    "decide: gone needs both machine and runner confirmed, and GitHub cannot hold back the "
    "termination") {
  const Lease lease = lease_in(ending);
  LeaseFacts facts;
  facts.machine.seen = MachineSeen::alive;
  Decision decision = after(lease, facts, Seconds{10});
  CHECK(has_act(decision, Act::terminate));
  facts.machine.seen = MachineSeen::ended;
  decision = after(lease, facts, Seconds{10});
  CHECK(decision.next.machine_ended);
  CHECK(decision.next.reserved.micros == 0);
  CHECK(decision.next.state == ending);
  facts.runner = RunnerSeen::absent;
  CHECK(after(decision.next, facts, Seconds{20}).next.state == gone);
}

TEST_CASE("decide: when GitHub stays away for more than a day its own cleaning is relied on") {
  Lease lease = lease_in(ending);
  lease.machine_ended = true;
  CHECK(after(lease, LeaseFacts{}, std::chrono::hours{24}).next.state == ending);
  CHECK(after(lease, LeaseFacts{}, std::chrono::hours{26}).next.state == gone);
}

TEST_CASE("decide: an idle runner is retired through GitHub after its limit") {
  const Lease lease = lease_in(online);
  const LeaseFacts facts = facts_as_expected(lease);
  CHECK(after(lease, facts, Seconds{600}).acts.empty());
  CHECK(after(lease, facts, Seconds{601}).acts == std::vector<Act>{Act::retire_if_idle});
}

TEST_CASE("decide: a runner that GitHub no longer lists gives its machine a minute to power off") {
  const Lease lease = lease_in(busy);
  LeaseFacts facts = facts_as_expected(lease);
  facts.runner = RunnerSeen::absent;
  Decision decision = after(lease, facts, Seconds{10});
  CHECK(decision.next.state == busy);
  CHECK(decision.next.runner_missing_since == k_start + Seconds{10});
  facts.job = JobSeen::done;
  CHECK(after(decision.next, facts, Seconds{70}).next.state == busy);
  decision = after(decision.next, facts, Seconds{71});
  CHECK(decision.next.outcome == Outcome::job_done);
  CHECK(has_act(decision, Act::terminate));
}

TEST_CASE("decide: an idle JIT runner that vanished from GitHub is replaced") {
  const Lease lease = lease_in(online);
  LeaseFacts facts = facts_as_expected(lease);
  facts.runner = RunnerSeen::absent;
  Decision decision = after(lease, facts, Seconds{10});
  facts.job = JobSeen::none;
  decision = after(decision.next, facts, Seconds{80});
  CHECK(decision.next.state == launching);
  CHECK(decision.next.runner_name.empty());
  CHECK(has_act(decision, Act::terminate));
}

TEST_CASE("decide: metadata that is still on after the claim is switched off") {
  Lease lease = lease_in(claimed);
  lease.metadata_off = false;
  CHECK(has_act(after(lease, facts_as_expected(lease), Seconds{5}), Act::disable_metadata));
}

TEST_CASE("decide: capacity is waited for until give_up_at, then the lease ends with the reason") {
  Lease lease = lease_in(launching);
  lease.launch.pending = false;
  lease.launch.request.clear();
  lease.reason = "no capacity: c5.9xlarge InsufficientInstanceCapacity";
  lease.next_launch_at = k_start + Seconds{20};
  lease.give_up_at = k_start + Seconds{300};
  const LeaseFacts facts = facts_as_expected(lease);
  CHECK(after(lease, facts, Seconds{10}).acts.empty());
  CHECK(after(lease, facts, Seconds{21}).acts == std::vector<Act>{Act::new_launch});
  const Decision end = after(lease, facts, Seconds{300});
  CHECK(end.next.outcome == Outcome::no_capacity);
  CHECK(end.next.state == gone);
}

TEST_CASE(
    "decide: no sequence of facts revives a lease, takes an edge that is not drawn, or ends a "
    "live one on unknown facts") {
  std::uint64_t seed = 1;
  const auto draw = [&seed](std::uint64_t bound) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed >> 33) % bound;
  };
  for (int round = 0; round < 20000; ++round) {
    Lease lease = lease_in(static_cast<LeaseState>(draw(7)));
    lease.release_asked = draw(2) == 0 && lease.state != gone;
    Millis elapsed{0};
    for (int step = 0; step < 12; ++step) {
      elapsed += Seconds{static_cast<long long>(draw(400))};
      LeaseFacts facts;
      facts.machine.seen = static_cast<MachineSeen>(draw(5));
      facts.machine.instance_id = lease.launch.instance_id;
      facts.runner = static_cast<RunnerSeen>(draw(5));
      facts.run = static_cast<RunSeen>(draw(3));
      facts.demand = static_cast<DemandSeen>(draw(4));
      facts.job = static_cast<JobSeen>(draw(4));
      const Decision decision = after(lease, facts, elapsed);
      if (lease.state == gone) CHECK_FALSE(decision.changed);
      if (decision.next.state == gone) CHECK(decision.next.machine_ended);
      CHECK(decision.next.launch.number == lease.launch.number);
      lease = decision.next;
    }
  }
}

TEST_CASE(
    "decide: a late machine that booted is replaced, one that claimed only if GitHub lets go") {
  Lease lease = lease_in(booting);
  CHECK(after(lease, facts_as_expected(lease), Seconds{601}).next.state == launching);
  lease = lease_in(claimed);
  LeaseFacts facts = facts_as_expected(lease);
  facts.runner = RunnerSeen::absent;  // the list may lag
  const Decision late = after(lease, facts, Seconds{601});
  CHECK(late.next.state == claimed);
  CHECK(has_act(late, Act::retire_if_late));
  lease.job_seen = true;  // the machine says that its job has begun
  CHECK_FALSE(has_act(after(lease, facts, Seconds{601}), Act::retire_if_late));
}

TEST_CASE("decide: a relaunch forgets what was known of the old runner") {
  Lease lease = lease_in(claimed);
  lease.runner_removed = lease.metadata_off = true;
  Decision decision{lease, true, {}, {}};
  relaunch(decision, k_start, SweepPolicy{}, "late");
  CHECK(decision.next.state == launching);
  CHECK(decision.next.runner_name.empty());
  CHECK_FALSE(decision.next.runner_removed);
  CHECK_FALSE(decision.next.metadata_off);
}

TEST_CASE(
    "decide: a runner that one list lacked is not believed gone while GitHub does not answer") {
  Lease lease = lease_in(busy);
  lease.job_seen = true;
  LeaseFacts facts = facts_as_expected(lease);
  facts.runner = RunnerSeen::absent;
  const Decision missing = after(lease, facts, Seconds{10});
  facts.runner = RunnerSeen::unknown;
  CHECK(after(missing.next, facts, Seconds{200}).next.state == busy);
  facts.runner = RunnerSeen::absent;
  facts.job = JobSeen::done;
  CHECK(after(missing.next, facts, Seconds{200}).next.state == ending);
}

TEST_CASE("decide: a runner that a list lacks is left alone while the run's jobs show it at work") {
  Lease lease = lease_in(busy);
  lease.job_seen = lease.job_confirmed = true;
  lease.runner_missing_since = k_start;
  LeaseFacts facts = facts_as_expected(lease);
  facts.runner = RunnerSeen::absent;
  for (const JobSeen job : {JobSeen::at_work, JobSeen::unknown}) {
    facts.job = job;
    const Decision decision = after(lease, facts, Seconds{900});
    CHECK(decision.next.state == busy);
    CHECK(decision.acts.empty());
  }
}

TEST_CASE(
    "decide: a runner that another run's job was given to is replaced, once lists are fresh") {
  Lease lease = lease_in(busy);
  lease.job_seen = true;
  lease.runner_missing_since = k_start;
  for (const MachineSeen machine : {MachineSeen::alive, MachineSeen::ended}) {
    LeaseFacts facts = facts_as_expected(lease);
    facts.machine.seen = machine;
    facts.runner = RunnerSeen::absent;
    facts.job = JobSeen::none;
    facts.demand = DemandSeen::open;
    CHECK(after(lease, facts, Seconds{120}).next.state == busy);
    const Decision stolen = after(lease, facts, Seconds{121});
    CHECK(stolen.next.state == launching);
    CHECK(stolen.events.back().detail == k_stolen);
    CHECK(has_act(stolen, Act::terminate));
    CHECK_FALSE(stolen.next.job_seen);
  }
}

TEST_CASE("decide: a runner whose own job was let begin is never taken for stolen") {
  Lease lease = lease_in(busy);
  lease.job_seen = lease.job_confirmed = true;
  lease.runner_missing_since = k_start;
  LeaseFacts facts = machine_ended(lease);
  facts.runner = RunnerSeen::absent;
  CHECK(after(lease, facts, Seconds{10}).next.outcome == Outcome::job_done);
  facts.machine.seen = MachineSeen::alive;
  facts.job = JobSeen::none;
  CHECK(after(lease, facts, Seconds{121}).next.outcome == Outcome::job_done);
}

TEST_CASE("decide: nobody is launched again for a runner whose theft left no job to do") {
  Lease lease = lease_in(busy);
  lease.job_seen = true;
  lease.runner_missing_since = k_start;
  LeaseFacts facts = machine_ended(lease);
  facts.runner = RunnerSeen::absent;
  facts.job = JobSeen::none;
  facts.demand = DemandSeen::served;
  CHECK(after(lease, facts, Seconds{121}).next.outcome == Outcome::job_done);
}

TEST_CASE(
    "questions: nothing is asked about a lease that is gone, and jobs only where they decide") {
  MachineFact alive;
  alive.seen = MachineSeen::alive;
  MachineFact dead;
  dead.seen = MachineSeen::ended;
  CHECK_FALSE(questions(lease_in(gone), dead).run);
  CHECK_FALSE(questions(lease_in(online), alive).jobs);
  CHECK(questions(lease_in(online), dead).jobs);
  CHECK_FALSE(questions(lease_in(booting), dead).jobs);
  CHECK_FALSE(questions(lease_in(ending), alive).run);
  CHECK(questions(lease_in(ending), alive).runner);
}

}  // namespace
}  // namespace mayfly
