#include "lab/aws/xml_writer.h"

#include "base/result.h"

namespace mayfly::lab {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
      out += c;
    } else {
      // XML 1.0 has no way to write other control characters.
      out += '?';
    }
  }
  return out;
}

}  // namespace

XmlWriter& XmlWriter::open(std::string_view name) {
  out_ += '<' + std::string(name) + '>';
  open_.emplace_back(name);
  return *this;
}

XmlWriter& XmlWriter::close() {
  MAYFLY_CHECK(!open_.empty());
  out_ += "</" + open_.back() + '>';
  open_.pop_back();
  return *this;
}

XmlWriter& XmlWriter::text(std::string_view name, std::string_view value) {
  open(name);
  out_ += escape(value);
  return close();
}

XmlWriter& XmlWriter::number(std::string_view name, std::int64_t value) {
  return text(name, std::to_string(value));
}

XmlWriter& XmlWriter::flag(std::string_view name, bool value) {
  return text(name, value ? "true" : "false");
}

XmlWriter& XmlWriter::tags(const aws::Tags& tags) {
  open("tagSet");
  for (const auto& [key, value] : tags) open("item").text("key", key).text("value", value).close();
  return close();
}

std::string XmlWriter::take() {
  MAYFLY_CHECK(open_.empty());
  return std::exchange(out_, {});
}

}  // namespace mayfly::lab
