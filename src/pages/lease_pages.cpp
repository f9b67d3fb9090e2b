#include "pages/lease_pages.h"

#include "pages/page.h"

namespace mayfly::pages {
namespace {

constexpr Millis k_kept_for = Seconds{1};

bool knows(const HttpRequest& request, const std::string& tag) {
  const auto known = request.headers.find("If-None-Match");
  return known && known->find(tag) != std::string_view::npos;
}

}  // namespace

std::string github_url_of(const std::string& api_url) {
  if (api_url == "https://api.github.com") return "https://github.com";
  const std::string enterprise = "/api/v3";
  if (!api_url.starts_with("https://") || !api_url.ends_with(enterprise)) return "";
  return api_url.substr(0, api_url.size() - enterprise.size());
}

Result<HttpResponse> LeasePages::page(const HttpRequest& request, const std::string& path,
                                      const LeaseId& id) {
  TRY_ASSIGN(const Story story, story_of(id));
  const std::string tag = "\"" + version_of(*story) + "\"";
  if (knows(request, tag)) {
    HttpResponse unchanged = page_response(304, "");
    unchanged.headers.set("ETag", tag);
    return unchanged;
  }
  const LeasePlace place{root_from(path), config_.public_url + "/v1/leases/" + id.text,
                         github_url_of(config_.github.api_url)};
  HttpResponse response = page_response(200, lease_page(*story, place, clock_.wall()));
  response.headers.set("ETag", tag);
  return response;
}

Result<HttpResponse> LeasePages::summary(const LeaseId& id) {
  TRY_ASSIGN(const Story story, story_of(id));
  HttpResponse response;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Vary", "Accept");
  response.body = summary_of(*story, clock_.wall()) + "\n";
  return response;
}

// A picture in somebody else's page: caches may keep it for a moment, but not longer.
Result<HttpResponse> LeasePages::badge(const LeaseId& id) {
  TRY_ASSIGN(const Story story, story_of(id));
  HttpResponse response;
  response.headers.add("Content-Type", "image/svg+xml");
  response.headers.add("Content-Security-Policy", "default-src 'none'");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Cache-Control", "public, max-age=5");
  response.body = badge_svg(story->lease);
  return response;
}

std::size_t LeasePages::remembered() const {
  const std::scoped_lock lock(mutex_);
  return kept_.size();
}

Result<LeasePages::Story> LeasePages::story_of(const LeaseId& id) {
  const SteadyTime now = clock_.steady();
  {
    const std::scoped_lock lock(mutex_);
    const auto found = kept_.find(id.text);
    if (found != kept_.end() && now < found->second.until) return found->second.story;
  }
  TRY_ASSIGN(const Story story, read(id));
  keep(id, story, now);
  return story;
}

Result<LeasePages::Story> LeasePages::read(const LeaseId& id) {
  TRY_ASSIGN(const auto lease, ledger_.find(id));
  if (!lease) return fail(Code::lease_not_found, "there is no lease " + id.text);
  LeaseStory story{*lease, {}, {}, {}};
  TRY_ASSIGN(story.events, ledger_.events(id));
  std::erase_if(story.events, is_refusal);
  TRY_ASSIGN(story.machines, ledger_.machines(id));
  story.usuals = usuals_.of(lease->architecture);
  return Story(std::make_shared<const LeaseStory>(std::move(story)));
}

// What is old goes first; if all are fresh, this one is not kept.
void LeasePages::keep(const LeaseId& id, const Story& story, SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(kept_, [&](const auto& entry) { return now >= entry.second.until; });
  if (kept_.size() < k_stories_max) kept_[id.text] = {story, now + k_kept_for};
}

}  // namespace mayfly::pages
