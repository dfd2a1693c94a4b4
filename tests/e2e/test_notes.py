"""Story (e): POST /notes, a table, its stream, and a word count, in TypeScript (aws-sdk v2) and in C++."""
import json

import pytest
from support.waiting import wait_until

JSON = {"Content-Type": "application/json"}


def post(server, api, body, path="/notes"):
    text = body if isinstance(body, str) else json.dumps(body)
    status, headers, answer = server.http("POST", f"/_api/{api}/prod{path}", text, JSON)
    return status, json.loads(answer), headers


@pytest.mark.parametrize("language", ["typescript", "cpp"])
def test_words_are_counted(server, deployed, unique, language):
    outputs = deployed("notes", **({} if language == "typescript" else {"language": language}))
    author = unique("ada")
    notes = ["the sea comes and goes", "  two   words ", "one", "the tide\tturns\nthe mill"]
    for text in notes:
        status, note, _ = post(server, outputs["ApiId"], {"author": author, "text": text})
        assert status == 201 and note["text"] == text and note["author"] == author

    counts = server.resource("dynamodb").Table(outputs["CountsTableName"])

    def counted():
        return counts.get_item(Key={"author": author}, ConsistentRead=True).get("Item", {})

    wait_until(lambda: counted().get("notes") == 4, timeout=40, what="four notes are counted")
    assert counted() == {"author": author, "notes": 4, "words": 5 + 2 + 1 + 5}


def test_a_note_is_read_back(server, deployed, unique):
    api = deployed("notes")["ApiId"]
    _, note, _ = post(server, api, {"author": unique("bob"), "text": "hello"})
    status, headers, body = server.http("GET", f"/_api/{api}/prod/notes/{note['id']}")
    assert (status, json.loads(body)) == (200, note)
    assert headers["Content-Type"] == "application/json" and headers["Access-Control-Allow-Origin"] == "*"
    assert server.http("GET", f"/_api/{api}/prod/notes/nothing")[0] == 404


def test_the_host_of_an_api_reaches_it_too(server, deployed, unique):
    api = deployed("notes")["ApiId"]
    status, _, body = server.http("POST", "/prod/notes", json.dumps({"author": unique("eve"), "text": "by host"}),
                                  {**JSON, "Host": f"{api}.execute-api.{server.region}.amazonaws.com"})
    assert status == 201, body


def test_bad_notes_are_refused_and_not_stored(server, deployed):
    outputs = deployed("notes")
    table = server.client("dynamodb")
    before = table.scan(TableName=outputs["NotesTableName"], Select="COUNT", ConsistentRead=True)["Count"]
    assert post(server, outputs["ApiId"], "{not json")[0] == 400
    assert post(server, outputs["ApiId"], {"author": "ada"})[0] == 400
    assert post(server, outputs["ApiId"], {"author": "", "text": "x"})[0] == 400
    assert table.scan(TableName=outputs["NotesTableName"], Select="COUNT", ConsistentRead=True)["Count"] == before


def test_routes_that_do_not_exist(server, deployed):
    api = deployed("notes")["ApiId"]
    status, headers, body = server.http("GET", f"/_api/{api}/prod/nowhere")
    assert status == 403 and json.loads(body) == {"message": "Missing Authentication Token"}
    assert headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    assert server.http("DELETE", f"/_api/{api}/prod/notes")[0] == 403


def test_preflight_is_answered_without_a_function(server, deployed):
    api = deployed("notes")["ApiId"]
    status, headers, _ = server.http("OPTIONS", f"/_api/{api}/prod/notes", headers={
        "Origin": "https://example.org", "Access-Control-Request-Method": "POST"})
    assert status == 204
    assert headers["Access-Control-Allow-Origin"] == "*" and "POST" in headers["Access-Control-Allow-Methods"]
