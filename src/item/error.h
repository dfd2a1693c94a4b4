// What can be wrong with an attribute value. The front maps the code to a wire error once.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace tidemill::item {

enum class Errc : unsigned char {
  kSerialization,  // the JSON has the wrong shape: SerializationException
  kValidation,     // the shape is right, the value is not: ValidationException
  kCorruption,     // stored bytes do not decode
  kInternal,       // a bug
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;  // the service's own text, without any prefix

  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text)}; }
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string_view message) {
  return std::unexpected(Error{code, std::string(message)});
}
inline std::unexpected<Error> invalid(std::string_view message) { return fail(Errc::kValidation, message); }

}  // namespace tidemill::item
