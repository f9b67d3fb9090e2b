#pragma once

// XML answers of AWS's query protocol, parsed strictly: at most 16 MiB (a page of 1000 instances is
// below 10), at most 32 levels, no DOCTYPE, no NUL, the expected root element and nothing beside
// it. Entities other than XML's own five and numbers stay as they are written.

#include <memory>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::aws {

class XmlAnswer {
 public:
  explicit XmlAnswer(std::unique_ptr<pugi::xml_document> document)
      : document_(std::move(document)) {}

  [[nodiscard]] pugi::xml_node root() const { return document_->document_element(); }

 private:
  std::unique_ptr<pugi::xml_document> document_;
};

// Code::aws_bad_answer on any fault.
[[nodiscard]] Result<XmlAnswer> parse_xml(std::string_view text, std::string_view root);

// The text of the first child of that name; empty where there is none.
[[nodiscard]] std::string child_text(pugi::xml_node node, const char* name);

// The <item> children of the child of that name, EC2's way to write a list.
[[nodiscard]] pugi::xml_object_range<pugi::xml_named_node_iterator> items(pugi::xml_node node,
                                                                          const char* name);

}  // namespace mayfly::aws
