#include "cli/process.h"

#include <cstdio>

#include "pages/operator_gate.h"
#include "service/secrets.h"

namespace mayfly::cli {

Result<Config> load_config(Process& process, const std::string& path) {
  auto text = process.environment.read_file(path);
  if (!text)
    return fail(Code::config_invalid,
                text.error().message + "; name the file with --config or in MAYFLY_CONFIG");
  return parse_config(*text, path);
}

Result<Parts> put_together(Process& process, const Config& config) {
  Parts parts;
  TRY_ASSIGN(parts.ledger, open_ledger(process, config));
  const World world{process.clock,     process.entropy,  process.log,  process.environment,
                    process.transport, process.doorbell, *parts.ledger};
  TRY_ASSIGN(parts.plane, ControlPlane::make(config, world));
  return parts;
}

Result<Secret> admin_token(Process& process, const Config& config) {
  if (config.admin_token.name.empty()) return Secret();
  AwsClients aws(config, process.clock, process.environment, process.transport);
  TRY_ASSIGN(Secret token,
             resolve(config.admin_token, process.environment, aws.ssm, process.clock));
  if (token.reveal().size() < pages::k_token_min)
    return fail(Code::config_invalid, "the secret of listen.admin_token has fewer than " +
                                          std::to_string(pages::k_token_min) + " characters");
  return token;
}

int complain(const Error& error) {
  const CodeInfo& code = info(error.code);
  std::fprintf(stderr, "mayfly: %s\n  %s: %s\n  %s\n", error.message.c_str(),
               std::string(code.name).c_str(), std::string(code.title).c_str(),
               std::string(code.remedy).c_str());
  return 2;
}

}  // namespace mayfly::cli
