#pragma once

// Hand-written fakes for the tests of this room: a transport that answers from a script and keeps
// what it was sent, a clock that moves by hand, an environment made of maps.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aws/client.h"
#include "seam/clock.h"
#include "seam/environment.h"
#include "seam/transport.h"

namespace mayfly::aws::testing {

class FakeClock : public Clock {
 public:
  WallTime wall() override { return wall_; }
  SteadyTime steady() override { return steady_; }
  void sleep_until(SteadyTime t) override { advance(t - steady_); }

  void advance(Millis d) {
    wall_ += d;
    steady_ += d;
  }

 private:
  WallTime wall_ = wall_from_epoch_seconds(1'800'000'000);
  SteadyTime steady_{};
};

class FakeEnvironment : public Environment {
 public:
  std::optional<std::string> variable(const std::string& name) override {
    const auto found = variables.find(name);
    if (found == variables.end() || found->second.empty()) return std::nullopt;
    return found->second;
  }
  Result<std::string> read_file(const std::string& path) override {
    const auto found = files.find(path);
    if (found == files.end()) return fail(Code::secret_unreadable, path + ": no such file");
    return found->second;
  }

  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
};

class ScriptedTransport : public HttpTransport {
 public:
  struct Sent {
    HttpRequest request;
    SteadyTime deadline;
  };

  Result<HttpResponse> send(const HttpRequest& request, SteadyTime deadline) override {
    sent.push_back({request, deadline});
    if (on_send) on_send();
    if (script_.empty()) return fail(Code::transport_not_sent, "the script has ended");
    auto next = std::move(script_.front());
    script_.pop_front();
    return next;
  }

  void answer(int status, std::string body) {
    script_.emplace_back(HttpResponse{status, {}, std::move(body)});
  }
  void fail_with(Code code) { script_.emplace_back(fail(code, "the line is cut")); }

  [[nodiscard]] const std::string& body(std::size_t n) const { return sent.at(n).request.body; }
  [[nodiscard]] bool is_finished() const { return script_.empty(); }

  std::vector<Sent> sent;
  std::function<void()> on_send;

 private:
  std::deque<Result<HttpResponse>> script_;
};

// Gives the keys of the list in turn, the last one for ever.
class FixedSource : public CredentialsSource {
 public:
  explicit FixedSource(std::vector<std::string> keys) : keys_(std::move(keys)) {}

  [[nodiscard]] std::string_view name() const override { return "fixed"; }
  Result<std::optional<Credentials>> fetch(SteadyTime) override {
    Credentials credentials;
    credentials.access_key_id = keys_.front();
    credentials.secret_access_key = Secret("secret");
    if (keys_.size() > 1) keys_.erase(keys_.begin());
    return credentials;
  }

 private:
  std::vector<std::string> keys_;
};

template <class... Source>
std::vector<std::unique_ptr<CredentialsSource>> sources(std::unique_ptr<Source>... source) {
  std::vector<std::unique_ptr<CredentialsSource>> list;
  (list.push_back(std::move(source)), ...);
  return list;
}

// All that a client stands on.
struct Bench {
  explicit Bench(const std::string& service, std::vector<std::string> keys = {"AKONE", "AKTWO"})
      : chain(clock, sources(std::make_unique<FixedSource>(std::move(keys)))),
        sender(transport, chain, clock,
               {"https://" + service + ".us-east-2.amazonaws.com", "us-east-2", service}) {}

  FakeClock clock;
  ScriptedTransport transport;
  CredentialsChain chain;
  SignedSender sender;
  SteadyTime deadline = SteadyTime{Seconds{60}};
};

inline std::string error_xml(const std::string& code, const std::string& message = "why") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>" + code +
         "</Code><Message>" + message +
         "</Message></Error></Errors><RequestID>r-1</RequestID></Response>";
}

inline std::string answer_xml(const std::string& action, const std::string& inside) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + action +
         "Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r-1</requestId>" +
         inside + "</" + action + "Response>";
}

}  // namespace mayfly::aws::testing
