// Who knows everything that is public, and who asks honestly.

#include <cstdio>
#include <fstream>

#include "attacks.h"

namespace attack {
namespace {

constexpr const char* k_repository = "rr-debugger/rr";

class Stranger {
 public:
  explicit Stranger(const Options& options) : options_(options), random_(options.seed) {}

  void learn() { knowledge_.read(options_.knowledge); }

  std::string ask() {
    if (knowledge_.labels.empty() || knowledge_.runs.empty() || knowledge_.leases.empty())
      return "";
    if (static_cast<int>(random_() % 100) < options_.fresh_percent)
      return seed(R"("create","architectures":["x86_64","arm64"],"label":"rr_runner_)" + hex(16) +
                  "\"");
    if (static_cast<int>(random_() % 100) < options_.unknown_percent)
      return v1(std::to_string(1 + random_() % 20'000'000'000));
    const Knowledge::Lease& lease = any(knowledge_.leases);
    switch (random_() % 12) {
      case 0:
        return seed(R"("create","architectures":["x86_64","arm64"],"label":")" + label() + "\"");
      case 1:
        return seed(R"("create","architectures":[")" + architecture() + R"("],"label":")" +
                    label() + "\"");
      case 2:
        return seed(R"("create","architecture":")" + architecture() + R"(","label":")" + label() +
                    "\"");
      case 3:
        return seed(R"("destroy","label":")" + label() + "\"");
      case 4:
        return seed(R"("destroy","labels":[")" + label() + "\",\"no" + label() + "\"]");
      case 5:
      case 6:
      case 7:
        return v1(any(knowledge_.runs));
      case 8:
        return request_text("GET", "/v1/leases/" + lease.id, "");
      case 9:
        return claim(lease);
      case 10:
        return request_text("POST", "/v1/leases/" + lease.id + "/events",
                            R"({"event":"job-completed","detail":"says a stranger"})",
                            "X-Mayfly-Claim: " + hex(32) + "\r\n");
      default:
        return request_text("DELETE", "/v1/leases/" + lease.id, "");
    }
  }

 private:
  template <class T>
  const T& any(const std::vector<T>& from) {
    return from[from.size() - 1 - random_() % std::min<std::size_t>(from.size(), 400)];
  }
  const std::string& label() { return any(knowledge_.labels); }
  std::string architecture() { return random_() % 2 == 0 ? "x86_64" : "arm64"; }

  std::string hex(int digits) {
    std::string out;
    for (int i = 0; i < digits; ++i) out += "0123456789abcdef"[random_() % 16];
    return out;
  }
  std::string seed(const std::string& rest) {
    return request_text("POST", "/", R"({"operation":)" + rest + "}");
  }
  std::string v1(const std::string& run) {
    return request_text("POST", "/v1/leases",
                        std::string(R"({"repository":")") + k_repository + R"(","run_id":)" + run +
                            R"(,"runners":[{"architecture":")" + architecture() + R"(","count":)" +
                            std::to_string(1 + random_() % 4) + "}]}");
  }
  std::string claim(const Knowledge::Lease& lease) {
    return request_text("POST", "/v1/claims",
                        R"({"lease":")" + lease.id + R"(","instance_id":")" + lease.instance +
                            R"(","claim_key":")" + hex(32) + "\"}",
                        "X-Mayfly-Claim: " + hex(32) + "\r\n");
  }

  const Options& options_;
  Random random_;
  Knowledge knowledge_;
};

}  // namespace

void Knowledge::read(const std::string& path) {
  *this = {};
  std::ifstream file(path);
  std::string kind, value;
  while (file >> kind >> value) {
    if (kind == "label") labels.push_back(value);
    if (kind == "run") runs.push_back(value);
    if (kind != "lease") continue;
    std::string instance;
    file >> instance;
    leases.push_back({value, instance});
  }
}

int strangers(const Options& options) {
  Stranger stranger(options);
  stranger.learn();
  Counts counts;
  Pool pool(
      {.port = options.port,
       .connections = options.connections,
       .sources = 5'000,
       .rate = options.rate,
       .count = options.count,
       .seconds = options.seconds},
      [&] { return stranger.ask(); },
      [&](const std::string&, const Answer& answer, double ms) { counts.note(answer, ms); },
      [&](std::uint64_t asked) {
        stranger.learn();
        std::fprintf(stderr, "%llu asked\n", static_cast<unsigned long long>(asked));
      });
  pool.run();
  std::printf("%s\n", counts.json().c_str());
  return 0;
}

int honest(const Options& options) {
  Knowledge knowledge;
  knowledge.read(options.knowledge);
  Random random(options.seed);
  Counts counts;
  const auto ask = [&]() -> std::string {
    if (knowledge.leases.empty() || knowledge.runs.empty()) return "";
    if (random() % 4 == 0)
      return request_text(
          "POST", "/v1/leases",
          std::string(R"({"repository":")") + k_repository + R"(","run_id":)" +
              knowledge.runs[random() % knowledge.runs.size()] +
              R"(,"runners":[{"architecture":"x86_64"},{"architecture":"arm64"}]})");
    return request_text(
        "GET", "/v1/leases/" + knowledge.leases[random() % knowledge.leases.size()].id, "");
  };
  Pool pool(
      {.port = options.port,
       .connections = 4,
       .sources = 3,
       .first_source = 50'000,  // in no network of the floods'
       .rate = options.rate,
       .count = options.count,
       .seconds = options.seconds},
      ask, [&](const std::string&, const Answer& answer, double ms) { counts.note(answer, ms); },
      [&](std::uint64_t) {});
  pool.run();
  std::printf("%s\n", counts.json().c_str());
  return 0;
}

}  // namespace attack
