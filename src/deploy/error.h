// Errors of the deploy engine. The message is what the client reads, worded as CloudFormation words it.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace tidemill::deploy {

enum class Errc : unsigned char {
  kValidation,                // template, parameter or state does not allow it
  kAlreadyExists,             // stack or change set of that name
  kInsufficientCapabilities,  // IAM resources not acknowledged
  kChangeSetNotFound,
  kInvalidChangeSetStatus,
  kLimitExceeded,
  kInternal,
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;
  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text)}; }
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}
// Most of what can be wrong is wrong input.
inline std::unexpected<Error> invalid(std::string message) { return fail(Errc::kValidation, std::move(message)); }

}  // namespace tidemill::deploy
