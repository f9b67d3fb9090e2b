#include "lab/rig/watch.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "lease/enforce.h"

namespace mayfly::lab {
namespace {

constexpr std::size_t k_violations_max = 20;

}  // namespace

std::vector<FakeInstance> live_instances(FakeAws& aws) {
  std::vector<FakeInstance> all = aws.instances();
  std::erase_if(all, [](const FakeInstance& instance) { return !is_live(instance.state); });
  return all;
}

std::string tag_of(const FakeInstance& instance, const std::string& key) {
  const auto tag = instance.spec.tags.find(key);
  return tag == instance.spec.tags.end() ? "" : tag->second;
}

void Watch::violated(std::string what) {
  const bool known = std::find(violations_.begin(), violations_.end(), what) != violations_.end();
  if (!known && violations_.size() < k_violations_max) violations_.push_back(std::move(what));
}

std::string Watch::text() const {
  std::string all;
  for (const std::string& one : violations_) all += one + "\n";
  return all;
}

void Watch::look() {
  const std::vector<FakeInstance> live = live_instances(aws_);
  std::map<std::string, ClientToken> launch_of;
  for (const FakeInstance& instance : live) {
    const std::string lease = tag_of(instance, k_tag_lease);
    const auto [known, is_first] = launch_of.try_emplace(lease, instance.client_token);
    // Those of one launch are a batch: as many as were asked for.
    if (!is_first && known->second != instance.client_token)
      violated("live machines of two launches of lease " + lease);
    const auto deadline = parse_int(tag_of(instance, k_tag_expires_at));
    if (!deadline) {
      violated(instance.id.text + " lives without a deadline");
    } else if (clock_.wall() - wall_from_epoch_seconds(*deadline) > options_.overrun_max) {
      violated(instance.id.text + " outlived its deadline");
    }
  }
  if (static_cast<int>(live.size()) > options_.machines_max) violated("more machines than allowed");
}

}  // namespace mayfly::lab
