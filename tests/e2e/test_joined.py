"""The joined story: a note goes from HTTP through a topic and back into the table."""
import json

from support import examples
from support.waiting import wait_until


def post(server, api, author, text):
    status, _, body = server.http("POST", f"/_api/{api}/prod/notes", json.dumps({"author": author, "text": text}),
                                  {"Content-Type": "application/json"})
    assert status == 201, body
    return json.loads(body)


def test_a_long_note_is_featured_and_a_short_one_is_not(server, deployed, unique):
    outputs = deployed("joined")
    author = unique("ada")
    short = post(server, outputs["ApiId"], author, "a short one")
    long = post(server, outputs["ApiId"], author, "this note has clearly more than eight words in it")
    notes = server.resource("dynamodb").Table(outputs["NotesTableName"])
    counts = server.resource("dynamodb").Table(outputs["CountsTableName"])

    def note(id):
        return notes.get_item(Key={"id": id}, ConsistentRead=True)["Item"]

    wait_until(lambda: note(long["id"]).get("featured"), timeout=60, what="the long note is featured")
    assert note(long["id"]) == {**long, "featured": True, "words": 10}
    examples.wait_for_message(server, "joined-note-editor", f"note {short['id']} of 3 words is too short")
    assert note(short["id"]) == short
    wait_until(lambda: counts.get_item(Key={"author": author}, ConsistentRead=True).get("Item", {}).get("notes") == 2, timeout=30)
    assert counts.get_item(Key={"author": author})["Item"]["words"] == 13

    # Featuring is a change of the note; the filter keeps it from being published again.
    published = [line for line in examples.messages(server, "joined-note-publisher") if f"published note {long['id']}" in line]
    assert len(published) == 1


def test_the_story_goes_on_after_a_restart(server, deployed, unique):
    outputs = deployed("joined")
    server.restart()
    note = post(server, outputs["ApiId"], unique("bob"), "after a restart the mill turns as it did before it")
    table = server.resource("dynamodb").Table(outputs["NotesTableName"])
    wait_until(lambda: table.get_item(Key={"id": note["id"]}, ConsistentRead=True)["Item"].get("featured"), timeout=60)
