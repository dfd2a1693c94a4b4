// The canonical form of a request, as Signature Version 4 hashes it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "auth/sigv4.h"
#include "http/message.h"

namespace tidemill::auth {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// The names of signed headers: in lower case, in order, each once.
class SignedNames {
 public:
  explicit SignedNames(std::string_view list);  // "host;x-amz-date", in any case and order
  SignedNames(const SignedNames&) = delete;
  auto begin() const { return names_.begin(); }
  auto end() const { return names_.end(); }
  bool contains(std::string_view lower_case_name) const { return std::ranges::binary_search(names_, lower_case_name); }
  std::string joined() const;  // with semicolons

 private:
  const std::string text_;
  std::vector<std::string_view> names_;  // of text_
};

std::string lower_case(std::string_view text);
std::string_view trimmed(std::string_view text);

std::string_view path_of(std::string_view target);   // before '?', at least "/"
std::string_view query_of(std::string_view target);  // behind '?'
// Decoded; '+' stays a plus, as signers see it.
std::vector<http::Parameter> decode_query(std::string_view query);

// The forms that clients use for that service, the one to sign with first.
std::vector<std::string> canonical_paths(std::string_view path_as_sent, std::string_view service);

enum class QueryForm : unsigned char {
  kRecoded,  // decoded and encoded anew
  kAsSent,   // the parts as they came, only sorted
};
// Sorted, without X-Amz-Signature.
std::string canonical_query(std::string_view query, QueryForm form);
std::string canonical_query(const std::vector<http::Parameter>& parameters);

// One line for each name, values trimmed, inner runs of blanks collapsed, repeated headers joined with commas.
std::string canonical_headers(const http::Headers& headers, const SignedNames& signed_names);

std::string canonical_request(std::string_view method, std::string_view path, std::string_view query,
                              std::string_view headers, std::string_view signed_names, std::string_view payload_hash);

// 20261121T101500Z
inline bool is_basic_date(std::string_view text) { return text.size() == 16 && text[8] == 'T' && text[15] == 'Z'; }
// `date` is a basic one; `request_hash` is that of the canonical request, in hexadecimal digits.
std::string string_to_sign(std::string_view date, const CredentialScope& scope, std::string_view request_hash);

}  // namespace tidemill::auth
