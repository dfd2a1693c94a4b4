// Regular expressions over topic names, matched in time linear in the name: a subscription is a client's input, so no
// expression may make the broker slow. The common subset: literals, . [] [^] \d \w \s and escapes, groups, |, * + ? and
// {m,n}, ^ and $. A match covers the whole name.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tidemill::topics {

class Pattern {
 public:
  // Nothing when the expression is malformed, uses something outside the subset, or would need more than kStatesMax
  // states.
  static std::optional<Pattern> parse(std::string_view expression);
  bool matches(std::string_view name) const;

  static constexpr std::size_t kStatesMax = 4096;

 private:
  friend class PatternParser;
  using Bytes = std::bitset<256>;
  struct State {
    enum class Kind : unsigned char { kBytes, kSplit, kBegin, kEnd, kAccept } kind = Kind::kAccept;
    Bytes bytes;
    std::int32_t out = -1, other = -1;
  };
  struct Place {
    bool begin, end;  // of the name
  };
  void follow(std::int32_t state, Place place, std::vector<bool>& seen, std::vector<std::int32_t>& to) const;
  std::vector<State> states_;
  std::int32_t start_ = -1;
};

}  // namespace tidemill::topics
