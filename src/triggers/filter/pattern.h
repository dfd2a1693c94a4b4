// The filter patterns of event source mappings (the pattern language of EventBridge rules): an object parallel to the
// record whose leaves are lists of rules. Fields are joined by AND, the rules of a list by OR.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "triggers/error.h"

namespace tidemill::triggers {

class FilterPattern {
 public:
  // Error kInvalidParameter "Invalid filter pattern definition.", for everything that is no pattern.
  static Result<FilterPattern> parse(std::string_view text);
  ~FilterPattern();
  FilterPattern(FilterPattern&&) noexcept;
  FilterPattern& operator=(FilterPattern&&) noexcept;

  bool matches(const json::Node& record) const;

  struct Object;

 private:
  explicit FilterPattern(std::unique_ptr<Object> root);
  std::unique_ptr<Object> root_;
};

// The filters of one mapping: a record passes when any pattern matches, or when there is none.
class Filters {
 public:
  static constexpr std::size_t kFiltersMax = 10;
  static constexpr std::size_t kPatternCharactersMax = 4096;
  static Result<Filters> parse(const std::vector<std::string>& patterns);
  bool empty() const { return patterns_.empty(); }
  // `record_json` is one JSON object; text that is none passes no filter.
  bool pass(std::string_view record_json) const;

 private:
  std::vector<FilterPattern> patterns_;
};

}  // namespace tidemill::triggers
