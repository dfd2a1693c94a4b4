// AWS::DynamoDB::Table on tables. An update looks at what the table is, not at what it was said to be, so repeating one
// that was cut off is harmless.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "auth/policy_form.h"
#include "resources/reader.h"
#include "resources/resources.h"
#include "resources/steps.h"
#include "runtime/executor.h"
#include "tables/destinations.h"
#include "tables/engine.h"
#include "tables/recovery.h"
#include "tables/settings.h"

namespace tidemill::resources {
namespace {

using deploy::CreateRequest;
using deploy::RemoveRequest;
using deploy::ResourceSchema;
using deploy::UpdateRequest;
using HandlerReply = Reply<deploy::Outcome, HandlerError>;
using tables::Tables;

// A change of a table or the filling of an index is waited for so long.
constexpr auto kLookAgain = std::chrono::milliseconds(20);
constexpr int kLooksMax = 60 * 60 * 50;  // an hour

HandlerErrc code_of(tables::Errc code) {
  switch (code) {
    case tables::Errc::kResourceNotFound:
    case tables::Errc::kTableNotFound: return HandlerErrc::kNotFound;
    case tables::Errc::kResourceInUse: return HandlerErrc::kAlreadyExists;
    case tables::Errc::kLimitExceeded: return HandlerErrc::kServiceLimitExceeded;
    case tables::Errc::kUnavailable:
    case tables::Errc::kInternal: return HandlerErrc::kInternalFailure;
    default: return HandlerErrc::kInvalidRequest;
  }
}
HandlerError error_of(const tables::Error& error) { return {code_of(error.code), error.message}; }

struct TableInput {
  tables::CreateTableInput create;
  tables::TimeToLive ttl;
  tables::RecoveryInput recovery;
  std::optional<bool> insights;
  std::string kinesis_stream;  // ARN; empty: none
  std::optional<tables::Precision> kinesis_precision;
};

std::vector<tables::KeyElementInput> read_keys(Reader& reader) {
  std::vector<tables::KeyElementInput> keys;
  for (auto& one : reader.objects("KeySchema"))
    keys.push_back({one.text_or("AttributeName", ""), one.text_or("KeyType", "")});
  return keys;
}

std::optional<tables::Throughput> read_throughput(Reader& reader) {
  auto object = reader.object("ProvisionedThroughput");
  if (!object) return std::nullopt;
  return tables::Throughput{object->integer("ReadCapacityUnits").value_or(0),
                            object->integer("WriteCapacityUnits").value_or(0)};
}

void read_limits(Reader& reader, tables::OptionalThroughput& on_demand, tables::OptionalThroughput& warm) {
  if (auto object = reader.object("OnDemandThroughput"))
    on_demand = {object->integer("MaxReadRequestUnits"), object->integer("MaxWriteRequestUnits")};
  if (auto object = reader.object("WarmThroughput"))
    warm = {object->integer("ReadUnitsPerSecond"), object->integer("WriteUnitsPerSecond")};
}

std::optional<std::vector<tables::IndexInput>> read_indexes(Reader& reader, std::string_view name) {
  auto list = reader.objects(name);
  if (list.empty()) return std::nullopt;
  std::vector<tables::IndexInput> indexes;
  for (auto& one : list) {
    tables::IndexInput index{.name = one.text_or("IndexName", ""), .keys = read_keys(one)};
    if (auto projection = one.object("Projection")) {
      index.projection.type = projection->text("ProjectionType");
      if (auto names = projection->texts("NonKeyAttributes"); !names.empty())
        index.projection.non_key = std::move(names);
    }
    index.throughput = read_throughput(one);
    read_limits(one, index.on_demand, index.warm);
    one.accept({"ContributorInsightsSpecification"});
    indexes.push_back(std::move(index));
  }
  return indexes;
}

Outcome<TableInput> read_table(const json::Value& properties, const std::string& generated_name) {
  Reader reader(properties);
  TableInput input;
  auto& create = input.create;
  create.name = reader.text_or("TableName", generated_name);
  for (auto& one : reader.objects("AttributeDefinitions")) {
    const auto type = one.text_or("AttributeType", "S");
    if (type != "S" && type != "N" && type != "B") one.refuse("AttributeType", "must be S, N or B");
    create.attributes.push_back(
        {one.text_or("AttributeName", ""), static_cast<tables::KeyType>(type.empty() ? 'S' : type[0])});
  }
  create.keys = read_keys(reader);
  create.local_indexes = read_indexes(reader, "LocalSecondaryIndexes");
  create.global_indexes = read_indexes(reader, "GlobalSecondaryIndexes");
  create.billing = reader.text("BillingMode");
  create.throughput = read_throughput(reader);
  read_limits(reader, create.on_demand, create.warm);
  if (auto stream = reader.object("StreamSpecification")) {
    create.stream = tables::StreamInput{.enabled = true, .view = stream->text("StreamViewType")};
    stream->refuse("ResourcePolicy", "policies of streams are not supported");
  }
  if (auto encryption = reader.object("SSESpecification")) {
    create.encryption = tables::EncryptionInput{.enabled = encryption->boolean_or("SSEEnabled", false),
                                                .key = encryption->text("KMSMasterKeyId"),
                                                .type = encryption->text("SSEType")};
  }
  if (auto ttl = reader.object("TimeToLiveSpecification")) {
    input.ttl = {.enabled = ttl->boolean_or("Enabled", false), .attribute = ttl->text_or("AttributeName", "")};
  }
  if (auto policy = reader.object("ResourcePolicy")) {
    if (const auto* document = policy->any("PolicyDocument")) {
      if (auto kept = auth::policy_form(document->text()))
        create.resource_policy = *std::move(kept);
      else
        policy->refuse("PolicyDocument", kept.error());
    }
  }
  create.table_class = reader.text("TableClass");
  create.deletion_protection = reader.boolean_or("DeletionProtectionEnabled", false);
  for (const auto& [key, value] : reader.tags("Tags")) create.tags.emplace_back(key, value);
  if (auto recovery = reader.object("PointInTimeRecoverySpecification")) {
    input.recovery.enabled = recovery->boolean_or("PointInTimeRecoveryEnabled", false);
    if (const auto days = recovery->integer("RecoveryPeriodInDays")) {
      if (*days < 1 || *days > 35) recovery->refuse("RecoveryPeriodInDays", "must be 1 to 35");
      input.recovery.days = static_cast<int>(*days);
    }
  }
  if (auto insights = reader.object("ContributorInsightsSpecification")) {
    input.insights = insights->boolean_or("Enabled", false);
    insights->accept({"Mode"});
  }
  if (auto kinesis = reader.object("KinesisStreamSpecification")) {
    input.kinesis_stream = kinesis->text_or("StreamArn", "");
    if (const auto precision = kinesis->text("ApproximateCreationDateTimePrecision")) {
      input.kinesis_precision =
          *precision == "MICROSECOND" ? tables::Precision::kMicrosecond : tables::Precision::kMillisecond;
    }
  }
  reader.refuse("ImportSourceSpecification", "imports are not supported");
  reader.refuse("GlobalTableSettingsReplicationMode", "global tables are not supported");
  reader.refuse("GlobalTableSourceArn", "global tables are not supported");
  reader.refuse("GlobalTableWitnesses", "global tables are not supported");
  reader.refuse("Replicas", "global tables are not supported");
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return input;
}

class TableProvider final : public deploy::ResourceProvider {
 public:
  TableProvider(Tables& tables, runtime::Loop& loop) : tables_(tables), loop_(loop) {}

  const ResourceSchema& schema() const override {
    static const ResourceSchema kSchema{
        .type = "AWS::DynamoDB::Table",
        .required = {"KeySchema"},
        .replacement = {"TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"},
        .attributes = {"Arn", "StreamArn", "TableId"},
        .changing_attributes = {{"StreamArn", "StreamSpecification"}},
        .name = {.property = "TableName", .max = 255}};
    return kSchema;
  }

  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto input = read_table(properties, "generated");
    if (!input) return std::unexpected(input.error());
    if (auto defined = tables::define_table(input->create); !defined) return std::unexpected(error_of(defined.error()));
    return {};
  }

  // The type of an attribute cannot be changed in place; attributes come and go with their indexes.
  bool replaces(std::string_view property, const json::Value& before, const json::Value& after) const override {
    if (property != "AttributeDefinitions") return ResourceProvider::replaces(property, before, after);
    if (!before.is_array() || !after.is_array()) return false;
    for (const auto& old_one : before.as_array()) {
      for (const auto& new_one : after.as_array()) {
        if (old_one.string_or("AttributeName") == new_one.string_or("AttributeName") &&
            old_one.string_or("AttributeType") != new_one.string_or("AttributeType"))
          return true;
      }
    }
    return false;
  }

  void create(CreateRequest request, HandlerReply reply) override {
    auto input = read_table(request.properties, request.generated_name);
    if (!input) return std::move(reply)(std::unexpected(input.error()));
    const auto scope = request.context.scope;
    const auto name = input->create.name;
    for (const auto& tag : request.context.tags) input->create.tags.emplace_back(tag.key, tag.value);
    auto steps = Steps::make();
    const auto there = tables_.describe(scope, name);
    const bool ours = there && request.may_be_ours(name, there->definition.created);
    if (!ours) {
      steps->add([this, scope, create = input->create](Steps::Done done) mutable {
        tables_.create_table(scope, std::move(create), loop_, as_reply<tables::TableDescription>(std::move(done)));
      });
    }
    add_wait(*steps, scope, name);
    add_ttl(*steps, scope, name, input->ttl);
    add_features(*steps, scope, name, *input);
    steps->run(answer(std::move(reply), [this, scope, name] { return outcome(scope, name); }));
  }

  void update(UpdateRequest request, HandlerReply reply) override {
    auto input = read_table(request.properties, request.physical_id);
    if (!input) return std::move(reply)(std::unexpected(input.error()));
    const auto scope = request.context.scope;
    const auto name = request.physical_id;
    const auto& want = input->create;
    for (const auto& tag : request.context.tags) input->create.tags.emplace_back(tag.key, tag.value);
    auto steps = Steps::make();
    add_capacity(*steps, scope, name, want);
    add_stream(*steps, scope, name, want);
    add_settings(*steps, scope, name, want);
    add_indexes(*steps, scope, name, want);
    add_ttl(*steps, scope, name, input->ttl);
    add_tags(*steps, scope, name, want.tags);
    add_features(*steps, scope, name, *input);
    steps->run(answer(std::move(reply), [this, scope, name] { return outcome(scope, name); }));
  }

  void remove(RemoveRequest request, HandlerReply reply) override {
    const auto scope = request.context.scope;
    const auto name = request.physical_id;
    auto steps = Steps::make();
    steps->add([this, scope, name](Steps::Done done) {
      tables_.delete_table(scope, name, loop_, as_reply<tables::TableDescription>(std::move(done)));
    });
    steps->add([this, scope, name](Steps::Done done) { wait_gone(scope, name, kLooksMax, std::move(done)); });
    steps->run(answer(std::move(reply), [] { return Outcome<deploy::Outcome>(deploy::Outcome()); }));
  }

 private:
  template <class T>
  static Reply<T, tables::Error> as_reply(Steps::Done done) {
    return Reply<T, tables::Error>([done = std::move(done)](tables::Result<T> result) mutable {
      if (!result) return done(std::unexpected(error_of(result.error())));
      done({});
    });
  }

  void wait(const Scope& scope, const std::string& name, int looks, Steps::Done done) {
    const auto table = tables_.describe(scope, name);
    if (!table) return done(std::unexpected(error_of(table.error())));
    const bool filling = std::any_of(table->definition.indexes.begin(), table->definition.indexes.end(),
                                     [](const auto& index) { return index.status != tables::IndexStatus::kActive; });
    if (table->status == tables::TableStatus::kActive && !filling) return done({});
    if (looks == 0)
      return done(deploy::refuse(HandlerErrc::kNotStabilized, "The table did not become ACTIVE in an hour"));
    loop_.at(loop_.clock().now() + kLookAgain, [this, scope, name, looks, done = std::move(done)]() mutable {
      wait(scope, name, looks - 1, std::move(done));
    });
  }
  void wait_gone(const Scope& scope, const std::string& name, int looks, Steps::Done done) {
    if (!tables_.describe(scope, name)) return done({});
    if (looks == 0) return done(deploy::refuse(HandlerErrc::kNotStabilized, "The table was not deleted in an hour"));
    loop_.at(loop_.clock().now() + kLookAgain, [this, scope, name, looks, done = std::move(done)]() mutable {
      wait_gone(scope, name, looks - 1, std::move(done));
    });
  }
  // Another stream can be enabled when the one before has got everything.
  void wait_drained(const Scope& scope, const std::string& name, int looks, Steps::Done done) {
    const auto table = tables_.describe(scope, name);
    if (!table) return done(std::unexpected(error_of(table.error())));
    const auto& list = table->definition.features.destinations;
    if (std::none_of(list.begin(), list.end(), [](const tables::StreamingDestination& one) {
          return one.status == tables::DestinationStatus::kDisabling;
        })) {
      return done({});
    }
    if (looks == 0)
      return done(deploy::refuse(HandlerErrc::kNotStabilized, "The destination was not disabled in an hour"));
    loop_.at(loop_.clock().now() + kLookAgain, [this, scope, name, looks, done = std::move(done)]() mutable {
      wait_drained(scope, name, looks - 1, std::move(done));
    });
  }
  void add_wait(Steps& steps, const Scope& scope, const std::string& name) {
    steps.add([this, scope, name](Steps::Done done) { wait(scope, name, kLooksMax, std::move(done)); });
  }

  // One UpdateTable, made from what the table is when its turn comes; nothing to do when `make` says so. Then the wait.
  void add_update(Steps& steps, const Scope& scope, const std::string& name,
                  std::function<std::optional<tables::UpdateTableInput>(const tables::TableDefinition&)> make) {
    steps.add([this, scope, name, make = std::move(make)](Steps::Done done) {
      const auto table = tables_.describe(scope, name);
      if (!table) return done(std::unexpected(error_of(table.error())));
      auto update = make(table->definition);
      if (!update) return done({});
      update->name = name;
      tables_.update_table(scope, *std::move(update), loop_, as_reply<tables::TableDescription>(std::move(done)));
    });
    add_wait(steps, scope, name);
  }

  void add_capacity(Steps& steps, const Scope& scope, const std::string& name, const tables::CreateTableInput& want) {
    add_update(steps, scope, name,
               [want](const tables::TableDefinition& table) -> std::optional<tables::UpdateTableInput> {
                 tables::UpdateTableInput update;
                 const bool on_demand = want.billing == "PAY_PER_REQUEST";
                 if (on_demand != (table.billing == tables::BillingMode::kPayPerRequest))
                   update.billing = on_demand ? "PAY_PER_REQUEST" : "PROVISIONED";
                 if (!on_demand && want.throughput && (update.billing || !(*want.throughput == table.throughput)))
                   update.throughput = want.throughput;
                 // It goes with the billing mode alone: nothing else may be asked for together with it.
                 if (on_demand && !(want.on_demand == table.on_demand) && !want.on_demand.empty())
                   update.on_demand = want.on_demand;
                 std::vector<tables::IndexUpdateInput> indexes;
                 for (const auto& index : want.global_indexes.value_or(std::vector<tables::IndexInput>())) {
                   const auto* there = table.find_index(index.name);
                   if (there == nullptr || on_demand || !index.throughput ||
                       (!update.billing && *index.throughput == there->throughput))
                     continue;
                   indexes.push_back({.kind = tables::IndexUpdateInput::Kind::kUpdate,
                                      .index = {.name = index.name, .throughput = index.throughput}});
                 }
                 if (!indexes.empty()) update.index_updates = std::move(indexes);
                 if (!update.billing && !update.throughput && !update.on_demand && !update.index_updates)
                   return std::nullopt;
                 return update;
               });
  }

  // Another view is another stream: the one that is there is closed first.
  void add_stream(Steps& steps, const Scope& scope, const std::string& name, const tables::CreateTableInput& want) {
    const auto view = want.stream && want.stream->view ? tables::stream_view_from(*want.stream->view) : std::nullopt;
    add_update(steps, scope, name,
               [view](const tables::TableDefinition& table) -> std::optional<tables::UpdateTableInput> {
                 if (!table.stream.enabled || view == table.stream.view) return std::nullopt;
                 tables::UpdateTableInput update;
                 update.stream = tables::StreamInput{.enabled = false};
                 return update;
               });
    add_update(steps, scope, name,
               [stream = want.stream](const tables::TableDefinition& table) -> std::optional<tables::UpdateTableInput> {
                 if (table.stream.enabled || !stream) return std::nullopt;
                 tables::UpdateTableInput update;
                 update.stream = stream;
                 return update;
               });
  }

  void add_settings(Steps& steps, const Scope& scope, const std::string& name, const tables::CreateTableInput& want) {
    add_update(steps, scope, name,
               [want](const tables::TableDefinition& table) -> std::optional<tables::UpdateTableInput> {
                 tables::UpdateTableInput update;
                 bool any = false;
                 if (want.deletion_protection != table.deletion_protection) {
                   update.deletion_protection = want.deletion_protection;
                   any = true;
                 }
                 if (want.table_class && want.table_class != table.table_class.value_or("STANDARD")) {
                   update.table_class = want.table_class;
                   any = true;
                 }
                 if ((want.encryption && want.encryption->enabled) != table.kms_key_arn.has_value()) {
                   update.encryption = want.encryption.value_or(tables::EncryptionInput());
                   any = true;
                 }
                 return any ? std::optional(std::move(update)) : std::nullopt;
               });
  }

  // One index a call: those that go, then those that come.
  void add_indexes(Steps& steps, const Scope& scope, const std::string& name, const tables::CreateTableInput& want) {
    const auto table = tables_.describe(scope, name);
    if (!table) return;
    const auto wanted = want.global_indexes.value_or(std::vector<tables::IndexInput>());
    for (const auto& index : table->definition.indexes) {
      const auto same =
          std::find_if(wanted.begin(), wanted.end(), [&](const auto& one) { return one.name == index.name; });
      if (index.kind != tables::IndexKind::kGlobal || (same != wanted.end() && is_same(*same, index))) continue;
      add_update(
          steps, scope, name,
          [index_name = index.name](const tables::TableDefinition& now) -> std::optional<tables::UpdateTableInput> {
            if (now.find_index(index_name) == nullptr) return std::nullopt;
            tables::UpdateTableInput update;
            update.index_updates = {{.kind = tables::IndexUpdateInput::Kind::kDelete, .index = {.name = index_name}}};
            return update;
          });
    }
    for (const auto& index : wanted) {
      add_update(steps, scope, name,
                 [index, attributes = want.attributes](
                     const tables::TableDefinition& now) -> std::optional<tables::UpdateTableInput> {
                   if (now.find_index(index.name) != nullptr) return std::nullopt;
                   tables::UpdateTableInput update;
                   update.attributes = attributes;
                   update.index_updates = {{.kind = tables::IndexUpdateInput::Kind::kCreate, .index = index}};
                   return update;
                 });
    }
  }

  static bool is_same(const tables::IndexInput& want, const tables::IndexDefinition& index) {
    std::vector<std::string> hash, range;
    for (const auto& key : want.keys) (key.kind == "HASH" ? hash : range).push_back(key.name);
    const auto names = [](const std::vector<tables::KeyAttribute>& keys) {
      std::vector<std::string> out;
      out.reserve(keys.size());
      for (const auto& key : keys) out.push_back(key.name);
      return out;
    };
    auto include = want.projection.non_key.value_or(std::vector<std::string>());
    auto included = index.projection.include;
    std::sort(include.begin(), include.end());
    std::sort(included.begin(), included.end());
    return hash == names(index.keys.hash) && range == names(index.keys.range) &&
           want.projection.type.value_or("ALL") == to_string(index.projection.type) && include == included;
  }

  void add_ttl(Steps& steps, const Scope& scope, const std::string& name, const tables::TimeToLive& want) {
    steps.add([this, scope, name, want](Steps::Done done) {
      const auto table = tables_.describe(scope, name);
      if (!table) return done(std::unexpected(error_of(table.error())));
      const auto& now = table->definition.ttl;
      if (now.enabled == want.enabled && (!want.enabled || now.attribute == want.attribute)) return done({});
      // Another attribute: the setting is turned off, then on.
      auto setting = want;
      if (now.enabled && want.enabled) setting = {.enabled = false, .attribute = now.attribute};
      if (!setting.enabled) setting.attribute = now.attribute;
      const bool again = now.enabled && want.enabled;
      tables_.update_time_to_live(
          scope, name, setting, loop_,
          Reply<tables::TimeToLive, tables::Error>([this, scope, name, want, again, done = std::move(done)](
                                                       tables::Result<tables::TimeToLive> result) mutable {
            if (!result) return done(std::unexpected(error_of(result.error())));
            if (!again) return done({});
            tables_.update_time_to_live(scope, name, want, loop_, as_reply<tables::TimeToLive>(std::move(done)));
          }));
    });
  }

  // Recovery, insights, the destination and the policy: what is otherwise than the template says is changed.
  void add_features(Steps& steps, const Scope& scope, const std::string& name, const TableInput& want) {
    using Work = std::function<void(const tables::TableDefinition&, Steps::Done)>;
    const auto add = [&](Work work) {
      steps.add([this, scope, name, work = std::move(work)](Steps::Done done) {
        const auto table = tables_.describe(scope, name);
        if (!table) return done(std::unexpected(error_of(table.error())));
        work(table->definition, std::move(done));
      });
    };
    add([this, want = want.recovery](const tables::TableDefinition& table, Steps::Done done) {
      const auto& now = table.features.recovery;
      if (now.enabled == want.enabled && (!now.enabled || now.days == want.days.value_or(now.days))) return done({});
      tables_.recovery().update(table.scope, table.name, want, as_reply<tables::RecoveryDescription>(std::move(done)));
    });
    add([this, want = want.insights](const tables::TableDefinition& table, Steps::Done done) {
      const bool now = table.features.insights.contains("") && table.features.insights.at("").enabled;
      if (now == want.value_or(false)) return done({});
      tables::update_insights(tables_, table.scope, {.table = table.name, .index = {}, .enable = !now},
                              as_reply<tables::InsightsDescription>(std::move(done)));
    });
    const auto active = [](const tables::TableDefinition& table) {
      const auto& list = table.features.destinations;
      const auto at = std::find_if(list.begin(), list.end(), [](const tables::StreamingDestination& one) {
        return one.status == tables::DestinationStatus::kActive;
      });
      return at == list.end() ? nullptr : &*at;
    };
    add([this, active, want = want.kinesis_stream](const tables::TableDefinition& table, Steps::Done done) {
      const auto* now = active(table);
      if (now == nullptr || now->stream_arn == want) return done({});
      tables_.destinations().disable(table.scope, table.name, now->stream_arn,
                                     as_reply<tables::StreamingDestination>(std::move(done)));
    });
    steps.add([this, scope, name](Steps::Done done) { wait_drained(scope, name, kLooksMax, std::move(done)); });
    add([this, active, want = want.kinesis_stream, precision = want.kinesis_precision](
            const tables::TableDefinition& table, Steps::Done done) {
      if (want.empty() || active(table) != nullptr) return done({});
      tables_.destinations().enable(table.scope, table.name, want, precision,
                                    as_reply<tables::StreamingDestination>(std::move(done)));
    });
    add([this, want = want.create.resource_policy](const tables::TableDefinition& table, Steps::Done done) {
      const auto resource = tables::policy_resource(tables::table_arn(table.scope, table.name));
      if (!resource || want.has_value() == table.features.policies.contains("")) {
        if (!want || table.features.policies.at("").document == *want) return done({});
      }
      if (want)
        return tables::put_policy(tables_, *resource, *want, {}, as_reply<tables::ResourcePolicy>(std::move(done)));
      tables::delete_policy(tables_, *resource, {}, as_reply<tables::ResourcePolicy>(std::move(done)));
    });
  }

  void add_tags(Steps& steps, const Scope& scope, const std::string& name,
                const std::vector<std::pair<std::string, std::string>>& want) {
    const auto table = tables_.describe(scope, name);
    if (!table) return;
    std::vector<std::string> gone;
    for (const auto& [key, value] : table->definition.tags) {
      const bool stays =
          std::any_of(want.begin(), want.end(), [&key = key](const auto& tag) { return tag.first == key; });
      if (!stays) gone.push_back(key);
    }
    if (!gone.empty()) {
      steps.add([this, scope, name, gone](Steps::Done done) {
        tables_.untag(scope, name, gone, loop_, as_reply<tables::TagList>(std::move(done)));
      });
    }
    if (!want.empty()) {
      steps.add([this, scope, name, want](Steps::Done done) {
        tables_.tag(scope, name, want, loop_, as_reply<tables::TagList>(std::move(done)));
      });
    }
  }

  Outcome<deploy::Outcome> outcome(const Scope& scope, const std::string& name) const {
    const auto table = tables_.describe(scope, name);
    if (!table) return std::unexpected(error_of(table.error()));
    deploy::Outcome out{.physical_id = name};
    out.attributes["Arn"] = tables::table_arn(scope, name);
    out.attributes["TableId"] = table->definition.uuid;
    if (table->definition.stream.enabled)
      out.attributes["StreamArn"] = tables::stream_arn(scope, name, table->definition.stream.label);
    return out;
  }

  Tables& tables_;
  runtime::Loop& loop_;
};

}  // namespace

Family make_tables(Tables& tables, runtime::Loop& loop) {
  Family family;
  family.push_back(std::make_unique<TableProvider>(tables, loop));
  return family;
}

}  // namespace tidemill::resources
