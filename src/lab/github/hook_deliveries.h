#pragma once

// What GitHub keeps of the deliveries of the App's webhook: each attempt, and how it went, the last
// few hundred of them. It delivers nothing by itself: whoever plays GitHub's side says how an
// attempt went, and takes from here what is to be sent again. No lock: FakeGithub's.

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "seam/http_message.h"

namespace mayfly::lab {

struct JobDelivery {
  Headers headers;  // of a delivery alone: the event and the signature
  std::string body;
  std::string action;  // "queued"
};

struct HookDelivery {
  std::int64_t id = 0;
  std::string guid;  // the same for each attempt
  WallTime delivered_at{};
  bool is_redelivery = false;
  int status_code = 0;
  JobDelivery content;
};

// As GitHub words it.
[[nodiscard]] std::string delivery_status(int status_code);

class HookDeliveries {
 public:
  static constexpr std::size_t k_kept_max = 300;

  // status_code: of the answer; 502 where nobody listened, 504 where none came in time. guid: of
  // an earlier attempt; empty: there was none.
  void note(const JobDelivery& content, int status_code, WallTime now, std::string guid = {});
  [[nodiscard]] const std::deque<HookDelivery>& newest_first() const { return attempts_; }
  // github_not_found
  [[nodiscard]] Status ask_again(std::int64_t id);
  // What was asked for since the last time.
  [[nodiscard]] std::vector<HookDelivery> take_asked();

 private:
  std::deque<HookDelivery> attempts_;
  std::vector<HookDelivery> asked_;
  std::int64_t next_id_ = 3'842'091'948'768'000'001;  // beyond what a double holds, as GitHub's are
};

}  // namespace mayfly::lab
