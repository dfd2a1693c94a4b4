#include "deploy/engine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "deploy/names.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"

namespace tidemill::deploy {
namespace {

using namespace std::chrono_literals;

// The world outside the engine: it outlives crashes.
struct Cloud {
  struct Thing {
    std::string type;
    json::Value properties;
    int streams = 0;
    WallTime created{};
  };
  std::map<std::string, Thing> things;                          // by physical id
  std::set<std::string> fail_create, fail_update, fail_remove;  // logical ids
  std::vector<std::string> calls;                               // "create A"
  std::map<std::string, std::pair<runtime::Instant, runtime::Instant>> times;
  int counter = 0;
};

class FakeProvider final : public ResourceProvider {
 public:
  FakeProvider(ResourceSchema schema, Cloud& cloud, runtime::SimLoop& loop)
      : schema_(std::move(schema)), cloud_(cloud), loop_(loop) {}
  const ResourceSchema& schema() const override { return schema_; }

  void create(CreateRequest request, Reply<Outcome, HandlerError> reply) override {
    const auto begun = loop_.clock().now();
    later([this, begun, request = std::move(request), reply = std::move(reply)]() mutable {
      const auto& id = request.context.logical_id;
      cloud_.calls.push_back((request.resumed ? "create again " : "create ") + id);
      cloud_.times[id] = {begun, loop_.clock().now()};
      if (cloud_.fail_create.contains(id)) return std::move(reply)(refuse(HandlerErrc::kInvalidRequest, "no luck"));
      std::string name = request.generated_name;
      if (const auto* given = request.properties.find(schema_.name.property)) name = given->as_string();
      if (schema_.name.property.empty()) name = request.context.token;
      const auto there = cloud_.things.find(name);
      if (there != cloud_.things.end() && !request.may_be_ours(name, there->second.created) &&
          name != request.context.token)
        return std::move(reply)(refuse(HandlerErrc::kAlreadyExists, name + " already exists"));
      cloud_.things[name] = {schema_.type, request.properties, ++cloud_.counter, loop_.clock().wall()};
      std::move(reply)(outcome(name));
    });
  }

  void update(UpdateRequest request, Reply<Outcome, HandlerError> reply) override {
    later([this, request = std::move(request), reply = std::move(reply)]() mutable {
      const auto& id = request.context.logical_id;
      cloud_.calls.push_back("update " + id);
      auto& thing = cloud_.things.at(request.physical_id);
      const auto* before = thing.properties.find("StreamSpecification");
      const auto* after = request.properties.find("StreamSpecification");
      if ((before == nullptr) != (after == nullptr) || (before != nullptr && !(*before == *after)))
        thing.streams = ++cloud_.counter;
      thing.properties = request.properties;  // a failing update leaves it half done
      if (cloud_.fail_update.contains(id))
        return std::move(reply)(refuse(HandlerErrc::kResourceConflict, "cannot change"));
      std::move(reply)(outcome(request.physical_id));
    });
  }

  void remove(RemoveRequest request, Reply<Outcome, HandlerError> reply) override {
    later([this, request = std::move(request), reply = std::move(reply)]() mutable {
      cloud_.calls.push_back("remove " + request.context.logical_id);
      if (cloud_.fail_remove.contains(request.context.logical_id))
        return std::move(reply)(refuse(HandlerErrc::kResourceConflict, "in use"));
      if (cloud_.things.erase(request.physical_id) == 0)
        return std::move(reply)(refuse(HandlerErrc::kNotFound, "gone"));
      std::move(reply)(Outcome());
    });
  }

 private:
  void later(runtime::Task task) { loop_.at(loop_.clock().now() + 10ms, std::move(task)); }
  Outcome outcome(const std::string& name) {
    Outcome result{.physical_id = name};
    result.attributes["Arn"] = "arn:" + name;
    result.attributes["StreamArn"] = fmt::format("stream:{}:{}", name, cloud_.things.at(name).streams);
    return result;
  }
  const ResourceSchema schema_;
  Cloud& cloud_;
  runtime::SimLoop& loop_;
};

class Engines : public testing::Test {
 protected:
  Engines() { open(std::make_unique<storage::MemoryEngine>()); }

  void open(std::unique_ptr<storage::MemoryEngine> memory) {
    memory_ = memory.get();
    store_ = std::make_unique<storage::Store>(std::move(memory), storage::Store::Options{.sync_thread = false});
    Providers providers;
    const auto add = [&](ResourceSchema schema) {
      providers.add(std::make_unique<FakeProvider>(std::move(schema), cloud_, *loop_));
    };
    add({.type = "AWS::DynamoDB::Table",
         .required = {"KeySchema"},
         .replacement = {"KeySchema", "TableName"},
         .attributes = {"Arn", "StreamArn"},
         .changing_attributes = {{"StreamArn", "StreamSpecification"}},
         .name = {.property = "TableName", .max = 255}});
    add({.type = "AWS::Lambda::EventSourceMapping",
         .required = {"EventSourceArn"},
         .replacement = {"EventSourceArn"},
         .attributes = {"Id"}});
    add({.type = "AWS::IAM::Role",
         .attributes = {"Arn"},
         .name = {.property = "RoleName", .max = 64},
         .needs_capability = true});
    add({.type = "Test::Thing", .attributes = {"Arn"}, .name = {.property = "Name"}});
    engine_ = std::make_unique<Engine>(Engine::Services{*store_, *loop_, random_, log_}, std::move(providers));
    ASSERT_TRUE(engine_->load());
  }

  // Power loss: what was not synced may be lost; what providers made stays.
  void crash(std::size_t keep_unsynced) {
    auto survivor = memory_->crash(keep_unsynced);
    engine_.reset();
    store_.reset();
    loop_ = std::make_unique<runtime::SimLoop>();
    open(std::move(survivor));
  }

  void settle(runtime::Duration limit = 1h) {
    const auto end = loop_->clock().now() + limit;
    do {
      loop_->run_ready();
      store_->sync_once();
      loop_->run_ready();
      if (loop_->timers() == 0) break;
      loop_->run_for(1ms);
    } while (loop_->clock().now() < end);
    store_->sync_once();
    loop_->run_ready();
  }

  StackRequest request(std::string resources, std::string rest = "") {
    return {.stack_name = "app",
            .template_text = "{\"Resources\":" + resources + rest + "}",
            .capabilities = {"CAPABILITY_NAMED_IAM"}};
  }
  std::string deploy(StackRequest request) {
    std::string answer = "no answer";
    const bool exists = engine_->stack({}, request.stack_name) && (*engine_->stack({}, request.stack_name))->exists();
    Reply<std::string, Error> reply([&](Result<std::string> result) { answer = result ? "" : result.error().message; });
    if (exists)
      engine_->update_stack(std::move(request), std::move(reply));
    else
      engine_->create_stack(std::move(request), std::move(reply));
    settle();
    return answer;
  }
  std::string deploy(std::string resources, std::string rest = "") {
    return deploy(request(std::move(resources), std::move(rest)));
  }
  std::string remove(DeleteRequest request = {.stack_name = "app"}) {
    std::string answer = "no answer";
    engine_->delete_stack(std::move(request), Reply<bool, Error>([&](Result<bool> result) {
                            answer = result ? "" : result.error().message;
                          }));
    settle();
    return answer;
  }
  Result<ChangeSet> change_set(StackRequest request, ChangeSetKind kind = ChangeSetKind::kUpdate,
                               std::string name = "cs") {
    Result<ChangeSet> answer = invalid("no answer");
    engine_->create_change_set({.stack = std::move(request), .name = std::move(name), .kind = kind},
                               Reply<ChangeSet, Error>([&](Result<ChangeSet> set) { answer = std::move(set); }));
    settle();
    return answer;
  }
  std::string status(const std::string& name = "app") {
    const auto stack = engine_->stack({}, name);
    return stack ? std::string(to_string((*stack)->status)) : "none";
  }
  const ResourceVersion& made(const std::string& id) {
    return *(*engine_->stack({}, "app"))->resources.find(id)->second.current;
  }
  // "LOGICAL STATUS" oldest first, without the stack's own.
  std::vector<std::string> resource_events() {
    std::vector<std::string> out;
    const auto events = engine_->events(**engine_->stack({}, stack_id_.empty() ? "app" : stack_id_), 0, 1000);
    for (const auto& event : *events) {
      if (event.type != "AWS::CloudFormation::Stack") out.push_back(event.logical_id + " " + event.status);
    }
    std::reverse(out.begin(), out.end());
    return out;
  }
  bool has_event(const std::string& text) {
    const auto events = resource_events();
    return std::find(events.begin(), events.end(), text) != events.end();
  }
  std::string reason_of(const std::string& id, const std::string& status) {
    const auto events = engine_->events(**engine_->stack({}, "app"), 0, 1000);
    for (const auto& event : *events) {
      if (event.logical_id == id && event.status == status) return event.reason;
    }
    return "";
  }
  std::size_t call_count(const std::string& call) {
    return static_cast<std::size_t>(std::count(cloud_.calls.begin(), cloud_.calls.end(), call));
  }

  std::unique_ptr<runtime::SimLoop> loop_ = std::make_unique<runtime::SimLoop>();
  runtime::SimRandom random_;
  runtime::SimClock log_clock_;
  observe::Log log_{log_clock_, observe::Level::kError, observe::Log::Format::kText,
                    [](observe::Level, std::string_view) {}};
  Cloud cloud_;
  storage::MemoryEngine* memory_ = nullptr;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<Engine> engine_;
  std::string stack_id_;
};

constexpr const char* kTwo =
    R"({"A":{"Type":"Test::Thing","Properties":{"v":1}},"B":{"Type":"Test::Thing","Properties":{"a":{"Fn::GetAtt":["A","Arn"]}}}})";

TEST_F(Engines, CreateMakesResourcesWithResolvedProperties) {
  EXPECT_EQ(deploy(kTwo, R"(,"Outputs":{"O":{"Description":"d","Value":{"Fn::Sub":"${B}!"}}})"), "");
  EXPECT_EQ(status(), "CREATE_COMPLETE");
  EXPECT_EQ(made("B").properties.string_or("a"), "arn:" + made("A").physical_id);
  const auto* stack = *engine_->stack({}, "app");
  ASSERT_EQ(stack->outputs.size(), 1U);  // D46
  EXPECT_EQ(stack->outputs[0], (Output{"O", made("B").physical_id + "!", "d", ""}));
  EXPECT_EQ(resource_events(),
            (std::vector<std::string>{"A CREATE_IN_PROGRESS", "A CREATE_IN_PROGRESS", "A CREATE_COMPLETE",
                                      "B CREATE_IN_PROGRESS", "B CREATE_IN_PROGRESS", "B CREATE_COMPLETE"}));
}

TEST_F(Engines, D38_IndependentResourcesAreMadeInParallel) {
  deploy(R"({"A":{"Type":"Test::Thing"},"B":{"Type":"Test::Thing"},"C":{"Type":"Test::Thing","DependsOn":["A","B"]}})");
  EXPECT_EQ(cloud_.times["A"].first, cloud_.times["B"].first);
  EXPECT_GE(cloud_.times["C"].first, cloud_.times["A"].second);  // D37
  EXPECT_GE(cloud_.times["C"].first, cloud_.times["B"].second);
}

TEST_F(Engines, D39_GeneratedNames) {
  deploy(R"({"A":{"Type":"Test::Thing"}})");
  const auto& name = made("A").physical_id;
  EXPECT_TRUE(name.starts_with("app-A-")) << name;
  EXPECT_EQ(name.size(), 6U + 12U);
  const NameRule role{.property = "RoleName", .max = 64};
  const auto cut = generate_name(role, std::string(100, 's'), std::string(100, 'l'), "ABCDEFGHIJKL", json::Object());
  EXPECT_EQ(cut.size(), 64U);
  EXPECT_TRUE(cut.ends_with("l-ABCDEFGHIJKL")) << cut;
  const NameRule bucket{.property = "BucketName", .max = 63, .lower_case = true};
  EXPECT_EQ(generate_name(bucket, "Stack", "Bucket", "ABCDEFGHIJKL", json::Object()), "stack-bucket-abcdefghijkl");
}

TEST_F(Engines, D40_CreateFailureRollsBackAndLeavesNothing) {
  cloud_.fail_create = {"B"};
  EXPECT_EQ(deploy(kTwo), "");
  EXPECT_EQ(status(), "ROLLBACK_COMPLETE");
  EXPECT_TRUE(cloud_.things.empty());
  EXPECT_TRUE(has_event("B CREATE_FAILED"));
  EXPECT_TRUE(has_event("A DELETE_COMPLETE"));
  const auto reason = reason_of("B", "CREATE_FAILED");
  EXPECT_TRUE(reason.starts_with("Resource handler returned message: \"no luck\" (RequestToken: ")) << reason;
  EXPECT_TRUE(reason.ends_with("HandlerErrorCode: InvalidRequest)")) << reason;
  EXPECT_EQ(reason_of("app", "ROLLBACK_IN_PROGRESS"),
            "The following resource(s) failed to create: [B]. Rollback requested by user.");
}

TEST_F(Engines, RunningCreationsAreCancelledAndRolledBack) {
  cloud_.fail_create = {"A"};
  deploy(R"({"A":{"Type":"Test::Thing"},"B":{"Type":"Test::Thing"}})");
  EXPECT_EQ(reason_of("B", "CREATE_FAILED"), "Resource creation cancelled");
  EXPECT_TRUE(cloud_.things.empty());
}

TEST_F(Engines, D41_WithoutRollbackWhatWasMadeStays) {
  cloud_.fail_create = {"B"};
  auto without = request(kTwo);
  without.on_failure = OnFailure::kDoNothing;
  deploy(std::move(without));
  EXPECT_EQ(status(), "CREATE_FAILED");
  EXPECT_EQ(cloud_.things.size(), 1U);
  EXPECT_EQ(remove(), "");
  EXPECT_TRUE(cloud_.things.empty());
}

TEST_F(Engines, D42_OnFailureDelete) {
  cloud_.fail_create = {"B"};
  auto gone = request(kTwo);
  gone.on_failure = OnFailure::kDelete;
  deploy(std::move(gone));
  EXPECT_EQ(status(), "none");
  EXPECT_TRUE(cloud_.things.empty());
}

TEST_F(Engines, D44_RolledBackStackMayOnlyBeDeleted) {
  cloud_.fail_create = {"B"};
  deploy(kTwo);
  EXPECT_NE(change_set(request(kTwo)).error().message.find("is in ROLLBACK_COMPLETE state and can not be updated."),
            std::string::npos);
  EXPECT_EQ(remove(), "");
  cloud_.fail_create.clear();
  EXPECT_EQ(deploy(kTwo), "");
  EXPECT_EQ(status(), "CREATE_COMPLETE");
}

TEST_F(Engines, D03_D05_D06_D08_D09_ChangeSetsOfAStack) {
  const auto set = change_set(request(kTwo), ChangeSetKind::kCreate);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_TRUE(set->id.starts_with("arn:aws:cloudformation:us-east-1:000000000000:changeSet/cs/"));
  EXPECT_EQ(status(), "REVIEW_IN_PROGRESS");
  const auto events = engine_->events(**engine_->stack({}, "app"));
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ((*events)[0].reason, "User Initiated");
  EXPECT_EQ(change_set(request(kTwo), ChangeSetKind::kCreate).error().code, Errc::kAlreadyExists);  // D06
  EXPECT_TRUE(engine_->change_set({}, "app", "cs"));
  std::vector<std::string> answers;
  const auto note = [&] {
    return Reply<bool, Error>(
        [&](Result<bool> result) { answers.push_back(result ? "fine" : result.error().message); });
  };
  engine_->delete_change_set({}, "app", "cs", note());
  settle();
  EXPECT_EQ(engine_->change_set({}, "app", "cs").error().code, Errc::kChangeSetNotFound);  // D08
  engine_->delete_change_set({}, "app", "cs", note());                                     // D09
  settle();
  EXPECT_EQ(answers, (std::vector<std::string>{"fine", "fine"}));
  EXPECT_FALSE(change_set(
      {.stack_name = "nowhere", .template_text = "{\"Resources\":{\"A\":{\"Type\":\"Test::Thing\"}}}"}));  // D04
}

TEST_F(Engines, D07_D16_NoChanges) {
  deploy(kTwo);
  const auto set = change_set(request(kTwo));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->status, ChangeSetStatus::kFailed);
  EXPECT_EQ(set->execution, ExecutionStatus::kUnavailable);
  EXPECT_EQ(set->reason,
            "The submitted information didn't contain changes. Submit different information to create a change set.");
  std::string answer;
  engine_->execute_change_set({}, "app", "cs", "", Reply<bool, Error>([&](Result<bool> result) {
                                answer = result ? "" : result.error().message;
                              }));
  EXPECT_TRUE(answer.ends_with("cannot be executed in its current status of [FAILED]")) << answer;  // D10
  EXPECT_EQ(deploy(kTwo), "No updates are to be performed.");
}

TEST_F(Engines, D14_D17_DeletedStacksAreFoundByArnOnly) {
  deploy(kTwo);
  stack_id_ = (*engine_->stack({}, "app"))->id;
  EXPECT_EQ(remove(), "");
  EXPECT_EQ(status(), "none");
  EXPECT_EQ(engine_->stack({}, "app").error().message, "Stack with id app does not exist");
  EXPECT_EQ(status(stack_id_), "DELETE_COMPLETE");
  EXPECT_TRUE(cloud_.things.empty());
  EXPECT_EQ(remove({.stack_name = "never"}), "");
  // B needs A, so it goes first.
  EXPECT_EQ(cloud_.calls, (std::vector<std::string>{"create A", "create B", "remove B", "remove A"}));
}

TEST_F(Engines, D18_D19_Capabilities) {
  auto plain = request(R"({"R":{"Type":"AWS::IAM::Role"}})");
  plain.capabilities.clear();
  EXPECT_EQ(change_set(plain, ChangeSetKind::kCreate).error(),
            (Error{Errc::kInsufficientCapabilities, "Requires capabilities : [CAPABILITY_IAM]"}));
  auto named = request(R"({"R":{"Type":"AWS::IAM::Role","Properties":{"RoleName":"r"}}})");
  named.capabilities = {"CAPABILITY_IAM"};
  EXPECT_EQ(change_set(named, ChangeSetKind::kCreate).error().message,
            "Requires capabilities : [CAPABILITY_NAMED_IAM]");
  plain.capabilities = {"CAPABILITY_IAM"};
  EXPECT_TRUE(change_set(plain, ChangeSetKind::kCreate));
}

TEST_F(Engines, UnknownTypesAndAttributesAndMissingPropertiesAreRefusedBeforeAnythingIsMade) {
  EXPECT_EQ(deploy(R"({"A":{"Type":"AWS::X::Y"},"B":{"Type":"AWS::X::Z"}})"),
            "Template format error: Unrecognized resource types: [AWS::X::Y, AWS::X::Z]");
  EXPECT_EQ(
      deploy(
          R"({"A":{"Type":"Test::Thing"},"B":{"Type":"Test::Thing","Properties":{"p":{"Fn::GetAtt":["A","Nope"]}}}})"),
      "Template error: resource A does not support attribute type Nope in Fn::GetAtt");  // D25
  EXPECT_EQ(deploy(R"({"A":{"Type":"AWS::DynamoDB::Table"}})"),
            "Properties validation failed for resource A with message: #: required key [KeySchema] not found");
  EXPECT_EQ(status(), "none");
  EXPECT_TRUE(cloud_.calls.empty());
}

constexpr const char* kTable =
    R"({"T":{"Type":"AWS::DynamoDB::Table","Properties":{"KeySchema":"%K","StreamSpecification":"%S"}},
  "M":{"Type":"AWS::Lambda::EventSourceMapping","Properties":{"EventSourceArn":{"Fn::GetAtt":["T","StreamArn"]},"BatchSize":"%B"}}})";
std::string table(std::string_view key, std::string_view stream = "NEW", std::string_view batch = "1") {
  std::string text = kTable;
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{"%K", key}, {"%S", stream}, {"%B", batch}})
    text.replace(text.find(from), 2, to);
  return text;
}

const Change& change_of(const ChangeSet& set, const std::string& id) {
  return *std::find_if(set.changes.begin(), set.changes.end(),
                       [&](const auto& change) { return change.logical_id == id; });
}

TEST_F(Engines, D50_KeySchemaChangeReplacesTheTableAndDeletesTheOldOneInCleanup) {
  deploy(table("pk"));
  const auto old_table = made("T").physical_id, old_mapping = made("M").physical_id;
  const auto set = change_set(request(table("other")));
  ASSERT_TRUE(set);
  EXPECT_EQ(change_of(*set, "T").replacement, Replacement::kTrue);
  EXPECT_EQ(change_of(*set, "T").details,
            (std::vector<ChangeDetail>{{"KeySchema", "Always", "Static", "DirectModification", ""}}));
  EXPECT_EQ(change_of(*set, "M").replacement, Replacement::kConditional);
  EXPECT_EQ(
      change_of(*set, "M").details,
      (std::vector<ChangeDetail>{{"EventSourceArn", "Conditionally", "Dynamic", "ResourceAttribute", "T.StreamArn"}}));
  cloud_.calls.clear();
  EXPECT_EQ(deploy(table("other")), "");
  EXPECT_EQ(status(), "UPDATE_COMPLETE");
  EXPECT_EQ(cloud_.calls, (std::vector<std::string>{"create T", "create M", "remove M", "remove T"}));
  EXPECT_NE(made("T").physical_id, old_table);
  EXPECT_FALSE(cloud_.things.contains(old_table));
  EXPECT_FALSE(cloud_.things.contains(old_mapping));
  EXPECT_EQ(cloud_.things.size(), 2U);
}

TEST_F(Engines, D51_StreamChangeIsInPlaceButReplacesTheMapping) {
  deploy(table("pk"));
  const auto old_table = made("T").physical_id, old_mapping = made("M").physical_id,
             old_stream = made("T").attributes.find("StreamArn")->as_string();
  const auto set = change_set(request(table("pk", "OLD")));
  EXPECT_EQ(change_of(*set, "T").replacement, Replacement::kFalse);
  EXPECT_EQ(change_of(*set, "M").replacement, Replacement::kConditional);
  EXPECT_EQ(deploy(table("pk", "OLD")), "");
  EXPECT_EQ(made("T").physical_id, old_table);
  EXPECT_NE(made("M").physical_id, old_mapping);
  EXPECT_NE(made("M").properties.string_or("EventSourceArn"), old_stream);
  EXPECT_EQ(cloud_.things.size(), 2U);
}

TEST_F(Engines, D52_BatchSizeChangesInPlace) {
  deploy(table("pk"));
  const auto mapping = made("M").physical_id;
  cloud_.calls.clear();
  EXPECT_EQ(deploy(table("pk", "NEW", "5")), "");
  EXPECT_EQ(made("M").physical_id, mapping);
  EXPECT_EQ(cloud_.calls, (std::vector<std::string>{"update M"}));
  EXPECT_EQ(status(), "UPDATE_COMPLETE");
}

TEST_F(Engines, TextAndNumberOfOneValueAreNoChange) {
  deploy(R"({"A":{"Type":"Test::Thing","Properties":{"n":"5","t":true}}})");
  EXPECT_EQ(deploy(R"({"A":{"Type":"Test::Thing","Properties":{"n":5,"t":"true"}}})"),
            "No updates are to be performed.");
}

TEST_F(Engines, D43_D87_UpdateFailureBringsOldValuesBack) {
  deploy(table("pk"));
  const auto old_table = made("T").physical_id, old_mapping = made("M").physical_id;
  cloud_.fail_update = {"X"};
  const std::string before = (*engine_->stack({}, "app"))->definition.template_text;
  // The table is replaced and a new thing made before the failure of Z, which comes last.
  cloud_.fail_create = {"Z"};
  auto text = table("other");
  text.pop_back();
  text += R"(,"N":{"Type":"Test::Thing"},"Z":{"Type":"Test::Thing","DependsOn":["M","N"]}})";
  EXPECT_EQ(deploy(text), "");
  EXPECT_EQ(status(), "UPDATE_ROLLBACK_COMPLETE");
  EXPECT_EQ(made("T").physical_id, old_table);
  EXPECT_EQ(made("M").physical_id, old_mapping);
  EXPECT_EQ(cloud_.things.size(), 2U);
  EXPECT_EQ(cloud_.things.at(old_table).properties.string_or("KeySchema"), "pk");
  EXPECT_EQ((*engine_->stack({}, "app"))->definition.template_text, before);
  EXPECT_FALSE((*engine_->stack({}, "app"))->resources.contains("N"));
  EXPECT_FALSE((*engine_->stack({}, "app"))->resources.contains("Z"));
  EXPECT_EQ(reason_of("app", "UPDATE_ROLLBACK_IN_PROGRESS"), "The following resource(s) failed to update: [Z]. ");
  cloud_.fail_create.clear();
  EXPECT_EQ(deploy(text), "");
  EXPECT_EQ(status(), "UPDATE_COMPLETE");
}

TEST_F(Engines, D43_HalfDoneUpdateIsUndone) {
  deploy(R"({"A":{"Type":"Test::Thing","Properties":{"v":1}},"B":{"Type":"Test::Thing","Properties":{"v":1}}})");
  cloud_.fail_update = {"B"};
  loop_->run_ready();
  const auto b = made("B").physical_id;
  std::string answer = "none";
  engine_->update_stack(
      request(R"({"A":{"Type":"Test::Thing","Properties":{"v":2}},"B":{"Type":"Test::Thing","Properties":{"v":2}}})"),
      Reply<std::string, Error>([&](Result<std::string> result) { answer = result ? "" : result.error().message; }));
  store_->sync_once();
  loop_->run_for(15ms);  // B has failed, with its new value in place
  EXPECT_EQ(cloud_.things.at(b).properties.integer_or("v", 0), 2);
  cloud_.fail_update.clear();
  settle();
  EXPECT_EQ(status(), "UPDATE_ROLLBACK_COMPLETE");
  EXPECT_EQ(cloud_.things.at(b).properties.integer_or("v", 0), 1);
  EXPECT_EQ(cloud_.things.at(made("A").physical_id).properties.integer_or("v", 0), 1);
}

TEST_F(Engines, D54_CustomNamedReplacementIsRefused) {
  deploy(R"({"T":{"Type":"AWS::DynamoDB::Table","Properties":{"TableName":"t","KeySchema":"a"}}})");
  deploy(R"({"T":{"Type":"AWS::DynamoDB::Table","Properties":{"TableName":"t","KeySchema":"b"}}})");
  EXPECT_EQ(status(), "UPDATE_ROLLBACK_COMPLETE");
  EXPECT_EQ(reason_of("T", "UPDATE_FAILED"),
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename t and update "
            "the stack again.");
}

TEST_F(Engines, D55_D56_RetainedTableStaysAndItsNameIsTaken) {
  const char* text =
      R"({"T":{"Type":"AWS::DynamoDB::Table","DeletionPolicy":"Retain","Properties":{"TableName":"t","KeySchema":"a"}},"A":{"Type":"Test::Thing"}})";
  deploy(text);
  stack_id_ = (*engine_->stack({}, "app"))->id;
  remove();
  EXPECT_TRUE(has_event("T DELETE_SKIPPED"));
  EXPECT_EQ(cloud_.things.size(), 1U);
  stack_id_.clear();
  deploy(text);
  EXPECT_EQ(status(), "ROLLBACK_COMPLETE");
  EXPECT_NE(reason_of("T", "CREATE_FAILED").find("t already exists"), std::string::npos);
  EXPECT_TRUE(cloud_.things.contains("t"));
}

TEST_F(Engines, RetainExceptOnCreateIsDeletedWhenItsCreationRollsBack) {
  cloud_.fail_create = {"Z"};
  deploy(
      R"({"A":{"Type":"Test::Thing","DeletionPolicy":"RetainExceptOnCreate"},"B":{"Type":"Test::Thing","DeletionPolicy":"Retain"},
             "Z":{"Type":"Test::Thing","DependsOn":["A","B"]}})");
  EXPECT_EQ(status(), "ROLLBACK_COMPLETE");
  EXPECT_EQ(cloud_.things.size(), 1U);
  EXPECT_TRUE(has_event("B DELETE_SKIPPED"));
}

TEST_F(Engines, UpdateReplacePolicyKeepsTheReplacedResource) {
  deploy(R"({"T":{"Type":"AWS::DynamoDB::Table","UpdateReplacePolicy":"Retain","Properties":{"KeySchema":"a"}}})");
  const auto old_table = made("T").physical_id;
  deploy(R"({"T":{"Type":"AWS::DynamoDB::Table","UpdateReplacePolicy":"Retain","Properties":{"KeySchema":"b"}}})");
  EXPECT_EQ(status(), "UPDATE_COMPLETE");
  EXPECT_TRUE(cloud_.things.contains(old_table));
  EXPECT_TRUE(has_event("T DELETE_SKIPPED"));
}

TEST_F(Engines, RemovedResourcesAreDeletedInCleanup) {
  deploy(kTwo);
  EXPECT_EQ(change_set(request(R"({"A":{"Type":"Test::Thing","Properties":{"v":1}}})"))->changes[0].action,
            Action::kRemove);
  deploy(R"({"A":{"Type":"Test::Thing","Properties":{"v":1}}})");
  EXPECT_EQ(status(), "UPDATE_COMPLETE");
  EXPECT_EQ(cloud_.things.size(), 1U);
  EXPECT_FALSE((*engine_->stack({}, "app"))->resources.contains("B"));
}

TEST_F(Engines, DeleteFailureKeepsWhatIsLeftAndRetainThenWorks) {
  deploy(kTwo);
  cloud_.fail_remove = {"A"};
  remove();
  EXPECT_EQ(status(), "DELETE_FAILED");
  EXPECT_EQ((*engine_->stack({}, "app"))->reason, "The following resource(s) failed to delete: [A]. ");
  EXPECT_EQ(remove({.stack_name = "app", .retain = {"A"}}), "");  // D58
  EXPECT_EQ(status(), "none");
  EXPECT_EQ(cloud_.things.size(), 1U);
}

TEST_F(Engines, D57_TerminationProtection) {
  deploy(kTwo);
  ASSERT_TRUE(engine_->set_termination_protection({}, "app", true));
  EXPECT_EQ(remove(), "Stack [app] cannot be deleted while TerminationProtection is enabled");
}

TEST_F(Engines, D35_ExportsAreImportedAndThenProtected) {
  EXPECT_EQ(
      deploy(R"({"A":{"Type":"Test::Thing"}})", R"(,"Outputs":{"O":{"Value":{"Ref":"A"},"Export":{"Name":"shared"}}})"),
      "");
  auto other = request(R"({"B":{"Type":"Test::Thing","Properties":{"p":{"Fn::ImportValue":"shared"}}}})");
  other.stack_name = "user";
  EXPECT_EQ(deploy(other), "");
  EXPECT_EQ((*engine_->stack({}, "user"))->resources.find("B")->second.current->properties.string_or("p"),
            made("A").physical_id);
  EXPECT_EQ(remove(), "Export shared cannot be deleted as it is in use by user");
  EXPECT_EQ(remove({.stack_name = "user"}), "");
  EXPECT_EQ(remove(), "");
}

TEST_F(Engines, D45_EventsAreNewestFirstPagedWithUniqueIds) {
  deploy(kTwo);
  const auto& stack = **engine_->stack({}, "app");
  const auto all = engine_->events(stack, 0, 1000);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < all->size(); ++i) {
    ids.insert((*all)[i].id);
    if (i > 0) {
      EXPECT_EQ((*all)[i].number + 1, (*all)[i - 1].number);
    }
  }
  EXPECT_EQ(ids.size(), all->size());
  const auto page = engine_->events(stack, (*all)[2].number, 3);
  ASSERT_EQ(page->size(), 3U);
  EXPECT_EQ((*page)[0].id, (*all)[2].id);
}

TEST_F(Engines, D82_SecondDeployOfAStackInProgressIsRefused) {
  std::string first = "none", second = "none";
  engine_->create_stack(request(kTwo), Reply<std::string, Error>([&](Result<std::string> result) {
                          first = result ? "" : result.error().message;
                        }));
  store_->sync_once();
  loop_->run_ready();
  const auto set = [&] {
    Result<ChangeSet> answer = invalid("none");
    engine_->create_change_set({.stack = request(kTwo), .name = "x"},
                               Reply<ChangeSet, Error>([&](Result<ChangeSet> result) { answer = std::move(result); }));
    return answer;
  }();
  EXPECT_NE(set.error().message.find("is in CREATE_IN_PROGRESS state and can not be updated."), std::string::npos)
      << set.error().message;
  settle();
}

TEST_F(Engines, WatchersHearEventsInOrderAndTheEnd) {
  std::vector<std::string> heard;
  const auto set = change_set(request(kTwo), ChangeSetKind::kCreate);
  const auto& stack = **engine_->stack({}, "app");
  const auto watch =
      engine_->watch(stack, [&](const Event& event) { heard.push_back(event.logical_id + " " + event.status); });
  engine_->execute_change_set({}, "app", "cs", "", Reply<bool, Error>([](Result<bool>) {}));
  bool ended = false;
  engine_->when_finished(stack, [&] { ended = true; });
  EXPECT_FALSE(ended);
  settle();
  EXPECT_TRUE(ended);
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard.front(), "app CREATE_IN_PROGRESS");
  EXPECT_EQ(heard.back(), "app CREATE_COMPLETE");
}

// D81: whatever instant the power goes, after the restart every stack reaches a final state and no resource is lost
// track of.
TEST_F(Engines, D81_CrashAtAnyInstantEndsInAFinalState) {
  for (int at_ms = 0; at_ms < 90; at_ms += 3) {
    for (const std::size_t keep : {std::size_t{0}, std::size_t{2}, std::size_t{1000}}) {
      cloud_ = Cloud();
      crash(0);
      open(std::make_unique<storage::MemoryEngine>());
      ASSERT_EQ(deploy(table("pk")), "");
      std::string text = table("other", "NEW", "7");
      text.pop_back();
      text += R"(,"Z":{"Type":"Test::Thing","DependsOn":"M"}})";
      if (at_ms % 2 == 1) cloud_.fail_create = {"Z"};
      engine_->update_stack(request(text), Reply<std::string, Error>([](Result<std::string>) {}));
      for (int ms = 0; ms < at_ms; ++ms) {
        store_->sync_once();
        loop_->run_for(1ms);
      }
      const auto end_state = status();
      crash(keep);
      settle();
      const auto now = status();
      const bool settled = now == "CREATE_COMPLETE" || now == "UPDATE_COMPLETE" || now == "UPDATE_ROLLBACK_COMPLETE";
      EXPECT_TRUE(settled) << at_ms << " ms, kept " << keep << ": " << end_state << " -> " << now;
      std::set<std::string> ours;
      for (const auto& [id, record] : (*engine_->stack({}, "app"))->resources) {
        if (record.current) ours.insert(record.current->physical_id);
        EXPECT_FALSE(record.previous) << id;
      }
      for (const auto& [id, thing] : cloud_.things)
        EXPECT_TRUE(ours.contains(id)) << at_ms << " ms, kept " << keep << ": " << id << " is left behind; " << now;
      for (const auto& id : ours)
        EXPECT_TRUE(cloud_.things.contains(id)) << at_ms << " ms, kept " << keep << ": " << id << " is gone";
      if (HasFailure()) return;
    }
  }
}

TEST_F(Engines, AResourceWithANameOfItsOwnIsTakenOverOnlyWhenThisStackMadeIt) {
  const char* text = R"({"T":{"Type":"AWS::DynamoDB::Table","Properties":{"TableName":"t","KeySchema":"a"}}})";
  const auto begin = [&] {
    engine_->create_stack(request(text), Reply<std::string, Error>([](Result<std::string>) {}));
    store_->sync_once();
    loop_->run_for(5ms);  // the step is written, the provider has not answered
    store_->sync_once();
  };
  begin();
  cloud_.things["t"] = {"AWS::DynamoDB::Table", {}, 1, loop_->clock().wall()};  // made, and then the power went
  crash(1000);
  settle();
  EXPECT_EQ(status(), "CREATE_COMPLETE");
  remove();
  begin();
  cloud_.things["t"] = {"AWS::DynamoDB::Table", {}, 1, loop_->clock().wall() - 1h};  // somebody else's
  crash(1000);
  settle();
  EXPECT_EQ(status(), "ROLLBACK_COMPLETE");
  EXPECT_TRUE(cloud_.things.contains("t"));
}

TEST_F(Engines, AssetsComeInPartsAndGoWhenUnused) {
  auto& assets = engine_->assets();
  EXPECT_TRUE(assets.put_part("b/k.zip", 0, "abc", 6));
  EXPECT_FALSE(assets.contains("b/k.zip"));
  EXPECT_FALSE(assets.put_part("b/k.zip", 2, "def", 6));
  EXPECT_TRUE(assets.put_part("b/k.zip", 1, "def", 6));
  EXPECT_EQ(*assets.get("b/k.zip"), "abcdef");
  EXPECT_FALSE(assets.put_part("b/big", 0, "", kAssetBytesMax + 1));
  auto with = request(kTwo);
  with.assets = {"b/k.zip"};
  deploy(with);
  EXPECT_TRUE(assets.contains("b/k.zip"));
  crash(1000);
  EXPECT_EQ(*engine_->assets().get("b/k.zip"), "abcdef");
  remove();
  deploy(kTwo);
  remove();
  EXPECT_FALSE(engine_->assets().contains("b/k.zip"));
}

}  // namespace
}  // namespace tidemill::deploy
