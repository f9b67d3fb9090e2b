// Requests of which every one must be refused: hostile labels and field values (the corpora of the
// seed's holes first), wrong types, sizes and encodings. Each carries a canary, which must turn up
// nowhere.

#include <array>
#include <cstdio>

#include "attacks.h"

namespace attack {
namespace {

using namespace std::string_literals;

constexpr const char* k_canary = "zqCANARYqz";
constexpr std::size_t k_samples = 12;
constexpr const char* k_nonce = "X-Mayfly-Claim: 0123456789abcdef0123456789abcdef\r\n";

// What makes a value hostile; each has at least one byte that no field takes.
const std::vector<std::string>& poisons() {
  static const std::vector<std::string> all = {
      // Shells: the seed's prefix match let these through, and ran them as root.
      "\nid", "; id", "$(id)", "`id`", "| id", "&& id", "> /etc/x", "'; id; '", "\"; id; \"",
      "; grep -o TOKEN \"$0\"", "$IFS$9id", "\\x3bid", "${IFS}", "\r\nid", "\n", "\r", " #",
      // Arguments of config.sh, lists of labels.
      " --url https://github.com/attacker/repo --replace --no-default-labels", ",self-hosted,prod",
      " --ephemeral=false", "--name=x", "=x", ",", " ", "\t",
      // Wildcards and filters of EC2.
      "*", "?", "rr*", "%", "_%", "[a-z]*", "tag:Name",
      "&Filter.1.Name=x&Action=TerminateInstances", "&Tag.1.Key=mayfly:deployment", "+", "%2a",
      "%00", "%0a%0d",
      // SQL, JSON, XML, paths, templates, log lines, format strings, terminals.
      "' OR '1'='1", "'; DROP TABLE lease; --", "\",\"operation\":\"create\",\"x\":\"", "\\",
      "\\u0000", "<script>alert(1)</script>",
      "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>", "]]>", "../../../../etc/passwd",
      "/..%2f..%2f", "{{7*7}}", "${jndi:ldap://x}", "#{x}",
      "\",\"level\":\"error\",\"event\":\"forged\"}\n{\"event\":\"forged", "\nerror forged",
      "%s%s%n", "\x1b[2J\x1b]0;x\x07", "\x7f", "\b\b\b",
      // Header and request splitting.
      "\r\nX-Injected: 1", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", " HTTP/1.1\r\n",
      // Unicode: look-alikes, invisible ones, directions, surrogates, what normalises to letters.
      "\xd0\xb0", "\xe2\x80\x8b", "\xe2\x80\xae", "\xef\xbb\xbf", "\xef\xbc\x91", "\xc4\xb1",
      "e\xcc\x81", "\xf0\x9f\x92\xa5", "\xe2\x84\xaa", "\xc2\x85", "\xe2\x80\xa8", "\xc2\xa0",
      // Not UTF-8: alone, too long, cut, surrogates as bytes, beyond the end.
      "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff\xfe",
      std::string(1, '\0')};
  return all;
}

std::string json_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte >= 0x20) {
      out += c;
      continue;
    }
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\u%04x", byte);
    out += escape.data();
  }
  return out;
}

class Hostile {
 public:
  explicit Hostile(std::uint64_t seed) : random_(seed) {}

  std::string ask() {
    switch (random_() % 14) {
      case 0:
      case 1:
        return seed(R"("create","architectures":["x86_64"],"label":)" + label());
      case 2:
        return seed(R"("create","architecture":"arm64","label":)" + label());
      case 3:
        return seed(R"("destroy","label":)" + label());
      case 4:
        return seed(R"("destroy","labels":["rr_runner_a",)" + label() + "]");
      case 5:
        return random_() % 2 == 0
                   ? post("/", "{\"operation\":" + value() + R"(,"label":"rr_runner_a"})")
                   : seed(R"("create","label":"rr_runner_a","architectures":)" + either_list());
      case 6:
        return seed(R"("create","architectures":["arm64"],"label":"rr_runner_a",)" + key() + ":" +
                    value());
      case 7:
        return post("/v1/leases", v1_body());
      case 8:
        return target();
      case 9:
        return claim();
      case 10:
        return random_() % 2 == 0
                   ? event("{\"event\":" + value() + "}")
                   : event(R"({"event":"booted","detail":)" + string_of(poisoned()) + "}");
      case 11:
        return sized();
      case 12:
        return not_json();
      default:
        return header();
    }
  }

 private:
  // A canary and poison in some order, sometimes several, sometimes behind the right prefix.
  std::string poisoned() {
    std::string out = random_() % 2 == 0 ? "rr_runner_" : "";
    for (std::uint64_t n = 1 + random_() % 3; n > 0; --n) {
      if (random_() % 2 == 0) out += k_canary;
      out += poisons()[random_() % poisons().size()];
    }
    return out + k_canary;
  }

  // As a JSON string: escaped as it should be, or the bytes as they are.
  std::string string_of(const std::string& text) {
    return "\"" + (random_() % 4 == 0 ? text : json_escape(text)) + "\"";
  }

  std::string wrong_type() {
    static const std::vector<std::string> all = {"null",
                                                 "true",
                                                 "-1",
                                                 "0",
                                                 "1.5",
                                                 "1e400",
                                                 "-0.0",
                                                 "99999999999999999999999",
                                                 "[]",
                                                 "{}",
                                                 "[[]]",
                                                 "[null]",
                                                 "{\"a\":{}}",
                                                 "\"\"",
                                                 "[\"\"]",
                                                 "NaN",
                                                 "0x10",
                                                 "01",
                                                 "'a'",
                                                 "\"\\ud800\"",
                                                 "\"\\udc00\\ud800\"",
                                                 "[[[[[[[[[[[[]]]]]]]]]]]]",
                                                 "{\"$ne\":null}",
                                                 "{\"__proto__\":{}}"};
    return all[random_() % all.size()];
  }

  std::string value() { return random_() % 3 == 0 ? wrong_type() : string_of(poisoned()); }

  std::string label() {
    switch (random_() % 6) {
      case 0:
        return wrong_type();
      case 1:
        return "\"rr_runner_\"";  // nothing after the prefix
      case 2:
        return "\"rr_runner_" + std::string(91 + random_() % 900, 'a') + "\"";
      default:
        return string_of(poisoned());
    }
  }

  std::string key() {
    static const std::vector<std::string> known = {"operation", "label",  "architectures",
                                                   "LABEL",     "labels", "user_data"};
    return random_() % 2 == 0 ? "\"" + known[random_() % known.size()] + "\""
                              : string_of(poisoned());
  }

  std::string either_list() {
    switch (random_() % 4) {
      case 0:
        return wrong_type();
      case 1:
        return "[\"x86_64\",\"x86_64\"]";
      default:
        return "[\"x86_64\"," + value() + "]";
    }
  }

  std::string v1_body() {
    std::string repository = "\"rr-debugger/rr\"", run = "17000000001", attempt = "1";
    std::string architecture = "\"x86_64\"", count = "1", more;
    switch (random_() % 7) {
      case 0:
        repository = value();
        break;
      case 1:
        run = value();
        break;
      case 2:
        attempt = value();
        break;
      case 3:
        architecture = value();
        break;
      case 4:
        count = value();
        break;
      case 5:
        more = "," + string_of(poisoned()) + ":1";
        break;
      default:
        return R"({"repository":"rr-debugger/rr","run_id":1,"runners":)" + value() + "}";
    }
    return "{\"repository\":" + repository + ",\"run_id\":" + run + ",\"run_attempt\":" + attempt +
           R"(,"runners":[{"architecture":)" + architecture + ",\"count\":" + count + "}]" + more +
           "}";
  }

  std::string encoded(const std::string& text) {
    std::string out;
    for (const char c : text) {
      std::array<char, 4> escape{};
      std::snprintf(escape.data(), escape.size(), "%%%02x", static_cast<unsigned char>(c));
      out += escape.data();
    }
    return out;
  }

  // Bytes that would end the request are left out: they would only make it another request.
  static std::string one_line(const std::string& text) {
    std::string out;
    for (const char c : text)
      if (c != '\r' && c != '\n' && c != '\0') out += c;
    return out;
  }

  std::string target() {
    const std::string poison = random_() % 3 == 0 ? one_line(poisoned()) : encoded(poisoned());
    const std::string ask = R"({"repository":"rr-debugger/rr","run_id":1,"runners":[]})";
    switch (random_() % 5) {
      case 0:
        return request_text("GET", "/v1/leases/" + poison, "");
      case 1:
        return request_text("DELETE", "/v1/leases/l-" + poison, "");
      case 2:
        return request_text("POST", "/v1/leases?wait=" + poison, ask);
      case 3:
        return request_text("POST", "/v1/leases/" + poison + "/events", R"({"event":"booted"})",
                            k_nonce);
      default:
        return request_text("GET", "/" + poison, "");
    }
  }

  std::string claim() {
    std::string lease = "\"l-00000000000000000000\"", instance = "\"i-00000000000000000\"";
    std::string claim_key = "\"0123456789abcdef0123456789abcdef\"";
    switch (random_() % 3) {
      case 0:
        lease = value();
        break;
      case 1:
        instance = value();
        break;
      default:
        claim_key = value();
    }
    return request_text("POST", "/v1/claims",
                        "{\"lease\":" + lease + ",\"instance_id\":" + instance +
                            ",\"claim_key\":" + claim_key + "}",
                        k_nonce);
  }

  std::string event(const std::string& body) {
    return request_text("POST", "/v1/leases/l-00000000000000000000/events", body, k_nonce);
  }

  std::string sized() {
    const std::size_t size =
        random_() % 8 == 0 ? 17'000 + random_() % 4'000 : 4'097 + random_() % 8'000;
    return seed(R"("create","architectures":["arm64"],"label":"rr_runner_)" +
                std::string(size, 'a') + k_canary + "\"");
  }

  std::string not_json() {
    static const std::vector<std::string> all = {
        "",
        "{",
        "[]",
        "null",
        "{}{}",
        "{\"operation\":\"create\"",
        "{\"operation\":\"create\",}",
        "\xef\xbb\xbf{}",
        "{\"operation\":\"destroy\",\"label\":\"rr_runner_a\",\"label\":\"b\"}",
        "operation=create&label=rr_runner_a",
        "<operation>create</operation>",
        "{'operation':1}"};
    if (random_() % 3 > 0) return post("/", all[random_() % all.size()]);
    std::string deep;
    for (std::uint64_t n = 9 + random_() % 500; n > 0; --n) deep += "{\"a\":";
    return post("/", deep);
  }

  std::string header() {
    const std::string body = R"({"operation":"destroy","label":"rr_runner_a"})";
    if (random_() % 2 == 0)
      return request_text("POST", "/v1/leases/l-00000000000000000000/events",
                          R"({"event":"booted"})",
                          "X-Mayfly-Claim: " + one_line(poisoned()) + "\r\n");
    return "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: " + one_line(poisoned()) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  std::string seed(const std::string& rest) { return post("/", "{\"operation\":" + rest + "}"); }
  static std::string post(const std::string& path, const std::string& body) {
    return request_text("POST", path, body);
  }

  Random random_;
};

std::string shown(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, 700)) {
    const bool is_plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
    out += is_plain ? c : '.';
  }
  return out;
}

}  // namespace

int hostile(const Options& options) {
  Hostile generator(options.seed);
  Counts counts;
  std::vector<std::string> accepted;
  std::uint64_t wrong = 0;
  Pool pool(
      {.port = options.port,
       .connections = options.connections,
       .sources = 5'000,
       .count = options.count,
       .seconds = options.seconds},
      [&] { return generator.ask(); },
      [&](const std::string& asked, const Answer& answer, double ms) {
        counts.note(answer, ms);
        const bool is_refused = answer.status >= 400 && answer.status < 500 &&
                                answer.body.find("\"code\":\"") != std::string::npos;
        if (is_refused) return;
        ++wrong;
        if (accepted.size() < k_samples)
          accepted.push_back(std::to_string(answer.status) + ": " + shown(asked));
      },
      [&](std::uint64_t asked) {
        std::fprintf(stderr, "%llu asked\n", static_cast<unsigned long long>(asked));
      });
  pool.run();
  std::string samples;
  for (const std::string& one : accepted) samples += (samples.empty() ? "\"" : ",\"") + one + "\"";
  std::printf("{\"not_refused\":%llu,\"samples\":[%s],\"counts\":%s}\n",
              static_cast<unsigned long long>(wrong), samples.c_str(), counts.json().c_str());
  return 0;
}

}  // namespace attack
