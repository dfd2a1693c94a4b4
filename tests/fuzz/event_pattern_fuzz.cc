// Any text as a filter pattern, and after the first line break a record: parsing and matching end. Both as a wildcard
// pattern and its text: the matcher agrees with a table of all prefixes.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "triggers/filter/pattern.h"
#include "triggers/filter/rule.h"

using namespace tidemill;

namespace {

struct Sign {
  char text;
  bool any;  // a run of whatever
};

bool matches_by_table(std::string_view pattern, std::string_view text) {
  std::vector<Sign> signs;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool escaped = pattern[i] == '\\';
    // Malformed patterns match nothing: a backslash before anything else, and two stars in a row.
    if (escaped && (++i == pattern.size() || (pattern[i] != '*' && pattern[i] != '\\'))) return false;
    const bool any = !escaped && pattern[i] == '*';
    if (any && !signs.empty() && signs.back().any) return false;
    signs.push_back({pattern[i], any});
  }
  // reached[j]: the signs so far match the first j characters.
  std::vector<bool> reached(text.size() + 1);
  reached[0] = true;
  for (const auto& sign : signs) {
    std::vector<bool> next(text.size() + 1);
    for (std::size_t j = 0; j <= text.size(); ++j) {
      if (sign.any)
        next[j] = reached[j] || (j > 0 && next[j - 1]);
      else
        next[j] = j > 0 && reached[j - 1] && text[j - 1] == sign.text;
    }
    reached = std::move(next);
  }
  return reached[text.size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  const auto pattern = input.substr(0, line);
  const auto text = line == input.npos ? std::string_view() : input.substr(line + 1);
  if (const auto filters = triggers::Filters::parse({std::string(pattern)})) {
    (void)filters->pass(text);
    // A pattern is JSON, and a record too: at least one of them always parses.
    (void)filters->pass(pattern);
  }
  if (pattern.size() <= 64 && text.size() <= 256)
    TM_ASSERT(triggers::filter_wildcard_match(pattern, text) == matches_by_table(pattern, text));
  return 0;
}
