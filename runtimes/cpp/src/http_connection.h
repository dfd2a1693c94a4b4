// A blocking HTTP/1.1 connection: requests are written whole, responses read whole.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/function.h"

namespace tidemill::function {

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string header(std::string_view lower_case_name) const;
  bool keep_alive() const { return header("connection") != "close"; }
};

class HttpConnection {
 public:
  HttpConnection() = default;
  ~HttpConnection() { close(); }
  HttpConnection(const HttpConnection&) = delete;

  // `host` is a numeric IPv4 address or "localhost".
  Outcome<void> open(const std::string& host, int port);
  bool is_open() const { return fd_ >= 0; }
  void close();
  Outcome<void> send(std::string_view bytes);
  Outcome<HttpAnswer> receive();

 private:
  bool fill();
  int fd_ = -1;
  std::string received_;
};

// "host:port"
bool split_address(std::string_view text, std::string& host, int& port);

}  // namespace tidemill::function
