# Compiler, warnings and the libraries that come from Debian.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(TM_CCACHE ccache)
if(TM_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TM_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${TM_CCACHE})
endif()

# Assertions (TM_ASSERT) stay on in every build; NDEBUG is never defined by us.
if(TM_SANITIZE OR TM_FUZZ)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")  # half the compile time; the tests are short
else()
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")

add_compile_options(-Wall -Wextra -Werror -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports false positives of these inside libstdc++ when it inlines std::string and std::variant.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds -Wno-stringop-overread
                      -Wno-dangling-pointer)
else()
  # libstdc++ 12's stable_sort uses a buffer function that C++17 deprecated.
  add_compile_options(-Wthread-safety -Wno-missing-designated-field-initializers -Wno-deprecated-declarations)
endif()

find_program(TM_MOLD NAMES mold)
find_program(TM_LLD NAMES ld.lld-19 ld.lld)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND TM_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND TM_LLD)
  add_link_options(-fuse-ld=lld)
endif()

set(TM_SANITIZE "" CACHE STRING "address, thread, or empty")
if(TM_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-sanitize=vptr,function)
  add_link_options(-fsanitize=address,undefined)
elseif(TM_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
endif()
option(TM_FUZZ "build the libFuzzer targets" OFF)
if(TM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=vptr,function)
  add_link_options(-fsanitize=address,undefined)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
# RocksDB is linked into the binary: its calls cost less, a start does not resolve ten thousand symbols of it, and what
# is not used is left out. Sanitized builds take the shared library, which links faster.
find_library(TM_ROCKSDB_STATIC librocksdb.a)
find_library(TM_BZ2 NAMES libbz2.a bz2)
find_library(TM_SNAPPY NAMES libsnappy.a snappy REQUIRED)
if(TM_ROCKSDB_STATIC AND TM_BZ2 AND NOT TM_SANITIZE AND NOT TM_FUZZ)
  set(TM_ROCKSDB_AS_IT_IS ${TM_ROCKSDB_STATIC} ${TM_BZ2} ${TM_SNAPPY} lz4 zstd z dl)
  # src/storage/rocks_crc32c.cc does its checksums.
  set(TM_ROCKSDB ${TM_ROCKSDB_AS_IT_IS}
      -Wl,--wrap=_ZN7rocksdb6crc32c6ExtendEjPKcm,-u,__wrap__ZN7rocksdb6crc32c6ExtendEjPKcm)
  add_link_options(-Wl,--gc-sections)
else()
  find_library(TM_ROCKSDB rocksdb REQUIRED)
  set(TM_ROCKSDB_AS_IT_IS ${TM_ROCKSDB})
endif()
find_library(TM_SIMDJSON simdjson REQUIRED)
find_library(TM_ZSTD zstd REQUIRED)
find_library(TM_LZ4 lz4 REQUIRED)
# Of libarchive only its zip reader and what that calls; the shared library would load an XML parser and all of Unicode.
find_library(TM_ARCHIVE_STATIC libarchive.a)
find_library(TM_LZMA NAMES liblzma.a lzma)
find_library(TM_NETTLE_STATIC NAMES libnettle.a nettle)
if(TM_ARCHIVE_STATIC AND TM_LZMA AND TM_NETTLE_STATIC AND TM_BZ2 AND NOT TM_SANITIZE AND NOT TM_FUZZ)
  set(TM_ARCHIVE ${TM_ARCHIVE_STATIC} ${TM_LZMA} ${TM_NETTLE_STATIC} ${TM_BZ2} z)
else()
  find_library(TM_ARCHIVE archive REQUIRED)
endif()
find_library(TM_YAML NAMES libyaml-cpp.a yaml-cpp REQUIRED)
find_library(TM_RDKAFKA rdkafka REQUIRED)
