#!/usr/bin/env python3
"""Starts a server, deploys the joined notes example, posts a note and shows its journey. Called by ./dev up.

    tools/up.py [--once] [--folder DIR] [--assembly CDK_OUT]      exit status 0 only if every hop was seen
"""
import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".tidemill"
BINARY = ROOT / "build" / "release" / "tidemill"
EXAMPLE = ROOT / "examples" / "joined"
sys.path.insert(0, str(STATE / "runtimes" / "python"))

import boto3  # noqa: E402 - the SDK that functions are given

REGION = "us-east-1"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
NOTE = "a note that is long enough to be featured by the editor in the end"
TTY = sys.stdout.isatty()
BOLD, GREEN, RED, DIM, PLAIN = ("\033[1m", "\033[32m", "\033[31m", "\033[2m", "\033[0m") if TTY else ("",) * 5


def say(text=""):
    print(text, flush=True)


def title(text):
    say(f"\n{BOLD}{text}{PLAIN}")


def shown(path):
    """A path as the user would type it from the root of the tree."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


class Failed(Exception):
    """One sentence for the user."""


def free_address(port):
    """127.0.0.1 with this port, or with a free one where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            say(f"  port {port} is in use; another one is taken")
            probe.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % probe.getsockname()[1]


class Server:
    def __init__(self, folder):
        self.log_path = folder / "server.log"
        folder.mkdir(parents=True, exist_ok=True)
        command = [str(BINARY), "dev", "--data-dir", str(folder / "data"), "--listen", free_address(4566),
                   "--kafka-listen", free_address(9092), "--region", REGION,
                   "--access-key-id", KEYS["aws_access_key_id"], "--secret-access-key", KEYS["aws_secret_access_key"]]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment.setdefault("TIDEMILL_RUNTIMES_DIR", str(STATE / "runtimes"))
        began = time.monotonic()
        self.log = self.log_path.open("ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, env=environment,
                                        start_new_session=True)   # Ctrl-C is for this program, which then asks the server to drain
        timer = threading.Timer(60, self.process.kill)
        timer.start()
        for raw in self.process.stdout:
            line = raw.decode(errors="replace")
            self.log.write(raw)
            self.log.flush()
            if line.startswith("ready"):
                break
        else:
            timer.cancel()
            self.process.wait()
            tail = "\n".join(self.log_path.read_text(errors="replace").splitlines()[-8:])
            raise Failed(f"the server ended with status {self.process.returncode} before it was ready:\n{tail}")
        timer.cancel()
        self.edge = re.search(r"edge=(\S+)", line).group(1)
        self.kafka = re.search(r"kafka=(\S+)", line).group(1)
        threading.Thread(target=self._drain, daemon=True).start()
        say(f"  ready after {time.monotonic() - began:.2f} s: services at {self.edge}, Kafka at {self.kafka}")
        say(f"  {DIM}its log: {shown(self.log_path)}{PLAIN}")

    def _drain(self):
        for raw in self.process.stdout:
            self.log.write(raw)
            self.log.flush()

    def client(self, service):
        return boto3.client(service, endpoint_url=self.edge, region_name=REGION, **KEYS)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failed("the server did not end within 20 s of SIGTERM") from None


def synthesize(place):
    """cdk.out of the example, written by the real CDK; kept while its sources are the same."""
    sources = [path for path in (ROOT / "examples").rglob("*") if path.suffix in (".ts", ".json")
               and "node_modules" not in path.parts and "cdk.out" not in path.parts]
    if (place / "manifest.json").exists() and (place / "manifest.json").stat().st_mtime > max(p.stat().st_mtime for p in sources):
        say("  cdk.out is as new as its sources")
        return place
    began = time.monotonic()
    say("  CDK writes the template and bundles the functions ...")
    done = subprocess.run([str(ROOT / "examples" / "node_modules" / ".bin" / "tsx"), "app.ts"], cwd=EXAMPLE, text=True,
                          capture_output=True, env={**os.environ, "CDK_OUTDIR": str(place)})
    if done.returncode != 0:
        raise Failed(f"the CDK app failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    say(f"  done in {time.monotonic() - began:.1f} s")
    return place


def deploy(server, assembly):
    """Shows what `tidemill deploy` says as it says it; returns the stack's outputs."""
    running = subprocess.Popen([str(BINARY), "deploy", str(assembly), "--yes"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               text=True, env={**os.environ, "AWS_ENDPOINT_URL": server.edge, "AWS_REGION": REGION,
                                               "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
                                               "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"]})
    outputs = {}
    for line in running.stdout:
        say("  " + line.rstrip())
        if found := re.match(r"  \S+?\.(\w+) = (.*)$", line):
            outputs[found.group(1)] = found.group(2)
    if running.wait() != 0:
        raise Failed("the deployment failed (see above)")
    return outputs


def within(seconds, look, what):
    """What `look` returns as soon as it is something; Failed when that takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failed(f"not seen within {seconds} s: {what}")
        time.sleep(0.02)


class Journey:
    """The hops of one note. Times are of the machine's clock, in milliseconds since the POST left."""

    def __init__(self, server, outputs):
        self.server, self.outputs = server, outputs
        self.db, self.streams, self.logs = (server.client(name) for name in ("dynamodb", "dynamodbstreams", "logs"))
        self.hops = []

    def hop(self, name, result, at):
        self.hops.append(name)
        when = f"{at - self.left:7.0f} ms" if at is not None else " " * 10
        say(f"  {GREEN}{len(self.hops):2}{PLAIN} {when}  {name:<42} {result}")

    def log_line(self, function, text):
        def look():
            try:
                events = self.logs.filter_log_events(logGroupName=f"/aws/lambda/{function}",
                                                     startTime=int(self.left) - 1000)["events"]
            except self.logs.exceptions.ResourceNotFoundException:
                return None
            return next((event for event in events if text in event["message"]), None)

        event = within(60, look, f"{function} logs {text!r}")
        return event["timestamp"], event["message"].strip().split("\t")[-1]

    def item(self, table, key, wanted):
        def look():
            item = self.db.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
            return item if item and wanted(item) else None

        return within(60, look, f"the item {key} of {table}")

    def record(self, id):
        arn = self.db.describe_table(TableName=self.outputs["NotesTableName"])["Table"]["LatestStreamArn"]

        def look():
            for shard in self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
                iterator = self.streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"],
                                                           ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
                while iterator:
                    page = self.streams.get_records(ShardIterator=iterator)
                    for record in page["Records"]:
                        if record["eventName"] == "INSERT" and record["dynamodb"]["Keys"]["id"]["S"] == id:
                            return record
                    iterator = page.get("NextShardIterator") if page["Records"] else None
            return None

        return within(60, look, "the change record of the note")

    def message(self, id):
        done = subprocess.run(["node", str(ROOT / "tools" / "read_message.js"), self.server.kafka, self.outputs["Topic"], id, "60"],
                              cwd=ROOT / "examples", capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"no message of the note in the topic {self.outputs['Topic']}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def post(self, text):
        address = self.server.edge.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(address[0], int(address[1]), timeout=60)
        self.left = time.time() * 1000
        connection.request("POST", f"/_api/{self.outputs['ApiId']}/prod/notes", json.dumps({"author": "ada", "text": text}),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read().decode()
        at = time.time() * 1000
        if answer.status != 201:
            raise Failed(f"POST /notes was answered with {answer.status}: {body}")
        return json.loads(body), at

    def run(self):
        notes, counts = self.outputs["NotesTableName"], self.outputs["CountsTableName"]
        note, answered = self.post(NOTE)
        id = note["id"]
        writer_at, line = self.log_line("joined-note-writer", id)
        self.hop("function joined-note-writer", line, writer_at)
        self.hop("POST /notes is answered", f"201, note {id}", answered)
        self.item(notes, {"id": {"S": id}}, lambda item: item["text"]["S"] == NOTE)
        self.hop(f"table {notes}", "the note is stored", None)
        record = self.record(id)
        self.hop("its stream", f"{record['eventName']}, sequence number {record['dynamodb']['SequenceNumber']}", None)
        at, line = self.log_line("joined-word-count", id)
        self.hop("function joined-word-count", line.split(": ", 1)[-1], at)
        words = self.item(counts, {"author": {"S": "ada"}}, lambda item: "words" in item)
        self.hop(f"table {counts}", f"ada: {words['words']['N']} words in {words['notes']['N']} notes", None)
        at, line = self.log_line("joined-note-publisher", f"published note {id}")
        self.hop("function joined-note-publisher", line, at)
        message = self.message(id)
        self.hop(f"topic {self.outputs['Topic']}", f"partition {message['partition']}, offset {message['offset']}", message["timestamp"])
        at, line = self.log_line("joined-note-editor", f"featured note {id}")
        self.hop("function joined-note-editor", line, at)
        self.item(notes, {"id": {"S": id}}, lambda item: item.get("featured", {}).get("BOOL"))
        self.hop(f"table {notes}", "featured = true", None)

    def again(self):
        """The same way once more, now that every function is warm: how long until the note is featured."""
        note, _ = self.post(NOTE)
        self.item(self.outputs["NotesTableName"], {"id": {"S": note["id"]}}, lambda item: item.get("featured", {}).get("BOOL"))
        return time.time() * 1000 - self.left


def where_to_look(server, outputs):
    title("Where to look next")
    say(f"  export AWS_ENDPOINT_URL={server.edge} AWS_REGION={REGION} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test")
    if not (shutil.which("aws") and shutil.which("kcat")):
        say("  apt-get install awscli kcat")
    say("  (an awscli before 2.13 does not read the first: give it --endpoint-url $AWS_ENDPOINT_URL)")
    say(f"""  curl -X POST {server.edge}/_api/{outputs['ApiId']}/prod/notes -d '{{"author":"you","text":"the mill turns"}}'""")
    say(f"  aws dynamodb scan --table-name {outputs['NotesTableName']}")
    say("  aws logs tail /aws/lambda/joined-note-editor --follow")
    say(f"  kcat -b {server.kafka} -t {outputs['Topic']} -C -o beginning -e")
    say("  examples/README.md: five stories, each on its own; examples/joined: this one")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--once", action="store_true", help="stop the server at the end")
    options.add_argument("--folder", type=Path, default=STATE / "up", help="of the server's data and log")
    options.add_argument("--assembly", type=Path, help="a cdk.out that is ready, instead of running CDK")
    options = options.parse_args()
    title("3. Server")
    server = Server(options.folder)
    try:
        title("4. Deploy examples/joined")
        outputs = deploy(server, options.assembly or synthesize(options.folder / "cdk.out"))
        title("5. The journey of a note")
        journey = Journey(server, outputs)
        journey.run()
        say(f"  and once more, now that every function is warm: featured {journey.again():.0f} ms after the POST left")
        where_to_look(server, outputs)
    except Failed as failed:
        say(f"\n{RED}{failed}{PLAIN}")
        say(f"the server's log: {shown(server.log_path)}")
        server.stop()
        return 1
    except KeyboardInterrupt:
        server.stop()
        return 130
    if options.once:
        status = server.stop()
        say(f"\nall {len(journey.hops)} hops were seen; the server has stopped (status {status})")
        return status
    say(f"\n{BOLD}The server goes on in the foreground; Ctrl-C ends it.{PLAIN}")
    signal.signal(signal.SIGTERM, lambda *_: server.process.terminate())
    while True:
        try:
            return server.process.wait()
        except KeyboardInterrupt:
            server.process.terminate()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        say(f"{RED}{failed}{PLAIN}")
        sys.exit(1)
