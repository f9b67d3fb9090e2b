#include "cli/manual.h"

#include <doctest/doctest.h>

#include "cli/command_line.h"

namespace mayfly::cli {
namespace {

struct ManualBench {
  CLI::App app{"mayfly: what it is", "mayfly"};
  Given given;
  ManualBench() { define_commands(app, given); }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("manual: every command and every option stands in it, with its default") {
  ManualBench bench;
  const std::string page = manual_page(bench.app);
  for (const CLI::App* command : bench.app.get_subcommands({})) {
    CAPTURE(command->get_name());
    CHECK(has(page, ".SS mayfly " + command->get_name() + "\n"));
    CHECK(has(bash_completion(bench.app), "    " + command->get_name() + ") words="));
  }
  CHECK(has(page,
            "\\fB\\-c\\fR, \\fB\\-\\-config\\fR \\fIFILE\\fR\nconfiguration file; by default "
            "mayfly.toml; also in the environment as MAYFLY_CONFIG.\n"));
  CHECK(has(page,
            "\\fB\\-\\-by\\fR \\fITEXT\\fR\nwhat to add up by: one of repository, workflow, "
            "pr, actor, arch or market; by default repository.\n"));
  CHECK(has(page, "\\fIid\\fR\nlease id, as `mayfly leases` shows it.\n"));
  CHECK(has(page, ".SH EXIT STATUS\n"));
}

TEST_CASE("manual: no text is taken for a request of roff") {
  CLI::App app{".so /etc/passwd\n'x \\fB", "mayfly"};
  const std::string page = manual_page(app);
  CHECK(has(page, "\n\\&.so /etc/passwd 'x \\efB.\n"));
}

TEST_CASE("completion: options of their command, and what a value may be") {
  ManualBench bench;
  const std::string script = bash_completion(bench.app);
  CHECK(has(script,
            "costs:--by) COMPREPLY=($(compgen -W 'repository workflow pr actor arch "
            "market' -- \"$current\")); return ;;"));
  CHECK(has(script, "audit:--verify) COMPREPLY=($(compgen -f -- "));
  CHECK(has(script, "leases:-c|leases:--config) COMPREPLY=($(compgen -f -- "));
}

}  // namespace
}  // namespace mayfly::cli
