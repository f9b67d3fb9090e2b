#include "lab/aws/fake_ssm.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/digest.h"
#include "base/json.h"

namespace mayfly::lab {
namespace {

struct Question {
  std::string name;
  bool decrypt = false;
};

Answer<Question> parse_question(std::string_view body) {
  const auto document = parse_json(body);
  if (!document || !document->is_object())
    return refuse("SerializationException", "The request body is not a JSON object");
  const json::object& object = document->get_object();
  for (const auto& field : object)
    if (field.key() != "Name" && field.key() != "WithDecryption")
      return refuse("ValidationException", "Unknown field " + std::string(field.key()));
  const auto name = json_string(object, "Name");
  if (!name || name->empty())
    return refuse("ValidationException", "Name is required and must not be empty");
  return Question{*name, json_bool(object, "WithDecryption").value_or(false)};
}

}  // namespace

Answer<std::string> answer_ssm(std::string_view target, std::string_view body,
                               const FakeAwsOptions& options) {
  if (target != "AmazonSSM.GetParameter")
    return refuse("UnknownOperationException", "The emulator has ssm:GetParameter alone");
  TRY_ASSIGN(const Question question, parse_question(body));
  if (options.denied_actions.contains("ssm:GetParameter"))
    return refuse("AccessDeniedException", "User: " + options.keys.front().arn +
                                               " is not authorized to perform: "
                                               "ssm:GetParameter on resource: " +
                                               question.name);
  const auto found = options.parameters.find(question.name);
  if (found == options.parameters.end()) return refuse("ParameterNotFound", "");
  const bool readable = !found->second.secure || question.decrypt;
  json::object parameter;
  parameter["ARN"] = "arn:aws:ssm:" + options.region + ":" + options.account + ":parameter" +
                     (question.name.starts_with('/') ? "" : "/") + question.name;
  parameter["DataType"] = "text";
  parameter["Name"] = question.name;
  parameter["Type"] = found->second.secure ? "SecureString" : "String";
  parameter["Value"] = readable ? found->second.value : "AQICAH" + sha256_hex(found->second.value);
  parameter["Version"] = 1;
  json::object answer;
  answer["Parameter"] = std::move(parameter);
  return json::serialize(answer);
}

}  // namespace mayfly::lab
