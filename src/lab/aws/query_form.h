#pragma once

// The form body of AWS's query protocol as names and values. Stricter than AWS: a name given twice,
// a broken escape or an empty name refuses the whole form, and every action lists what it accepts.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lab/aws/aws_fault.h"

namespace mayfly::lab {

class QueryForm {
 public:
  // MalformedQueryString.
  [[nodiscard]] static Answer<QueryForm> parse(std::string_view body);

  [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
  [[nodiscard]] std::string text(const std::string& name, const std::string& absent = {}) const;
  [[nodiscard]] Answer<std::string> required(const std::string& name) const;
  // "true" and "false".
  [[nodiscard]] Answer<bool> flag(const std::string& name, bool absent) const;
  [[nodiscard]] Answer<std::int64_t> number(const std::string& name, std::int64_t absent,
                                            std::int64_t min, std::int64_t max) const;
  // One of the words, or the first of them when absent.
  [[nodiscard]] Answer<std::string> word(const std::string& name,
                                         std::span<const std::string_view> words) const;
  // name.1, name.2, ...
  [[nodiscard]] std::vector<std::string> list(const std::string& name) const;
  // The forms below name.1., name.2., ...
  [[nodiscard]] std::vector<QueryForm> items(const std::string& name) const;
  // Everything below "name.", with that prefix taken off.
  [[nodiscard]] QueryForm under(const std::string& name) const;

  // UnknownParameter unless each name, with its numbers written as N, is among the accepted.
  [[nodiscard]] Answer<void> accept_only(std::span<const std::string_view> accepted) const;
  // Equal for equal requests, whatever the order; these names do not count.
  [[nodiscard]] std::string fingerprint(std::span<const std::string_view> ignored = {}) const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace mayfly::lab
