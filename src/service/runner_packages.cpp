#include "service/runner_packages.h"

#include "base/text.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

constexpr Millis k_list_believed_for = Seconds{3600};
constexpr Millis k_failure_believed_for = Seconds{5};

// The words GitHub uses (facts.md A1).
std::string github_name(Architecture architecture) {
  return architecture == Architecture::x86_64 ? "x64" : "arm64";
}

std::string replace_all(std::string text, std::string_view what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

RunnerPackage pinned(const RunnerConfig& config, Architecture architecture) {
  constexpr const char* k_releases =
      "https://github.com/actions/runner/releases/download/v{version}/"
      "actions-runner-linux-{arch}-{version}.tar.gz";
  std::string url = config.download_url.empty() ? k_releases : config.download_url;
  url = replace_all(std::move(url), "{version}", config.version);
  url = replace_all(std::move(url), "{arch}", github_name(architecture));
  const auto sum = config.sha256.find(architecture);
  return {config.version, std::move(url), sum == config.sha256.end() ? "" : sum->second};
}

// What goes to a machine as a line of text must be one.
bool is_plain(const std::string& text) {
  for (const char c : text)
    if (c <= 0x20 || c >= 0x7f) return false;
  return true;
}

std::map<Architecture, RunnerPackage> usable(const std::vector<github::RunnerDownload>& downloads) {
  std::map<Architecture, RunnerPackage> packages;
  for (const github::RunnerDownload& download : downloads) {
    if (download.os != "linux" || !is_plain(download.url) || !is_plain(download.sha256)) continue;
    for (const Architecture architecture : {Architecture::x86_64, Architecture::arm64})
      if (download.architecture == github_name(architecture))
        packages[architecture] = {version_in(download.filename), download.url,
                                  to_lower(download.sha256)};
  }
  return packages;
}

}  // namespace

std::string version_in(const std::string& filename) {
  const std::string_view suffix = ".tar.gz";
  if (!filename.ends_with(suffix)) return "";
  const std::string stem = filename.substr(0, filename.size() - suffix.size());
  const std::string version = stem.substr(stem.rfind('-') + 1);
  return is_all_of(version, "0123456789.") ? version : "";
}

Result<RunnerPackage> RunnerPackages::package_for(Architecture architecture) {
  if (config_.runner.version != "latest") return pinned(config_.runner, architecture);
  {
    const std::scoped_lock lock(mutex_);
    const auto known = latest_.find(architecture);
    if (known != latest_.end() && clock_.steady() < latest_until_) return known->second;
    if (failure_ && clock_.steady() < failure_until_) return fail(*failure_);
  }
  auto package = ask_github(architecture);
  const std::scoped_lock lock(mutex_);
  failure_ = package ? std::nullopt : std::optional(package.error());
  failure_until_ = clock_.steady() + k_failure_believed_for;
  return package;
}

Result<RunnerPackage> RunnerPackages::ask_github(Architecture architecture) {
  TRY_ASSIGN(const auto downloads, github_.list_downloads(call_deadline(clock_)));
  auto latest = usable(downloads);
  const auto found = latest.find(architecture);
  if (found == latest.end())
    return fail(Code::github_bad_answer,
                "GitHub lists no usable runner for linux " + github_name(architecture));
  RunnerPackage package = found->second;
  const std::scoped_lock lock(mutex_);
  latest_ = std::move(latest);
  latest_until_ = clock_.steady() + k_list_believed_for;
  return package;
}

}  // namespace mayfly
