// Errors are values. `Error` is the error of the floor (files, storage, network, parsing); an engine whose errors carry
// more declares its own type with the same shape (`code`, `message`, `static internal(text)`) and its own `Result`
// alias.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tidemill {

enum class Errc : unsigned char {
  kInvalidArgument,    // the caller's input is wrong
  kNotFound,           // the named thing does not exist
  kAlreadyExists,      // the named thing exists
  kConflict,           // the state does not allow it now
  kPermissionDenied,   //
  kResourceExhausted,  // a bound was reached (queue, disk, memory)
  kUnavailable,        // stopping, or a peer is away: try again
  kTimeout,            //
  kCorruption,         // stored bytes do not check
  kIo,                 // the operating system said no
  kUnsupported,        // known, but not offered here
  kInternal,           // a bug
};

std::string_view to_string(Errc code);

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;  // shown to the client verbatim: names the thing and the value

  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text)}; }
  bool operator==(const Error&) const = default;
};

template <class T, class E = Error>
using Result = std::expected<T, E>;

using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace tidemill

#define TM_CONCAT_INNER(a, b) a##b
#define TM_CONCAT(a, b) TM_CONCAT_INNER(a, b)

// TM_TRY(auto x, expression): binds the value, or returns the error of the enclosing function's Result.
#define TM_TRY(declaration, expression) TM_TRY_INNER(TM_CONCAT(tm_result_, __LINE__), declaration, expression)
#define TM_TRY_INNER(name, declaration, expression)  \
  auto name = (expression);                          \
  if (!name) [[unlikely]]                            \
    return std::unexpected(std::move(name).error()); \
  declaration = *std::move(name)

// TM_CHECK(expression): the same for Result<void>.
#define TM_CHECK(expression)                                    \
  do {                                                          \
    if (auto tm_status = (expression); !tm_status) [[unlikely]] \
      return std::unexpected(std::move(tm_status).error());     \
  } while (false)
