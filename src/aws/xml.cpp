#include "aws/xml.h"

#include "base/text.h"

namespace mayfly::aws {
namespace {

constexpr std::size_t k_bytes_max = std::size_t{16} * 1024 * 1024;
constexpr int k_depth_max = 32;
// Doctypes are parsed so that they can be refused; otherwise they would be skipped in silence.
constexpr unsigned k_flags = pugi::parse_minimal | pugi::parse_escapes | pugi::parse_doctype;

bool has_doctype(const pugi::xml_document& document) {
  for (const pugi::xml_node node : document.children())
    if (node.type() == pugi::node_doctype) return true;
  return false;
}

class DepthLimit : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node&) override { return depth() < k_depth_max; }
};

tl::unexpected<Error> bad(const std::string& why) { return fail(Code::aws_bad_answer, why); }

}  // namespace

Result<XmlAnswer> parse_xml(std::string_view text, std::string_view root) {
  if (text.size() > k_bytes_max) return bad("the XML is longer than 16 MiB");
  if (text.find('\0') != std::string_view::npos) return bad("the XML has a NUL character");
  auto document = std::make_unique<pugi::xml_document>();
  const pugi::xml_parse_result parsed =
      document->load_buffer(text.data(), text.size(), k_flags, pugi::encoding_utf8);
  if (!parsed)
    return bad(std::string("XML: ") + parsed.description() + " at byte " +
               std::to_string(parsed.offset));
  if (has_doctype(*document)) return bad("the XML has a DOCTYPE");
  const pugi::xml_node element = document->document_element();
  if (element.name() != root || element.next_sibling())
    return bad("the XML is <" + printable(element.name(), 60) + ">, not <" + std::string(root) +
               ">");
  DepthLimit limit;
  if (!document->traverse(limit)) return bad("the XML is deeper than 32 levels");
  return XmlAnswer(std::move(document));
}

std::string child_text(pugi::xml_node node, const char* name) {
  return node.child(name).text().get();
}

pugi::xml_object_range<pugi::xml_named_node_iterator> items(pugi::xml_node node, const char* name) {
  return node.child(name).children("item");
}

}  // namespace mayfly::aws
