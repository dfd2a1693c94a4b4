#include "topics/record_batch.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "topics/partitioner.h"

namespace tidemill::topics {
namespace {

std::vector<NewRecord> some_records() {
  return {{.key = "a", .value = "one", .headers = {{"h", "x"}, {"h", std::nullopt}}, .timestamp_ms = 1000},
          {.key = std::nullopt, .value = "two", .headers = {}, .timestamp_ms = 900},
          {.key = "", .value = std::nullopt, .headers = {}, .timestamp_ms = 1500}};
}

std::vector<Record> decode(std::string_view batch) {
  std::vector<Record> out;
  auto status = for_each_record(batch, [&out](const RecordView& view) {
    out.push_back(to_record(view, TimestampType::kCreateTime));
    return true;
  });
  EXPECT_TRUE(status) << status.error().message;
  return out;
}

void reseal(std::string& batch) { store_be(batch.data() + 17, crc32c(std::string_view(batch).substr(21))); }

TEST(RecordBatch, K_25_HeadersNullKeysAndTombstonesSurviveEveryCodec) {
  for (auto codec : {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    auto batch = encode_batch(some_records(), {.codec = codec});
    auto header = check_produced(batch);
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->record_count, 3);
    EXPECT_EQ(header->max_timestamp, 1500);
    set_base_offset(batch, 40);
    const auto records = decode(batch);
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(records[0], (Record{.offset = 40,
                                  .timestamp_ms = 1000,
                                  .key = "a",
                                  .value = "one",
                                  .headers = {{"h", "x"}, {"h", std::nullopt}}}));
    EXPECT_EQ(records[1], (Record{.offset = 41, .timestamp_ms = 900, .key = std::nullopt, .value = "two"}));
    EXPECT_EQ(records[2], (Record{.offset = 42, .timestamp_ms = 1500, .key = "", .value = std::nullopt}));
  }
}

TEST(RecordBatch, K_23_XerialSnappyIsReadToo) {
  std::string framed("\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16);
  for (const std::string part : {"hello ", "world"}) {
    const auto block = compress(Codec::kSnappy, part);
    append_be(framed, static_cast<std::uint32_t>(block.size()));
    framed += block;
  }
  EXPECT_EQ(decompress(Codec::kSnappy, framed, 100).value(), "hello world");
}

TEST(RecordBatch, DecompressionIsBounded) {
  const std::string zeros(1 << 20, '\0');
  for (auto codec : {Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    const auto packed = compress(codec, zeros);
    EXPECT_FALSE(decompress(codec, packed, 1000)) << static_cast<int>(codec);
    EXPECT_EQ(decompress(codec, packed, 1 << 20).value(), zeros);
    EXPECT_FALSE(decompress(codec, packed.substr(0, packed.size() / 2), 1 << 20));
    EXPECT_FALSE(decompress(codec, "not compressed at all", 1 << 20));
  }
}

TEST(RecordBatch, GoldenBytes) {
  // One record, key "k", value "v", timestamp 1700000000000; laid out by hand from the format's table.
  const auto batch = encode_batch({{.key = "k", .value = "v", .headers = {}, .timestamp_ms = 1700000000000}}, {});
  EXPECT_EQ(to_hex(std::string_view(batch).substr(0, 17)),
            "0000000000000000"
            "0000003a"
            "ffffffff"
            "02");
  EXPECT_EQ(to_hex(std::string_view(batch).substr(21)),
            "0000"
            "00000000"
            "0000018bcfe56800"
            "0000018bcfe56800"
            "ffffffffffffffff"
            "ffff"
            "ffffffff"
            "00000001"
            "10"
            "00"
            "00"
            "00"
            "02"
            "6b"
            "02"
            "76"
            "00");
}

TEST(RecordBatch, K_18_K_19_RefusesWhatIsNotOneSoundBatch) {
  const auto good = encode_batch(some_records(), {});
  const auto code = [](std::string_view bytes) { return check_produced(bytes).error().code; };
  auto bad = good;
  bad.back() ^= 1;
  EXPECT_EQ(code(bad), Errc::kCorruptMessage);
  EXPECT_EQ(code(good + good), Errc::kInvalidRecord);
  EXPECT_EQ(code(good.substr(0, 70)), Errc::kInvalidRecord);
  EXPECT_EQ(code(""), Errc::kInvalidRecord);
  bad = good;
  set_base_offset(bad, 77);
  EXPECT_EQ(code(bad), Errc::kInvalidRecord);
  bad = good;
  bad[22] |= 32;
  reseal(bad);
  EXPECT_EQ(code(bad), Errc::kInvalidRecord);
  bad = good;
  bad[16] = 1;
  EXPECT_EQ(code(bad), Errc::kInvalidRecord);
  bad = good;
  store_be(bad.data() + 57, std::int32_t{4});
  reseal(bad);
  EXPECT_EQ(code(bad), Errc::kInvalidRecord);
}

TEST(RecordBatch, K_26_LogAppendTimeReplacesTimestampsAndKeepsTheChecksumRight) {
  auto batch = encode_batch(some_records(), {});
  set_log_append_time(batch, 5000);
  const auto header = parse_header(batch);
  EXPECT_TRUE(header->is_log_append_time());
  EXPECT_EQ(header->crc, crc32c(std::string_view(batch).substr(21)));
  for (const auto& record : decode(batch)) EXPECT_EQ(record.timestamp_ms, 5000);
}

TEST(RecordBatch, MarkersAreControlBatchesOfOneOffset) {
  for (auto marker : {Marker::kAbort, Marker::kCommit}) {
    const auto batch = encode_marker(marker, 7, 2, 1234);
    const auto header = parse_header(batch);
    EXPECT_EQ(header->attributes, 0x30);
    EXPECT_EQ(header->last_offset_delta, 0);
    EXPECT_EQ(header->base_sequence, -1);
    EXPECT_EQ(marker_of(batch), marker);
  }
}

TEST(Partitioner, K_27_MatchesTheJavaClient) {
  EXPECT_EQ(murmur2(""), 275646681);
  EXPECT_EQ(murmur2("21"), -973932308);
  EXPECT_EQ(murmur2("foobar"), -790332482);
  EXPECT_EQ(murmur2("a-little-bit-long-string"), -985981536);
  EXPECT_EQ(murmur2("a-little-bit-longer-string"), -1486304829);
  EXPECT_EQ(murmur2("abc"), 479470107);
  EXPECT_EQ(murmur2(R"({"id":{"S":"1"}})"), -696112619);
  EXPECT_EQ(partition_of_key("21", 10), 0);
  EXPECT_EQ(partition_of_key("foobar", 10), 6);
  EXPECT_EQ(partition_of_key("abc", 10), 7);
  EXPECT_EQ(partition_of_key(R"({"id":{"S":"1"}})", 10), 9);
}

}  // namespace
}  // namespace tidemill::topics
