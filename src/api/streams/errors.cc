#include "api/streams/api.h"

namespace tidemill::api_streams {

awsjson::WireError to_wire(const streams::Error& error) {
  const auto named = [&error](std::string_view name) {
    return awsjson::WireError{.type = "com.amazonaws.dynamodb.v20120810#" + std::string(name),
                              .message = error.message};
  };
  switch (error.code) {
    case streams::Errc::kValidation: return awsjson::validation_error(error.message);
    case streams::Errc::kResourceNotFound: return named("ResourceNotFoundException");
    case streams::Errc::kTrimmed: return named("TrimmedDataAccessException");
    case streams::Errc::kExpiredIterator: return named("ExpiredIteratorException");
    case streams::Errc::kLimitExceeded: return named("LimitExceededException");
    case streams::Errc::kInternal: return awsjson::internal_error(error.message);
  }
  std::unreachable();
}

}  // namespace tidemill::api_streams
