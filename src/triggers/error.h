// Errors of event source mappings. The texts are Lambda's own; the front turns the code into the wire form.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::triggers {

enum class Errc : unsigned char {
  kValidation,        // ValidationException: the constraint sentence
  kInvalidParameter,  // InvalidParameterValueException
  kNotFound,          // ResourceNotFoundException
  kConflict,          // ResourceConflictException
  kInUse,             // ResourceInUseException: the mapping is being changed
  kInternal,          // ServiceException
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;  // shown to the client verbatim

  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text)}; }
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace tidemill::triggers
