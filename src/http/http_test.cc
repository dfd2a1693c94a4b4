#include <gtest/gtest.h>

#include "http/client.h"
#include "http/coding.h"
#include "http/parser.h"
#include "http/server.h"
#include "runtime/sim/sim_loop.h"
#include "runtime/sim/sim_network.h"

namespace tidemill::http {
namespace {

using namespace std::chrono_literals;

// A server on the simulated network and a raw client.
class Wire : public testing::Test {
 protected:
  void serve(Handler handler, ServerOptions options = {}) {
    server_.emplace(loop_, network_, std::move(handler), std::move(options));
    ASSERT_TRUE(server_->listen({"127.0.0.1", 80}));
  }
  void connect() {
    network_.connect({"127.0.0.1", 80}, 1s, [this](auto connected) {
      client_ = std::move(*connected);
      client_->start(
          {.on_data = [this](std::string_view data) { got_ += data; }, .on_close = [this] { closed_ = true; }});
    });
    loop_.run_for(1ms);
  }
  std::string send(std::string_view bytes) {
    if (!client_) connect();
    client_->write_view(bytes);
    loop_.run_for(1ms);
    return std::exchange(got_, "");
  }
  static Handler echo() {
    return [](Request request, Responder responder) {
      std::move(responder)({.body = request.method + " " + request.target + " " + request.body});
    };
  }

  runtime::SimLoop loop_;
  runtime::SimNetwork network_{loop_};
  std::optional<Server> server_;
  std::unique_ptr<runtime::Connection> client_;
  std::string got_;
  bool closed_ = false;
};

TEST_F(Wire, AnswersWithLengthServerAndDate) {
  serve(echo());
  EXPECT_EQ(send("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nServer: Tidemill\r\nDate: Tue, 25 Nov 2025 15:47:40 "
            "GMT\r\n\r\nGET /a?b=c ");
}

TEST_F(Wire, AHeadThatComesAgainIsKnownByItsId) {
  std::vector<std::uint64_t> ids;
  std::vector<std::string> bodies;
  serve([&](Request request, Responder responder) {
    ids.push_back(request.head_id);
    bodies.push_back(std::string(request.headers.get("x-amz-date")) + " " + request.body);
    std::move(responder)({});
  });
  const auto head = [](std::string_view target, std::string_view date) {
    return "POST " + std::string(target) + " HTTP/1.1\r\nHost: x\r\nX-Amz-Date: " + std::string(date) +
           "\r\nContent-Length: 2\r\n\r\n";
  };
  send(head("/", "20261121T000000Z") + "ab");
  send(head("/", "20261121T000001Z") + "cd");
  send(head("/", "20261121T000002Z") + "ef" + head("/x", "20261121T000002Z") + "gh");
  send(head("/", "20261121T000003Z"));
  send("ij");
  ASSERT_EQ(ids.size(), 5U);
  EXPECT_EQ(ids[0], 0U);
  EXPECT_NE(ids[1], 0U);
  EXPECT_EQ(ids[2], ids[1]);
  EXPECT_NE(ids[3], ids[1]);
  EXPECT_EQ(ids[4], ids[1]);
  EXPECT_EQ(bodies, (std::vector<std::string>{"20261121T000000Z ab", "20261121T000001Z cd", "20261121T000002Z ef",
                                              "20261121T000002Z gh", "20261121T000003Z ij"}));
}

TEST_F(Wire, PipelinedAnswersKeepTheOrderOfRequests) {
  std::vector<Responder> waiting;
  std::vector<std::string> targets;
  serve([&](Request request, Responder responder) {
    targets.push_back(request.target);
    waiting.push_back(std::move(responder));
  });
  send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n");
  EXPECT_EQ(targets, (std::vector<std::string>{"/1", "/2", "/3"}));
  std::move(waiting[2])({.body = "three"});
  std::move(waiting[1])({.body = "two"});
  loop_.run_for(1ms);
  EXPECT_EQ(got_, "");
  std::move(waiting[0])({.body = "one"});
  loop_.run_for(1ms);
  EXPECT_LT(got_.find("one"), got_.find("two"));
  EXPECT_LT(got_.find("two"), got_.find("three"));
}

TEST_F(Wire, AHeldAnswerLeavesWithTheOneBehindIt) {
  std::optional<Responder> parked;
  serve(
      [&](Request request, Responder responder) {
        if (request.target == "/next")
          parked = std::move(responder);
        else
          std::move(responder)({.body = request.target});
      },
      {.hold_for_next = true});
  EXPECT_NE(send("POST /alone HTTP/1.1\r\n\r\n").find("/alone"), std::string::npos);
  EXPECT_EQ(send("POST /first HTTP/1.1\r\n\r\nGET /next HTTP/1.1\r\n\r\n"), "");
  std::move (*parked)({.body = "an event"});
  loop_.run_for(1ms);
  const auto both = std::exchange(got_, "");
  EXPECT_LT(both.find("/first"), both.find("an event"));
  EXPECT_NE(both.find("an event"), std::string::npos);
  // Nothing is held for a request that is still on its way.
  EXPECT_NE(send("POST /second HTTP/1.1\r\n\r\nGET /ne").find("/second"), std::string::npos);
  // A connection that ends after the answer has nothing to wait for.
  EXPECT_EQ(send("xt HTTP/1.1\r\n\r\n"), "");
  std::move (*parked)({.body = "the last event"});
  loop_.run_for(1ms);
  EXPECT_NE(std::exchange(got_, "").find("the last event"), std::string::npos);
  EXPECT_NE(send("POST /end HTTP/1.1\r\nConnection: close\r\n\r\nGET /next HTTP/1.1\r\n\r\n").find("/end"),
            std::string::npos);
  EXPECT_TRUE(closed_);
}

TEST_F(Wire, BodiesComeWholeHoweverTheyAreCut) {
  serve(echo());
  const std::string with_length = "POST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
  const std::string chunked =
      "POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: v\r\n\r\n";
  for (const auto& message : {with_length, chunked}) {
    for (std::size_t cut = 1; cut < message.size(); ++cut) {
      auto got = send(message.substr(0, cut));
      got += send(message.substr(cut));
      EXPECT_TRUE(got.ends_with("POST /p hello")) << cut << got;
    }
    std::string got;
    for (const char c : message + message) got += send(std::string(1, c));
    EXPECT_NE(got.find("POST /p hello"), got.rfind("POST /p hello"));
  }
}

TEST_F(Wire, TrailersAreKeptApartFromTheHeaders) {
  Request seen;
  serve([&](Request request, Responder responder) {
    seen = std::move(request);
    std::move(responder)({});
  });
  send(
      "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n2\r\nhe\r\n0\r\nT: v\r\nHost: "
      "evil\r\n\r\n");
  EXPECT_EQ(seen.body, "he");
  EXPECT_EQ(seen.headers.get("trailer:t"), "v");
  EXPECT_EQ(seen.headers.get("t"), "");
  EXPECT_EQ(seen.headers.get("host"), "x");
}

TEST(Headers, StandAsLinesUntilOneGoes) {
  Headers headers;
  EXPECT_EQ(headers.lines(), "");
  headers.add("A", "1");
  headers.add("Empty", "");
  EXPECT_EQ(headers.lines(), "A: 1\r\nEmpty: \r\n");
  auto moved = std::move(headers);
  moved.add("B", "2");
  EXPECT_EQ(moved.lines(), "A: 1\r\nEmpty: \r\nB: 2\r\n");
  moved.remove("C");
  EXPECT_TRUE(moved.lines());
  moved.set("A", "3");
  EXPECT_FALSE(moved.lines());
  EXPECT_EQ(moved.get("a"), "3");
  EXPECT_EQ(moved.size(), 3U);
  moved.clear();
  EXPECT_EQ(moved.lines(), "");
  // Those of a request stand between other things.
  const std::string_view text = "X: y";
  const Headers::Place place(text.data(), text.substr(0, 1), text.substr(3));
  moved.assign(text, {&place, 1});
  EXPECT_FALSE(moved.lines());
}

TEST(RequestParser, AMessageLeavesNothingToTheNext) {
  RequestParser parser;
  const auto read = [&parser](const std::string& message) -> const Request& {
    EXPECT_EQ(parser.feed(message), message.size());
    EXPECT_EQ(parser.state(), ParseState::kComplete);
    return parser.take();  // not taken away
  };
  const auto& first = read("POST /a?b=c HTTP/1.0\r\nHost: x\r\nOnly: here\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(first.body, "abc");
  EXPECT_TRUE(first.http10);
  EXPECT_FALSE(first.keep_alive);
  const auto& second = read("PUT /d HTTP/1.1\r\nHost: y\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(second.method, "PUT");
  EXPECT_EQ(second.target, "/d");
  EXPECT_EQ(second.body, "de");
  EXPECT_EQ(second.headers.get("only"), "");
  EXPECT_TRUE(second.keep_alive);
  const auto& third = read("GET / HTTP/1.1\r\nHost: z\r\n\r\n");
  EXPECT_EQ(third.body, "");
  EXPECT_EQ(third.headers.get("host"), "z");
  EXPECT_EQ(third.headers.size(), 1U);
}

// Found by http_fuzz: trailers that came in one read were taken whatever their size.
TEST(Names, AreComparedWithoutTheCaseOfLettersAndOfNothingElse) {
  const std::string base = "Content-Type-Of-Something";
  for (std::size_t size = 0; size <= base.size(); ++size) {
    const std::string name = base.substr(0, size);
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string other = name;
        other[at] = static_cast<char>(c);
        const auto letter = [](char x) { return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z'); };
        const bool same =
            other[at] == name[at] || (letter(name[at]) && letter(other[at]) && (other[at] ^ name[at]) == 32);
        EXPECT_EQ(equal_ignoring_case(name, other), same) << name << " " << other;
        Headers headers;
        headers.add(other, "value");
        EXPECT_EQ(headers.find(name).has_value(), same) << name << " " << other;
      }
    }
    EXPECT_FALSE(equal_ignoring_case(name, name + "x"));
  }
  // A bit apart like letters, but none.
  EXPECT_FALSE(equal_ignoring_case("@[abcdefgh", "`{abcdefgh"));
}

TEST(RequestParser, TrailersOverTheLimitAreRefusedHoweverTheirBytesArrive) {
  const std::string head = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n";
  for (const std::size_t size : {100U, 400U, 600U, 5000U}) {
    const std::string message = head + "T: " + std::string(size, 'v') + "\r\n\r\n";
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, message.size()}) {
      RequestParser parser({.head_bytes = 512});
      for (std::size_t at = 0; at < message.size() && parser.state() != ParseState::kBroken; at += step)
        parser.feed(std::string_view(message).substr(at, step));
      EXPECT_EQ(parser.state(), size < 512 ? ParseState::kComplete : ParseState::kBroken) << size << " by " << step;
    }
  }
}

TEST_F(Wire, AnEmptyChunkedBodyMayComeByteByByte) {
  serve(echo());
  std::string got;
  for (const char c : std::string_view("POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
    got += send(std::string(1, c));
  EXPECT_TRUE(got.ends_with("POST /p ")) << got;
}

struct Refusal {
  std::string_view name, bytes;
  int status;
};
const Refusal kRefusals[] = {
    {"LengthAndChunks", "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"TwoLengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
    {"SignInLength", "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx", 400},
    {"BareLf", "GET / HTTP/1.1\nHost: x\n\n", 400},
    {"BareLfInside", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400},
    {"FoldedHeader", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400},
    {"BlankBeforeColon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
    {"NoVersion", "GET /\r\n\r\n", 400},
    {"OtherVersion", "GET / HTTP/2.0\r\n\r\n", 505},
    {"OtherCoding", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
    {"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"BadChunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", 400},
    {"LargeBody", "POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", 413},
    {"LargeChunks", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", 0},
    {"NullByte", std::string_view("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24), 400},
};
class Refusals : public Wire, public testing::WithParamInterface<Refusal> {};
TEST_P(Refusals, AreAnsweredAndClosed) {
  serve(echo(), {.limits = {.body_bytes = 100}});
  const auto& refusal = GetParam();
  auto got = send(refusal.bytes);
  if (refusal.status == 0) {
    got = send(std::string(101, 'x'));
    EXPECT_TRUE(got.starts_with("HTTP/1.1 413 ")) << got;
  } else {
    EXPECT_TRUE(got.starts_with("HTTP/1.1 " + std::to_string(refusal.status) + " ")) << got;
  }
  EXPECT_TRUE(closed_);
}
INSTANTIATE_TEST_SUITE_P(Http, Refusals, testing::ValuesIn(kRefusals),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Wire, HeadLimitsHold) {
  serve(echo());
  EXPECT_TRUE(send("GET / HTTP/1.1\r\nA: " + std::string(20000, 'x')).starts_with("HTTP/1.1 400 "));
  client_.reset();
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 101; ++i) many += "A: b\r\n";
  EXPECT_TRUE(send(many + "\r\n").starts_with("HTTP/1.1 431 "));
}

TEST_F(Wire, SlowSendersAreCutOff) {
  serve(echo());
  send("GET / HT");
  loop_.run_for(12s);
  EXPECT_TRUE(closed_);
  client_.reset();
  closed_ = false;
  send("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n");
  for (int i = 0; i < 15 && !closed_; ++i) {
    client_->write_view("xx");
    loop_.run_for(1s);
  }
  EXPECT_TRUE(closed_);
}

TEST_F(Wire, IdleConnectionsAreKeptAndThenClosed) {
  serve(echo());
  send("GET / HTTP/1.1\r\n\r\n");
  loop_.run_for(200s);
  EXPECT_FALSE(closed_);
  loop_.run_for(200s);
  EXPECT_TRUE(closed_);
}

TEST_F(Wire, ConnectionCloseClosesAfterTheAnswer) {
  serve(echo());
  const auto got = send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_NE(got.find("Connection: close\r\n"), got.npos);
  EXPECT_TRUE(closed_);
}

TEST_F(Wire, ExpectContinueIsAnsweredBeforeTheBody) {
  serve(echo());
  EXPECT_EQ(send("POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(send("ok").ends_with("POST / ok"));
}

TEST_F(Wire, StreamsGoOutInChunksAndTellWhenTheClientIsGone) {
  std::unique_ptr<Responder::Stream> stream;
  bool gone = false;
  serve([&](Request, Responder responder) {
    responder.on_disconnect([&] { gone = true; });
    stream = std::move(responder).stream({.status = 200});
  });
  auto got = send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_NE(got.find("Transfer-Encoding: chunked\r\n"), got.npos);
  stream->write("hello");
  loop_.run_for(1ms);
  EXPECT_EQ(std::exchange(got_, ""), "5\r\nhello\r\n");
  stream->finish({});
  loop_.run_for(1ms);
  EXPECT_EQ(std::exchange(got_, ""), "0\r\n\r\n");
  send("GET / HTTP/1.1\r\n\r\n");
  client_.reset();
  loop_.run_for(1ms);
  EXPECT_TRUE(gone);
  EXPECT_FALSE(stream->is_open());
}

// Takes bodies; can be full, and can refuse.
struct TestSink final : BodySink {
  void take(std::string_view bytes) override { got += bytes; }
  bool full() const override { return is_full; }
  void on_room(std::function<void()> then) override { room = std::move(then); }
  bool refused() const override { return is_refused; }
  std::string got;
  bool is_full = false, is_refused = false;
  std::function<void()> room;
};

TEST_F(Wire, ALargeBodyGoesToItsSinkAndWaitsWhileThatIsFull) {
  auto sink = std::make_shared<TestSink>();
  serve(
      [&](Request request, Responder responder) {
        EXPECT_EQ(request.sink, sink);
        std::move(responder)({.body = std::to_string(request.body.size()) + " " + std::to_string(sink->got.size())});
      },
      {.limits = {.body_bytes = 10}, .open_body = [&](const Request&) { return sink; }});
  send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n");
  sink->is_full = true;
  for (int i = 0; i < 200; ++i) send(std::string(1000, 'x'));
  EXPECT_LT(sink->got.size(), 100'000U);
  ASSERT_TRUE(sink->room);
  sink->is_full = false;
  sink->room();
  loop_.run_for(1ms);
  EXPECT_EQ(sink->got.size(), 200'000U);
  EXPECT_TRUE(std::exchange(got_, "").ends_with("\r\n\r\n0 200000"));
  // In chunks, too.
  sink->got.clear();
  EXPECT_TRUE(send("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
                  .ends_with("\r\n\r\n0 3"));
  EXPECT_EQ(sink->got, "abc");
}

TEST_F(Wire, ARefusedBodyIsAnsweredBeforeItCame) {
  auto sink = std::make_shared<TestSink>();
  sink->is_refused = true;
  serve([](Request, Responder responder) { std::move(responder)({.status = 403, .body = "no"}); },
        {.open_body = [&](const Request&) { return sink; }});
  const auto answer = send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\nExpect: 100-continue\r\n\r\nabc");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(answer.ends_with("no"));
  EXPECT_NE(answer.find("Connection: close"), answer.npos);
  EXPECT_TRUE(closed_);
}

TEST_F(Wire, AStreamOfKnownLengthIsNotChunkedAndGoesOnWhenItWasSent) {
  std::unique_ptr<Responder::Stream> stream;
  serve([&](Request, Responder responder) {
    Response head;
    head.headers.add("Content-Length", "6");
    stream = std::move(responder).stream(std::move(head));
  });
  const auto head = send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 6\r\n"), head.npos);
  EXPECT_EQ(head.find("chunked"), head.npos);
  int told = 0;
  stream->write("abc");
  stream->when_sent([&] { ++told; });
  loop_.run_for(1ms);
  EXPECT_EQ(told, 1);
  stream->write("def");
  stream->finish();
  loop_.run_for(1ms);
  EXPECT_EQ(std::exchange(got_, ""), "abcdef");
  EXPECT_FALSE(closed_);
  // The next request finds the connection as it was.
  EXPECT_NE(send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").find("200 OK"), std::string::npos);
}

TEST_F(Wire, DroppedRequestsAnswer500) {
  serve([](Request, Responder) {});
  EXPECT_TRUE(send("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 500 "));
}

TEST_F(Wire, DrainAnswersWhatIsUnderWayAndClosesTheRest) {
  std::optional<Responder> waiting;
  serve([&](Request, Responder responder) { waiting.emplace(std::move(responder)); });
  send("GET / HTTP/1.1\r\n\r\n");
  bool drained = false;
  server_->drain([&] { drained = true; });
  loop_.run_for(1ms);
  EXPECT_FALSE(drained);
  std::move (*waiting)({.body = "last"});
  loop_.run_for(1ms);
  EXPECT_TRUE(drained);
  EXPECT_TRUE(got_.ends_with("last"));
  EXPECT_TRUE(closed_);
}

TEST(ResponseParser, AConnectionThatClosesWithoutAWordIsNoAnswer) {
  ResponseParser parser(false);
  EXPECT_FALSE(parser.finish());
}

TEST_F(Wire, TheClientReadsWhatTheServerSends) {
  serve(echo());
  Client client(loop_, network_);
  Result<Response> got;
  client.send({"127.0.0.1", 80}, {.method = "POST", .target = "/x", .body = "data"},
              Reply<Response>([&](Result<Response> r) { got = std::move(r); }));
  loop_.run_for(10ms);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "POST /x data");
  client.send({"127.0.0.1", 81}, {.method = "GET"}, Reply<Response>([&](Result<Response> r) { got = std::move(r); }));
  loop_.run_for(10ms);
  EXPECT_EQ(got.error().code, Errc::kUnavailable);
}

TEST(Coding, RoundTripsAndRefusesDamage) {
  const std::string text(10000, 'a');
  for (const auto coding : {Coding::kGzip, Coding::kDeflate}) {
    const auto packed = encode_body(coding, text);
    const auto* name = coding == Coding::kGzip ? "gzip" : "deflate";
    EXPECT_EQ(decode_body(name, packed, 1 << 20), text);
    EXPECT_FALSE(decode_body(name, packed.substr(0, packed.size() - 3), 1 << 20));
    EXPECT_EQ(decode_body(name, packed, 100).error().code, Errc::kResourceExhausted);
  }
  EXPECT_EQ(decode_body("gzip", encode_body(Coding::kGzip, "a") + encode_body(Coding::kGzip, "b"), 10), "ab");
  EXPECT_EQ(decode_body("br", "x", 10).error().code, Errc::kUnsupported);
}

TEST(Coding, ChoosesByQValue) {
  EXPECT_EQ(choose_coding("gzip, deflate"), Coding::kGzip);
  EXPECT_EQ(choose_coding("gzip;q=0.1, deflate;q=0.5"), Coding::kDeflate);
  EXPECT_EQ(choose_coding("gzip;q=0"), Coding::kIdentity);
  EXPECT_EQ(choose_coding("*"), Coding::kGzip);
  EXPECT_EQ(choose_coding("identity;q=1, gzip;q=0.5"), Coding::kIdentity);
  EXPECT_EQ(choose_coding(""), Coding::kIdentity);
}

TEST(Query, DecodesNamesAndValuesInOrder) {
  EXPECT_EQ(parse_query("a=1&b=x+y%21&c&a=2"),
            (std::vector<Parameter>{{"a", "1"}, {"b", "x y!"}, {"c", ""}, {"a", "2"}}));
}

}  // namespace
}  // namespace tidemill::http
