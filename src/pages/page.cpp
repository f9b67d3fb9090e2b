#include "pages/page.h"

#include <algorithm>

#include "http/problem.h"
#include "pages/assets.h"

namespace mayfly::pages {
namespace {

constexpr const char* k_policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

void write_head(Html& html, const PageHead& head) {
  const auto scope = html.in("head");
  html.lone("meta", {{"charset", "utf-8"}});
  html.lone("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  html.lone("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  html.lone("meta", {{"name", "robots"}, {"content", "noindex"}});
  html.put("title", head.title);
  html.lone("link",
            {{"rel", "icon"}, {"type", "image/svg+xml"}, {"href", head.root + icon_path()}});
  html.lone("link", {{"rel", "stylesheet"}, {"href", head.root + style_path()}});
  html.put("script", {{"src", head.root + script_path()}, {"defer", ""}}, "");
  if (head.reload_seconds == 0) return;
  const auto without_script = html.in("noscript");
  html.lone("meta", {{"http-equiv", "refresh"}, {"content", std::to_string(head.reload_seconds)}});
}

}  // namespace

std::string root_from(std::string_view path) {
  const auto slashes = std::count(path.begin(), path.end(), '/');
  std::string root = slashes > 1 ? "" : "./";
  for (auto i = slashes; i > 1; --i) root += "../";
  return root;
}

std::string page_text(const PageHead& head, const std::function<void(Html&)>& body) {
  Html html;
  html.doctype();
  {
    const auto document = html.in("html", {{"lang", "en"}});
    write_head(html, head);
    const auto visible = html.in("body");
    {
      const auto main = html.in("main", {{"id", "main"},
                                         {"data-version", head.version},
                                         {"data-poll", std::to_string(head.poll_millis)}});
      body(html);
    }
    html.put("p", {{"id", "said"}, {"class", "unseen"}, {"role", "status"}}, "");
  }
  return html.markup() + "\n";
}

HttpResponse page_response(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.add("Content-Security-Policy", k_policy);
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Referrer-Policy", "no-referrer");
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Vary", "Accept");
  response.body = std::move(text);
  return response;
}

HttpResponse problem_page(const Error& error, std::string_view path) {
  const CodeInfo& code = info(error.code);
  const HttpResponse plain = problem_response(error);
  PageHead head{std::string(code.title), root_from(path)};
  const std::string text = page_text(head, [&](Html& html) {
    html.put("p", {{"class", "over-title"}}, "mayfly");
    html.put("h1", code.title);
    html.put("p", {{"class", "lead"}}, error.message);
    html.put("p", code.remedy);
    html.put("p", {{"class", "quiet"}}, "Code: " + std::string(code.name));
  });
  HttpResponse response = page_response(plain.status, text);
  if (const auto wait = plain.headers.find("Retry-After"))
    response.headers.set("Retry-After", std::string(*wait));
  return response;
}

}  // namespace mayfly::pages
