"""Functions that record what they were given, and the sources and mappings around them."""
import json
import os
import uuid
from pathlib import Path

import pytest

from support import archives, server as servers, waiting

HANDLER = '''
import glob, json, os, time, uuid
FOLDER = os.environ["RECORDER"]

def handler(event, context):
    began = time.time()
    try:
        with open(os.path.join(FOLDER, "control.json")) as file:
            control = json.load(file)
    except FileNotFoundError:
        control = {}
    time.sleep(control.get("sleep", 0))
    text = json.dumps(event)
    bad = control.get("error") or any(word in text for word in control.get("poison", []))
    if control.get("poison_keys"):
        bad = bad or any(record["dynamodb"]["Keys"]["p"]["S"] in control["poison_keys"] for record in event["Records"])
    name = "%020d-%s.json" % (time.time_ns(), uuid.uuid4().hex)
    with open(os.path.join(FOLDER, name + ".tmp"), "w") as file:
        json.dump({"event": event, "arn": context.invoked_function_arn, "version": context.function_version,
                   "began": began, "ended": time.time(), "failed": bool(bad)}, file)
    os.rename(os.path.join(FOLDER, name + ".tmp"), os.path.join(FOLDER, name))
    if bad:
        raise ValueError("told to fail")
    return control.get("response")
'''


class Recorder:
    """A deployed function; `calls()` are its invocations in order, `control(...)` says how it behaves from now on."""

    def __init__(self, server, name, folder):
        self.name, self.folder = name, Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.client = server.client("lambda")
        self.client.create_function(FunctionName=name, Runtime="python3.12", Role="arn:aws:iam::000000000000:role/recorder",
                                    Handler="index.handler", Timeout=20, Code={"ZipFile": archives.zip_of({"index.py": HANDLER})},
                                    Environment={"Variables": {"RECORDER": str(self.folder)}})
        self.arn = f"arn:aws:lambda:{server.region}:{server.account}:function:{name}"
        self.client.get_waiter("function_active_v2").wait(FunctionName=name)

    def control(self, **settings):
        path = self.folder / "control.tmp"
        path.write_text(json.dumps(settings))
        os.replace(path, self.folder / "control.json")

    def calls(self):
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("*-*.json"))]

    def batches(self):
        """The partition keys of each invocation's records."""
        return [[record["dynamodb"]["Keys"]["p"]["S"] for record in call["event"]["Records"]] for call in self.calls()]

    def records(self, only_done=True):
        """All records of a table's stream, in the order of their delivery."""
        return [record for call in self.calls() if not (only_done and call["failed"]) for record in call["event"]["Records"]]

    def values(self):
        """(partition, offset) of all records of topics that were delivered."""
        return [(record["partition"], record["offset"]) for call in self.calls() if not call["failed"]
                for records in call["event"]["records"].values() for record in records]

    def wait_calls(self, count, timeout=30):
        return waiting.wait_until(lambda: len(self.calls()) >= count and self.calls(), timeout, what=f"{count} invocations of {self.name}")

    def wait_records(self, count, timeout=30):
        return waiting.wait_until(lambda: len(self.records()) >= count and self.records(), timeout, what=f"{count} records in {self.name}")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Retries come fast, so that tests of retry limits end soon."""
    running = servers.Server(tmp_path_factory.mktemp("triggers"), arguments=["--mapping-retry-delay-ms", "50"]).start()
    yield running
    running.close()


@pytest.fixture(scope="session")
def db(server):
    return server.client("dynamodb")


@pytest.fixture(scope="session")
def functions(server):
    return server.client("lambda")


@pytest.fixture
def recorder(server, unique, tmp_path):
    return Recorder(server, unique("fn"), tmp_path / "calls")


@pytest.fixture
def make_recorder(server, unique, tmp_path):
    def make(on=None):
        name = unique("fn")
        return Recorder(on or server, name, tmp_path / name)
    return make


class Table:
    def __init__(self, db, name, view="NEW_AND_OLD_IMAGES"):
        self.db, self.name = db, name
        made = db.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                               AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
                               KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                               StreamSpecification={"StreamEnabled": True, "StreamViewType": view})["TableDescription"]
        self.stream = made["LatestStreamArn"]

    def put(self, key, **attributes):
        self.db.put_item(TableName=self.name, Item={"p": {"S": str(key)}, **attributes})

    def put_many(self, keys):
        keys = [str(key) for key in keys]
        for i in range(0, len(keys), 25):
            self.db.batch_write_item(RequestItems={self.name: [{"PutRequest": {"Item": {"p": {"S": key}}}} for key in keys[i:i + 25]]})

    def put_at_once(self, keys):
        """In one transaction: one write, seen by readers as a whole."""
        self.db.transact_write_items(TransactItems=[{"Put": {"TableName": self.name, "Item": {"p": {"S": str(key)}}}} for key in keys])

    def delete(self, key):
        self.db.delete_item(TableName=self.name, Key={"p": {"S": str(key)}})


@pytest.fixture
def table(db, unique):
    return Table(db, unique("notes"))


@pytest.fixture
def make_table(db, unique):
    return lambda **options: Table(options.pop("db", db), unique("notes"), **options)


@pytest.fixture
def mapped(functions):
    """mapped(stream or body members) -> the mapping, enabled. Deleted after the test."""
    made = []

    def make(source, function, wait=True, client=None, **members):
        client = client or functions
        mapping = client.create_event_source_mapping(EventSourceArn=source, FunctionName=function,
                                                     **{"StartingPosition": "TRIM_HORIZON", **members})
        made.append((client, mapping["UUID"]))
        if wait:
            waiting.wait_until(lambda: client.get_event_source_mapping(UUID=mapping["UUID"])["State"] in ("Enabled", "Disabled"))
        return mapping

    yield make
    for client, uuid_ in made:
        try:
            client.delete_event_source_mapping(UUID=uuid_)
        except Exception:  # gone already, or its server is
            pass


@pytest.fixture
def failure_queue(server, unique):
    """(ARN, read()) of a queue; read(n) waits for n messages and gives their bodies as objects."""
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=unique("failures"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def read(count=1, timeout=30):
        bodies = []

        def more():
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
                bodies.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return len(bodies) >= count
        if count:
            waiting.wait_until(more, timeout, what=f"{count} failure records")
        else:
            more()
        return bodies

    return arn, read
