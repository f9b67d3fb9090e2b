#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "lab/rig/rr_workflow.h"
#include "lab/sim/callers.h"
#include "lab/sim/draw.h"
#include "lab/sim/people.h"
#include "lab/sim/scout.h"
#include "lease/lease.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_patience = Seconds{130};  // of a caller for one answer
constexpr Millis k_poll = Seconds{15};
constexpr std::array k_architectures = {Architecture::x86_64, Architecture::arm64};

enum class Shape { seed, seed_2024, v1, v1_wait };

struct Question {
  std::string path;
  std::string body;
};

// The status; 0 for no answer.
int ask(SimWorld& world, const Question& question) {
  HttpRequest request{
      "POST",
      question.path,
      {{"Host", "mayfly.test"}, {"User-Agent", "curl/8.5.0"}, {"Content-Type", "application/json"}},
      question.body};
  const auto answer = world.ask("caller", std::move(request), world.clock.steady() + k_patience);
  return answer ? answer->status : 0;
}

// Of the runs that others invite: GitHub hands a machine that both wait for to the older job.
constexpr int k_guests = 1'000'000;

// One contributor's run, from its beginning to the end of its last attempt.
class Story {
 public:
  Story(SimWorld& world, int number)
      : world_(world),
        number_(number),
        entropy_(world.seed * 104'729 + static_cast<std::uint64_t>(number)),
        people_(world.seed * 104'729 + 555'557 + static_cast<std::uint64_t>(number)),
        approval_(world.seed * 15'485'863 + static_cast<std::uint64_t>(number)),
        deliveries_(world.seed * 32'452'843 + static_cast<std::uint64_t>(number)) {}

  void play();

 private:
  [[nodiscard]] bool chance(int per_mille) {
    return entropy_.below(1000) < static_cast<std::uint64_t>(per_mille);
  }
  [[nodiscard]] Millis between(Millis low, Millis high) {
    return draw_between(entropy_, low, high);
  }
  [[nodiscard]] bool is_seed() const { return shape_ == Shape::seed || shape_ == Shape::seed_2024; }

  void draw();
  void play_drawn();
  void invite_another();
  void play_as_guest();
  void begin();
  [[nodiscard]] bool is_approved();
  [[nodiscard]] std::string label_of(Architecture architecture, int index) const;
  [[nodiscard]] std::vector<Question> questions() const;
  void play_attempt();
  [[nodiscard]] bool set_up();
  void repeat();
  void lie();
  void cancel_later();
  void begin_hosted(const std::string& name);
  void finish_hosted(const std::string& name, const std::string& conclusion);
  [[nodiscard]] bool is_completed(const std::string& name);
  void await_tests();
  void stop();
  [[nodiscard]] bool run_again();

  SimWorld& world_;
  int number_;
  SeededEntropy entropy_;
  SeededEntropy people_;      // of who it is, so that all else is drawn as without
  SeededEntropy approval_;    // of whether and when; and of the repository
  SeededEntropy deliveries_;  // of the webhook, and of whether anybody asks where it is on
  const RepositoryConfig* repository_ = nullptr;
  bool asks_nobody_ = false;
  bool is_shared_ = false;  // its jobs' labels do not name the run
  bool awaits_approval_ = false;
  Shape shape_ = Shape::seed;
  int per_architecture_ = 1;
  Millis job_{0};
  std::string label_;
  std::vector<std::string> more_labels_;  // of a run that wants more than one
  RunId run_ = 0;
  int attempt_ = 1;
  std::vector<std::string> tests_;
};

void Story::draw() {
  const auto& repositories = world_.config.repositories;
  repository_ = &repositories[approval_.below(repositories.size())];
  awaits_approval_ =
      approval_.below(1000) < static_cast<std::uint64_t>(world_.scenario.awaiting_approval);
  const bool asks_as_seed = chance(world_.scenario.seed_shape);
  const bool variant = chance(400);
  if (asks_as_seed)
    shape_ = variant ? Shape::seed_2024 : Shape::seed;
  else
    shape_ = variant ? Shape::v1_wait : Shape::v1;
  const bool is_matrix = !asks_as_seed && chance(world_.scenario.matrices);
  asks_nobody_ = !asks_as_seed && repository_->webhook != Webhook::off && deliveries_.below(2) == 0;
  is_shared_ = asks_nobody_ && repository_->webhook == Webhook::shared && deliveries_.below(3) != 0;
  // From seconds to beyond the lease's lifetime; most are minutes.
  const bool is_long = chance(world_.scenario.long_jobs);
  job_ = is_long ? between(Seconds{60}, world_.config.machine.lifetime * 2)
                 : between(Seconds{5}, Seconds{900});
  if (is_matrix)
    per_architecture_ =
        std::min(world_.scenario.matrix_max - 2 + static_cast<int>(job_.count() % 3),
                 world_.config.limits.machines_per_run);
  label_ = repository_->seed_label_prefix + entropy_.hex(16);
  if (!is_seed() || !chance(world_.scenario.lying)) return;
  const auto more = 1 + entropy_.below(3);
  for (std::uint64_t i = 1; i <= more; ++i) more_labels_.push_back(label_ + std::to_string(i));
}

std::string Story::label_of(Architecture architecture, int index) const {
  if (is_shared_) {
    const auto labels = world_.config.labels().shared(architecture);
    return labels[static_cast<std::size_t>(run_) % labels.size()];
  }
  if (!is_seed()) return world_.config.labels().derived(run_, index, architecture);
  if (shape_ == Shape::seed) return label_;
  return label_ + "_" + std::string(to_string(architecture));
}

void Story::begin() {
  run_ = world_.github->next_run_id();
  RunSpec spec;
  spec.repository = repository_->name;
  spec.head_repository = "contributor/rr";
  spec.awaits_approval = awaits_approval_;
  spec.jobs.push_back({.name = "setup", .labels = {"ubuntu-latest"}, .hosted = true});
  JobSpec stop{.name = "stop", .labels = {"ubuntu-latest"}, .needs = {"setup"}};
  stop.hosted = stop.always = true;
  for (const Architecture architecture : k_architectures) {
    const std::string suffix(to_string(architecture));
    for (int index = 0; index < per_architecture_; ++index) {
      tests_.push_back("test-" + suffix + "-" + std::to_string(index));
      spec.jobs.push_back({.name = tests_.back(),
                           .labels = {label_of(architecture, index), "arch_" + suffix},
                           .needs = {"setup"},
                           .duration = job_});
      stop.needs.push_back(tests_.back());
    }
  }
  for (const std::string& label : more_labels_)
    spec.jobs.push_back(
        {.name = label, .labels = {label, "arch_x86_64"}, .needs = {"setup"}, .duration = job_});
  spec.jobs.push_back(std::move(stop));
  give_author(world_, people_, run_, spec);
  MAYFLY_CHECK(world_.github->start_run(std::move(spec)) == run_);
  ++world_.counts.runs;
  world_.trace.line(world_.clock.steady(), "github", "run-begins", std::to_string(run_));
}

std::vector<Question> Story::questions() const {
  if (shape_ == Shape::seed) return {{"/", json::serialize(seed_create(label_))}};
  std::vector<Question> all;
  if (shape_ == Shape::seed_2024) {
    for (const Architecture architecture : k_architectures)
      all.push_back({"/", json::serialize(seed_create_2024(label_of(architecture, 0),
                                                           std::string(to_string(architecture))))});
    return all;
  }
  json::array runners;
  for (const Architecture architecture : k_architectures)
    runners.push_back(json::object{{"architecture", std::string(to_string(architecture))},
                                   {"count", per_architecture_}});
  const json::object body = {{"repository", repository_->name.text},
                             {"run_id", run_},
                             {"run_attempt", attempt_},
                             {"runners", std::move(runners)}};
  const char* path = shape_ == Shape::v1_wait ? "/v1/leases?wait=online&timeout=90" : "/v1/leases";
  all.push_back({path, json::serialize(body)});
  return all;
}

// At once from several places, and later, also when all is over.
void Story::repeat() {
  const auto all = questions();
  const auto times = 1 + entropy_.below(static_cast<std::uint64_t>(world_.scenario.repeats_max));
  const Millis spread = chance(700) ? Seconds{4} : Seconds{2400};
  for (std::uint64_t i = 0; i < times; ++i) {
    const Question question = all[entropy_.below(all.size())];
    const Millis after = between(Millis{0}, spread);
    world_.fibers.spawn(k_world, [&world = world_, question, after] {
      world.fibers.sleep_for(after);
      (void)ask(world, question);
    });
  }
}

// More than the run is entitled to, in every way that a workflow's author could think of.
void Story::lie() {
  const std::string id = std::to_string(run_);
  const std::array<Question, 10> lies = {{
      {"/v1/leases", R"({"repository":"rr-debugger/rr","run_id":)" + id +
                         R"(,"run_attempt":7,"runners":[{"architecture":"x86_64"}]})"},
      {"/v1/leases", R"({"repository":"rr-debugger/rr","run_id":)" + id +
                         R"(,"runners":[{"architecture":"x86_64","count":1000}]})"},
      {"/v1/leases", R"({"repository":"attacker/rr","run_id":)" +
                         std::to_string(world_.foreign_run) +
                         R"(,"runners":[{"architecture":"x86_64"}]})"},
      {"/v1/leases", R"({"repository":"rr-debugger/rr","run_id":)" +
                         std::to_string(world_.foreign_run) +
                         R"(,"runners":[{"architecture":"x86_64"}]})"},
      {"/v1/leases", R"({"repository":"rr-debugger/second","run_id":)" + id +
                         R"(,"runners":[{"architecture":"arm64"}]})"},
      {"/v1/leases", R"({"repository":"rr-debugger/rr","run_id":99,)"
                     R"("runners":[{"architecture":"x86_64"}]})"},
      {"/v1/leases", R"({"repository":"rr-debugger/rr","run_id":)" + id +
                         R"(,"runners":[{"architecture":"riscv"}]})"},
      {"/", R"({"operation":"create","architectures":["x86_64"],"label":"self-hosted"})"},
      {"/", R"({"operation":"create","architectures":["x86_64"],"label":"rr_runner_*"})"},
      {"/", R"({"operation":"create","architectures":)"},
  }};
  if (attempt_ > 1)
    (void)ask(world_, {"/v1/leases", R"({"repository":"rr-debugger/rr","run_id":)" + id +
                                         R"(,"run_attempt":)" + std::to_string(attempt_ - 1) +
                                         R"(,"runners":[{"architecture":"x86_64"}]})"});
  if (people_.below(2) == 0) {
    mark(world_, "asked_unapproved");
    (void)ask(world_, {"/v1/leases", R"({"repository":"rr-debugger/rr","run_id":)" +
                                         std::to_string(world_.waiting_run) +
                                         R"(,"runners":[{"architecture":"x86_64"}]})"});
  }
  // Each within the run's cap, and together past it.
  for (const Architecture architecture : k_architectures)
    if (!is_seed() && chance(500))
      (void)ask(world_,
                {"/v1/leases", R"({"repository":"rr-debugger/rr","run_id":)" + id +
                                   R"(,"runners":[{"architecture":")" +
                                   std::string(to_string(architecture)) + R"(","count":)" +
                                   std::to_string(world_.config.limits.machines_per_run) + "}]}"});
  const auto times = 1 + entropy_.below(4);
  for (std::uint64_t i = 0; i < times; ++i) (void)ask(world_, lies[entropy_.below(lies.size())]);
}

// What the setup job does. True: it succeeded.
bool Story::set_up() {
  if (asks_nobody_) return true;
  if (chance(world_.scenario.lying)) lie();
  if (chance(world_.scenario.repeating)) repeat();
  if (chance(world_.scenario.crashing)) {
    // The request is made, and nobody is there to read the answer.
    const Question question = questions().front();
    world_.fibers.spawn(k_world, [&world = world_, question] { (void)ask(world, question); });
    return false;
  }
  for (const std::string& label : more_labels_)
    (void)ask(world_, {"/", R"({"operation":"create","architectures":["x86_64"],"label":")" +
                                label + "\"}"});
  for (const Question& question : questions()) {
    const int status = ask(world_, question);
    if (status < 200 || status > 299) return false;
  }
  return true;
}

void Story::begin_hosted(const std::string& name) {
  const auto job = job_named(*world_.github, run_, name);
  if (job && job->state == JobState::queued) (void)world_.github->begin_job(job->id);
}

void Story::finish_hosted(const std::string& name, const std::string& conclusion) {
  begin_hosted(name);
  const auto job = job_named(*world_.github, run_, name);
  if (job && job->state == JobState::in_progress)
    (void)world_.github->complete_job(job->id, conclusion);
}

bool Story::is_completed(const std::string& name) {
  const auto job = job_named(*world_.github, run_, name);
  return job && job->state == JobState::completed;
}

void Story::cancel_later() {
  // Half of them while the machine is on its way.
  const Millis after =
      chance(500) ? between(Seconds{1}, Seconds{90}) : between(Seconds{1}, Seconds{1500});
  world_.fibers.spawn(k_world, [&world = world_, run = run_, attempt = attempt_, after] {
    world.fibers.sleep_for(after);
    for (const GithubJob& job : world.github->jobs(run))
      if (job.attempt != attempt) return;
    const bool done = world.github->cancel_run(run).has_value();
    if (done) mark_cancelled(world, run);
    if (done)
      world.trace.line(world.clock.steady(), "github", "run-cancelled", std::to_string(run));
  });
}

// A contributor who sees nothing happen gives up some time after everything should be over.
void Story::await_tests() {
  const SteadyTime end =
      world_.clock.steady() + world_.config.machine.lifetime + std::chrono::hours{1};
  const auto are_over = [this] {
    return std::all_of(tests_.begin(), tests_.end(),
                       [this](const std::string& name) { return is_completed(name); });
  };
  while (!are_over() && world_.clock.steady() < end) world_.fibers.sleep_for(k_poll);
  if (!are_over()) (void)world_.github->cancel_run(run_);
}

void Story::stop() {
  begin_hosted("stop");
  if (!chance(world_.scenario.stop_never_comes) && is_seed()) {
    const std::string x86_64 = label_of(Architecture::x86_64, 0);
    const std::string arm64 = label_of(Architecture::arm64, 0);
    (void)ask(world_,
              {"/", json::serialize(shape_ == Shape::seed ? seed_destroy(label_)
                                                          : seed_destroy_2024({x86_64, arm64}))});
  }
  finish_hosted("stop", "success");
}

// Somebody who does not wait for it asks meanwhile: GitHub calls the run completed, and so it gets
// nothing. Some are never approved.
bool Story::is_approved() {
  const bool is_impatient = approval_.below(2) == 0;
  const bool is_refused = approval_.below(5) == 0;
  if (is_impatient) {
    world_.fibers.sleep_for(draw_between(approval_, Seconds{1}, Seconds{60}));
    for (const Question& question : questions()) (void)ask(world_, question);
    mark(world_, "asked_before_approval");
  }
  world_.fibers.sleep_for(draw_between(approval_, Seconds{5}, Seconds{7200}));
  if (is_refused) {
    mark(world_, "never_approved");
    return false;
  }
  if (!world_.github->approve_run(run_)) return false;
  mark(world_, is_impatient ? "approved_after_asking" : "approved");
  world_.trace.line(world_.clock.steady(), "github", "run-approved", std::to_string(run_));
  return true;
}

void Story::play_attempt() {
  world_.fibers.sleep_for(between(Seconds{1}, Seconds{20}));
  if (chance(world_.scenario.cancelled)) cancel_later();
  if (!is_completed("setup")) {
    begin_hosted("setup");
    const bool is_served = set_up();
    world_.fibers.sleep_for(between(Millis{100}, Seconds{5}));
    finish_hosted("setup", is_served ? "success" : "failure");
  }
  deliver_jobs(world_, deliveries_, repository_->name, run_);
  await_tests();
  deliver_jobs(world_, deliveries_, repository_->name, run_);
  world_.fibers.sleep_for(between(Seconds{1}, Seconds{30}));
  stop();
}

bool Story::run_again() {
  if (attempt_ >= 3 || world_.is_healed) return false;
  const bool all = chance(world_.scenario.rerun_all);
  const bool failed = chance(world_.scenario.rerun_failed);
  if (!all && !failed) return false;
  --world_.active_callers;
  world_.fibers.sleep_for(chance(200) ? between(std::chrono::hours{20}, std::chrono::hours{90})
                                      : between(Seconds{5}, Seconds{1800}));
  ++world_.active_callers;
  world_.stir();
  const std::string by = draw_rerunner(world_, people_, run_);
  const auto attempt = world_.github->rerun(run_, all ? Rerun::all : Rerun::failed, by);
  if (!attempt) return false;
  attempt_ = *attempt;
  world_.trace.line(world_.clock.steady(), "github", all ? "rerun-all" : "rerun-failed",
                    std::to_string(run_));
  return true;
}

void Story::play() {
  draw();
  if (is_shared_ && deliveries_.below(2) == 0) invite_another();
  play_drawn();
}

void Story::play_as_guest() {
  draw();
  if (is_seed()) shape_ = Shape::v1;
  more_labels_.clear();
  asks_nobody_ = is_shared_ = true;
  play_drawn();
}

void Story::invite_another() {
  const Millis after = draw_between(deliveries_, Millis{0}, Seconds{60});
  ++world_.active_callers;
  world_.fibers.spawn(k_world, [&world = world_, number = number_ + k_guests, after] {
    world.fibers.sleep_for(after);
    if (!world.is_healed) Story(world, number).play_as_guest();
    --world.active_callers;
  });
}

void Story::play_drawn() {
  ++world_.active_callers;
  world_.stir();
  begin();
  if (!awaits_approval_ || is_approved()) {
    do play_attempt();
    while (run_again());
  }
  // Later attempts of the same run have no setup job of their own left to play.
  (void)world_.github->cancel_run(run_);
  finish_hosted("stop", "success");
  --world_.active_callers;
}

}  // namespace

void begin_runs(SimWorld& world) {
  SeededEntropy entropy(world.seed * 104'729);
  const Scenario& scenario = world.scenario;
  const auto spread = static_cast<std::uint64_t>(scenario.runs_max - scenario.runs_min + 1);
  const int runs = scenario.runs_min + static_cast<int>(entropy.below(spread));
  // Log-uniform: bursts and quiet projects are equally likely.
  int doublings = 0;
  while (scenario.gap_min * (1LL << (doublings + 1)) <= scenario.gap_max) ++doublings;
  const auto exponent = entropy.below(static_cast<std::uint64_t>(doublings) + 1);
  const auto mean = static_cast<std::uint64_t>(scenario.gap_min.count()) << exponent;
  for (int number = 1; number <= runs && !world.is_healed; ++number) {
    world.fibers.spawn(k_world, [&world, number] {
      Story story(world, number);
      story.play();
    });
    world.fibers.sleep_for(Millis(static_cast<std::int64_t>(entropy.below(2 * mean) + 1)));
  }
}

}  // namespace mayfly::lab::sim
