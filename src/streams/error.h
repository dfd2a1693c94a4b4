// Errors of the streams engine.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace tidemill::streams {

enum class Errc : unsigned char {
  kValidation,
  kResourceNotFound,
  kTrimmed,
  kExpiredIterator,
  kLimitExceeded,
  kInternal
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;
  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text)}; }
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace tidemill::streams
