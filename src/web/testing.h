#pragma once

// For the tests of the API: requests as curl sends them, and an Api over the scripted service.

#include <string>

#include "base/json.h"
#include "service/testing.h"
#include "web/api.h"

namespace mayfly::testing {

inline const std::string k_nonce = "00112233445566778899aabbccddeeff";
inline const std::string k_claim_key = "ffeeddccbbaa99887766554433221100";
inline const std::string k_seed_label = "rr_runner_0123456789abcdef0123456789abcdef";

inline HttpRequest post(const std::string& target, const std::string& body,
                        const std::string& content_type = "application/json") {
  return {"POST", target, {{"Content-Type", content_type}}, body, "192.0.2.7"};
}

inline HttpRequest post_as_machine(const std::string& target, const std::string& body,
                                   const std::string& nonce = k_nonce) {
  HttpRequest request = post(target, body);
  request.headers.add("X-Mayfly-Claim", nonce);
  return request;
}

inline json::object object_of(const HttpResponse& response) {
  const auto value = parse_json(response.body);
  return value && value->is_object() ? value->get_object() : json::object{};
}

inline std::string text_of(const json::object& object, const char* key) {
  return json_string(object, key).value_or("(none)");
}

inline std::string header_of(const HttpResponse& response, const char* name) {
  return std::string(response.headers.find(name).value_or("(none)"));
}

struct ApiBench : Service {
  explicit ApiBench(Config a_config = small_config()) : Service(std::move(a_config)) {}

  Api api{config, {clock, entropy, log, *ledger}, asking, claims};

  HttpResponse send(const HttpRequest& request) { return api.handle(request); }

  void answer_with_live_run(RunId id) {
    github_wire.answer(200, runs_json(""));
    github_wire.answer(200, runs_json(github::run_json(id)));
  }
  void answer_with_machine(char last_digit = '0') {
    ec2_wire.answer(200, launched_xml(std::string("i-0123456789abcdef") + last_digit));
  }

  // A seed lease with a machine, made through the API.
  Lease one_lease() {
    answer_with_live_run(42);
    answer_with_machine();
    (void)send(post(
        "/", R"({"operation":"create","architecture":"x86_64","label":")" + k_seed_label + "\"}"));
    return ledger->recent(1)->at(0);
  }
};

}  // namespace mayfly::testing
