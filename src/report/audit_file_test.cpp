#include "report/audit_file.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "report/testing.h"

namespace mayfly::report {
namespace {

using testing::k_noon;
using testing::machine;

// A key like the one of `openssl genpkey -algorithm ed25519`, made of a byte.
Secret key_of(char byte) {
  const std::string der("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
  return Secret("-----BEGIN PRIVATE KEY-----\n" + base64_encode(der + std::string(32, byte)) +
                "\n-----END PRIVATE KEY-----\n");
}

const Secret k_key = key_of('a');

struct AuditBench {
  std::vector<History> histories;
  std::string text;

  // A machine that costs a dollar in a thousand seconds, and ran for 100; until < 0: it still runs.
  void add_machine(int n, int until = 100) {
    History history;
    history.lease.id = LeaseId{"l-" + std::to_string(n)};
    history.lease.repository = RepositoryName{"octo/one"};
    history.lease.deadline = k_noon + Seconds{3600};
    history.machines = {
        machine("i-0000000" + std::to_string(n), 0, until, Money{until < 0 ? 0 : until * 1000})};
    histories.insert(histories.begin(), history);
  }
  [[nodiscard]] Audit audit() const {
    Audit audit;
    for (const History& history : histories) {
      audit.launched += 1;
      audit.ended += history.machines[0].ended_at ? 1 : 0;
      audit.spent += history.machines[0].spent;
    }
    return audit;
  }
  // What one more export adds to the text.
  std::string exported(const Secret& key = k_key) {
    AuditFile file;
    file.read(text);
    REQUIRE(file.problems().empty());
    const std::string added =
        file.add({"main", histories, audit(), k_noon + Seconds{5000}},
                 ed25519_public_of(key).value(),
                 [&](std::string_view line) { return ed25519_sign(key, line); })
            .value();
    text += added;
    return added;
  }
};

AuditFile read(const std::string& text, const Secret& key = k_key) {
  AuditFile file(ed25519_public_of(key).value());
  file.read(text);
  return file;
}

std::string told(const AuditFile& file) {
  std::string out;
  for (const std::string& problem : file.problems()) out += problem + "\n";
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  auto lines = split(text, '\n');
  lines.pop_back();
  return lines;
}
std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

TEST_CASE("audit file: what was exported adds up, and says what was launched, gone and spent") {
  AuditBench bench;
  bench.add_machine(1);
  bench.add_machine(2);
  bench.add_machine(3, -1);
  bench.exported();
  const AuditFile file = read(bench.text);
  CHECK(told(file) == "");
  CHECK(file.is_sealed());
  CHECK(file.deployment() == "main");
  CHECK(file.machines().size() == 3);
  CHECK(file.ended() == 2);
  CHECK(file.spent() == Money{200'000});
  CHECK_FALSE(file.machines().at("i-00000003").ended_at);
  CHECK(file.furthest_overdue() == Millis{0});
}

TEST_CASE("audit file: a later export adds what is new, and nothing else") {
  AuditBench bench;
  bench.add_machine(1, -1);
  bench.exported();
  const std::string before = bench.text;
  bench.histories[0].machines[0].ended_at = k_noon + Seconds{60};
  bench.histories[0].machines[0].spent = Money{60'000};
  bench.add_machine(2);
  const auto added = lines_of(bench.exported());
  REQUIRE(added.size() == 4);
  CHECK(added[0].find("\"kind\":\"ended\",\"instance\":\"i-00000001\"") != std::string::npos);
  CHECK(added[1].find("\"kind\":\"launched\",\"instance\":\"i-00000002\"") != std::string::npos);
  CHECK(lines_of(bench.exported()).size() == 1);  // the seal
  CHECK(bench.text.starts_with(before));
  CHECK(told(read(bench.text)) == "");
}

TEST_CASE("audit file: whatever byte is changed, it does not add up any more") {
  AuditBench bench;
  bench.add_machine(1);
  bench.add_machine(2);
  bench.exported();
  for (std::size_t i = 0; i < bench.text.size(); i += 7) {
    std::string bent = bench.text;
    bent[i] = bent[i] == '1' ? '2' : '1';
    if (bent == bench.text) continue;
    CAPTURE(i);
    const AuditFile file = read(bent);
    const bool is_noticed = !file.problems().empty() || !file.is_sealed();
    CHECK(is_noticed);
  }
}

TEST_CASE("audit file: a line that is left out, moved or repeated is noticed") {
  AuditBench bench;
  bench.add_machine(1);
  bench.add_machine(2);
  bench.exported();
  const auto lines = lines_of(bench.text);
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    auto fewer = lines;
    fewer.erase(fewer.begin() + static_cast<long>(i));
    CHECK(told(read(joined(fewer))).find("line ") != std::string::npos);
    auto moved = lines;
    std::swap(moved[i], moved[i + 1]);
    CHECK(told(read(joined(moved))) != "");
    auto twice = lines;
    twice.insert(twice.begin() + static_cast<long>(i), lines[i]);
    CHECK(told(read(joined(twice))) != "");
  }
  CHECK_FALSE(read(joined({lines.begin(), lines.end() - 1})).is_sealed());
  CHECK(told(read(bench.text.substr(0, bench.text.size() - 1))).find("was cut") !=
        std::string::npos);
}

TEST_CASE("audit file: only the owner's key vouches for it") {
  AuditBench bench;
  bench.add_machine(1);
  bench.exported(key_of('b'));
  CHECK(told(read(bench.text)).find("signed by another key") != std::string::npos);
  CHECK_FALSE(read(bench.text).is_sealed());
  AuditFile anybodys;
  anybodys.read(bench.text);
  CHECK(anybodys.problems().empty());
  CHECK(anybodys.signer() == ed25519_public_of(key_of('b')).value());
  bench.exported(k_key);
  AuditFile two;
  two.read(bench.text);
  CHECK(told(two).find("than the seal before") != std::string::npos);
}

// A forger who may write everything but cannot sign: the chain is made anew.
std::string rechained(std::vector<std::string> lines) {
  std::string out;
  AuditFile file;
  for (std::string& line : lines) {
    const std::size_t at = line.find("\"prev\":\"") + 8;
    line.replace(at, 64, file.head());
    file.read(line + "\n");
    out += line + "\n";
  }
  return out;
}

TEST_CASE("audit file: with its chain made anew, what it says still has to add up") {
  AuditBench bench;
  bench.add_machine(1);
  bench.add_machine(2);
  bench.exported();
  const auto lines = lines_of(bench.text);  // begin, launched 1, ended 1, launched 2, ended 2, seal
  REQUIRE(lines.size() == 6);
  CHECK(rechained(lines) == bench.text);
  const auto with = [&](std::size_t i, const std::string& what, const std::string& by) {
    auto bent = lines;
    bent[i] = replaced(bent[i], what, by);
    return told(read(rechained(bent)));
  };
  CHECK(with(2, "0.100000", "0.099999").find("but its time costs 0.100000") != std::string::npos);
  CHECK(with(4, "i-00000002", "i-00000001").find("ended before") != std::string::npos);
  CHECK(with(4, "i-00000002", "i-00000009").find("was never launched") != std::string::npos);
  CHECK(with(3, "i-00000002", "i-00000001").find("was launched before") != std::string::npos);
  CHECK(with(2, "12:01:40", "11:01:40").find("ended before it was launched") != std::string::npos);
  CHECK(with(5, "\"launched\":2", "\"launched\":1").find("sums are not") != std::string::npos);
  CHECK(with(5, "\"ledger_ended\":2", "\"ledger_ended\":3").find("ledger counted otherwise") !=
        std::string::npos);
  CHECK(with(1, "octo/one", "octo/two").find("signature is not of this line") != std::string::npos);
  CHECK(with(1, "\"launched\"", "\"invented\"").find("unknown kind") != std::string::npos);
}

TEST_CASE("audit file: a ledger that counts other machines than it shows is told") {
  AuditBench bench;
  bench.add_machine(1);
  AuditFile file;
  Audit audit = bench.audit();
  audit.launched += 1;
  (void)file.add({"main", bench.histories, audit, k_noon}, std::nullopt, {});
  CHECK(told(file).find("ledger counted otherwise") != std::string::npos);
  CHECK_FALSE(file.is_sealed());
}

TEST_CASE("audit file: a machine past its deadline is told") {
  AuditBench bench;
  bench.add_machine(1, 3700);
  bench.exported();
  CHECK(read(bench.text).furthest_overdue() == Seconds{100});
}

TEST_CASE("audit file: what is no such file says so, and ends") {
  for (const char* text : {"\n", "{}\n", "[]\n", "{\"n\":1,\"prev\":\"x\",\"kind\":\"begin\"}\n",
                           "x", "{\"kind\":\"seal\",\"signature\":\"\",\"public_key\":7}\n"})
    CHECK_FALSE_MESSAGE(read(text).problems().empty(), std::string(text));
  std::string many;
  for (int i = 0; i < 500; ++i) many += "x\n";
  CHECK(read(many).problems().size() == 100);
}

}  // namespace
}  // namespace mayfly::report
