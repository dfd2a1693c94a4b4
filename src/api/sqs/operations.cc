#include <algorithm>
#include <charconv>

#include "api/sqs/messages.h"
#include "api/sqs/operation.h"

#include <fmt/format.h>

namespace tidemill::sqs {
namespace {

using queues::Errc;
using queues::Error;
using queues::QueueName;
using queues::Queues;
using queues::Status;

auto empty_reply(Call call) {
  return Reply<void, Error>([call = std::move(call)](Status status) mutable {
    if (!status) return call.answer(std::unexpected(status.error()));
    call.answer(json::Value(json::Object()));
  });
}

json::Value map_json(std::string_view member, const std::map<std::string, std::string>& map) {
  json::Object inner, out;
  for (const auto& [name, value] : map) inner[name] = value;
  if (!inner.empty()) out[member] = std::move(inner);
  return out;
}

void create_queue(Queues& queues, const QueueName&, Call call) {
  const QueueName name{.scope = call.caller.scope, .name = call.text("QueueName")};
  if (name.name.empty())
    return call.answer(queues::fail(Errc::kMissingParameter, "The request must contain the parameter QueueName."));
  auto attributes = strings_of(call.body.find("Attributes"));
  auto tags = strings_of(call.body.find("tags"));
  queues.create(name, std::move(attributes), std::move(tags),
                Reply<QueueName, Error>([call = std::move(call)](auto made) mutable {
                  if (!made) return call.answer(std::unexpected(made.error()));
                  json::Object out;
                  out["QueueUrl"] = call.url_of(*made);
                  call.answer(json::Value(std::move(out)));
                }));
}

void get_queue_url(Queues& queues, const QueueName&, Call call) {
  QueueName name{.scope = call.caller.scope, .name = call.text("QueueName")};
  if (const auto owner = call.text("QueueOwnerAWSAccountId"); !owner.empty()) name.scope.account = owner;
  if (const auto status = queues.find(name); !status) return call.answer(std::unexpected(status.error()));
  json::Object out;
  out["QueueUrl"] = call.url_of(name);
  call.answer(json::Value(std::move(out)));
}

// One page of names as URLs; NextToken is the last name of the page before.
void answer_page(Call call, std::vector<std::string> names, std::string_view member) {
  const auto max =
      static_cast<std::size_t>(std::clamp<std::int64_t>(call.number("MaxResults").value_or(1000), 1, 1000));
  const std::string after = call.text("NextToken");
  json::Object out;
  json::Array urls;
  std::string last;
  for (const std::string& name : names) {
    if (!after.empty() && name <= after) continue;
    if (urls.size() == max) {
      out["NextToken"] = last;
      break;
    }
    urls.push_back(call.url_of({.scope = call.caller.scope, .name = name}));
    last = name;
  }
  if (!urls.empty()) out[member] = std::move(urls);
  call.answer(json::Value(std::move(out)));
}

void list_queues(Queues& queues, const QueueName&, Call call) {
  auto names = queues.list(call.caller.scope, call.text("QueueNamePrefix"));
  answer_page(std::move(call), std::move(names), "QueueUrls");
}

void list_dead_letter_sources(Queues& queues, const QueueName& queue, Call call) {
  if (const auto status = queues.find(queue); !status) return call.answer(std::unexpected(status.error()));
  auto names = queues.dead_letter_sources(queue);
  answer_page(std::move(call), std::move(names), "queueUrls");
}

void delete_queue(Queues& queues, const QueueName& queue, Call call) {
  queues.remove(queue, empty_reply(std::move(call)));
}
void purge_queue(Queues& queues, const QueueName& queue, Call call) {
  queues.purge(queue, empty_reply(std::move(call)));
}

void get_attributes(Queues& queues, const QueueName& queue, Call call) {
  auto attributes = queues.attributes(queue);
  if (!attributes) return call.answer(std::unexpected(attributes.error()));
  const auto asked = list_of(call.body.find("AttributeNames"));
  if (std::ranges::find(asked, "All") == asked.end()) {
    static constexpr std::string_view kOptional[] = {"Policy",
                                                     "RedrivePolicy",
                                                     "RedriveAllowPolicy",
                                                     "KmsMasterKeyId",
                                                     "KmsDataKeyReusePeriodSeconds",
                                                     "FifoQueue",
                                                     "ContentBasedDeduplication",
                                                     "DeduplicationScope",
                                                     "FifoThroughputLimit"};
    for (const std::string& name : asked)
      if (!attributes->contains(name) && std::ranges::find(kOptional, name) == std::end(kOptional))
        return call.answer(queues::fail(Errc::kInvalidAttributeName, fmt::format("Unknown Attribute {}.", name)));
    std::erase_if(*attributes, [&](const auto& entry) { return std::ranges::find(asked, entry.first) == asked.end(); });
  }
  call.answer(map_json("Attributes", *attributes));
}

void set_attributes(Queues& queues, const QueueName& queue, Call call) {
  const auto changes = strings_of(call.body.find("Attributes"));
  queues.set_attributes(queue, changes, empty_reply(std::move(call)));
}

void tag_queue(Queues& queues, const QueueName& queue, Call call) {
  auto add = strings_of(call.body.find("Tags"));
  queues.tag(queue, std::move(add), {}, empty_reply(std::move(call)));
}

void untag_queue(Queues& queues, const QueueName& queue, Call call) {
  const auto remove = list_of(call.body.find("TagKeys"));
  queues.tag(queue, {}, remove, empty_reply(std::move(call)));
}

void list_tags(Queues& queues, const QueueName& queue, Call call) {
  const auto tags = queues.tags(queue);
  if (!tags) return call.answer(std::unexpected(tags.error()));
  call.answer(map_json("Tags", *tags));
}

}  // namespace

std::span<const Operation> operations() {
  static constexpr Operation kAll[] = {
      {"CreateQueue", "sqs:CreateQueue", false, create_queue},
      {"GetQueueUrl", "sqs:GetQueueUrl", false, get_queue_url},
      {"ListQueues", "sqs:ListQueues", false, list_queues},
      {"DeleteQueue", "sqs:DeleteQueue", true, delete_queue},
      {"PurgeQueue", "sqs:PurgeQueue", true, purge_queue},
      {"GetQueueAttributes", "sqs:GetQueueAttributes", true, get_attributes},
      {"SetQueueAttributes", "sqs:SetQueueAttributes", true, set_attributes},
      {"TagQueue", "sqs:TagQueue", true, tag_queue},
      {"UntagQueue", "sqs:UntagQueue", true, untag_queue},
      {"ListQueueTags", "sqs:ListQueueTags", true, list_tags},
      {"ListDeadLetterSourceQueues", "sqs:ListDeadLetterSourceQueues", true, list_dead_letter_sources},
      {"SendMessage", "sqs:SendMessage", true, send_message},
      {"SendMessageBatch", "sqs:SendMessage", true, send_message_batch},
      {"ReceiveMessage", "sqs:ReceiveMessage", true, receive_message},
      {"DeleteMessage", "sqs:DeleteMessage", true, delete_message},
      {"DeleteMessageBatch", "sqs:DeleteMessage", true, delete_message_batch},
      {"ChangeMessageVisibility", "sqs:ChangeMessageVisibility", true, change_visibility},
      {"ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility", true, change_visibility_batch},
  };
  return kAll;
}

std::optional<std::int64_t> number_of(const json::Value* value) {
  if (!value) return std::nullopt;
  if (value->is_number()) return value->as_integer();
  if (!value->is_string()) return std::nullopt;
  std::int64_t out = 0;
  const std::string& text = value->as_string();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<std::int64_t> Call::number(std::string_view name) const { return number_of(body.find(name)); }

std::string Call::url_of(const QueueName& queue) const {
  return fmt::format("http://{}/{}/{}", host, queue.scope.account, queue.name);
}

std::map<std::string, std::string> strings_of(const json::Value* object) {
  std::map<std::string, std::string> out;
  if (object && object->is_object())
    for (const auto& [name, value] : object->as_object())
      out[name] = value.is_string() ? value.as_string() : value.text();
  return out;
}

std::vector<std::string> list_of(const json::Value* list) {
  std::vector<std::string> out;
  if (list && list->is_array())
    for (const auto& value : list->as_array())
      if (value.is_string()) out.push_back(value.as_string());
  return out;
}

std::optional<QueueName> queue_of_url(std::string_view url, const Scope& scope) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    const auto path = url.find('/', scheme + 3);
    url = path == std::string_view::npos ? std::string_view() : url.substr(path);
  }
  while (url.ends_with('/')) url.remove_suffix(1);
  const auto slash = url.rfind('/');
  QueueName out{.scope = scope, .name = std::string(slash == std::string_view::npos ? url : url.substr(slash + 1))};
  if (out.name.empty()) return std::nullopt;
  if (slash != std::string_view::npos) {
    const std::string_view before = url.substr(0, slash);
    const std::string_view account = before.substr(before.rfind('/') + 1);
    if (account.size() == 12 && std::ranges::all_of(account, [](char c) { return c >= '0' && c <= '9'; }))
      out.scope.account = account;
  }
  return out;
}

ErrorNames names_of(Errc code) {
  switch (code) {
    case Errc::kQueueDoesNotExist:
      return {"com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400};
    case Errc::kQueueNameExists: return {"com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists", 400};
    case Errc::kInvalidAttributeName: return {"com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName", 400};
    case Errc::kInvalidAttributeValue: return {"com.amazonaws.sqs#InvalidAttributeValue", "InvalidAttributeValue", 400};
    case Errc::kInvalidParameter:
      return {"com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue", 400};
    case Errc::kMissingParameter:
      return {"com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter", 400};
    case Errc::kReceiptHandleIsInvalid:
      return {"com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404};
    case Errc::kMessageNotInflight:
      return {"com.amazonaws.sqs#MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400};
    case Errc::kOverLimit: return {"com.amazonaws.sqs#OverLimit", "OverLimit", 403};
    case Errc::kUnsupported:
      return {"com.amazonaws.sqs#UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400};
    case Errc::kEmptyBatch:
      return {"com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400};
    case Errc::kTooManyEntries:
      return {"com.amazonaws.sqs#TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
              400};
    case Errc::kBatchIdsNotDistinct:
      return {"com.amazonaws.sqs#BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400};
    case Errc::kInvalidBatchEntryId:
      return {"com.amazonaws.sqs#InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400};
    case Errc::kBatchTooLong:
      return {"com.amazonaws.sqs#BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400};
    case Errc::kInternal: return {"com.amazon.coral.service#InternalFailure", "InternalFailure", 500};
  }
  std::unreachable();
}

}  // namespace tidemill::sqs
