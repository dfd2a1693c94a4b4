"""What clients do while the server is killed, and what must be true afterwards. One class for each kind of client.

Each workload has the same life: `prepare` once; then in each round `run` in threads until the server is gone, and `check`
after the restart; `finish` at the end. A client stops at its first failed call: that call's outcome is unknown.
"""
import itertools
import random
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from history import KeyHistory, Lost, StreamFold, Write, check_index
from support.archives import zip_of
from support.waiting import wait_until

ROLE = "arn:aws:iam::000000000000:role/crash"
# A server that is draining or gone answers with these at most; anything else is a finding.
GONE = (BotoCoreError, ConnectionError, OSError)


class Clients:
    """One client for each lane, kept over the rounds: making one takes as long as a hundred writes."""

    def __init__(self):
        self.made = {}

    def of(self, server, service, lane):
        if (service, lane) not in self.made:
            self.made[(service, lane)] = server.client(service, retries={"max_attempts": 0, "mode": "standard"},
                                                       connect_timeout=2, read_timeout=10, max_pool_connections=2)
        return self.made[(service, lane)]


class Workload:
    """Threads that call `step` until the server is gone, and collect what went wrong for the main thread."""

    def __init__(self, seed):
        self.seed = seed
        self.clients = Clients()
        self.threads = []
        self.failures = []
        self.stopping = threading.Event()

    def prepare(self, server):
        pass

    def lanes(self, server, round_number):
        """The functions to run, one in each thread."""
        raise NotImplementedError

    def run(self, server, round_number):
        self.stopping.clear()
        self.threads = [threading.Thread(target=self._guard, args=(lane,), daemon=True)
                        for lane in self.lanes(server, round_number)]
        for thread in self.threads:
            thread.start()

    def _guard(self, lane):
        try:
            lane()
        except Exception as error:  # noqa: BLE001 - told by the main thread
            self.failures.append(error)

    def join(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive(), f"{type(self).__name__} did not notice that the server is gone"
        if self.failures:
            raise self.failures[0]

    def check(self, server):
        pass

    def finish(self, server):
        pass

    def summary(self):
        return ""


def typed(item):
    """A flat item in the wire's typed form."""
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in item.items()}


def plain(image):
    return None if image is None else {name: int(v["N"]) if "N" in v else v["S"] for name, v in image.items()}


def key_of(item):
    return (item["pk"], item["sk"])


class TableWorkload(Workload):
    """Writers with keys of their own, a counter that all of them add to, readers, and a reader of the stream."""

    TABLE = "crash"
    WRITERS = 5
    KEYS = 12
    GROUPS = ["red", "green", "blue"]

    def __init__(self, seed):
        super().__init__(seed)
        self.histories = {}
        self.fold = StreamFold(key_of)
        self.checkpoints = {}            # shard -> last sequence number that was folded
        self.seen_reads = []             # (key, item) of answered reads
        self.seen_records = {}           # (shard, sequence number) -> event id, of records read while the server ran
        self.pairs = []                  # transactions of unknown outcome: [(history, write), ...]
        self.added = 0                   # acknowledged additions to the counter in this round
        self.added_maybe = 0
        self.counter = 0                 # the counter as last settled
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.acknowledged = 0

    # ---- set up ---------------------------------------------------------------------------------------------------
    def prepare(self, server):
        db = server.client("dynamodb")
        db.create_table(
            TableName=self.TABLE, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
                                  {"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "v", "AttributeType": "N"}],
            GlobalSecondaryIndexes=[{"IndexName": "by-group", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [
                {"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "v", "KeyType": "RANGE"}]}],
            LocalSecondaryIndexes=[{"IndexName": "by-version", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "v", "KeyType": "RANGE"}]}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        db.get_waiter("table_exists").wait(TableName=self.TABLE, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        self.stream_arn = db.describe_table(TableName=self.TABLE)["Table"]["LatestStreamArn"]
        for writer in range(self.WRITERS):
            for number in range(self.KEYS):
                key = (f"w{writer}-{number // 4}", number)
                self.histories[key] = KeyHistory(key)

    def lanes(self, server, round_number):
        for writer in range(self.WRITERS):
            random_ = random.Random(f"{self.seed}/{round_number}/{writer}")
            own = [history for key, history in self.histories.items() if key[0].startswith(f"w{writer}-")]
            db = self.clients.of(server, "dynamodb", writer)
            yield lambda db=db, random_=random_, own=own: self.write(db, random_, own)
        random_ = random.Random(f"{self.seed}/{round_number}/reader")
        yield lambda: self.read(self.clients.of(server, "dynamodb", "reader"), random_)
        yield lambda: self.follow(self.clients.of(server, "dynamodbstreams", "follower"))

    # ---- one writer -----------------------------------------------------------------------------------------------
    def write(self, db, random_, own):
        now = {history.key: history.settled for history in own}
        while not self.stopping.is_set():
            kind = random_.choices(["put", "update", "delete", "transact", "batch", "refused", "count"],
                                   [6, 6, 2, 2, 1, 1, 2])[0]
            try:
                getattr(self, kind)(db, random_, own, now)
            except GONE:
                return

    def image(self, random_, history, previous=None):
        number = next(self.numbers)
        item = dict(previous or {}, pk=history.key[0], sk=history.key[1], op=f"o{number}", v=number)
        item["pad"] = "x" * random_.choice([0, 10, 200, 3000]) + "."
        if random_.random() < 0.7:
            item["g"] = random_.choice(self.GROUPS)
        elif previous is None:
            item.pop("g", None)
        return item

    def done(self, now, *pairs):
        for history, write in pairs:
            write.acknowledged = True
            now[history.key] = write.after
        with self.lock:
            self.acknowledged += len(pairs)

    def put(self, db, random_, own, now):
        history = random_.choice(own)
        write = history.begin(Write("put", self.image(random_, history)))
        db.put_item(TableName=self.TABLE, Item=typed(write.after))
        self.done(now, (history, write))

    def update(self, db, random_, own, now):
        history = random_.choice(own)
        before = now[history.key]
        after = self.image(random_, history, before)
        after["n"] = (before or {}).get("n", 0) + 1
        write = history.begin(Write("update", after))
        sets = {name: value for name, value in typed(after).items() if name in ("op", "v", "pad", "g")}
        db.update_item(TableName=self.TABLE, Key=typed(dict(zip(("pk", "sk"), history.key))),
                       UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in sets) + " ADD n :one",
                       ExpressionAttributeNames={f"#{name}": name for name in sets},
                       ExpressionAttributeValues={**{f":{name}": value for name, value in sets.items()}, ":one": {"N": "1"}})
        self.done(now, (history, write))

    def delete(self, db, random_, own, now):
        history = random_.choice(own)
        write = history.begin(Write("delete", None))
        db.delete_item(TableName=self.TABLE, Key=typed(dict(zip(("pk", "sk"), history.key))))
        self.done(now, (history, write))

    def transact(self, db, random_, own, now):
        pair = [(history, history.begin(Write("transact", self.image(random_, history)))) for history in random_.sample(own, 2)]
        self.pairs.append(pair)
        db.transact_write_items(TransactItems=[{"Put": {"TableName": self.TABLE, "Item": typed(write.after)}} for _, write in pair])
        self.done(now, *pair)
        self.pairs.remove(pair)

    def batch(self, db, random_, own, now):
        some = [(history, history.begin(Write("batch", self.image(random_, history)))) for history in random_.sample(own, 4)]
        answer = db.batch_write_item(RequestItems={self.TABLE: [{"PutRequest": {"Item": typed(write.after)}} for _, write in some]})
        if answer.get("UnprocessedItems"):
            raise Lost(f"a small batch was not processed whole: {answer['UnprocessedItems']}")
        self.done(now, *some)

    def refused(self, db, random_, own, now):
        """A write whose condition fails leaves nothing behind."""
        history = random_.choice(own)
        try:
            db.put_item(TableName=self.TABLE, Item=typed(self.image(random_, history)), ConditionExpression="op = :never",
                        ExpressionAttributeValues={":never": {"S": "never"}})
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
        else:
            raise Lost(f"{history.key}: a condition that cannot hold was taken as true")

    def count(self, db, random_, own, now):
        with self.lock:
            self.added_maybe += 1
        db.update_item(TableName=self.TABLE, Key=typed({"pk": "counter", "sk": 0}), UpdateExpression="ADD n :one",
                       ExpressionAttributeValues={":one": {"N": "1"}})
        with self.lock:
            self.added_maybe -= 1
            self.added += 1

    # ---- readers --------------------------------------------------------------------------------------------------
    def read(self, db, random_):
        keys = list(self.histories)
        while not self.stopping.is_set():
            key = random_.choice(keys)
            try:
                answer = db.get_item(TableName=self.TABLE, Key=typed(dict(zip(("pk", "sk"), key))), ConsistentRead=True)
            except GONE:
                return
            if "Item" in answer:
                self.seen_reads.append((key, plain(answer["Item"])))

    def follow(self, streams):
        places = dict(self.checkpoints)
        while not self.stopping.is_set():
            try:
                for shard, record in read_stream(streams, self.stream_arn, places):
                    self.seen_records[(shard, record["dynamodb"]["SequenceNumber"])] = record["eventID"]
            except GONE:
                return
            time.sleep(0.02)

    # ---- after a restart ------------------------------------------------------------------------------------------
    def check(self, server):
        db = self.clients.of(server, "dynamodb", "check")
        table = scan(db, self.TABLE)
        for key in table.keys() - self.histories.keys() - {("counter", 0)}:
            raise Lost(f"{key} is in the table and nobody wrote it")
        for pair in self.pairs:
            happened = {table.get(history.key) == write.after for history, write in pair}
            if len(happened) > 1:
                raise Lost(f"half of a transaction happened: {[history.key for history, _ in pair]}")
        self.pairs.clear()
        for key, history in self.histories.items():
            history.settle(table.get(key))
        self.check_counter(table)
        self.check_stream(server, table)
        for key, item in self.seen_reads:
            if item not in self.histories[key].versions:
                raise Lost(f"{key}: a read was answered with {item}, which is not in the key's history")
        self.seen_reads.clear()
        check_index(table, scan(db, self.TABLE, IndexName="by-group"), lambda item: "g" in item and "v" in item)
        check_index(table, scan(db, self.TABLE, IndexName="by-version"), lambda item: "v" in item)

    def check_counter(self, table):
        value = table.get(("counter", 0), {}).get("n", 0)
        low = self.counter + self.added
        if not low <= value <= low + self.added_maybe:
            raise Lost(f"the counter is {value}: {low} additions were acknowledged, {self.added_maybe} had no answer")
        self.counter, self.added, self.added_maybe = value, 0, 0

    def check_stream(self, server, table):
        found = {}
        for shard, record in read_stream(self.clients.of(server, "dynamodbstreams", "check"), self.stream_arn, self.checkpoints):
            change = record["dynamodb"]
            found[(shard, change["SequenceNumber"])] = record["eventID"]
            self.fold.add(record["eventName"], plain(change["Keys"]), plain(change.get("OldImage")),
                          plain(change.get("NewImage")), record["eventID"])
        for place, event_id in self.seen_records.items():
            if found.get(place) != event_id:
                raise Lost(f"the record {event_id} at {place} was read before the crash and is {found.get(place)} after it")
        self.seen_records.clear()
        self.fold.check_table(table)
        for history in self.histories.values():
            self.fold.check_history(history)
        counted = len(self.fold.images.get(("counter", 0), []))
        if counted != self.counter:
            raise Lost(f"the counter is {self.counter}, the stream tells of {counted} additions")

    def summary(self):
        return f"{self.acknowledged} writes acknowledged, {len(self.fold.event_ids)} records, counter {self.counter}"


def scan(db, table, **options):
    found = {}
    for page in db.get_paginator("scan").paginate(TableName=table, **({} if "IndexName" in options else {"ConsistentRead": True}),
                                                  **options):
        for item in page["Items"]:
            item = plain(item)
            if key_of(item) in found:
                raise Lost(f"{key_of(item)} is twice in {options.get('IndexName', table)}")
            found[key_of(item)] = item
    return found


def shards_in_order(streams, arn):
    """Parents before children."""
    shards, start = {}, {}
    while True:
        page = streams.describe_stream(StreamArn=arn, **start)["StreamDescription"]
        shards.update((shard["ShardId"], shard) for shard in page["Shards"])
        if "LastEvaluatedShardId" not in page:
            break
        start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}
    done = []
    while len(done) < len(shards):
        done += [name for name, shard in shards.items() if name not in done
                 and (shard.get("ParentShardId") not in shards or shard["ParentShardId"] in done)]
    return done


def read_stream(streams, arn, checkpoints):
    """The records after `checkpoints` up to the end, as (shard, record); moves the checkpoints."""
    for shard in shards_in_order(streams, arn):
        place = {"ShardIteratorType": "TRIM_HORIZON"}
        if shard in checkpoints:
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": checkpoints[shard]}
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, **place)["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                number = record["dynamodb"]["SequenceNumber"]
                if shard in checkpoints and int(number) <= int(checkpoints[shard]):
                    raise Lost(f"the sequence number {number} comes after {checkpoints[shard]}")
                checkpoints[shard] = number
                yield shard, record
            if not page["Records"]:
                break
            iterator = page.get("NextShardIterator")


class TopicWorkload(Workload):
    """Producers with acks=all, and a consumer group that commits as it reads."""

    TOPIC = "crash-topic"
    PARTITIONS = 2
    GROUP = "crash-group"

    def __init__(self, seed):
        super().__init__(seed)
        self.placed = {}            # (partition, offset) -> value, of acknowledged messages
        self.sent = set()
        self.committed = {}         # partition -> the highest offset whose commit was acknowledged
        self.unclosed = []
        self.consumed = {}          # (partition, offset) -> value, of messages that a consumer got
        self.numbers = itertools.count(1)

    def prepare(self, server):
        admin = AdminClient({"bootstrap.servers": server.kafka, "log_level": 0})
        admin.create_topics([NewTopic(self.TOPIC, num_partitions=self.PARTITIONS, replication_factor=1)])[self.TOPIC].result(15)

    def lanes(self, server, round_number):
        for idempotent in (True, False):
            yield lambda idempotent=idempotent: self.produce(server, idempotent)
        yield lambda: self.consume(server)

    def produce(self, server, idempotent):
        producer = Producer({"bootstrap.servers": server.kafka, "acks": "all", "enable.idempotence": idempotent,
                             "linger.ms": 2, "message.timeout.ms": 5000, "retries": 3, "log_level": 0,
                             "compression.type": "lz4" if idempotent else "none"})

        def told(error, message):
            if error is None:
                self.placed[(message.partition(), message.offset())] = message.value()

        while not self.stopping.is_set():
            value = f"m{next(self.numbers)}".encode()
            self.sent.add(value)
            try:
                producer.produce(self.TOPIC, value, key=value, on_delivery=told)
            except BufferError:
                pass
            producer.poll(0.002)
        producer.poll(0)
        producer.purge()
        producer.poll(0)

    def consume(self, server):
        # One commit at a time: where the connection breaks, librdkafka sends a commit that was under way again, after the
        # younger ones, and the group is rightly where the last one put it.
        under_way = set()

        def told(error, partitions):
            for each in partitions:
                under_way.discard(each.partition)
                if error is None and each.error is None:
                    self.committed[each.partition] = max(self.committed.get(each.partition, 0), each.offset)

        consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": self.GROUP, "enable.auto.commit": False,
                             "auto.offset.reset": "earliest", "log_level": 0, "on_commit": told})
        try:
            # Assigned by hand: a group's rebalance would take longer than a round.
            consumer.assign(self.positions(consumer))
            while not self.stopping.is_set():
                message = consumer.poll(0.02)
                if message is None or message.error():
                    continue
                self.consumed[(message.partition(), message.offset())] = message.value()
                if message.offset() % 20 == 0 and message.partition() not in under_way:
                    under_way.add(message.partition())
                    consumer.commit(offsets=[TopicPartition(self.TOPIC, message.partition(), message.offset() + 1)])
        except KafkaException:
            return
        finally:
            self.unclosed.append(consumer)   # closing waits for commits that are under way, and so for the server's return

    def positions(self, consumer):
        wanted = [TopicPartition(self.TOPIC, partition) for partition in range(self.PARTITIONS)]
        return [TopicPartition(self.TOPIC, each.partition, max(each.offset, 0)) for each in consumer.committed(wanted, timeout=5)]

    def check(self, server):
        while self.unclosed:
            self.unclosed.pop().close()
        consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": self.GROUP, "enable.auto.commit": False, "log_level": 0})
        try:
            for each in consumer.committed([TopicPartition(self.TOPIC, p) for p in range(self.PARTITIONS)], timeout=15):
                if each.error is not None or max(each.offset, 0) < self.committed.get(each.partition, 0):
                    raise Lost(f"partition {each.partition}: {self.committed.get(each.partition)} was committed, "
                               f"the group is at {each.offset} ({each.error})")
            self.log = self.read_all(consumer)
        finally:
            consumer.close()
        for place, value in {**self.placed, **self.consumed}.items():
            if self.log.get(place) != value:
                raise Lost(f"{value} was at {place} before the crash, {self.log.get(place)} is there after it")
        for place, value in self.log.items():
            if value not in self.sent:
                raise Lost(f"{value} at {place} was sent by nobody")

    def read_all(self, consumer):
        log = {}
        for partition in range(self.PARTITIONS):
            low, high = consumer.get_watermark_offsets(TopicPartition(self.TOPIC, partition), timeout=15)
            if low != 0:
                raise Lost(f"partition {partition} begins at {low}")
            consumer.assign([TopicPartition(self.TOPIC, partition, 0)])
            for wanted in range(high):
                message = consumer.poll(15)
                if message is None or message.error():
                    raise Lost(f"partition {partition} has an end of {high}, but offset {wanted} cannot be read "
                               f"({message and message.error()})")
                if message.offset() != wanted:
                    raise Lost(f"partition {partition}: offset {message.offset()} came where {wanted} was due")
                log[(partition, wanted)] = message.value()
        return log

    def summary(self):
        return f"{len(self.placed)} messages acknowledged, {len(self.log)} in the topic, committed {self.committed}"


COPY_FUNCTION = '''
import boto3

seen = boto3.resource("dynamodb").Table("crash-seen")


def names(event):
    if "Records" in event:
        return [record["eventID"] for record in event["Records"]]
    return [f"{record['partition']}/{record['offset']}" for part in event["records"].values() for record in part]


def handler(event, context):
    with seen.batch_writer(overwrite_by_pkeys=["id"]) as batch:
        for name in names(event):
            batch.put_item(Item={"id": name})
'''


class MappingWorkload(Workload):
    """Mappings from the other workloads' stream and topic to a function that writes down what it got."""

    def __init__(self, seed, tables, topics):
        super().__init__(seed)
        self.tables, self.topics = tables, topics
        self.mappings = []

    def prepare(self, server):
        db, functions = server.client("dynamodb"), server.client("lambda")
        db.create_table(TableName="crash-seen", BillingMode="PAY_PER_REQUEST",
                        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
        db.get_waiter("table_exists").wait(TableName="crash-seen", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        functions.create_function(FunctionName="crash-copy", Runtime="python3.12", Handler="copy_ids.handler", Role=ROLE,
                                  Timeout=30, Code={"ZipFile": zip_of({"copy_ids.py": COPY_FUNCTION})})
        functions.get_waiter("function_active_v2").wait(FunctionName="crash-copy")
        self.mappings.append(functions.create_event_source_mapping(
            FunctionName="crash-copy", EventSourceArn=self.tables.stream_arn, StartingPosition="TRIM_HORIZON", BatchSize=100)["UUID"])
        self.mappings.append(functions.create_event_source_mapping(
            FunctionName="crash-copy", Topics=[TopicWorkload.TOPIC], StartingPosition="TRIM_HORIZON", BatchSize=100,
            SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [server.kafka]}})["UUID"])

    def lanes(self, server, round_number):
        return []   # the server itself is the client

    def check(self, server):
        functions = server.client("lambda")
        for mapping in self.mappings:
            state = functions.get_event_source_mapping(UUID=mapping)["State"]
            if state not in ("Enabled", "Creating", "Enabling"):
                raise Lost(f"the mapping {mapping} is {state} after the restart")

    def finish(self, server):
        wanted = self.tables.fold.event_ids | {f"{partition}/{offset}" for partition, offset in self.topics.log}
        db = server.client("dynamodb")

        def missing():
            seen = {item["id"]["S"] for page in db.get_paginator("scan").paginate(TableName="crash-seen", ConsistentRead=True)
                    for item in page["Items"]}
            self.seen = len(seen)
            return wanted - seen

        last = [None]

        def all_seen():
            last[0] = missing()
            return not last[0]

        try:
            wait_until(all_seen, timeout=90, every=1.0)
        except AssertionError:
            raise Lost(f"{len(last[0])} of {len(wanted)} records never reached the function: {sorted(last[0])[:5]}") from None

    def summary(self):
        return f"{self.seen} records seen by the function"


ALL = ["tables", "topics", "mappings"]


def workloads(names, seed):
    made = {"tables": TableWorkload(seed), "topics": TopicWorkload(seed)}
    made["mappings"] = MappingWorkload(seed, made["tables"], made["topics"])
    return [made[name] for name in names]


__all__ = ["ALL", "workloads", "Lost"]
