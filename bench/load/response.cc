#include "load/response.h"

#include <strings.h>

#include <cstdlib>

#include "common/flags.h"

namespace tidemill::bench {

bool ResponseReader::feed(std::string_view bytes) {
  bytes_ += bytes;
  if (head_ == 0 && !read_head()) return false;
  // The last chunk is the only one whose line is "0": bodies here are JSON and hold no line ends.
  if (chunked_) return bytes_.ends_with("\r\n0\r\n\r\n") || std::string_view(bytes_).substr(head_) == "0\r\n\r\n";
  return bytes_.size() >= head_ + length_;
}

bool ResponseReader::read_head() {
  const auto end = bytes_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  if (!bytes_.starts_with("HTTP/1.1 ")) die("the answer is not HTTP: " + bytes_.substr(0, 80));
  status_ = static_cast<int>(std::strtol(bytes_.c_str() + 9, nullptr, 10));
  for (auto line = bytes_.find("\r\n") + 2; line < end; line = bytes_.find("\r\n", line) + 2) {
    if (strncasecmp(bytes_.c_str() + line, "content-length:", 15) == 0)
      length_ = std::strtoul(bytes_.c_str() + line + 15, nullptr, 10);
    if (strncasecmp(bytes_.c_str() + line, "transfer-encoding: chunked", 26) == 0) chunked_ = true;
  }
  head_ = end + 4;
  return true;
}

void ResponseReader::reset() {
  bytes_.clear();
  head_ = length_ = 0;
  chunked_ = false;
}

}  // namespace tidemill::bench
