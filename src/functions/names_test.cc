#include "functions/names.h"

#include <gtest/gtest.h>

#include "functions/function.h"

namespace tidemill::functions {
namespace {

const Scope kScope{.account = "000000000000", .region = "us-east-1"};

struct Accepted {
  std::string_view test, text, qualifier, name, want_qualifier;
};
constexpr Accepted kAccepted[] = {
    {"Bare", "fn", "", "fn", ""},
    {"WithQualifier", "fn:7", "", "fn", "7"},
    {"SeparateQualifier", "fn", "$LATEST", "fn", "$LATEST"},
    {"SameQualifierTwice", "fn:1", "1", "fn", "1"},
    {"Partial", "000000000000:function:fn", "", "fn", ""},
    {"PartialWithQualifier", "000000000000:function:fn:live", "", "fn", "live"},
    {"WithoutAccount", "function:fn", "", "fn", ""},
    {"Full", "arn:aws:lambda:us-east-1:000000000000:function:fn", "", "fn", ""},
    {"FullWithQualifier", "arn:aws:lambda:us-east-1:000000000000:function:fn:$LATEST", "", "fn", "$LATEST"},
};
class AcceptedNames : public testing::TestWithParam<Accepted> {};
TEST_P(AcceptedNames, GiveNameAndQualifier) {
  const auto got = parse_function_name(kScope, GetParam().text, GetParam().qualifier);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->name, GetParam().name);
  EXPECT_EQ(got->qualifier, GetParam().want_qualifier);
}
INSTANTIATE_TEST_SUITE_P(Names, AcceptedNames, testing::ValuesIn(kAccepted),
                         [](const auto& info) { return std::string(info.param.test); });

TEST(Names, TwoDifferentQualifiersAreRefused) {
  const auto got = parse_function_name(kScope, "fn:1", "2");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::kInvalidParameter);
  EXPECT_EQ(got.error().message,
            "The derived qualifier from the function name does not match the specified qualifier.");
}

TEST(Names, SixtyFiveCharactersAreTooMany) {
  const auto got = parse_function_name(kScope, std::string(65, 'a'));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::kInvalidParameter);
  EXPECT_TRUE(got.error().message.ends_with("Member must have length less than or equal to 64"));
}

TEST(Names, OtherRegionsAreNotReachableAndOtherAccountsForbidden) {
  const auto region = parse_function_name(kScope, "arn:aws:lambda:eu-west-1:000000000000:function:fn");
  ASSERT_FALSE(region);
  EXPECT_EQ(region.error().code, Errc::kNotFound);
  EXPECT_EQ(region.error().message, "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')");
  const auto account = parse_function_name(kScope, "111111111111:function:fn");
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().code, Errc::kAccessDenied);
}

TEST(Names, NonsenseNamesThePattern) {
  for (const std::string_view text : {"", "a b", "a:b:c", "arn:aws:lambda:us-east-1", "fn:", "../x"}) {
    const auto got = parse_function_name(kScope, text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, Errc::kValidation) << text;
  }
}

TEST(Function, ComesBackFromItsStoredForm) {
  Function f;
  f.scope = kScope;
  f.name = "fn";
  f.configuration.runtime = "python3.12";
  f.configuration.environment = std::map<std::string, std::string>{{"A", "1"}};
  f.configuration.logging = {.json = true, .application_level = "WARN", .system_level = "INFO", .log_group = "g"};
  f.code_sha256 = std::string(32, '\x01');
  f.code_size = 7;
  f.revision_id = "r";
  f.state = State::kActive;
  f.update = UpdateStatus::kSuccessful;
  f.tags = {{"k", "v"}};
  f.reserved_concurrency = 0;
  f.event_invoke =
      EventInvokeConfig{.retries_max = 0, .event_age_s = 60, .on_success = "", .on_failure = "arn", .modified = {}};
  f.generation = 3;
  const auto back = decode_function(encode(f));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->configuration, f.configuration);
  EXPECT_EQ(back->event_invoke, f.event_invoke);
  EXPECT_EQ(back->reserved_concurrency, 0);
  EXPECT_EQ(encode(*back), encode(f));
  EXPECT_FALSE(decode_function("{\"format\":2}"));
}

}  // namespace
}  // namespace tidemill::functions
