// Reads the properties of a resource: text that is a number and numbers that are text count as either; every property
// must be read or named as without effect, so that a template never has a property that is silently ignored.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "deploy/provider.h"

namespace tidemill::resources {

using deploy::HandlerErrc;
using deploy::HandlerError;
template <class T>
using Outcome = std::expected<T, HandlerError>;

class Reader {
 public:
  // `properties` outlives the reader and those made from it.
  explicit Reader(const json::Value& properties);

  bool has(std::string_view name);
  std::optional<std::string> text(std::string_view name);
  std::string text_or(std::string_view name, std::string_view fallback);
  std::optional<std::int64_t> integer(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  bool boolean_or(std::string_view name, bool fallback) { return boolean(name).value_or(fallback); }
  std::vector<std::string> texts(std::string_view name);
  std::map<std::string, std::string> text_map(std::string_view name);
  std::optional<Reader> object(std::string_view name);
  std::vector<Reader> objects(std::string_view name);
  std::map<std::string, std::string> tags(std::string_view name);  // [{Key, Value}]
  // As it is: a policy document, a filter pattern. Null when absent.
  const json::Value* any(std::string_view name);
  // Known, and of no effect here.
  void accept(std::initializer_list<std::string_view> names);
  void refuse(std::string_view name, std::string_view why);  // when it is there

  // What was wrong first, or the properties that nobody read.
  Outcome<void> finish() const;

 private:
  struct Frame {
    const json::Value* value;
    std::string path;
    std::set<std::string, std::less<>> seen;
  };
  struct State {
    std::vector<std::unique_ptr<Frame>> frames;
    std::optional<std::string> error;
  };
  Reader(std::shared_ptr<State> state, const json::Value& value, std::string path);
  // Null when absent, null or not known yet.
  const json::Value* find(std::string_view name);
  void fail(std::string_view name, std::string_view expected, const json::Value& found);

  std::shared_ptr<State> state_;
  Frame* frame_;
};

}  // namespace tidemill::resources
