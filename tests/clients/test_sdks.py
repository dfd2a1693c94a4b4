"""Tables and streams under the SDKs that users have, each in its own idiom, with signatures verified. What a program prints is
what its users would read; the programs are node/, java/ and go/."""
import json
import os
import shutil
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError

from support import server as servers

HERE = Path(__file__).resolve().parent
NODE_MODULES = servers.STATE / "runtimes" / "node_modules"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server with identity on: every request must be signed by a key that it knows."""
    running = servers.Server(tmp_path_factory.mktemp("clients"), iam="on").start()
    yield running
    assert running.stop() == 0, running.log_tail()
    running.close()


def program(guarded, *command, **options):
    """The last line that a program prints, as JSON."""
    return json.loads(guarded.run(*command, timeout=170, **options).stdout.strip().splitlines()[-1])


# ---- Python -------------------------------------------------------------------------------------------------------------
def test_boto3_resource(guarded, unique):
    name = unique("resource")
    db = guarded.resource("dynamodb")
    table = db.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in (("p", "S"), ("c", "N"), ("g", "S"))],
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                 "Projection": {"ProjectionType": "ALL"}}])
    table.wait_until_exists()
    item = {"p": "x", "c": Decimal("1.5"), "l": [Decimal(1), "two", None, True], "m": {"n": {"o": Decimal("1e20")}},
            "s": {"a", "b"}, "ns": {Decimal(1), Decimal("2.5")}, "b": Binary(b"\0\1"), "empty": ""}
    table.put_item(Item=item)
    assert table.get_item(Key={"p": "x", "c": Decimal("1.50")}, ConsistentRead=True)["Item"] == item
    with table.batch_writer(overwrite_by_pkeys=["p", "c"]) as batch:
        for i in range(60):
            batch.put_item({"p": "many", "c": i % 55, "g": f"g{i % 3}", "pad": "y" * 50})
        batch.delete_item({"p": "many", "c": 54})
    assert table.query(KeyConditionExpression=Key("p").eq("many"), Select="COUNT")["Count"] == 54
    page = table.query(KeyConditionExpression=Key("p").eq("many") & Key("c").between(10, 40), FilterExpression=Attr("g").eq("g1"),
                       ProjectionExpression="c", ScanIndexForward=False, Limit=20)
    assert (page["ScannedCount"], page["LastEvaluatedKey"]) == (20, {"p": "many", "c": 21})
    by_g = table.query(IndexName="by-g", KeyConditionExpression=Key("g").eq("g2"))["Items"]
    assert by_g and all(one["g"] == "g2" for one in by_g)
    assert table.scan(FilterExpression=Attr("l").contains("two") & Attr("m.n.o").exists() & ~Attr("zz").exists())["Count"] == 1
    with pytest.raises(db.meta.client.exceptions.ConditionalCheckFailedException):
        table.put_item(Item=item, ConditionExpression=Attr("p").not_exists())
    table.reload()
    assert table.item_count == 55 and table.table_status == "ACTIVE"
    answer = db.batch_get_item(RequestItems={name: {"Keys": [{"p": "many", "c": i} for i in (0, 1, 99)]}})
    assert len(answer["Responses"][name]) == 2
    table.delete()
    table.wait_until_not_exists()


def test_a_wrong_secret_is_refused(guarded):
    with pytest.raises(ClientError) as refused:
        guarded.client("dynamodb", secret_access_key="another-secret").list_tables()
    assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"
    session = boto3.session.Session("AKIDUNKNOWN000000000", "x", region_name=guarded.region)
    with pytest.raises(ClientError) as refused:
        session.client("dynamodb", endpoint_url=guarded.endpoint).list_tables()
    assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"


# ---- JavaScript ---------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def node():
    if not NODE_MODULES.is_dir():
        pytest.skip("the JavaScript SDKs are not installed (./dev setup)")
    return {"TM_NODE_MODULES": str(NODE_MODULES)}


def test_javascript_v3(guarded, node, unique):
    got = program(guarded, "node", HERE / "node" / "v3.mjs", unique("js3"), environment=node)
    assert got["low"] == ["1", [1, 2], 200]
    assert got["condition"] == [True, "low", "The conditional request failed"]
    assert got["missing"] == ["ResourceNotFoundException", 400]
    assert got["document"] == [[1, "two", None, True], {"deep": {"x": 1.5}}, ["a", "b"], False]
    assert got["updated"] == {"map": {"deep": {"x": 2.5}}, "list": [1, "two", None, True, "end"]}
    assert got["unprocessed"] == {} and got["batch"] == [3, 4] and got["pages"] == [10, 10, 1]
    assert got["canceled"] == ["TransactionCanceledException", ["None", "ConditionalCheckFailed"]]
    assert got["transaction"] == [{"p": "tx", "c": 2}, None] and got["statement"] == [0, 1, 2]
    assert got["stream"] == [29, "INSERT", "low", True, [1, 2]]


def test_javascript_v2(guarded, node, unique):
    got = program(guarded, "node", HERE / "node" / "v2.cjs", unique("js2"),
                  environment={**node, "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1"})
    assert got["got"] == ["Number", [1, 2], [{"x": 1}], [1, 2], ""]
    assert got["legacy"] == {"words": 5, "seen": 2}
    assert got["expected"] == ["ConditionalCheckFailedException", 400, False, "string"]
    assert got["pages"] == [[0, 1], [2, 3], [4]] and got["scan"] == 2 and got["batch"] == [{"p": "q", "c": 9}]
    assert got["stream"] == ["INSERT", "MODIFY", *["INSERT"] * 5, "REMOVE", "INSERT", "REMOVE", "REMOVE"] or sorted(got["stream"]) == sorted(
        ["INSERT", "MODIFY", *["INSERT"] * 5, "REMOVE", "INSERT", "REMOVE", "REMOVE"])


# ---- Java ---------------------------------------------------------------------------------------------------------------
def test_java_v2(guarded, unique, tmp_path):
    jars = servers.STATE / "client-jars"
    if not jars.is_dir() or shutil.which("javac") is None:
        pytest.skip("the Java SDK or a Java compiler is not installed (./dev setup)")
    guarded.run("javac", "-proc:none", "-d", tmp_path, "-cp", f"{jars}/*", HERE / "java" / "Smoke.java")
    done = guarded.run("java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", f"{jars}/*:{tmp_path}", "Smoke", unique("java"))
    got = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert got["read"] == "open [x, y] 1" and got["version"] == "2"
    assert got["stale"] == "ConditionalCheckFailedException 400"
    assert sorted(got["paid"].split(",")) == ["1", "2", "3"] and got["range"] == "1,2"
    assert got["canceled"] == "None,ConditionalCheckFailed" and got["scan"] == "4"
    assert got["low"] == "3 true true" and got["statement"] == "1"
    assert got["pages"] in ("2,2,1", "2,2,1,0")
    assert got["missing"].startswith("400 Requested resource not found: Table: no-such-table not found")
    assert got["stream"] == "8 INSERT MODIFY open"


# ---- Go -----------------------------------------------------------------------------------------------------------------
def test_go_v2(guarded, unique):
    binary = servers.STATE / "bin" / "go-client"
    if not binary.exists():
        pytest.skip("the Go client is not built: no go of version 1.19 or newer at set-up")
    got = program(guarded, binary, unique("go"))
    assert got["read"] == [3, ["a", "b"], 2, "v", 2] and got["lines"] == ["a", "b", "c"]
    assert got["condition"] == [True, 7] and got["pages"] == [3, 1] and got["canceled"] == ["None", "ConditionalCheckFailed"]
    assert got["missing"] is True and got["stream"] == [6, "INSERT", "MODIFY", True]


# ---- Shell --------------------------------------------------------------------------------------------------------------
def test_awscli(guarded, unique, tmp_path):
    if shutil.which("aws", path=f"{servers.STATE / 'bin'}:{os.environ['PATH']}") is None:
        pytest.skip("awscli is not installed")
    name = unique("shell")

    def aws(operation, *arguments, service="dynamodb"):
        out = guarded.run("aws", "--endpoint-url", guarded.endpoint, service, operation, "--output", "json", *arguments).stdout
        return json.loads(out) if out.strip() else None

    aws("create-table", "--table-name", name, "--billing-mode", "PAY_PER_REQUEST", "--attribute-definitions",
        "AttributeName=p,AttributeType=S", "--key-schema", "AttributeName=p,KeyType=HASH", "--stream-specification",
        "StreamEnabled=true,StreamViewType=NEW_IMAGE")
    aws("wait", "table-exists", "--table-name", name)
    aws("put-item", "--table-name", name, "--item", '{"p": {"S": "a"}, "b": {"B": "AQI="}, "n": {"N": "1e3"}}')
    got = aws("get-item", "--table-name", name, "--key", '{"p": {"S": "a"}}', "--return-consumed-capacity", "TOTAL")
    assert got == {"Item": {"p": {"S": "a"}, "b": {"B": "AQI="}, "n": {"N": "1000"}},
                   "ConsumedCapacity": {"TableName": name, "CapacityUnits": 0.5}}
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps({name: [{"PutRequest": {"Item": {"p": {"S": f"i{i}"}}}} for i in range(5)]}))
    assert aws("batch-write-item", "--request-items", f"file://{batch}")["UnprocessedItems"] == {}
    # The pages that the tool puts together.
    assert len(aws("scan", "--table-name", name, "--page-size", "2")["Items"]) == 6
    assert aws("execute-statement", "--statement", f"SELECT n FROM \"{name}\" WHERE p = 'a'")["Items"] == [{"n": {"N": "1000"}}]
    arn = aws("list-streams", "--table-name", name, service="dynamodbstreams")["Streams"][0]["StreamArn"]
    assert aws("describe-stream", "--stream-arn", arn, service="dynamodbstreams")["StreamDescription"]["StreamViewType"] == "NEW_IMAGE"
    aws("delete-table", "--table-name", name)
