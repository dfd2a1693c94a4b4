// Bodies of exports and imports: gzip and zstd, in steps with bounded output.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::transfers {

std::string gzip(std::string_view bytes);

enum class Compression : unsigned char { kNone, kGzip, kZstd };

// Undoes a compression of bytes that come in parts.
class Inflater {
 public:
  explicit Inflater(Compression compression);
  ~Inflater();
  Inflater(const Inflater&) = delete;

  void feed(std::string_view bytes);
  // Appends at most about `max` bytes. False when nothing can be given before more is fed. Error: not what it claims.
  tidemill::Result<bool> take(std::string& out, std::size_t max);
  // True when the last stream or frame ended with the last byte.
  bool whole() const;

 private:
  struct State;
  const Compression compression_;
  const std::unique_ptr<State> state_;
};

}  // namespace tidemill::transfers
