#pragma once

// What the functions of Ec2Client share: sending a form and parsing the answer, pages, tags.

#include <functional>
#include <string>

#include "aws/ec2.h"
#include "aws/query.h"
#include "aws/xml.h"

namespace mayfly::aws {

[[nodiscard]] QueryForm ec2_form(const std::string& action);

// "ec2:" + action.
[[nodiscard]] Action ec2_read(const std::string& action);
[[nodiscard]] Action ec2_change(const std::string& action);

// The root element is always "<action>Response".
[[nodiscard]] Result<XmlAnswer> ec2_parse(const Action& action, const std::string& body);
[[nodiscard]] Result<XmlAnswer> ec2_call(SignedSender& sender, const Action& action,
                                         std::string body, SteadyTime deadline);

// Calls visit with the root of every page, until NextToken is absent. At most 1000 pages; a token
// that came before is an error, for it would go round for ever.
[[nodiscard]] Status ec2_pages(SignedSender& sender, const Action& action, const QueryForm& form,
                               SteadyTime deadline,
                               const std::function<Status(pugi::xml_node)>& visit);

// "Filter.<n>.Name" and its values, as they are.
void add_filter(QueryForm& form, int n, const std::string& name,
                const std::vector<std::string>& values);
// "<prefix>.ResourceType" and its tags; nothing where there are no tags.
void add_tags(QueryForm& form, const std::string& prefix, const std::string& resource,
              const Tags& tags);

// No such instance: to ask about in a dry run.
inline constexpr std::string_view k_no_instance = "i-00000000000000000";

// A dry run is always refused: with DryRunOperation when it would have been allowed.
[[nodiscard]] Status ec2_dry_run(SignedSender& sender, const Action& action,
                                 const std::string& body, bool unknown_id_means_allowed,
                                 SteadyTime deadline);

}  // namespace mayfly::aws
