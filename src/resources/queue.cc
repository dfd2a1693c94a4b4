// AWS::SQS::Queue on queues.
#include <fmt/format.h>

#include <cstdlib>

#include "queues/queues.h"
#include "resources/reader.h"
#include "resources/resources.h"
#include "resources/steps.h"

namespace tidemill::resources {
namespace {

using deploy::CreateRequest;
using deploy::RemoveRequest;
using deploy::ResourceSchema;
using deploy::UpdateRequest;
using HandlerReply = Reply<deploy::Outcome, HandlerError>;
using queues::QueueName;
using queues::Queues;

HandlerError error_of(const queues::Error& error) {
  switch (error.code) {
    case queues::Errc::kQueueDoesNotExist: return {HandlerErrc::kNotFound, error.message};
    case queues::Errc::kQueueNameExists: return {HandlerErrc::kAlreadyExists, error.message};
    case queues::Errc::kInternal: return {HandlerErrc::kInternalFailure, error.message};
    default: return {HandlerErrc::kInvalidRequest, error.message};
  }
}

template <class T>
Reply<T, queues::Error> as_reply(Steps::Done done) {
  return Reply<T, queues::Error>([done = std::move(done)](std::expected<T, queues::Error> result) mutable {
    if (!result) return done(std::unexpected(error_of(result.error())));
    done({});
  });
}

struct QueueInput {
  std::string name;
  queues::Attributes attributes;
  std::map<std::string, std::string> tags;
};

// Attributes that the template does not name have these values, also after an update.
constexpr std::pair<const char*, const char*> kAttributes[] = {{"DelaySeconds", "0"},
                                                               {"MaximumMessageSize", "1048576"},
                                                               {"MessageRetentionPeriod", "345600"},
                                                               {"ReceiveMessageWaitTimeSeconds", "0"},
                                                               {"VisibilityTimeout", "30"}};

Outcome<QueueInput> read_queue(const json::Value& properties, const std::string& generated_name) {
  Reader reader(properties);
  QueueInput input{.name = reader.text_or("QueueName", generated_name)};
  for (const auto& [name, fallback] : kAttributes) {
    if (const auto value = reader.integer(name)) input.attributes[name] = std::to_string(*value);
  }
  for (const auto* name : {"RedrivePolicy", "RedriveAllowPolicy"}) {
    if (const auto* policy = reader.any(name))
      input.attributes[name] = policy->is_string() ? policy->as_string() : policy->text();
  }
  if (reader.boolean_or("FifoQueue", false)) reader.refuse("FifoQueue", "FIFO queues are not supported");
  reader.refuse("ContentBasedDeduplication", "FIFO queues are not supported");
  reader.refuse("DeduplicationScope", "FIFO queues are not supported");
  reader.refuse("FifoThroughputLimit", "FIFO queues are not supported");
  input.tags = reader.tags("Tags");
  reader.accept({"KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"});
  if (auto fine = reader.finish(); !fine) return std::unexpected(fine.error());
  return input;
}

class QueueProvider final : public deploy::ResourceProvider {
 public:
  QueueProvider(Queues& queues, std::string endpoint) : queues_(queues), endpoint_(std::move(endpoint)) {}

  const ResourceSchema& schema() const override {
    static const ResourceSchema kSchema{.type = "AWS::SQS::Queue",
                                        .replacement = {"FifoQueue", "QueueName"},
                                        .attributes = {"QueueUrl", "Arn", "QueueName"},
                                        .name = {.property = "QueueName", .max = 80}};
    return kSchema;
  }
  std::expected<void, HandlerError> validate(const json::Value& properties) const override {
    auto input = read_queue(properties, "");
    return input ? std::expected<void, HandlerError>() : std::unexpected(input.error());
  }
  void create(CreateRequest request, HandlerReply reply) override {
    auto input = read_queue(request.properties, request.generated_name);
    if (!input) return std::move(reply)(std::unexpected(input.error()));
    const QueueName name{request.context.scope, input->name};
    // The engine takes a repeated creation for the same queue; a template's queue must be a new one.
    bool ours = false;
    if (const auto there = queues_.attributes(name)) {
      const auto created = there->find("CreatedTimestamp");  // whole seconds
      ours = created != there->end() &&
             request.may_be_ours(input->name, from_epoch_ms((std::atoll(created->second.c_str()) + 1) * 1000 - 1));
    }
    if (!ours && queues_.find(name))
      return std::move(reply)(
          deploy::refuse(HandlerErrc::kAlreadyExists, fmt::format("Queue {} already exists", input->name)));
    for (const auto& tag : request.context.tags) input->tags.emplace(tag.key, tag.value);
    auto steps = Steps::make();
    steps->add([this, name, input = *input](Steps::Done done) {
      queues_.create(name, input.attributes, input.tags, as_reply<QueueName>(std::move(done)));
    });
    steps->run(answer(std::move(reply), [this, name] { return Outcome<deploy::Outcome>(outcome(name)); }));
  }
  void update(UpdateRequest request, HandlerReply reply) override {
    const auto name = name_of(request.context.scope, request.physical_id);
    auto input = read_queue(request.properties, name.name);
    if (!input) return std::move(reply)(std::unexpected(input.error()));
    for (const auto& [attribute, fallback] : kAttributes) input->attributes.emplace(attribute, fallback);
    for (const auto* policy : {"RedrivePolicy", "RedriveAllowPolicy"}) {
      if (request.old_properties.find(policy) != nullptr) input->attributes.emplace(policy, "");
    }
    const auto tags = queues_.tags(name);
    if (!tags) return std::move(reply)(std::unexpected(error_of(tags.error())));
    for (const auto& tag : request.context.tags) input->tags.emplace(tag.key, tag.value);
    std::vector<std::string> gone;
    for (const auto& [key, value] : *tags) {
      if (!input->tags.contains(key)) gone.push_back(key);
    }
    auto steps = Steps::make();
    steps->add([this, name, attributes = input->attributes](Steps::Done done) {
      queues_.set_attributes(name, attributes, as_reply<void>(std::move(done)));
    });
    steps->add([this, name, add = input->tags, gone](Steps::Done done) {
      queues_.tag(name, add, gone, as_reply<void>(std::move(done)));
    });
    steps->run(answer(std::move(reply), [this, name] { return Outcome<deploy::Outcome>(outcome(name)); }));
  }
  void remove(RemoveRequest request, HandlerReply reply) override {
    auto steps = Steps::make();
    steps->add([this, name = name_of(request.context.scope, request.physical_id)](Steps::Done done) {
      queues_.remove(name, as_reply<void>(std::move(done)));
    });
    steps->run(answer(std::move(reply), [] { return Outcome<deploy::Outcome>(deploy::Outcome()); }));
  }

 private:
  // Ref is the queue's URL.
  static QueueName name_of(const Scope& scope, const std::string& url) {
    return {scope, url.substr(url.rfind('/') + 1)};
  }
  deploy::Outcome outcome(const QueueName& name) const {
    deploy::Outcome out{.physical_id = fmt::format("{}/{}/{}", endpoint_, name.scope.account, name.name)};
    out.attributes["QueueUrl"] = out.physical_id;
    out.attributes["Arn"] = name.arn();
    out.attributes["QueueName"] = name.name;
    return out;
  }
  Queues& queues_;
  const std::string endpoint_;
};

}  // namespace

Family make_queues(Queues& queues, std::string endpoint) {
  Family family;
  family.push_back(std::make_unique<QueueProvider>(queues, std::move(endpoint)));
  return family;
}

}  // namespace tidemill::resources
