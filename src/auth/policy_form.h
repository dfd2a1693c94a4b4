// Policies of tables in the one form in which DynamoDB keeps them, and its words for those that it refuses: whoever
// reads a policy gets this form back, whichever way it came.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace tidemill::auth {

inline constexpr std::size_t kPolicyFormBytesMax = 20 * 1024;  // of a document as it came

// The form of a document, or the text of its refusal. Without blanks; members in a fixed order; lists of one as their
// element; accounts as the ARNs of their roots, each principal once; an only statement as a list.
std::expected<std::string, std::string> policy_form(std::string_view document);
// As it is read: the version is told when the document has none.
std::string policy_as_read(std::string_view kept);

}  // namespace tidemill::auth
