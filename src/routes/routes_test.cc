#include "routes/routes.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "routes/mock.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"

namespace tidemill::routes {
namespace {

using namespace std::chrono_literals;

class FakeFunctions final : public FunctionInvoker {
 public:
  void invoke(InvokeRequest request, Reply<InvokeResult, InvokeError> reply) override {
    requests.push_back(request);
    if (never) return held.push_back(std::move(reply));
    if (error) return std::move(reply)(std::unexpected(*error));
    std::move(reply)(InvokeResult{payload, function_error});
  }
  json::Value event() const { return *json::Value::parse(requests.back().payload); }

  std::string payload = R"({"statusCode":200,"body":"ok"})";
  bool function_error = false, never = false;
  std::optional<InvokeError> error;
  std::vector<InvokeRequest> requests;
  std::vector<Reply<InvokeResult, InvokeError>> held;
};

constexpr const char* kUri =
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/"
    "invocations";

class Apis : public testing::Test {
 protected:
  Apis() : store_(std::make_unique<storage::MemoryEngine>(), {.sync_thread = false}) {
    open();
    api_ = (*routes_->create_api({.name = "a", .binary_media_types = {"image/png"}}))->id;
    root_ = (*routes_->api({}, api_))->root_resource_id;
  }
  void open() {
    routes_ = std::make_unique<Routes>(Routes::Services{store_, loop_, random_, log_, functions_});
    ASSERT_TRUE(routes_->load());
  }
  std::string add(const std::string& parent, const std::string& part) {
    const auto made = routes_->create_resource({}, api_, parent, part);
    EXPECT_TRUE(made) << made.error().message;
    return made ? (*made)->id : "";
  }
  static Integration lambda(std::string verb = "POST") {
    return {.type = IntegrationType::kLambdaProxy, .http_method = std::move(verb), .uri = kUri};
  }
  void put(const std::string& resource, const std::string& verb, Integration integration = lambda()) {
    const auto put =
        routes_->put_method({}, api_, resource, {.http_method = verb, .integration = std::move(integration)}, true);
    ASSERT_TRUE(put) << put.error().message;
  }
  void deploy(TextMap variables = {}) {
    const auto deployment = routes_->create_deployment({}, api_, "");
    ASSERT_TRUE(deployment) << deployment.error().message;
    NewStage stage{.name = "stage", .deployment_id = (*deployment)->id, .variables = std::move(variables)};
    if (routes_->stage({}, api_, "stage"))
      ASSERT_TRUE(routes_->update_stage({}, api_, stage));
    else
      ASSERT_TRUE(routes_->create_stage({}, api_, stage));
  }
  Outgoing call(std::string method, std::string target, HeaderList headers = {}, std::string body = "") {
    const auto question = target.find('?');
    Incoming incoming{.api_id = api_,
                      .method = std::move(method),
                      .path = target.substr(0, question),
                      .query = question == std::string::npos ? "" : target.substr(question + 1),
                      .headers = std::move(headers),
                      .body = std::move(body),
                      .source_ip = "10.0.0.9",
                      .forwarded_port = "4566",
                      .forwarded_proto = "http"};
    return send(std::move(incoming));
  }
  Outgoing send(Incoming incoming) {
    Outgoing out{.status = 0};
    routes_->serve(std::move(incoming), [&out](Outgoing answer) { out = std::move(answer); });
    return out;
  }
  static std::string header(const Outgoing& out, std::string_view name) {
    for (const auto& [key, value] : out.headers) {
      if (key == name) return value;
    }
    return "";
  }

  runtime::SimLoop loop_;
  runtime::SimRandom random_;
  observe::Log log_{loop_.clock(), observe::Level::kError, observe::Log::Format::kText,
                    [](observe::Level, std::string_view) {}};
  storage::Store store_;
  FakeFunctions functions_;
  std::unique_ptr<Routes> routes_;
  std::string api_, root_;
};

TEST_F(Apis, FG_01_EventHasTheRecordedMembersAndNulls) {
  put(add(root_, "{proxy+}"), "ANY");
  deploy();
  EXPECT_EQ(call("GET", "/stage/x").status, 200);
  const auto event = functions_.event();
  std::vector<std::string> names, context, identity;
  for (const auto& [name, value] : event.as_object()) names.push_back(name);
  for (const auto& [name, value] : event.find("requestContext")->as_object()) context.push_back(name);
  for (const auto& [name, value] : event.find("requestContext")->find("identity")->as_object())
    identity.push_back(name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"resource", "path", "httpMethod", "headers", "multiValueHeaders",
                                      "queryStringParameters", "multiValueQueryStringParameters", "pathParameters",
                                      "stageVariables", "requestContext", "body", "isBase64Encoded"}));
  EXPECT_EQ(context,
            (std::vector<std::string>{"resourceId", "resourcePath", "httpMethod", "extendedRequestId", "requestTime",
                                      "path", "accountId", "protocol", "stage", "domainPrefix", "requestTimeEpoch",
                                      "requestId", "identity", "domainName", "deploymentId", "apiId"}));
  EXPECT_EQ(identity, (std::vector<std::string>{"cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller",
                                                "sourceIp", "principalOrgId", "accessKey", "cognitoAuthenticationType",
                                                "cognitoAuthenticationProvider", "userArn", "userAgent", "user"}));
  for (const auto* null : {"queryStringParameters", "multiValueQueryStringParameters", "stageVariables", "body"})
    EXPECT_TRUE(event.find(null)->is_null()) << null;
  EXPECT_EQ(event.string_or("resource"), "/{proxy+}");
  EXPECT_EQ(event.find("requestContext")->find("identity")->string_or("sourceIp"), "10.0.0.9");
  EXPECT_EQ(event.find("requestContext")->string_or("domainName"), api_ + ".execute-api.us-east-1.amazonaws.com");
}

TEST_F(Apis, FG_02_HeaderCaseIsKeptAndTheLastValueWins) {
  put(add(root_, "x"), "GET");
  deploy();
  call("GET", "/stage/x", {{"tEsT-HEADeR", "a"}, {"Multi", "1"}, {"multi", "2"}});
  const auto event = functions_.event();
  EXPECT_EQ(event.find("headers")->string_or("tEsT-HEADeR"), "a");
  EXPECT_EQ(event.find("headers")->string_or("Multi"), "2");
  EXPECT_EQ(event.find("multiValueHeaders")->find("Multi")->text(), R"(["1","2"])");
  EXPECT_EQ(event.find("headers")->string_or("X-Forwarded-For"), "10.0.0.9");
}

TEST_F(Apis, FG_03_QueryIsDecodedLastValueAndList) {
  put(add(root_, "x"), "GET");
  deploy();
  call("GET", "/stage/x?a=1&a=%2B&b=x+y&c&d=%C3%A4");
  const auto event = functions_.event();
  EXPECT_EQ(event.find("queryStringParameters")->text(), R"({"a":"+","b":"x y","c":"","d":"ä"})");
  EXPECT_EQ(event.find("multiValueQueryStringParameters")->find("a")->text(), R"(["1","+"])");
}

struct PathCase {
  std::string_view name, target, path, context_path, proxy;
};
constexpr PathCase kPaths[] = {
    {"Plain", "/stage/proxy-value", "/proxy-value", "/stage/proxy-value", "proxy-value"},
    {"TrailingSlash", "/stage/proxy-value/", "/proxy-value/", "/stage/proxy-value/", "proxy-value"},
    {"SlashesInside", "/stage/a//b", "/a//b", "/stage/a//b", "a//b"},
    {"SlashesInFront", "/stage//a", "/a", "/stage//a", "a"},
    {"PlusStaysEncoded", "/stage/a%2Bb", "/a%2Bb", "/stage/a%2Bb", "a%2Bb"},
};
class Paths : public Apis, public testing::WithParamInterface<PathCase> {};
TEST_P(Paths, FG_04_FG_05) {
  put(add(root_, "{proxy+}"), "ANY");
  deploy();
  call("GET", std::string(GetParam().target));
  const auto event = functions_.event();
  EXPECT_EQ(event.string_or("path"), GetParam().path);
  EXPECT_EQ(event.find("pathParameters")->string_or("proxy"), GetParam().proxy);
  EXPECT_EQ(event.find("requestContext")->string_or("path"), GetParam().context_path);
  EXPECT_EQ(event.find("requestContext")->string_or("requestTime"), "25/Nov/2025:15:47:40 +0000");
}
INSTANTIATE_TEST_SUITE_P(Table, Paths, testing::ValuesIn(kPaths),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Apis, FG_06_BodyIsBase64ForBinaryMediaTypesOnly) {
  put(add(root_, "x"), "POST");
  deploy();
  call("POST", "/stage/x", {{"Content-Type", "image/png"}}, "\x89PNG");
  EXPECT_EQ(functions_.event().string_or("body"), to_base64("\x89PNG"));
  EXPECT_TRUE(functions_.event().bool_or("isBase64Encoded", false));
  call("POST", "/stage/x", {{"Content-Type", "text/plain"}}, "hé");
  EXPECT_EQ(functions_.event().string_or("body"), "hé");
  EXPECT_FALSE(functions_.event().bool_or("isBase64Encoded", true));
  call("POST", "/stage/x", {{"Content-Type", "text/plain"}},
       "a\xff"
       "b");
  EXPECT_EQ(functions_.event().string_or("body"),
            "a\xEF\xBF\xBD"
            "b");
}

struct ResponseCase {
  std::string_view name, payload;
  int status;
  std::string_view body;
};
constexpr ResponseCase kResponses[] = {
    {"FG_07_Empty", "{}", 200, ""},
    {"FG_07_StatusOnly", R"({"statusCode":200})", 200, ""},
    {"HeadersOnly", R"({"headers":{"a":"b"}})", 200, ""},
    {"FG_08_TextStatus", R"({"statusCode":"201"})", 201, ""},
    {"FG_08_WordStatus", R"({"statusCode":"test"})", 502, R"({"message": "Internal server error"})"},
    {"FG_08_UnknownMember", R"({"statusCode":200,"extra":1})", 502, R"({"message": "Internal server error"})"},
    {"FG_09_StringResult", R"("hello")", 502, R"({"message": "Internal server error"})"},
    {"NumberResult", "1", 502, R"({"message": "Internal server error"})"},
    {"ListResult", "[1]", 502, R"({"message": "Internal server error"})"},
    {"NullResult", "null", 502, R"({"message": "Internal server error"})"},
    {"NotJson", "<html>", 502, R"({"message": "Internal server error"})"},
    {"FG_09_ObjectBody", R"({"statusCode":200,"body":{"a":1}})", 502, R"({"message": "Internal server error"})"},
    {"FG_10_MultiNotList", R"({"multiValueHeaders":{"a":"b"}})", 502, R"({"message": "Internal server error"})"},
    {"FG_11_NullHeaders", R"({"statusCode":200,"headers":null,"body":"x"})", 200, "x"},
    {"FG_12_Base64WithoutBinaryAccept", R"({"isBase64Encoded":true,"body":"aGk="})", 200, "aGk="},
    {"StatusOutOfRange", R"({"statusCode":700})", 502, R"({"message": "Internal server error"})"},
};
class Responses : public Apis, public testing::WithParamInterface<ResponseCase> {};
TEST_P(Responses, Map) {
  put(add(root_, "x"), "GET");
  deploy();
  functions_.payload = GetParam().payload;
  const auto out = call("GET", "/stage/x");
  EXPECT_EQ(out.status, GetParam().status);
  EXPECT_EQ(out.body, GetParam().body);
  EXPECT_EQ(header(out, "Content-Type"), "application/json");
  EXPECT_FALSE(header(out, "x-amzn-RequestId").empty());
  EXPECT_FALSE(header(out, "x-amz-apigw-id").empty());
  EXPECT_TRUE(header(out, "X-Amzn-Trace-Id").starts_with("Root=1-"));
  if (out.status == 502) {
    EXPECT_EQ(header(out, "x-amzn-ErrorType"), "InternalServerErrorException");
  }
}
INSTANTIATE_TEST_SUITE_P(Table, Responses, testing::ValuesIn(kResponses),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Apis, FG_10_FG_11_HeadersMerge) {
  put(add(root_, "x"), "GET");
  deploy();
  functions_.payload =
      R"({"multiValueHeaders":{"Set-Cookie":["a","b"]},"headers":{"set-cookie":"c","flag":true,"n":5,"evil":"x\r\ny","Content-Length":"3"},"body":"abc"})";
  const auto out = call("GET", "/stage/x");
  HeaderList own(out.headers.begin(), out.headers.begin() + 5);
  EXPECT_EQ(own,
            (HeaderList{{"Set-Cookie", "a"}, {"Set-Cookie", "b"}, {"Set-Cookie", "c"}, {"flag", "true"}, {"n", "5"}}));
  EXPECT_EQ(header(out, "evil"), "");
  EXPECT_EQ(header(out, "Content-Length"), "");
}

TEST_F(Apis, Base64IsDecodedWhenTheClientAcceptsABinaryType) {
  put(add(root_, "x"), "GET");
  deploy();
  functions_.payload = R"({"isBase64Encoded":true,"body":"aGk=","headers":{"content-type":"image/png"}})";
  EXPECT_EQ(call("GET", "/stage/x", {{"Accept", "image/png,*/*"}}).body, "hi");
}

TEST_F(Apis, FG_13_FunctionErrorIs502AndTimeoutIs504) {
  auto integration = lambda();
  integration.timeout_ms = 50;
  put(add(root_, "x"), "GET", integration);
  deploy();
  functions_.function_error = true;
  EXPECT_EQ(call("GET", "/stage/x").status, 502);
  functions_.never = true;
  Outgoing out{.status = 0};
  routes_->serve({.api_id = api_, .method = "GET", .path = "/stage/x"},
                 [&out](Outgoing answer) { out = std::move(answer); });
  loop_.run_for(49ms);
  EXPECT_EQ(out.status, 0);
  loop_.run_for(2ms);
  EXPECT_EQ(out.status, 504);
  EXPECT_EQ(out.body, R"({"message": "Endpoint request timed out"})");
  std::move(functions_.held[0])(InvokeResult{"{}", false});  // too late: answered once only
  EXPECT_EQ(out.status, 504);
}

TEST_F(Apis, FG_14_FG_15_UnknownPathsStagesAndApis) {
  put(add(root_, "x"), "GET");
  deploy();
  for (const auto& [method, target] : {std::pair<const char*, const char*>{"GET", "/stage/y"},
                                       {"POST", "/stage/x"},
                                       {"GET", "/stage"},
                                       {"GET", "/stage/x/y"}}) {
    const auto out = call(method, target);
    EXPECT_EQ(out.status, 403) << target;
    EXPECT_EQ(out.body, R"({"message":"Missing Authentication Token"})");
    EXPECT_EQ(header(out, "x-amzn-ErrorType"), "MissingAuthenticationTokenException");
  }
  const auto out = call("GET", "/other/x");
  EXPECT_EQ(out.body, R"({"message":"Forbidden"})");
  EXPECT_EQ(header(out, "x-amzn-ErrorType"), "ForbiddenException");
  api_ = "unknown";
  EXPECT_EQ(call("GET", "/stage/x").body, R"({"message":"Forbidden"})");
}

TEST_F(Apis, FG_16_StaticBeforeVariableBeforeGreedyAndAnyLast) {
  const auto pets = add(root_, "pets"), pet = add(pets, "{id}"), dog = add(pets, "dog"), toys = add(pet, "toys"),
             rest = add(root_, "{proxy+}");
  for (const auto& id : {pets, pet, dog, toys, rest}) put(id, "GET");
  put(rest, "ANY");
  put(pet, "ANY");
  deploy();
  const auto matched = [&](const char* method, const char* target) {
    const auto before = functions_.requests.size();
    const auto out = call(method, target);
    return functions_.requests.size() == before ? std::to_string(out.status) : functions_.event().string_or("resource");
  };
  EXPECT_EQ(matched("GET", "/stage/pets"), "/pets");
  EXPECT_EQ(matched("GET", "/stage/pets/dog"), "/pets/dog");
  EXPECT_EQ(matched("GET", "/stage/pets/cat"), "/pets/{id}");
  EXPECT_EQ(matched("DELETE", "/stage/pets/cat"), "/pets/{id}");
  EXPECT_EQ(matched("GET", "/stage/pets/dog/toys"), "/pets/{id}/toys");
  EXPECT_EQ(matched("GET", "/stage/pets/dog/bones"), "/{proxy+}");
  EXPECT_EQ(matched("POST", "/stage/pets"), "403");
  EXPECT_EQ(matched("POST", "/stage/else"), "/{proxy+}");
}

TEST_F(Apis, FG_17_FG_24_ControlErrors) {
  const auto proxy = add(root_, "{proxy+}");
  EXPECT_EQ(routes_->create_resource({}, api_, root_, "{id}").error(),
            (Error{Errc::kBadRequest,
                   "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed"}));
  EXPECT_EQ(routes_->create_resource({}, api_, proxy, "x").error(),
            (Error{Errc::kBadRequest, "Cannot create a child of a resource with a greedy path variable: {proxy+}"}));
  add(root_, "x");
  EXPECT_EQ(routes_->create_resource({}, api_, root_, "x").error(),
            (Error{Errc::kConflict, "Another resource with the same parent already has this name: x"}));
  EXPECT_EQ(routes_->create_resource({}, api_, "nope", "x").error(),
            (Error{Errc::kNotFound, "Invalid Resource identifier specified"}));
  EXPECT_EQ(routes_->api({}, "nope").error(),
            (Error{Errc::kNotFound, "Invalid API identifier specified 000000000000:nope"}));
  EXPECT_EQ(routes_->put_method({}, api_, root_, {.http_method = "GRAB"}, false).error(),
            (Error{Errc::kBadRequest,
                   "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"}));
  EXPECT_EQ(routes_->put_integration({}, api_, root_, "GET", lambda()).error(),
            (Error{Errc::kNotFound, "Invalid Method identifier specified"}));
  EXPECT_EQ(routes_->create_deployment({}, api_, "").error(),
            (Error{Errc::kBadRequest, "The REST API doesn't contain any methods"}));
  ASSERT_TRUE(routes_->put_method({}, api_, root_, {.http_method = "GET"}, false));
  EXPECT_EQ(routes_->create_deployment({}, api_, "").error(),
            (Error{Errc::kBadRequest, "No integration defined for method"}));
  EXPECT_EQ(routes_->put_integration_response({}, api_, root_, "GET", "200", {}).error().message,
            "Invalid Integration identifier specified");
  EXPECT_EQ(routes_->create_stage({}, api_, {.name = "s", .deployment_id = "x"}).error().message,
            "Deployment id does not exist");
  EXPECT_FALSE(routes_->put_method({}, api_, root_,
                                   {.http_method = "PUT",
                                    .integration = Integration{.type = IntegrationType::kLambdaProxy,
                                                               .uri = "arn:aws:apigateway:us-east-1:sqs:path/q"}},
                                   false));
}

TEST_F(Apis, FG_18_DeploymentIsASnapshotThatSurvivesARestart) {
  const auto x = add(root_, "x");
  put(x, "GET");
  deploy({{"v", "1"}});
  put(add(root_, "y"), "GET");
  EXPECT_EQ(call("GET", "/stage/y").status, 403);
  open();
  EXPECT_EQ(call("GET", "/stage/x").status, 200);
  EXPECT_EQ(functions_.event().find("stageVariables")->text(), R"({"v":"1"})");  // FG-19
  EXPECT_EQ(call("GET", "/stage/y").status, 403);
  deploy();
  EXPECT_EQ(call("GET", "/stage/y").status, 200);
  EXPECT_EQ(routes_->delete_deployment({}, api_, (*routes_->stage({}, api_, "stage"))->deployment_id).error().message,
            "Active stages pointing to this deployment must be moved or deleted");
  ASSERT_TRUE(routes_->delete_resource({}, api_, x));
  EXPECT_EQ(call("GET", "/stage/x").status, 200);
  ASSERT_TRUE(routes_->delete_api({}, api_));
  EXPECT_EQ(call("GET", "/stage/x").status, 403);
  open();
  EXPECT_FALSE(routes_->api({}, api_));
}

TEST_F(Apis, FG_20_Limits) {
  put(add(root_, "x"), "ANY");
  deploy();
  EXPECT_EQ(call("POST", "/stage/x", {}, std::string(Routes::kBodyBytesMax, 'a')).status, 200);
  EXPECT_EQ(call("POST", "/stage/x", {}, std::string(Routes::kBodyBytesMax + 1, 'a')).status, 413);
  EXPECT_EQ(call("GET", "/stage/x", {{"a", std::string(10'240, 'b')}}).status, 431);
  EXPECT_EQ(call("GET", "/stage/x?" + std::string(10'240, 'b')).status, 414);
  functions_.error = InvokeError{InvokeErrc::kTooLarge, ""};
  EXPECT_EQ(call("POST", "/stage/x").body, R"({"message":"Request Too Long"})");
}

TEST_F(Apis, FG_21_MockPreflightAsCdkMakesIt) {
  Integration mock{.type = IntegrationType::kMock,
                   .http_method = "OPTIONS",
                   .request_templates = {{"application/json", "{ statusCode: 200 }"}}};
  mock.responses["204"].response_parameters = {
      {"method.response.header.Access-Control-Allow-Headers", "'Content-Type,X-Amz-Date'"},
      {"method.response.header.Access-Control-Allow-Origin", "'*'"}};
  put(add(root_, "x"), "OPTIONS", mock);
  deploy();
  const auto out = call("OPTIONS", "/stage/x", {{"Origin", "http://a"}});
  EXPECT_EQ(out.status, 204);
  EXPECT_EQ(header(out, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(header(out, "Access-Control-Allow-Headers"), "Content-Type,X-Amz-Date");
  EXPECT_TRUE(functions_.requests.empty());
}

TEST(Mock, StatusOfTemplates) {
  EXPECT_EQ(mock_status(R"({"statusCode": 200})"), 200);
  EXPECT_EQ(mock_status("{ statusCode: 204 }"), 204);
  EXPECT_EQ(mock_status(R"({"statusCode":"418"})"), 418);
  EXPECT_EQ(mock_status("{}"), std::nullopt);
  EXPECT_EQ(mock_status(R"({"statusCode": "x"})"), std::nullopt);
  EXPECT_FALSE(check_mapping(Integration{.request_templates = {{"application/json", R"({"statusCode": $input.x})"}}}));
  EXPECT_FALSE(check_mapping(
      IntegrationResponse{.response_parameters = {{"method.response.header.A", "integration.response.header.B"}}}));
}

TEST_F(Apis, FG_22_FG_23_WrongVerbAndMissingPermissionGive500) {
  put(add(root_, "x"), "GET", lambda("GET"));
  put(add(root_, "y"), "GET");
  deploy();
  auto out = call("GET", "/stage/x");
  EXPECT_EQ(out.status, 500);
  EXPECT_EQ(out.body, R"({"message":"Internal server error"})");
  functions_.error = InvokeError{InvokeErrc::kForbidden, ""};
  EXPECT_EQ(call("GET", "/stage/y").body, R"({"message":"Internal server error"})");
  EXPECT_EQ(functions_.requests.back().source_arn,
            "arn:aws:execute-api:us-east-1:000000000000:" + api_ + "/stage/GET/y");
}

TEST_F(Apis, FG_25_IamMethodsNeedACaller) {
  const auto x = add(root_, "x");
  ASSERT_TRUE(routes_->put_method(
      {}, api_, x, {.http_method = "GET", .authorization_type = "AWS_IAM", .integration = lambda()}, false));
  deploy();
  EXPECT_EQ(call("GET", "/stage/x").body, R"({"message":"Missing Authentication Token"})");
  Incoming signed_request{.api_id = api_, .method = "GET", .path = "/stage/x"};
  signed_request.caller = Incoming::Caller{"AKIA", "000000000000", "arn:aws:iam::000000000000:user/u", "AIDA"};
  EXPECT_EQ(send(signed_request).status, 200);
  EXPECT_EQ(functions_.event().find("requestContext")->find("identity")->string_or("userArn"),
            "arn:aws:iam::000000000000:user/u");
}

TEST_F(Apis, TheSameTokenMakesTheSameThing) {
  const auto one = routes_->create_api({.name = "t", .token = "token"}),
             two = routes_->create_api({.name = "t", .token = "token"});
  EXPECT_EQ((*one)->id, (*two)->id);
  const auto id = (*one)->id, root = (*one)->root_resource_id;
  EXPECT_EQ((*routes_->create_resource({}, id, root, "x", "r"))->id,
            (*routes_->create_resource({}, id, root, "x", "r"))->id);
}

TEST_F(Apis, FunctionOfStageVariable) {
  auto integration = lambda();
  integration.uri =
      "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
      "arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.fn}/invocations";
  put(add(root_, "x"), "GET", integration);
  deploy({{"fn", "chosen"}});
  call("GET", "/stage/x");
  EXPECT_EQ(functions_.requests.back().function_arn, "arn:aws:lambda:us-east-1:000000000000:function:chosen");
}

}  // namespace
}  // namespace tidemill::routes
