#include "transfers/source_format.h"

#include <gtest/gtest.h>

#include "item/json.h"

namespace tidemill::transfers {
namespace {

// All items of `bytes`, fed in steps, as JSON lines; then the number of records that are none.
std::string read(const SourceFormat& format, std::string_view bytes, std::size_t step) {
  SourceReader reader(format);
  std::string out;
  std::uint64_t errors = 0;
  const auto take = [&](bool last) {
    for (;;) {
      const auto batch = reader.take(last);
      if (!batch) return out += "broken: " + batch.error().message, false;
      for (const auto& item : batch->items) out += item::to_json(item) + "\n";
      errors += batch->errors;
      if (batch->ended) return out += "ended: " + std::to_string(errors), false;
      if (!batch->more) return true;
    }
  };
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.feed(bytes.substr(at, step));
    if (!take(false)) return out;
  }
  if (take(true)) out += std::to_string(errors);
  return out;
}

TEST(SourceReader, ReadsItemsALineHoweverTheyAreCut) {
  constexpr std::string_view kLines =
      "{\"Item\":{\"a\":{\"S\":\"1\"}}}\r\n\n   \n{\"Item\":{\"a\":{\"S\":\"2\"}}}\n{\"Item\":{\"a\":{\"S\":\"3\"}}}";
  constexpr std::string_view kItems = "{\"a\":{\"S\":\"1\"}}\n{\"a\":{\"S\":\"2\"}}\n{\"a\":{\"S\":\"3\"}}\n0";
  for (const std::size_t step : {1, 5, 1000}) {
    EXPECT_EQ(read({}, kLines, step), kItems) << step;
    EXPECT_EQ(read({.compression = Compression::kGzip}, gzip(kLines.substr(0, 30)) + gzip(kLines.substr(30)), step),
              kItems)
        << step;
  }
}

TEST(SourceReader, ReadsItemsThatFollowOneAnotherInALine) {
  constexpr std::string_view kLines =
      "{\"Item\":{\"a\":{\"S\":\"}\\\"{\"}}} {\"Item\":{\"a\":{\"S\":\"2\"}}}{\"Item\":{\"a\":{\"S\":\"3\"}}}";
  for (const std::size_t step : {1, 5, 1000})
    EXPECT_EQ(read({}, kLines, step), "{\"a\":{\"S\":\"}\\\"{\"}}\n{\"a\":{\"S\":\"2\"}}\n{\"a\":{\"S\":\"3\"}}\n0")
        << step;
}

TEST(SourceReader, EndsAtTheFirstRecordThatIsNoItem) {
  const std::string good = "{\"Item\":{\"a\":{\"S\":\"1\"}}}\n";
  for (const std::string_view bad : {"no json", "[]", "{\"a\":{\"S\":\"no Item\"}}", "{\"Item\":{\"a\":{\"N\":\"x\"}}}",
                                     "{\"Item\": ", "{\"Item\":{\"\":{\"S\":\"x\"}}}", "x {\"Item\":{}}"})
    EXPECT_EQ(read({}, good + std::string(bad) + "\n" + good, 7), "{\"a\":{\"S\":\"1\"}}\nended: 1") << bad;
}

TEST(SourceReader, ReadsCsvWithQuotesAndTypesOfKeys) {
  SourceFormat format{.format = InputFormat::kCsv, .attributes = {{"n", tables::KeyType::kNumber}}};
  constexpr std::string_view kText = "a,n,b\n\"x,\n\"\"y\"\"\",1,z\nonly,2,\n,3,empty\nbad,number,\n1,2,3,4\nend,5,w";
  for (const std::size_t step : {1, 7, 1000})
    EXPECT_EQ(read(format, kText, step),
              "{\"a\":{\"S\":\"x,\\n\\\"y\\\"\"},\"b\":{\"S\":\"z\"},\"n\":{\"N\":\"1\"}}\n"
              "{\"a\":{\"S\":\"only\"},\"n\":{\"N\":\"2\"}}\n"
              "{\"b\":{\"S\":\"empty\"},\"n\":{\"N\":\"3\"}}\n"
              "{\"a\":{\"S\":\"end\"},\"b\":{\"S\":\"w\"},\"n\":{\"N\":\"5\"}}\n2")
        << step;
  format.header = {"n", "a"};
  format.delimiter = ';';
  EXPECT_EQ(read(format, "1;x\n", 100), "{\"a\":{\"S\":\"x\"},\"n\":{\"N\":\"1\"}}\n0");
}

TEST(SourceReader, TellsWhatIsNotCompressedAsItClaims) {
  EXPECT_EQ(read({.compression = Compression::kGzip}, "plain text that is long enough", 100),
            "broken: the object is no gzip");
  EXPECT_EQ(read({.compression = Compression::kZstd}, "plain text that is long enough", 100),
            "broken: the object is no zstd");
  const auto whole = gzip("{\"Item\":{}}");
  EXPECT_EQ(read({.compression = Compression::kGzip}, std::string_view(whole).substr(0, whole.size() - 4), 100),
            "broken: the object ends inside its compression");
}

TEST(Inflater, GivesLittleAtATimeOfWhatGrowsMuch) {
  Inflater inflater(Compression::kGzip);
  inflater.feed(gzip(std::string(50 << 20, 'x')));
  std::size_t total = 0;
  for (;;) {
    std::string out;
    const auto more = inflater.take(out, 100'000);
    ASSERT_TRUE(more);
    ASSERT_LE(out.size(), 100'000U);
    total += out.size();
    if (!*more) break;
  }
  EXPECT_EQ(total, 50U << 20);
  EXPECT_TRUE(inflater.whole());
}

}  // namespace
}  // namespace tidemill::transfers
