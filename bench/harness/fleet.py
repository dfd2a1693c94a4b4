"""The servers of one run: started when first asked for, with the tables that a benchmark needs, stopped at the end."""
import sys

from . import load, servers

ITEMS = 10_000
TABLES = {
    "load": {"key": ["pk"], "fill": "put"},
    "rows": {"key": ["pk", "sk"], "fill": "put-row"},
    "streamed": {"key": ["pk"], "fill": "put", "stream": "NEW_AND_OLD_IMAGES"},
}


def create_table(client, name, key, stream=None):
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": attribute, "KeyType": kind} for attribute, kind in zip(key, ("HASH", "RANGE"))],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in key],
        **({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": stream}} if stream else {}))
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


class Fleet:
    """Peers that are not installed are None; each is said once."""

    def __init__(self, folder):
        self._folder = folder
        self._servers = {}
        self._tables = set()
        self._starts = {
            "Tidemill": lambda at: servers.Tidemill(at),
            "Tidemill signed": lambda at: servers.Tidemill(at, name="Tidemill signed", iam="on"),
            "Tidemill durable": lambda at: servers.Tidemill(at, name="Tidemill durable", durability="durable"),
            "floor": servers.floor_items,
            "floor (constant)": lambda at: servers.floor("constant", at),
            "floor (copy)": lambda at: servers.floor("copy", at),
            "Apache Kafka": servers.ApacheKafka,
            "dynalite": servers.dynalite,
            "DynamoDB Local": servers.dynamodb_local,
            "DynamoDB Local on disk": lambda at: servers.dynamodb_local(at, on_disk=True),
        }

    def get(self, name):
        if name not in self._servers:
            try:
                self._servers[name] = self._starts[name](self._folder / name.replace(" ", "-"))
            except servers.Missing as missing:
                print(f"  {missing} is not installed here: its rows stay empty (./dev setup bench)", file=sys.stderr)
                self._servers[name] = None
        return self._servers[name]

    def running(self):
        return [server for server in self._servers.values() if server is not None]

    def table(self, name, table, filled=True):
        """The server with that table, filled unless told; None when the server is not here."""
        server = self.get(name)
        if server is None or (name, table) in self._tables:
            return server
        options = TABLES[table]
        if not name.startswith("floor"):
            create_table(server.client("dynamodb"), table, options["key"], options.get("stream"))
        if filled:
            load.http(server, options["fill"], table=table, keys="sequence", items=ITEMS, count=ITEMS,
                      signed=name.endswith("signed"))
        self._tables.add((name, table))
        return server

    def close(self):
        for server in self.running():
            server.close()
        self._servers = {}
