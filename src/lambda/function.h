#pragma once

// The function: what is done for each event, and the loop around it. Requests go to the API as on a
// server. A schedule, and an interruption, make it sweep: once while no lease is live, else every
// sweep.every until the next minute's schedule takes over, so that an idle deployment costs next to
// nothing. Requests never sweep: whoever may ask without an account must not choose what we do.
// Signed webhooks make it look at the runs that they name.
// Thread rule: one thread.

#include <functional>
#include <string>

#include "lambda/event.h"
#include "lambda/runtime_api.h"
#include "seam/clock.h"
#include "seam/http_message.h"
#include "seam/log.h"
#include "service/sweeper.h"

namespace mayfly::lambda {

struct FunctionSeams {
  Clock& clock;
  Log& log;
};

class Function {
 public:
  using Sweep = std::function<Result<SweepReport>()>;
  using Interrupted = std::function<Status(const InstanceId&)>;
  using WorkOff = std::function<void(SteadyTime until)>;
  // api: none of a function that only sweeps; its requests are refused.
  // on_interruption: before the sweep that an announced interruption makes; none: it is logged.
  // work_off_hints: what webhooks said is looked at before their answer is posted, since afterwards
  // the process sleeps. GitHub waits for ten seconds.
  Function(const FunctionSeams& seams, HttpService* api, Sweep sweep, Millis sweep_every,
           Interrupted on_interruption = {}, WorkOff work_off_hints = {})
      : seams_(seams),
        api_(api),
        sweep_(std::move(sweep)),
        sweep_every_(sweep_every),
        on_interruption_(std::move(on_interruption)),
        work_off_hints_(std::move(work_off_hints)) {}

  // What to post as the invocation's response, or the error to report.
  [[nodiscard]] Result<std::string> handle(const Invocation& invocation);

 private:
  [[nodiscard]] Result<std::string> sweep_until(SteadyTime deadline);
  void note(const InterruptionEvent& event);

  FunctionSeams seams_;
  HttpService* api_;
  Sweep sweep_;
  Millis sweep_every_;
  Interrupted on_interruption_;
  WorkOff work_off_hints_;
};

// Serves until the runtime API says that it is over; answers with why.
[[nodiscard]] Error serve(RuntimeApi& runtime, Function& function, Log& log);

}  // namespace mayfly::lambda
