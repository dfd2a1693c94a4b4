// Refusals in S3's form.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/error.h"
#include "http/message.h"
#include "objects/error.h"

namespace tidemill::s3 {

struct Failure {
  int status = 400;
  std::string code, message;
  std::vector<std::pair<std::string, std::string>> details = {};  // further elements
};
template <class T>
using Result = std::expected<T, Failure>;
using Status = Result<void>;
using Answer = Result<http::Response>;

inline std::unexpected<Failure> refuse(int status, std::string code, std::string message) {
  return std::unexpected(Failure{status, std::move(code), std::move(message)});
}
std::unexpected<Failure> not_implemented(std::string_view what);
std::unexpected<Failure> malformed_xml();
std::unexpected<Failure> invalid_argument(std::string message, std::string_view name, std::string_view value);

Failure to_failure(const objects::Error& error);
Failure to_failure(const auth::Error& error);
inline std::unexpected<Failure> refuse(const objects::Error& error) { return std::unexpected(to_failure(error)); }

struct RequestNames {
  std::string request_id, host_id;
};
http::Response error_response(const Failure& failure, const RequestNames& names, bool head_request);

}  // namespace tidemill::s3
