#include "service/images.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

constexpr Millis k_believed_for = Seconds{3600};

std::string fact_name(Architecture architecture, const ImageConfig& image) {
  return "image:" + std::string(to_string(architecture)) + ":" + image.ssm_parameter + image.owner +
         image.name_pattern;
}

bool is_image_id(std::string_view text) {
  return text.starts_with("ami-") && text.size() > 4 && text.size() <= 32 &&
         is_all_of(text.substr(4), "0123456789abcdef");
}

// "<epoch seconds> <image id>"
std::optional<std::string> still_believed(const std::string& fact, WallTime now) {
  const std::size_t space = fact.find(' ');
  if (space == std::string::npos) return std::nullopt;
  const auto at = parse_int(std::string_view(fact).substr(0, space));
  if (!at) return std::nullopt;
  const Millis age = now - wall_from_epoch_seconds(*at);
  if (age < -Seconds{60} || age > k_believed_for) return std::nullopt;
  return fact.substr(space + 1);
}

}  // namespace

std::optional<aws::Image> newest(const std::vector<aws::Image>& images) {
  const auto found =
      std::max_element(images.begin(), images.end(), [](const auto& a, const auto& b) {
        return std::tie(a.creation_date, a.name) < std::tie(b.creation_date, b.name);
      });
  return found == images.end() ? std::nullopt : std::optional<aws::Image>(*found);
}

Result<std::string> Images::look_up(Architecture architecture, const ImageConfig& image) {
  if (!image.ssm_parameter.empty()) {
    TRY_ASSIGN(const Secret value, ssm_.get_parameter(image.ssm_parameter, call_deadline(clock_)));
    if (!is_image_id(value.reveal()))
      return fail(Code::aws_config, "parameter " + image.ssm_parameter + " holds no image id");
    return value.reveal();
  }
  const std::string name(to_string(architecture));
  TRY_ASSIGN(const auto images,
             ec2_.describe_images({image.owner, image.name_pattern, name}, call_deadline(clock_)));
  const auto found = newest(images);
  if (!found)
    return fail(Code::aws_config, "owner " + image.owner + " has no " + name +
                                      " image named like " + image.name_pattern);
  return found->id;
}

void Images::remember(const std::string& fact, const std::string& text) {
  const std::scoped_lock lock(mutex_);
  facts_[fact] = text;
}

std::string Images::remembered(const std::string& fact) {
  const std::scoped_lock lock(mutex_);
  return facts_[fact];
}

Result<std::optional<std::string>> Images::believed_image(const std::string& name) {
  if (auto id = still_believed(remembered(name), clock_.wall())) return id;
  TRY_ASSIGN(const auto fact, ledger_.fact(name));
  auto id = still_believed(fact.value_or(""), clock_.wall());
  if (id) remember(name, *fact);
  return id;
}

Result<std::string> Images::image_for(Architecture architecture) {
  const auto configured = config_.images.find(architecture);
  if (configured == config_.images.end())
    return fail(Code::unknown_architecture, "no image for " + std::string(to_string(architecture)));
  const ImageConfig& image = configured->second;
  if (!image.id.empty()) return image.id;

  const std::string name = fact_name(architecture, image);
  TRY_ASSIGN(const auto believed, believed_image(name));
  if (believed) return *believed;
  TRY_ASSIGN(std::string id, look_up(architecture, image));
  const std::string text = std::to_string(epoch_seconds(clock_.wall())) + " " + id;
  TRY(ledger_.set_fact(name, text));
  remember(name, text);
  return id;
}

Status Images::forget(Architecture architecture) {
  const auto configured = config_.images.find(architecture);
  if (configured == config_.images.end()) return {};
  const std::string name = fact_name(architecture, configured->second);
  remember(name, "");
  return ledger_.set_fact(name, "");
}

}  // namespace mayfly
