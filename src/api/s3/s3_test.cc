#include <gtest/gtest.h>

#include "api/s3/address.h"
#include "api/s3/chunked.h"
#include "api/s3/preconditions.h"
#include "api/s3/xml.h"
#include "base/bytes.h"

namespace tidemill::s3 {
namespace {

struct Place {
  std::string_view name, host, target, bucket, key, in_host;
};
const Place kPlaces[] = {
    {"InThePath", "127.0.0.1:4566", "/b/k/e%20y?x=1", "b", "k/e y", ""},
    {"BucketAlone", "localhost:4566", "/b", "b", "", ""},
    {"NoBucket", "s3.us-east-1.amazonaws.com", "/", "", "", ""},
    {"InTheHost", "b.s3.us-east-1.amazonaws.com", "/k/e", "b", "k/e", "b"},
    {"InALocalHost", "b.s3.localhost:4566", "/k", "b", "k", "b"},
    {"BeforeLocalhost", "b.localhost:4566", "/k", "b", "k", "b"},
    {"EndpointWithS3", "s3.localhost:4566", "/b/k", "b", "k", ""},
    {"BucketWithDots", "a.s3.b.s3.localhost", "/k", "a.s3.b", "k", "a.s3.b"},
    {"SlashesStay", "h", "/b//k/", "b", "/k/", ""},
};
class Addresses : public testing::TestWithParam<Place> {};
TEST_P(Addresses, AreFound) {
  const auto& c = GetParam();
  http::Request request{.method = "GET", .target = std::string(c.target)};
  request.headers.add("Host", c.host);
  EXPECT_EQ(address_of(request), (Address{std::string(c.bucket), std::string(c.key), std::string(c.in_host)}));
}
INSTANTIATE_TEST_SUITE_P(S3, Addresses, testing::ValuesIn(kPlaces),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Xml, ReadsElementsTextAndEntities) {
  const auto root = parse_xml(
      "\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!-- c --><s3:Delete "
      "xmlns:s3='x'><Object><Key>a&amp;&#x20AC;<![CDATA[<b>]]></Key>"
      "</Object><Quiet/></s3:Delete>\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "Delete");
  EXPECT_EQ(root->find("Object")->text_of("Key"), "a&\u20AC<b>");
  EXPECT_NE(root->find("Quiet"), nullptr);
  EXPECT_EQ(root->text_of("None", "-"), "-");
}

TEST(Xml, RefusesWhatIsNotWellFormed) {
  for (const auto* text : {"", "x", "<a>", "<a></b>", "<a><b></a></b>", "<a>&unknown;</a>", "<a>&#0;</a>", "<a b></a>",
                           "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<a/><b/>", "<a>]]&lt;", "<a b='1></a>"})
    EXPECT_FALSE(parse_xml(text)) << text;
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<a>";
  EXPECT_FALSE(parse_xml(deep));
}

// Feeds `body` in pieces of `step` bytes.
objects::Result<std::string> decoded(AwsChunked& coding, std::string_view body, std::size_t step) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += step)
    if (auto fed = coding.feed(body.substr(at, step), [&out](std::string_view bytes) { out += bytes; }); !fed)
      return std::unexpected(fed.error());
  if (auto whole = coding.finish(); !whole) return std::unexpected(whole.error());
  return out;
}

TEST(AwsChunked, GivesTheBytesAndTheTrailersHoweverItIsCut) {
  for (const std::size_t step : {1, 2, 3, 7, 1000}) {
    auto trailers = std::make_shared<Trailers>();
    AwsChunked coding(false, {}, trailers);
    EXPECT_EQ(decoded(coding, "5\r\nhello\r\nA\r\n0123456789\r\n0\r\nx-amz-checksum-crc32: AAAA\r\n\r\n", step),
              "hello0123456789");
    EXPECT_EQ(*trailers, (Trailers{{"x-amz-checksum-crc32", "AAAA"}}));
  }
}

TEST(AwsChunked, RefusesWhatIsCutShortOrBroken) {
  for (const auto* body : {"", "5\r\nhel", "5\r\nhello\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "zz\r\n",
                           "5\nhello\r\n0\r\n\r\n", "0\r\nname\r\n\r\n", "0\r\n\r\nmore", "ffffffffffffffff\r\n"}) {
    AwsChunked coding(false, {}, std::make_shared<Trailers>());
    EXPECT_FALSE(decoded(coding, body, 1000)) << body;
  }
  AwsChunked endless(false, {}, std::make_shared<Trailers>());
  EXPECT_FALSE(decoded(endless, std::string(100'000, '1'), 1000));
}

// The worked example of the signature's documentation: 66,560 bytes of "a" in chunks of 64 KiB.
TEST(AwsChunked, ChecksTheChainOfSignatures) {
  const auth::CredentialScope scope{"AKIAIOSFODNN7EXAMPLE", "20130524", "us-east-1", "s3", "aws4_request"};
  const auth::SignatureClaim claim{.scope = scope,
                                   .signature = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
                                   .date = "20130524T000000Z"};
  auth::SigningKeys keys;
  const auto key = keys.key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope);
  const std::string first(65536, 'a'), second(1024, 'a');
  const auto body = [&](std::string_view middle) {
    return "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + first +
           "\r\n400;chunk-signature=" + std::string(middle) + "\r\n" + second +
           "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
  };
  AwsChunked good(true, auth::SignedChunks(claim, key), std::make_shared<Trailers>());
  EXPECT_EQ(decoded(good, body("0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"), 4096),
            first + second);
  AwsChunked bad(true, auth::SignedChunks(claim, key), std::make_shared<Trailers>());
  const auto refused = decoded(bad, body(std::string(64, '0')), 4096);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, objects::Errc::kSignature);
}

TEST(Ranges, AreTakenIgnoredOrRefused) {
  const auto range = [](std::string_view header) { return parse_range(header, 100); };
  EXPECT_EQ(*range("bytes=0-9"), (ByteRange{0, 10}));
  EXPECT_EQ(*range("bytes=90-"), (ByteRange{90, 100}));
  EXPECT_EQ(*range("bytes=90-1000"), (ByteRange{90, 100}));
  EXPECT_EQ(*range("bytes=-10"), (ByteRange{90, 100}));
  EXPECT_EQ(*range("bytes=-1000"), (ByteRange{0, 100}));
  for (const auto* ignored : {"", "bytes=", "bytes=a-b", "bytes=9-5", "items=0-1", "bytes=0-1,5-6", "bytes=-"})
    EXPECT_EQ(*range(ignored), std::nullopt) << ignored;
  for (const auto* refused : {"bytes=100-", "bytes=100-200", "bytes=-0"}) {
    ASSERT_FALSE(range(refused)) << refused;
    EXPECT_EQ(range(refused).error().code, "InvalidRange");
  }
  EXPECT_FALSE(parse_range("bytes=0-", 0));
}

TEST(Preconditions, FollowTheOrderOfHttp) {
  const objects::Object object{.etag = "abc", .modified_ms = 1'764'085'660'500};  // 25 Nov 2025 15:47:40.5
  const auto check = [&](std::initializer_list<std::pair<std::string_view, std::string_view>> given) {
    http::Headers headers;
    for (const auto& [name, value] : given) headers.add(name, value);
    const auto met = check_preconditions(headers, "", object, true);
    return met ? 200 : met.error().status;
  };
  constexpr std::string_view kThen = "Tue, 25 Nov 2025 15:47:40 GMT", kBefore = "Tue, 25 Nov 2025 15:47:39 GMT";
  EXPECT_EQ(check({}), 200);
  EXPECT_EQ(check({{"If-Match", "\"abc\""}}), 200);
  EXPECT_EQ(check({{"If-Match", "\"x\", \"abc\""}}), 200);
  EXPECT_EQ(check({{"If-Match", "\"x\""}}), 412);
  EXPECT_EQ(check({{"If-None-Match", "\"abc\""}}), 304);
  EXPECT_EQ(check({{"If-None-Match", "*"}}), 304);
  EXPECT_EQ(check({{"If-None-Match", "\"x\""}}), 200);
  EXPECT_EQ(check({{"If-Modified-Since", kThen}}), 304);
  EXPECT_EQ(check({{"If-Modified-Since", kBefore}}), 200);
  EXPECT_EQ(check({{"If-Unmodified-Since", kThen}}), 200);
  EXPECT_EQ(check({{"If-Unmodified-Since", kBefore}}), 412);
  EXPECT_EQ(check({{"If-Match", "\"abc\""}, {"If-Unmodified-Since", kBefore}}), 200);
  EXPECT_EQ(check({{"If-None-Match", "\"x\""}, {"If-Modified-Since", kThen}}), 200);
}

}  // namespace
}  // namespace tidemill::s3
