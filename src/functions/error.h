// What can go wrong with functions. The text is the service's own; the front turns the code into the wire form.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace tidemill::functions {

enum class Errc : std::uint8_t {
  kInvalidParameter,       // InvalidParameterValueException
  kInvalidRequestContent,  // InvalidRequestContentException: an event that is not JSON
  kValidation,             // ValidationException: the constraint sentence
  kNotFound,               // ResourceNotFoundException
  kConflict,               // ResourceConflictException
  kPreconditionFailed,     // PreconditionFailedException: a revision id that is not the latest
  kThrottled,              // TooManyRequestsException, with `reason`
  kRequestTooLarge,        // RequestEntityTooLargeException
  kPolicyTooLong,          // PolicyLengthExceededException
  kCodeStorageExceeded,    // CodeStorageExceededException: no room for one more archive
  kAccessDenied,           // AccessDeniedException
  kInternal,               // ServiceException
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;  // shown to the client verbatim
  std::string reason;   // of kThrottled: ReservedFunctionConcurrentInvocationLimitExceeded, ...

  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text), {}}; }
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message, std::string reason = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(reason)});
}

}  // namespace tidemill::functions
