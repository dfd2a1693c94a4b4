// Any bytes as a function's archive: unpacking ends within its bounds and writes nothing outside its folder. The same
// bytes as the files of an archive of our own: they come out as they went in.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/zip.h"
#include "functions/archive.h"
#include "runtime/sim/sim_files.h"

using namespace tidemill;

namespace {

constexpr functions::ArchiveLimits kLimits{.unzipped_max = 1 << 20, .entries_max = 100};

std::uint64_t bytes_below(runtime::SimFiles& files, const std::string& folder) {
  std::uint64_t sum = 0;
  for (const auto& entry : *files.list(folder)) {
    const auto path = folder + "/" + entry.name;
    if (entry.is_directory)
      sum += bytes_below(files, path);
    else if (const auto bytes = files.read_start(path, kLimits.unzipped_max + 1))
      sum += bytes->size();
  }
  return sum;
}

void unpack_any(std::string_view bytes) {
  runtime::SimFiles files;
  const auto unpacked = functions::unpack(bytes, "/code", kLimits, files);
  const auto at_root = *files.list("/");
  TM_ASSERT(at_root.size() <= 1);
  TM_ASSERT(at_root.empty() || at_root[0].name == "code");
  if (unpacked) TM_ASSERT(bytes_below(files, "/code") <= kLimits.unzipped_max * kLimits.entries_max);
}

void pack_and_unpack(std::string_view bytes) {
  const auto half = bytes.size() / 2;
  ZipWriter zip;
  zip.add("a/first", bytes.substr(0, half), true);
  zip.add("second", bytes.substr(half));
  runtime::SimFiles files;
  TM_ASSERT(functions::unpack(zip.finish(), "/code", kLimits, files));
  TM_ASSERT(files.read("/code/a/first") == std::string(bytes.substr(0, half)));
  TM_ASSERT(files.is_executable("/code/a/first"));
  TM_ASSERT(files.read("/code/second") == std::string(bytes.substr(half)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  unpack_any(bytes);
  pack_and_unpack(bytes);
  return 0;
}
