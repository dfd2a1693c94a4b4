// What is sent: requests as boto3 or the JavaScript SDK send them, for each operation by name. A request is one
// template whose changing parts all have a fixed width, so that making the next one is a copy and a few patches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/sigv4.h"
#include "load/keys.h"

namespace tidemill::bench {

struct RequestOptions {
  std::string operation;       // a name of operation_names(): put, get, query, invoke, ...
  std::string host;            // HOST:PORT
  std::string table = "load";  // for invoke: the function
  std::string payload = "{}";  // for invoke
  std::string sdk = "boto3";   // or "js"
  std::uint64_t item_bytes = 1024;
  std::optional<auth::Credentials>
      credentials;  // sign truly; else a signature of zeros, which costs a server the same bytes
  std::string region = "us-east-1";
};

std::string operation_names();

class Requests {
 public:
  Requests(const RequestOptions& options, Keys keys);
  // The bytes of the next request, valid until the next call. `due_us`: the wall time at which it is to leave.
  std::string_view next(std::int64_t due_us);

 private:
  enum class Field : unsigned char { kKey, kPart, kRow, kNumber, kNow, kUuid };
  struct Patch {
    std::size_t at;
    Field field;
    std::uint64_t nth;  // which key of this request: keys of one request differ
  };
  void patch(std::int64_t due_us);
  std::string whole(const std::string& body) const;
  std::string signed_request(const std::string& body) const;
  void prepare_signed();

  const RequestOptions options_;
  Keys keys_;
  std::string target_, path_, service_, extra_headers_;
  std::string bytes_;  // the request; before prepare_signed(): with credentials only the body
  std::vector<Patch> patches_;
  std::uint64_t number_ = 0, keys_each_ = 1;
  std::vector<std::string> ready_;  // with credentials: signed ahead, sent in turn
  std::size_t turn_ = 0;
};

}  // namespace tidemill::bench
