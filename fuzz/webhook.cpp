// A webhook delivery: the event on the first line, the body behind it, signed rightly and wrongly.

#include <boost/json/object.hpp>

#include "base/json.h"
#include "config/config.h"
#include "fuzz/laws.h"
#include "github/webhook.h"
#include "lease/lease.h"
#include "service/webhooks.h"

namespace mayfly::fuzz {
namespace {

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

class CountingDoorbell final : public Doorbell {
 public:
  void ring() override { ++rings; }
  void wait_until(SteadyTime) override {}
  int rings = 0;
};

Config served() {
  Config config;
  config.repositories = {{RepositoryName{"octo/repo"}, SeedLabels::while_a_run_is_live, "rr_"}};
  config.repositories.front().webhook = Webhook::derived;
  return config;
}

void check_event(const Result<github::JobEvent>& event, std::string_view body) {
  if (!event) return check_error(event.error());
  law(event->run_id > 0, "a run has a number");
  law(event->run_attempt >= 1 && event->run_attempt <= 100'000, "an attempt is a small number");
  law(event->labels.size() <= 100, "labels are bounded");
  law(parse_json(body, {github::k_delivery_bytes_max, upstream_json_limits().depth_max})
          .has_value(),
      "what is accepted is strict JSON");
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  static const Config config = fuzz::served();
  std::string_view body = fuzz::text_of(data, size);
  const std::string_view event = fuzz::take_line(body);
  fuzz::check_event(github::parse_job_event(body), body);

  fuzz::SilentLog log;
  fuzz::CountingDoorbell doorbell;
  Hints hints;
  Webhooks webhooks(config, {log, doorbell, hints}, Secret("s3cret"));
  const auto forged =
      webhooks.hear(event, github::delivery_signature("s3cret", std::string(body) + " "), body);
  fuzz::law(!forged && forged.error().code == Code::webhook_unsigned, "a forged one is refused");
  fuzz::law(hints.size() == 0 && doorbell.rings == 0, "and changes nothing");

  const auto heard = webhooks.hear(event, github::delivery_signature("s3cret", body), body);
  if (!heard) fuzz::check_error(heard.error());
  const bool is_noted = heard && *heard == Heard::noted;
  fuzz::law(hints.size() == (is_noted ? 1 : 0), "what is noted, and that alone, is one hint");
  fuzz::law(doorbell.rings == (is_noted ? 1 : 0), "and rings once");
  if (!is_noted) return 0;
  const auto job = github::parse_job_event(body);
  fuzz::law(job && hints.take()->second == job->run_id, "the hint names the event's run");
  return 0;
}
