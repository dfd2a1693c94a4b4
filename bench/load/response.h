// Finds the end of a response in the bytes of one connection: one response at a time, Content-Length or chunks.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::bench {

class ResponseReader {
 public:
  // Takes bytes; true when the response is complete. Not HTTP: ends the program.
  bool feed(std::string_view bytes);
  int status() const { return status_; }
  std::string_view body() const { return std::string_view(bytes_).substr(head_); }
  void reset();

 private:
  bool read_head();

  std::string bytes_;
  std::size_t head_ = 0;  // size of the head, 0: not yet complete
  std::size_t length_ = 0;
  bool chunked_ = false;
  int status_ = 0;
};

}  // namespace tidemill::bench
