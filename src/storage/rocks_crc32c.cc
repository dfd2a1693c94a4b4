// Debian builds RocksDB for every processor of the architecture, so its CRC-32C goes byte by byte through tables: a
// fifth of what a large batch costs. The linker sends RocksDB's calls here instead (--wrap, cmake/TidemillBuild.cmake).
#include <cstddef>
#include <cstdint>

#include "base/digest.h"

// rocksdb::crc32c::Extend(uint32_t, const char*, size_t), by the name that --wrap gives it.
// NOLINTNEXTLINE(readability-identifier-naming,bugprone-reserved-identifier)
extern "C" std::uint32_t __wrap__ZN7rocksdb6crc32c6ExtendEjPKcm(std::uint32_t before, const char* bytes,
                                                                std::size_t size) {
  return tidemill::crc32c({bytes, size}, before);
}
