#include "api/s3/address.h"

#include "base/bytes.h"

namespace tidemill::s3 {
namespace {

std::string bucket_of_host(std::string_view host) {
  if (const auto colon = host.rfind(':'); colon != host.npos && host.find(']') == host.npos)
    host = host.substr(0, colon);
  if (host.starts_with("s3.") && host.find(".s3.") == host.npos) return "";
  // A bucket's name may itself hold ".s3.".
  if (const auto at = host.rfind(".s3."); at != host.npos) return std::string(host.substr(0, at));
  constexpr std::string_view kLocal = ".localhost";
  if (host.ends_with(kLocal)) return std::string(host.substr(0, host.size() - kLocal.size()));
  return "";
}

void split_path(std::string_view path, Address& out) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const auto slash = path.find('/');
  out.bucket = percent_decode(path.substr(0, slash));
  if (slash != path.npos) out.key = percent_decode(path.substr(slash + 1));
}

}  // namespace

Address address_of(const http::Request& request) {
  Address out;
  out.host_bucket = bucket_of_host(request.headers.get("host"));
  auto path = request.path();
  if (out.host_bucket.empty()) {
    split_path(path, out);
    return out;
  }
  out.bucket = out.host_bucket;
  if (path.starts_with('/')) path.remove_prefix(1);
  out.key = percent_decode(path);
  return out;
}

Address address_of_source(std::string_view source) {
  Address out;
  split_path(source.substr(0, source.find('?')), out);
  return out;
}

}  // namespace tidemill::s3
