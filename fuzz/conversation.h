#pragma once

// A client's conversation as text, so that a corpus can be read and written by hand:
//
//   OPERATION
//   200
//   Header: value
//
//   the body
//   ====
//   503
//   ...
//
// "lost" and "unsent" in place of a status are the two failures of a transport. A header with a
// control character is left out, for Beast lets none through. After the last answer nothing
// answers.

#include <algorithm>
#include <array>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "fuzz/laws.h"
#include "seam/transport.h"

namespace mayfly::fuzz {

inline bool is_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '\t' || !(c >= 0 && (c < 0x20 || c == 0x7f)); });
}

inline Result<HttpResponse> answer_of(std::string_view text) {
  const std::string_view first = take_line(text);
  if (first == "lost") return mayfly::fail(Code::transport_lost, "the line is cut");
  if (first == "unsent") return mayfly::fail(Code::transport_not_sent, "nobody is there");
  HttpResponse response;
  const std::int64_t status = parse_int(first).value_or(200);
  response.status = static_cast<int>(std::clamp<std::int64_t>(status, 100, 999));
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || !is_header_text(line)) continue;
    response.headers.add(std::string(line.substr(0, colon)),
                         std::string(trim(line.substr(colon + 1))));
  }
  response.body = std::string(text);
  return response;
}

class Conversation final : public HttpTransport {
 public:
  explicit Conversation(std::string_view text) : operation_(take_line(text)) {
    static constexpr std::string_view k_between = "\n====\n";
    for (;;) {
      const std::size_t end = text.find(k_between);
      answers_.push_back(answer_of(text.substr(0, end)));
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + k_between.size());
    }
    first_ = answers_.front();
  }

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request, SteadyTime) override {
    sent.push_back(request);
    law(sent.size() < 5000, "no answer makes a client ask for ever");
    if (answers_.empty()) return mayfly::fail(Code::transport_not_sent, "nobody is there any more");
    auto answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  // Which of the names the first line is; some one of them when it is none.
  [[nodiscard]] std::size_t operation(std::span<const std::string_view> names) const {
    const auto found = std::find(names.begin(), names.end(), operation_);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    const auto byte = operation_.empty() ? 0U : static_cast<unsigned char>(operation_.front());
    return byte % names.size();
  }
  [[nodiscard]] const Result<HttpResponse>& first() const { return first_; }
  // The answers that were never asked for.
  [[nodiscard]] std::size_t left() const { return answers_.size(); }

  std::vector<HttpRequest> sent;

 private:
  std::string operation_;
  std::deque<Result<HttpResponse>> answers_;
  Result<HttpResponse> first_;
};

}  // namespace mayfly::fuzz
