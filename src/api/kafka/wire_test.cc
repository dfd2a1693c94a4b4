#include "api/kafka/wire.h"

#include <gtest/gtest.h>

#include "api/kafka/apis.h"
#include "kafka_messages/api_versions.h"
#include "kafka_messages/consumer_group_heartbeat.h"
#include "kafka_messages/metadata.h"

namespace tidemill::kafka {
namespace {

template <class Response>
std::string encoded(const Response& response, int version) {
  std::string out;
  wire::Writer writer(out);
  response.encode(writer, version);
  return to_hex(out);
}

TEST(Wire, GoldenMetadataRequestOfTheOldAndTheFlexibleForm) {
  for (const auto& [hex, version] : {std::pair{"00000001000174"
                                               "01",
                                               4},
                                     std::pair{"02"
                                               "00000000000000000000000000000000"
                                               "0274"
                                               "00"
                                               "01"
                                               "00"
                                               "00",
                                               12}}) {
    const auto bytes = *from_hex(hex);
    wire::Reader reader(bytes);
    MetadataRequest request;
    ASSERT_TRUE(request.decode(reader, version)) << version;
    EXPECT_TRUE(reader.at_end());
    ASSERT_EQ(request.topics->size(), 1u);
    EXPECT_EQ((*request.topics)[0].name, "t");
    EXPECT_TRUE(request.allow_auto_topic_creation);
  }
}

TEST(Wire, GoldenApiVersionsResponses) {
  ApiVersionsResponse response;
  response.api_keys.push_back({18, 0, 4});
  EXPECT_EQ(encoded(response, 0),
            "0000"
            "00000001"
            "001200000004");
  EXPECT_EQ(encoded(response, 3),
            "0000"
            "02"
            "00120000000400"
            "00000000"
            "00");
  response.finalized_features_epoch = 5;
  EXPECT_EQ(encoded(response, 3),
            "0000"
            "02"
            "00120000000400"
            "00000000"
            "01"
            "0108"
            "0000000000000005");
}

TEST(Wire, NullableStructsHaveAMarkByte) {
  ConsumerGroupHeartbeatResponse response;
  response.member_id = "m";
  EXPECT_EQ(encoded(response, 0),
            "00000000"
            "0000"
            "00"
            "026d"
            "00000000"
            "00000000"
            "ff"
            "00");
  response.assignment.emplace();
  EXPECT_EQ(encoded(response, 0),
            "00000000"
            "0000"
            "00"
            "026d"
            "00000000"
            "00000000"
            "01"
            "01"
            "00"
            "00");
}

TEST(Wire, CountsAreBelievedOnlyAsFarAsThereAreBytes) {
  for (const char* hex : {"7fffffff", "ffffffff", "00000002", "80000000"}) {
    const auto bytes = *from_hex(hex);
    wire::Reader reader(bytes);
    EXPECT_FALSE(reader.count(false, false)) << hex;
    EXPECT_FALSE(reader.ok());
  }
  const auto huge = *from_hex("ffffffffffffffffff01");
  wire::Reader reader(huge);
  EXPECT_FALSE(reader.count(true, false));
}

TEST(Wire, TaggedFieldsAreReadSkippedAndBounded) {
  const auto good = *from_hex(
      "02"
      "0101"
      "41"
      "6302"
      "4142");
  wire::Reader reader(good);
  std::string seen;
  reader.tags([&](std::uint32_t tag) {
    if (tag != 1) return false;
    seen += static_cast<char>(reader.int8());
    return true;
  });
  EXPECT_TRUE(reader.ok() && reader.at_end());
  EXPECT_EQ(seen, "A");
  const auto bad = *from_hex(
      "01"
      "0105"
      "41");
  wire::Reader lying(bad);
  lying.skip_tags();
  EXPECT_FALSE(lying.ok());
}

TEST(Apis, EveryVersionRangeIsSoundAndKeysAreDistinct) {
  std::vector<bool> seen(128);
  for (const auto* api : apis()) {
    EXPECT_LE(api->min, api->min_served) << api->name;
    EXPECT_LE(api->min_served, api->max) << api->name;
    EXPECT_FALSE(seen[static_cast<std::size_t>(api->key)]) << api->name;
    seen[static_cast<std::size_t>(api->key)] = true;
    EXPECT_EQ(find_api(api->key), api);
  }
}

}  // namespace
}  // namespace tidemill::kafka
