#pragma once

// A service that takes its time: for each call a time is drawn, and split at a drawn moment into
// one before the call is carried out and one after, in which its answer is on the way. So whoever
// is killed while it waits leaves some calls undone and others done. Thread rule: as the service's.

#include "seam/clock.h"
#include "seam/entropy.h"
#include "seam/http_message.h"

namespace mayfly::lab {

class SlowService final : public HttpService {
 public:
  // up_to: the most that is drawn; 0: no time at all, and nothing is drawn. All must outlive it.
  SlowService(HttpService& service, Clock& clock, Entropy& entropy, Millis up_to)
      : service_(service), clock_(clock), entropy_(entropy), up_to_(up_to) {}

  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  HttpService& service_;
  Clock& clock_;
  Entropy& entropy_;
  const Millis up_to_;
};

}  // namespace mayfly::lab
