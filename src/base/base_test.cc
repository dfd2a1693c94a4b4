#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/checksums.h"
#include "base/digest.h"
#include "base/reply.h"
#include "base/scan.h"
#include "base/time_text.h"
#include "base/utf8.h"

namespace tidemill {
namespace {

TEST(Bytes, VarintsComeBackAndTruncationIsSeen) {
  for (const std::uint64_t value : {0ULL, 1ULL, 127ULL, 128ULL, 300ULL, ~0ULL}) {
    std::string out;
    append_varint(out, value);
    std::string_view in = out;
    EXPECT_EQ(take_varint(in), value);
    EXPECT_TRUE(in.empty());
    std::string_view cut = std::string_view(out).substr(0, out.size() - 1);
    EXPECT_EQ(take_varint(cut), std::nullopt);
  }
}

TEST(Bytes, Base64IsStrict) {
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(from_base64("Zm8="), "fo");
  EXPECT_EQ(from_base64("Zm9"), std::nullopt);   // length
  EXPECT_EQ(from_base64("Zh=="), std::nullopt);  // bits behind the last byte
  EXPECT_EQ(from_base64("Z-8="), std::nullopt);  // other alphabet
  EXPECT_EQ(from_base64_url(to_base64_url("\xff\xfe")), "\xff\xfe");
}

TEST(Bytes, PercentEncodingFollowsRfc3986) {
  EXPECT_EQ(percent_encode("a b/é~"), "a%20b%2F%C3%A9~");
  EXPECT_EQ(percent_encode("a/b", true), "a/b");
  EXPECT_EQ(percent_decode("a%20b+c%2"), "a b+c%2");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
}

TEST(Bytes, PrefixEndSkipsTrailingFf) {
  EXPECT_EQ(prefix_end("ab"), "ac");
  EXPECT_EQ(prefix_end("a\xff"), "b");
  EXPECT_EQ(prefix_end("\xff\xff"), "");
}

TEST(Digest, KnownValues) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(hmac_sha256("key", "The quick brown fox jumps over the lazy dog")),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
  EXPECT_EQ(to_hex(md5("a")), "0cc175b9c0f1b6a831c399e269772661");
  EXPECT_EQ(crc32("<UnknownOperationException/>\n"), 3552371480U);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
}

TEST(Digest, ChecksumsAreThoseOfTheDefinitionAtEveryLength) {
  const auto by_bits = [](std::string_view bytes) {
    std::uint32_t crc = ~0U;
    for (const char c : bytes) {
      crc ^= static_cast<unsigned char>(c);
      for (int k = 0; k < 8; ++k) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320U : crc >> 1;
    }
    return ~crc;
  };
  std::string bytes;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(crc32(bytes), by_bits(bytes)) << i;
    bytes += static_cast<char>(i * i + 17 * i);
  }
}

TEST(Digest, AKeyServesManyMacs) {
  const std::string long_key(100, 'k');
  const HmacSha256 key(long_key);
  EXPECT_EQ(key.mac("a"), hmac_sha256(long_key, "a"));
  EXPECT_EQ(key.mac("a"), key.mac("a"));
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Scan, FindsTheFirstAtEveryPlaceAndCopiesWhatIsBefore) {
  for (std::size_t size = 0; size < 200; ++size) {
    std::string text(size, 'x');
    const auto expect = [&text](std::size_t at) {
      EXPECT_EQ((find_control_or<'"', '\\'>(text)), at);
      const auto to = std::make_unique<char[]>(text.size());
      EXPECT_EQ((copy_until_control_or<'"', '\\'>(to.get(), text)), at);
      EXPECT_EQ(std::string_view(to.get(), at), text.substr(0, at));
    };
    expect(size);
    for (std::size_t at = 0; at < size; ++at) {
      for (const char c : {'"', '\\', '\n', '\0', '\x1f'}) {
        text[at] = c;
        expect(at);
      }
      text[at] = '\xff';
    }
  }
}

TEST(Utf8, RefusesOverlongSurrogatesAndTruncation) {
  EXPECT_TRUE(is_valid_utf8("aé€😀"));
  for (const auto* text : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"})
    EXPECT_FALSE(is_valid_utf8(text));
  EXPECT_EQ(utf8_characters("é😀"), 2U);
  EXPECT_EQ(utf16_units("é😀"), 3U);
}

TEST(Utf8, BytesThatAreNoTextBecomeReplacementCharacters) {
  EXPECT_EQ(to_valid_utf8("aé€😀"), "aé€😀");
  EXPECT_EQ(to_valid_utf8("caf\xe9\n"), "caf\uFFFD\n");
  EXPECT_EQ(to_valid_utf8("\xe2\x82"), "\uFFFD\uFFFD");
  for (const auto* text : {"\xc0\x80", "\xed\xa0\x80x", "\xf4\x90\x80\x80", "€\xe2\x82"})
    EXPECT_TRUE(is_valid_utf8(to_valid_utf8(text)));
}

TEST(Utf8, APrefixEndsWithACharacter) {
  const std::string_view text = "aé€😀";  // of 1, 2, 3 and 4 bytes
  const std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t size = 0; size < std::size(ends); ++size)
    EXPECT_EQ(utf8_prefix(text, size).size(), ends[size]) << size;
  EXPECT_EQ(utf8_prefix("\x80\x80\x80\x80\x80\x80", 5).size(), 5U);
}

TEST(TimeText, WritesAndReadsTheServicesForms) {
  const auto t = from_epoch_ms(1764085660123);
  EXPECT_EQ(iso8601_ms(t), "2025-11-25T15:47:40.123Z");
  EXPECT_EQ(iso8601_offset(t), "2025-11-25T15:47:40.123+0000");
  EXPECT_EQ(basic_iso8601(t), "20251125T154740Z");
  EXPECT_EQ(http_date(t), "Tue, 25 Nov 2025 15:47:40 GMT");
  EXPECT_EQ(common_log_date(t), "25/Nov/2025:15:47:40 +0000");
  EXPECT_EQ(parse_iso8601("2025-11-25T15:47:40.123Z"), t);
  EXPECT_EQ(parse_iso8601("2025-11-25T17:47:40.123+02:00"), t);
  EXPECT_EQ(parse_basic_iso8601("20251125T154740Z"), from_epoch_ms(1764085660000));
  EXPECT_EQ(parse_basic_iso8601("20251325T154740Z"), std::nullopt);
}

TEST(Reply, AnswersInternalErrorWhenDropped) {
  Result<int> got = 0;
  {
    Reply<int> reply([&got](Result<int> r) { got = std::move(r); });
  }
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::kInternal);
}

TEST(Reply, ViaConvertsTheValueAndPassesTheError) {
  Result<std::string> got;
  Reply<std::string> reply([&got](Result<std::string> r) { got = std::move(r); });
  auto inner = std::move(reply).via<int>([](int n) { return std::to_string(n); });
  std::move(inner)(7);
  EXPECT_EQ(got, "7");
}

TEST(Checksums, Crc32cOfLongBytesIsThatOfTheirSingleBytesInARow) {
  std::string bytes;
  std::uint32_t one_by_one = 0;
  for (unsigned i = 0; i < 5000; ++i) {
    bytes.push_back(static_cast<char>(i * i >> 3));
    one_by_one = crc32c({&bytes.back(), 1}, one_by_one);
    EXPECT_EQ(crc32c(bytes), one_by_one) << bytes.size();
  }
}

TEST(Digest, ChecksumsHaveTheirCheckValues) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc64nvme("123456789"), 0xAE8B14860A799888ULL);
}

TEST(Digest, ChecksumsOfPartsGiveThatOfTheWhole) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::to_string(i * i);
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{1000}, text.size()}) {
    const auto a = std::string_view(text).substr(0, cut), b = std::string_view(text).substr(cut);
    EXPECT_EQ(crc32_more(crc32(a), b), crc32(text));
    EXPECT_EQ(crc64nvme(b, crc64nvme(a)), crc64nvme(text));
    EXPECT_EQ(crc32_combined(crc32(a), crc32(b), b.size()), crc32(text));
    EXPECT_EQ(crc32c_combined(crc32c(a), crc32c(b), b.size()), crc32c(text));
    EXPECT_EQ(crc64nvme_combined(crc64nvme(a), crc64nvme(b), b.size()), crc64nvme(text));
    Digest sha256_of(Digest::Kind::kSha256), md5_of(Digest::Kind::kMd5), sha1_of(Digest::Kind::kSha1);
    for (auto* digest : {&sha256_of, &md5_of, &sha1_of}) {
      digest->update(a);
      digest->update(b);
    }
    EXPECT_EQ(sha256_of.finish(), sha256(text));
    EXPECT_EQ(md5_of.finish(), md5(text));
    EXPECT_EQ(sha1_of.finish(), sha1(text));
  }
}

}  // namespace
}  // namespace tidemill
