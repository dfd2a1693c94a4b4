#include "item/number.h"

#include <gtest/gtest.h>

namespace tidemill::item {
namespace {

TEST(Number, Smoke) { EXPECT_EQ(Number::parse("1e3")->text(), "1000"); }

}  // namespace
}  // namespace tidemill::item
