#pragma once

// The one writer of HTML and SVG. What is written is escaped, always: there is no way to write a
// string as markup. Names of elements and attributes are literals, which are checked when this is
// compiled: no style and no handler of events, for the pages' policy refuses both (page.h). A link
// leads to a path or to http and https, whatever its text says. Elements are closed by their scope.
//
// Of foreign text: what is not UTF-8, controls, and marks that turn the direction of text around
// become U+FFFD.

#include <initializer_list>
#include <string>
#include <string_view>

namespace mayfly::pages {

// Of an element or an attribute.
class Name {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is a name
  consteval Name(const char* text) : text_(text) {
    if (text_.empty() || text_ == "style" || text_.starts_with("on")) throw "not a name for a page";
    for (const char c : text_) {
      const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!is_letter && !(c >= '0' && c <= '9') && c != '-') throw "not a name for a page";
    }
  }
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

struct Attribute {
  Name name;
  std::string value;
};
using Attributes = std::initializer_list<Attribute>;

// As it stands in text and between the quotes of an attribute.
[[nodiscard]] std::string escaped(std::string_view foreign);

class Html {
 public:
  class Scope {
   public:
    Scope(Html& html, Name element) : html_(html), element_(element) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { html_.close(element_); }

   private:
    Html& html_;
    Name element_;
  };

  // What is written while the scope lives is inside.
  [[nodiscard]] Scope in(Name element, Attributes attributes = {});
  // An element with text alone in it.
  void put(Name element, std::string_view text) { put(element, {}, text); }
  void put(Name element, Attributes attributes, std::string_view text);
  // One that HTML never closes: meta, link, input.
  void lone(Name element, Attributes attributes);
  void text(std::string_view foreign) { out_ += escaped(foreign); }
  void doctype() { out_ += "<!doctype html>\n"; }

  [[nodiscard]] const std::string& markup() const { return out_; }

 private:
  void open(Name element, Attributes attributes);
  void close(Name element);

  std::string out_;
};

}  // namespace mayfly::pages
