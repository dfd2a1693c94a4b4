#include "deploy/template.h"

#include <gtest/gtest.h>

#include "deploy/graph.h"
#include "deploy/intrinsics.h"
#include "deploy/parameters.h"
#include "deploy/yaml.h"

namespace tidemill::deploy {
namespace {

Template must_read(std::string_view text) {
  auto read = Template::read(text);
  if (!read) ADD_FAILURE() << read.error().message;
  return read ? *std::move(read) : Template();
}

std::string error_of(std::string_view text) {
  auto read = Template::read(text);
  return read ? "" : read.error().message;
}

TEST(Template, D22_YamlShortTagsAreTheJsonLongForm) {
  const auto yaml = read_yaml(R"(
a: !Ref X
b: !GetAtt X.Arn.Deep
b2: !GetAtt [X, Arn]
c: !Sub "${X}-y"
c2: !Sub
  - "${V}"
  - V: !Ref X
d: !Join [",", [a, !Ref B]]
e: !If [C, 1, !Ref "AWS::NoValue"]
f: !Equals [a, b]
g: !Not [!Condition Q]
h: !And [!Condition Q, !Condition R]
i: !Or [!Condition Q, !Condition R]
j: !FindInMap [M, a, b]
k: !Select [0, !GetAZs ""]
l: !Split [",", "a,b"]
m: !Base64 text
n: !Cidr ["10.0.0.0/16", 2, 8]
o: !ImportValue name
p: !Transform {Name: "AWS::Include"}
q: !GetAZs
)");
  ASSERT_TRUE(yaml) << yaml.error().message;
  const auto json = json::Value::parse(R"({
"a":{"Ref":"X"},"b":{"Fn::GetAtt":["X","Arn.Deep"]},"b2":{"Fn::GetAtt":["X","Arn"]},"c":{"Fn::Sub":"${X}-y"},
"c2":{"Fn::Sub":["${V}",{"V":{"Ref":"X"}}]},"d":{"Fn::Join":[",",["a",{"Ref":"B"}]]},"e":{"Fn::If":["C",1,{"Ref":"AWS::NoValue"}]},
"f":{"Fn::Equals":["a","b"]},"g":{"Fn::Not":[{"Condition":"Q"}]},"h":{"Fn::And":[{"Condition":"Q"},{"Condition":"R"}]},
"i":{"Fn::Or":[{"Condition":"Q"},{"Condition":"R"}]},"j":{"Fn::FindInMap":["M","a","b"]},"k":{"Fn::Select":[0,{"Fn::GetAZs":""}]},
"l":{"Fn::Split":[",","a,b"]},"m":{"Fn::Base64":"text"},"n":{"Fn::Cidr":["10.0.0.0/16",2,8]},"o":{"Fn::ImportValue":"name"},
"p":{"Fn::Transform":{"Name":"AWS::Include"}},"q":{"Fn::GetAZs":""}})");
  ASSERT_TRUE(json);
  EXPECT_EQ(*yaml, *json) << yaml->pretty_text();
}

struct ScalarCase {
  std::string_view name, yaml, json;
};
constexpr ScalarCase kScalars[] = {
    {"DateStaysText", "2012-10-17", R"("2012-10-17")"},
    {"TimestampStaysText", "2012-10-17T10:00:00Z", R"("2012-10-17T10:00:00Z")"},
    {"YesIsTrue", "Yes", "true"},
    {"OffIsFalse", "off", "false"},
    {"QuotedYesIsText", "'Yes'", R"("Yes")"},
    {"LoneLetterIsText", "y", R"("y")"},
    {"Integer", "-12", "-12"},
    {"IntegerWithUnderscore", "1_000", "1000"},
    {"Hexadecimal", "0x1F", "31"},
    {"Octal", "0755", "493"},
    {"AccountIdWithLeadingZeroAndNineIsText", "012345678901", R"("012345678901")"},
    {"RealNeedsAPoint", "1.5", "1.5"},
    {"ExponentWithoutPointIsText", "1e3", R"("1e3")"},
    {"VersionIsText", "1.2.3", R"("1.2.3")"},
    {"TimeOfDayIsText", "22:30", R"("22:30")"},
    {"Tilde", "~", "null"},
    {"ExplicitString", "!!str 12", R"("12")"},
    {"QuotedNumberIsText", "\"12\"", R"("12")"},
    {"SubOfNumberIsText", "!Sub 12", R"({"Fn::Sub":"12"})"},
};
class Scalars : public testing::TestWithParam<ScalarCase> {};
TEST_P(Scalars, Read) {
  const auto value = read_yaml("v: " + std::string(GetParam().yaml));
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->find("v")->text(), GetParam().json);
}
INSTANTIATE_TEST_SUITE_P(Yaml, Scalars, testing::ValuesIn(kScalars),
                         [](const auto& info) { return std::string(info.param.name); });

constexpr std::string_view kTable = R"("Resources":{"T":{"Type":"AWS::DynamoDB::Table","Properties":{}}})";

struct FormatErrorCase {
  std::string_view name, text, error;
};
const FormatErrorCase kFormatErrors[] = {
    {"D23_Comment", R"({"Resources":{} /* no */})", "JSON not well-formed"},
    {"D23_DuplicateKey", R"({"Resources":{"A":{"Type":"x"},"A":{"Type":"y"}}})", "duplicate key 'A'"},
    {"DuplicateKeyInYaml", "Resources:\n  A: {Type: x}\n  A: {Type: y}\n", "duplicate key 'A' (line 3"},
    {"Empty", "  \n", "the template is empty"},
    {"NoResources", R"({"Resources":{}})", "At least one Resources member must be defined."},
    {"UnknownSection", R"({"Resource":{}})", "Invalid template property or properties [Resource]"},
    {"NoType", R"({"Resources":{"A":{}}})", "must contain a Type member"},
    {"UnknownMember", R"({"Resources":{"A":{"Type":"x","Propertys":{}}}})",
     "Invalid template resource property 'Propertys'"},
    {"BadLogicalId", R"({"Resources":{"A-b":{"Type":"x"}}})", "Resource name A-b is non alphanumeric."},
    {"NotAnObject", "[1]", "unsupported structure."},
    {"Alias", "Resources:\n  A: &a {Type: x}\n  B: *a\n", "anchors are not supported"},
    {"UnknownTag", "Resources: !Foo {}", "the YAML tag !Foo is not known"},
    {"BadYaml", "Resources: {a: [", "YAML not well-formed"},
    {"SamTransform", R"({"Transform":"AWS::Serverless-2016-10-31","Resources":{"A":{"Type":"x"}}})",
     "Transform AWS::Serverless-2016-10-31 is not supported"},
    {"VersionOfAnotherFormat", R"({"AWSTemplateFormatVersion":"2020-01-01","Resources":{"A":{"Type":"x"}}})",
     "Template format version not supported: 2020-01-01"},
    {"ParameterType", R"({"Parameters":{"P":{"Type":"Int"}},"Resources":{"A":{"Type":"x"}}})",
     "Unrecognized parameter type: Int"},
    {"OutputWithoutValue", R"({"Resources":{"A":{"Type":"x"}},"Outputs":{"O":{}}})",
     "Every Outputs member must contain a Value object"},
};
class FormatErrors : public testing::TestWithParam<FormatErrorCase> {};
TEST_P(FormatErrors, Refused) {
  const auto error = error_of(GetParam().text);
  EXPECT_TRUE(error.starts_with("Template format error: ")) << error;
  EXPECT_NE(error.find(GetParam().error), std::string::npos) << error;
}
INSTANTIATE_TEST_SUITE_P(Template, FormatErrors, testing::ValuesIn(kFormatErrors),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Template, NestedTooDeepIsRefusedInBothLanguages) {
  const std::string open(3000, '['), close(3000, ']');
  EXPECT_FALSE(error_of(R"({"Resources":)" + open + close + "}").empty());
  EXPECT_FALSE(error_of("Resources: " + open + close).empty());
  EXPECT_FALSE(error_of("Resources: " + open).empty());
}

TEST(Template, D83_FiveHundredResourcesAreTheMost) {
  const auto with = [](int n) {
    std::string text = "Resources:\n";
    for (int i = 0; i < n; ++i) text += "  R" + std::to_string(i) + ": {Type: AWS::CDK::Metadata}\n";
    return text;
  };
  EXPECT_EQ(error_of(with(500)), "");
  EXPECT_NE(error_of(with(501)).find("Number of resources, 501, is greater than maximum allowed, 500"),
            std::string::npos);
}

TEST(Template, KeepsTheTextAsGiven) {
  const std::string text = "{ " + std::string(kTable) + " }\n";
  EXPECT_EQ(must_read(text).text, text);
}

// --- evaluation ---

class FakeResources final : public ResourceValues {
 public:
  Result<json::Value> ref(std::string_view id) const override { return json::Value("ref-" + std::string(id)); }
  Result<json::Value> attribute(std::string_view id, std::string_view name) const override {
    if (name == "Later") return json::Value(kKnownAfterApply);
    return json::Value("att-" + std::string(id) + "-" + std::string(name));
  }
};

class Expressions : public testing::Test {
 protected:
  Expressions() {
    source = must_read(R"({"Transform":"AWS::LanguageExtensions",
      "Mappings":{"M":{"a":{"b":"mapped","list":["x","y"]}}},
      "Conditions":{"Yes":{"Fn::Equals":["1",1]},"No":{"Fn::Not":[{"Condition":"Yes"}]},
        "Both":{"Fn::And":[{"Condition":"Yes"},{"Condition":"No"}]},"Either":{"Fn::Or":[{"Condition":"No"},{"Condition":"Yes"}]}},
      "Resources":{"A":{"Type":"x"},"B":{"Type":"x"}}})");
    scope.source = &source;
    scope.pseudo = {.account = "000000000000", .region = "eu-west-1", .stack_name = "s", .stack_id = "arn:s"};
    scope.parameters = {{"P", json::Value("pv")}, {"L", json::Value(json::Array{"l1", "l2"})}};
    scope.resources = &resources;
    scope.import_value = [](std::string_view name) -> Result<std::string> {
      if (name == "exported") return "imported";
      return invalid("No export named " + std::string(name) + " found.");
    };
    auto conditions = evaluate_conditions(scope);
    if (!conditions)
      ADD_FAILURE() << conditions.error().message;
    else
      scope.conditions = *conditions;
  }

  std::string eval(std::string_view text) {
    const auto value = json::Value::parse(text);
    if (!value) return "not JSON: " + std::string(text);
    auto result = evaluate(scope, *value);
    if (!result) return "error: " + result.error().message;
    return *result ? (*result)->text() : "no value";
  }

  Template source;
  FakeResources resources;
  Evaluation scope;
};

struct ExpressionCase {
  std::string_view name, expression, want;
};
constexpr ExpressionCase kExpressions[] = {
    {"RefParameter", R"({"Ref":"P"})", R"("pv")"},
    {"RefListParameter", R"({"Ref":"L"})", R"(["l1","l2"])"},
    {"RefResource", R"({"Ref":"A"})", R"("ref-A")"},
    {"RefPseudo",
     R"(["x",{"Ref":"AWS::Region"},{"Ref":"AWS::AccountId"},{"Ref":"AWS::Partition"},{"Ref":"AWS::URLSuffix"},{"Ref":"AWS::StackName"},{"Ref":"AWS::StackId"},{"Ref":"AWS::NotificationARNs"}])",
     R"(["x","eu-west-1","000000000000","aws","amazonaws.com","s","arn:s",[]])"},
    {"GetAtt", R"({"Fn::GetAtt":["A","Arn"]})", R"("att-A-Arn")"},
    {"GetAttJoined", R"({"Fn::GetAtt":"A.X.Y"})", R"("att-A-X.Y")"},
    {"D27_SubWithMapAndLiteral", R"({"Fn::Sub":["${V}/${A}/${A.Arn}/${!Lit}/${AWS::Region}/${P}",{"V":{"Ref":"B"}}]})",
     R"("ref-B/ref-A/att-A-Arn/${Lit}/eu-west-1/pv")"},
    {"SubPlain", R"({"Fn::Sub":"no names"})", R"("no names")"},
    {"SubUnclosed", R"({"Fn::Sub":"${A"})",
     "error: Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, "
     "periods, and colons"},
    {"Join", R"({"Fn::Join":["-",["a",{"Ref":"P"},1]]})", R"("a-pv-1")"},
    {"JoinOfList", R"({"Fn::Join":["-",{"Ref":"L"}]})", R"("l1-l2")"},
    {"JoinDropsNoValue", R"({"Fn::Join":["-",["a",{"Ref":"AWS::NoValue"},"b"]]})", R"("a-b")"},
    {"Select", R"({"Fn::Select":["1",["a","b"]]})", R"("b")"},
    {"SelectBeyond", R"({"Fn::Select":[2,["a","b"]]})",
     "error: Template error: Fn::Select cannot select nonexistent value at index 2"},
    {"Split", R"({"Fn::Split":["|","a|b|"]})", R"(["a","b",""])"},
    {"Base64", R"({"Fn::Base64":"hi"})", R"("aGk=")"},
    {"D29_AvailabilityZones", R"({"Fn::Select":[1,{"Fn::GetAZs":""}]})", R"("eu-west-1b")"},
    {"AvailabilityZonesOfARegion", R"({"Fn::GetAZs":{"Ref":"AWS::Region"}})",
     R"(["eu-west-1a","eu-west-1b","eu-west-1c"])"},
    {"FindInMap", R"({"Fn::FindInMap":["M","a","b"]})", R"("mapped")"},
    {"FindInMapMissing", R"({"Fn::FindInMap":["M","a","z"]})",
     "error: Template error: Unable to get mapping for M::a::z"},
    {"FindInMapDefault", R"({"Fn::FindInMap":["M","a","z",{"DefaultValue":"d"}]})", R"("d")"},
    {"Cidr", R"({"Fn::Cidr":["10.0.0.0/16",2,8]})", R"(["10.0.0.0/24","10.0.1.0/24"])"},
    {"CidrTooMany", R"({"Fn::Cidr":["10.0.0.0/24",3,7]})",
     "error: Template error: Fn::Cidr cannot make 3 blocks of 7 bits from 10.0.0.0/24"},
    {"CidrNonsense", R"({"Fn::Cidr":["10.0.0/24",3,7]})",
     "error: Template error: Fn::Cidr cannot make 3 blocks of 7 bits from 10.0.0/24"},
    {"ImportValue", R"({"Fn::ImportValue":"exported"})", R"("imported")"},
    {"ImportOfNothing", R"({"Fn::ImportValue":"x"})", "error: No export named x found."},
    {"Length", R"({"Fn::Length":{"Ref":"L"}})", "2"},
    {"ToJsonString", R"({"Fn::ToJsonString":{"a":{"Ref":"P"}}})", R"("{\"a\":\"pv\"}")"},
    {"IfTrue", R"({"Fn::If":["Yes","a","b"]})", R"("a")"},
    {"IfFalse", R"({"Fn::If":["No","a",{"Ref":"P"}]})", R"("pv")"},
    {"D28_NoValueInProperty", R"({"a":{"Fn::If":["No",1,{"Ref":"AWS::NoValue"}]},"b":2})", R"({"b":2})"},
    {"D28_NoValueInList", R"([1,{"Fn::If":["No",1,{"Ref":"AWS::NoValue"}]},3])", "[1,3]"},
    {"D28_NoValueOfTheWhole", R"({"Fn::If":["Yes",{"Ref":"AWS::NoValue"},1]})", "no value"},
    {"ConditionOfPolicyIsNoFunction", R"({"Condition":{"StringEquals":{"a":{"Ref":"P"}}}})",
     R"({"Condition":{"StringEquals":{"a":"pv"}}})"},
    {"UnknownIsContagious", R"({"Fn::Select":[1,{"Fn::Split":[":",{"Fn::GetAtt":["A","Later"]}]}]})",
     R"("{{changeSet:KNOWN_AFTER_APPLY}}")"},
    {"UnknownInJoin", R"({"Fn::Join":["",["a",{"Fn::GetAtt":["A","Later"]}]]})",
     R"("a{{changeSet:KNOWN_AFTER_APPLY}}")"},
    {"UnknownFunction", R"({"Fn::Nothing":1})", "error: Template error: unsupported function: Fn::Nothing"},
    {"FunctionBesideMembers", R"({"Fn::Join":["",[]],"b":1})",
     "error: Template error: the function Fn::Join must be the only member of its object"},
    {"Macro", R"({"Fn::Transform":{"Name":"AWS::Include"}})",
     "error: Template error: Fn::Transform (macros, AWS::Include) is not supported"},
};
class EachExpression : public Expressions, public testing::WithParamInterface<ExpressionCase> {};
TEST_P(EachExpression, Evaluates) { EXPECT_EQ(eval(GetParam().expression), GetParam().want); }
INSTANTIATE_TEST_SUITE_P(Intrinsics, EachExpression, testing::ValuesIn(kExpressions),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Expressions, ConditionsOfConditions) {
  EXPECT_EQ(scope.conditions, (ConditionValues{{"Yes", true}, {"No", false}, {"Both", false}, {"Either", true}}));
}

TEST_F(Expressions, DynamicReferencesAreResolvedWithinText) {
  scope.dynamic_reference = [](std::string_view reference) -> Result<std::string> {
    if (reference == "ssm:/a/b:1") return "value";
    return invalid("Dynamic references of " + std::string(reference.substr(0, reference.find(':'))) +
                   " are not supported");
  };
  EXPECT_EQ(eval(R"("x{{resolve:ssm:/a/b:1}}y")"), R"("xvaluey")");
  EXPECT_EQ(eval(R"({"Fn::Sub":"{{resolve:ssm:/a/b:1}}"})"), R"("value")");
  EXPECT_EQ(eval(R"("{{resolve:secretsmanager:a}}")"), "error: Dynamic references of secretsmanager are not supported");
}

TEST(ConditionsOfTemplate, CircleIsRefused) {
  const auto source = must_read(
      R"({"Conditions":{"A":{"Fn::Not":[{"Condition":"B"}]},"B":{"Fn::Not":[{"Condition":"A"}]}},"Resources":{"R":{"Type":"x"}}})");
  Evaluation scope;
  scope.source = &source;
  const auto result = evaluate_conditions(scope);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().message.starts_with("Template format error: Circular dependencies for condition"))
      << result.error().message;
}

TEST(Rules, D32_D33_BootstrapVersionOfCdk) {
  const auto source = must_read(
      R"({"Parameters":{"BootstrapVersion":{"Type":"AWS::SSM::Parameter::Value<String>","Default":"/cdk-bootstrap/hnb659fds/version"}},
    "Rules":{"CheckBootstrapVersion":{"Assertions":[{"Assert":{"Fn::Not":[{"Fn::Contains":[["1","2","3","4","5"],{"Ref":"BootstrapVersion"}]}]},
      "AssertDescription":"CDK bootstrap stack version 6 required."}]}},"Resources":{"R":{"Type":"x"}}})");
  for (const auto& [version, fine] : {std::pair<std::string, bool>{"5", false}, {"33", true}}) {
    const auto values =
        bind_parameters(source, {}, {}, [&](std::string_view) { return std::optional<std::string>(version); });
    ASSERT_TRUE(values);
    EXPECT_EQ(values->at("BootstrapVersion").value, "/cdk-bootstrap/hnb659fds/version");  // D30
    EXPECT_EQ(values->at("BootstrapVersion").resolved, version);
    Evaluation scope;
    scope.source = &source;
    scope.parameters = parameter_values_for_ref(source, *values);
    const auto status = check_rules(scope);
    EXPECT_EQ(status.has_value(), fine);
    if (!status) {
      EXPECT_NE(status.error().message.find("CDK bootstrap stack version 6 required."), std::string::npos);
    }
  }
}

TEST(Parameters, D31_MissingStoredParameterIsNamed) {
  const auto source = must_read(
      R"({"Parameters":{"P":{"Type":"AWS::SSM::Parameter::Value<String>","Default":"/x"}},"Resources":{"R":{"Type":"x"}}})");
  const auto values = bind_parameters(source, {}, {}, [](std::string_view) { return std::nullopt; });
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().message, "Unable to fetch parameters [/x] from parameter store for this account.");
}

struct ParameterCase {
  std::string_view name, declaration, value, error;
};
constexpr ParameterCase kParameters[] = {
    {"Text", R"({"Type":"String"})", "x", ""},
    {"NumberFine", R"({"Type":"Number","MinValue":1,"MaxValue":"9"})", "5", ""},
    {"NumberNot", R"({"Type":"Number"})", "five",
     "Parameter validation failed: parameter value five for parameter name P must be a number."},
    {"NumberBelow", R"({"Type":"Number","MinValue":1})", "0",
     "Parameter 'P' must be a number within its MinValue and MaxValue"},
    {"Allowed", R"({"Type":"String","AllowedValues":["a","b"]})", "b", ""},
    {"NotAllowed", R"({"Type":"String","AllowedValues":["a","b"]})", "c", "Parameter 'P' must be one of AllowedValues"},
    {"Pattern", R"({"Type":"String","AllowedPattern":"[a-z]+"})", "abc", ""},
    {"PatternFails", R"({"Type":"String","AllowedPattern":"[a-z]+"})", "abc1",
     "Parameter P failed to satisfy constraint: must match pattern [a-z]+"},
    {"ConstraintDescription", R"({"Type":"String","MinLength":2,"ConstraintDescription":"two letters"})", "a",
     "Parameter 'P' must be two letters"},
    {"TooLong", R"({"Type":"String","MaxLength":"2"})", "abc", "Parameter 'P' must contain at most 2 characters"},
    {"ListOfNumbers", R"({"Type":"List<Number>"})", "1, 2,x",
     "Parameter validation failed: parameter value x for parameter name P must be a number."},
};
class ParameterValuesOf : public testing::TestWithParam<ParameterCase> {};
TEST_P(ParameterValuesOf, Bind) {
  const auto source = must_read(R"({"Parameters":{"P":)" + std::string(GetParam().declaration) +
                                R"(},"Resources":{"R":{"Type":"x"}}})");
  const auto values = bind_parameters(source, {{.key = "P", .value = std::string(GetParam().value)}}, {}, {});
  EXPECT_EQ(values ? "" : values.error().message, GetParam().error);
}
INSTANTIATE_TEST_SUITE_P(Parameters, ParameterValuesOf, testing::ValuesIn(kParameters),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Parameters, MissingUnknownAndPrevious) {
  const auto source = must_read(R"({"Parameters":{"P":{"Type":"String"}},"Resources":{"R":{"Type":"x"}}})");
  EXPECT_EQ(bind_parameters(source, {}, {}, {}).error().message, "Parameters: [P] must have values");
  EXPECT_EQ(bind_parameters(source, {{.key = "Q", .value = "1"}}, {}, {}).error().message,
            "Parameters: [Q] do not exist in the template");
  const auto kept = bind_parameters(source, {{.key = "P", .use_previous = true}}, {{"P", {.value = "old"}}}, {});
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->at("P").value, "old");
}

// --- the graph ---

Result<Graph> graph_of(std::string_view resources, std::string_view rest = "") {
  const auto source =
      must_read("{\"Conditions\":{\"Off\":{\"Fn::Equals\":[1,2]},\"On\":{\"Fn::Equals\":[1,1]}},\"Resources\":" +
                std::string(resources) + std::string(rest) + "}");
  Evaluation scope;
  scope.source = &source;
  auto conditions = evaluate_conditions(scope);
  if (!conditions) return std::unexpected(conditions.error());
  return build_graph(source, *conditions);
}

TEST(GraphOf, D37_DependsOnAndReferencesOrder) {
  const auto graph = graph_of(
      R"({"C":{"Type":"x","DependsOn":["B","A"]},"B":{"Type":"x","Properties":{"p":{"Fn::Sub":"${A.Arn}"}}},"A":{"Type":"x"},"D":{"Type":"x","DependsOn":"C"}})");
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(order_of(*graph), (std::vector<std::string>{"A", "B", "C", "D"}));
}

TEST(GraphOf, D24_UnknownReference) {
  EXPECT_EQ(graph_of(R"({"A":{"Type":"x","Properties":{"p":{"Ref":"X"}}}})").error().message,
            "Template format error: Unresolved resource dependencies [X] in the Resources block of the template");
  EXPECT_EQ(graph_of(R"({"A":{"Type":"x"}})", R"(,"Outputs":{"O":{"Value":{"Ref":"X"}}})").error().message,
            "Template format error: Unresolved resource dependencies [X] in the Outputs block of the template");
}

TEST(GraphOf, D26_CycleOfTwoNamesOnlyTheCycle) {
  const auto graph = graph_of(
      R"({"A":{"Type":"x","Properties":{"p":{"Ref":"B"}}},"B":{"Type":"x","DependsOn":"A"},"Above":{"Type":"x","DependsOn":"A"},"Below":{"Type":"x"}})");
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().message, "Circular dependency between resources: [A, B]");
}

TEST(GraphOf, D34_ConditionOffRemovesAndRefToItIsAnError) {
  const auto off = graph_of(
      R"({"A":{"Type":"x","Condition":"Off"},"B":{"Type":"x","DependsOn":"A","Properties":{"p":{"Fn::If":["Off",{"Ref":"A"},"none"]}}}})");
  ASSERT_TRUE(off) << off.error().message;
  EXPECT_EQ(order_of(*off), (std::vector<std::string>{"B"}));
  EXPECT_EQ(graph_of(R"({"A":{"Type":"x","Condition":"Off"},"B":{"Type":"x","Properties":{"p":{"Ref":"A"}}}})")
                .error()
                .message,
            "Template format error: Unresolved resource dependencies [A] in the Resources block of the template");
  EXPECT_TRUE(graph_of(R"({"A":{"Type":"x","Condition":"Off"},"B":{"Type":"x"}})",
                       R"(,"Outputs":{"O":{"Condition":"Off","Value":{"Ref":"A"}}})"));
  EXPECT_FALSE(graph_of(R"({"A":{"Type":"x","Condition":"Nowhere"}})"));
}

}  // namespace
}  // namespace tidemill::deploy
