#include "http/head.h"

#include <gtest/gtest.h>

#include <random>

namespace tidemill::http {
namespace {

constexpr std::size_t kHeadersMax = 20;

const std::string_view kHeads[] = {
    "GET / HTTP/1.1\r\n\r\n",
    "GET /a/b%20c?x=y&z HTTP/1.1\r\nHost: localhost:4566\r\nAccept: */*\r\n\r\n",
    "POST / HTTP/1.1\r\nHost:x\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: "
    "DynamoDB_20120810.GetItem\r\n"
    "X-Amz-Date: 20261121T000000Z\r\nAccept-Encoding: identity\r\nAuthorization: AWS4-HMAC-SHA256 "
    "Credential=AK/20261121/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, "
    "Signature=00\r\nContent-Length: 12\r\n\r\n",
    "PUT /x HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    "POST /y HTTP/1.1\r\nConnection: Close , upgrade\r\nTransfer-Encoding: chunked\r\n\r\n",
    "DELETE * HTTP/1.1\r\nA: \t a \t b\t \r\nEmpty:\r\nEmpty: \r\nProxy-Connection: close\r\nExpect: "
    "100-Continue\r\n\r\n",
    "X-m!~ /\xc3\xa4 HTTP/1.1\r\nname: \xc3\xa4\xff\r\nConnection: ,,\r\nConnection:\r\n\r\n",
};

TEST(Head, ReadsWhatBeastReads) {
  for (const auto text : kHeads) {
    Head head;
    EXPECT_EQ(read_head(text, kHeadersMax, head), 0) << text;
    const auto other = read_head_with_beast(text);
    ASSERT_TRUE(other) << text;
    EXPECT_EQ(head, *other) << text;
  }
}

TEST(Head, AcceptsNothingThatBeastRefusesHoweverItIsDamaged) {
  std::mt19937_64 random(7);
  const std::string_view pieces[] = {"\r\n",
                                     "\n",
                                     "\r",
                                     " ",
                                     "\t",
                                     ":",
                                     ",",
                                     "\r\n ",
                                     "close",
                                     "Content-Length: 3\r\n",
                                     "Connection: a b\r\n",
                                     "Transfer-Encoding: chunked\r\n",
                                     std::string_view("\0", 1)};
  std::size_t accepted = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string text(kHeads[random() % std::size(kHeads)]);
    for (auto times = random() % 3 + 1; times > 0; --times) {
      const auto at = random() % text.size();
      switch (random() % 4) {
        case 0: text[at] = static_cast<char>(random()); break;
        case 1: text.insert(at, 1, static_cast<char>(random())); break;
        case 2: text.erase(at, random() % 3); break;
        case 3: text.insert(at, pieces[random() % std::size(pieces)]); break;
      }
    }
    Head head;
    if (read_head(text, kHeadersMax, head) != 0) continue;
    ++accepted;
    const auto other = read_head_with_beast(text);
    ASSERT_TRUE(other) << text;
    ASSERT_EQ(head, *other) << text;
  }
  EXPECT_GT(accepted, 1000U);
}

TEST(Headers, AreFoundInAnyCaseAndOutliveAMove) {
  Headers headers;
  headers.add("Host", "x");
  headers.add("A", "1");
  headers.add("a", "2");
  const auto host = headers.get("HOST");
  const Headers moved = std::move(headers);
  EXPECT_EQ(host, "x");
  EXPECT_EQ(moved.get("a"), "1");
  Headers set = moved;
  set.set("a", "3");
  EXPECT_EQ(set.size(), 2U);
  EXPECT_EQ(set.get("A"), "3");
  EXPECT_NE(set, moved);
}

}  // namespace
}  // namespace tidemill::http
