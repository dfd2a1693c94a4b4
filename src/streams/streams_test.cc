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

}  // namespace
}  // namespace tidemill::streams
