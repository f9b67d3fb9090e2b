#pragma once

// Looks at the emulated EC2 after every step and holds what is really there against the promises:
// one live machine per lease, never more than the cap, nothing alive past its deadline by more than
// a bound. It believes no book of the service's: only instances and their tags. One thread.

#include <string>
#include <vector>

#include "lab/aws/fake_aws.h"
#include "seam/clock.h"

namespace mayfly::lab {

struct WatchOptions {
  int machines_max = 10;
  Millis overrun_max = Seconds{30};
};

class Watch {
 public:
  Watch(FakeAws& aws, Clock& clock, WatchOptions options)
      : aws_(aws), clock_(clock), options_(options) {}

  void look();
  // While nobody who could end a machine is up, its overrun is not the service's.
  void allow_overrun(Millis bound) { options_.overrun_max = bound; }

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  // All in one text, for a test's message.
  [[nodiscard]] std::string text() const;

 private:
  void violated(std::string what);

  FakeAws& aws_;
  Clock& clock_;
  WatchOptions options_;
  std::vector<std::string> violations_;  // each once, at most 20
};

// Pending or running.
[[nodiscard]] std::vector<FakeInstance> live_instances(FakeAws& aws);
[[nodiscard]] std::string tag_of(const FakeInstance& instance, const std::string& key);

}  // namespace mayfly::lab
