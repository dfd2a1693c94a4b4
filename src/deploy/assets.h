// Uploaded code archives, kept under the bucket and key that a template names (CDK's assets). Stored in parts, so that
// a large archive is no large write; kept while a stack's definition names them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "deploy/error.h"
#include "storage/store.h"

namespace tidemill::deploy {

inline constexpr std::size_t kAssetPartBytes = 8U << 20;
inline constexpr std::size_t kAssetBytesMax = 64U << 20;  // an archive; the service's limit is 50 MB for direct upload

class Assets {
 public:
  explicit Assets(storage::Store& store) : store_(store) {}
  tidemill::Status load();

  bool contains(std::string_view name) const { return sizes_.contains(name); }  // complete
  // Parts come in order from 0; the part that makes `bytes_total` complete makes the asset. Errors: kValidation.
  Status put_part(const std::string& name, std::size_t part, std::string_view bytes, std::uint64_t bytes_total);
  Result<std::string> get(std::string_view name) const;
  // Drops every asset that is not in `used` and was complete before the last call (what was just uploaded waits for its
  // stack).
  void keep_only(const std::set<std::string, std::less<>>& used);

 private:
  storage::Store& store_;
  std::map<std::string, std::uint64_t, std::less<>> sizes_;
  struct Upload {
    std::size_t next_part = 0;
    std::uint64_t bytes = 0;
  };
  std::map<std::string, Upload, std::less<>> uploads_;
  std::set<std::string, std::less<>> unused_once_;
};

// "bucket/key"
std::string asset_name(std::string_view bucket, std::string_view key);

}  // namespace tidemill::deploy
