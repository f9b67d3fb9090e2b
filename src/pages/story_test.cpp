#include "pages/story.h"

#include <doctest/doctest.h>

#include "ledger/testing.h"
#include "pages/html.h"
#include "pages/lease_page.h"
#include "pages/words.h"

namespace mayfly::pages {
namespace {

using mayfly::testing::filled;
using mayfly::testing::k_noon;
using mayfly::testing::numbered;

const LeasePlace k_place{"../../", "https://ci.example.org/v1/leases/l-1", "https://github.com"};

LeaseEvent at(int second, const char* name, const char* detail = "") {
  return {numbered(1).id, k_noon + Seconds{second}, name, detail};
}

LeaseStory booting_story() {
  LeaseStory story;
  story.lease = numbered(1);
  story.lease.state = LeaseState::booting;
  story.lease.labels = {"mayfly-42-x86_64", "arch_x86_64"};
  story.lease.deadline = k_noon + Seconds{3600};
  story.lease.launch.boots = 1;
  story.lease.launch.instance_type = "c5.9xlarge";
  story.lease.launch.zone = "us-east-2a";
  story.events = {at(0, "asked", "v1"), at(1, "verified"), at(1, "launching"),
                  at(13, "booting", "i-1")};
  MachineRecord machine;
  machine.usd_per_hour = Money{1'530'000};
  machine.launched_at = k_noon + Seconds{13};
  story.machines = {machine};
  return story;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("lease page: each stage has its time, what it usually takes, and what is still to come") {
  LeaseStory story = booting_story();
  story.usuals = {{StageKind::launch, Seconds{20}}, {StageKind::boot, Seconds{25}}};
  const std::string page = lease_page(story, k_place, k_noon + Seconds{20});
  for (const char* part :
       {"<h1 id=\"standing\" class=\"mood waiting\">The machine is booting</h1>",
        "Waiting for EC2 to start a machine:</span><span class=\"time\"> 12 s</span>"
        "<span class=\"usually\"> usually 20 s</span>",
        "The machine boots:</span><span class=\"time\"> <span data-since=\"7000\">7 s</span> so "
        "far",
        "<li class=\"to-come\"><span class=\"name\">Waiting for the job</span></li>",
        "<dt>Price so far</dt><dd>at most $0.0255</dd>", "<dd>c5.9xlarge</dd>", "us-east-2a",
        ">13:00:00 UTC</time>, in <span data-left=\"3580000\">59 min 40 s</span>",
        "href=\"https://github.com/octo/one/actions/runs/42\"", "Every stamp (4)",
        "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>", "data-poll=\"3000\""})
    CHECK_MESSAGE(holds(page, part), part);
  CHECK_FALSE(holds(page, "<script>"));
  CHECK_FALSE(holds(page, "style="));
}

TEST_CASE("lease page: a page of what is gone does not ask again") {
  LeaseStory story = booting_story();
  story.lease.state = LeaseState::gone;
  story.lease.outcome = Outcome::job_done;
  const std::string page = lease_page(story, k_place, k_noon + Seconds{20});
  CHECK(holds(page, "data-poll=\"0\""));
  CHECK_FALSE(holds(page, "refresh"));
  CHECK_FALSE(holds(page, "to-come"));
}

TEST_CASE("lease page: what went wrong comes with what to do, for each way of ending badly") {
  const std::map<Outcome, Code> codes = {
      {Outcome::no_capacity, Code::no_capacity}, {Outcome::boot_failed, Code::boot_failed},
      {Outcome::idle, Code::idle_limit},         {Outcome::deadline, Code::deadline_passed},
      {Outcome::interrupted, Code::interrupted}, {Outcome::refused, Code::aws_config}};
  for (const auto& [outcome, code] : codes) {
    LeaseStory story = booting_story();
    story.lease.state = LeaseState::ending;
    story.lease.outcome = outcome;
    story.lease.reason = outcome == Outcome::refused ? "aws-config: no such image" : "because";
    const auto trouble = trouble_of(story.lease);
    REQUIRE(trouble);
    CHECK(trouble->title == info(code).title);
    CHECK(trouble->remedy == info(code).remedy);
    CHECK(trouble->detail == (outcome == Outcome::refused ? "no such image" : "because"));
    CHECK(holds(lease_page(story, k_place, k_noon), escaped(trouble->remedy)));
    CHECK(mood_of(story.lease) == Mood::bad);
  }
  for (const Outcome fine : {Outcome::job_done, Outcome::run_over, Outcome::released}) {
    LeaseStory story = booting_story();
    story.lease.state = LeaseState::gone;
    story.lease.outcome = fine;
    CHECK_FALSE(trouble_of(story.lease));
  }
}

TEST_CASE("lease page: who waits is told why, and until when it is tried again") {
  Lease lease = numbered(1);
  lease.state = LeaseState::launching;
  CHECK_FALSE(trouble_of(lease));
  lease.reason = "limit-machines: 10 of 10 machines are in use";
  lease.deadline = k_noon + Seconds{3600};
  const auto trouble = trouble_of(lease);
  REQUIRE(trouble);
  CHECK(trouble->title == info(Code::limit_machines).title);
  CHECK(holds(trouble->remedy, "until 2026-11-23 13:00:00 UTC"));
  CHECK(standing(lease) == "Waiting to ask EC2 for a machine again");
}

TEST_CASE("lease page: nothing that opens anything is shown, nor who started the run") {
  LeaseStory story = booting_story();
  story.lease = filled<Lease>();
  for (const std::string& text :
       {lease_page(story, k_place, k_noon), summary_of(story, k_noon), badge_svg(story.lease)})
    for (const std::string& hidden :
         {story.lease.launch.nonce_sha256, story.lease.claim_key_sha256, story.lease.launch.request,
          story.lease.launch.client_token.text, story.lease.runner_name, story.lease.actor,
          story.lease.head})
      CHECK_MESSAGE(!holds(text, escaped(hidden)), hidden);
}

TEST_CASE("lease page: hostile text stays text, wherever it comes from") {
  const std::string hostile = "\"><img src=x onerror=alert(1)>'&\x1b\xE2\x80\xAE";
  LeaseStory story = booting_story();
  story.lease.state = LeaseState::ending;
  story.lease.outcome = Outcome::boot_failed;
  story.lease.reason = hostile;
  story.lease.labels = {hostile};
  story.lease.repository.text = hostile;
  story.lease.launch.instance_type = story.lease.launch.zone = hostile;
  story.events.push_back({story.lease.id, k_noon + Seconds{14}, hostile, hostile});
  story.events.push_back({story.lease.id, k_noon + Seconds{15}, "launching", hostile});
  const std::string page = lease_page(story, k_place, k_noon);
  CHECK_FALSE(holds(page, "<img"));
  CHECK_FALSE(holds(page, "\x1b"));
  CHECK_FALSE(holds(page, "'&"));
  CHECK(holds(page, "&lt;img src=x onerror=alert(1)&gt;"));
  CHECK(summary_of(story, k_noon).find('\x1b') == std::string::npos);
}

TEST_CASE("lease page: its version changes with each thing that is new, and not with time") {
  const LeaseStory story = booting_story();
  LeaseStory other = story;
  CHECK(version_of(other) == version_of(story));
  other.lease.version += 1;
  CHECK(version_of(other) != version_of(story));
  other = story;
  other.events.push_back(at(14, "machine-booted"));
  CHECK(version_of(other) != version_of(story));
  other = story;
  other.machines.front().ended_at = k_noon;
  CHECK(version_of(other) != version_of(story));
}

TEST_CASE("summary: one line says where it stands, how long it took and what it costs") {
  LeaseStory story = booting_story();
  CHECK(summary_of(story, k_noon + Seconds{20}) ==
        "The machine is booting. On c5.9xlarge, us-east-2a, spot; at most $0.0255 so far.");
  story.events.push_back(at(48, "online"));
  story.lease.state = LeaseState::gone;
  story.lease.outcome = Outcome::interrupted;
  story.lease.machine_ended = true;
  story.machines.front().ended_at = k_noon + Seconds{100};
  story.machines.front().spent = Money{43'100};
  CHECK(summary_of(story, k_noon + Seconds{200}) ==
        "Ended: EC2 took the machine back during the job. Runner after 48 s on c5.9xlarge, "
        "us-east-2a, spot; at most $0.0431. EC2 took the spot machine back. Re-run the job; the "
        "owner may allow on-demand.");
  CHECK(summary_of({numbered(1), {}, {}, {}}, k_noon) == "About to ask EC2 for a machine.");
}

TEST_CASE("badge: it says in words what its colour says") {
  Lease lease = numbered(1);
  lease.state = LeaseState::busy;
  CHECK(holds(badge_svg(lease), "<title>mayfly: job running</title>"));
  CHECK(holds(badge_svg(lease), "role=\"img\""));
  lease.state = LeaseState::gone;
  lease.outcome = Outcome::boot_failed;
  CHECK(holds(badge_svg(lease), ">boot failed</text>"));
}

TEST_CASE("words: durations are as people say them") {
  CHECK(spoken(Millis{0}) == "0 s");
  CHECK(spoken(Millis{-5}) == "0 s");
  CHECK(spoken(Millis{1'240}) == "1.2 s");
  CHECK(spoken(Millis{9'960}) == "10 s");
  CHECK(spoken(Millis{12'900}) == "12 s");
  CHECK(spoken(Seconds{250}) == "4 min 10 s");
  CHECK(spoken(Seconds{7'500}) == "2 h 5 min");
  CHECK(spoken(Seconds{7'200}) == "2 h");
  CHECK(spoken(Seconds{100'000}) == "1 d 3 h");
  CHECK(spoken(k_noon, k_noon + Seconds{60}) == "12:00:00 UTC");
  CHECK(spoken(k_noon, k_noon + std::chrono::hours{24}) == "2026-11-23 12:00:00 UTC");
}

}  // namespace
}  // namespace mayfly::pages
