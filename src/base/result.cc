#include "base/result.h"

namespace tidemill {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument: return "invalid_argument";
    case Errc::kNotFound: return "not_found";
    case Errc::kAlreadyExists: return "already_exists";
    case Errc::kConflict: return "conflict";
    case Errc::kPermissionDenied: return "permission_denied";
    case Errc::kResourceExhausted: return "resource_exhausted";
    case Errc::kUnavailable: return "unavailable";
    case Errc::kTimeout: return "timeout";
    case Errc::kCorruption: return "corruption";
    case Errc::kIo: return "io";
    case Errc::kUnsupported: return "unsupported";
    case Errc::kInternal: return "internal";
  }
  std::unreachable();
}

}  // namespace tidemill
