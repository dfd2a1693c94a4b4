// Errors of the control calls; the message is API Gateway's own text. What callers of an API see is a Response, not an
// Error.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace tidemill::routes {

enum class Errc : unsigned char {
  kNotFound,       // NotFoundException 404
  kConflict,       // ConflictException 409
  kBadRequest,     // BadRequestException 400
  kLimitExceeded,  // LimitExceededException 429
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

}  // namespace tidemill::routes
