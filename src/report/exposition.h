#pragma once

// Metrics as text that Prometheus reads (its text exposition format, version 0.0.4). Pure.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/money.h"
#include "base/time.h"

namespace mayfly::report {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

// Of durations, with buckets fit for boots and jobs' waits: 5 s to an hour.
class Histogram {
 public:
  void add(Millis value);
  [[nodiscard]] const std::vector<std::int64_t>& buckets() const { return counts_; }
  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] Millis sum() const { return sum_; }
  // Upper bounds in seconds; one more bucket, +Inf, is above them.
  [[nodiscard]] static const std::vector<int>& bounds();

 private:
  std::vector<std::int64_t> counts_ = std::vector<std::int64_t>(bounds().size() + 1);
  std::int64_t count_ = 0;
  Millis sum_{0};
};

class Exposition {
 public:
  // Begins a metric: the samples that follow are its. Names are of [a-z0-9_].
  Exposition& counter(std::string_view name, std::string_view help);
  Exposition& gauge(std::string_view name, std::string_view help);
  Exposition& histogram(std::string_view name, std::string_view help);

  Exposition& value(std::int64_t value, const Labels& labels = {});
  Exposition& value(Money value, const Labels& labels = {});   // in dollars
  Exposition& value(Millis value, const Labels& labels = {});  // in seconds
  Exposition& value(const Histogram& histogram, const Labels& labels = {});

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void begin(std::string_view name, std::string_view help, std::string_view type);
  void sample(std::string_view suffix, const Labels& labels, const std::string& value);

  std::string name_;
  std::string text_;
};

inline constexpr const char* k_exposition_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace mayfly::report
