// The tags of an instance, from which alone the second enforcer decides: lines of "name=value".

#include "lease/enforce.h"

#include "fuzz/laws.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  std::string_view text = fuzz::text_of(data, size);
  std::map<std::string, std::string> tags;
  while (!text.empty()) {
    const std::string_view line = fuzz::take_line(text);
    const std::size_t equals = std::min(line.find('='), line.size());
    tags[std::string(line.substr(0, equals))] =
        std::string(line.substr(std::min(equals + 1, line.size())));
  }
  const WallTime now = wall_from_epoch_seconds(1'800'000'000);
  const Enforcement verdict = enforce(tags, now);

  const auto tag = tags.find(k_tag_expires_at);
  const auto deadline = tag == tags.end() ? std::nullopt : parse_int(tag->second);
  const std::int64_t latest = 1'800'000'000 + k_lifetime_max / Seconds{1};
  if (verdict == Enforcement::keep)
    fuzz::law(deadline && *deadline > 1'800'000'000 && *deadline <= latest,
              "a machine is kept only before a deadline that a lease may have", tag->second);
  if (verdict == Enforcement::past_deadline)
    fuzz::law(deadline && *deadline <= 1'800'000'000, "a machine is past a deadline it names");
  if (verdict == Enforcement::unreadable_deadline)
    fuzz::law(!deadline || *deadline > latest, "a readable, believable deadline is obeyed");
  if (verdict == Enforcement::keep) {
    fuzz::law(enforce(tags, wall_from_epoch_seconds(latest)) == Enforcement::past_deadline,
              "no tag keeps a machine longer than a lease may last");
    tags.erase(k_tag_expires_at);
    fuzz::law(enforce(tags, now) == Enforcement::unreadable_deadline,
              "without a deadline nothing is kept");
  }
  return 0;
}
