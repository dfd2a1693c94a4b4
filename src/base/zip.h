// Writes ZIP archives. The same files in the same order give the same bytes: dates are fixed, names are as given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill {

class ZipWriter {
 public:
  // Deflated where that makes it smaller. `name` uses forward slashes; a file of at most 4 GiB.
  void add(std::string_view name, std::string_view bytes, bool executable = false);
  // A symbolic link to `target`.
  void add_link(std::string_view name, std::string_view target);
  // The archive; the writer is empty afterwards.
  std::string finish();
  std::size_t size() const { return out_.size(); }

 private:
  void add_entry(std::string_view name, std::string_view bytes, std::uint32_t unix_mode);
  std::string out_, directory_;
  std::size_t entries_ = 0;
};

}  // namespace tidemill
