#include "topics/pattern.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace tidemill::topics {
namespace {

TEST(Pattern, AgreesWithAnEstablishedMatcherOnWholeNames) {
  for (const std::string expression :
       {"abc", "^abc$", "(^a$)|(^abc$)", "a.*", "[a-c]+", "[^a]b?c*", "a{2,3}", "(ab|c)*", "a{2}", "\\d+\\w",
        "(?:ab){1,}", "a\\.b", "[]a]+", "a|", "(a*)*b", "orders-[0-9]{1,3}"}) {
    const auto pattern = Pattern::parse(expression);
    ASSERT_TRUE(pattern) << expression;
    const std::regex reference(expression == "[]a]+" ? "[\\]a]+" : expression);
    for (const std::string name :
         {"",     "a",   "aa",  "aaa", "aaaa", "ab", "abc",       "abab",        "cab", "b", "bc",
          "bbcc", "a.b", "axb", "]a",  "12x",  "1",  "orders-12", "orders-1234", "aab", "c"})
      EXPECT_EQ(pattern->matches(name), std::regex_match(name, reference)) << expression << " on " << name;
  }
}

TEST(Pattern, RefusesWhatIsMalformedOrTooLarge) {
  for (const char* expression :
       {"(", ")", "[a", "a{", "a{3,2}", "*a", "\\", "(?=a)", "a{250}", "(((a{200}){200}){200})", "\\b"})
    EXPECT_FALSE(Pattern::parse(expression)) << expression;
  EXPECT_FALSE(Pattern::parse(std::string(1000, '(')));
}

TEST(Pattern, TakesLinearTimeWhereBacktrackingWouldNotEnd) {
  const auto pattern = Pattern::parse("(a+)+(a+)+(a+)+b");
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->matches(std::string(249, 'a')));
}

}  // namespace
}  // namespace tidemill::topics
