#include "http/head.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "http/head_memory.h"

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

std::string signed_head(std::string_view target, std::string_view date, std::string_view signature,
                        std::string_view length) {
  return "POST / HTTP/1.1\r\nHost: localhost:4566\r\nX-Amz-Target: DynamoDB_20120810." + std::string(target) +
         "\r\nX-Amz-Date: " + std::string(date) +
         "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AK/20261121/us-east-1/dynamodb/aws4_request, "
         "SignedHeaders=host;x-amz-date, Signature=" +
         std::string(signature) + "\r\nContent-Length: " + std::string(length) + "\r\n\r\n";
}

TEST(HeadMemory, TakesAHeadThatDiffersInDateSignatureAndLengthForTheSame) {
  HeadMemory memory;
  HeadMemory::Hint hint = 0;
  const auto first = signed_head("GetItem", "20261121T000000Z", "00ff", "12");
  const auto second = signed_head("GetItem", "20261121T235959Z", "abcd", "34");
  Head head, kept;
  EXPECT_EQ(memory.recall(first, hint, head), 0U);
  ASSERT_EQ(read_head_before(first, kHeadersMax, kept), first.size());
  memory.keep(first, hint, kept);
  EXPECT_NE(kept.request.head_id, 0U);

  HeadMemory::Hint stranger = 9;
  ASSERT_EQ(memory.recall(second + "{\"body\": 1}", stranger, head), second.size());
  EXPECT_EQ(stranger, hint);
  EXPECT_EQ(head.request.head_id, kept.request.head_id);
  EXPECT_EQ(head.length, 34U);
  EXPECT_EQ(head.request.headers.get("x-amz-date"), "20261121T235959Z");
  Head read;
  ASSERT_EQ(read_head(second, kHeadersMax, read), 0);
  EXPECT_EQ(head, read);

  // Anything else that differs is another head; a head that is not whole is none.
  for (const auto& other :
       {signed_head("PutItem", "20261121T000000Z", "00ff", "12"),
        signed_head("GetItem", "20261121T000000Z", "00ff", "1 "),
        signed_head("GetItem", "20261121T000000Z", "0\rff", "12"),
        signed_head("GetItem", "20261121T000000Z", "0,=f", "12"),
        signed_head("GetItem", "20261121T000000Z", "00ff", "-1"), first.substr(0, first.size() - 1)})
    EXPECT_EQ(memory.recall(other, hint, head), 0U) << other;
}

TEST(HeadMemory, RecallsNothingThatWouldBeReadOtherwiseHoweverItIsDamaged) {
  std::mt19937_64 random(11);
  HeadMemory memory;
  HeadMemory::Hint hint = 0;
  std::vector<std::string> heads{signed_head("GetItem", "20261121T000000Z", "00ff", "12"),
                                 signed_head("PutItem", "20261121T000000Z", "00ff", "1234")};
  for (const auto text : kHeads) heads.emplace_back(text);
  for (const auto& text : heads) {
    Head head;
    ASSERT_GT(read_head_before(text, kHeadersMax, head), 0U);
    memory.keep(text, hint, head);
  }
  const std::string_view bytes = "0aZ9-,:= \t\r\n%\x7f";
  std::size_t recalled = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string text = heads[random() % heads.size()];
    for (auto times = random() % 4; times > 0; --times) text[random() % text.size()] = bytes[random() % bytes.size()];
    if (random() % 2 == 0) text += "behind it";
    Head head, read;
    const auto size = memory.recall(text, hint, head);
    if (size == 0) continue;
    ++recalled;
    ASSERT_EQ(read_head_before(text, kHeadersMax, read), size) << text;
    ASSERT_EQ(head, read) << text;
  }
  EXPECT_GT(recalled, 10'000U);
}

TEST(HeadMemory, ForgetsWhatDoesNotComeBack) {
  HeadMemory memory;
  HeadMemory::Hint hint = 0;
  Head head;
  const auto keep = [&](int number) {
    const auto text = signed_head("Operation" + std::to_string(number), "20261121T000000Z", "00ff", "12");
    Head read;
    EXPECT_GT(read_head_before(text, kHeadersMax, read), 0U);
    memory.keep(text, hint, read);
    return text;
  };
  const auto often = keep(1);
  for (int number = 2; number < 400; ++number) {
    keep(number);
    if (number % 16 != 0) continue;
    EXPECT_GT(memory.recall(often, hint, head), 0U) << number;
  }
  const auto seldom = keep(1000);
  EXPECT_GT(memory.recall(often, hint, head), 0U);
  for (int number = 1001; number < 1300; ++number) keep(number);
  EXPECT_EQ(memory.recall(seldom, hint, head), 0U);
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
