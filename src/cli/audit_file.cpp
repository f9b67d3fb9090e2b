#include "report/audit_file.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/process.h"
#include "cli/terminal.h"
#include "config/secret_reference.h"
#include "os/whole_file.h"
#include "report/monthly.h"
#include "service/secrets.h"

namespace mayfly::cli {
namespace {

using report::AuditFile;

constexpr int k_reads_max = 5;

struct Read {
  report::Histories histories;
  Audit audit;
};

// Machines that come or go while it reads would make two counts of one ledger differ.
Result<Read> read_at_one_time(Ledger& ledger) {
  const auto progress = [](std::size_t done, std::size_t of) {
    show_progress("reading leases", done, of);
  };
  for (int tries = 1;; ++tries) {
    TRY_ASSIGN(const Audit before, ledger.audit());
    auto histories = report::read_histories(ledger, {}, report::k_leases_read_max, progress);
    clear_progress();
    if (!histories) return fail(histories.error());
    TRY_ASSIGN(const Audit after, ledger.audit());
    const bool is_still = before.launched == after.launched && before.ended == after.ended;
    if (is_still || tries == k_reads_max) return Read{std::move(*histories), after};
  }
}

Result<std::optional<Secret>> signing_key(Process& process, const Config& config,
                                          const std::string& reference) {
  if (reference.empty()) return std::optional<Secret>{};
  const auto parsed = parse_secret_reference(reference);
  if (!parsed)
    return fail(Code::secret_unreadable,
                "--sign-with takes a reference, env:NAME, file:/PATH or ssm:/NAME, not a key");
  AwsClients aws(config, process.clock, process.environment, process.transport);
  TRY_ASSIGN(Secret key, resolve(*parsed, process.environment, aws.ssm, process.clock));
  return std::optional<Secret>(std::move(key));
}

json::object summary(const AuditFile& file) {
  json::array running;
  for (const auto& [instance, machine] : file.machines())
    if (!machine.ended_at) running.emplace_back(instance);
  json::array problems;
  for (const std::string& problem : file.problems()) problems.emplace_back(problem);
  json::object out;
  out["deployment"] = file.deployment();
  out["lines"] = file.lines();
  out["launched"] = file.machines().size();
  out["ended"] = file.ended();
  out["running"] = std::move(running);
  out["spent_usd_at_most"] = report::exact_usd(file.spent());
  out["furthest_overdue_ms"] = file.furthest_overdue().count();
  out["sealed"] = file.is_sealed();
  if (file.signer()) out["signed_by"] = report::fingerprint(*file.signer());
  out["head"] = file.head();
  out["problems"] = std::move(problems);
  return out;
}

void print(const AuditFile& file, bool has_key) {
  const auto launched = static_cast<std::int64_t>(file.machines().size());
  std::printf("deployment  %s\nlaunched    %lld\ngone        %lld\nspent       %s at most\n",
              file.deployment().c_str(), static_cast<long long>(launched),
              static_cast<long long>(file.ended()), human_usd(file.spent()).c_str());
  for (const auto& [instance, machine] : file.machines())
    if (!machine.ended_at)
      std::printf("running     %s of %s, deadline %s\n", instance.c_str(), machine.lease.c_str(),
                  iso8601(machine.deadline).c_str());
  if (file.furthest_overdue() > Millis{0})
    std::printf("overdue     a machine was seen to end %s after its deadline\n",
                human_duration(file.furthest_overdue()).c_str());
  if (file.signer())
    std::printf("signed by   %s%s\n", report::fingerprint(*file.signer()).c_str(),
                has_key ? "" : ", as the file says: give the owner's key with --key");
  std::printf("head        %s\n", file.head().c_str());
  for (const std::string& problem : file.problems())
    std::printf("%s %s\n", toned(Tone::bad, "WRONG").c_str(), problem.c_str());
  if (!file.is_sealed()) std::printf("%s\n", toned(Tone::warning, "NOT SIGNED to its end").c_str());
}

int judge(const AuditFile& file, const CommonOptions& options, bool has_key) {
  const bool is_good = file.problems().empty() && file.is_sealed();
  if (options.json) {
    json::object out = summary(file);
    out["adds_up"] = is_good;
    std::printf("%s\n", json::serialize(out).c_str());
    return is_good ? 0 : 1;
  }
  print(file, has_key);
  if (is_good)
    std::puts(toned(Tone::good, "everything adds up").c_str());
  else
    std::puts(toned(Tone::bad, "IT DOES NOT ADD UP, or nobody vouches for it").c_str());
  return is_good ? 0 : 1;
}

Result<int> run_verify(const CommonOptions& options, const AuditAsk& ask) {
  std::optional<Ed25519Public> key;
  if (!ask.key.empty()) {
    TRY_ASSIGN(const auto pem, os::read_whole(ask.key));
    if (!pem) return fail(Code::secret_unreadable, "there is no file " + ask.key);
    TRY_ASSIGN(key, parse_ed25519_public(*pem));
  }
  TRY_ASSIGN(const auto text, os::read_whole(ask.verify));
  if (!text) return fail(Code::ledger_unavailable, "there is no file " + ask.verify);
  AuditFile file(std::move(key));
  file.read(*text);
  return judge(file, options, !ask.key.empty());
}

Result<int> run_export(const CommonOptions& options, const AuditAsk& ask) {
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const auto key, signing_key(process, config, ask.sign_with));
  std::optional<Ed25519Public> public_key;
  if (key) {
    TRY_ASSIGN(public_key, ed25519_public_of(*key));
  }
  AuditFile file(public_key);
  TRY_ASSIGN(const auto before, os::read_whole(ask.export_to));
  if (before) file.read(*before);
  if (!file.problems().empty()) {
    std::fprintf(stderr, "mayfly: nothing is added to %s, which does not add up:\n",
                 ask.export_to.c_str());
    return judge(file, options, key.has_value());
  }
  if (file.lines() > 0 && file.deployment() != config.deployment)
    return fail(Code::config_invalid, ask.export_to + " is of deployment " + file.deployment() +
                                          ", this configuration of " + config.deployment);
  TRY_ASSIGN(const auto ledger, open_ledger(process, config));
  TRY_ASSIGN(const Read read, read_at_one_time(*ledger));
  TRY_ASSIGN(const std::string added,
             file.add({config.deployment, read.histories.all, read.audit, process.clock.wall()},
                      public_key, [&](std::string_view line) { return ed25519_sign(*key, line); }));
  TRY(os::append_to(ask.export_to, added));
  return judge(file, options, key.has_value());
}

}  // namespace

int audit_file(const CommonOptions& options, const AuditAsk& ask) {
  const auto status = ask.verify.empty() ? run_export(options, ask) : run_verify(options, ask);
  return status ? *status : complain(status.error());
}

}  // namespace mayfly::cli
