#include "report/exposition.h"

#include "report/monthly.h"

namespace mayfly::report {
namespace {

std::string in_seconds(Millis duration) {
  const std::int64_t millis = duration.count();
  std::string rest = std::to_string(millis % 1000);
  rest.insert(0, 3 - rest.size(), '0');
  return std::to_string(millis / 1000) + "." + rest;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

}  // namespace

const std::vector<int>& Histogram::bounds() {
  static const std::vector<int> k_bounds = {5,  10,  15,  20,  30,  45,   60,
                                            90, 120, 180, 300, 600, 1200, 3600};
  return k_bounds;
}

void Histogram::add(Millis value) {
  std::size_t i = 0;
  while (i < bounds().size() && value > Seconds{bounds()[i]}) ++i;
  counts_[i] += 1;
  count_ += 1;
  sum_ += value;
}

void Exposition::begin(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  text_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " +
           std::string(type) + "\n";
}

Exposition& Exposition::counter(std::string_view name, std::string_view help) {
  begin(name, help, "counter");
  return *this;
}
Exposition& Exposition::gauge(std::string_view name, std::string_view help) {
  begin(name, help, "gauge");
  return *this;
}
Exposition& Exposition::histogram(std::string_view name, std::string_view help) {
  begin(name, help, "histogram");
  return *this;
}

void Exposition::sample(std::string_view suffix, const Labels& labels, const std::string& value) {
  text_ += name_ + std::string(suffix);
  char before = '{';
  for (const auto& [label, of] : labels) {
    text_ += before + std::string(label) + "=\"" + escaped(of) + "\"";
    before = ',';
  }
  text_ += (labels.empty() ? " " : "} ") + value + "\n";
}

Exposition& Exposition::value(std::int64_t value, const Labels& labels) {
  sample("", labels, std::to_string(value));
  return *this;
}
Exposition& Exposition::value(Money value, const Labels& labels) {
  sample("", labels, exact_usd(value));
  return *this;
}
Exposition& Exposition::value(Millis value, const Labels& labels) {
  sample("", labels, in_seconds(value));
  return *this;
}

Exposition& Exposition::value(const Histogram& histogram, const Labels& labels) {
  std::int64_t below = 0;
  for (std::size_t i = 0; i < histogram.buckets().size(); ++i) {
    below += histogram.buckets()[i];
    Labels with_bound = labels;
    with_bound.emplace_back("le", i < Histogram::bounds().size()
                                      ? std::to_string(Histogram::bounds()[i])
                                      : std::string("+Inf"));
    sample("_bucket", with_bound, std::to_string(below));
  }
  sample("_sum", labels, in_seconds(histogram.sum()));
  sample("_count", labels, std::to_string(histogram.count()));
  return *this;
}

}  // namespace mayfly::report
