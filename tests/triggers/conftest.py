"""Functions that record what they were given, and the sources and mappings around them."""
import http.server
import json
import threading
import time

import pytest

from support import archives, server as servers, waiting

HANDLER = '''
import base64, json, os, time, urllib.request

def tell(what, content):
    request = urllib.request.Request(os.environ["RECORDER"] + "/" + what, json.dumps(content).encode(), method="POST")
    return json.loads(urllib.request.urlopen(request, timeout=10).read())

def handler(event, context):
    told = tell("begin", {"event": event, "arn": context.invoked_function_arn, "version": context.function_version})
    control = told["control"]
    time.sleep(control.get("sleep", 0))
    bad = bool(control.get("error"))
    if control.get("poison_keys"):
        bad = bad or any(record["dynamodb"]["Keys"]["p"]["S"] in control["poison_keys"] for record in event["Records"])
    if control.get("poison_values"):
        values = [base64.b64decode(record["value"]).decode() for records in event["records"].values() for record in records]
        bad = bad or any(value in control["poison_values"] for value in values)
    tell("end", {"id": told["id"], "failed": bad})
    if bad:
        raise ValueError("told to fail")
    return control.get("response")
'''


class Notebook(http.server.BaseHTTPRequestHandler):
    """What recording functions tell: they see no folder of the tests, but they reach this address."""
    recorders = {}

    def do_POST(self):
        name, what = self.path.strip("/").split("/")
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(self.recorders[name].told(what, content)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def notebook():
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Notebook)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


class Recorder:
    """A deployed function; `calls()` are its invocations in order, `control(...)` says how it behaves from now on."""

    def __init__(self, server, name, notebook):
        self.name, self._calls, self._control, self._lock = name, [], {}, threading.Lock()
        Notebook.recorders[name] = self
        self.client = server.client("lambda")
        self.client.create_function(FunctionName=name, Runtime="python3.12", Role="arn:aws:iam::000000000000:role/recorder",
                                    Handler="index.handler", Timeout=20, Code={"ZipFile": archives.zip_of({"index.py": HANDLER})},
                                    Environment={"Variables": {"RECORDER": f"{notebook}/{name}"}})
        self.arn = f"arn:aws:lambda:{server.region}:{server.account}:function:{name}"
        self.client.get_waiter("function_active_v2").wait(FunctionName=name)

    def told(self, what, content):
        with self._lock:
            if what == "begin":
                self._calls.append({**content, "began": time.time(), "ended": None, "failed": True})
                return {"id": len(self._calls) - 1, "control": self._control}
            self._calls[content["id"]].update(ended=time.time(), failed=content["failed"])
            return {}

    def control(self, **settings):
        with self._lock:
            self._control = settings

    def calls(self):
        """The invocations that have ended (or never will), in the order of their beginning."""
        with self._lock:
            return [dict(call) for call in self._calls if call["ended"] is not None]

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
def recorder(server, unique, notebook):
    return Recorder(server, unique("fn"), notebook)


@pytest.fixture
def make_recorder(server, unique, notebook):
    return lambda on=None: Recorder(on or server, unique("fn"), notebook)


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
