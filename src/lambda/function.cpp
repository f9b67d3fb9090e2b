#include "lambda/function.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"

namespace mayfly::lambda {
namespace {

// Schedules come every minute: the next one begins while this one's last sweep ends.
constexpr Millis k_turn = Seconds{55};
// A sweep may take so long, where GitHub or EC2 are slow.
constexpr Millis k_hints_patience = Seconds{4};
constexpr Millis k_sweep_patience = Seconds{30};

std::string text_of(int sweeps, const SweepReport& report) {
  return json::serialize(json::object{{"sweeps", sweeps},
                                      {"leases", report.leases},
                                      {"instances", report.instances},
                                      {"terminated", report.terminated},
                                      {"problems", report.problems.size()}});
}

}  // namespace

Result<std::string> Function::handle(const Invocation& invocation) {
  TRY_ASSIGN(const Event event, parse_event(invocation.event));
  if (const auto* request = std::get_if<HttpRequest>(&event)) {
    if (api_ == nullptr)
      return fail(Code::lambda_event_unknown, "this function only sweeps: it answers no requests");
    const SteadyTime until = seams_.clock.steady() + k_hints_patience;
    std::string answer = answer_text(api_->handle(*request));
    if (work_off_hints_) work_off_hints_(until);
    return answer;
  }
  if (const auto* taken = std::get_if<InterruptionEvent>(&event)) note(*taken);
  return sweep_until(invocation.deadline);
}

// A notice that could not be written down is no reason not to look.
void Function::note(const InterruptionEvent& event) {
  if (!on_interruption_)
    return seams_.log.info("interruption-announced", {{"instance", event.instance.text}});
  if (auto noted = on_interruption_(event.instance); !noted)
    seams_.log.warning("interruption-not-stamped",
                       {{"instance", event.instance.text}, {"reason", noted.error().message}});
}

Result<std::string> Function::sweep_until(SteadyTime deadline) {
  const SteadyTime end = std::min(seams_.clock.steady() + k_turn, deadline - k_sweep_patience);
  for (int sweeps = 1;; ++sweeps) {
    const SteadyTime next = seams_.clock.steady() + sweep_every_;
    TRY_ASSIGN(const SweepReport report, sweep_());
    const bool is_idle = report.leases == 0 && report.problems.empty();
    if (is_idle || next >= end) return text_of(sweeps, report);
    seams_.clock.sleep_until(next);
  }
}

Error serve(RuntimeApi& runtime, Function& function, Log& log) {
  for (;;) {
    const auto invocation = runtime.next();
    if (!invocation) return invocation.error();
    const auto answer = function.handle(*invocation);
    if (!answer)
      log.warning("invocation-refused", {{"code", std::string(info(answer.error().code).name)},
                                         {"reason", answer.error().message}});
    const Status posted = answer ? runtime.respond(*invocation, *answer)
                                 : runtime.report(*invocation, answer.error());
    if (!posted) return posted.error();
  }
}

}  // namespace mayfly::lambda
