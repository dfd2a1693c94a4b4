#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <thread>

#include "runtime/lull.h"
#include "runtime/sim/sim_files.h"
#include "runtime/sim/sim_loop.h"
#include "runtime/sim/sim_network.h"
#include "runtime/sim/sim_processes.h"
#include "runtime/system.h"

namespace tidemill::runtime {
namespace {

using namespace std::chrono_literals;

TEST(EpollLoop, RunsPostsTimersAndTurnEndsInOrder) {
  EpollLoop loop;
  std::string order;
  loop.post([&] {
    order += "a";
    loop.at_turn_end([&] { order += "e"; });
    loop.at(loop.clock().now() + 5ms, [&] {
      order += "t";
      loop.stop();
    });
    const auto cancelled = loop.at(loop.clock().now() + 1ms, [&] { order += "x"; });
    loop.cancel(cancelled);
    loop.post([&] { order += "b"; });
  });
  loop.run();
  EXPECT_EQ(order, "aebt");
}

TEST(EpollLoop, MovingTheClockFiresWhatBecameDueInOrder) {
  EpollLoop loop;
  std::string order;
  loop.post([&] {
    const auto wall = loop.clock().wall();
    loop.at(loop.clock().now() + 24h, [&] { order += "b"; });
    loop.at(loop.clock().now() + 1h, [&] { order += "a"; });
    loop.at(loop.clock().now() + 72h, [&] { order += "x"; });
    loop.advance(25h);
    EXPECT_GE(loop.clock().wall() - wall, 25h);
    EXPECT_EQ(loop.ahead(), 25h);
    loop.at(loop.clock().now(), [&] {
      order += "c";
      loop.stop();
    });
  });
  loop.run();
  EXPECT_EQ(order, "abc");
}

TEST(EpollLoop, AsksTheSchedulerForShortSlicesForItselfAndWhatItStarts) {
  // Of struct sched_attr, in words of eight bytes: size and policy, flags, nice and priority, then the slice.
  using Attributes = std::array<std::uint64_t, 6>;
  const auto read = [](Attributes& to) { return syscall(SYS_sched_getattr, 0, to.data(), sizeof(to), 0) == 0; };
  const auto slice_ns = [&read] {
    Attributes attributes{};
    return read(attributes) ? attributes[3] : 0;
  };
  Attributes own{};
  if (!read(own) || own[3] == 0) GTEST_SKIP() << "this kernel knows no slices";
  if (syscall(SYS_sched_setattr, 0, own.data(), 0) != 0) GTEST_SKIP() << "this sandbox lets nobody ask";
  std::uint64_t of_loop = 0, of_its_child = 0;
  EpollLoop loop;
  loop.post([&] {
    of_loop = slice_ns();
    std::thread([&] { of_its_child = slice_ns(); }).join();
    loop.stop();
  });
  std::thread([&] { loop.run(); }).join();
  EXPECT_EQ(of_loop, 500'000U);
  EXPECT_EQ(of_its_child, 500'000U);
}

TEST(EpollLoop, ManyThreadsPostAndNothingIsLost) {
  EpollLoop loop;
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  int count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kPosts; ++i) {
        loop.post([&] {
          if (++count == kThreads * kPosts) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kPosts);
}

TEST(Lull, WaitsUntilItIsQuietButNoLongerThanItsLimit) {
  SimLoop loop;
  const auto start = loop.clock().now();
  std::vector<Duration> ran;
  Lull lull(loop, {.quiet = 2ms, .at_most = 5ms}, [&] { ran.push_back(loop.clock().now() - start); });
  loop.run_for(10ms);
  EXPECT_TRUE(ran.empty());
  lull.stir();
  loop.run_for(1ms);
  lull.stir();
  EXPECT_TRUE(lull.is_waiting());
  loop.run_for(9ms);
  EXPECT_FALSE(lull.is_waiting());
  EXPECT_EQ(ran, std::vector<Duration>{13ms});
  for (int i = 0; i < 6; ++i) {
    lull.stir();
    loop.run_for(1ms);
  }
  EXPECT_EQ(ran, (std::vector<Duration>{13ms, 25ms}));
  lull.cancel();
  loop.run_for(10ms);
  EXPECT_EQ(ran.size(), 2u);
}

TEST(SimLoop, LivesThroughADayInOrder) {
  SimLoop loop;
  std::vector<int> fired;
  loop.at(loop.clock().now() + 24h, [&] { fired.push_back(3); });
  loop.at(loop.clock().now() + 1h, [&] {
    fired.push_back(1);
    loop.at(loop.clock().now() + 1h, [&] { fired.push_back(2); });
  });
  loop.run_for(23h);
  EXPECT_EQ(fired, (std::vector<int>{1, 2}));
  loop.run_for(1h);
  EXPECT_EQ(fired, (std::vector<int>{1, 2, 3}));
}

// What both networks promise, run on the real one.
TEST(Network, CarriesBytesBothWaysAndTellsOfTheEnd) {
  EpollLoop loop;
  const auto network = make_network(loop);
  std::unique_ptr<Connection> server, client;
  std::string at_server, at_client;
  bool server_saw_end = false;
  auto listener = network->listen({"127.0.0.1", 0}, [&](std::unique_ptr<Connection> accepted) {
    server = std::move(accepted);
    server->start({.on_data =
                       [&](std::string_view data) {
                         at_server += data;
                         if (at_server == "ping") server->write(std::string(3'000'000, 'x'));
                       },
                   .on_close =
                       [&] {
                         server_saw_end = true;
                         loop.stop();
                       }});
  });
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_NE((*listener)->address().port, 0);
  network->connect((*listener)->address(), 1s, [&](Result<std::unique_ptr<Connection>> connected) {
    ASSERT_TRUE(connected) << connected.error().message;
    client = std::move(*connected);
    client->start({.on_data = [&](std::string_view data) {
      at_client += data;
      if (at_client.size() == 3'000'000) client->close_after_writes();
    }});
    client->write("pi");
    client->write_view("ng");
  });
  loop.run();
  EXPECT_EQ(at_client.size(), 3'000'000U);
  EXPECT_TRUE(server_saw_end);
}

TEST(Network, NamesAPortInUseAndARefusedConnection) {
  EpollLoop loop;
  const auto network = make_network(loop);
  auto first = network->listen({"127.0.0.1", 0}, [](auto) {});
  ASSERT_TRUE(first);
  const auto address = (*first)->address();
  const auto second = network->listen(address, [](auto) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::kConflict);
  first = fail(Errc::kInternal, "");
  Errc code = Errc::kInternal;
  network->connect(address, 1s, [&](Result<std::unique_ptr<Connection>> connected) {
    code = connected.error().code;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(code, Errc::kUnavailable);
}

TEST(Network, PausedConnectionReadsOnlyAfterResuming) {
  EpollLoop loop;
  const auto network = make_network(loop);
  std::unique_ptr<Connection> server, client;
  std::string got;
  bool paused = true;
  auto listener = network->listen({"127.0.0.1", 0}, [&](std::unique_ptr<Connection> accepted) {
    server = std::move(accepted);
    server->pause(true);
    server->start({.on_data = [&](std::string_view data) {
      EXPECT_FALSE(paused);
      got += data;
      loop.stop();
    }});
    loop.at(loop.clock().now() + 20ms, [&] {
      paused = false;
      server->pause(false);
    });
  });
  network->connect((*listener)->address(), 1s, [&](auto connected) {
    client = std::move(*connected);
    client->start({});
    client->write("hello");
  });
  loop.run();
  EXPECT_EQ(got, "hello");
}

TEST(Network, AwaitedBytesArriveWhereTheyAreToLie) {
  EpollLoop loop;
  const auto network = make_network(loop);
  std::unique_ptr<Connection> server, client;
  std::string sent(300'000, '.'), elsewhere;
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i % 23);
  std::string awaited(200'000, '.');
  std::size_t here = 0;
  auto listener = network->listen({"127.0.0.1", 0}, [&](std::unique_ptr<Connection> accepted) {
    server = std::move(accepted);
    server->start({.on_data =
                       [&](std::string_view data) {
                         if (here < awaited.size() && data.data() == awaited.data() + here) {
                           here += data.size();
                           EXPECT_TRUE(elsewhere.empty());
                         } else {
                           EXPECT_EQ(here, awaited.size());
                           elsewhere += data;
                         }
                         if (here + elsewhere.size() == sent.size()) loop.stop();
                       },
                   .room = [&] { return std::span(awaited).subspan(here); }});
  });
  network->connect((*listener)->address(), 1s, [&](auto connected) {
    client = std::move(*connected);
    client->start({});
    client->write(sent);
  });
  loop.run();
  EXPECT_TRUE(awaited + elsewhere == sent);
}

TEST(Network, AClosedSideThatThePeerKeepsOpenCostsNothing) {
  EpollLoop loop;
  const auto network = make_network(loop);
  std::unique_ptr<Connection> server, client;
  TimerId before = 0, after = 0;
  auto listener = network->listen({"127.0.0.1", 0}, [&](std::unique_ptr<Connection> accepted) {
    server = std::move(accepted);
    server->start({});
    server->write("the last answer");
    server->close_after_writes();
    before = loop.at(loop.clock().now() + 30ms, [&] {
      // Timers are numbered: a side that kept closing itself would have made thousands.
      after = loop.at(loop.clock().now(), [&] { loop.stop(); });
    });
  });
  ASSERT_TRUE(listener);
  network->connect((*listener)->address(), 1s, [&](Result<std::unique_ptr<Connection>> connected) {
    client = *std::move(connected);
    client->pause(true);  // it does not see the end, and so keeps its side open
    client->start({});
  });
  loop.run();
  EXPECT_LE(after - before, 5U);
}

TEST(Network, AnswersOfOneTurnLeaveTogetherAtItsEnd) {
  EpollLoop loop;
  const auto network = make_network(loop);
  std::vector<std::unique_ptr<Connection>> served;
  std::vector<int> clients;
  const auto waiting = [&](int client) {
    char byte;
    return recv(client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
  };
  int heard = 0, early = 0;
  auto listener = network->listen({"127.0.0.1", 0}, [&](std::unique_ptr<Connection> accepted) {
    auto* connection = served.emplace_back(std::move(accepted)).get();
    connection->start({.on_data = [&, connection](std::string_view) {
      connection->write("answer");
      early += static_cast<int>(std::ranges::count_if(clients, waiting));
      // The last one is destroyed at once: what it was given leaves all the same.
      if (++heard == 3) std::ranges::find(served, connection, [](const auto& one) { return one.get(); })->reset();
      if (heard == 3) loop.post([&] { loop.stop(); });
    }});
    if (served.size() == 3)
      loop.post([&] {
        for (const int client : clients) ASSERT_EQ(send(client, "ask", 3, 0), 3);
      });
  });
  ASSERT_TRUE(listener);
  for (int i = 0; i < 3; ++i) {
    clients.push_back(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in to{.sin_family = AF_INET,
                   .sin_port = htons((*listener)->address().port),
                   .sin_addr = {htonl(INADDR_LOOPBACK)},
                   .sin_zero = {}};
    ASSERT_EQ(connect(clients.back(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  loop.run();
  EXPECT_LE(early, 1) << "only the last of a turn may leave before its end";
  EXPECT_TRUE(std::ranges::all_of(clients, waiting));
  for (const int client : clients) close(client);
}

TEST(SimNetwork, CarriesBytesAndCloses) {
  SimLoop loop;
  SimNetwork network(loop);
  std::unique_ptr<Connection> server, client;
  std::string got;
  bool closed = false;
  auto listener = network.listen({"127.0.0.1", 80}, [&](std::unique_ptr<Connection> accepted) {
    server = std::move(accepted);
    server->start({.on_data = [&](std::string_view data) { got += data; }, .on_close = [&] { closed = true; }});
  });
  network.connect({"127.0.0.1", 80}, 1s, [&](auto connected) {
    client = std::move(*connected);
    client->start({});
    client->write("abc");
    client->close_after_writes();
  });
  loop.run_until_idle();
  EXPECT_EQ(got, "abc");
  EXPECT_TRUE(closed);
}

TEST(Processes, DeliverOutputBeforeTheExit) {
  EpollLoop loop;
  const auto processes = make_processes(loop);
  std::string out, err;
  ExitStatus status;
  auto process = processes->spawn({.command = {"/bin/sh", "-c", "read x; echo got $x $NAME; echo bad >&2; exit 3"},
                                   .environment = {"NAME=value"},
                                   .directory = "/",
                                   .on_stdout = [&](std::string_view text) { out += text; },
                                   .on_stderr = [&](std::string_view text) { err += text; },
                                   .on_exit =
                                       [&](ExitStatus s) {
                                         status = s;
                                         loop.stop();
                                       }});
  ASSERT_TRUE(process) << process.error().message;
  EXPECT_GT((*process)->resident_bytes(), 0U);
  (*process)->write_stdin("line\n");
  loop.run();
  EXPECT_EQ(out, "got line value\n");
  EXPECT_EQ(err, "bad\n");
  EXPECT_EQ(status.code, 3);
}

TEST(Processes, TellOfSignalsAndOfCommandsThatAreNotThere) {
  EpollLoop loop;
  const auto processes = make_processes(loop);
  EXPECT_EQ(processes->spawn({.command = {"/no/such/program"}}).error().code, Errc::kNotFound);
  ExitStatus status;
  auto process = processes->spawn({.command = {"/bin/sleep", "100"}, .on_exit = [&](ExitStatus s) {
                                     status = s;
                                     loop.stop();
                                   }});
  ASSERT_TRUE(process);
  (*process)->signal_group(SIGKILL);
  loop.run();
  EXPECT_EQ(status.signal, SIGKILL);
}

TEST(Processes, RunAndReadGivesTheOutputOrSaysThatItFailed) {
  EXPECT_EQ(run_and_read({"/bin/echo", "hello"}), "hello\n");
  EXPECT_FALSE(run_and_read({"/bin/false"}));
  EXPECT_FALSE(run_and_read({"/no/such/program"}));
}

TEST(Files, WriteReplacesWholeFilesAndListSorts) {
  const auto root = (std::filesystem::temp_directory_path() / ("tm-files-" + SystemRandom().uuid())).string();
  SystemFiles real;
  SimFiles sim;
  for (Files* files : {static_cast<Files*>(&real), static_cast<Files*>(&sim)}) {
    ASSERT_TRUE(files->make_directories(root + "/b"));
    ASSERT_TRUE(files->write(root + "/a", "1", {.executable = true, .sync = true}));
    ASSERT_TRUE(files->write(root + "/a", "22", {.executable = true}));
    EXPECT_EQ(files->read(root + "/a"), "22");
    EXPECT_EQ(files->read_start(root + "/a", 1), "2");
    EXPECT_EQ(files->read_start(root + "/a", 3), "22");
    EXPECT_TRUE(files->is_executable(root + "/a"));
    EXPECT_EQ(files->list(root), (std::vector<DirectoryEntry>{{"a", false}, {"b", true}}));
    EXPECT_EQ(files->read(root + "/none").error().code, Errc::kNotFound);
    ASSERT_TRUE(files->remove_all(root));
    EXPECT_FALSE(files->exists(root + "/a"));
  }
}

TEST(Random, UuidsHaveTheirFormAndDiffer) {
  SystemRandom random;
  const auto a = random.uuid();
  EXPECT_EQ(a.size(), 36U);
  EXPECT_EQ(a[14], '4');
  EXPECT_NE(a, random.uuid());
  EXPECT_LT(random.below(3), 3U);
  EXPECT_EQ(random.text(52, "AB").size(), 52U);
}

TEST(Addresses, AreReadInTheirUsualForms) {
  EXPECT_EQ(parse_address("127.0.0.1:4566")->text(), "127.0.0.1:4566");
  EXPECT_EQ(parse_address("[::1]:80")->text(), "[::1]:80");
  EXPECT_EQ(parse_address("localhost:80")->host, "127.0.0.1");
  EXPECT_EQ(parse_address(":80")->host, "0.0.0.0");
  EXPECT_EQ(parse_address("4566")->text(), "127.0.0.1:4566");
  EXPECT_FALSE(parse_address("host:port"));
  EXPECT_FALSE(parse_address("127.0.0.1:99999"));
}

}  // namespace
}  // namespace tidemill::runtime
