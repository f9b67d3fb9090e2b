#include "cli/manual.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "base/text.h"

namespace mayfly::cli {
namespace {

// Text that roff prints as it stands.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += std::string("\\&") + c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string in_one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c == '\n') c = ' ';
  return out;
}

// "{a,b}" of a type such as "TEXT:{a,b}"; what it must be one of.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t begin = type.find('{');
  const std::size_t end = type.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return split(std::string_view(type).substr(begin + 1, end - begin - 1), ',');
}

bool takes_file(const CLI::Option& option) {
  return option.get_type_name().find("FILE") != std::string::npos;
}

// What the option's value is called; empty for a flag.
std::string value_name(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {};
  std::string type = option.get_type_name();
  type = type.substr(0, type.find_first_of(" :"));
  return type.empty() ? "TEXT" : type;
}

std::string roff_option(const CLI::Option& option) {
  std::string names;
  if (option.get_positional()) {
    names = "\\fI" + roff(option.get_name()) + "\\fR";
  } else {
    for (const std::string& name : split(option.get_name(false, true), ','))
      names += (names.empty() ? "" : ", ") + ("\\fB" + roff(name) + "\\fR");
    const std::string value = value_name(option);
    if (!value.empty()) names += " \\fI" + roff(value) + "\\fR";
  }
  std::string text = in_one_line(option.get_description());
  const auto choices = choices_of(option);
  for (std::size_t i = 0; i < choices.size(); ++i)
    text += (i == 0 ? ": one of " : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  if (!option.get_default_str().empty()) text += "; by default " + option.get_default_str();
  if (!option.get_envname().empty()) text += "; also in the environment as " + option.get_envname();
  return ".TP\n" + names + "\n" + roff(text) + ".\n";
}

std::string roff_command(const CLI::App& command) {
  std::string out = ".SS mayfly " + roff(command.get_name()) + "\n" +
                    roff(in_one_line(command.get_description())) + ".\n";
  for (const CLI::Option* option : command.get_options())
    if (option->get_name() != "--help") out += roff_option(*option);
  return out;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : split(option->get_name(false, true), ','))
      if (name.starts_with("-")) flags.push_back(name);
  return flags;
}

std::string joined(const std::vector<std::string>& words, const char* with) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : with) + word;
  return out;
}

// "    lease:--key|lease:-k) ..." for each option that takes a value.
std::string value_cases(const CLI::App& command) {
  std::string out;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() || value_name(*option).empty()) continue;
    std::vector<std::string> keys;
    for (const std::string& name : split(option->get_name(false, true), ','))
      keys.push_back(command.get_name() + ":" + name);
    const auto choices = choices_of(*option);
    const std::string what = !choices.empty()      ? "-W '" + joined(choices, " ") + "'"
                             : takes_file(*option) ? "-f"
                                                   : "-W ''";
    out += "    " + joined(keys, "|") + ") COMPREPLY=($(compgen " + what +
           " -- \"$current\")); return ;;\n";
  }
  return out;
}

}  // namespace

std::string manual_page(const CLI::App& app) {
  std::string out = ".TH MAYFLY 1 \"\" \"mayfly " MAYFLY_VERSION
                    "\" \"User Commands\"\n"
                    ".SH NAME\nmayfly \\- short\\-lived GitHub Actions runners on EC2 spot\n"
                    ".SH SYNOPSIS\n\\fBmayfly\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n"
                    ".SH DESCRIPTION\n" +
                    roff(in_one_line(app.get_description())) + ".\n.SH COMMANDS\n";
  for (const CLI::App* command : app.get_subcommands({})) out += roff_command(*command);
  out +=
      ".SH EXIT STATUS\n"
      ".TP\n\\fB0\\fR\nDone, and all is good.\n"
      ".TP\n\\fB1\\fR\nDone, but something is wrong: check found a problem, audit is not "
      "balanced or an audit file does not add up, a sweep met problems, costs had to leave "
      "leases out.\n"
      ".TP\n\\fB2\\fR\nIt could not be done; the reason is on standard error.\n"
      ".SH FILES\n.TP\n\\fImayfly.toml\\fR\nThe configuration. deploy/mayfly.toml of the "
      "source is a commented sample.\n"
      ".SH ENVIRONMENT\n.TP\n\\fBNO_COLOR\\fR\nNo colours, even on a terminal.\n";
  return out;
}

std::string bash_completion(const CLI::App& app) {
  std::vector<std::string> names;
  std::string flags;
  std::string values;
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
    flags +=
        "    " + command->get_name() + ") words='" + joined(flags_of(*command), " ") + "' ;;\n";
    values += value_cases(*command);
  }
  return "# Completion of mayfly for bash: source <(mayfly completion bash)\n"
         "_mayfly() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local command=${COMP_WORDS[1]} words=\n"
         "  COMPREPLY=()\n"
         "  if ((COMP_CWORD == 1)); then\n"
         "    COMPREPLY=($(compgen -W '" +
         joined(names, " ") + " " + joined(flags_of(app), " ") +
         "' -- \"$current\"))\n"
         "    return\n"
         "  fi\n"
         "  case \"$command:$previous\" in\n" +
         values +
         "    completion:completion) COMPREPLY=($(compgen -W bash -- \"$current\")); return ;;\n"
         "    help:help) COMPREPLY=($(compgen -W '" +
         joined(names, " ") +
         " --man' -- \"$current\")); return ;;\n"
         "  esac\n"
         "  case \"$command\" in\n" +
         flags +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -o filenames -F _mayfly mayfly\n";
}

}  // namespace mayfly::cli
