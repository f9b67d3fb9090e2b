#include "pages/assets.h"

#include <array>

#include "base/digest.h"

namespace mayfly::pages {

std::string_view page_css();
std::string_view page_js();
std::string_view icon_svg();

namespace {

struct Asset {
  std::string path;
  std::string_view type;
  std::string_view content;
};

Asset make(const char* stem, const char* extension, std::string_view type,
           std::string_view content) {
  const std::string hash = sha256_hex(content).substr(0, 12);
  return {std::string("assets/") + stem + "-" + hash + extension, type, content};
}

const std::array<Asset, 3>& all_assets() {
  static const std::array<Asset, 3> assets = {
      make("page", ".css", "text/css; charset=utf-8", page_css()),
      make("page", ".js", "text/javascript; charset=utf-8", page_js()),
      make("icon", ".svg", "image/svg+xml", icon_svg())};
  return assets;
}

}  // namespace

std::string style_path() { return all_assets()[0].path; }
std::string script_path() { return all_assets()[1].path; }
std::string icon_path() { return all_assets()[2].path; }

std::optional<HttpResponse> asset_response(std::string_view path) {
  if (!path.starts_with("/")) return std::nullopt;
  for (const Asset& asset : all_assets()) {
    if (path.substr(1) != asset.path) continue;
    HttpResponse response;
    response.headers.add("Content-Type", std::string(asset.type));
    response.headers.add("Cache-Control", "public, max-age=31536000, immutable");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Content-Security-Policy", "default-src 'none'");
    response.body = asset.content;
    return response;
  }
  return std::nullopt;
}

}  // namespace mayfly::pages
