#include "report/audit_file.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "report/monthly.h"

namespace mayfly::report {
namespace {

constexpr std::int64_t k_format = 1;
constexpr std::size_t k_problems_max = 100;
constexpr std::string_view k_signature_mark = ",\"signature\":";

std::optional<Money> money_in(const json::object& line, std::string_view key) {
  return parse_usd(json_string(line, key).value_or(""));
}
std::optional<WallTime> time_in(const json::object& line, std::string_view key) {
  return parse_iso8601(json_string(line, key).value_or(""));
}

json::object launched_line(const Lease& lease, const MachineRecord& machine) {
  return {{"kind", "launched"},
          {"instance", machine.instance_id.text},
          {"lease", lease.id.text},
          {"repository", lease.repository.text},
          {"architecture", std::string(to_string(lease.architecture))},
          {"type", machine.instance_type},
          {"zone", machine.zone},
          {"market", machine.on_demand ? "on-demand" : "spot"},
          {"usd_per_hour", exact_usd(machine.usd_per_hour)},
          {"launched_at", iso8601_millis(machine.launched_at)},
          {"deadline", iso8601_millis(lease.deadline)}};
}

json::object ended_line(const MachineRecord& machine) {
  return {{"kind", "ended"},
          {"instance", machine.instance_id.text},
          {"ended_at", iso8601_millis(*machine.ended_at)},
          {"spent_usd", exact_usd(machine.spent)}};
}

// "n" and "prev" first.
json::object numbered(std::int64_t n, const std::string& prev, const json::object& rest) {
  json::object line{{"n", n}, {"prev", prev}};
  for (const auto& [key, value] : rest) line[key] = value;
  return line;
}

}  // namespace

std::string fingerprint(const Ed25519Public& key) { return "SHA256:" + sha256_hex(key.bytes); }

void AuditFile::problem(const std::string& why) {
  if (problems_.size() < k_problems_max)
    problems_.push_back("line " + std::to_string(lines_) + ": " + why);
}

void AuditFile::read(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      ++lines_;
      problem("does not end: the file was cut");
      return;
    }
    enter(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

void AuditFile::enter(std::string_view line) {
  ++lines_;
  is_sealed_ = false;
  read_line(line);
  head_ = sha256_hex(line);
}

void AuditFile::read_line(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed || !parsed->is_object()) return problem("is no JSON object");
  const json::object& line = parsed->get_object();
  if (json_int(line, "n") != lines_) problem("is not numbered so: lines are missing or moved");
  if (json_string(line, "prev") != head_)
    problem("does not follow the line before: that was changed, or lines are missing");
  const std::string kind = json_string(line, "kind").value_or("");
  if ((lines_ == 1) != (kind == "begin")) problem("a file has one beginning, as its first line");
  if (kind == "begin") return read_begin(line);
  if (kind == "launched") return read_launched(line);
  if (kind == "ended") return read_ended(line);
  if (kind == "seal") return read_seal(line, text);
  problem("is of an unknown kind");
}

void AuditFile::read_begin(const json::object& line) {
  if (json_int(line, "format") != k_format) problem("another format than 1");
  deployment_ = printable(json_string(line, "deployment").value_or(""), 60);
}

void AuditFile::read_launched(const json::object& line) {
  const std::string instance = json_string(line, "instance").value_or("");
  const auto usd_per_hour = money_in(line, "usd_per_hour");
  const auto launched_at = time_in(line, "launched_at");
  const auto deadline = time_in(line, "deadline");
  if (!parse_instance_id(instance) || !usd_per_hour || !launched_at || !deadline)
    return problem("a machine needs instance, usd_per_hour, launched_at and deadline");
  const AuditedMachine machine{printable(json_string(line, "lease").value_or(""), 40),
                               *usd_per_hour,
                               *launched_at,
                               *deadline,
                               std::nullopt,
                               Money{}};
  if (!machines_.emplace(instance, machine).second) problem(instance + " was launched before");
}

void AuditFile::read_ended(const json::object& line) {
  const std::string instance = printable(json_string(line, "instance").value_or(""), 40);
  const auto found = machines_.find(instance);
  if (found == machines_.end()) return problem(instance + " ended, but was never launched");
  AuditedMachine& machine = found->second;
  const auto ended_at = time_in(line, "ended_at");
  const auto spent = money_in(line, "spent_usd");
  if (!ended_at || !spent) return problem("an end needs ended_at and spent_usd");
  if (machine.ended_at) return problem(instance + " ended before");
  machine.ended_at = ended_at;
  machine.spent = *spent;
  ended_ += 1;
  spent_ += *spent;
  if (*ended_at < machine.launched_at) problem(instance + " ended before it was launched");
  const Money least =
      price_for(machine.usd_per_hour, std::max(Millis{0}, *ended_at - machine.launched_at));
  if (*spent < least)
    problem(instance + " cost " + exact_usd(*spent) + ", but its time costs " + exact_usd(least));
  furthest_overdue_ = std::max(furthest_overdue_, *ended_at - machine.deadline);
}

void AuditFile::read_seal(const json::object& line, std::string_view text) {
  const auto launched = static_cast<std::int64_t>(machines_.size());
  if (json_int(line, "launched") != launched || json_int(line, "ended") != ended_ ||
      money_in(line, "spent_usd") != spent_)
    problem("its sums are not those of the lines before: " + std::to_string(launched) +
            " launched, " + std::to_string(ended_) + " ended, " + exact_usd(spent_) + " spent");
  if (json_int(line, "ledger_launched") != launched || json_int(line, "ledger_ended") != ended_ ||
      money_in(line, "ledger_spent_usd") != spent_)
    problem("the ledger counted otherwise: machines are missing here, or there");
  if (!json_string(line, "signature")) return;
  const auto key = base64_decode(json_string(line, "public_key").value_or(""));
  const auto signature = base64_decode(json_string(line, "signature").value_or(""));
  if (!key || !signature) return problem("its key or signature is no base64");
  const Ed25519Public signer{*key};
  if (key_ && signer != *key_) return problem("is signed by another key");
  if (signer_ && *signer_ != signer)
    return problem("is signed by another key than the seal before");
  if (!ed25519_verify(signer, text.substr(0, text.rfind(k_signature_mark)), *signature))
    return problem("its signature is not of this line");
  signer_ = signer;
  is_sealed_ = true;
}

Result<std::string> AuditFile::add(const News& news, const std::optional<Ed25519Public>& public_key,
                                   const Sign& sign) {
  std::string out;
  const auto write = [&](const json::object& rest) {
    const std::string line = json::serialize(numbered(lines_ + 1, head_, rest));
    enter(line);
    out += line + '\n';
  };
  if (lines_ == 0)
    write({{"kind", "begin"}, {"deployment", news.deployment}, {"format", k_format}});
  // Oldest first.
  for (auto history = news.histories.rbegin(); history != news.histories.rend(); ++history) {
    for (const MachineRecord& machine : history->machines) {
      const std::string& instance = machine.instance_id.text;
      if (!machines_.contains(instance)) write(launched_line(history->lease, machine));
      if (machine.ended_at && !machines_.at(instance).ended_at) write(ended_line(machine));
    }
  }
  json::object seal{{"kind", "seal"},
                    {"at", iso8601_millis(news.now)},
                    {"launched", machines_.size()},
                    {"ended", ended_},
                    {"spent_usd", exact_usd(spent_)},
                    {"ledger_launched", news.audit.launched},
                    {"ledger_ended", news.audit.ended},
                    {"ledger_spent_usd", exact_usd(news.audit.spent)}};
  if (!public_key) {
    write(seal);
    return out;
  }
  seal["public_key"] = base64_encode(public_key->bytes);
  std::string line = json::serialize(numbered(lines_ + 1, head_, seal));
  line.pop_back();  // the brace: the signature is of what stands before its own member
  TRY_ASSIGN(const std::string signature, sign(line));
  line += std::string(k_signature_mark) + "\"" + base64_encode(signature) + "\"}";
  enter(line);
  return out + line + '\n';
}

}  // namespace mayfly::report
