#include "lab/aws/query_form.h"

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"

namespace mayfly::lab {
namespace {

std::optional<std::string> form_decode(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  return percent_decode(text);
}

std::string numbers_as_n(std::string_view name) {
  std::string out;
  for (const std::string& part : split(name, '.')) {
    if (!out.empty()) out += '.';
    out += parse_int(part) ? "N" : part;
  }
  return out;
}

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Answer<QueryForm> QueryForm::parse(std::string_view body) {
  QueryForm form;
  for (const std::string& pair : split(body, '&')) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos)
      return refuse("MalformedQueryString", "Keys may not be without a value");
    const auto name = form_decode(pair.substr(0, equals));
    auto value = form_decode(pair.substr(equals + 1));
    if (!name || !value || name->empty())
      return refuse("MalformedQueryString", "The query string contains a syntax error");
    if (!form.values_.emplace(*name, std::move(*value)).second)
      return refuse("MalformedQueryString", "The parameter " + printable(*name) + " is repeated");
  }
  return form;
}

std::string QueryForm::text(const std::string& name, const std::string& absent) const {
  const auto found = values_.find(name);
  return found == values_.end() ? absent : found->second;
}

Answer<std::string> QueryForm::required(const std::string& name) const {
  std::string value = text(name);
  if (value.empty())
    return refuse("MissingParameter", "The request must contain the parameter " + name);
  return value;
}

Answer<bool> QueryForm::flag(const std::string& name, bool absent) const {
  const std::string value = text(name, absent ? "true" : "false");
  if (value != "true" && value != "false")
    return refuse("InvalidParameterValue",
                  "Value (" + printable(value) + ") for parameter " + name + " is invalid");
  return value == "true";
}

Answer<std::int64_t> QueryForm::number(const std::string& name, std::int64_t absent,
                                       std::int64_t min, std::int64_t max) const {
  if (!has(name)) return absent;
  const auto value = parse_int(text(name));
  if (!value || *value < min || *value > max)
    return refuse("InvalidParameterValue", "Value (" + printable(text(name)) + ") for parameter " +
                                               name + " is invalid. Expecting " +
                                               std::to_string(min) + " to " + std::to_string(max));
  return *value;
}

Answer<std::string> QueryForm::word(const std::string& name,
                                    std::span<const std::string_view> words) const {
  std::string value = text(name, std::string(words.front()));
  if (!contains(words, value))
    return refuse("InvalidParameterValue",
                  "Value (" + printable(value) + ") for parameter " + name + " is invalid");
  return value;
}

std::vector<std::string> QueryForm::list(const std::string& name) const {
  std::vector<std::string> out;
  for (std::size_t i = 1; has(name + '.' + std::to_string(i)); ++i)
    out.push_back(text(name + '.' + std::to_string(i)));
  return out;
}

std::vector<QueryForm> QueryForm::items(const std::string& name) const {
  std::vector<QueryForm> out;
  for (std::size_t i = 1;; ++i) {
    QueryForm item = under(name + '.' + std::to_string(i));
    if (item.values_.empty()) return out;
    out.push_back(std::move(item));
  }
}

QueryForm QueryForm::under(const std::string& name) const {
  const std::string prefix = name + '.';
  QueryForm out;
  for (auto at = values_.lower_bound(prefix); at != values_.end() && at->first.starts_with(prefix);
       ++at)
    out.values_.emplace(at->first.substr(prefix.size()), at->second);
  return out;
}

Answer<void> QueryForm::accept_only(std::span<const std::string_view> accepted) const {
  for (const auto& [name, value] : values_)
    if (!contains(accepted, numbers_as_n(name)))
      return refuse("UnknownParameter", "The parameter " + printable(name) + " is not recognized");
  return {};
}

std::string QueryForm::fingerprint(std::span<const std::string_view> ignored) const {
  std::string all;
  for (const auto& [name, value] : values_)
    if (!contains(ignored, name)) all += percent_encode(name) + '=' + percent_encode(value) + '&';
  return sha256_hex(all);
}

}  // namespace mayfly::lab
