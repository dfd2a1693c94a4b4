#include "http/server_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "runtime/sim/sim_loop.h"
#include "runtime/sim/sim_network.h"
#include "runtime/system.h"

namespace tidemill::http {
namespace {

using namespace std::chrono_literals;

// Two loops whose names the answers tell. In the simulation both run on one thread, in turn.
class Names {
 public:
  explicit Names(runtime::Loop& other) : other_(other) {}
  std::string of(const runtime::Loop& loop) const { return &loop == &other_ ? "other" : "home"; }

 private:
  const runtime::Loop& other_;
};

bool is_for_home(const Request& head) { return head.target.starts_with("/home"); }

class Collect final : public BodySink {
 public:
  void take(std::string_view bytes) override { taken += bytes; }
  bool full() const override { return false; }
  void on_room(std::function<void()>) override {}
  bool refused() const override { return refuse; }
  std::string taken;
  bool refuse = false;
};

// One client whose connection was dealt to the other loop.
class Group : public testing::Test {
 protected:
  void serve(ServerGroup::LoopHandler handler, ServerOptions options = {}) {
    group_.emplace(std::vector<ServerGroup::Member>{{home_, home_network_}, {other_, other_network_}},
                   std::move(handler), ServerGroup::Options{.server = std::move(options), .home_only = is_for_home});
    ASSERT_TRUE(group_->listen({"127.0.0.1", 80}));
    home_network_.connect({"127.0.0.1", 80}, 1s, [this](auto connected) { first_ = *std::move(connected); });
    run();
    home_network_.connect({"127.0.0.1", 80}, 1s, [this](auto connected) {
      client_ = *std::move(connected);
      client_->start({.on_data = [this](std::string_view bytes) { got_ += bytes; },
                      .on_close = [this] { closed_ = true; },
                      .on_drained = nullptr});
    });
    run();
  }
  // Both loops live in the same time: bytes travel on home's.
  void run() {
    for (int i = 0; i < 40; ++i) {
      home_.run_for(100us);
      other_.run_for(100us);
    }
  }
  // A drain waits for the one answer that is under way, and the client gets it.
  void drain_answers(std::vector<Responder>& waiting) {
    bool drained = false;
    group_->drain([&] { drained = true; });
    run();
    EXPECT_FALSE(drained);
    ASSERT_EQ(waiting.size(), 1U);
    std::move(waiting[0])({.body = "the last"});
    run();
    EXPECT_TRUE(drained);
    EXPECT_NE(got_.find("the last"), std::string::npos);
  }
  std::string send(std::string bytes) {
    client_->write(std::move(bytes));
    run();
    return std::exchange(got_, "");
  }
  ServerGroup::LoopHandler tell_loop() {
    return [this](runtime::Loop& on, Request request, Responder respond) {
      std::move(respond)({.body = "<" + request.target + " at " + names_.of(on) + request.body + ">"});
    };
  }

  runtime::SimLoop home_, other_;
  runtime::SimNetwork home_network_{home_}, other_network_{other_};
  Names names_{other_};
  std::optional<ServerGroup> group_;
  std::unique_ptr<runtime::Connection> first_, client_;
  std::string got_;
  bool closed_ = false;
};

TEST_F(Group, ARequestThatOnlyHomeAnswersTakesItsConnectionThere) {
  serve(tell_loop());
  EXPECT_NE(send("GET /any HTTP/1.1\r\n\r\n").find("</any at other>"), std::string::npos);
  EXPECT_NE(send("GET /home HTTP/1.1\r\n\r\n").find("</home at home>"), std::string::npos);
  // For good: what could run anywhere comes back no more.
  EXPECT_NE(send("GET /any HTTP/1.1\r\n\r\n").find("</any at home>"), std::string::npos);
  EXPECT_FALSE(closed_);
}

TEST_F(Group, NothingOfARequestIsLostHoweverItIsCut) {
  const std::string message = "\r\nPOST /home HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /any HTTP/1.1\r\n\r\n";
  serve(tell_loop());
  for (std::size_t cut = 0; cut < message.size(); ++cut) {
    group_.reset();
    closed_ = false;
    serve(tell_loop());
    auto got = send("GET /any HTTP/1.1\r\n\r\n" + message.substr(0, cut));
    got += send(message.substr(cut));
    EXPECT_NE(got.find("</any at other>"), std::string::npos) << cut << got;
    EXPECT_NE(got.find("</home at homehello>"), std::string::npos) << cut << got;
    EXPECT_NE(got.find("</any at home>"), std::string::npos) << cut << got;
  }
}

TEST_F(Group, WhatWasAskedBeforeIsAnsweredBefore) {
  std::vector<Responder> waiting;
  std::vector<std::string> asked;
  serve([&](runtime::Loop& on, Request request, Responder respond) {
    asked.push_back(request.target + " at " + names_.of(on));
    if (request.target == "/slow")
      waiting.push_back(std::move(respond));
    else
      std::move(respond)({.body = request.target});
  });
  EXPECT_EQ(send("GET /slow HTTP/1.1\r\n\r\nGET /slow HTTP/1.1\r\n\r\nGET /home HTTP/1.1\r\n\r\nGET /any "), "");
  EXPECT_EQ(send("HTTP/1.1\r\n\r\n"), "");
  EXPECT_EQ(asked, (std::vector<std::string>{"/slow at other", "/slow at other"}));
  std::move(waiting[1])({.body = "second"});
  std::move(waiting[0])({.body = "first"});
  const auto got = send("GET /home2 HTTP/1.1\r\n\r\n");
  EXPECT_LT(got.find("first"), got.find("second"));
  EXPECT_LT(got.find("second"), got.find("/home"));
  EXPECT_LT(got.find("/home"), got.find("/any"));
  EXPECT_LT(got.find("/any"), got.find("/home2"));
  EXPECT_NE(got.find("/home2"), std::string::npos);
  EXPECT_EQ(asked, (std::vector<std::string>{"/slow at other", "/slow at other", "/home at home", "/any at home",
                                             "/home2 at home"}));
}

TEST_F(Group, StreamsAndWhatIsDroppedComeFromHomeAsAlways) {
  std::unique_ptr<Responder::Stream> stream;
  serve([&](runtime::Loop&, Request request, Responder respond) {
    if (request.target == "/home/stream") stream = std::move(respond).stream({});
  });
  EXPECT_NE(send("GET /any HTTP/1.1\r\n\r\n").find("500 Internal"), std::string::npos);
  EXPECT_NE(send("GET /home/stream HTTP/1.1\r\n\r\n").find("chunked"), std::string::npos);
  ASSERT_TRUE(stream);
  EXPECT_TRUE(stream->is_open());
  bool sent = false;
  stream->write("piece");
  stream->when_sent([&] { sent = true; });
  run();
  EXPECT_TRUE(sent);
  EXPECT_EQ(std::exchange(got_, ""), "5\r\npiece\r\n");
  stream->finish();
  run();
  EXPECT_EQ(std::exchange(got_, ""), "0\r\n\r\n");
  EXPECT_NE(send("GET /home/dropped HTTP/1.1\r\n\r\n").find("500 Internal"), std::string::npos);
}

TEST_F(Group, AClientThatGoesAwayIsToldOfAtHome) {
  std::optional<Responder> waiting;
  bool gone = false;
  serve([&](runtime::Loop&, Request, Responder respond) {
    respond.on_disconnect([&] { gone = true; });
    waiting = std::move(respond);
  });
  send("GET /home HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(waiting);
  EXPECT_FALSE(gone);
  client_.reset();
  run();
  EXPECT_TRUE(gone);
  std::move (*waiting)({.body = "nobody is there"});
  run();
}

TEST_F(Group, AClientThatGoesAwayBeforeItsTurnIsToldOfAtHome) {
  std::vector<Responder> waiting;
  bool gone = false;
  serve([&](runtime::Loop&, Request request, Responder respond) {
    if (request.target == "/home") respond.on_disconnect([&] { gone = true; });
    waiting.push_back(std::move(respond));
  });
  send("GET /slow HTTP/1.1\r\n\r\nGET /home HTTP/1.1\r\n\r\n");
  client_.reset();
  run();
  ASSERT_EQ(waiting.size(), 1U);
  std::move(waiting[0])({.body = "nobody is there"});
  run();
  // Both were asked at once, so both are handled, as on one loop.
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_TRUE(gone);
}

TEST_F(Group, ALargeBodyIsTakenAtHomeFromItsFirstByte) {
  const auto sink = std::make_shared<Collect>();
  std::string seen;
  int opened = 0;
  serve(
      [&](runtime::Loop& on, Request request, Responder respond) {
        seen = request.target + " at " + names_.of(on) + (request.sink ? ", a sink" : "");
        std::move(respond)({.body = "taken"});
      },
      {.limits = {.body_bytes = 100'000},
       .body_limit = [](const Request&) { return std::size_t{100'000}; },
       .open_body =
           [&](const Request&) {
             ++opened;
             return sink;
           }});
  const std::string body(300'000, 'x');
  const std::string head = "PUT /home HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n";
  EXPECT_EQ(send(head), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(send(body.substr(0, 1000)), "");
  EXPECT_NE(send(body.substr(1000)).find("taken"), std::string::npos);
  EXPECT_EQ(seen, "/home at home, a sink");
  EXPECT_EQ(sink->taken, body);
  EXPECT_EQ(opened, 1);
}

TEST_F(Group, ARefusedBodyIsAnsweredWithoutBeingAskedFor) {
  const auto sink = std::make_shared<Collect>();
  sink->refuse = true;
  serve([](runtime::Loop&, Request, Responder respond) { std::move(respond)({.status = 403}); },
        {.open_body = [&](const Request&) { return sink; }});
  const auto got = send("PUT /home HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 403")) << got;
  EXPECT_TRUE(closed_);
}

TEST_F(Group, DrainAnswersWhatIsUnderWayOnEveryLoop) {
  std::vector<Responder> waiting;
  serve([&](runtime::Loop&, Request, Responder respond) { waiting.push_back(std::move(respond)); });
  send("GET /slow HTTP/1.1\r\n\r\n");
  drain_answers(waiting);
}

TEST_F(Group, WhatIsOnItsWayHomeWhenADrainBeginsIsAnsweredThere) {
  std::vector<Responder> waiting;
  serve([&](runtime::Loop&, Request, Responder respond) { waiting.push_back(std::move(respond)); });
  client_->write("GET /home HTTP/1.1\r\n\r\n");
  home_.run_for(1ms);  // the bytes are there, and the other loop's news of the connection are not
  other_.run_ready();
  drain_answers(waiting);
}

// On real threads: connections that come, move, and go while answers are on their way. ThreadSanitizer watches.
TEST(GroupOnThreads, EveryRequestIsAnsweredOnItsLoopAndInOrder) {
  constexpr int kClients = 12, kRounds = 60;
  runtime::EpollLoop home;
  runtime::EpollLoop second({.clock_of = &home}), third({.clock_of = &home});
  const auto network = runtime::make_network(home), network2 = runtime::make_network(second),
             network3 = runtime::make_network(third);
  std::atomic<int> wrong_loop = 0, elsewhere = 0;
  std::optional<ServerGroup> group;
  group.emplace(
      std::vector<ServerGroup::Member>{{home, *network}, {second, *network2}, {third, *network3}},
      [&](runtime::Loop& on, Request request, Responder respond) {
        if (!on.on_this_thread() || (is_for_home(request) && &on != &home)) ++wrong_loop;
        if (&on != &home) ++elsewhere;
        // Half of the answers come in a later turn.
        if (request.target.back() % 2 == 0) return std::move(respond)({.body = "[" + request.target + "]"});
        on.post([target = request.target, respond = std::move(respond)]() mutable {
          std::move(respond)({.body = "[" + target + "]"});
        });
      },
      ServerGroup::Options{.server = {}, .home_only = is_for_home});
  ASSERT_TRUE(group->listen({"127.0.0.1", 0}));

  struct Client {
    std::unique_ptr<runtime::Connection> connection;
    std::string got, expected;
    int round = 0;
  };
  std::vector<Client> clients(kClients);
  int done = 0;
  runtime::EpollLoop client_loop;
  const auto client_network = runtime::make_network(client_loop);
  const std::function<void(int)> next = [&](int i) {
    auto& client = clients[static_cast<std::size_t>(i)];
    if (client.round++ == kRounds) {
      client.connection.reset();
      ++done;
      return;
    }
    std::string bytes;
    for (int k = 0; k < 4; ++k) {
      // Each client asks home from another round on; before that, it stays where it was dealt.
      const bool home_now = client.round > i * 5 && k == 2;
      const auto target = (home_now ? "/home/" : "/any/") + std::to_string(client.round * 4 + k);
      bytes += "GET " + target + " HTTP/1.1\r\n\r\n";
      client.expected += "[" + target + "]";
    }
    client.connection->write(std::move(bytes));
  };
  client_loop.post([&] {
    for (int i = 0; i < kClients; ++i) {
      client_network->connect(group->address(), 1s, [&, i](Result<std::unique_ptr<runtime::Connection>> connected) {
        ASSERT_TRUE(connected);
        auto& client = clients[static_cast<std::size_t>(i)];
        client.connection = *std::move(connected);
        client.connection->start({.on_data =
                                      [&, i](std::string_view bytes) {
                                        auto& of = clients[static_cast<std::size_t>(i)];
                                        of.got += bytes;
                                        std::string bodies;
                                        for (std::size_t at = 0; (at = of.got.find('[', at)) != of.got.npos; ++at)
                                          bodies += of.got.substr(at, of.got.find(']', at) - at + 1);
                                        if (bodies == of.expected) next(i);
                                      },
                                  .on_close = nullptr,
                                  .on_drained = nullptr});
        next(i);
      });
    }
  });
  bool drained = false;
  {
    const runtime::LoopThread second_thread(second), third_thread(third), client_thread(client_loop);
    home.at(home.clock().now() + 60s, [&] { home.stop(); });
    const std::function<void()> watch = [&] {
      client_loop.post([&] {
        const bool finished = done == kClients;
        home.post([&, finished] {
          if (finished)
            return group->drain([&] {
              drained = true;
              home.stop();
            });
          home.at(home.clock().now() + 5ms, watch);
        });
      });
    };
    home.post(watch);
    home.run();
  }
  EXPECT_TRUE(drained);
  EXPECT_EQ(done, kClients);
  EXPECT_EQ(wrong_loop, 0);
  EXPECT_GT(elsewhere, 0);
  for (auto& client : clients) client.connection.reset();
  group.reset();
}

}  // namespace
}  // namespace tidemill::http
