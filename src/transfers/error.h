// What can go wrong with exports and imports.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::transfers {

enum class Errc : unsigned char {
  kValidation,
  kTableNotFound,
  kPointInTimeUnavailable,
  kInvalidExportTime,
  kExportNotFound,
  kExportConflict,
  kImportNotFound,
  kImportConflict,
  kResourceInUse,
  kLimitExceeded,
  kUnavailable,
  kInternal,
};

struct [[nodiscard]] Error {
  Errc code = Errc::kInternal;
  std::string message;  // shown to the client verbatim
  static Error internal(std::string_view text) { return {Errc::kInternal, std::string(text)}; }
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

}  // namespace tidemill::transfers
