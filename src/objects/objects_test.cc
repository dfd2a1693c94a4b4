#include "objects/objects.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "objects/names.h"
#include "runtime/sim/sim_files.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"

namespace tidemill::objects {
namespace {

using namespace std::chrono_literals;

// An engine whose files begin at 100 bytes, on disks that can be looked at.
class Engine : public testing::Test {
 protected:
  Engine() { open(std::make_unique<storage::MemoryEngine>()); }
  ~Engine() override {
    objects_.reset();
    store_.reset();
  }
  void open(std::unique_ptr<storage::MemoryEngine> engine) {
    objects_.reset();
    store_.reset();
    engine_ = engine.get();
    store_ = std::make_unique<storage::Store>(
        std::move(engine), storage::Store::Options{.durability = storage::Durability::kDurable, .sync_thread = false});
    objects_ = std::make_unique<Objects>(
        Objects::Services{
            .store = *store_, .loop = loop_, .offload = offload_, .files = files_, .random = random_, .log = log_},
        Objects::Settings{.directory = "/d", .inline_max = 100, .part_min = 200});
    ASSERT_TRUE(objects_->open());
    settle();
  }
  void settle() {
    do {
      while (store_->sync_once()) {
      }
    } while (loop_.run_ready());
  }
  template <class T>
  auto into(std::optional<Result<T>>& slot) {
    return Reply<T, Error>([&slot](Result<T> result) { slot = std::move(result); });
  }
  void make_bucket(const std::string& name) {
    std::optional<Status> made;
    objects_->create_bucket({.name = name}, into<void>(made));
    settle();
    ASSERT_TRUE(made && *made);
  }
  Blob blob(std::string_view bytes, Upload::Options options = {}) {
    std::optional<Result<Blob>> out;
    auto upload = objects_->upload(std::move(options));
    upload->take(bytes);
    upload->finish(into<Blob>(out));
    settle();
    EXPECT_TRUE(out && *out);
    return **std::move(out);
  }
  Result<Object> put(const std::string& key, std::string_view bytes, WriteCondition condition = {}) {
    std::optional<Result<Object>> out;
    objects_->put({.bucket = "bucket", .key = key, .condition = condition}, blob(bytes), into<Object>(out));
    settle();
    return *std::move(out);
  }
  void remove(const std::string& key) {
    std::optional<Status> out;
    objects_->remove("bucket", key, into<void>(out));
    settle();
    ASSERT_TRUE(out && *out);
  }
  std::string read(const Opened& opened) {
    std::string out;
    while (out.size() < opened.object.size) {
      std::optional<Result<std::string>> part;
      objects_->read(opened, out.size(), 64, into<std::string>(part));
      settle();
      if (!part || !*part || (*part)->empty()) return "failed";
      out += **part;
    }
    return out;
  }
  std::string read(const std::string& key) {
    const auto opened = objects_->open_object("bucket", key);
    return opened ? read(*opened) : opened.error().message;
  }
  std::size_t files() const { return files_.paths().size(); }
  std::string text(std::size_t size, char c = 'x') { return std::string(size, c); }

  runtime::SimLoop loop_;
  runtime::SimOffload offload_;
  runtime::SimFiles files_;
  runtime::SimRandom random_;
  observe::Log log_{loop_.clock(), observe::Level::kError, observe::Log::Format::kText,
                    [](observe::Level, std::string_view) {}};
  storage::MemoryEngine* engine_ = nullptr;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Objects> objects_;
};

TEST_F(Engine, SmallBodiesAreRowsAndLargeOnesFiles) {
  make_bucket("bucket");
  ASSERT_TRUE(put("small", "hello"));
  EXPECT_EQ(files(), 0U);
  const auto large = put("large", text(1000));
  ASSERT_TRUE(large);
  EXPECT_EQ(large->etag, to_hex(md5(text(1000))));
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(read("small"), "hello");
  EXPECT_EQ(read("large"), text(1000));
  open(engine_->crash(0));
  EXPECT_EQ(read("small"), "hello");
  EXPECT_EQ(read("large"), text(1000));
}

TEST_F(Engine, AFileThatIsReadToItsEndIsKnownToBeWhole) {
  make_bucket("bucket");
  ASSERT_TRUE(put("a", text(1000)));
  auto bytes = text(1000);
  bytes[500] = 'y';
  ASSERT_TRUE(files_.write(files_.paths().front(), bytes, {}));
  EXPECT_EQ(read("a"), "failed");
  // A range of it is not looked at.
  std::optional<Result<std::string>> part;
  objects_->read(*objects_->open_object("bucket", "a"), 10, 64, into<std::string>(part));
  settle();
  ASSERT_TRUE(part && *part);
  EXPECT_EQ(**part, text(64));
}

TEST_F(Engine, EqualBodiesAreOneFileThatGoesWithTheLastOfThem) {
  make_bucket("bucket");
  ASSERT_TRUE(put("a", text(1000)));
  ASSERT_TRUE(put("b", text(1000)));
  EXPECT_EQ(files(), 1U);
  remove("a");
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(read("b"), text(1000));
  ASSERT_TRUE(put("b", text(2000)));  // overwritten
  EXPECT_EQ(files(), 1U);
  remove("b");
  EXPECT_EQ(files(), 0U);
}

TEST_F(Engine, AReaderKeepsItsFileWhateverIsDeleted) {
  make_bucket("bucket");
  ASSERT_TRUE(put("a", text(1000)));
  auto opened = objects_->open_object("bucket", "a");
  ASSERT_TRUE(opened);
  remove("a");
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(read(*opened), text(1000));
  opened = fail(Errc::kInternal, "closed");
  settle();
  EXPECT_EQ(files(), 0U);
}

TEST_F(Engine, FilesThatACrashLeftBehindAreCollectedAtTheNextStart) {
  make_bucket("bucket");
  ASSERT_TRUE(put("kept", text(1000, 'k')));
  auto orphan = blob(text(1000, 'o'));  // put away, then the power goes before a row names it
  auto half = objects_->upload();
  half->take(text(600 << 10));
  settle();
  EXPECT_EQ(files(), 3U);
  open(engine_->crash(0));
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(read("kept"), text(1000, 'k'));
}

TEST_F(Engine, AnUnsyncedDeleteDoesNotTakeTheFile) {
  make_bucket("bucket");
  ASSERT_TRUE(put("a", text(1000)));
  std::optional<Status> removed;
  objects_->remove("bucket", "a", into<void>(removed));
  loop_.run_ready();
  EXPECT_FALSE(removed);
  EXPECT_EQ(files(), 1U);
  open(engine_->crash(0));
  EXPECT_EQ(read("a"), text(1000));
}

TEST_F(Engine, TheSameBytesMayComeBackWhileTheirFileIsGoing) {
  make_bucket("bucket");
  ASSERT_TRUE(put("a", text(1000)));
  std::optional<Status> removed;
  objects_->remove("bucket", "a", into<void>(removed));
  std::optional<Result<Blob>> again;
  auto upload = objects_->upload();
  upload->take(text(1000));
  upload->finish(into<Blob>(again));
  settle();
  ASSERT_TRUE(again && *again);
  std::optional<Result<Object>> stored;
  objects_->put({.bucket = "bucket", .key = "b"}, **std::move(again), into<Object>(stored));
  settle();
  ASSERT_TRUE(stored && *stored);
  again.reset();
  settle();
  EXPECT_EQ(read("b"), text(1000));
  EXPECT_EQ(files(), 1U);
}

TEST_F(Engine, WritesCanBeConditional) {
  make_bucket("bucket");
  ASSERT_TRUE(put("a", "1", {.if_absent = true}));
  EXPECT_EQ(put("a", "2", {.if_absent = true}).error().code, Errc::kPreconditionFailed);
  EXPECT_EQ(put("a", "2", {.if_match = to_hex(md5("other"))}).error().code, Errc::kPreconditionFailed);
  EXPECT_TRUE(put("a", "2", {.if_match = to_hex(md5("1"))}));
  EXPECT_EQ(put("none", "2", {.if_match = "*"}).error().code, Errc::kNoSuchKey);
  EXPECT_EQ(read("a"), "2");
}

TEST_F(Engine, BucketsHaveOneOwnerAndGoOnlyWhenEmpty) {
  make_bucket("bucket");
  std::optional<Status> result;
  objects_->create_bucket({.name = "bucket", .scope = {.account = "111111111111"}}, into<void>(result));
  EXPECT_EQ(result->error().code, Errc::kBucketAlreadyExists);
  objects_->create_bucket({.name = "bucket", .scope = {.region = "eu-west-1"}}, into<void>(result));
  EXPECT_EQ(result->error().code, Errc::kBucketAlreadyOwnedByYou);
  ASSERT_TRUE(put("a", text(1000)));
  objects_->delete_bucket("bucket", into<void>(result));
  EXPECT_EQ(result->error().code, Errc::kBucketNotEmpty);
  remove("a");
  std::optional<Result<std::string>> id;
  objects_->create_upload({.bucket = "bucket", .key = "u"}, into<std::string>(id));
  settle();
  std::optional<Result<Part>> part;
  objects_->put_part({"bucket", "u", **id}, 1, blob(text(1000)), into<Part>(part));
  settle();
  ASSERT_TRUE(part && *part);
  objects_->delete_bucket("bucket", into<void>(result));
  settle();
  EXPECT_TRUE(*result);
  EXPECT_EQ(files(), 0U);  // uploads go with their bucket
  EXPECT_EQ(objects_->open_object("bucket", "a").error().code, Errc::kNoSuchBucket);
}

class Multipart : public Engine {
 protected:
  Multipart() { make_bucket("bucket"); }
  UploadName begin(UploadRecord record = {}) {
    std::optional<Result<std::string>> id;
    objects_->create_upload({.bucket = "bucket", .key = "k", .record = record}, into<std::string>(id));
    settle();
    return {.bucket = "bucket", .key = "k", .id = **id};
  }
  Part part(const UploadName& upload, std::uint32_t number, std::string_view bytes,
            Algorithm algorithm = Algorithm::kCrc64nvme) {
    std::optional<Result<Part>> out;
    objects_->put_part(upload, number, blob(bytes, {.algorithm = algorithm}), into<Part>(out));
    settle();
    return **std::move(out);
  }
  Result<Object> complete(const UploadName& upload, std::vector<PartToComplete> parts) {
    std::optional<Result<Object>> out;
    objects_->complete({.upload = upload, .parts = std::move(parts)}, into<Object>(out));
    settle();
    return *std::move(out);
  }
};

TEST_F(Multipart, PartsBecomeTheObjectWithoutBeingCopied) {
  const auto upload = begin();
  const auto a = part(upload, 1, text(300, 'a')), b = part(upload, 7, text(50, 'b'));
  part(upload, 9, text(400, 'z'));  // not named at the end: dropped
  const auto object = complete(upload, {{1, a.etag, {}}, {7, b.etag, {}}});
  ASSERT_TRUE(object);
  EXPECT_EQ(object->etag, to_hex(md5(md5(text(300, 'a')) + md5(text(50, 'b')))) + "-2");
  Checksummer whole(Algorithm::kCrc64nvme);
  whole.update(text(300, 'a') + text(50, 'b'));
  EXPECT_EQ(object->checksum, whole.finish());
  EXPECT_EQ(read("k"), text(300, 'a') + text(50, 'b'));
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(objects_->find_upload(upload).error().code, Errc::kNoSuchUpload);
  open(engine_->crash(0));
  EXPECT_EQ(read("k"), text(300, 'a') + text(50, 'b'));
  remove("k");
  EXPECT_EQ(files(), 0U);
}

TEST_F(Multipart, ACompositeChecksumIsOfThePartsChecksums) {
  const auto upload = begin({.algorithm = Algorithm::kSha256, .composite = true});
  const auto a = part(upload, 1, text(300, 'a'), Algorithm::kSha256), b = part(upload, 2, "b", Algorithm::kSha256);
  const auto object = complete(upload, {{1, a.etag, {{Algorithm::kSha256, a.checksum.value}}}, {2, b.etag, {}}});
  ASSERT_TRUE(object);
  EXPECT_EQ(object->checksum->text(), to_base64(sha256(sha256(text(300, 'a')) + sha256("b"))) + "-2");
}

TEST_F(Multipart, WrongListsOfPartsAreRefusedAndChangeNothing) {
  const auto upload = begin();
  const auto a = part(upload, 1, text(100, 'a')), b = part(upload, 2, text(300, 'b'));
  EXPECT_EQ(complete(upload, {{2, b.etag, {}}, {1, a.etag, {}}}).error().code, Errc::kInvalidPartOrder);
  EXPECT_EQ(complete(upload, {{3, b.etag, {}}}).error().code, Errc::kInvalidPart);
  EXPECT_EQ(complete(upload, {{1, b.etag, {}}}).error().code, Errc::kInvalidPart);
  EXPECT_EQ(complete(upload, {{1, a.etag, {}}, {2, b.etag, {}}}).error().code, Errc::kEntityTooSmall);
  EXPECT_TRUE(complete(upload, {{2, b.etag, {}}}));
}

TEST_F(Multipart, AnAbortedUploadLeavesNothing) {
  const auto upload = begin();
  part(upload, 1, text(300));
  part(upload, 1, text(400));  // again: the first goes
  EXPECT_EQ(files(), 1U);
  std::optional<Status> done;
  objects_->abort(upload, into<void>(done));
  settle();
  EXPECT_TRUE(*done);
  EXPECT_EQ(files(), 0U);
  objects_->abort(upload, into<void>(done));
  EXPECT_EQ(done->error().code, Errc::kNoSuchUpload);
}

TEST_F(Engine, CopiesStandByThemselves) {
  make_bucket("bucket");
  for (const auto* size : {"small", "large"}) {
    const auto bytes = std::string_view(size) == "small" ? text(10) : text(1000);
    ASSERT_TRUE(put("from", bytes));
    std::optional<Result<Object>> copied;
    objects_->copy(*objects_->open_object("bucket", "from"), {.bucket = "bucket", .key = "to"}, into<Object>(copied));
    settle();
    ASSERT_TRUE(copied && *copied);
    remove("from");
    EXPECT_EQ(read("to"), bytes);
    // Onto itself, with other attributes.
    objects_->copy(*objects_->open_object("bucket", "to"), {.bucket = "bucket", .key = "to"}, into<Object>(copied));
    settle();
    EXPECT_EQ(read("to"), bytes);
    remove("to");
    settle();
    EXPECT_EQ(files(), 0U);
  }
}

TEST_F(Engine, ListsGroupByDelimiterAndGoOnWhereTheyEnded) {
  make_bucket("bucket");
  for (const auto* key : {"a", "b/1", "b/2", "b0", "c/1", "c/d/2", "e"}) ASSERT_TRUE(put(key, "x"));
  const auto names = [&](ListQuery query) {
    query.bucket = "bucket";
    std::string out;
    const auto listed = objects_->list(query);
    for (const auto& entry : listed->entries) out += entry.key + (entry.is_prefix ? "* " : " ");
    return out + (listed->truncated ? "..." : "");
  };
  EXPECT_EQ(names({}), "a b/1 b/2 b0 c/1 c/d/2 e ");
  EXPECT_EQ(names({.delimiter = "/"}), "a b/* b0 c/* e ");
  EXPECT_EQ(names({.prefix = "c/", .delimiter = "/"}), "c/1 c/d/* ");
  EXPECT_EQ(names({.delimiter = "/", .max = 2}), "a b/* ...");
  EXPECT_EQ(names({.delimiter = "/", .after = "b/", .max = 2}), "b0 c/* ...");
  EXPECT_EQ(names({.delimiter = "/", .after = "c/"}), "e ");
  EXPECT_EQ(names({.after = "b/", .max = 2}), "b/1 b/2 ...");
  EXPECT_EQ(names({.after = "e"}), "");
  EXPECT_EQ(names({.max = 7}), "a b/1 b/2 b0 c/1 c/d/2 e ");
  EXPECT_EQ(names({.max = 0}), "");
}

TEST_F(Engine, AFullDiskIsToldAndLeavesNothing) {
  make_bucket("bucket");
  files_.fail_writes = tidemill::Error{tidemill::Errc::kResourceExhausted, "no space left"};
  std::optional<Result<Blob>> out;
  {
    auto upload = objects_->upload();
    upload->take(text(1000));
    upload->finish(into<Blob>(out));
    settle();
  }
  ASSERT_TRUE(out);
  EXPECT_EQ(out->error().code, Errc::kFull);
  settle();
  EXPECT_EQ(files(), 0U);
}

TEST_F(Engine, ABodyOfMoreThanTheLimitIsRefused) {
  std::optional<Result<Blob>> out;
  auto upload = objects_->upload({.bytes_max = 10});
  upload->take(text(11));
  upload->finish(into<Blob>(out));
  settle();
  EXPECT_EQ(out->error().code, Errc::kEntityTooLarge);
}

TEST(Records, HaveTheirBytes) {
  const Object object{.attributes = {.content_type = "t", .headers = {{"h", "v"}}, .user = {{"u", "w"}}},
                      .etag = "e",
                      .size = 300,
                      .modified_ms = 5,
                      .checksum = Checksum{Algorithm::kCrc32, "1234", 2},
                      .parts = 2,
                      .pieces = {{.file = false, .id = "id", .size = 300}}};
  const std::string bytes = object.encode();
  EXPECT_EQ(to_hex(bytes),
            "010165ac0205017401016801760101750177085354414e444152440641455332353600020431323334"
            "02020169026964ac02")
      << "a form on disk must not change without a new format number";
  EXPECT_EQ(Object::decode(bytes), object);
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(Object::decode(std::string_view(bytes).substr(0, n)));
  EXPECT_FALSE(Object::decode(bytes + "x"));
  const UploadRecord upload{.initiated_ms = 9, .algorithm = Algorithm::kSha1, .composite = true};
  EXPECT_EQ(UploadRecord::decode(upload.encode()), upload);
  const Part part{.etag = "e", .modified_ms = 1, .checksum = {Algorithm::kCrc32c, "abcd"}, .piece = {true, "sha", 4}};
  EXPECT_EQ(Part::decode(part.encode()), part);
}

TEST(Names, OfBuckets) {
  for (const auto* name : {"abc", "a.b-c", "cdk-hnb659fds-assets-000000000000-us-east-1", "1a2"})
    EXPECT_TRUE(is_bucket_name(name)) << name;
  for (const auto* name : {"ab", "Abc", "a_b", "-abc", "abc-", "a..b", "a.-b", "192.168.1.1", "xn--a", "a-s3alias"})
    EXPECT_FALSE(is_bucket_name(name)) << name;
  EXPECT_FALSE(is_bucket_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace tidemill::objects
