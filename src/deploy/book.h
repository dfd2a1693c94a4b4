// The engine's records: every stack in memory, each change written to the store as it happens. Written in the order of
// events, so after a crash the intention to make a resource is there whenever the resource may be.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "deploy/stack.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "storage/store.h"

namespace tidemill::deploy {

class Book {
 public:
  Book(storage::Store& store, runtime::Loop& loop, runtime::Random& random)
      : store_(store), loop_(loop), random_(random) {}

  // Reads everything back. Stacks deleted more than 90 days ago are forgotten.
  tidemill::Status load();

  Stack& add(Stack stack);
  // By name (only one that is not deleted) or by ARN. Null when there is none.
  Stack* find(const Scope& scope, std::string_view name_or_arn);
  const std::map<std::string, std::unique_ptr<Stack>>& stacks() const { return stacks_; }  // by uuid

  std::map<std::string, ChangeSet>& change_sets(const Stack& stack) { return change_sets_[stack.uuid]; }  // by name

  // Each saves what its name says; nothing is durable before flushed().
  void save(Stack& stack);
  void save_definitions(Stack& stack);
  void save_resource(Stack& stack, const ResourceRecord& record);
  void erase_resource(Stack& stack, const std::string& logical_id);
  void save(const Stack& stack, const ChangeSet& change_set);
  void erase(const Stack& stack, const ChangeSet& change_set);

  // Sets the stack's status, saves it and adds its event.
  void set_status(Stack& stack, StackStatus status, std::string reason = "");
  void add_event(Stack& stack, Event event);
  void add_resource_event(Stack& stack, const std::string& logical_id, const std::string& type,
                          const std::string& physical_id, ResourceStatus status, std::string reason,
                          const json::Value& properties);
  // Newest first, from the event with this number downwards (0: the newest); at most `max`.
  tidemill::Result<std::vector<Event>> events(const Stack& stack, std::uint64_t from = 0, std::size_t max = 100) const;

  // `told` hears every new event of the stack until the returned token is dropped.
  std::shared_ptr<void> watch(const Stack& stack, std::function<void(const Event&)> told);

  // `done` runs when all that was saved so far is durable.
  void flushed(runtime::Task done) { store_.when_durable(store_.newest(), loop_, std::move(done)); }

  WallTime now() const { return loop_.clock().wall(); }
  runtime::Random& random() { return random_; }

 private:
  struct Watcher {
    std::string uuid;
    std::function<void(const Event&)> told;
  };
  void put(const std::string& key, const json::Value& value);
  void erase_key(const std::string& key);
  void forget(const std::string& uuid);

  storage::Store& store_;
  runtime::Loop& loop_;
  runtime::Random& random_;
  std::map<std::string, std::unique_ptr<Stack>> stacks_;
  std::map<std::string, std::map<std::string, ChangeSet>> change_sets_;
  std::vector<std::weak_ptr<Watcher>> watchers_;
};

}  // namespace tidemill::deploy
