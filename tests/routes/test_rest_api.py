"""REST APIs served to plain HTTP clients (ids of the functions specification in the names)."""
import base64
import json
import re
import time

import pytest

FUNCTION = '''
import base64, json, time
def handler(event, context):
    mode = (event.get("queryStringParameters") or {}).get("mode", "")
    if mode == "raise": raise ValueError("no")
    if mode == "sleep": time.sleep(5)
    if mode == "raw": return json.loads((event.get("queryStringParameters") or {})["answer"])
    if mode == "cookies": return {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}, "headers": {"set-cookie": "c=3", "X-Flag": True}, "body": "ok"}
    return {"statusCode": 200, "body": json.dumps(event)}
'''


def integration(**more):
    return {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST",
            "Uri": {"Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"}, **more}


def template(name):
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}},
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.12", "Handler": "index.handler", "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                                                               "Timeout": 10, "Code": {"ZipFile": FUNCTION}}},
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": name, "BinaryMediaTypes": ["image/png"]}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {"RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "prod", "Variables": {"colour": "blue"}}},
    }
    methods = []

    def method(id, resource, verb, **properties):
        methods.append(id)
        resources[id] = {"Type": "AWS::ApiGateway::Method", "Properties": {"RestApiId": {"Ref": "Api"}, "ResourceId": resource, "HttpMethod": verb, "AuthorizationType": "NONE", **properties}}

    def resource(id, parent, part):
        resources[id] = {"Type": "AWS::ApiGateway::Resource", "Properties": {"RestApiId": {"Ref": "Api"}, "ParentId": parent, "PathPart": part}}
        return {"Ref": id}

    root = {"Fn::GetAtt": ["Api", "RootResourceId"]}
    pets = resource("Pets", root, "pets")
    method("PetsGet", pets, "GET", Integration=integration())
    method("DogGet", resource("Dog", pets, "dog"), "GET", Integration=integration())
    method("PetAny", resource("Pet", pets, "{id}"), "ANY", Integration=integration())
    rest = resource("Rest", root, "{proxy+}")
    method("RestGet", rest, "GET", Integration=integration())
    method("SlowGet", resource("Slow", root, "slow"), "GET", Integration=integration(TimeoutInMillis=300))
    method("WrongGet", resource("Wrong", root, "wrong"), "GET", Integration=integration() | {"IntegrationHttpMethod": "GET"})
    method("PetsOptions", pets, "OPTIONS", Integration={
        "Type": "MOCK", "RequestTemplates": {"application/json": "{ statusCode: 204 }"},
        "IntegrationResponses": [{"StatusCode": "204", "ResponseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"}}]},
        MethodResponses=[{"StatusCode": "204", "ResponseParameters": {"method.response.header.Access-Control-Allow-Origin": True}}])
    resources["Deployment"] = {"Type": "AWS::ApiGateway::Deployment", "DependsOn": methods, "Properties": {"RestApiId": {"Ref": "Api"}}}
    return {"Resources": resources, "Outputs": {"Id": {"Value": {"Ref": "Api"}},
                                                "Url": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod/"}}}}


@pytest.fixture(scope="module")
def api(server, tmp_path_factory):
    path = tmp_path_factory.mktemp("api") / "api.json"
    path.write_text(json.dumps(template("pets")))
    done = server.tidemill("deploy", path, "--stack-name", "rest-api-test", "--yes")
    api_id = re.search(r"rest-api-test\.Id = (\w+)", done.stdout).group(1)
    assert f"here:   {server.endpoint}/_api/{api_id}/prod/" in done.stdout       # D80
    yield api_id
    server.tidemill("destroy", "rest-api-test", "--yes")


@pytest.fixture
def get(server, api):
    def call(path, method="GET", headers=None, body=None):
        status, answered, text = server.http(method, f"/_api/{api}{path}", body=body, headers=headers or {})
        return status, answered, text
    return call


def event(answer):
    status, _, body = answer
    assert status == 200, body
    return json.loads(body)


def test_FG_01_FG_05_FG_19_event(get, api):
    found = event(get("/prod/pets/7"))
    assert found["resource"] == "/pets/{id}" and found["path"] == "/pets/7" and found["pathParameters"] == {"id": "7"}
    assert found["queryStringParameters"] is None and found["body"] is None and found["isBase64Encoded"] is False
    assert found["stageVariables"] == {"colour": "blue"}
    context = found["requestContext"]
    assert context["path"] == "/prod/pets/7" and context["stage"] == "prod" and context["apiId"] == api
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["requestTime"])
    assert context["identity"]["sourceIp"] == "127.0.0.1"


def test_FG_02_FG_03_headers_and_query(get):
    found = event(get("/prod/pets/7?a=1&a=%2B&b=x+y", headers={"tEsT-HEADeR": "Value"}))
    assert found["headers"]["tEsT-HEADeR"] == "Value" and found["multiValueHeaders"]["tEsT-HEADeR"] == ["Value"]
    assert found["queryStringParameters"] == {"a": "+", "b": "x y"}
    assert found["multiValueQueryStringParameters"] == {"a": ["1", "+"], "b": ["x y"]}


def test_FG_04_greedy_path(get):
    found = event(get("/prod/some//where/"))
    assert found["path"] == "/some//where/" and found["pathParameters"]["proxy"] == "some//where"


def test_FG_06_binary_body(get):
    found = event(get("/prod/pets/7", "POST", {"Content-Type": "image/png"}, b"\x89PNG\xff"))
    assert found["isBase64Encoded"] is True and base64.b64decode(found["body"]) == b"\x89PNG\xff"
    found = event(get("/prod/pets/7", "PUT", {"Content-Type": "application/json"}, json.dumps({"ä": 1}).encode()))
    assert json.loads(found["body"]) == {"ä": 1} and found["isBase64Encoded"] is False


@pytest.mark.parametrize("answer, status", [({}, 200), ({"statusCode": "201"}, 201), ({"statusCode": "test"}, 502), ({"statusCode": 200, "extra": 1}, 502), ("text", 502), ([1], 502),
                                            ({"body": {"a": 1}}, 502), ({"multiValueHeaders": {"a": "b"}}, 502), ({"headers": None}, 200)])
def test_FG_07_FG_08_FG_09_FG_10_answers(get, answer, status):
    from urllib.parse import quote
    got, headers, body = get(f"/prod/pets/1?mode=raw&answer={quote(json.dumps(answer))}")
    assert got == status
    assert headers["x-amzn-RequestId"] and headers["x-amz-apigw-id"] and headers["X-Amzn-Trace-Id"]
    if status == 502:
        assert body == b'{"message": "Internal server error"}' and headers["x-amzn-ErrorType"] == "InternalServerErrorException"


def test_FG_10_FG_11_header_lists(get):
    _, headers, _ = get("/prod/pets/1?mode=cookies")
    assert headers.get_all("Set-Cookie") == ["a=1", "b=2", "c=3"]
    assert headers["X-Flag"] == "true"


def test_FG_13_errors_and_timeouts(get):
    assert get("/prod/pets/1?mode=raise")[0] == 502
    began = time.monotonic()
    status, _, body = get("/prod/slow?mode=sleep")
    assert (status, body) == (504, b'{"message": "Endpoint request timed out"}') and time.monotonic() - began < 3


def test_FG_14_FG_15_unknown(get, server):
    for path, method in (("/prod/pets", "POST"), ("/prod", "GET")):
        status, headers, body = get(path, method)
        assert (status, body) == (403, b'{"message":"Missing Authentication Token"}') and headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    assert get("/nowhere/pets")[::2] == (403, b'{"message":"Forbidden"}')
    assert server.http("GET", "/_api/unknown0000/prod/pets")[::2] == (403, b'{"message":"Forbidden"}')


def test_FG_16_static_before_variable_before_greedy(get):
    assert [event(get(f"/prod/{path}"))["resource"] for path in ("pets", "pets/dog", "pets/cat", "pets/cat/toys")] == ["/pets", "/pets/dog", "/pets/{id}", "/{proxy+}"]


def test_FG_20_large(get):
    assert get("/prod/pets/1", "POST", body=b"x" * (10 * 1024 * 1024 + 1))[0] == 413
    assert get("/prod/pets/1", headers={"a": "b" * 10_300})[0] in (431, 413)


def test_FG_21_preflight(get):
    status, headers, body = get("/prod/pets", "OPTIONS", {"Origin": "http://x"})
    assert status == 204 and headers["Access-Control-Allow-Origin"] == "*" and body == b""


def test_FG_22_integration_by_get(get):
    assert get("/prod/wrong")[::2] == (500, b'{"message":"Internal server error"}')


def test_by_host(server, api):
    for host in (f"{api}.execute-api.us-east-1.amazonaws.com", f"{api}.execute-api.localhost:4566"):
        status, _, body = server.http("GET", "/prod/pets/7", headers={"Host": host})
        assert status == 200 and json.loads(body)["requestContext"]["domainName"] == host.split(":")[0]


def test_apis_survive_a_crash(server, api, get):
    server.restart(kill=True)
    assert event(get("/prod/pets/9"))["pathParameters"] == {"id": "9"}


def test_FG_23_with_identity_the_function_must_let_the_gateway_in(make_server, tmp_path):
    server = make_server(iam="on")
    closed = template("closed")
    path = tmp_path / "api.json"
    path.write_text(json.dumps(closed))
    done = server.tidemill("deploy", path, "--yes")
    url = re.search(r"here: +(\S+)", done.stdout).group(1).removeprefix(server.endpoint)
    assert server.http("GET", url + "pets")[0] == 500
    closed["Resources"]["Allow"] = {"Type": "AWS::Lambda::Permission", "Properties": {
        "FunctionName": {"Fn::GetAtt": ["F", "Arn"]}, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
        "SourceArn": {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/GET/pets"}}}
    path.write_text(json.dumps(closed))
    server.tidemill("deploy", path, "--yes")
    assert server.http("GET", url + "pets")[0] == 200
    assert server.http("GET", url + "pets/dog")[0] == 500
