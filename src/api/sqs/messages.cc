#include "api/sqs/messages.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"

#include <fmt/format.h>

namespace tidemill::sqs {
namespace {

using queues::Errc;
using queues::Error;
using queues::QueueName;
using queues::Queues;
using queues::Result;
using queues::Status;

constexpr std::size_t kBatchMax = 10;

std::unexpected<Error> missing(std::string_view name) {
  return queues::fail(Errc::kMissingParameter, fmt::format("The request must contain the parameter {}.", name));
}

Result<queues::MessageAttributes> attributes_of(const json::Value* object) {
  queues::MessageAttributes out;
  if (!object || object->is_null()) return out;
  if (!object->is_object()) return queues::fail(Errc::kInvalidParameter, "MessageAttributes must be an object.");
  for (const auto& [name, value] : object->as_object()) {
    queues::MessageAttribute attribute{.type = value.string_or("DataType"), .value = {}};
    if (attribute.is_binary()) {
      auto bytes = from_base64(value.string_or("BinaryValue"));
      if (!bytes)
        return queues::fail(Errc::kInvalidParameter, fmt::format("The message attribute '{}' holds no base64.", name));
      attribute.value = *std::move(bytes);
    } else {
      attribute.value = value.string_or("StringValue");
    }
    out[name] = std::move(attribute);
  }
  return out;
}

Result<queues::ToSend> message_of(const json::Value& body) {
  if (const auto* system = body.find("MessageSystemAttributes"); system && !strings_of(system).empty())
    return queues::fail(Errc::kUnsupported, "MessageSystemAttributes are not supported.");
  for (const char* member : {"MessageGroupId", "MessageDeduplicationId"})
    if (!body.string_or(member).empty())
      return queues::fail(
          Errc::kInvalidParameter,
          fmt::format(
              "Value {} for parameter {} is invalid. Reason: The request include parameter that is not valid for this "
              "queue type.",
              body.string_or(member), member));
  TM_TRY(auto attributes, attributes_of(body.find("MessageAttributes")));
  return queues::ToSend{.body = body.string_or("MessageBody"),
                        .attributes = std::move(attributes),
                        .delay_s = number_of(body.find("DelaySeconds"))};
}

json::Object sent_json(const queues::Sent& sent) {
  json::Object out;
  out["MessageId"] = sent.id;
  out["MD5OfMessageBody"] = sent.md5_of_body;
  if (!sent.md5_of_attributes.empty()) out["MD5OfMessageAttributes"] = sent.md5_of_attributes;
  return out;
}

// A batch on its way: entries are answered one by one, the call when all are.
struct Batch {
  std::vector<json::Value> entries;
  json::Array successful, failed;
  std::size_t left = 0;
  Call call;

  void done(std::size_t index, Result<json::Object> result) {
    const std::string id = entries[index].string_or("Id");
    if (result) {
      (*result)["Id"] = id;
      successful.push_back(*std::move(result));
    } else {
      json::Object failure;
      failure["Id"] = id;
      failure["SenderFault"] = result.error().code != Errc::kInternal;
      failure["Code"] = names_of(result.error().code).query_code;
      failure["Message"] = result.error().message;
      failed.push_back(std::move(failure));
    }
    if (--left > 0) return;
    json::Object out;
    out["Successful"] = std::move(successful);
    out["Failed"] = std::move(failed);
    call.answer(json::Value(std::move(out)));
  }
};

// Checks the batch as a whole, then runs `one(entry, done)` for each entry.
template <class One>
void run_batch(Call call, std::string_view entry_name, One one) {
  auto batch =
      std::make_shared<Batch>(Batch{.entries = {}, .successful = {}, .failed = {}, .left = 0, .call = std::move(call)});
  const auto refuse = [&batch](Errc code, std::string message) {
    batch->call.answer(queues::fail(code, std::move(message)));
  };
  const auto* entries = batch->call.body.find("Entries");
  if (!entries || !entries->is_array() || entries->as_array().empty())
    return refuse(Errc::kEmptyBatch, fmt::format("There should be at least one {} in the request.", entry_name));
  if (entries->as_array().size() > kBatchMax)
    return refuse(Errc::kTooManyEntries, fmt::format("Maximum number of entries per request are {}. You have sent {}.",
                                                     kBatchMax, entries->as_array().size()));
  std::set<std::string> ids;
  std::size_t bytes = 0;
  for (const json::Value& entry : entries->as_array()) {
    const std::string id = entry.string_or("Id");
    const bool good = !id.empty() && id.size() <= 80 && std::ranges::all_of(id, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (!good)
      return refuse(Errc::kInvalidBatchEntryId,
                    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be "
                    "at most 80 letters long.");
    if (!ids.insert(id).second) return refuse(Errc::kBatchIdsNotDistinct, fmt::format("Id {} repeated.", id));
    bytes += entry.string_or("MessageBody").size();
  }
  if (bytes > queues::kMessageBytesMax)
    return refuse(Errc::kBatchTooLong,
                  fmt::format("Batch requests cannot be longer than {} bytes. You have sent {} bytes.",
                              queues::kMessageBytesMax, bytes));
  batch->entries = entries->as_array();
  batch->left = batch->entries.size();
  for (std::size_t i = 0; i < batch->entries.size(); ++i)
    one(batch->entries[i], [batch, i](Result<json::Object> result) { batch->done(i, std::move(result)); });
}

auto empty_reply(Call call) {
  return Reply<void, Error>([call = std::move(call)](Status status) mutable {
    if (!status) return call.answer(std::unexpected(status.error()));
    call.answer(json::Value(json::Object()));
  });
}

bool wants(const std::vector<std::string>& asked, std::string_view name) {
  return std::ranges::any_of(asked, [name](const std::string& one) {
    if (one == "All" || one == ".*" || one == name) return true;
    return one.ends_with(".*") && name.starts_with(std::string_view(one).substr(0, one.size() - 1));
  });
}

json::Value message_json(const queues::Received& received, const std::vector<std::string>& system,
                         const std::vector<std::string>& own) {
  const queues::Message& message = received.message;
  json::Object out;
  out["MessageId"] = message.id;
  out["ReceiptHandle"] = received.receipt_handle;
  out["MD5OfBody"] = queues::md5_of_body(message.body);
  out["Body"] = message.body;
  json::Object attributes;
  const auto add = [&](std::string_view name, std::string value) {
    if (wants(system, name)) attributes[name] = std::move(value);
  };
  add("SenderId", message.sender);
  add("ApproximateFirstReceiveTimestamp", std::to_string(received.first_received_ms));
  add("ApproximateReceiveCount", std::to_string(received.receive_count));
  add("SentTimestamp", std::to_string(message.sent_ms));
  if (!attributes.empty()) out["Attributes"] = std::move(attributes);
  queues::MessageAttributes shown;
  json::Object own_json;
  for (const auto& [name, attribute] : message.attributes) {
    if (!wants(own, name)) continue;
    shown[name] = attribute;
    json::Object value;
    if (attribute.is_binary())
      value["BinaryValue"] = to_base64(attribute.value);
    else
      value["StringValue"] = attribute.value;
    value["DataType"] = attribute.type;
    own_json[name] = std::move(value);
  }
  if (!shown.empty()) {
    out["MD5OfMessageAttributes"] = queues::md5_of_attributes(shown);
    out["MessageAttributes"] = std::move(own_json);
  }
  return out;
}

}  // namespace

void send_message(Queues& queues, const QueueName& queue, Call call) {
  auto message = message_of(call.body);
  if (!message) return call.answer(std::unexpected(message.error()));
  std::vector<queues::ToSend> messages;
  messages.push_back(*std::move(message));
  const std::string sender = call.caller.principal.user_id;
  queues.send(queue, std::move(messages), sender,
              Reply<std::vector<queues::Sent>, Error>([call = std::move(call)](auto sent) mutable {
                if (!sent) return call.answer(std::unexpected(sent.error()));
                call.answer(json::Value(sent_json(sent->front())));
              }));
}

void send_message_batch(Queues& queues, const QueueName& queue, Call call) {
  const std::string sender = call.caller.principal.user_id;
  run_batch(std::move(call), "SendMessageBatchRequestEntry", [&](const json::Value& entry, auto done) {
    auto message = message_of(entry);
    if (!message) return done(std::unexpected(message.error()));
    std::vector<queues::ToSend> messages;
    messages.push_back(*std::move(message));
    queues.send(queue, std::move(messages), sender, Reply<std::vector<queues::Sent>, Error>([done](auto sent) mutable {
                  if (!sent) return done(std::unexpected(sent.error()));
                  done(sent_json(sent->front()));
                }));
  });
}

void receive_message(Queues& queues, const QueueName& queue, Call call) {
  queues::ReceiveRequest request{.queue = queue,
                                 .messages_max = call.number("MaxNumberOfMessages").value_or(1),
                                 .visibility_s = call.number("VisibilityTimeout"),
                                 .wait_s = call.number("WaitTimeSeconds")};
  auto system = list_of(call.body.find("AttributeNames"));
  for (auto& name : list_of(call.body.find("MessageSystemAttributeNames"))) system.push_back(std::move(name));
  auto own = list_of(call.body.find("MessageAttributeNames"));
  const auto gone = call.client_gone;
  queues.receive(std::move(request), gone,
                 Reply<std::vector<queues::Received>, Error>(
                     [call = std::move(call), system = std::move(system), own = std::move(own)](auto received) mutable {
                       if (!received) return call.answer(std::unexpected(received.error()));
                       json::Object out;
                       json::Array messages;
                       for (const auto& one : *received) messages.push_back(message_json(one, system, own));
                       if (!messages.empty()) out["Messages"] = std::move(messages);
                       call.answer(json::Value(std::move(out)));
                     }));
}

void delete_message(Queues& queues, const QueueName& queue, Call call) {
  const std::string handle = call.text("ReceiptHandle");
  if (handle.empty()) return call.answer(missing("ReceiptHandle"));
  queues.delete_message(queue, handle, empty_reply(std::move(call)));
}

void delete_message_batch(Queues& queues, const QueueName& queue, Call call) {
  run_batch(std::move(call), "DeleteMessageBatchRequestEntry", [&](const json::Value& entry, auto done) {
    queues.delete_message(queue, entry.string_or("ReceiptHandle"), Reply<void, Error>([done](Status status) mutable {
                            if (!status) return done(std::unexpected(status.error()));
                            done(json::Object());
                          }));
  });
}

void change_visibility(Queues& queues, const QueueName& queue, Call call) {
  const std::string handle = call.text("ReceiptHandle");
  const auto timeout = call.number("VisibilityTimeout");
  if (handle.empty()) return call.answer(missing("ReceiptHandle"));
  if (!timeout) return call.answer(missing("VisibilityTimeout"));
  queues.change_visibility(queue, handle, *timeout, empty_reply(std::move(call)));
}

void change_visibility_batch(Queues& queues, const QueueName& queue, Call call) {
  run_batch(std::move(call), "ChangeMessageVisibilityBatchRequestEntry", [&](const json::Value& entry, auto done) {
    const auto timeout = number_of(entry.find("VisibilityTimeout"));
    if (!timeout) return done(missing("VisibilityTimeout"));
    queues.change_visibility(queue, entry.string_or("ReceiptHandle"), *timeout,
                             Reply<void, Error>([done](Status status) mutable {
                               if (!status) return done(std::unexpected(status.error()));
                               done(json::Object());
                             }));
  });
}

}  // namespace tidemill::sqs
