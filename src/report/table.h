#pragma once

// Text tables for people: columns as wide as their widest cell, two spaces between.

#include <string>
#include <vector>

namespace mayfly::report {

class Table {
 public:
  explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace mayfly::report
