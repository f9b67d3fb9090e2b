#pragma once

// A transport that goes wrong on demand: each fault names the calls that it concerns and how many
// of them it spoils. It also keeps a journal of every call that came by, so that a test can say
// what was never asked of anybody. One thread.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "seam/clock.h"
#include "seam/transport.h"

namespace mayfly::lab {

// What kill -9 looks like from inside: the call at which the process ended never returns. Thrown
// through the code under test and caught at the edge of its process (rig.h), nowhere else.
struct Killed {};

using CallFilter = std::function<bool(const HttpRequest&)>;

// "CreateFleet" for EC2, "Query" for DynamoDB, else method and path: "POST
// /orgs/o/actions/runners/generate-jitconfig".
[[nodiscard]] std::string call_name(const HttpRequest& request);
// Calls whose name contains the text.
[[nodiscard]] CallFilter calls_named(std::string text);
// Calls whose URL starts so.
[[nodiscard]] CallFilter calls_to(std::string origin);
// The n-th call from now on, counting from 1.
[[nodiscard]] CallFilter call_number(int n);

enum class FaultKind {
  refuse,       // never sent: transport_not_sent
  lose_reply,   // carried out, but the answer is lost: transport_lost
  answer,       // not sent; Fault::response is the answer
  delay,        // carried out; the answer comes Fault::delay later, or is lost at the deadline
  kill_before,  // the process ends before it is sent
  kill_after,   // the process ends after it was carried out
};

inline constexpr int k_always = -1;

struct Fault {
  FaultKind kind = FaultKind::refuse;
  CallFilter concerns = {};
  int count = 1;  // k_always: until clear()
  HttpResponse response = {};
  Millis delay{0};
};

class FaultyTransport final : public HttpTransport {
 public:
  FaultyTransport(HttpTransport& next, Clock& clock) : next_(next), clock_(clock) {}

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request, SteadyTime deadline) override;

  // The first fault that concerns a call decides. Each filter is asked about every call.
  void add(Fault fault) { faults_.push_back(std::move(fault)); }
  void clear() { faults_.clear(); }

  [[nodiscard]] const std::vector<HttpRequest>& journal() const { return journal_; }
  // Of the calls since the journal had this size, those whose name contains the text.
  [[nodiscard]] int count(std::string_view text, std::size_t since = 0) const;

 private:
  [[nodiscard]] const Fault* take_fault(const HttpRequest& request);

  HttpTransport& next_;
  Clock& clock_;
  std::vector<Fault> faults_;
  Fault taken_;
  std::vector<HttpRequest> journal_;
};

}  // namespace mayfly::lab
