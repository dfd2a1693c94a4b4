"""All operations of the service's model, with empty, small and wrong-typed input. Whatever is sent, the answer is one that the
model knows: never an internal error, never an operation that is said to be unknown."""
import itertools

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

GENERAL = {"ValidationException", "SerializationException", "AccessDeniedException", "ThrottlingException"}
# A string is a legal boolean in a few spellings; everything else here is the only right JSON type, or a mismatch.
JSON = {"string": "x", "number": 7, "fraction": 7.5, "true": True, "list": [], "object": {}}
RIGHT = {"string": {"string"}, "character": {"string"}, "blob": {"string"}, "boolean": {"true"}, "integer": {"number", "fraction"},
         "long": {"number", "fraction"}, "double": {"number", "fraction"}, "float": {"number", "fraction"},
         "timestamp": {"number", "fraction"}, "list": {"list"}, "map": {"object"}, "structure": {"object"}}
# What docs/compatibility.md says is not offered: operations, and members of operations that are.
NOT_OFFERED = {"DescribeTableReplicaAutoScaling", "UpdateTableReplicaAutoScaling"}
MEMBERS_NOT_OFFERED = {"CreateTable": {"GlobalTableSourceArn", "GlobalTableSettingsReplicationMode"},
                       "UpdateTable": {"ReplicaUpdates", "MultiRegionConsistency", "GlobalTableWitnessUpdates", "GlobalTableSettingsReplicationMode"}}
LEVELS = 7   # of a request that is taken apart; attribute values nest without end


def service(name):
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


MODELS = {"DynamoDB": service("dynamodb"), "DynamoDBStreams": service("dynamodbstreams")}
OPERATIONS = [(prefix, name) for prefix, model in MODELS.items() for name in model.operation_names]


def sample(shape, name, unique, levels=LEVELS, everything=True):
    """Input of the right types that fits the constraints of the model as far as it tells them."""
    kind = shape.type_name
    if kind == "structure":
        if levels == 0:
            return {}
        if shape.name == "AttributeValue" and not everything:
            return {"S": "x"}
        return {member: sample(one, member, unique, levels - 1, everything) for member, one in shape.members.items()
                if everything or member in shape.required_members}
    if kind == "list":
        count = max(1, shape.metadata.get("min", 0)) if levels else 0
        return [sample(shape.member, name, unique, levels - 1, everything) for _ in range(count)]
    if kind == "map":
        return {unique: sample(shape.value, name, unique, levels - 1, everything)} if levels else {}
    if kind == "string":
        if shape.enum:
            return shape.enum[0]
        if name.endswith("Arn"):
            return f"arn:aws:dynamodb:us-east-1:000000000000:table/{unique}"
        return unique[:shape.metadata.get("max", 255)]
    if kind == "blob":
        return "AQ=="
    return True if kind == "boolean" else shape.metadata.get("min", 1)


def places(shape, path=(), levels=LEVELS, inside=()):
    """(path, shape) of everything in a request."""
    if path:
        yield path, shape
    if levels == 0 or inside.count(shape.name) > 0:
        return
    inside = (*inside, shape.name)
    if shape.type_name == "structure":
        for member, one in shape.members.items():
            yield from places(one, (*path, member), levels - 1, inside)
    elif shape.type_name == "list":
        yield from places(shape.member, (*path, 0), levels - 1, inside)
    elif shape.type_name == "map":
        yield from places(shape.value, (*path, "*"), levels - 1, inside)


def replaced(body, path, value):
    """The body with one place replaced; what is not on the way is left out. None if the place is not there."""
    if not path:
        return value
    step = path[0]
    if step == "*":
        step = next(iter(body), None) if isinstance(body, dict) else None
    if isinstance(step, int):
        if not isinstance(body, list) or not body:
            return None
        inner = replaced(body[0], path[1:], value)
        return None if inner is None and len(path) > 1 else [inner]
    if not isinstance(body, dict) or step not in body:
        return None
    inner = replaced(body[step], path[1:], value)
    return None if inner is None and len(path) > 1 else {**body, step: inner}


def modelled(prefix, operation):
    return GENERAL | {error.name for error in MODELS[prefix].operation_model(operation).error_shapes}


def ask(wire, prefix, operation, body):
    answer = wire.call(operation, body, target=f"{MODELS[prefix].metadata['targetPrefix']}.{operation}")
    assert answer.status in (200, 400), f"{operation} {body}: {answer.status} {answer.body[:500]}"
    if answer.status == 400:
        assert answer.code in modelled(prefix, operation), f"{operation} {body}: {answer.body[:500]}"
        refused = "supported by this server" in answer.body.decode() or "supported here" in answer.body.decode()
        assert not refused or refused_member(operation, answer) or (
            operation in NOT_OFFERED and answer.message == f"{operation} is not supported by this server"), f"{operation} {body}: {answer.body[:500]}"
    return answer


def refused_member(operation, answer):
    """The member of a request that is refused because this server does not offer it."""
    for member in MEMBERS_NOT_OFFERED.get(operation, ()):
        if answer.message.startswith(f"One or more parameter values were invalid: {member} is not supported here: "):
            return member
    return None


@pytest.fixture(scope="module", autouse=True)
def no_tables_left(wire):
    """Some of this input is right: what it made goes."""
    yield
    for name in wire.ok("ListTables", ExclusiveStartTableName="walk")["TableNames"]:
        if not name.startswith("walk"):
            break
        wire.call("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
        wire.call("DeleteTable", {"TableName": name})


@pytest.mark.parametrize("prefix,operation", OPERATIONS, ids=[name for _, name in OPERATIONS])
def test_empty_and_small_input_is_answered(wire, unique, prefix, operation):
    shape = MODELS[prefix].operation_model(operation).input_shape
    empty = ask(wire, prefix, operation, {})
    required = shape.required_members if shape is not None else []
    assert not required or (empty.status == 400 and empty.code == "ValidationException"), empty.body
    if shape is None:
        return
    name = unique("walk")
    ask(wire, prefix, operation, sample(shape, "", name, everything=False))
    ask(wire, prefix, operation, sample(shape, "", name))
    # Members that no model knows are ignored, null is the same as nothing.
    small = sample(shape, "", unique("walk"), everything=False)
    ask(wire, prefix, operation, {**small, "NoSuchMember": {"a": [1, {}]}})
    ask(wire, prefix, operation, {member: None for member in shape.members})


@pytest.mark.parametrize("prefix,operation", OPERATIONS, ids=[name for _, name in OPERATIONS])
def test_wrong_types_are_told_as_such(wire, unique, prefix, operation):
    shape = MODELS[prefix].operation_model(operation).input_shape
    if shape is None:
        return
    body = sample(shape, "", unique("walk"))
    for (path, one), (kind, value) in itertools.product(places(shape), JSON.items()):
        if kind in RIGHT[one.type_name]:
            continue
        wrong = replaced(body, path, value)
        if wrong is None:
            continue
        answer = ask(wire, prefix, operation, wrong)
        if answer.status == 400 and (answer.code == "SerializationException" or path[0] in MEMBERS_NOT_OFFERED.get(operation, ())):
            continue   # whatever is inside of a member that is not offered
        pytest.fail(f"{operation}, {'.'.join(map(str, path))} is {one.type_name}, sent {kind}: {answer.status} {answer.body[:500]}")
