#include "lab/rig/faulty_transport.h"

#include <algorithm>
#include <memory>

namespace mayfly::lab {
namespace {

std::string action_of(const std::string& form) {
  const std::string key = "Action=";
  std::size_t begin = form.starts_with(key) ? 0 : form.find("&" + key);
  if (begin == std::string::npos) return "";
  begin = form.find('=', begin) + 1;
  return form.substr(begin, form.find('&', begin) - begin);
}

std::string path_of(const std::string& url) {
  const std::size_t host = url.find("://");
  const std::size_t path = host == std::string::npos ? 0 : url.find('/', host + 3);
  if (path == std::string::npos) return "/";
  return url.substr(path, url.find('?', path) - path);
}

}  // namespace

std::string call_name(const HttpRequest& request) {
  const std::string table = "DynamoDB_20120810.";
  const auto target = request.headers.find("X-Amz-Target");
  if (target && target->starts_with(table)) return std::string(target->substr(table.size()));
  const std::string path = path_of(request.url);
  std::string action = path == "/" ? action_of(request.body) : "";
  return action.empty() ? request.method + " " + path : action;
}

CallFilter calls_named(std::string text) {
  return [text = std::move(text)](const HttpRequest& request) {
    return call_name(request).find(text) != std::string::npos;
  };
}

CallFilter calls_to(std::string origin) {
  return [origin = std::move(origin)](const HttpRequest& request) {
    return request.url.starts_with(origin);
  };
}

CallFilter call_number(int n) {
  return [left = std::make_shared<int>(n)](const HttpRequest&) { return --*left == 0; };
}

const Fault* FaultyTransport::take_fault(const HttpRequest& request) {
  const Fault* chosen = nullptr;
  for (Fault& fault : faults_) {
    const bool concerned = fault.concerns(request);
    if (!concerned || chosen != nullptr || fault.count == 0) continue;
    if (fault.count > 0) --fault.count;
    taken_ = fault;
    chosen = &taken_;
  }
  return chosen;
}

Result<HttpResponse> FaultyTransport::send(const HttpRequest& request, SteadyTime deadline) {
  journal_.push_back(request);
  const Fault* found = take_fault(request);
  if (found == nullptr) return next_.send(request, deadline);
  const Fault fault = *found;
  switch (fault.kind) {
    case FaultKind::refuse:
      return fail(Code::transport_not_sent, "refused by the rig");
    case FaultKind::answer:
      return fault.response;
    case FaultKind::kill_before:
      throw Killed{};
    case FaultKind::kill_after:
      (void)next_.send(request, deadline);
      throw Killed{};
    case FaultKind::delay: {
      auto answer = next_.send(request, deadline);
      clock_.sleep_until(std::min(clock_.steady() + fault.delay, deadline));
      if (clock_.steady() < deadline) return answer;
      break;
    }
    case FaultKind::lose_reply:
      (void)next_.send(request, deadline);
      break;
  }
  return fail(Code::transport_lost, "the answer was lost by the rig");
}

int FaultyTransport::count(std::string_view text, std::size_t since) const {
  const auto begin = journal_.begin() + static_cast<std::ptrdiff_t>(since);
  return static_cast<int>(std::count_if(begin, journal_.end(), [&](const HttpRequest& request) {
    return call_name(request).find(text) != std::string::npos;
  }));
}

}  // namespace mayfly::lab
