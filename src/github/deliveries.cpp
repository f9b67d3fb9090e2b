#include "github/deliveries.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "github/call.h"
#include "github/client.h"
#include "github/parse.h"

namespace mayfly::github {
namespace {

constexpr const char* k_path = "/app/hook/deliveries";
constexpr std::size_t k_word_max = 100;
constexpr std::int64_t k_status_max = 999;

bool is_word(const std::optional<std::string>& text) {
  return text && !text->empty() && text->size() <= k_word_max;
}

Result<Delivery> parse_delivery(const json::object& object) {
  const std::int64_t id = json_int(object, "id").value_or(0);
  const auto guid = json_string(object, "guid");
  const auto written = json_string(object, "delivered_at");
  const auto delivered_at = written ? parse_iso8601(*written) : std::nullopt;
  const auto is_redelivery = json_bool(object, "redelivery");
  const std::int64_t status = json_int(object, "status_code").value_or(-1);
  const auto event = json_string(object, "event");
  const std::string action = json_string(object, "action").value_or("");
  if (id <= 0 || !is_word(guid) || !delivered_at || !is_redelivery || status < 0 ||
      status > k_status_max || !is_word(event) || action.size() > k_word_max)
    return fail(Code::github_bad_answer, "a delivery lacks a field, or has a wrong one");
  return Delivery{id,     *guid, *delivered_at, *is_redelivery, static_cast<int>(status),
                  *event, action};
}

}  // namespace

Result<std::vector<Delivery>> parse_deliveries(std::string_view body) {
  TRY_ASSIGN(const json::array array, parse_array(body));
  if (array.size() > k_deliveries_max)
    return fail(Code::github_bad_answer, "more deliveries than were asked for");
  return parse_each<Delivery>(array, parse_delivery);
}

Result<std::vector<Delivery>> GithubClient::list_deliveries(SteadyTime deadline) {
  const Call call{.path = k_path, .query = {{"per_page", std::to_string(k_deliveries_max)}}};
  TRY_ASSIGN(const HttpResponse response, send(call, deadline));
  return parse_deliveries(response.body);
}

Status GithubClient::redeliver(std::int64_t delivery, SteadyTime deadline) {
  const Call call{.method = "POST",
                  .path = std::string(k_path) + "/" + std::to_string(delivery) + "/attempts"};
  TRY(send(call, deadline));
  return {};
}

}  // namespace mayfly::github
