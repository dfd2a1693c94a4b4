#include "expr/parser.h"

#include <gtest/gtest.h>

namespace tidemill::expr {
namespace {
TEST(Parser, Smoke) { EXPECT_TRUE(parse_condition("a = :a AND contains(b, :c)")); }
}  // namespace
}  // namespace tidemill::expr
