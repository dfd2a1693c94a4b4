#include "deploy/book.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace tidemill::deploy {
namespace {

using storage::Keyspace;

// Key forms: one letter, the stack's uuid (36 characters), then what it is about. See docs/formats/stacks.md.
constexpr char kStack = 'S', kDefinition = 'T', kResource = 'R', kEvent = 'E', kChangeSet = 'C';
constexpr std::chrono::hours kKeptAfterDeletion{90 * 24};

std::string key_of(char kind, std::string_view uuid, std::string_view rest = "") {
  return fmt::format("{}{}/{}", kind, uuid, rest);
}

std::string event_key(std::string_view uuid, std::uint64_t number) {
  std::string key = key_of(kEvent, uuid);
  append_be(key, number);
  return key;
}

}  // namespace

void Book::put(const std::string& key, const json::Value& value) {
  storage::Mutation batch;
  batch.put(Keyspace::kStacks, key, value.text());
  store_.write(std::move(batch));
}

void Book::erase_key(const std::string& key) {
  storage::Mutation batch;
  batch.erase(Keyspace::kStacks, key);
  store_.write(std::move(batch));
}

void Book::forget(const std::string& uuid) {
  storage::Mutation batch;
  for (const char kind : {kStack, kDefinition, kResource, kEvent, kChangeSet}) {
    const auto from = key_of(kind, uuid);
    batch.erase_range(Keyspace::kStacks, from, prefix_end(from));
  }
  store_.write(std::move(batch));
}

tidemill::Status Book::load() {
  const auto each =
      [this](char kind,
             const std::function<tidemill::Status(std::string_view rest, const json::Value&, const std::string& uuid)>&
                 take) -> tidemill::Status {
    auto at = store_.cursor(Keyspace::kStacks, storage::Range::prefix(std::string(1, kind)));
    for (; at->valid(); at->next()) {
      const std::string_view key = at->key();
      if (key.size() < 38)
        return tidemill::fail(tidemill::Errc::kCorruption, "a stored stack has a key that is too short");
      TM_TRY(const auto value, json::Value::parse(at->value()));
      TM_CHECK(take(key.substr(38), value, std::string(key.substr(1, 36))));
    }
    return at->status();
  };
  std::vector<std::string> old;
  TM_CHECK(each(kStack, [&](std::string_view, const json::Value& value, const std::string& uuid) -> tidemill::Status {
    TM_TRY(auto stack, decode_stack(value));
    if (stack.deleted && now() - *stack.deleted > kKeptAfterDeletion) {
      old.push_back(uuid);
      return {};
    }
    stacks_.emplace(uuid, std::make_unique<Stack>(std::move(stack)));
    return {};
  }));
  TM_CHECK(each(kDefinition,
                [&](std::string_view rest, const json::Value& value, const std::string& uuid) -> tidemill::Status {
                  const auto found = stacks_.find(uuid);
                  if (found == stacks_.end()) return {};
                  if (rest == "target")
                    found->second->target = decode_definition(value);
                  else
                    found->second->definition = decode_definition(value);
                  return {};
                }));
  TM_CHECK(each(kResource,
                [&](std::string_view rest, const json::Value& value, const std::string& uuid) -> tidemill::Status {
                  const auto found = stacks_.find(uuid);
                  if (found == stacks_.end()) return {};
                  TM_TRY(auto record, decode_resource(value));
                  found->second->resources.emplace(std::string(rest), std::move(record));
                  return {};
                }));
  TM_CHECK(each(kChangeSet,
                [&](std::string_view rest, const json::Value& value, const std::string& uuid) -> tidemill::Status {
                  TM_TRY(auto change_set, decode_change_set(value));
                  if (stacks_.contains(uuid)) change_sets_[uuid].emplace(std::string(rest), std::move(change_set));
                  return {};
                }));
  for (const auto& uuid : old) forget(uuid);
  for (auto& [uuid, stack] : stacks_) {  // events are written more often than their stack
    TM_TRY(const auto newest, events(*stack, 0, 1));
    if (!newest.empty()) stack->next_event = newest[0].number + 1;
  }
  return {};
}

Stack& Book::add(Stack stack) {
  auto owned = std::make_unique<Stack>(std::move(stack));
  auto& reference = *owned;
  stacks_[reference.uuid] = std::move(owned);
  save(reference);
  save_definitions(reference);
  return reference;
}

Stack* Book::find(const Scope& scope, std::string_view name_or_arn) {
  for (const auto& [uuid, stack] : stacks_) {
    if (stack->scope != scope) continue;
    if (stack->id == name_or_arn || (stack->exists() && stack->name == name_or_arn)) return stack.get();
  }
  return nullptr;
}

void Book::save(Stack& stack) { put(key_of(kStack, stack.uuid), encode(stack)); }

void Book::save_definitions(Stack& stack) {
  put(key_of(kDefinition, stack.uuid, "live"), encode(stack.definition));
  if (stack.target)
    put(key_of(kDefinition, stack.uuid, "target"), encode(*stack.target));
  else
    erase_key(key_of(kDefinition, stack.uuid, "target"));
}

void Book::save_resource(Stack& stack, const ResourceRecord& record) {
  put(key_of(kResource, stack.uuid, record.logical_id), encode(record));
}

void Book::erase_resource(Stack& stack, const std::string& logical_id) {
  erase_key(key_of(kResource, stack.uuid, logical_id));
  stack.resources.erase(logical_id);
}

void Book::save(const Stack& stack, const ChangeSet& change_set) {
  put(key_of(kChangeSet, stack.uuid, change_set.name), encode(change_set));
}

void Book::erase(const Stack& stack, const ChangeSet& change_set) {
  erase_key(key_of(kChangeSet, stack.uuid, change_set.name));
  change_sets_[stack.uuid].erase(std::string(change_set.name));
}

void Book::set_status(Stack& stack, StackStatus status, std::string reason) {
  stack.status = status;
  stack.reason = reason;
  Event event{.id = random_.uuid(),
              .logical_id = stack.name,
              .physical_id = stack.id,
              .type = "AWS::CloudFormation::Stack",
              .status = std::string(to_string(status)),
              .reason = std::move(reason),
              .client_token = stack.client_token};
  add_event(stack, std::move(event));
  save(stack);
}

void Book::add_event(Stack& stack, Event event) {
  event.number = stack.next_event++;
  event.time = now();
  put(event_key(stack.uuid, event.number), encode(event));
  const auto watchers = watchers_;
  for (const auto& weak : watchers) {
    if (const auto watcher = weak.lock(); watcher != nullptr && watcher->uuid == stack.uuid) watcher->told(event);
  }
}

void Book::add_resource_event(Stack& stack, const std::string& logical_id, const std::string& type,
                              const std::string& physical_id, ResourceStatus status, std::string reason,
                              const json::Value& properties) {
  // The number keeps ids apart when two events of a resource fall into one millisecond.
  add_event(stack,
            {.id = fmt::format("{}-{}-{}.{}", logical_id, to_string(status), iso8601_ms(now()), stack.next_event),
             .logical_id = logical_id,
             .physical_id = physical_id,
             .type = type,
             .status = std::string(to_string(status)),
             .reason = std::move(reason),
             .properties = properties.text(),
             .client_token = stack.client_token});
}

tidemill::Result<std::vector<Event>> Book::events(const Stack& stack, std::uint64_t from, std::size_t max) const {
  std::vector<Event> out;
  const auto begin = key_of(kEvent, stack.uuid);
  const storage::Range range{begin, from == 0 ? prefix_end(begin) : event_key(stack.uuid, from + 1)};
  auto at = store_.cursor(Keyspace::kStacks, range, storage::Direction::kReverse);
  for (; at->valid() && out.size() < max; at->next()) {
    TM_TRY(const auto value, json::Value::parse(at->value()));
    out.push_back(decode_event(value));
  }
  TM_CHECK(at->status());
  return out;
}

std::shared_ptr<void> Book::watch(const Stack& stack, std::function<void(const Event&)> told) {
  std::erase_if(watchers_, [](const auto& weak) { return weak.expired(); });
  auto watcher = std::make_shared<Watcher>(Watcher{stack.uuid, std::move(told)});
  watchers_.push_back(watcher);
  return watcher;
}

}  // namespace tidemill::deploy
