// Backups, point-in-time recovery and restores through the front.
#include <fmt/format.h>

#include "api/dynamodb/test_world.h"
#include "base/bytes.h"
#include "item/encoding.h"
#include "tables/past.h"
#include "tables/recovery.h"

namespace tidemill::dynamodb {
namespace {

constexpr std::string_view kKeys =
    R"("AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST")";

void create(World& world, std::string_view name, std::string_view more = "") {
  world.ok("CreateTable",
           R"({"TableName":")" + std::string(name) + "\"," + std::string(kKeys) + std::string(more) + "}");
}

void put(World& world, std::string_view table, std::string_view p, int v) {
  world.ok("PutItem", R"({"TableName":")" + std::string(table) + R"(","Item":{"p":{"S":")" + std::string(p) +
                          R"("},"v":{"N":")" + std::to_string(v) + "\"}}}");
}

void remove(World& world, std::string_view table, std::string_view p) {
  world.ok("DeleteItem",
           R"({"TableName":")" + std::string(table) + R"(","Key":{"p":{"S":")" + std::string(p) + "\"}}}");
}

// "a=1 b=2": the items in the order of their keys.
std::string items(World& world, std::string_view table) {
  std::map<std::string, std::string> found;
  const auto page = world.ok_json("Scan", R"({"TableName":")" + std::string(table) + "\"}");
  for (const auto& item : page.find("Items")->as_array())
    found[item.find("p")->string_or("S")] = item.find("v")->string_or("N");
  std::string out;
  for (const auto& [p, v] : found) out += (out.empty() ? "" : " ") + p + "=" + v;
  return out;
}

std::string backup(World& world, std::string_view table, std::string_view name = "one") {
  const auto made = world.ok_json(
      "CreateBackup", R"({"TableName":")" + std::string(table) + R"(","BackupName":")" + std::string(name) + "\"}");
  EXPECT_EQ(made.find("BackupDetails")->string_or("BackupStatus"), "CREATING");
  return made.find("BackupDetails")->string_or("BackupArn");
}

std::string named(std::string_view member, std::string_view value) {
  return "{\"" + std::string(member) + "\":\"" + std::string(value) + "\"}";
}

std::string restore(std::string_view arn, std::string_view target, std::string_view more = "") {
  return R"({"BackupArn":")" + std::string(arn) + R"(","TargetTableName":")" + std::string(target) + "\"" +
         std::string(more) + "}";
}

std::string status_of(World& world, std::string_view table) {
  return world.ok_json("DescribeTable", named("TableName", table)).find("Table")->string_or("TableStatus");
}

// "table:bytes" of every item collection that has a size.
std::string collections(World& world) {
  std::string out;
  for (auto cursor = world.store->cursor(storage::Keyspace::kIndexes, {}); cursor->valid(); cursor->next()) {
    if (load_be<std::uint32_t>(cursor->key().substr(4, 4).data()) != 0) continue;
    out += fmt::format("{}:{} ", load_be<std::uint32_t>(cursor->key().data()),
                       load_be<std::int64_t>(cursor->value().data()));
  }
  return out;
}

tables::Tables::Options small_steps() {
  tables::Tables::Options options;
  options.copy_step = 2;
  return options;
}

// For those who let days go by.
tables::Tables::Options rare_expiry() {
  tables::Tables::Options options;
  options.ttl_period = std::chrono::hours(1);
  return options;
}

// Recovery is on from a whole second on, and the clock stands there.
std::int64_t enable_recovery(World& world, std::string_view table) {
  const auto now = epoch_ms(world.loop.clock().wall());
  world.run_for(std::chrono::milliseconds(1000 - now % 1000));
  const auto set = world.ok_json("UpdateContinuousBackups",
                                 R"({"TableName":")" + std::string(table) +
                                     R"(","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}})");
  EXPECT_EQ(set.find("ContinuousBackupsDescription")
                ->find("PointInTimeRecoveryDescription")
                ->string_or("PointInTimeRecoveryStatus"),
            "ENABLED");
  return epoch_s(world.loop.clock().wall());
}

std::string restore_to(std::string_view source, std::string_view target, std::int64_t seconds) {
  return R"({"SourceTableName":")" + std::string(source) + R"(","TargetTableName":")" + std::string(target) +
         R"(","RestoreDateTime":)" + std::to_string(seconds) + "}";
}

TEST(Backups, ARestoredTableKnowsTheSizesOfItsCollections) {
  World world(small_steps());
  world.ok("CreateTable",
           R"({"TableName":"source","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[)"
           R"({"AttributeName":"p","AttributeType":"S"},{"AttributeName":"c","AttributeType":"N"},)"
           R"({"AttributeName":"l","AttributeType":"N"}],"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},)"
           R"({"AttributeName":"c","KeyType":"RANGE"}],"LocalSecondaryIndexes":[{"IndexName":"by-l","KeySchema":[)"
           R"({"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],)"
           R"("Projection":{"ProjectionType":"KEYS_ONLY"}}]})");
  world.settle();
  for (int i = 0; i < 20; ++i)
    world.ok("PutItem", R"({"TableName":"source","Item":{"p":{"S":"p)" + std::to_string(i % 2) + R"("},"c":{"N":")" +
                            std::to_string(i) + R"("},"l":{"N":"7"},"text":{"S":"some text"}}})");
  const auto before = collections(world);
  const auto arn = backup(world, "source");
  world.run_for(std::chrono::seconds(10));
  world.ok("RestoreTableFromBackup", restore(arn, "target"));
  world.run_for(std::chrono::seconds(10));
  ASSERT_EQ(status_of(world, "target"), "ACTIVE");
  auto after = collections(world);
  ASSERT_TRUE(after.starts_with(before));
  after.erase(0, before.size());
  // Table ids apart, the same sizes.
  const auto sizes = [](std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; (at = text.find(':', at)) != text.npos; ++at)
      out.emplace_back(text.substr(at, text.find(' ', at) - at));
    return out;
  };
  EXPECT_EQ(sizes(after), sizes(before));
  EXPECT_EQ(sizes(before).size(), 2U);
}

TEST(Backups, ARestoredTableHoldsWhatTheBackupSaw) {
  World world(small_steps());
  create(world, "src");
  for (int i = 0; i < 9; ++i) put(world, "src", "k" + std::to_string(i), i);
  const auto arn = backup(world, "src");
  put(world, "src", "k0", 100);
  remove(world, "src", "k1");
  put(world, "src", "new", 1);
  const auto described = world.ok_json("DescribeBackup", named("BackupArn", arn));
  const auto* details = described.find("BackupDescription")->find("BackupDetails");
  EXPECT_EQ(details->string_or("BackupStatus"), "AVAILABLE");
  EXPECT_EQ(details->string_or("BackupType"), "USER");
  EXPECT_EQ(described.find("BackupDescription")->find("SourceTableDetails")->integer_or("ItemCount", 0), 9);
  const auto restoring = world.ok_json("RestoreTableFromBackup", restore(arn, "copy"));
  EXPECT_EQ(restoring.find("TableDescription")->string_or("TableStatus"), "CREATING");
  EXPECT_TRUE(restoring.find("TableDescription")->find("RestoreSummary")->bool_or("RestoreInProgress", false));
  EXPECT_EQ(status_of(world, "copy"), "ACTIVE");
  EXPECT_EQ(items(world, "copy"), "k0=0 k1=1 k2=2 k3=3 k4=4 k5=5 k6=6 k7=7 k8=8");
  EXPECT_EQ(world.ok_json("DescribeTable", named("TableName", "copy")).find("Table")->find("RestoreSummary"), nullptr);
  // Nothing of the history stays behind.
  EXPECT_FALSE(world.store->cursor(storage::Keyspace::kHistory, {})->valid());
}

TEST(Backups, WritesWhileTheCopyIsMadeDoNotShowInIt) {
  // The copying begins two seconds after the answer, so that all of these writes come first.
  tables::Tables::Options slow = small_steps();
  slow.transition = std::chrono::seconds(2);
  World late(slow);
  create(late, "src");
  late.run_for(std::chrono::seconds(3));
  for (int i = 0; i < 8; ++i) put(late, "src", "k" + std::to_string(i), 0);
  const auto arn = backup(late, "src");
  EXPECT_EQ(late.error("CreateBackup", R"({"TableName":"src","BackupName":"two"})").substr(0, 22),
            "BackupInUseException: ");
  EXPECT_EQ(late.error("DeleteBackup", named("BackupArn", arn)).substr(0, 22), "BackupInUseException: ");
  EXPECT_EQ(late.error("DeleteTable", named("TableName", "src")).substr(0, 24), "ResourceInUseException: ");
  for (int i = 0; i < 8; i += 2) put(late, "src", "k" + std::to_string(i), 7);
  remove(late, "src", "k1");
  put(late, "src", "zz", 1);
  late.run_for(std::chrono::seconds(3));
  late.ok("RestoreTableFromBackup", restore(arn, "copy"));
  late.run_for(std::chrono::seconds(3));
  EXPECT_EQ(items(late, "copy"), "k0=0 k1=0 k2=0 k3=0 k4=0 k5=0 k6=0 k7=0");
}

TEST(Backups, ACrashInTheMiddleOfCopyAndRestoreGoesOnToTheSameState) {
  tables::Tables::Options options = small_steps();
  options.transition = std::chrono::seconds(2);
  World world(options);
  create(world, "src");
  world.run_for(std::chrono::seconds(3));
  for (int i = 0; i < 9; ++i) put(world, "src", "k" + std::to_string(i), 0);
  const auto arn = backup(world, "src");
  put(world, "src", "k3", 5);
  world.restart();  // the copying goes on here
  EXPECT_EQ(world.ok_json("DescribeBackup", named("BackupArn", arn))
                .find("BackupDescription")
                ->find("BackupDetails")
                ->string_or("BackupStatus"),
            "AVAILABLE");
  world.ok("RestoreTableFromBackup", restore(arn, "copy"));
  EXPECT_EQ(status_of(world, "copy"), "CREATING");
  EXPECT_EQ(world.error("DeleteBackup", named("BackupArn", arn)).substr(0, 22), "BackupInUseException: ");
  world.restart();
  world.run_for(std::chrono::seconds(3));
  EXPECT_EQ(status_of(world, "copy"), "ACTIVE");
  EXPECT_EQ(items(world, "copy"), "k0=0 k1=0 k2=0 k3=0 k4=0 k5=0 k6=0 k7=0 k8=0");
  EXPECT_EQ(world.ok_json("DescribeTable", named("TableName", "copy")).find("Table")->integer_or("ItemCount", 0), 9);
  world.ok("DeleteBackup", named("BackupArn", arn));
  EXPECT_FALSE(world.store->cursor(storage::Keyspace::kBackups, {})->valid());
}

TEST(Backups, OutliveTheirTableAndAreListedByType) {
  World world(rare_expiry());
  create(world, "src");
  put(world, "src", "a", 1);
  const auto arn = backup(world, "src");
  (void)enable_recovery(world, "src");
  put(world, "src", "b", 2);
  world.ok("DeleteTable", named("TableName", "src"));
  const auto user = world.ok_json("ListBackups", R"({"TableName":"src"})");
  ASSERT_EQ(user.find("BackupSummaries")->as_array().size(), 1U);
  EXPECT_EQ(user.find("BackupSummaries")->as_array()[0].string_or("BackupArn"), arn);
  const auto system = world.ok_json("ListBackups", R"({"BackupType":"SYSTEM"})");
  ASSERT_EQ(system.find("BackupSummaries")->as_array().size(), 1U);
  const auto& kept = system.find("BackupSummaries")->as_array()[0];
  EXPECT_EQ(kept.string_or("BackupName"), "src$DeletedTableBackup");
  EXPECT_NE(kept.find("BackupExpiryDateTime"), nullptr);
  world.restart();
  world.ok("RestoreTableFromBackup", restore(kept.string_or("BackupArn"), "last"));
  world.ok("RestoreTableFromBackup", restore(arn, "first"));
  EXPECT_EQ(items(world, "last"), "a=1 b=2");
  EXPECT_EQ(items(world, "first"), "a=1");
  // A system backup goes after 35 days, with its rows.
  world.ok("DeleteTable", named("TableName", "last"));
  world.ok("DeleteTable", named("TableName", "first"));
  world.ok("DeleteBackup", named("BackupArn", arn));
  world.loop.run_for(std::chrono::hours(24 * 36));
  world.settle();
  EXPECT_EQ(world.ok("ListBackups", R"({"BackupType":"ALL"})"), R"({"BackupSummaries":[]})");
  EXPECT_FALSE(world.store->cursor(storage::Keyspace::kItems, {})->valid());
}

TEST(Backups, ListIsPagedAndFilteredByTime) {
  World world;
  create(world, "src");
  std::vector<std::string> arns;
  for (int i = 0; i < 3; ++i) {
    arns.push_back(backup(world, "src", "b" + std::to_string(i) + "x"));
    world.run_for(std::chrono::seconds(10));
  }
  const auto first = world.ok_json("ListBackups", R"({"Limit":2})");
  ASSERT_EQ(first.find("BackupSummaries")->as_array().size(), 2U);
  EXPECT_EQ(first.string_or("LastEvaluatedBackupArn"), arns[1]);
  const auto second = world.ok_json("ListBackups", R"({"Limit":2,"ExclusiveStartBackupArn":")" + arns[1] + "\"}");
  ASSERT_EQ(second.find("BackupSummaries")->as_array().size(), 1U);
  EXPECT_EQ(second.find("LastEvaluatedBackupArn"), nullptr);
  const auto created = second.find("BackupSummaries")->as_array()[0].find("BackupCreationDateTime")->as_real();
  EXPECT_EQ(world.ok_json("ListBackups", R"({"TimeRangeLowerBound":)" + std::to_string(created) + "}")
                .find("BackupSummaries")
                ->as_array()
                .size(),
            1U);
  EXPECT_EQ(world.ok_json("ListBackups", R"({"TimeRangeUpperBound":)" + std::to_string(created) + "}")
                .find("BackupSummaries")
                ->as_array()
                .size(),
            2U);
}

TEST(Backups, OverridesChooseAmongTheSourcesIndexes) {
  World world;
  world.ok(
      "CreateTable",
      R"({"TableName":"src","AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"h","AttributeType":"N"}],
               "KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","Tags":[{"Key":"a","Value":"b"}],
               "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},"DeletionProtectionEnabled":true,
               "GlobalSecondaryIndexes":[{"IndexName":"byg","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}},
                 {"IndexName":"byh","KeySchema":[{"AttributeName":"h","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]})");
  world.ok("PutItem", R"({"TableName":"src","Item":{"p":{"S":"a"},"v":{"N":"1"},"g":{"S":"x"},"h":{"N":"2"}}})");
  const auto arn = backup(world, "src");
  world.ok("RestoreTableFromBackup", restore(arn, "all"));
  const auto all = world.ok_json("DescribeTable", named("TableName", "all"));
  EXPECT_EQ(all.find("Table")->find("GlobalSecondaryIndexes")->as_array().size(), 2U);
  EXPECT_EQ(all.find("Table")->find("StreamSpecification"), nullptr);
  EXPECT_FALSE(all.find("Table")->bool_or("DeletionProtectionEnabled", true));
  EXPECT_EQ(world.ok_json("ListTagsOfResource", named("ResourceArn", all.find("Table")->string_or("TableArn")))
                .find("Tags")
                ->as_array()
                .size(),
            0U);
  EXPECT_EQ(
      world
          .ok_json(
              "Query",
              R"({"TableName":"all","IndexName":"byg","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"x"}}})")
          .integer_or("Count", 0),
      1);
  world.ok("RestoreTableFromBackup", restore(arn, "none", R"(,"GlobalSecondaryIndexOverride":[])"));
  EXPECT_EQ(world.ok_json("DescribeTable", named("TableName", "none")).find("Table")->find("GlobalSecondaryIndexes"),
            nullptr);
  EXPECT_EQ(
      world.error(
          "RestoreTableFromBackup",
          restore(
              arn, "bad",
              R"(,"GlobalSecondaryIndexOverride":[{"IndexName":"new","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}])")),
      "ValidationException: Invalid Request: Index new does not match a secondary index that existed in the source "
      "table and cannot be "
      "created during the restore operation");
  EXPECT_EQ(world.error("RestoreTableFromBackup", restore(arn, "bad", R"(,"BillingModeOverride":"PROVISIONED")")),
            "ValidationException: Invalid Request: Must override ProvisionedThroughput if BillingMode is overridden to "
            "PROVISIONED");
  EXPECT_EQ(
      world.error(
          "RestoreTableFromBackup",
          restore(arn, "bad", R"(,"ProvisionedThroughputOverride":{"ReadCapacityUnits":1,"WriteCapacityUnits":1})")),
      "ValidationException: Invalid Request: Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED");
  EXPECT_EQ(world.error("RestoreTableFromBackup", restore(arn, "all")),
            "TableAlreadyExistsException: Table already exists: all");
}

TEST(Backups, UnknownNamesAreToldAsTheServiceTellsThem) {
  World world;
  EXPECT_EQ(world.error("CreateBackup", R"({"TableName":"none","BackupName":"one"})"),
            "TableNotFoundException: Table not found: none");
  const std::string arn = "arn:aws:dynamodb:us-east-1:000000000000:table/none/backup/01489602797149-73d8d5bc";
  for (const auto* operation : {"DescribeBackup", "DeleteBackup"})
    EXPECT_EQ(world.error(operation, named("BackupArn", arn)), "BackupNotFoundException: Backup not found: " + arn);
  EXPECT_EQ(world.error("RestoreTableFromBackup", restore(arn, "copy")),
            "BackupNotFoundException: Backup not found: " + arn);
  EXPECT_EQ(world.error("DescribeBackup", named("BackupArn", "arn:aws:dynamodb:us-east-1:000000000000:table/none")),
            "ValidationException: Invalid Backup ARN");
}

TEST(Recovery, IsOffUntilItIsSwitchedOn) {
  World world;
  create(world, "src");
  EXPECT_EQ(
      world.ok("DescribeContinuousBackups", named("TableName", "src")),
      R"({"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}})");
  put(world, "src", "a", 1);
  EXPECT_FALSE(world.store->cursor(storage::Keyspace::kHistory, {})->valid());
  EXPECT_EQ(world.error("RestoreTableToPointInTime", restore_to("src", "copy", 1)),
            "PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for table 'src'");
  EXPECT_EQ(world.error("RestoreTableToPointInTime", R"({"SourceTableName":"src","TargetTableName":"copy"})"),
            "ValidationException: Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be "
            "specified, but not both");
}

TEST(Recovery, RestoresEverySecond) {
  World world(small_steps());
  create(world, "src");
  put(world, "src", "a", 1);
  put(world, "src", "b", 1);
  const auto start = enable_recovery(world, "src");
  world.run_for(std::chrono::milliseconds(500));
  put(world, "src", "a", 2);  // start + 0.5
  put(world, "src", "c", 2);
  world.run_for(std::chrono::seconds(1));
  remove(world, "src", "b");  // start + 1.5
  put(world, "src", "a", 3);
  world.run_for(std::chrono::seconds(1));
  remove(world, "src", "c");  // start + 2.5
  put(world, "src", "b", 9);
  world.run_for(std::chrono::seconds(1));
  const std::vector<std::string> states = {"a=1 b=1", "a=2 b=1 c=2", "a=3 c=2", "a=3 b=9"};
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto target = "copy" + std::to_string(i);
    world.ok("RestoreTableToPointInTime", restore_to("src", target, start + static_cast<std::int64_t>(i)));
    EXPECT_EQ(items(world, target), states[i]) << i;
  }
  world.restart();
  world.ok("RestoreTableToPointInTime", restore_to("src", "again", start + 1));
  EXPECT_EQ(items(world, "again"), states[1]);
  put(world, "src", "z", 1);
  world.ok("RestoreTableToPointInTime",
           R"({"SourceTableName":"src","TargetTableName":"latest","UseLatestRestorableTime":true})");
  EXPECT_EQ(items(world, "latest"), "a=3 b=9 z=1");
  const auto outside = world.error("RestoreTableToPointInTime", restore_to("src", "never", start - 1));
  EXPECT_EQ(outside.substr(0, 30), "InvalidRestoreTimeException: R") << outside;
  EXPECT_EQ(world.error("RestoreTableToPointInTime", restore_to("src", "never", start + 1000)).substr(0, 30),
            "InvalidRestoreTimeException: R");
}

TEST(Recovery, EndsWithTheSettingAndForgetsTheHistory) {
  World world;
  create(world, "src");
  (void)enable_recovery(world, "src");
  put(world, "src", "a", 1);
  EXPECT_TRUE(world.store->cursor(storage::Keyspace::kHistory, {})->valid());
  world.ok("UpdateContinuousBackups",
           R"({"TableName":"src","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":false}})");
  put(world, "src", "b", 1);
  EXPECT_FALSE(world.store->cursor(storage::Keyspace::kHistory, {})->valid());
  EXPECT_NE(world.ok("DescribeContinuousBackups", named("TableName", "src")).find("DISABLED"), std::string::npos);
  // On again: the past begins anew.
  const auto start = enable_recovery(world, "src");
  EXPECT_EQ(world.error("RestoreTableToPointInTime", restore_to("src", "copy", start - 1)).substr(0, 30),
            "InvalidRestoreTimeException: R");
}

TEST(Recovery, TheHistoryIsTrimmedBehindItsPeriod) {
  World world(rare_expiry());
  create(world, "src");
  world.ok(
      "UpdateContinuousBackups",
      R"({"TableName":"src","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true,"RecoveryPeriodInDays":1}})");
  const auto start = epoch_s(world.loop.clock().wall());
  for (int i = 0; i < 50; ++i) put(world, "src", "a", i);
  world.loop.run_for(std::chrono::hours(25));
  world.settle();
  put(world, "src", "a", 99);
  std::size_t rows = 0;
  for (auto at = world.store->cursor(storage::Keyspace::kHistory, {}); at->valid(); at->next()) ++rows;
  EXPECT_EQ(rows, 3U);  // one change, by number and by row, and the mark
  EXPECT_EQ(world.error("RestoreTableToPointInTime", restore_to("src", "copy", start + 1)).substr(0, 30),
            "InvalidRestoreTimeException: R");
  world.restart();
  put(world, "src", "a", 100);
  world.ok("RestoreTableToPointInTime", restore_to("src", "copy", epoch_s(world.loop.clock().wall()) - 60));
  EXPECT_EQ(items(world, "copy"), "a=49");
}

TEST(Recovery, ATransactionIsNeverCutInTwo) {
  World world;
  create(world, "src");
  const auto start = enable_recovery(world, "src");
  for (int i = 0; i < 20; ++i) {
    world.ok("TransactWriteItems", R"({"TransactItems":[{"Put":{"TableName":"src","Item":{"p":{"S":"a"},"v":{"N":")" +
                                       std::to_string(i) +
                                       R"("}}}},{"Put":{"TableName":"src","Item":{"p":{"S":"b"},"v":{"N":")" +
                                       std::to_string(i) + "\"}}}}]}");
    world.run_for(std::chrono::milliseconds(170));
  }
  for (int i = 1; i < 4; ++i) {
    const auto target = "copy" + std::to_string(i);
    world.ok("RestoreTableToPointInTime", restore_to("src", target, start + i));
    const auto got = items(world, target);
    ASSERT_EQ(got.size() % 2, 1U) << got;
    EXPECT_EQ(got.substr(2, got.size() / 2 - 2), got.substr(got.size() / 2 + 3)) << got;
  }
}

TEST(Recovery, ChangesBetweenTwoPointsAreOnePerItem) {
  World world;
  create(world, "src");
  put(world, "src", "a", 1);
  put(world, "src", "b", 1);
  (void)enable_recovery(world, "src");
  const auto table = world.tables->usable({}, "src");
  const auto first = world.tables->recovery().point(table->definition, std::nullopt);
  put(world, "src", "a", 2);
  put(world, "src", "a", 3);
  put(world, "src", "c", 1);
  remove(world, "src", "b");
  put(world, "src", "d", 1);
  remove(world, "src", "d");
  const auto second = world.tables->recovery().point(world.tables->usable({}, "src")->definition, std::nullopt);
  put(world, "src", "a", 4);
  ASSERT_TRUE(first && second);
  std::map<std::string, int> seen;
  std::string from;
  do {
    const auto page = tables::read_changes(*world.store, *first, *second, from, {.rows = 1});
    ASSERT_TRUE(page.has_value());
    for (const auto& change : page->changes) {
      const auto& image = change.after ? change.after : change.before;
      const std::string p =
          image ? std::string(item::decode(*image)->find("p")->string()) : std::string("came and went");
      seen[p] = (change.before ? 1 : 0) + (change.after ? 2 : 0);
      if (p == "a") {
        EXPECT_EQ(item::decode(*change.after)->find("v")->number().text(), "3");
      }
    }
    from = page->next;
  } while (!from.empty());
  EXPECT_EQ(seen, (std::map<std::string, int>{{"a", 3}, {"b", 1}, {"c", 2}, {"came and went", 0}}));
}

TEST(Recovery, APointOfAPastThatIsGoneIsRefusedAndNeverReadAsThePresent) {
  World world;
  create(world, "src");
  put(world, "src", "a", 1);
  (void)enable_recovery(world, "src");
  const auto point = world.tables->recovery().point(world.tables->usable({}, "src")->definition, std::nullopt);
  ASSERT_TRUE(point.has_value());
  put(world, "src", "a", 2);
  ASSERT_TRUE(tables::read_past(*world.store, *point, "").has_value());
  // The rows stay, for the system backup; the history does not.
  world.ok("DeleteTable", named("TableName", "src"));
  for (const auto code : {tables::read_past(*world.store, *point, "").error().code,
                          tables::read_changes(*world.store, *point, *point, "").error().code})
    EXPECT_EQ(code, tables::Errc::kInvalidRestoreTime);
}

}  // namespace
}  // namespace tidemill::dynamodb
