#include "base/zip.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace tidemill {
namespace {

std::string sample() {
  ZipWriter zip;
  zip.add("index.js", std::string(1000, 'a'));
  zip.add("bin/bootstrap",
          "\x7f"
          "ELF",
          true);
  zip.add_link("link", "index.js");
  zip.add("empty", "");
  return zip.finish();
}

TEST(Zip, TheSameFilesGiveTheSameBytes) { EXPECT_EQ(sha256_hex(sample()), sha256_hex(sample())); }

TEST(Zip, CompressesWhatShrinksAndKeepsTheRest) {
  const auto zip = sample();
  EXPECT_LT(zip.size(), 700U);
  EXPECT_TRUE(zip.starts_with("PK\x03\x04"));
  EXPECT_NE(zip.find("\x7f"
                     "ELF"),
            std::string::npos);
  EXPECT_EQ(zip.substr(zip.size() - 22, 4), std::string("PK\x05\x06"));
  EXPECT_EQ(zip[zip.size() - 12], 4);  // entries
}

}  // namespace
}  // namespace tidemill
