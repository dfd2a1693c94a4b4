"""A copy of the store is taken while the server serves, and another server starts on it."""
import shutil



def test_a_checkpoint_holds_what_was_written_before_it_and_can_be_served(make_server, tmp_path):
    first = make_server()
    table = first.client("dynamodb")
    table.create_table(TableName="kept", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                       AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    table.put_item(TableName="kept", Item={"pk": {"S": "before"}})
    copy = tmp_path / "copy"
    said = first.tidemill("checkpoint", copy)
    assert said.returncode == 0 and str(copy) in said.stdout
    table.put_item(TableName="kept", Item={"pk": {"S": "after"}})

    second = make_server(start=False)
    second.data_dir.mkdir(parents=True)
    shutil.move(copy, second.data_dir / "store")
    second.start()
    assert [item["pk"]["S"] for item in second.client("dynamodb").scan(TableName="kept")["Items"]] == ["before"]


def test_a_checkpoint_into_a_folder_that_exists_is_refused(make_server, tmp_path):
    server = make_server()
    said = server.tidemill("checkpoint", tmp_path, check=False)
    assert said.returncode == 1 and "exists" in said.stderr
