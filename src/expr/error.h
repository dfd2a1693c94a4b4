// Failures of expressions. All are ValidationExceptions to the client of a single-item call; transactions tell the two
// apart.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace tidemill::expr {

enum class Errc : unsigned char {
  kValidation,  // the request is wrong whatever the item looks like
  kEvaluation,  // the update does not fit the item that is there
  kInternal,    // a bug
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;  // the service's own text
  // PutItem, UpdateItem and DeleteItem answer this one as `1 validation error detected: <message>`, other operations as
  // it is.
  bool counted = false;

  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text), false}; }
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string_view message) {
  return std::unexpected(Error{code, std::string(message), false});
}
inline std::unexpected<Error> invalid(std::string_view message) { return fail(Errc::kValidation, message); }
inline std::unexpected<Error> invalid_counted(std::string_view message) {
  return std::unexpected(Error{Errc::kValidation, std::string(message), true});
}

// The request member that an expression stands in; errors begin with `Invalid <its name>: `.
enum class Parameter : unsigned char { kUpdate, kCondition, kKeyCondition, kFilter, kProjection };

std::string_view to_string(Parameter parameter);
std::unexpected<Error> invalid_in(Parameter parameter, Error error);

}  // namespace tidemill::expr
