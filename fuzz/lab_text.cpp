// What the emulated clouds and machines read: the form body of AWS's query protocol, and the
// service's answer to a claim. Both from the same bytes.

#include "fuzz/laws.h"
#include "lab/aws/query_form.h"
#include "lab/machine/claim_text.h"

namespace mayfly::fuzz {
namespace {

void check_form(std::string_view text) {
  const auto form = lab::QueryForm::parse(text);
  if (!form) {
    law(form.error().status == 400 && form.error().code == "MalformedQueryString",
        "a bad form is malformed");
    law(is_clean(form.error().message), "nothing foreign gets raw into a message",
        form.error().message);
    return;
  }
  const auto again = lab::QueryForm::parse(std::string(text) + "&zz.1=%20");
  law(!again || form->fingerprint() != again->fingerprint(),
      "another form has another fingerprint");
  const auto number = form->number("MaxResults", 7, 5, 1000);
  law(!number || (*number >= 5 && *number <= 1000), "a number is within its bounds");
  law(form->list("InstanceId").size() <= text.size(), "a list is no longer than its text");
  law(form->accept_only({}).has_value() == (form->fingerprint() == lab::QueryForm().fingerprint()),
      "nothing passes unlisted");
}

void check_claim_text(std::string_view text) {
  const auto claim = lab::parse_claim_text(text);
  if (!claim) return;
  law(to_lower(claim->repository) == claim->repository, "a repository is in lower case");
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mayfly::fuzz::check_form(mayfly::fuzz::text_of(data, size));
  mayfly::fuzz::check_claim_text(mayfly::fuzz::text_of(data, size));
  return 0;
}
