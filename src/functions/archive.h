// Function archives: zip files unpacked under bounds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "functions/error.h"
#include "runtime/files.h"

namespace tidemill::functions {

struct ArchiveLimits {
  std::uint64_t unzipped_max = 0;  // bytes of all files
  std::uint64_t entries_max = 100'000;
};

// Unpacks `zip` under `folder`, which is made. Names that leave the folder, and links that point outside it, are
// refused. Errors: kInvalidParameter in the service's words. Blocking: run it off the loops.
Status unpack(std::string_view zip, const std::string& folder, const ArchiveLimits& limits, runtime::Files& files);

}  // namespace tidemill::functions
