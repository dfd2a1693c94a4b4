#include "functions/functions.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/bytes.h"
#include "base/digest.h"
#include "functions/log_store.h"
#include "runtime/sim/sim_files.h"
#include "runtime/sim/sim_loop.h"
#include "runtime/sim/sim_processes.h"
#include "storage/sim/memory_store.h"
#include "storage/store.h"

namespace tidemill::functions {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

std::string make_zip(const std::vector<std::pair<std::string, std::string>>& files, int mode = 0644) {
  std::string out(64 << 10, '\0');
  for (const auto& [name, text] : files) out.resize(out.size() + text.size() + name.size() * 2 + 256);
  std::size_t used = 0;
  auto* writer = archive_write_new();
  archive_write_set_format_zip(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  for (const auto& [name, text] : files) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, static_cast<__LA_MODE_T>(mode));
    archive_write_header(writer, entry);
    archive_write_data(writer, text.data(), text.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

// A runtime that answers the Runtime API as a test scripts it.
struct FakeRuntime {
  RuntimeSession* session = nullptr;
  std::shared_ptr<runtime::SimProcesses::Child> child;
  std::vector<RuntimeEvent> events;
  std::vector<RuntimeError> errors;
  std::function<void(FakeRuntime&)> on_event;

  void next() {
    session->next(Reply<RuntimeEvent, RuntimeError>([this](tidemill::Result<RuntimeEvent, RuntimeError> event) {
      if (!event) return errors.push_back(event.error());
      events.push_back(*std::move(event));
      if (on_event) on_event(*this);
    }));
  }
  void respond(std::string body) {
    const auto id = events.back().request_id;
    auto result = session->response(id, std::move(body));
    EXPECT_TRUE(result) << result.error().message;
    next();
  }
};

class FakeEndpoints final : public RuntimeEndpoints {
 public:
  struct Endpoint final : RuntimeEndpoint {
    std::string text;
    std::string address() const override { return text; }
  };
  tidemill::Result<std::unique_ptr<RuntimeEndpoint>> open(RuntimeSession& session) override {
    auto endpoint = std::make_unique<Endpoint>();
    endpoint->text = "127.0.0.1:" + std::to_string(++last);
    sessions[endpoint->text] = &session;
    return endpoint;
  }
  int last = 9000;
  std::map<std::string, RuntimeSession*> sessions;
};

class FakeCredentials final : public CredentialSource {
 public:
  Credentials issue(const CredentialRequest& request) override {
    issued.push_back(request);
    return {"ASIA" + std::to_string(issued.size()), "secret", "token"};
  }
  void revoke(const std::string& id) override { revoked.push_back(id); }
  std::vector<CredentialRequest> issued;
  std::vector<std::string> revoked;
};

class FakeSink final : public InvocationSink {
 public:
  void send(const Scope&, const std::string& target, std::string record, bool dead_letter, Reply<bool> reply) override {
    if (failure) return std::move(reply)(std::unexpected(*failure));
    sent.push_back({target, std::move(record), dead_letter});
    std::move(reply)(true);
  }
  struct Sent {
    std::string target, record;
    bool dead_letter;
  };
  std::vector<Sent> sent;
  std::optional<tidemill::Error> failure;  // what every send answers while set
};

class FunctionsTest : public testing::Test {
 protected:
  FunctionsTest() {
    settings.directory = "/data/functions";
    settings.endpoint_url = "http://127.0.0.1:4566";
    settings.spares_per_runtime = 0;
    settings.freeze_after = 20ms;
    processes.on_spawn = [this](const std::shared_ptr<runtime::SimProcesses::Child>& child) { spawned(child); };
    start();
  }

  void start() {
    logs = std::make_unique<LogStore>(store, loop, LogStore::Settings{});
    EXPECT_TRUE(logs->open());
    engine = std::make_unique<Functions>(Functions::Services{loop, offload, files, processes, random, store, endpoints,
                                                             credentials, nullptr, &sink, *logs, log, metrics},
                                         settings);
    const auto opened = engine->open();
    EXPECT_TRUE(opened) << opened.error().message;
    pump();
  }
  void restart() {
    engine.reset();
    logs.reset();
    runtimes.clear();
    start();
  }

  // The interpreters' probes exit; a function's process becomes a runtime that asks for work.
  void spawned(const std::shared_ptr<runtime::SimProcesses::Child>& child) {
    const auto api = child->variable("AWS_LAMBDA_RUNTIME_API");
    if (api.empty()) {
      if (child->variable("TIDEMILL_SPARE").empty()) {
        child->print(child->options.command[0] == settings.node ? "20.1.0 /usr/bin/node\n"
                                                                : "3.12.1 /usr/bin/python3\n");
        child->exit({});
      }
      return;
    }
    auto runtime = std::make_unique<FakeRuntime>();
    runtime->session = endpoints.sessions.at(api);
    runtime->child = child;
    runtimes.push_back(std::move(runtime));
    if (on_runtime)
      on_runtime(*runtimes.back());
    else
      runtimes.back()->next();
  }

  // Posted work and durability, without moving the clock.
  void pump() {
    while (loop.run_ready() || store.sync_once()) {
    }
  }
  void run_for(runtime::Duration duration) {
    pump();
    const auto end = loop.clock().now() + duration;
    while (loop.clock().now() < end) {
      loop.run_for(std::min<runtime::Duration>(
          duration, 5ms > duration ? duration : std::max<runtime::Duration>(duration / 50, 1ms)));
      pump();
    }
  }

  Result<Function> create(const std::string& name = "fn", std::function<void(CreateRequest&)> change = nullptr) {
    CreateRequest request;
    request.name = name;
    request.configuration.role = "arn:aws:iam::000000000000:role/r";
    request.configuration.runtime = "nodejs20.x";
    request.configuration.handler = "index.handler";
    request.code.zip = make_zip({{"index.js", "exports.handler = 1"}});
    if (change) change(request);
    std::optional<Result<Function>> got;
    engine->create(std::move(request),
                   Reply<Function, Error>([&](Result<Function> function) { got = std::move(function); }));
    pump();
    if (!got) return fail(Errc::kInternal, "no answer");
    return *got;
  }

  struct Answer {
    std::optional<Result<InvokeResult>> result;
    const InvokeResult& value() const { return **result; }
  };
  std::shared_ptr<Answer> invoke(InvokeRequest request) {
    auto answer = std::make_shared<Answer>();
    if (request.function.empty()) request.function = "fn";
    engine->invoke(std::move(request), Reply<InvokeResult, Error>([answer](Result<InvokeResult> result) {
                     answer->result = std::move(result);
                   }));
    pump();
    return answer;
  }
  // A function whose failed events are not retried: their records go to a queue.
  void make_function_with_failure_destination() {
    ASSERT_TRUE(create());
    EventInvokeRequest request;
    request.name = "fn";
    request.retries_max = 0;
    request.on_failure = "arn:aws:sqs:us-east-1:000000000000:q";
    engine->put_event_invoke(request, Reply<Function, Error>([](Result<Function> function) { EXPECT_TRUE(function); }));
    pump();
  }
  void fail_event() {
    invoke({.payload = R"({"e":1})", .type = InvocationType::kEvent});
    auto& runtime = *runtimes.at(0);
    EXPECT_TRUE(runtime.session->error(runtime.events.at(0).request_id, R"({"errorType":"E"})", ""));
    pump();
  }
  std::string log_text(const std::string& group = "/aws/lambda/fn") {
    const auto page = logs->filter({.scope = {}, .group = group});
    std::string text;
    if (page)
      for (const auto& event : page->events) text += event.message;
    return text;
  }

  runtime::SimLoop loop;
  runtime::SimOffload offload;
  runtime::SimFiles files;
  runtime::SimProcesses processes{loop};
  runtime::SimRandom random{7};
  storage::Store store{std::make_unique<storage::MemoryEngine>(), {.sync_thread = false}};
  FakeEndpoints endpoints;
  FakeCredentials credentials;
  FakeSink sink;
  observe::Log log{loop.clock(), observe::Level::kWarn, observe::Log::Format::kText, [](auto, auto) {}};
  observe::Metrics metrics;
  Settings settings;
  std::function<void(FakeRuntime&)> on_runtime;
  std::vector<std::unique_ptr<FakeRuntime>> runtimes;
  std::unique_ptr<LogStore> logs;
  std::unique_ptr<Functions> engine;
};

// ---- registry
// -----------------------------------------------------------------------------------------------------------------

TEST_F(FunctionsTest, FA_01_FA_02_ANewFunctionIsPendingAndThenActive) {
  settings.activation_delay = 1s;
  restart();
  const auto created = create();
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(created->state, State::kPending);
  EXPECT_EQ(created->configuration.timeout_s, 3);
  EXPECT_EQ(created->configuration.memory_mb, 128);
  run_for(1100ms);
  const auto active = engine->get({}, "fn");
  ASSERT_TRUE(active);
  EXPECT_EQ(active->state, State::kActive);
  EXPECT_EQ(active->update, UpdateStatus::kSuccessful);
  EXPECT_NE(active->revision_id, created->revision_id);
}

TEST_F(FunctionsTest, FA_06_ASecondFunctionOfTheSameNameIsAConflict) {
  ASSERT_TRUE(create());
  const auto second = create();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::kConflict);
  EXPECT_EQ(second.error().message, "Function already exist: fn");
}

TEST_F(FunctionsTest, FA_07_BadArchivesAreNamedInTheServicesWords) {
  const auto bad = create("fn", [](CreateRequest& request) { request.code.zip = "abc"; });
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "Could not unzip uploaded file. Please check your file, then try to upload again.");
  EXPECT_FALSE(create("fn", [](CreateRequest& request) { request.code.zip = make_zip({{"../evil", "x"}}); }));
  EXPECT_FALSE(create("fn", [](CreateRequest& request) { request.code.zip = make_zip({{"/etc/evil", "x"}}); }));
  EXPECT_FALSE(create("fn", [](CreateRequest& request) { request.code.zip = make_zip({{"a/../../evil", "x"}}); }));
  EXPECT_TRUE(create("fn", [](CreateRequest& request) { request.code.zip = make_zip({{"a/../fine", "x"}}); }));
}

TEST_F(FunctionsTest, FA_08_UnzippedSizeIsBounded) {
  settings.unzipped_max = 1000;
  restart();
  const auto large = create("fn", [](CreateRequest& request) {
    request.code.zip = make_zip({{"a", std::string(600, 'x')}, {"b", std::string(600, 'y')}});
  });
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().message, "Unzipped size must be smaller than 1000 bytes");
}

TEST_F(FunctionsTest, FA_04_ABucketWithoutAnObjectStoreIsRefusedInItsWords) {
  const auto got = create("fn", [](CreateRequest& request) {
    request.code.zip.reset();
    request.code.bucket = "b";
    request.code.key = "k";
  });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message,
            "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does "
            "not exist");
}

struct Refused {
  std::string_view test;
  void (*change)(ConfigurationChange&);
  Errc code;
  std::string_view text;
};
const Refused kRefused[] = {
    {"FA_10_Role", [](ConfigurationChange& c) { c.role = "r1"; }, Errc::kValidation,
     R"(1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+)"},
    {"FA_11_UnknownRuntime", [](ConfigurationChange& c) { c.runtime = "PYTHON3.9"; }, Errc::kInvalidParameter,
     "Value PYTHON3.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ["},
    {"FA_11_WithdrawnElsewhere", [](ConfigurationChange& c) { c.runtime = "go1.x"; }, Errc::kInvalidParameter,
     "The runtime parameter of go1.x is no longer supported for creating or updating AWS Lambda functions."},
    {"FA_12_TwoArchitectures", [](ConfigurationChange& c) { c.architectures = {"x86_64", "arm64"}; }, Errc::kValidation,
     "1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member "
     "must have length less than or equal to 1"},
    {"FA_12_LargeEnvironment", [](ConfigurationChange& c) { c.environment.emplace()["AB"] = std::string(5000, 'x'); },
     Errc::kInvalidParameter,
     "Lambda was unable to configure your environment variables because the environment variables you have provided "
     "exceeded the 4KB limit. String measured: {\"AB\":\"xx"},
    {"FA_13_ReservedKey", [](ConfigurationChange& c) { c.environment.emplace()["AWS_REGION"] = "x"; },
     Errc::kInvalidParameter,
     "Lambda was unable to configure your environment variables because the environment variables you have provided "
     "contains reserved keys"},
    {"FA_15_SixLayers", [](ConfigurationChange& c) { c.layers = std::vector<std::string>(6, "arn"); },
     Errc::kInvalidParameter, "Cannot reference more than 5 layers."},
    {"Timeout", [](ConfigurationChange& c) { c.timeout_s = 901; }, Errc::kValidation,
     "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less "
     "than or equal to 900"},
    {"Memory", [](ConfigurationChange& c) { c.memory_mb = 64; }, Errc::kValidation,
     "1 validation error detected: Value '64' at 'memorySize' failed to satisfy constraint: Member must have value "
     "greater than or equal to 128"},
};
class RefusedConfigurations : public FunctionsTest, public testing::WithParamInterface<Refused> {};
TEST_P(RefusedConfigurations, AreRefusedInTheServicesWords) {
  const auto got = create("fn", [](CreateRequest& request) { GetParam().change(request.configuration); });
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, GetParam().code);
  EXPECT_THAT(got.error().message, StartsWith(std::string(GetParam().text)));
}
INSTANTIATE_TEST_SUITE_P(Table, RefusedConfigurations, testing::ValuesIn(kRefused),
                         [](const auto& info) { return std::string(info.param.test); });

TEST_F(FunctionsTest, WithdrawnRuntimesRunUnlessTheServerIsStrict) {
  EXPECT_TRUE(create("a", [](CreateRequest& request) { request.configuration.runtime = "nodejs14.x"; }));
  settings.strict_runtimes = true;
  restart();
  const auto strict = create("b", [](CreateRequest& request) { request.configuration.runtime = "nodejs14.x"; });
  ASSERT_FALSE(strict);
  EXPECT_THAT(strict.error().message, StartsWith("The runtime parameter of nodejs14.x is no longer supported"));
}

TEST_F(FunctionsTest, FA_16_FA_17_ArchivesComeBackByTheirLink) {
  const auto zip = make_zip({{"index.js", "1"}});
  const auto created = create("fn", [&](CreateRequest& request) { request.code.zip = zip; });
  ASSERT_TRUE(created);
  EXPECT_EQ(created->code_sha256, sha256(zip));
  EXPECT_EQ(created->code_size, zip.size());
  const auto link = engine->code_location(*created);
  ASSERT_THAT(link, StartsWith("http://127.0.0.1:4566/_tidemill/functions/code/"));
  const auto fetch = [&](const std::string& path) {
    std::optional<Result<std::string>> got;
    engine->download(path, Reply<std::string, Error>([&](Result<std::string> bytes) { got = std::move(bytes); }));
    pump();
    return *got;
  };
  const auto path = link.substr(std::string("http://127.0.0.1:4566").size());
  EXPECT_EQ(fetch(path).value_or(""), zip);
  auto forged = path;
  forged.back() = forged.back() == '0' ? '1' : '0';
  EXPECT_FALSE(fetch(forged));
  run_for(11min);
  EXPECT_FALSE(fetch(path));
}

TEST_F(FunctionsTest, FA_20_UnknownFunctionsAreNotFoundWithTheirArn) {
  EXPECT_EQ(engine->get({}, "nope").error().message,
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nope");
  EXPECT_EQ(engine->get({}, "nope", "7").error().message,
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nope:7");
}

TEST_F(FunctionsTest, FA_24_FA_25_FA_26_UpdatesExcludeEachOtherAndCheckRevisions) {
  settings.activation_delay = 1s;
  restart();
  ASSERT_TRUE(create());
  run_for(1100ms);
  const auto before = engine->get({}, "fn")->revision_id;
  const auto update = [&](const std::string& revision) {
    UpdateConfigurationRequest request;
    request.name = "fn";
    request.revision_id = revision;
    request.change.memory_mb = 256;
    std::optional<Result<Function>> got;
    engine->update_configuration(std::move(request),
                                 Reply<Function, Error>([&](Result<Function> function) { got = std::move(function); }));
    pump();
    return *got;
  };
  EXPECT_EQ(update("wrong").error().code, Errc::kPreconditionFailed);
  const auto updated = update(before);
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->update, UpdateStatus::kInProgress);
  EXPECT_EQ(updated->state, State::kActive);
  EXPECT_NE(updated->revision_id, before);
  const auto second = update("");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::kConflict);
  EXPECT_EQ(second.error().message,
            "The operation cannot be performed at this time. An update is in progress for resource: "
            "arn:aws:lambda:us-east-1:000000000000:function:fn");
  run_for(1100ms);
  const auto settled = engine->get({}, "fn");
  EXPECT_EQ(settled->update, UpdateStatus::kSuccessful);
  EXPECT_NE(settled->revision_id, updated->revision_id);
}

TEST_F(FunctionsTest, FR_59_FunctionsSurviveARestart) {
  ASSERT_TRUE(create("fn", [](CreateRequest& request) { request.tags = {{"k", "v"}}; }));
  restart();
  const auto back = engine->get({}, "fn");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->tags.at("k"), "v");
  EXPECT_EQ(back->state, State::kActive);
  const auto answer = invoke({});
  ASSERT_EQ(runtimes.size(), 1u);
  runtimes[0]->respond("7");
  ASSERT_TRUE(answer->result);
  EXPECT_EQ(answer->value().payload, "7");
}

TEST_F(FunctionsTest, AnArchiveGoesWhenNoFunctionRefersToItAnyMore) {
  const auto created = create();
  ASSERT_TRUE(create("other"));
  const auto path = "/data/functions/archives/" + to_hex(created->code_sha256) + ".zip";
  const auto remove = [&](const std::string& name) {
    engine->remove({}, name, "", Reply<bool, Error>([](Result<bool> ok) { EXPECT_TRUE(ok); }));
    pump();
  };
  remove("fn");
  EXPECT_TRUE(files.exists(path));
  remove("other");
  EXPECT_FALSE(files.exists(path));
  EXPECT_FALSE(engine->get({}, "fn"));
}

// ---- invocation
// -----------------------------------------------------------------------------------------------------------------

TEST_F(FunctionsTest, FR_01_FR_04_FR_18_AnEnvironmentIsReusedAndEventsSayWhatTheyMust) {
  ASSERT_TRUE(create());
  const auto first = invoke({.payload = R"({"a":1})", .client_context = R"({"c":1})"});
  ASSERT_EQ(runtimes.size(), 1u);
  auto& runtime = *runtimes[0];
  ASSERT_EQ(runtime.events.size(), 1u);
  const auto& event = runtime.events[0];
  EXPECT_EQ(event.payload, R"({"a":1})");
  EXPECT_EQ(event.client_context, R"({"c":1})");
  EXPECT_EQ(event.invoked_arn, "arn:aws:lambda:us-east-1:000000000000:function:fn");
  EXPECT_EQ(event.deadline_ms, epoch_ms(loop.clock().wall()) + 3000);
  EXPECT_THAT(event.trace_id, testing::MatchesRegex("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0"));
  EXPECT_FALSE(first->result);
  runtime.respond("\"ok\"");
  ASSERT_TRUE(first->result);
  EXPECT_EQ(first->value().payload, "\"ok\"");
  EXPECT_EQ(first->value().executed_version, "$LATEST");
  EXPECT_EQ(first->value().request_id, event.request_id);
  EXPECT_FALSE(first->value().function_error);
  const auto second = invoke({.qualifier = "$LATEST"});
  EXPECT_EQ(runtimes.size(), 1u);
  ASSERT_EQ(runtime.events.size(), 2u);
  EXPECT_EQ(runtime.events[1].payload, "{}");
  EXPECT_EQ(runtime.events[1].invoked_arn, "arn:aws:lambda:us-east-1:000000000000:function:fn:$LATEST");
  runtime.respond("1");
  EXPECT_TRUE(second->result);
  EXPECT_EQ(credentials.issued.size(), 1u);
}

TEST_F(FunctionsTest, FR_19_ParallelInvocationsHaveTheirOwnEnvironments) {
  ASSERT_TRUE(create());
  const auto a = invoke({});
  const auto b = invoke({});
  ASSERT_EQ(runtimes.size(), 2u);
  EXPECT_NE(runtimes[0]->events.at(0).request_id, runtimes[1]->events.at(0).request_id);
  runtimes[0]->respond("1");
  runtimes[1]->respond("2");
  EXPECT_TRUE(a->result && b->result);
}

TEST_F(FunctionsTest, MoreInvocationsThanEnvironmentsWaitForOne) {
  settings.environments_per_function = 2;
  restart();
  ASSERT_TRUE(create());
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(invoke({}));
  ASSERT_EQ(runtimes.size(), 2u);
  for (int i = 0; i < 5; ++i) {
    auto& runtime = *runtimes[static_cast<std::size_t>(i % 2)];
    if (!runtime.events.empty()) runtime.respond("1");
    pump();
  }
  EXPECT_TRUE(std::ranges::all_of(answers, [](const auto& answer) { return answer->result.has_value(); }));
  EXPECT_EQ(runtimes.size(), 2u);
  EXPECT_EQ(engine->in_flight(), 0u);
}

TEST_F(FunctionsTest, FR_06_TheRuntimeApiRefusesWhatItsStateDoesNotAllow) {
  ASSERT_TRUE(create());
  const auto answer = invoke({});
  auto& runtime = *runtimes.at(0);
  runtime.next();
  ASSERT_EQ(runtime.errors.size(), 1u);
  EXPECT_EQ(runtime.errors[0].code, RuntimeErrc::kInvalidStateTransition);
  EXPECT_EQ(runtime.errors[0].message,
            "State transition from Running to Ready failed for runtime. Error: State transition is not allowed");
  const auto wrong = runtime.session->response("nope", "1");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, RuntimeErrc::kInvalidRequestId);
  runtime.respond("1");
  const auto twice = runtime.session->response(runtime.events[0].request_id, "1");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, RuntimeErrc::kInvalidRequestId);
}

TEST_F(FunctionsTest, FA_42_FR_05_AHandlersErrorComesUnchanged) {
  ASSERT_TRUE(create());
  const auto answer = invoke({});
  auto& runtime = *runtimes.at(0);
  EXPECT_TRUE(runtime.session->error(runtime.events[0].request_id, R"({ "odd" : 1 })", "Function.Odd"));
  ASSERT_TRUE(answer->result);
  EXPECT_EQ(answer->value().function_error, "Unhandled");
  EXPECT_EQ(answer->value().payload, R"({ "odd" : 1 })");
  EXPECT_EQ(answer->value().status, 200);
}

TEST_F(FunctionsTest, FA_43_FR_08_ALargeResponseIsAnErrorAndTheEnvironmentLives) {
  ASSERT_TRUE(create());
  const auto answer = invoke({});
  auto& runtime = *runtimes.at(0);
  const auto refused = runtime.session->response(runtime.events[0].request_id, std::string(6'291'557, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "Exceeded maximum allowed payload size (6291556 bytes).");
  ASSERT_TRUE(answer->result);
  EXPECT_EQ(
      answer->value().payload,
      R"({"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"})");
  runtime.next();
  const auto again = invoke({});
  ASSERT_EQ(runtime.events.size(), 2u);
  runtime.respond(std::string(6'291'556, ' '));
  EXPECT_FALSE(again->value().function_error);
}

TEST_F(FunctionsTest, FA_38_FA_40_FA_44_RequestsAreCheckedBeforeTheyRun) {
  ASSERT_TRUE(create());
  EXPECT_EQ(invoke({.type = InvocationType::kDryRun})->value().status, 204);
  const auto bad = invoke({.payload = "\x99"});
  EXPECT_EQ(bad->result->error().code, Errc::kInvalidRequestContent);
  EXPECT_THAT(bad->result->error().message,
              StartsWith("Could not parse request body into json: Could not parse payload into json: "));
  const auto large = invoke({.payload = '"' + std::string(6'291'456, 'x') + '"'});
  EXPECT_EQ(large->result->error().code, Errc::kRequestTooLarge);
  EXPECT_EQ(large->result->error().message,
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation");
  EXPECT_EQ(invoke({.payload = '"' + std::string(1'048'575, 'x') + '"', .type = InvocationType::kEvent})
                ->result->error()
                .code,
            Errc::kRequestTooLarge);
  EXPECT_EQ(invoke({.qualifier = "7"})->result->error().code, Errc::kNotFound);
  EXPECT_TRUE(runtimes.empty());
}

TEST_F(FunctionsTest, FR_21_FR_22_FR_23_ATimeoutAnswersAndTakesTheEnvironment) {
  ASSERT_TRUE(create("fn", [](CreateRequest& request) { request.configuration.timeout_s = 1; }));
  const auto answer = invoke({.tail_log = true});
  const auto id = runtimes.at(0)->events.at(0).request_id;
  run_for(999ms);
  EXPECT_FALSE(answer->result);
  run_for(2ms);
  ASSERT_TRUE(answer->result);
  EXPECT_EQ(answer->value().payload, R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: )" + id +
                                         R"( Error: Task timed out after 1.00 seconds"})");
  EXPECT_EQ(answer->value().function_error, "Unhandled");
  EXPECT_TRUE(runtimes[0]->child->handle_dropped);
  EXPECT_THAT(answer->value().log_tail, HasSubstr(id + " Task timed out after 1.00 seconds\n\n"));
  EXPECT_THAT(answer->value().log_tail, HasSubstr("\tStatus: timeout\n"));
  const auto next = invoke({});
  ASSERT_EQ(runtimes.size(), 2u);
  EXPECT_NE(runtimes[1]->child->options.private_tmp, runtimes[0]->child->options.private_tmp);
  EXPECT_EQ(credentials.revoked.size(), 1u);
}

struct Exit {
  std::string_view test;
  runtime::ExitStatus status;
  std::string_view reason;
};
constexpr Exit kExits[] = {
    {"Zero", {.code = 0, .signal = 0}, "Runtime exited without providing a reason"},
    {"Status", {.code = 127, .signal = 0}, "Runtime exited with error: exit status 127"},
    {"Signal", {.code = 0, .signal = 9}, "Runtime exited with error: signal: killed"},
};
class Exits : public FunctionsTest, public testing::WithParamInterface<Exit> {};
TEST_P(Exits, FR_24_FR_25_AnExitDuringAnInvocationIsItsAnswer) {
  ASSERT_TRUE(create());
  const auto answer = invoke({});
  const auto id = runtimes.at(0)->events.at(0).request_id;
  runtimes[0]->child->print("last words");
  runtimes[0]->child->exit(GetParam().status);
  pump();
  ASSERT_TRUE(answer->result);
  EXPECT_EQ(answer->value().payload, R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: )" + id +
                                         " Error: " + std::string(GetParam().reason) + "\"}");
  EXPECT_THAT(log_text(), HasSubstr("last words"));
  const auto next = invoke({});
  EXPECT_EQ(runtimes.size(), 2u);
}
INSTANTIATE_TEST_SUITE_P(Table, Exits, testing::ValuesIn(kExits),
                         [](const auto& info) { return std::string(info.param.test); });

TEST_F(FunctionsTest, FR_07_AnInitErrorIsTheAnswerOfTheFirstInvocationAndEachTriesAgain) {
  ASSERT_TRUE(create());
  on_runtime = [](FakeRuntime& runtime) {
    EXPECT_TRUE(
        runtime.session->init_error(R"({"errorType":"Runtime.ImportModuleError"})", "Runtime.ImportModuleError"));
  };
  for (std::size_t i = 1; i <= 2; ++i) {
    const auto answer = invoke({});
    ASSERT_TRUE(answer->result);
    EXPECT_EQ(answer->value().payload, R"({"errorType":"Runtime.ImportModuleError"})");
    EXPECT_EQ(answer->value().function_error, "Unhandled");
    EXPECT_EQ(runtimes.size(), i);
  }
  EXPECT_THAT(log_text(), HasSubstr("Phase: init\tStatus: error\tError Type: Runtime.ImportModuleError\n"));
}

TEST_F(FunctionsTest, FR_27_AnInitThatTakesTooLongIsTriedAgainInsideTheInvocation) {
  ASSERT_TRUE(create("fn", [](CreateRequest& request) { request.configuration.timeout_s = 20; }));
  on_runtime = [](FakeRuntime&) {};
  const auto answer = invoke({});
  ASSERT_EQ(runtimes.size(), 1u);
  run_for(10s + 10ms);
  ASSERT_EQ(runtimes.size(), 2u);
  EXPECT_TRUE(runtimes[0]->child->handle_dropped);
  run_for(12s);
  runtimes[1]->next();
  ASSERT_EQ(runtimes[1]->events.size(), 1u);
  runtimes[1]->respond("1");
  ASSERT_TRUE(answer->result);
  EXPECT_EQ(answer->value().payload, "1");
  EXPECT_THAT(log_text(), HasSubstr("Phase: init\tStatus: timeout\n"));
}

TEST_F(FunctionsTest, AnInitThatCrashesTwiceAnswersWithTheExit) {
  ASSERT_TRUE(create());
  on_runtime = [](FakeRuntime& runtime) { runtime.child->exit({.code = 1, .signal = 0}); };
  const auto answer = invoke({});
  ASSERT_TRUE(answer->result);
  EXPECT_EQ(runtimes.size(), 2u);
  EXPECT_THAT(answer->value().payload, HasSubstr("Runtime exited with error: exit status 1"));
  EXPECT_THAT(log_text(), HasSubstr("Phase: invoke\tStatus: error\tError Type: Runtime.ExitError\n"));
}

TEST_F(FunctionsTest, FR_26_TooMuchMemoryKillsTheEnvironment) {
  ASSERT_TRUE(create());
  const auto answer = invoke({.tail_log = true});
  const auto id = runtimes.at(0)->events.at(0).request_id;
  runtimes[0]->child->resident = 300ull << 20;
  run_for(200ms);
  ASSERT_TRUE(answer->result);
  EXPECT_EQ(answer->value().payload, R"({"errorType":"Runtime.OutOfMemory","errorMessage":"RequestId: )" + id +
                                         R"( Error: Runtime exited with error: signal: killed"})");
  EXPECT_THAT(answer->value().log_tail, HasSubstr("Max Memory Used: 128 MB\t"));
  EXPECT_THAT(answer->value().log_tail, HasSubstr("Status: error\tError Type: Runtime.OutOfMemory\n"));
}

TEST_F(FunctionsTest, FR_14_AnArchiveWithoutABootstrapIsAnInvalidEntrypoint) {
  ASSERT_TRUE(create("fn", [](CreateRequest& request) {
    request.configuration.runtime = "provided.al2023";
    request.code.zip = make_zip({{"main", "x"}}, 0755);
  }));
  const auto answer = invoke({});
  ASSERT_TRUE(answer->result);
  EXPECT_THAT(answer->value().payload,
              StartsWith(R"({"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: )" +
                         answer->value().request_id));
  ASSERT_TRUE(create("own", [](CreateRequest& request) {
    request.configuration.runtime = "provided.al2023";
    request.code.zip = make_zip({{"bootstrap", "x"}}, 0755);
  }));
  const auto own = invoke({.function = "own"});
  ASSERT_EQ(runtimes.size(), 1u);
  EXPECT_THAT(runtimes[0]->child->options.command, testing::ElementsAre(testing::EndsWith("/bootstrap")));
  EXPECT_EQ(runtimes[0]->child->variable("AWS_EXECUTION_ENV"), "");
}

TEST_F(FunctionsTest, FR_20_IdleEnvironmentsAreFrozenAndThawedByTheNextEvent) {
  ASSERT_TRUE(create());
  const auto first = invoke({});
  auto& runtime = *runtimes.at(0);
  runtime.respond("1");
  EXPECT_TRUE(runtime.child->signals.empty());
  run_for(30ms);
  EXPECT_THAT(runtime.child->signals, testing::ElementsAre(SIGSTOP));
  const auto second = invoke({});
  EXPECT_THAT(runtime.child->signals, testing::ElementsAre(SIGSTOP, SIGCONT));
  ASSERT_EQ(runtime.events.size(), 2u);
  runtime.respond("2");
  EXPECT_TRUE(second->result);
}

TEST_F(FunctionsTest, FR_58_EnvironmentsThatStayIdleAreStopped) {
  ASSERT_TRUE(create());
  const auto first = invoke({});
  auto& runtime = *runtimes.at(0);
  runtime.respond("1");
  run_for(9min);
  EXPECT_EQ(engine->environments().size(), 1u);
  run_for(2min);
  EXPECT_THAT(runtime.child->signals, testing::ElementsAre(SIGSTOP, SIGCONT, SIGTERM));
  EXPECT_TRUE(engine->environments().empty());
  const auto second = invoke({});
  EXPECT_EQ(runtimes.size(), 2u);
}

TEST_F(FunctionsTest, FA_23_AnUpdateRetiresEnvironmentsAndRunningInvocationsFinish) {
  ASSERT_TRUE(create());
  const auto old = invoke({});
  UpdateConfigurationRequest request;
  request.name = "fn";
  request.change.environment = std::map<std::string, std::string>{{"NEW", "1"}};
  engine->update_configuration(std::move(request),
                               Reply<Function, Error>([](Result<Function> function) { EXPECT_TRUE(function); }));
  pump();
  const auto fresh = invoke({});
  ASSERT_EQ(runtimes.size(), 2u);
  EXPECT_EQ(runtimes[1]->child->variable("NEW"), "1");
  EXPECT_EQ(runtimes[0]->child->variable("NEW"), "");
  runtimes[0]->respond("\"old\"");
  EXPECT_EQ(old->value().payload, "\"old\"");
  EXPECT_THAT(runtimes[0]->child->signals, testing::ElementsAre(SIGTERM));
  runtimes[1]->respond("\"new\"");
  EXPECT_EQ(fresh->value().payload, "\"new\"");
}

TEST_F(FunctionsTest, FA_47_FA_48_ReservedConcurrencyLimits) {
  ASSERT_TRUE(create());
  const auto put = [&](std::int64_t n) {
    std::optional<Result<Function>> got;
    engine->put_concurrency({}, "fn", n,
                            Reply<Function, Error>([&](Result<Function> function) { got = std::move(function); }));
    pump();
    return *got;
  };
  ASSERT_TRUE(put(0));
  const auto blocked = invoke({});
  ASSERT_FALSE(*blocked->result);
  EXPECT_EQ(blocked->result->error().code, Errc::kThrottled);
  EXPECT_EQ(blocked->result->error().reason, "ReservedFunctionConcurrentInvocationLimitExceeded");
  ASSERT_TRUE(put(1));
  const auto one = invoke({});
  const auto two = invoke({});
  EXPECT_FALSE(one->result);
  EXPECT_EQ(two->result->error().code, Errc::kThrottled);
  runtimes.at(0)->respond("1");
  EXPECT_FALSE(invoke({})->result);
  EXPECT_EQ(put(950).error().message,
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            "below its minimum value of [100].");
}

TEST_F(FunctionsTest, IdleEnvironmentsOfOtherFunctionsGiveWay) {
  settings.environments_total = 1;
  restart();
  ASSERT_TRUE(create("a"));
  ASSERT_TRUE(create("b"));
  const auto first = invoke({.function = "a"});
  const auto second = invoke({.function = "b"});
  ASSERT_EQ(runtimes.size(), 1u);
  runtimes[0]->respond("1");
  pump();
  ASSERT_EQ(runtimes.size(), 2u);
  runtimes[1]->respond("2");
  EXPECT_TRUE(second->result);
}

TEST_F(FunctionsTest, ColdStartsCanBeForced) {
  settings.force_cold_starts = true;
  restart();
  ASSERT_TRUE(create());
  for (std::size_t i = 1; i <= 3; ++i) {
    const auto answer = invoke({});
    ASSERT_EQ(runtimes.size(), i);
    runtimes.back()->respond("1");
    pump();
    EXPECT_TRUE(answer->result);
  }
}

TEST_F(FunctionsTest, ASpareBecomesTheNextEnvironment) {
  settings.spares_per_runtime = 1;
  restart();
  ASSERT_TRUE(create());
  const auto spare = processes.children.back();
  EXPECT_EQ(spare->variable("TIDEMILL_SPARE"), "1");
  const auto endpoint = spare->variable("AWS_LAMBDA_RUNTIME_API");
  EXPECT_TRUE(endpoints.sessions.contains(endpoint));  // it connects ahead
  const auto answer = invoke({});
  ASSERT_THAT(spare->stdin_bytes, HasSubstr("\"AWS_LAMBDA_FUNCTION_NAME\":\"fn\""));
  ASSERT_THAT(spare->stdin_bytes, HasSubstr("\"AWS_LAMBDA_RUNTIME_API\":\"" + endpoint + "\""));
  EXPECT_EQ(spare->stdin_bytes.back(), '\n');
  FakeRuntime runtime{.session = endpoints.sessions.rbegin()->second, .child = spare, .events = {}, .errors = {}};
  runtime.next();
  ASSERT_EQ(runtime.events.size(), 1u);
  EXPECT_TRUE(runtime.session->response(runtime.events[0].request_id, "1"));
  EXPECT_TRUE(answer->result);
  EXPECT_EQ(processes.children.back(), spare);  // nothing else starts beside it
  run_for(100ms);
  EXPECT_EQ(processes.children.back()->variable("TIDEMILL_SPARE"), "1");
  EXPECT_NE(processes.children.back(), spare);
  engine.reset();
}

TEST_F(FunctionsTest, DeletingAFunctionAnswersWhatWaitsAndLetsTheRunningOneFinish) {
  settings.environments_per_function = 1;
  restart();
  ASSERT_TRUE(create());
  const auto running = invoke({});
  const auto waiting = invoke({});
  engine->remove({}, "fn", "", Reply<bool, Error>([](Result<bool> ok) { EXPECT_TRUE(ok); }));
  pump();
  ASSERT_TRUE(waiting->result);
  EXPECT_EQ(waiting->result->error().code, Errc::kNotFound);
  runtimes[0]->respond("1");
  ASSERT_TRUE(running->result);
  EXPECT_TRUE(*running->result);
  pump();
  EXPECT_TRUE(engine->environments().empty());
}

TEST_F(FunctionsTest, StoppingWaitsForTheRunningInvocationAndThenForNobody) {
  ASSERT_TRUE(create());
  const auto running = invoke({});
  bool stopped = false;
  engine->stop(5s, [&] { stopped = true; });
  pump();
  EXPECT_FALSE(stopped);
  runtimes[0]->respond("1");
  pump();
  EXPECT_TRUE(running->result);
  EXPECT_TRUE(stopped);
}

// ---- asynchronous
// ------------------------------------------------------------------------------------------------------------------

TEST_F(FunctionsTest, FA_37_FA_54_EventsAreTriedThreeTimesWithOneId) {
  ASSERT_TRUE(create());
  std::vector<std::string> ids;
  std::vector<runtime::Duration> times;
  const auto begin = loop.clock().now();
  on_runtime = [&](FakeRuntime& runtime) {
    runtime.on_event = [&](FakeRuntime& with) {
      EXPECT_EQ(with.events.back().payload, R"({"e":1})");
      ids.push_back(with.events.back().request_id);
      times.push_back(loop.clock().now() - begin);
      loop.post([&with] {
        EXPECT_TRUE(with.session->error(with.events.back().request_id, "{}", ""));
        with.next();
      });
    };
    runtime.next();
  };
  const auto answer = invoke({.payload = R"({"e":1})", .type = InvocationType::kEvent});
  ASSERT_TRUE(answer->result);
  EXPECT_EQ(answer->value().status, 202);
  EXPECT_EQ(answer->value().executed_version, "");
  run_for(10min);
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_THAT(ids, testing::Each(answer->value().request_id));
  EXPECT_LT(times[0], 1s);
  EXPECT_TRUE(times[1] >= 60s && times[1] < 61s);
  EXPECT_TRUE(times[2] >= 180s && times[2] < 181s);
  EXPECT_EQ(engine->in_flight(), 0u);
}

TEST_F(FunctionsTest, FA_55_RetriesExhaustedGoToTheFailureDestination) {
  make_function_with_failure_destination();
  fail_event();
  ASSERT_EQ(sink.sent.size(), 1u);
  EXPECT_EQ(sink.sent[0].target, "arn:aws:sqs:us-east-1:000000000000:q");
  const auto record = json::Value::parse(sink.sent[0].record);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->find("requestContext")->string_or("condition"), "RetriesExhausted");
  EXPECT_EQ(record->find("requestContext")->integer_or("approximateInvokeCount", 0), 1);
  EXPECT_EQ(record->find("requestPayload")->integer_or("e", 0), 1);
  EXPECT_EQ(record->find("responseContext")->string_or("functionError"), "Unhandled");
  EXPECT_EQ(record->find("responsePayload")->string_or("errorType"), "E");
}

TEST_F(FunctionsTest, FA_57_OldEventsAreGivenUp) {
  ASSERT_TRUE(create());
  EventInvokeRequest request;
  request.name = "fn";
  request.event_age_s = 60;
  request.on_failure = "arn:aws:sqs:us-east-1:000000000000:q";
  engine->put_event_invoke(request, Reply<Function, Error>([](Result<Function> function) { EXPECT_TRUE(function); }));
  engine->put_concurrency({}, "fn", 0,
                          Reply<Function, Error>([](Result<Function> function) { EXPECT_TRUE(function); }));
  pump();
  const auto answer = invoke({.type = InvocationType::kEvent});
  EXPECT_EQ(answer->value().status, 202);
  run_for(10min);
  EXPECT_TRUE(runtimes.empty());
  ASSERT_EQ(sink.sent.size(), 1u);
  EXPECT_THAT(sink.sent[0].record, HasSubstr("EventAgeExceeded"));
}

TEST_F(FunctionsTest, ARecordWhoseDestinationFailsIsSentAgainAlsoAfterARestart) {
  make_function_with_failure_destination();
  sink.failure = tidemill::Error{tidemill::Errc::kUnavailable, "no such queue"};
  fail_event();
  EXPECT_EQ(engine->in_flight(), 1u);
  run_for(10s);
  EXPECT_TRUE(sink.sent.empty());
  restart();
  EXPECT_EQ(engine->in_flight(), 1u);
  sink.failure.reset();
  run_for(1min);
  ASSERT_EQ(sink.sent.size(), 1u);
  EXPECT_THAT(sink.sent[0].record, HasSubstr("RetriesExhausted"));
  EXPECT_EQ(engine->in_flight(), 0u);
  restart();
  run_for(1h);
  EXPECT_EQ(sink.sent.size(), 1u);
}

TEST_F(FunctionsTest, ARecordIsGivenUpWhenItIsAsOldAsAnEventMayBecome) {
  make_function_with_failure_destination();
  sink.failure = tidemill::Error{tidemill::Errc::kUnavailable, "no such queue"};
  fail_event();
  run_for(5h);
  EXPECT_EQ(engine->in_flight(), 1u);
  run_for(1h);
  EXPECT_EQ(engine->in_flight(), 0u);
  sink.failure.reset();
  run_for(1h);
  EXPECT_TRUE(sink.sent.empty());
}

TEST_F(FunctionsTest, ARecordForAKindOfDestinationThatIsNotOfferedIsGivenUpAtOnce) {
  make_function_with_failure_destination();
  sink.failure = tidemill::Error{tidemill::Errc::kUnsupported, "destinations of this kind are not offered"};
  fail_event();
  EXPECT_EQ(engine->in_flight(), 0u);
}

TEST_F(FunctionsTest, AcceptedEventsSurviveARestart) {
  ASSERT_TRUE(create());
  on_runtime = [](FakeRuntime&) {};
  const auto answer = invoke({.payload = "5", .type = InvocationType::kEvent});
  EXPECT_EQ(answer->value().status, 202);
  on_runtime = nullptr;
  restart();
  ASSERT_EQ(runtimes.size(), 1u);
  ASSERT_EQ(runtimes[0]->events.size(), 1u);
  EXPECT_EQ(runtimes[0]->events[0].payload, "5");
  EXPECT_EQ(runtimes[0]->events[0].request_id, answer->value().request_id);
  runtimes[0]->respond("1");
  pump();
  EXPECT_EQ(engine->in_flight(), 0u);
  restart();
  EXPECT_TRUE(runtimes.empty());
}

// ---- logs
// ----------------------------------------------------------------------------------------------------------------------------

TEST_F(FunctionsTest, FR_31_FR_32_FR_33_PlatformLinesAreExactAndLinesAreSplitAtLineEnds) {
  ASSERT_TRUE(create());
  const auto answer = invoke({.tail_log = true});
  auto& runtime = *runtimes.at(0);
  const auto id = runtime.events[0].request_id;
  runtime.child->print("multi\nli");
  runtime.child->print("ne\rstill\n");
  runtime.child->print_error("err\n");
  runtime.respond("1");
  const auto page = logs->filter({.scope = {}, .group = "/aws/lambda/fn"});
  ASSERT_TRUE(page);
  std::vector<std::string> messages;
  for (const auto& event : page->events) messages.push_back(event.message);
  ASSERT_EQ(messages.size(), 7u);
  EXPECT_THAT(messages[0], testing::MatchesRegex("INIT_START Runtime Version: nodejs:20.v1\tRuntime Version ARN: "
                                                 "arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n"));
  EXPECT_EQ(messages[1], "START RequestId: " + id + " Version: $LATEST\n");
  EXPECT_EQ(messages[2], "multi\n");
  EXPECT_EQ(messages[3], "line\rstill\n");
  EXPECT_EQ(messages[4], "err\n");
  EXPECT_EQ(messages[5], "END RequestId: " + id + "\n");
  EXPECT_THAT(
      messages[6],
      testing::MatchesRegex(
          "REPORT RequestId: " + id +
          "\tDuration: [0-9]+\\.[0-9][0-9] ms\tBilled Duration: [0-9]+ ms\tMemory Size: 128 MB\tMax Memory Used: "
          "32 MB\tInit Duration: [0-9]+\\.[0-9][0-9] ms\t\n"));
  EXPECT_THAT(page->events[0].stream, testing::MatchesRegex("2025/11/25/\\[\\$LATEST\\][0-9a-f]{32}"));
  std::string tail;
  for (std::size_t i = 1; i < messages.size(); ++i) tail += messages[i];
  EXPECT_EQ(answer->value().log_tail, tail);
  const auto second = invoke({.tail_log = true});
  runtime.respond("1");
  EXPECT_THAT(second->value().log_tail, testing::Not(HasSubstr("Init Duration")));
}

TEST_F(FunctionsTest, FR_32_TheNextEventLeavesBeforeEndAndReportAndTheirOrderStays) {
  settings.environments_per_function = 1;
  restart();
  ASSERT_TRUE(create());
  const auto first = invoke({});
  const auto second = invoke({.tail_log = true});
  auto& runtime = *runtimes.at(0);
  ASSERT_EQ(runtime.events.size(), 1u);
  std::string when_handed_out;
  runtime.on_event = [&](FakeRuntime&) { when_handed_out = log_text(); };
  runtime.child->print("first\n");
  runtime.respond("1");
  EXPECT_THAT(when_handed_out, testing::EndsWith("first\n"));
  runtime.child->print("second\n");
  runtime.respond("2");
  pump();
  EXPECT_THAT(log_text(),
              testing::MatchesRegex(
                  "INIT_START .*\nSTART .*\nfirst\nEND .*\nREPORT .*\nSTART .*\nsecond\nEND .*\nREPORT .*\n"));
  EXPECT_THAT(second->value().log_tail, testing::MatchesRegex("START .*\nsecond\nEND .*\nREPORT .*\n"));
}

TEST_F(FunctionsTest, FR_16_TheEnvironmentHasTheServicesVariables) {
  settings.node_path = "/sdk/node_modules";
  restart();
  ASSERT_TRUE(create("fn", [](CreateRequest& request) {
    request.configuration.environment = std::map<std::string, std::string>{{"OWN", "1"}, {"TZ", "Europe/Berlin"}};
  }));
  const auto answer = invoke({});
  const auto& child = *runtimes.at(0)->child;
  EXPECT_EQ(child.variable("_HANDLER"), "index.handler");
  EXPECT_EQ(child.variable("AWS_LAMBDA_FUNCTION_NAME"), "fn");
  EXPECT_EQ(child.variable("AWS_LAMBDA_FUNCTION_VERSION"), "$LATEST");
  EXPECT_EQ(child.variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), "128");
  EXPECT_EQ(child.variable("AWS_LAMBDA_LOG_GROUP_NAME"), "/aws/lambda/fn");
  EXPECT_EQ(child.variable("AWS_LAMBDA_INITIALIZATION_TYPE"), "on-demand");
  EXPECT_EQ(child.variable("AWS_REGION"), "us-east-1");
  EXPECT_EQ(child.variable("AWS_ACCESS_KEY_ID"), "ASIA1");
  EXPECT_EQ(child.variable("AWS_EXECUTION_ENV"), "AWS_Lambda_nodejs20.x");
  EXPECT_EQ(child.variable("AWS_ENDPOINT_URL"), "http://127.0.0.1:4566");
  EXPECT_THAT(child.variable("NODE_PATH"), HasSubstr(":/sdk/node_modules:"));
  EXPECT_EQ(child.variable("LAMBDA_TASK_ROOT"), child.options.directory);
  EXPECT_EQ(child.variable("OWN"), "1");
  EXPECT_EQ(child.variable("TZ"), "Europe/Berlin");
  EXPECT_EQ(credentials.issued[0].role_arn, "arn:aws:iam::000000000000:role/r");
}

// ---- permissions
// ---------------------------------------------------------------------------------------------------------------------

TEST_F(FunctionsTest, FA_61_FA_63_PermissionsAreStatementsOfAPolicy) {
  ASSERT_TRUE(create());
  const auto add = [&](std::string sid, std::string principal, std::string source) {
    PermissionRequest request;
    request.name = "fn";
    request.statement_id = std::move(sid);
    request.action = "lambda:InvokeFunction";
    request.principal = std::move(principal);
    request.source_arn = std::move(source);
    std::optional<Result<json::Value>> got;
    engine->add_permission(std::move(request), Reply<json::Value, Error>(
                                                   [&](Result<json::Value> statement) { got = std::move(statement); }));
    pump();
    return *got;
  };
  EXPECT_EQ(
      add("s1", "s3.amazonaws.com", "arn:aws:s3:::b")->text(),
      R"({"Sid":"s1","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:000000000000:function:fn","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}})");
  EXPECT_THAT(add("s2", "*", "")->text(), HasSubstr(R"("Principal":"*")"));
  EXPECT_THAT(add("s3", "111111111111", "")->text(), HasSubstr(R"({"AWS":"arn:aws:iam::111111111111:root"})"));
  EXPECT_EQ(add("s3", "*", "").error().message,
            "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing "
            "statement.");
  EXPECT_EQ(add("s4", "nonsense", "").error().message,
            "The provided principal was invalid. Please check the principal and try again.");
  EXPECT_EQ(engine->get({}, "fn")->policy.size(), 3u);
}

}  // namespace
}  // namespace tidemill::functions
