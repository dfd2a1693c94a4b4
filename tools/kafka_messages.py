#!/usr/bin/env python3
"""Writes src/api/kafka/messages.json, the compact table of the Kafka messages that the broker serves.

The table holds facts only: names, types, version ranges, tags, defaults; clipped to the versions in the list below. It is made
from the message schemas inside a kafka-clients jar and is checked in, so a build needs neither the jar nor this tool.

    kafka_messages.py kafka-clients-4.1.0.jar > src/api/kafka/messages.json
"""
import json
import re
import sys
import zipfile

# name -> lowest and highest version that we decode. What is advertised is decided in apis.cc and lies inside these ranges.
SERVED = {
    "Produce": (3, 9), "Fetch": (4, 12), "ListOffsets": (1, 7), "Metadata": (0, 12), "OffsetCommit": (2, 9),
    "OffsetFetch": (1, 9), "FindCoordinator": (0, 4), "JoinGroup": (0, 9), "Heartbeat": (0, 4), "LeaveGroup": (0, 5),
    "SyncGroup": (0, 5), "DescribeGroups": (0, 5), "ListGroups": (0, 5), "SaslHandshake": (0, 1), "ApiVersions": (0, 4),
    "CreateTopics": (2, 7), "DeleteTopics": (1, 6), "DeleteRecords": (0, 2), "InitProducerId": (0, 4),
    "AddPartitionsToTxn": (0, 3), "AddOffsetsToTxn": (0, 3), "EndTxn": (0, 3), "TxnOffsetCommit": (0, 3),
    "DescribeConfigs": (1, 4), "AlterConfigs": (0, 2), "SaslAuthenticate": (0, 2), "CreatePartitions": (0, 3),
    "DeleteGroups": (0, 2), "IncrementalAlterConfigs": (0, 1), "ListPartitionReassignments": (0, 0), "OffsetDelete": (0, 0),
    "DescribeCluster": (0, 2), "ConsumerGroupHeartbeat": (0, 1), "ConsumerGroupDescribe": (0, 1),
}


def load(jar, name):
    text = jar.read(f"common/message/{name}.json").decode()
    return json.loads(re.sub(r"(?m)(^|\s)//.*$", "", text))


def parse_range(text):
    if not text or text == "none":
        return None
    if text.endswith("+"):
        return int(text[:-1]), 1 << 15
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def clip(text, served):
    span = parse_range(text)
    if span is None:
        return None
    low, high = max(span[0], served[0]), min(span[1], served[1])
    return (low, high) if low <= high else None


def show(span):
    return f"{span[0]}-{span[1]}"


def field(source, served, common):
    versions = clip(source["versions"], served)
    if versions is None:
        return None
    out = {"name": source["name"], "type": source["type"], "versions": show(versions)}
    nullable = clip(source.get("nullableVersions"), versions)
    if nullable:
        out["nullable"] = show(nullable)
    tagged = clip(source.get("taggedVersions"), versions)
    if tagged:
        out["tag"] = source["tag"]
        out["tagged"] = show(tagged)
    if "default" in source:
        out["default"] = source["default"]
    base = source["type"].removeprefix("[]")
    children = source.get("fields") or common.get(base)
    if children:
        out["fields"] = [f for f in (field(c, versions, common) for c in children) if f]
    return out


def main():
    jar = zipfile.ZipFile(sys.argv[1])
    lines = ["["]
    for name, served in SERVED.items():
        if len(lines) > 1:
            lines[-1] += ","
        request, response = load(jar, name + "Request"), load(jar, name + "Response")
        flexible = parse_range(request["flexibleVersions"])
        lines.append(f' {{"name": "{name}", "key": {request["apiKey"]}, "versions": "{show(served)}", '
                     f'"flexible": {flexible[0] if flexible else "null"},')
        for side, schema in (("request", request), ("response", response)):
            common = {c["name"]: c["fields"] for c in schema.get("commonStructs", [])}
            fields = [f for f in (field(s, served, common) for s in schema["fields"]) if f]
            body = ",\n   ".join(json.dumps(f) for f in fields)
            lines.append(f'  "{side}": [\n   {body}]' + ("," if side == "request" else "}"))
    lines.append("]")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
