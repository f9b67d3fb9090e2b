#pragma once

// The audit file: from which anyone can recompute that what was launched is gone, and what it cost,
// without the ledger and without trusting who keeps the file (docs/audit-file.md). Pure.
//
// Each line is one JSON object: "n" counts lines from 1, "prev" is the SHA-256 of the line before
// (64 zeros for the first), "kind" is
//   begin     deployment, format (1)
//   launched  instance, lease, repository, architecture, type, zone, market, usd_per_hour,
//             launched_at, deadline
//   ended     instance, ended_at, spent_usd: at least what its time costs
//   seal      at, launched, ended, spent_usd: the sums so far; ledger_*: what the ledger counts;
//             public_key and signature (Ed25519, base64): of the line's text before ,"signature"
// Later exports add lines. What stands in a line is a public fact: no key, nonce or token.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ed25519.h"
#include "base/json.h"
#include "ledger/ledger.h"
#include "report/history.h"

namespace mayfly::report {

struct AuditedMachine {
  std::string lease;
  Money usd_per_hour;
  WallTime launched_at{};
  WallTime deadline{};
  std::optional<WallTime> ended_at;
  Money spent;
};

// Reads lines in order, and recomputes what they say.
class AuditFile {
 public:
  // key: whose seals count; none: any, which then only shows that all are of one key.
  explicit AuditFile(std::optional<Ed25519Public> key = std::nullopt) : key_(std::move(key)) {}

  // The whole text; may be called once. Each problem names its line.
  void read(std::string_view text);

  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  [[nodiscard]] const std::map<std::string, AuditedMachine>& machines() const { return machines_; }
  [[nodiscard]] const std::string& deployment() const { return deployment_; }
  [[nodiscard]] std::int64_t lines() const { return lines_; }
  [[nodiscard]] std::int64_t ended() const { return ended_; }
  [[nodiscard]] Money spent() const { return spent_; }
  // What the next line's "prev" must be: keep it elsewhere, and nobody can cut the file unnoticed.
  [[nodiscard]] const std::string& head() const { return head_; }
  // Of the seals, if there is one; lines after the last seal are not signed.
  [[nodiscard]] const std::optional<Ed25519Public>& signer() const { return signer_; }
  [[nodiscard]] bool is_sealed() const { return is_sealed_; }
  // How far past its deadline the machine was that ended latest so; 0: none was.
  [[nodiscard]] Millis furthest_overdue() const { return furthest_overdue_; }

  // What is to be added so that the file says what the ledger knows, sealed if there is a signer;
  // the object then holds it too.
  using Sign = std::function<Result<std::string>(std::string_view)>;
  struct News {
    const std::string& deployment;
    const std::vector<History>& histories;
    const Audit& audit;  // of the ledger, at the same time
    WallTime now{};
  };
  [[nodiscard]] Result<std::string> add(const News& news,
                                        const std::optional<Ed25519Public>& public_key,
                                        const Sign& sign);

 private:
  void problem(const std::string& why);
  void read_line(std::string_view line);
  void read_begin(const json::object& line);
  void read_launched(const json::object& line);
  void read_ended(const json::object& line);
  void read_seal(const json::object& line, std::string_view text);
  void enter(std::string_view line);

  std::optional<Ed25519Public> key_;
  std::vector<std::string> problems_;
  std::map<std::string, AuditedMachine> machines_;
  std::string deployment_;
  std::int64_t lines_ = 0;
  std::int64_t ended_ = 0;
  Money spent_;
  std::string head_ = std::string(64, '0');
  std::optional<Ed25519Public> signer_;
  bool is_sealed_ = false;
  Millis furthest_overdue_{0};
};

// "SHA256:" and the digest of the key, to compare by eye.
[[nodiscard]] std::string fingerprint(const Ed25519Public& key);

}  // namespace mayfly::report
