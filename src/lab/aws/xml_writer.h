#pragma once

// Writes the XML of AWS's answers, element by element. Text is escaped; names are ours.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aws/ec2.h"

namespace mayfly::lab {

class XmlWriter {
 public:
  XmlWriter& open(std::string_view name);
  XmlWriter& close();
  XmlWriter& text(std::string_view name, std::string_view value);
  XmlWriter& number(std::string_view name, std::int64_t value);
  XmlWriter& flag(std::string_view name, bool value);
  // <tagSet><item><key/><value/></item>...</tagSet>
  XmlWriter& tags(const aws::Tags& tags);

  // What was written so far; every element must be closed.
  [[nodiscard]] std::string take();

 private:
  std::string out_;
  std::vector<std::string> open_;
};

}  // namespace mayfly::lab
