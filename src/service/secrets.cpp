#include "service/secrets.h"

#include "base/text.h"
#include "service/upstream.h"

namespace mayfly {

std::string to_string(const SecretReference& reference) {
  switch (reference.kind) {
    case SecretReference::Kind::environment:
      return "env:" + reference.name;
    case SecretReference::Kind::file:
      return "file:" + reference.name;
    case SecretReference::Kind::ssm:
      return "ssm:" + reference.name;
  }
  return reference.name;
}

Result<Secret> resolve(const SecretReference& reference, Environment& environment,
                       aws::SsmClient& ssm, Clock& clock) {
  std::string value;
  switch (reference.kind) {
    case SecretReference::Kind::environment: {
      const auto variable = environment.variable(reference.name);
      if (!variable)
        return fail(Code::secret_unreadable,
                    "environment variable " + reference.name + " is not set");
      value = *variable;
      break;
    }
    case SecretReference::Kind::file: {
      TRY_ASSIGN(value, environment.read_file(reference.name));
      break;
    }
    case SecretReference::Kind::ssm: {
      auto parameter = ssm.get_parameter(reference.name, call_deadline(clock));
      if (!parameter)
        return fail(Code::secret_unreadable,
                    to_string(reference) + ": " + parameter.error().message);
      value = parameter->reveal();
      break;
    }
  }
  const std::string_view trimmed = trim(value);
  if (trimmed.empty()) return fail(Code::secret_unreadable, to_string(reference) + " is empty");
  return Secret{std::string(trimmed)};
}

}  // namespace mayfly
