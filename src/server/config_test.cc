#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "runtime/sim/sim_files.h"
#include "runtime/sim/sim_loop.h"
#include "server/disk_guard.h"

namespace tidemill::server {
namespace {

class CommandLine : public testing::Test {
 protected:
  CommandLine() {
    for (const auto* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "TIDEMILL_REGION", "TIDEMILL_ACCOUNT"})
      unsetenv(name);
  }
  Invocation read(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "tidemill");
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    auto invocation = read_command_line(static_cast<int>(argv.size()), argv.data());
    said_ = testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout();
    return invocation;
  }
  std::string said_;
};

TEST_F(CommandLine, LimitsAreTakenAndTheVirtualClockIsForDevOnly) {
  const auto plain = read({"dev"});
  EXPECT_FALSE(plain.config.limited_throughput || plain.config.virtual_clock);
  EXPECT_EQ(plain.config.item_collection_bytes, 10LL << 30);
  const auto got = read({"dev", "--virtual-clock", "--throughput", "enforced", "--item-collection-limit-mb", "1"});
  ASSERT_TRUE(got.run_server);
  EXPECT_TRUE(got.config.limited_throughput && got.config.virtual_clock);
  EXPECT_EQ(got.config.item_collection_bytes, 1 << 20);
  EXPECT_FALSE(read({"dev", "--throughput", "some"}).run_server);
  EXPECT_FALSE(read({"start", "--virtual-clock", "--iam", "off"}).run_server);
  EXPECT_THAT(said_, testing::HasSubstr("--virtual-clock"));
}

TEST_F(CommandLine, CachesTakeTheMemoryThatTheyAreGiven) {
  EXPECT_EQ(read({"dev"}).config.block_cache_bytes, 64U << 20);
  EXPECT_EQ(read({"dev"}).config.item_cache_bytes, 16U << 20);
  const auto got = read({"dev", "--block-cache-mb", "8", "--item-cache-mb", "4096"});
  EXPECT_EQ(got.config.block_cache_bytes, 8U << 20);
  EXPECT_EQ(got.config.item_cache_bytes, 4ULL << 30);
  for (const auto* bad : {"-1", "1048577", "99999999999999999999"})
    EXPECT_FALSE(read({"dev", "--item-cache-mb", bad}).run_server) << bad;
}

TEST_F(CommandLine, ThereIsOneLoopUnlessMoreAreAskedForWithinBounds) {
  EXPECT_EQ(read({"dev"}).config.loops, 1U);
  EXPECT_EQ(read({"dev", "--loops", "64"}).config.loops, 64U);
  for (const auto* bad : {"0", "65"}) {
    EXPECT_FALSE(read({"dev", "--loops", bad}).run_server) << bad;
    EXPECT_EQ(said_, std::string("tidemill: --loops takes a number from 1 to 64, not ") + bad + "\n");
  }
  setenv("TIDEMILL_LOOPS", "3", 1);
  EXPECT_EQ(read({"dev"}).config.loops, 3U);
  EXPECT_EQ(read({"dev", "--loops", "2"}).config.loops, 2U);
  unsetenv("TIDEMILL_LOOPS");
}

TEST_F(CommandLine, ARealKafkaClusterIsGivenAsHostsAndPorts) {
  const auto got = read({"dev", "--kafka-bootstrap", "a.example:9092,b.example:9093"});
  ASSERT_TRUE(got.run_server);
  EXPECT_EQ(got.config.kafka_bootstrap, "a.example:9092,b.example:9093");
  for (const auto* bad : {"a.example", "a.example:", ":9092", "a.example:9092,", "a.example:port", "a.example:0",
                          "a.example:70000", "a:1, b:2"}) {
    EXPECT_FALSE(read({"dev", "--kafka-bootstrap", bad}).run_server) << bad;
    EXPECT_THAT(said_, testing::HasSubstr("--kafka-bootstrap takes HOST:PORT")) << bad;
  }
}

TEST_F(CommandLine, DevIsRelaxedAndOpenToItsOwnMachine) {
  const auto got = read({"dev"});
  ASSERT_TRUE(got.run_server);
  EXPECT_EQ(got.config.durability, storage::Durability::kRelaxed);
  EXPECT_FALSE(got.config.iam);
  EXPECT_EQ(got.config.listen.at(0).text(), "127.0.0.1:4566");
  EXPECT_EQ(got.config.kafka_listen.text(), "127.0.0.1:9092");
  EXPECT_EQ(got.config.scope, (Scope{"000000000000", "us-east-1"}));
}

TEST_F(CommandLine, StartNeedsAnAdministratorUnlessIdentityIsOff) {
  auto got = read({"start", "--data-dir", "d"});
  EXPECT_FALSE(got.run_server);
  EXPECT_NE(got.exit_code, 0);
  EXPECT_NE(said_.find("there is no administrator"), said_.npos) << said_;
  EXPECT_TRUE(read({"start", "--data-dir", "d", "--iam", "off"}).run_server);
  setenv("AWS_ACCESS_KEY_ID", "AK", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "SK", 1);
  got = read({"start", "--data-dir", "d"});
  ASSERT_TRUE(got.run_server);
  EXPECT_TRUE(got.config.iam);
  EXPECT_EQ(got.config.durability, storage::Durability::kDurable);
  EXPECT_EQ(got.config.access_key_id, "AK");
}

TEST_F(CommandLine, FlagsWinOverVariablesAndVariablesOverTheFile) {
  const auto file = testing::TempDir() + "tidemill-config-test.toml";
  std::ofstream(file) << "account = \"111111111111\"\nregion = \"eu-west-1\"\ndurability = \"durable\"\n";
  setenv("TIDEMILL_REGION", "eu-central-1", 1);
  const auto got = read({"dev", "--config", file, "--account", "222222222222"});
  ASSERT_TRUE(got.run_server) << said_;
  EXPECT_EQ(got.config.scope, (Scope{"222222222222", "eu-central-1"}));
  EXPECT_EQ(got.config.durability, storage::Durability::kDurable);
}

struct Refused {
  const char* name;
  std::vector<std::string> arguments;
  const char* says;
};
class Refusals : public CommandLine, public testing::WithParamInterface<Refused> {};
TEST_P(Refusals, AreOneClearSentence) {
  const auto got = read(GetParam().arguments);
  EXPECT_FALSE(got.run_server);
  EXPECT_NE(got.exit_code, 0);
  EXPECT_NE(said_.find(GetParam().says), said_.npos) << said_;
}
INSTANTIATE_TEST_SUITE_P(Server, Refusals,
                         testing::Values(Refused{"Account", {"dev", "--account", "12"}, "--account takes 12 digits"},
                                         Refused{"Address", {"dev", "--listen", "here"}, "'here' is not an address"},
                                         Refused{"OpenAddress", {"dev", "--listen", "0.0.0.0:4566"}, "is not loopback"},
                                         Refused{
                                             "OpenKafka", {"dev", "--kafka-listen", "0.0.0.0:9092"}, "is not loopback"},
                                         Refused{"Durability", {"dev", "--durability", "some"}, "durability"},
                                         Refused{"HalfAKey", {"dev", "--access-key-id", "A"}, "needs both"},
                                         Refused{"NoCommand", {}, "subcommand"}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(DiskGuard, RefusesWritesWhileTheDiskIsFullAndResumes) {
  runtime::SimLoop loop;
  runtime::SimFiles files;
  observe::Log log(loop.clock(), observe::Level::kError, observe::Log::Format::kText, [](auto, auto) {});
  ASSERT_TRUE(files.make_directories("/data"));
  runtime::SimOffload offload;
  DiskGuard guard(loop, files, offload, log, {.folder = "/data", .reserve_bytes = 1000, .ballast_bytes = 64});
  guard.watch();
  EXPECT_TRUE(guard.admit());
  loop.run_for(std::chrono::seconds(1));
  EXPECT_TRUE(files.exists("/data/ballast"));
  files.free_bytes = 999;
  loop.run_for(std::chrono::seconds(1));
  EXPECT_EQ(guard.admit().error().code, Errc::kResourceExhausted);
  files.free_bytes = 1000;
  loop.run_for(std::chrono::seconds(1));
  EXPECT_TRUE(guard.admit());
}

TEST(DiskGuard, GivesTheBallastUpWhenNothingElseIsFree) {
  runtime::SimLoop loop;
  runtime::SimFiles files;
  observe::Log log(loop.clock(), observe::Level::kError, observe::Log::Format::kText, [](auto, auto) {});
  ASSERT_TRUE(files.make_directories("/data"));
  ASSERT_TRUE(files.write("/data/ballast", "x", {}));
  runtime::SimOffload offload;
  DiskGuard guard(loop, files, offload, log, {.folder = "/data", .reserve_bytes = 1000});
  guard.make_room();
  EXPECT_TRUE(files.exists("/data/ballast"));
  files.free_bytes = 10;
  guard.make_room();
  EXPECT_FALSE(files.exists("/data/ballast"));
}

}  // namespace
}  // namespace tidemill::server
