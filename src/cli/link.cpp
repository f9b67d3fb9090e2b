#include <cstdio>

#include "cli/commands.h"
#include "cli/process.h"
#include "pages/operator_gate.h"
#include "pages/operator_links.h"

namespace mayfly::cli {
namespace {

Status print_link(const CommonOptions& options, const std::string& life_text) {
  const auto life = parse_duration(life_text);
  if (!life || *life <= Millis{0} || *life > pages::k_link_life_max)
    return fail(Code::bad_field, "--for must be a time like \"1h\", at most 24h");
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const Secret token, admin_token(process, config));
  if (token.empty())
    return fail(Code::config_invalid,
                "listen.admin_token is not set: it is what links are signed with");
  if (config.ledger_table.empty())
    std::fprintf(stderr,
                 "mayfly: links open on Lambda alone; mayfly serve has its dashboard on "
                 "listen.admin_port\n");
  const WallTime expires = process.clock.wall() + *life;
  std::printf("%s%s\n", config.public_url.c_str(),
              pages::operator_path(token, config.deployment, expires).c_str());
  std::fprintf(stderr, "open until %s, for whoever has it\n", iso8601(expires).c_str());
  return {};
}

}  // namespace

int operator_link(const CommonOptions& options, const std::string& life) {
  const Status status = print_link(options, life);
  return status ? 0 : complain(status.error());
}

}  // namespace mayfly::cli
