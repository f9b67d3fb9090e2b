#include "cli/process.h"

#include <cstdio>

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

int complain(const Error& error) {
  const CodeInfo& code = info(error.code);
  std::fprintf(stderr, "mayfly: %s\n  %s: %s\n  %s\n", error.message.c_str(),
               std::string(code.name).c_str(), std::string(code.title).c_str(),
               std::string(code.remedy).c_str());
  return 2;
}

}  // namespace mayfly::cli
