#include "api/dynamodb/fingerprint.h"

#include <gtest/gtest.h>

#include <set>

#include "base/bytes.h"

namespace tidemill::dynamodb {
namespace {

std::string of(std::string_view text) {
  const auto document = json::Document::parse(text);
  EXPECT_TRUE(document) << text;
  return to_hex(fingerprint_of(document->root()));
}

TEST(Fingerprint, IsTheSameForWhatMeansTheSame) {
  EXPECT_EQ(of(R"({"a":1,"b":{"c":"x","d":[true]}})"), of(R"({ "b": {"d":[true], "c":"x"}, "a": 1 })"));
  EXPECT_EQ(of(R"({"a":1,"b":null})"), of(R"({"a":1})"));
  for (const auto* set : {"SS", "NS", "BS"}) {
    const std::string name(set);
    EXPECT_EQ(of("{\"" + name + "\":[\"1\",\"2\",\"3\"]}"), of("{\"" + name + "\":[\"3\",\"1\",\"2\"]}")) << name;
  }
}

TEST(Fingerprint, DiffersWhereAnythingDiffers) {
  const std::vector<std::string> texts = {R"([])",
                                          R"({})",
                                          R"("")",
                                          R"(null)",
                                          R"(true)",
                                          R"(false)",
                                          R"(0)",
                                          R"(1)",
                                          R"(1.0)",
                                          R"("1")",
                                          R"("\u0000")",
                                          R"([[]])",
                                          R"([{}])",
                                          R"([1,2])",
                                          R"([2,1])",
                                          R"([[1],2])",
                                          R"([[1,2]])",
                                          R"({"a":1})",
                                          R"({"b":1})",
                                          R"({"a":2})",
                                          R"({"a":{"b":1}})",
                                          R"({"a":1,"b":1})",
                                          R"({"a":1,"b":2})",
                                          R"({"a":2,"b":1})",
                                          R"({"ab":""})",
                                          R"({"a":"b"})",
                                          R"({"SS":["1","2"]})",
                                          R"({"NS":["1","2"]})",
                                          R"({"SS":["12"]})",
                                          R"({"SS":["1","2","2"]})",
                                          R"({"L":["1","2"]})",
                                          R"({"L":["2","1"]})",
                                          R"({"SS":["1","2"],"x":1})",
                                          R"({"SS":["2","1"],"x":1})",
                                          R"("0123456789abcdef")",
                                          R"("0123456789abcdef\u0000")",
                                          R"("0123456789abcdeg")",
                                          R"("1123456789abcdef")"};
  std::set<std::string> seen;
  for (const auto& text : texts) EXPECT_TRUE(seen.insert(of(text)).second) << text;
}

TEST(Fingerprint, IsWhatIsOnDisk) {
  EXPECT_EQ(of(R"([{"Put":{"TableName":"t","Item":{"pk":{"S":"a"},"n":{"N":"1"}}}}])"),
            "9f24322209c04426fad248535386f8e5");
}

}  // namespace
}  // namespace tidemill::dynamodb
