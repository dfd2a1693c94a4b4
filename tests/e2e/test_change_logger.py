"""Story (a): every new item of a table is logged, unmarshalled."""
import json

from support import examples
from support.waiting import wait_until


def logged(server):
    lines = examples.messages(server, "reading-logger")
    return [json.loads(line.split("new item ", 1)[1]) for line in lines if "new item " in line]


def test_new_items_are_logged_and_changes_are_not(server, deployed, unique):
    table = deployed("change-logger")["TableName"]
    sensor = unique("sensor")
    db = server.client("dynamodb")
    for taken in range(12):
        db.put_item(TableName=table, Item={"sensor": {"S": sensor}, "taken": {"N": str(taken)}, "celsius": {"N": f"{taken}.5"},
                                           "tags": {"SS": ["a", "b"]}, "ok": {"BOOL": True}})
    db.update_item(TableName=table, Key={"sensor": {"S": sensor}, "taken": {"N": "3"}},
                   UpdateExpression="SET celsius = :c", ExpressionAttributeValues={":c": {"N": "99"}})
    db.delete_item(TableName=table, Key={"sensor": {"S": sensor}, "taken": {"N": "4"}})
    db.put_item(TableName=table, Item={"sensor": {"S": sensor}, "taken": {"N": "100"}, "celsius": {"N": "0"}})

    def all_there():
        mine = [item for item in logged(server) if item["sensor"] == sensor]
        return mine if any(item["taken"] == 100 for item in mine) else None

    mine = wait_until(all_there, timeout=40, every=0.2, what="the last new item is logged")
    assert [item["taken"] for item in mine] == [*range(12), 100]   # in order, once each, no change and no delete
    assert mine[3]["celsius"] == 3.5 and mine[3]["ok"] is True


def test_awscli_puts_an_item_and_shows_the_log(server, deployed, unique):
    table = deployed("change-logger")["TableName"]
    sensor = unique("sensor")

    def aws(*arguments):   # Debian's awscli is older than AWS_ENDPOINT_URL
        return server.run("aws", "--endpoint-url", server.endpoint, *arguments).stdout

    aws("dynamodb", "put-item", "--table-name", table, "--item", json.dumps({"sensor": {"S": sensor}, "taken": {"N": "1"}}))
    wait_until(lambda: sensor in aws("logs", "tail", "/aws/lambda/reading-logger", "--since", "10m"), timeout=40, every=0.5)
