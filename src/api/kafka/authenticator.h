// Who may connect, and what they may do: declared here, connected to auth/ by the composition root.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time_text.h"

namespace tidemill::kafka {

struct Principal {
  std::string name;        // a user's name, or an ARN
  std::string access_key;  // of IAM principals
  bool operator==(const Principal&) const = default;
};

// What a client signed in place of an HTTP request: a presigned GET of "/" on `host`.
struct PresignedGet {
  std::string host;
  std::string service;  // the one that the scope must name
  std::vector<std::pair<std::string, std::string>>
      parameters;  // decoded, named as in a URL: X-Amz-Credential and so on
};

struct ScramSecret {
  std::string salt, stored_key, server_key;  // raw bytes
  std::int32_t iterations = 4096;
};
enum class ScramHash : unsigned char { kSha256, kSha512 };

class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // Signature, clock skew, expiry, key and session token. Nothing: refused; the reason is logged by the implementation,
  // not told.
  struct Signed {
    Principal principal;
    WallTime expires;
  };
  virtual std::optional<Signed> verify(const PresignedGet& request) = 0;
  // SASL PLAIN.
  virtual std::optional<Principal> check_password(std::string_view user, std::string_view password) = 0;
  // SASL SCRAM; nothing for an unknown user.
  virtual std::optional<ScramSecret> scram_secret(std::string_view user, ScramHash hash) = 0;

  // `action` without its prefix: Connect, DescribeTopic, ReadData, WriteData, CreateTopic, AlterGroup, ...; `resource`
  // is the kind and name: "topic/orders", "group/g1", "cluster".
  virtual bool allows(const Principal& principal, std::string_view action, std::string_view resource) = 0;
};

}  // namespace tidemill::kafka
