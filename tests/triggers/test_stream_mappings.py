"""From a table's stream to a function, through boto3 and real functions."""
import json
import re
import time

import confluent_kafka
import pytest

from support.waiting import wait_until


def keys(records):
    return [record["dynamodb"]["Keys"]["p"]["S"] for record in records]


def to_queue(arn):
    return {"OnFailure": {"Destination": arn}}


def test_FD_18_20_21_22_event_shape(recorder, table, mapped):
    mapped(table.stream, recorder.name)
    table.put("a", b={"B": b"\x00\xff"}, n={"N": "42"})
    record = recorder.wait_records(1)[0]
    assert re.fullmatch("[0-9a-f]{32}", record.pop("eventID"))
    change = record.pop("dynamodb")
    assert record == {"eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
                      "eventSourceARN": table.stream}
    assert isinstance(change["ApproximateCreationDateTime"], float) and change["ApproximateCreationDateTime"] % 1 == 0
    assert change["NewImage"] == {"p": {"S": "a"}, "b": {"B": "AP8="}, "n": {"N": "42"}}
    assert change["Keys"] == {"p": {"S": "a"}} and change["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert change["SequenceNumber"].isdigit() and isinstance(change["SizeBytes"], int)


@pytest.mark.parametrize("view,images", [("KEYS_ONLY", set()), ("NEW_IMAGE", {"NewImage"}), ("OLD_IMAGE", {"OldImage"}),
                                         ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"})])
def test_FD_19_images_of_each_view(recorder, make_table, mapped, view, images):
    table = make_table(view=view)
    mapped(table.stream, recorder.name)
    table.put("a", v={"N": "1"})
    table.put("a", v={"N": "2"})
    table.delete("a")
    records = recorder.wait_records(3)
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert {name for name in records[1]["dynamodb"] if name.endswith("Image")} == images
    assert {name for name in records[2]["dynamodb"] if name.endswith("Image")} == images - {"NewImage"}


def test_FD_25_26_trim_horizon_and_latest(make_recorder, table, mapped):
    all_, new = make_recorder(), make_recorder()
    table.put_many(range(5))
    mapped(table.stream, all_.name)
    mapped(table.stream, new.name, wait=False, StartingPosition="LATEST")
    table.put("after")
    assert keys(all_.wait_records(6)) == ["0", "1", "2", "3", "4", "after"]
    assert keys(new.wait_records(1)) == ["after"]


def test_FD_27_order_per_key(recorder, table, mapped):
    mapped(table.stream, recorder.name)
    for i in range(300):
        table.put(f"k{i % 10}", v={"N": str(i)})
    seen = {}
    for record in recorder.wait_records(300):
        key, number = record["dynamodb"]["Keys"]["p"]["S"], int(record["dynamodb"]["SequenceNumber"])
        assert seen.get(key, -1) < number
        seen[key] = number


def test_FD_28_one_invocation_at_a_time(recorder, table, mapped):
    recorder.control(sleep=0.1)
    mapped(table.stream, recorder.name, BatchSize=1)
    table.put_many(range(10))
    recorder.wait_records(10)
    calls = recorder.calls()
    assert all(before["ended"] <= after["began"] for before, after in zip(calls, calls[1:]))


def test_FD_29_lanes_in_parallel(recorder, table, mapped):
    recorder.control(sleep=0.3)
    table.put_many([f"k{i}" for i in range(12)])
    mapped(table.stream, recorder.name, ParallelizationFactor=4, BatchSize=1)
    recorder.wait_records(12, timeout=40)
    calls = recorder.calls()
    assert any(before["ended"] > after["began"] for before, after in zip(calls, calls[1:]))


def test_FD_30_batch_size(recorder, table, mapped):
    table.put_many(range(250))
    mapped(table.stream, recorder.name, BatchSize=100)
    recorder.wait_records(250)
    assert [len(batch) for batch in recorder.batches()] == [100, 100, 50]


def test_FD_31_window_collects(recorder, table, mapped):
    mapped(table.stream, recorder.name, MaximumBatchingWindowInSeconds=2)
    for i in range(3):
        table.put(i)
        time.sleep(0.3)
    recorder.wait_calls(1)
    assert recorder.batches() == [["0", "1", "2"]]


def test_FD_32_no_window_is_quick(recorder, table, mapped):
    mapped(table.stream, recorder.name)
    table.put("warm")
    recorder.wait_records(1)
    began = time.time()
    table.put("quick")
    assert recorder.wait_calls(2)[1]["began"] - began < 1.0


def test_FD_33_36_the_same_batch_again(recorder, table, mapped, functions, wait_until):
    recorder.control(error=True)
    id_ = mapped(table.stream, recorder.name)["UUID"]
    table.put_at_once(["a", "b"])
    recorder.wait_calls(2)
    wait_until(lambda: functions.get_event_source_mapping(UUID=id_)["LastProcessingResult"] == "PROBLEM: Function call failed")
    table.put("c")
    recorder.control()
    wait_until(lambda: keys(recorder.records()) == ["a", "b", "c"])
    failed = [call["event"] for call in recorder.calls() if call["failed"]]
    assert all(event == failed[0] for event in failed)
    wait_until(lambda: functions.get_event_source_mapping(UUID=id_)["LastProcessingResult"] == "OK")  # FD-16


@pytest.mark.parametrize("retries", [1, 3])
def test_FD_34_35_44_49_retry_limit(recorder, table, mapped, failure_queue, retries):
    arn, read = failure_queue
    recorder.control(poison_keys=["bad"])
    id_ = mapped(table.stream, recorder.name, MaximumRetryAttempts=retries, DestinationConfig=to_queue(arn))["UUID"]
    table.put("bad")
    record = read()[0]
    table.put("good")
    recorder.wait_records(1)
    assert [batch for batch in recorder.batches() if "bad" in batch] == [["bad"]] * (retries + 1)
    context = record.pop("requestContext")
    assert context.pop("requestId") and context == {"functionArn": recorder.arn, "condition": "RetryAttemptsExhausted",
                                                    "approximateInvokeCount": retries + 1}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert record["version"] == "1.0" and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["timestamp"])
    info = record["DDBStreamBatchInfo"]
    assert set(info) == {"shardId", "startSequenceNumber", "endSequenceNumber", "approximateArrivalOfFirstRecord",
                         "approximateArrivalOfLastRecord", "batchSize", "streamArn"}
    assert info["batchSize"] == 1 and info["streamArn"] == table.stream and info["startSequenceNumber"] == info["endSequenceNumber"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", info["approximateArrivalOfFirstRecord"])


def test_failures_go_to_a_topic_when_one_is_named(server, recorder, table, mapped, unique):
    topic = unique("failed")
    recorder.control(poison_keys=["bad"])
    mapped(table.stream, recorder.name, MaximumRetryAttempts=0, DestinationConfig=to_queue(f"kafka://{topic}"))
    table.put("bad")
    consumer = confluent_kafka.Consumer({"bootstrap.servers": server.kafka, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        message = wait_until(lambda: next((m for m in consumer.consume(1, 0.5) if not m.error()), None), timeout=30)
    finally:
        consumer.close()
    record = json.loads(message.value())
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["DDBStreamBatchInfo"]["streamArn"] == table.stream
    assert message.key().decode() == record["DDBStreamBatchInfo"]["shardId"]


def test_FD_38_throttles_do_not_count(recorder, table, mapped, functions):
    functions.put_function_concurrency(FunctionName=recorder.name, ReservedConcurrentExecutions=0)
    mapped(table.stream, recorder.name, MaximumRetryAttempts=0)
    table.put("a")
    time.sleep(1)
    assert recorder.calls() == []
    functions.delete_function_concurrency(FunctionName=recorder.name)
    assert keys(recorder.wait_records(1)) == ["a"]


def test_FD_39_a_timeout_is_a_function_error(recorder, table, mapped, functions, failure_queue):
    arn, read = failure_queue
    functions.update_function_configuration(FunctionName=recorder.name, Timeout=1)
    functions.get_waiter("function_updated_v2").wait(FunctionName=recorder.name)
    recorder.control(sleep=30)
    mapped(table.stream, recorder.name, MaximumRetryAttempts=0, DestinationConfig=to_queue(arn))
    table.put("slow")
    assert read()[0]["responseContext"]["functionError"] == "Unhandled"


def test_FD_40_41_bisect(recorder, table, mapped, failure_queue):
    arn, read = failure_queue
    recorder.control(poison_keys=["5"])
    table.put_at_once(range(8))
    mapped(table.stream, recorder.name, MaximumRetryAttempts=1, BisectBatchOnFunctionError=True, DestinationConfig=to_queue(arn))
    record = read()[0]
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1 and record["requestContext"]["approximateInvokeCount"] == 2
    assert sorted(keys(recorder.wait_records(7))) == ["0", "1", "2", "3", "4", "6", "7"]


def test_FD_48_missing_destination(recorder, table, mapped):
    recorder.control(poison_keys=["bad"])
    mapped(table.stream, recorder.name, BatchSize=1, MaximumRetryAttempts=0,
           DestinationConfig=to_queue("arn:aws:sqs:us-east-1:000000000000:no-such-queue"))
    table.put("bad")
    table.put("good")
    assert keys(recorder.wait_records(1)) == ["good"]


@pytest.mark.parametrize("answer", [None, {}, [], "", {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_FD_50_success_forms(recorder, table, mapped, failure_queue, answer):
    arn, read = failure_queue
    recorder.control(response=answer)
    mapped(table.stream, recorder.name, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=0, DestinationConfig=to_queue(arn))
    table.put_at_once(["a", "b"])
    recorder.wait_records(2)
    assert read(0) == [] and len(recorder.calls()) == 1


@pytest.mark.parametrize("failure", [{"foo": "x"}, {"itemIdentifier": ""}, {"itemIdentifier": None}, {"itemIdentifier": 123}, {"foo": None}])
def test_FD_51_47_failure_forms(recorder, table, mapped, failure_queue, failure):
    arn, read = failure_queue
    recorder.control(response={"batchItemFailures": [failure]})
    mapped(table.stream, recorder.name, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1, DestinationConfig=to_queue(arn))
    table.put_at_once(["a", "b"])
    record = read()[0]
    assert record["responseContext"]["functionError"] is None
    assert recorder.batches() == [["a", "b"]] * 2


def test_FD_62_66_67_filters(recorder, table, mapped, functions, server):
    mapped(table.stream, recorder.name, FilterCriteria={"Filters": [
        {"Pattern": '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"kind":{"S":["keep"]}}}}'}, {"Pattern": '{"eventName":["REMOVE"]}'}]})
    table.put("a", kind={"S": "keep"})
    table.put("b", kind={"S": "drop"})
    table.put("a", kind={"S": "keep"}, v={"N": "1"})
    table.delete("b")
    assert [(record["eventName"], record["dynamodb"]["Keys"]["p"]["S"]) for record in recorder.wait_records(2)] == [("INSERT", "a"), ("REMOVE", "b")]


def test_FD_15_disable_and_enable(recorder, table, mapped, functions, wait_until):
    id_ = mapped(table.stream, recorder.name)["UUID"]
    table.put_many(range(3))
    recorder.wait_records(3)
    assert functions.update_event_source_mapping(UUID=id_, Enabled=False)["State"] == "Disabling"
    wait_until(lambda: functions.get_event_source_mapping(UUID=id_)["State"] == "Disabled")
    table.put_many(range(3, 6))
    time.sleep(0.5)
    assert len(recorder.records()) == 3
    assert functions.update_event_source_mapping(UUID=id_, Enabled=True)["State"] == "Enabling"
    assert keys(recorder.wait_records(6)) == [str(i) for i in range(6)]
    time.sleep(0.5)
    assert len(recorder.records()) == 6


def test_FD_17_alias(recorder, table, mapped, functions):
    try:
        functions.publish_version(FunctionName=recorder.name)
    except functions.exceptions.InvalidParameterValueException as refused:
        pytest.skip(str(refused))
    functions.create_alias(FunctionName=recorder.name, Name="live", FunctionVersion="1")
    made = mapped(table.stream, f"{recorder.name}:live")
    assert made["FunctionArn"] == f"{recorder.arn}:live"
    table.put("a")
    assert recorder.wait_calls(1)[0]["version"] == "1"


def test_FD_56_57_58_tumbling_window(recorder, table, mapped):
    recorder.control(response={"state": {"seen": 1}})
    mapped(table.stream, recorder.name, TumblingWindowInSeconds=3)
    table.put("a")
    calls = recorder.wait_calls(1)
    first = calls[0]["event"]
    assert first["state"] == {} and first["isFinalInvokeForWindow"] is False and first["eventSourceARN"] == table.stream
    calls = recorder.wait_calls(2)
    last = calls[-1]["event"]
    assert last["isFinalInvokeForWindow"] is True and last["Records"] == [] and last["state"] == {"seen": 1}
    assert first["window"] == last["window"]


def test_FD_71_kill_9_skips_nothing(make_server, make_recorder, make_table):
    server = make_server(arguments=["--mapping-retry-delay-ms", "50"])
    recorder = make_recorder(on=server)
    table = make_table(db=server.client("dynamodb"))
    server.client("lambda").create_event_source_mapping(EventSourceArn=table.stream, FunctionName=recorder.name,
                                                        StartingPosition="TRIM_HORIZON", BatchSize=5)
    written = 0
    for _ in range(3):
        for i in range(40):
            table.put(written)
            written += 1
        server.restart(kill=True)
        table.db = server.client("dynamodb")
    from support.waiting import wait_until
    wait_until(lambda: set(keys(recorder.records())) == {str(i) for i in range(written)}, timeout=60)
    firsts = list(dict.fromkeys(keys(recorder.records())))
    assert firsts == [str(i) for i in range(written)]
    assert len(recorder.records()) < written + 60


def test_FD_72_table_deleted(recorder, table, mapped, functions, db, wait_until):
    id_ = mapped(table.stream, recorder.name)["UUID"]
    table.put("a")
    recorder.wait_records(1)
    db.delete_table(TableName=table.name)
    time.sleep(0.5)
    assert functions.get_event_source_mapping(UUID=id_)["UUID"] == id_


def test_FD_74_metrics(server, recorder, table, mapped):
    id_ = mapped(table.stream, recorder.name)["UUID"]
    table.put_many(range(5))
    recorder.wait_records(5)
    _, _, body = server.http("GET", "/metrics")
    text = body.decode()
    assert f'tidemill_mapping_records_total{{mapping="{id_}",kind="polled"}} 5' in text
    assert f'tidemill_mapping_iterator_age_ms{{mapping="{id_}"}}' in text


def test_FD_23_size_of_keys_and_images(db, recorder, mapped, unique):
    name = unique("sizes")
    made = db.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                           AttributeDefinitions=[{"AttributeName": "my_partition_key", "AttributeType": "S"}],
                           KeySchema=[{"AttributeName": "my_partition_key", "KeyType": "HASH"}],
                           StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    key = {"my_partition_key": {"S": "hello world"}}  # 16 bytes of name, 11 of value: 27, in the keys and in each image
    for more in ({"binary_key": {"B": b"\x01\x02\x03\x04\x05\x06"}}, {"yes": {"BOOL": True}}, {"answer": {"N": "42"}}, {"none": {"NULL": True}}):
        db.put_item(TableName=name, Item={**key, **more})
    db.delete_item(TableName=name, Key=key)
    mapped(made["TableDescription"]["LatestStreamArn"], recorder.name)
    sizes = [record["dynamodb"]["SizeBytes"] for record in recorder.wait_records(5)]
    images = [43, 27 + 3 + 1, 27 + 6 + 2, 27 + 4 + 1]
    assert sizes == [27 + 43] + [27 + old + new for old, new in zip(images, images[1:])] + [27 + images[-1]]


def test_FD_24_deletes_by_time_to_live_name_the_service(db, recorder, table, mapped):
    mapped(table.stream, recorder.name)
    db.update_time_to_live(TableName=table.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    table.put("by hand")
    table.delete("by hand")
    table.put("by time", expires={"N": str(int(time.time()) - 10)})
    removed = {record["dynamodb"]["Keys"]["p"]["S"]: record for record in recorder.wait_records(4) if record["eventName"] == "REMOVE"}
    assert removed["by time"]["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert "userIdentity" not in removed["by hand"]


def test_FD_73_a_stream_switched_on_again_needs_a_mapping_of_its_own(db, recorder, table, mapped, wait_until):
    mapped(table.stream, recorder.name)
    table.put("first")
    recorder.wait_records(1)
    active = lambda: db.describe_table(TableName=table.name)["Table"]["TableStatus"] == "ACTIVE"  # noqa: E731
    db.update_table(TableName=table.name, StreamSpecification={"StreamEnabled": False})
    wait_until(active)
    again = db.update_table(TableName=table.name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    wait_until(active)
    arn = again["TableDescription"]["LatestStreamArn"]
    assert arn != table.stream
    table.put("second")
    mapped(arn, recorder.name)
    recorder.wait_records(2)
    assert [(record["dynamodb"]["Keys"]["p"]["S"], record["eventSourceARN"]) for record in recorder.records()] == [
        ("first", table.stream), ("second", arn)]


@pytest.mark.slow
def test_FD_75_ten_thousand_records(recorder, table, mapped):
    table.put_many(range(10000))
    mapped(table.stream, recorder.name, BatchSize=10000)
    recorder.wait_records(10000, timeout=60)
    assert len(recorder.batches()[0]) == 10000


def test_splits_are_followed_in_order_and_nothing_is_skipped(server, recorder, table, mapped):
    """A mapping reads a shard's children only when the shard is done, however often shards are split under it."""
    mapped(table.stream, recorder.name, BatchSize=5)
    streams = server.client("dynamodbstreams")
    count = 0

    def write(times):
        nonlocal count
        for _ in range(times):
            for k in range(8):
                table.put(f"k{k}", n={"N": str(count)})
                count += 1

    def split():
        shards = streams.describe_stream(StreamArn=table.stream)["StreamDescription"]["Shards"]
        first = next(one for one in shards if "EndingSequenceNumber" not in one["SequenceNumberRange"])
        status, _, body = server.http("POST", "/_admin/streams/split", json.dumps({"stream": table.stream, "shard": first["ShardId"]}))
        assert status == 200, body

    for _ in range(4):
        write(2)
        split()
    server.http("POST", "/_admin/streams/roll-over", json.dumps({"stream": table.stream}))
    write(2)
    records = recorder.wait_records(count)
    assert len(records) == count
    seen = {}
    for record in records:
        key, n = record["dynamodb"]["Keys"]["p"]["S"], int(record["dynamodb"]["NewImage"]["n"]["N"])
        assert seen.get(key, -1) < n
        seen[key] = n
    assert sorted(int(record["dynamodb"]["NewImage"]["n"]["N"]) for record in records) == list(range(count))
