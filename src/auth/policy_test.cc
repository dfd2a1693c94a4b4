#include "auth/policy.h"

#include <gtest/gtest.h>

namespace tidemill::auth {
namespace {

struct Case {
  std::string_view name, statement, action, resource;
  Effect want;
};
constexpr std::string_view kTable = "arn:aws:dynamodb:us-east-1:000000000000:table/notes";
constexpr Case kCases[] = {
    {"Exact",
     R"("Effect":"Allow","Action":"dynamodb:PutItem","Resource":"arn:aws:dynamodb:us-east-1:000000000000:table/notes")",
     "dynamodb:PutItem", kTable, Effect::kAllow},
    {"OtherAction", R"("Effect":"Allow","Action":"dynamodb:PutItem","Resource":"*")", "dynamodb:GetItem", kTable,
     Effect::kNone},
    {"ActionsIgnoreCase", R"("Effect":"Allow","Action":"DynamoDB:putitem","Resource":"*")", "dynamodb:PutItem", kTable,
     Effect::kAllow},
    {"WildcardAction", R"("Effect":"Allow","Action":["dynamodb:Put*","s3:*"],"Resource":"*")", "dynamodb:PutItem",
     kTable, Effect::kAllow},
    {"QuestionMark", R"("Effect":"Allow","Action":"dynamodb:?etItem","Resource":"*")", "dynamodb:GetItem", kTable,
     Effect::kAllow},
    {"WildcardResource", R"("Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/no*")",
     "dynamodb:GetItem", kTable, Effect::kAllow},
    {"OtherResource", R"("Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/other")",
     "dynamodb:GetItem", kTable, Effect::kNone},
    {"NotAction", R"("Effect":"Allow","NotAction":"dynamodb:DeleteItem","Resource":"*")", "dynamodb:PutItem", kTable,
     Effect::kAllow},
    {"NotActionNamed", R"("Effect":"Allow","NotAction":"dynamodb:DeleteItem","Resource":"*")", "dynamodb:DeleteItem",
     kTable, Effect::kNone},
    {"NotResource", R"("Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::*")", "dynamodb:PutItem", kTable,
     Effect::kDeny},
    {"Deny", R"("Effect":"Deny","Action":"dynamodb:*","Resource":"*")", "dynamodb:PutItem", kTable, Effect::kDeny},
    {"Variable", R"("Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/${aws:username}")",
     "dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:000000000000:table/ann", Effect::kAllow},
    {"VariableOfAnother", R"("Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/${aws:username}")",
     "dynamodb:PutItem", kTable, Effect::kNone},
    {"ConditionHolds",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":["bob","ann"]}})",
     "a:b", "*", Effect::kAllow},
    {"ConditionFails",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"bob"}})", "a:b", "*",
     Effect::kNone},
    {"AllConditionsMustHold",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:username":"a*"},"NumericLessThan":{"t:n":5}})",
     "a:b", "*", Effect::kNone},
    {"NumericHolds",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericGreaterThanEquals":{"t:n":"7"}})", "a:b", "*",
     Effect::kAllow},
    {"Date",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"t:date":"2026-01-01T00:00:00Z"}})",
     "a:b", "*", Effect::kAllow},
    {"DateLess", R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"t:date":"2026-01-01"}})",
     "a:b", "*", Effect::kNone},
    {"IpInside",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","::1/128"]}})",
     "a:b", "*", Effect::kAllow},
    {"IpOutside",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"10.1.0.0/16"}})",
     "a:b", "*", Effect::kNone},
    {"Bool", R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":false}})",
     "a:b", "*", Effect::kAllow},
    {"MissingKey", R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"t:absent":"x"}})",
     "a:b", "*", Effect::kNone},
    {"MissingKeyIfExists",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqualsIfExists":{"t:absent":"x"}})", "a:b",
     "*", Effect::kAllow},
    {"NullTrue", R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"t:absent":"true"}})", "a:b", "*",
     Effect::kAllow},
    {"NullFalse", R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"t:absent":"false"}})", "a:b",
     "*", Effect::kNone},
    {"ArnLike",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"}})",
     "a:b", "*", Effect::kAllow},
    {"ForAllValues",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"t:many":["1","2","3"]}})",
     "a:b", "*", Effect::kAllow},
    {"ForAllValuesOneOutside",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"t:many":["1"]}})",
     "a:b", "*", Effect::kNone},
    {"ForAnyValue",
     R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"t:many":["1"]}})", "a:b",
     "*", Effect::kAllow},
};
class Policies : public testing::TestWithParam<Case> {};
TEST_P(Policies, Evaluate) {
  const Case& c = GetParam();
  const auto policy =
      Policy::parse_identity(R"({"Version":"2012-10-17","Statement":[{)" + std::string(c.statement) + "}]}");
  ASSERT_TRUE(policy) << policy.error().message;
  RequestContext context;
  context.add("aws:username", "ann")
      .add("t:n", "7")
      .add("t:date", "2026-11-21T00:00:00Z")
      .add("aws:SourceIp", "10.1.2.3");
  context.add("aws:SecureTransport", "false").add("aws:PrincipalArn", "arn:aws:iam::000000000000:user/ann");
  context.add("t:many", "1").add("t:many", "2");
  EXPECT_EQ(policy->evaluate({.action = c.action, .resource = c.resource, .context = &context}), c.want);
}
INSTANTIATE_TEST_SUITE_P(Table, Policies, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Policy, DenyWinsOverAllowInAnyOrder) {
  for (
      const char* text :
      {R"({"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"a:b","Resource":"*"}]})",
       R"({"Statement":[{"Effect":"Deny","Action":"a:b","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]})"}) {
    const auto policy = Policy::parse_identity(text);
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->evaluate({.action = "a:b", .resource = "*"}), Effect::kDeny);
    EXPECT_EQ(policy->evaluate({.action = "a:c", .resource = "*"}), Effect::kAllow);
  }
}

constexpr std::string_view kMalformed[] = {
    "",
    "[]",
    "{}",
    "not json",
    R"({"Version":"2020-01-01","Statement":[]})",
    R"({"Statement":[{"Effect":"Allow","Action":"*"}]})",
    R"({"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]})",
    R"({"Statement":[{"Effect":"Allow","Resource":"*"}]})",
    R"({"Statement":[{"Effect":"Allow","Action":"PutItem","Resource":"*"}]})",
    R"({"Statement":[{"Effect":"Allow","Action":"a:b","Resource":"notes"}]})",
    R"({"Statement":[{"Effect":"Allow","Action":"a:b","NotAction":"a:c","Resource":"*"}]})",
    R"({"Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*","Principal":"*"}]})",
    R"({"Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEqual":{"a":"b"}}}]})",
    R"({"Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"NumericEquals":{"a":"b"}}}]})",
    R"({"Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*","Unknown":1}]})",
    R"({"Statement":[{"Effect":"Allow","Action":[1,[2]],"Resource":"*"}]})",
};
TEST(Policy, MalformedDocumentsAreRefused) {
  for (const auto text : kMalformed) {
    const auto policy = Policy::parse_identity(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_EQ(policy.error().code, Errc::kMalformedPolicyDocument) << text;
  }
}

TEST(ResourcePolicy, TellsDirectGrantsFromGrantsToTheAccount) {
  const auto policy = Policy::parse_resource(R"({"Statement":[
    {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"},
    {"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::222222222222:user/ann"],"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"},
    {"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::222222222222:user/eve"},"Action":"*"}]})");
  ASSERT_TRUE(policy) << policy.error().message;
  const AccessRequest assume{.action = "sts:AssumeRole", .resource = "*"};
  const auto by = [&](std::string_view arn, std::string_view account, std::string_view service = {}) {
    return policy->evaluate(assume, {.arn = arn, .role_arn = {}, .account = account, .service = service});
  };
  EXPECT_EQ(by("arn:aws:iam::111111111111:user/x", "111111111111"), ResourceEffect::kAllowAccount);
  EXPECT_EQ(by("arn:aws:iam::222222222222:user/ann", "222222222222"), ResourceEffect::kAllow);
  EXPECT_EQ(by("arn:aws:iam::222222222222:user/eve", "222222222222"), ResourceEffect::kDeny);
  EXPECT_EQ(by("arn:aws:iam::222222222222:user/bob", "222222222222"), ResourceEffect::kNone);
  EXPECT_EQ(by("", "", "lambda.amazonaws.com"), ResourceEffect::kAllow);
  EXPECT_EQ(by("", "", "ec2.amazonaws.com"), ResourceEffect::kNone);
}

TEST(ManagedPolicies, AreAllWellFormed) {
  EXPECT_GE(managed_policy_arns().size(), 10U);
  for (const auto arn : managed_policy_arns()) EXPECT_TRUE(Policy::parse_identity(managed_policy_document(arn))) << arn;
  EXPECT_TRUE(managed_policy_document("arn:aws:iam::aws:policy/Nothing").empty());
}

TEST(Wildcards, MatchWithoutBacktrackingBlowUp) {
  EXPECT_TRUE(wildcard_match("*", ""));
  EXPECT_TRUE(wildcard_match("a*b*c", "aXXbYYbZc"));
  EXPECT_FALSE(wildcard_match("a*b*c", "aXXbYYbZ"));
  EXPECT_FALSE(wildcard_match("", "a"));
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "*a";
  EXPECT_FALSE(wildcard_match(pattern + "b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace tidemill::auth
