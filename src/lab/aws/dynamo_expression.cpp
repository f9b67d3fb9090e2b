#include "lab/aws/dynamo_expression.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/text.h"
#include "lab/aws/dynamo_item.h"

namespace mayfly::lab {
namespace {

// Of the 573, those that a ledger could come to use.
constexpr auto k_reserved = std::to_array<std::string_view>(
    {"action", "count",    "counter", "data",  "date",      "day",    "end",   "hash",
     "index",  "instance", "key",     "keys",  "language",  "level",  "limit", "list",
     "month",  "name",     "number",  "owner", "range",     "reason", "role",  "source",
     "state",  "status",   "text",    "time",  "timestamp", "token",  "ttl",   "type",
     "user",   "value",    "values",  "year",  "zone"});

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '#' || c == ':';
}

std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (is_word(text[at])) {
      while (end < text.size() && is_word(text[end])) ++end;
    } else if (text[at] == '<' || text[at] == '>') {
      while (end < text.size() && (text[end] == '=' || text[end] == '>')) ++end;
    }
    if (text[at] != ' ') tokens.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return tokens;
}

class Parser {
 public:
  Parser(std::string_view text, const json::object& names, const json::object& values)
      : tokens_(tokens_of(text)), names_(names), values_(values) {}

  Answer<DynamoExpression> parse() {
    DynamoExpression terms;
    for (;;) {
      TRY_ASSIGN(DynamoTerm term, parse_term());
      terms.push_back(std::move(term));
      if (next_ == tokens_.size()) break;
      TRY(expect("AND"));
    }
    if (used_.size() != names_.size() + values_.size())
      return invalid("Value or name provided in the request is unused in expressions");
    return terms;
  }

 private:
  Answer<DynamoTerm> parse_term() {
    const std::string first = take();
    DynamoTerm term;
    if (first == "attribute_exists" || first == "attribute_not_exists" || first == "begins_with") {
      term.operation = first;
      TRY(expect("("));
      TRY_ASSIGN(term.attribute, attribute(take()));
      if (first == "begins_with") {
        TRY(expect(","));
        TRY_ASSIGN(term.value, value(take()));
      }
      TRY(expect(")"));
      return term;
    }
    TRY_ASSIGN(term.attribute, attribute(first));
    term.operation = take();
    static const std::set<std::string> known = {"=", "<>", "<", "<=", ">", ">="};
    if (!known.contains(term.operation)) return syntax_error();
    TRY_ASSIGN(term.value, value(take()));
    return term;
  }

  std::string take() { return next_ < tokens_.size() ? tokens_[next_++] : std::string(); }
  Answer<void> expect(std::string_view token) {
    if (take() != token) return syntax_error();
    return {};
  }
  [[nodiscard]] tl::unexpected<AwsFault> syntax_error() const {
    return invalid("Invalid expression: Syntax error near token " + std::to_string(next_) +
                   ", or the emulator does not know it");
  }
  Answer<std::string> attribute(const std::string& token) {
    if (token.starts_with('#')) {
      const auto name = json_string(names_, token);
      if (!name) return invalid("An expression attribute name is not defined: " + token);
      used_.insert(token);
      return *name;
    }
    if (token.empty() || token.starts_with(':') || !is_word(token.front())) return syntax_error();
    if (std::find(k_reserved.begin(), k_reserved.end(), to_lower(token)) != k_reserved.end())
      return invalid("Attribute name is a reserved keyword; reserved keyword: " + token);
    return token;
  }
  Answer<json::object> value(const std::string& token) {
    const json::object* found = token.starts_with(':') ? json_object(values_, token) : nullptr;
    if (found == nullptr)
      return invalid("An expression attribute value is not defined: " + printable(token));
    TRY(check_value(*found));
    used_.insert(token);
    return *found;
  }

  const std::vector<std::string> tokens_;
  const json::object& names_;
  const json::object& values_;
  std::size_t next_ = 0;
  std::set<std::string> used_;
};

std::int64_t whole(const std::string& digits) {
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// None: of different types, which no comparison but <> finds true.
std::optional<std::strong_ordering> compare(const json::object& a, const json::object& b) {
  const auto a_text = json_string(a, "S");
  const auto b_text = json_string(b, "S");
  if (a_text && b_text) return *a_text <=> *b_text;
  const auto a_digits = json_string(a, "N");
  const auto b_digits = json_string(b, "N");
  if (a_digits && b_digits) return whole(*a_digits) <=> whole(*b_digits);
  const auto a_truth = json_bool(a, "BOOL");
  const auto b_truth = json_bool(b, "BOOL");
  if (a_truth && b_truth) return *a_truth <=> *b_truth;
  return std::nullopt;
}

bool compares(const std::string& operation, const json::object& a, const json::object& b) {
  const auto order = compare(a, b);
  if (operation == "<>") return !order || *order != 0;
  if (!order) return false;
  if (operation == "=") return *order == 0;
  if (operation == "<") return *order < 0;
  if (operation == "<=") return *order <= 0;
  return operation == ">" ? *order > 0 : *order >= 0;
}

bool holds(const DynamoTerm& term, const json::object* item) {
  const json::object* found = item == nullptr ? nullptr : json_object(*item, term.attribute);
  if (term.operation == "attribute_exists") return found != nullptr;
  if (term.operation == "attribute_not_exists") return found == nullptr;
  if (found == nullptr) return term.operation == "<>";
  if (term.operation != "begins_with") return compares(term.operation, *found, term.value);
  return json_string(*found, "S")
      .value_or("")
      .starts_with(json_string(term.value, "S").value_or("?"));
}

}  // namespace

Answer<DynamoExpression> parse_expression(const json::object& request, std::string_view field) {
  static const json::object nothing;
  const json::object* names = json_object(request, "ExpressionAttributeNames");
  const json::object* values = json_object(request, "ExpressionAttributeValues");
  const auto text = json_string(request, field);
  if (!text) {
    if (names != nullptr || values != nullptr)
      return invalid("ExpressionAttributeNames or -Values without an expression");
    return DynamoExpression{};
  }
  return Parser(*text, names == nullptr ? nothing : *names, values == nullptr ? nothing : *values)
      .parse();
}

bool holds(const DynamoExpression& expression, const json::object* item) {
  return std::all_of(expression.begin(), expression.end(),
                     [&](const DynamoTerm& term) { return holds(term, item); });
}

}  // namespace mayfly::lab
