#include "streams/streams.h"

#include <gtest/gtest.h>

#include "item/encoding.h"
#include "item/size.h"

namespace tidemill::streams {
namespace {

TEST(SequenceNumbers, KeepOneWidthAndTheOrderOfNumbers) {
  std::string before;
  for (const std::uint64_t number : {0ULL, 1ULL, 9ULL, 10ULL, 999999ULL, 18446744073709551615ULL}) {
    const auto text = sequence_number(number);
    EXPECT_EQ(text.size(), 26U);
    EXPECT_LT(before, text);
    EXPECT_EQ(number_of_sequence(text), number);
    before = text;
  }
  for (const auto* wrong :
       {"", "1", "abc", "10000000000000000000000000x", "99999999999999999999999999", "100000184467440737095516160"}) {
    EXPECT_EQ(number_of_sequence(wrong), std::nullopt) << wrong;
  }
}

TEST(Iterators, ComeBackAndForgeriesDoNot) {
  const Iterator iterator{.stream_arn = "arn:aws:dynamodb:us-east-1:000000000000:table/x/stream/l",
                          .shard_id = "shardId-00000000000000000001-00000000",
                          .number = 42,
                          .created_ms = 1234};
  const auto text = to_text(iterator);
  EXPECT_EQ(iterator_from_text(text), iterator);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string bent = text;
    bent[i] = bent[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(iterator_from_text(bent), iterator) << i;
  }
  EXPECT_EQ(iterator_from_text(""), std::nullopt);
  EXPECT_EQ(iterator_from_text("a|1|"), std::nullopt);
}

TEST(Records, AreStoredUnderTheirViewAndReadBack) {
  const auto image = item::encode(item::Item::from({{"p", "a"}, {"v", "b"}}));
  const auto keys = item::encode(item::Item::from({{"p", "a"}}));
  const tables::Change change{.kind = tables::ChangeKind::kModify,
                              .keys = keys,
                              .keys_size = 2,
                              .old_image = image,
                              .old_size = 4,
                              .new_image = image,
                              .new_size = 4};
  auto stored = encode_record(change, tables::StreamView::kNewImage);
  stamp_record(stored, 1764085660123);
  const auto record = decode_record(7, stored);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->size_bytes, 6U);
  EXPECT_EQ(record->timestamp_ms, 1764085660123);
  EXPECT_FALSE(record->old_image);
  std::string json;
  const RecordContext context{
      .stream_arn = "arn", .stream_uuid = "u", .region = "eu-west-1", .view = tables::StreamView::kNewImage};
  ASSERT_TRUE(append_record_json(json, *record, context, RecordForm::kEvent));
  EXPECT_EQ(
      json,
      R"({"eventID":")" + record->event_id(context) +
          R"(","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-west-1","dynamodb":{"ApproximateCreationDateTime":1764085660.0,"Keys":{"p":{"S":"a"}},"NewImage":{"p":{"S":"a"},"v":{"S":"b"}},"SequenceNumber":"10000000000000000000000007","SizeBytes":6,"StreamViewType":"NEW_IMAGE"},"eventSourceARN":"arn"})");
  for (std::size_t cut = 0; cut < stored.size(); ++cut)
    EXPECT_FALSE(decode_record(7, std::string_view(stored).substr(0, cut)));
}

TEST(Recent, HoldsWhatAReaderThatFollowsHasNotReadYet) {
  Recent recent;
  std::vector<std::pair<std::uint64_t, std::string>> got;
  const auto read = [&](std::uint64_t from, std::uint64_t end) {
    got.clear();
    return recent.read(from, end,
                       [&](std::uint64_t number, std::string_view stored) { got.emplace_back(number, stored); });
  };
  recent.add(0, "nobody reads yet");
  EXPECT_FALSE(read(0, 1));
  recent.add(1, "a");
  recent.add(2, "b");
  EXPECT_FALSE(read(0, 3)) << "0 came before";
  EXPECT_FALSE(read(1, 4)) << "3 is not there";
  EXPECT_TRUE(read(1, 3));
  EXPECT_EQ(got, (std::vector<std::pair<std::uint64_t, std::string>>{{1, "a"}, {2, "b"}}));
  EXPECT_TRUE(read(2, 3)) << "what was read last may be read again";
  EXPECT_FALSE(read(1, 2));
  recent.add(3, "c");
  EXPECT_TRUE(read(3, 4));
  EXPECT_EQ(got, (std::vector<std::pair<std::uint64_t, std::string>>{{3, "c"}}));
}

TEST(Recent, KeepsNothingForAReaderThatDoesNotComeBack) {
  Recent recent;
  const auto nothing = [](std::uint64_t, std::string_view) {};
  EXPECT_FALSE(recent.read(0, 1, nothing));
  for (std::uint64_t number = 0; number <= Recent::kRecordsMax; ++number) recent.add(number, "x");
  EXPECT_FALSE(recent.read(Recent::kRecordsMax, Recent::kRecordsMax + 1, nothing));
  recent.add(40, std::string(Recent::kBytesMax + 1, 'x'));
  EXPECT_FALSE(recent.read(40, 41, nothing));
  recent.add(41, "x");
  recent.add(43, "a number is missing");
  EXPECT_FALSE(recent.read(43, 44, nothing));
}

}  // namespace
}  // namespace tidemill::streams
