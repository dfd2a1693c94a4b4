#include "triggers/checkpoints.h"

#include "base/json.h"
#include "storage/store.h"

#include <fmt/format.h>

namespace tidemill::triggers {
namespace {

constexpr auto kSpace = storage::Keyspace::kCheckpoints;

std::string prefix_of(const std::string& mapping) { return "position/" + mapping + "/"; }

std::string encode(const Checkpoint& checkpoint) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  // As text: JSON readers may keep only 53 bits of a number.
  writer.member("position", std::to_string(checkpoint.position));
  if (checkpoint.finished) writer.member("finished", true);
  if (checkpoint.window)
    writer.key("window")
        .begin_object()
        .member("start_ms", checkpoint.window->start_ms)
        .member("state", checkpoint.window->state)
        .end_object();
  writer.end_object();
  return out;
}

Result<Checkpoint> decode(std::string_view key, std::string_view stored) {
  const auto value = json::Value::parse(stored);
  const std::string position = value ? value->string_or("position") : "";
  if (position.empty() || position.size() > 20 || position.find_first_not_of("0123456789") != std::string::npos)
    return fail(Errc::kInternal, fmt::format("the checkpoint '{}' is damaged", key));
  Checkpoint out{.position = std::strtoull(position.c_str(), nullptr, 10),
                 .finished = value->bool_or("finished", false)};
  if (const auto* window = value->find("window"))
    out.window = OpenWindow{.start_ms = window->integer_or("start_ms", 0), .state = window->string_or("state", "{}")};
  return out;
}

}  // namespace

Result<CheckpointsByPart> StoredCheckpoints::load(const std::string& mapping) {
  CheckpointsByPart out;
  const std::string prefix = prefix_of(mapping);
  auto cursor = store_.cursor(kSpace, storage::Range::prefix(prefix));
  for (; cursor->valid(); cursor->next()) {
    TM_TRY(auto checkpoint, decode(cursor->key(), cursor->value()));
    out.emplace(cursor->key().substr(prefix.size()), std::move(checkpoint));
  }
  if (auto status = cursor->status(); !status) return fail(Errc::kInternal, status.error().message);
  return out;
}

void StoredCheckpoints::put(storage::Mutation& mutation, const std::string& mapping, const std::string& part,
                            const Checkpoint& checkpoint) {
  mutation.put(kSpace, prefix_of(mapping) + part, encode(checkpoint));
}

void StoredCheckpoints::save(const std::string& mapping, const std::string& part, const Checkpoint& checkpoint,
                             Reply<void, Error> reply) {
  storage::Mutation mutation;
  put(mutation, mapping, part, checkpoint);
  store_.commit(std::move(mutation), home_, [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

void StoredCheckpoints::erase(storage::Mutation& mutation, const std::string& mapping) {
  const storage::Range range = storage::Range::prefix(prefix_of(mapping));
  mutation.erase_range(kSpace, range.from, range.to);
}

}  // namespace tidemill::triggers
