"""Random steps against a table and the model. A step is made from the random source and the model's state, sent to the
server, and its answer compared; a difference raises Difference with everything that is needed to see it."""
import decimal
import json

from . import language, table as tables, values
from .table import Refused, blocks

STRINGS = ["", "a", "b", "ab", "abc", "é", "𝄞x", "z" * 40, "Z", "a b", "0"]
NUMBERS = ["0", "1", "-1", "2", "10", "1.5", "-0.25", "100", "1e3", "1.0", "99999999999999999999999999999999999999", "1e-130",
           "9.9999999999999999999999999999999999999e125", "123456789012345678", "-7e20", "0.001", "+5", "05"]
BINARIES = ["", "AA==", "AQ==", "gA==", "AAEC", "YQ=="]
TOP = ["at1", "at2", "at3", "atm", "atl", "ats", "n 1", "a.b", "größe"]
INNER = ["x", "y", "atx", "z.z"]


class Difference(AssertionError):
    pass


class Program:
    """Steps over one table. `call(operation, body)` -> (status, answer)."""

    def __init__(self, random, table, call):
        self.random, self.table, self.call = random, table, call
        self.steps = []

    # ---- making values ----------------------------------------------------------------------------------------------
    def chance(self, share):
        return self.random.random() < share

    def value(self, levels=3):
        r = self.random
        tag = r.choice(["S", "S", "N", "N", "N", "B", "BOOL", "NULL", "SS", "NS", "BS"] + (["L", "L", "M", "M"] if levels else []))
        if tag == "S":
            return {"S": r.choice(STRINGS) if self.chance(0.97) else "w" * r.randrange(500, 5000)}
        if tag == "N":
            return {"N": self.number()}
        if tag == "B":
            return {"B": r.choice(BINARIES)}
        if tag == "BOOL":
            return {"BOOL": self.chance(0.5)}
        if tag == "NULL":
            return {"NULL": True}
        if tag == "SS":
            return {"SS": r.sample(STRINGS, r.randrange(1, 4))}
        if tag == "BS":
            return {"BS": r.sample(BINARIES, r.randrange(1, 3))}
        if tag == "NS":
            chosen = {}
            for one in r.sample(NUMBERS, r.randrange(1, 4)):
                chosen.setdefault(decimal.Decimal(one), one)
            return {"NS": list(chosen.values())}
        if tag == "L":
            return {"L": [self.value(levels - 1) for _ in range(r.randrange(0, 4))]}
        return {"M": {name: self.value(levels - 1) for name in r.sample(INNER, r.randrange(0, 3))}}

    def number(self):
        if self.chance(0.7):
            return str(self.random.randrange(-4, 8))
        return self.random.choice(NUMBERS)

    def key(self):
        """A key of the table, usually one that is in use."""
        r = self.random
        key = {}
        for name in self.table.keys:
            kind = self.table.types[name]
            if kind == "S":
                key[name] = {"S": r.choice(["k", "l", "m", "é"]) if name == self.table.keys[0] else r.choice("abcdefg")}
            elif kind == "N":
                key[name] = {"N": r.choice(["0", "1", "1.0", "-1", "10", "1e1", "2.5", "-100", "3"])}
            else:
                key[name] = {"B": r.choice(["AA==", "AQ==", "gA==", "/w==", "AAEC"])}
        return key

    def index_value(self, name):
        """A value for an index key attribute: mostly of its type."""
        if self.chance(0.06):
            return self.value(1)
        kind = self.table.types[name]
        if kind == "S":
            return {"S": self.random.choice(["g1", "g2", "g3"]) if self.chance(0.98) else ""}
        if kind == "N":
            return {"N": str(self.random.randrange(-3, 12))}
        return {"B": self.random.choice(["AQ==", "gA==", "AAEC"])}

    def index_names(self):
        return [name for name in self.table.types if name not in self.table.keys]

    def item(self):
        item = self.key()
        for name in self.random.sample(TOP, self.random.randrange(0, 6)):
            item[name] = self.value()
        for name in self.index_names():
            if self.chance(0.6):
                item[name] = self.index_value(name)
        return item

    def path(self, item, keys=False):
        """A path: mostly to something in the item, sometimes beside it."""
        r = self.random
        names = [name for name in (item or {}) if name not in self.table.types or keys]
        if not names or self.chance(0.25):
            head = r.choice(TOP)
        else:
            head = r.choice(names)
        path = [head]
        value = (item or {}).get(head)
        while len(path) < 6 and head not in self.table.types:
            if value is not None and "M" in value and self.chance(0.7):
                step = r.choice(list(value["M"]) or INNER) if self.chance(0.85) else r.choice(INNER)
            elif value is not None and "L" in value and self.chance(0.7):
                step = r.randrange(0, len(value["L"]) + 2)
            elif self.chance(0.04):
                step = r.choice([0, 1, "x"])
            else:
                break
            path.append(step)
            value = values.child(value, step) if value is not None else None
        return tuple(path)

    def near(self, item, path):
        """A value that makes a comparison with what is at the path interesting."""
        found = values.find(item, path) if item else None
        return values.copy(found) if found is not None and self.chance(0.5) else self.value(2)

    def ordered(self, item, path):
        for _ in range(20):
            value = self.near(item, path)
            if values.kind(value) in ("S", "N", "B"):
                return value
        return {"N": "1"}

    def simple_condition(self, item, keys):
        r = self.random
        path = self.path(item, keys)
        left = ("path", path)
        kind = r.randrange(9)
        if kind == 0:
            return r.choice(["exists", "absent"]), path
        if kind == 1:
            return "attribute_type", left, ("value", {"S": r.choice(["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"])})
        if kind == 2:
            value = self.ordered(item, path)
            return "begins_with", left, ("value", value if "N" not in value else {"S": r.choice(["a", "", "é"])})
        if kind == 3:
            return "contains", left, ("value", self.near(item, path))
        if kind == 4:
            low, high = self.ordered(item, path), self.ordered(item, path)
            while values.compare(low, high) is None:
                high = self.ordered(item, path)
            if values.compare(low, high) > 0:
                low, high = high, low
            return "between", left, ("value", low), ("value", high)
        if kind == 5:
            return "in", left, [("value", self.near(item, path)) for _ in range(r.randrange(1, 4))]
        if kind == 6:
            return r.choice(["=", "<>", "<", ">="]), ("size", left), ("value", {"N": str(r.randrange(0, 4))})
        other = self.path(item, keys)
        op = r.choice(["=", "<>", "<", "<=", ">", ">="])
        if self.chance(0.25) and other != path:
            return op, left, ("path", other)
        value = self.near(item, path) if op in ("=", "<>") else self.ordered(item, path)
        return (op, left, ("value", value)) if self.chance(0.8) else (op, ("value", value), left)

    def condition(self, item, keys=True, levels=2):
        if levels == 0 or self.chance(0.5):
            return self.simple_condition(item, keys)
        op = self.random.choice(["and", "or", "not"])
        if op == "not":
            return op, self.condition(item, keys, levels - 1)
        return op, self.condition(item, keys, levels - 1), self.condition(item, keys, levels - 1)

    def computed(self, item, levels=2):
        r = self.random
        kind = r.randrange(10)
        if kind < 4 or levels == 0:
            return "value", self.value(2)
        if kind == 4:
            return "path", self.path(item)
        if kind < 7:
            return r.choice("+-"), self.number_operand(item), self.number_operand(item)
        if kind == 7:
            return "if_not_exists", self.path(item), r.choice([("value", self.value(1)), ("path", self.path(item))])
        return "list_append", self.list_operand(item), self.list_operand(item)

    def holding(self, item, tag):
        """A path of the item that holds a value of this type, if there is one."""
        found = []

        def walk(value, path):
            if tag in value:
                found.append(path)
            for name, one in value.get("M", {}).items():
                walk(one, (*path, name))
            for i, one in enumerate(value.get("L", [])):
                walk(one, (*path, i))

        for name, value in (item or {}).items():
            if name not in self.table.types:
                walk(value, (name,))
        return self.random.choice(found) if found and self.chance(0.9) else self.path(item)

    def number_operand(self, item):
        path = self.holding(item, "N")
        kind = self.random.randrange(4)
        if kind == 0:
            return "value", {"N": self.number()}
        return ("path", path) if kind < 3 else ("if_not_exists", path, ("value", {"N": self.number()}))

    def list_operand(self, item):
        path = self.holding(item, "L")
        constant = ("value", {"L": [self.value(1) for _ in range(self.random.randrange(0, 3))]})
        kind = self.random.randrange(4)
        if kind == 0:
            return constant
        return ("path", path) if kind < 3 else ("if_not_exists", path, constant)

    def actions(self, item):
        r = self.random
        chosen = []
        for _ in range(r.randrange(1, 5)):
            section = r.choice(["SET", "SET", "SET", "REMOVE", "ADD", "DELETE"])
            if section in ("ADD", "DELETE"):
                tag = r.choice(["SS", "NS", "BS"] + (["N", "N"] if section == "ADD" else []))
                path = self.holding(item, tag)
                value = {"N": self.number()}
                while tag != "N" and tag not in value:
                    value = self.value(0)
                action = (section, path, value)
            elif section == "REMOVE":
                action = (section, self.path(item))
            elif self.index_names() and self.chance(0.25):
                name = r.choice(self.index_names())
                action = (section, (name,), ("value", self.index_value(name)))
            else:
                action = (section, self.path(item), self.computed(item))
            if not any(related(action[1], other[1]) for other in chosen):
                chosen.append(action)
        return chosen

    # ---- writes -----------------------------------------------------------------------------------------------------
    def write(self, kinds=("Put", "Put", "Update", "Update", "Update", "Delete")):
        kind = self.random.choice(kinds)
        if kind == "Put":
            item = self.item()
            write = {"kind": kind, "item": item}
            old = self.table.get(self.table.key_of(item))
        else:
            write = {"kind": kind, "key": self.key()}
            old = self.table.get(write["key"])
        if kind == "Update":
            write["actions"] = self.actions(old)
        if kind == "Check" or self.chance(0.35):
            write["condition"] = self.condition(old)
        return write

    def members(self, write):
        """The wire members of a write, without the table's name."""
        text = language.Text(self.random)
        out = {"Item": write["item"]} if write["kind"] == "Put" else {"Key": write["key"]}
        if "actions" in write:
            out["UpdateExpression"] = text.update(write["actions"])
        if "condition" in write:
            out["ConditionExpression"] = text.condition(write["condition"])
        out.update(text.members())
        return out

    def single_write(self):
        write = self.write()
        body = {"TableName": self.table.name, **self.members(write), "ReturnConsumedCapacity": "INDEXES"}
        allowed = ["NONE", "ALL_OLD"] + (["ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"] if write["kind"] == "Update" else [])
        body["ReturnValues"] = self.random.choice(allowed)
        shows = self.chance(0.5)
        if shows:
            body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        operation = write["kind"] + "Item"
        status, answer = self.send(operation, body)
        try:
            self.table.check(write)
            change = self.table.plan(write)
        except Refused as refused:
            return self.expect_refusal(status, answer, refused, shows)
        self.expect(status == 200, "the model allows this", answer)
        self.table.commit(change)
        wanted = self.returned(body["ReturnValues"], write, change)
        got = answer.get("Attributes")
        self.expect(got is not None if wanted is not None else got is None, f"Attributes: the model says {wanted}", answer)
        if wanted is not None:
            self.expect(values.answered(got) == values.normal_item(wanted), f"Attributes: the model says {wanted}", answer)
        self.expect_units(answer["ConsumedCapacity"], change.units, change.index_units)

    def returned(self, which, write, change):
        if which == "ALL_OLD":
            return change.old
        if which == "ALL_NEW":
            return change.new
        if which == "NONE":
            return None
        item = change.old if which == "UPDATED_OLD" else change.new
        return (values.project(item, [action[1] for action in write["actions"]]) or None) if item is not None else None

    def expect_refusal(self, status, answer, refused, shows):
        self.expect(status == 400 and code(answer) == refused.code, f"the model says {refused.code} {refused.texts}", answer)
        text = message(answer).removeprefix("1 validation error detected: ")
        self.expect(text in refused.texts, f"the model says {refused.texts}", answer)
        wanted = values.normal_item(refused.item) if shows and refused.item is not None else None
        got = values.answered(answer["Item"]) if "Item" in answer else None
        self.expect(got == wanted, f"Item of the refusal: the model says {wanted}", answer)

    def expect_units(self, capacity, units, indexes, factor=1):
        local = {index.name for index in self.table.indexes if index.local}
        got = {"Table": capacity["Table"]["CapacityUnits"]}
        for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
            for name, one in capacity.get(kind, {}).items():
                self.expect((name in local) == (kind == "LocalSecondaryIndexes"), f"{name} is no {kind}", capacity)
                got[name] = one["CapacityUnits"]
        wanted = {"Table": units * factor, **{name: one * factor for name, one in indexes.items()}}
        self.expect(got == wanted, f"capacity: the model says {wanted}", capacity)
        self.expect(capacity["CapacityUnits"] == sum(wanted.values()), "CapacityUnits is not the sum", capacity)

    def legacy_update(self):
        """AttributeUpdates: names are literal, every action is on its own attribute."""
        key = self.key()
        old = self.table.get(key)
        updates, wrong = {}, []
        new = values.copy_item(old if old is not None else key)
        creates = False
        for name in self.random.sample(TOP, self.random.randrange(0, 4)):
            action = self.random.choice(["PUT", "PUT", "ADD", "DELETE", "REMOVE"])
            current = (old or {}).get(name)
            value = self.value(1)
            if action == "ADD":
                while values.kind(value) not in ("N", "SS", "NS", "BS", "L"):
                    value = self.value(1)
            elif action == "DELETE":
                while values.kind(value) not in ("SS", "NS", "BS"):
                    value = self.value(0)
            creates = creates or action in ("PUT", "ADD")
            updates[name] = {"Action": "DELETE"} if action == "REMOVE" else {"Action": action, "Value": value}
            if action == "REMOVE":
                new.pop(name, None)
            elif action == "PUT" or (action == "ADD" and current is None):
                new[name] = value
            elif action == "DELETE" and current is None:
                continue
            elif values.kind(current) != values.kind(value):
                wrong.append("Type mismatch for attribute to update")
            elif action == "DELETE":
                left = language.difference(current, value)
                if values.content(left):
                    new[name] = left
                else:
                    del new[name]
            elif "L" in value:
                new[name] = {"L": current["L"] + value["L"]}
            else:
                try:
                    new[name] = language.arithmetic("+", current, value) if "N" in value else language.union(current, value)
                except language.Unfit as unfit:
                    wrong += unfit.args
        if old is None and updates and not creates:
            new, wrong = None, []   # what only takes away makes nothing
        status, answer = self.send("UpdateItem", {"TableName": self.table.name, "Key": key, "AttributeUpdates": updates,
                                                  "ReturnValues": "ALL_NEW", "ReturnConsumedCapacity": "INDEXES"})
        if wrong:
            return self.expect_refusal(status, answer, Refused("ValidationException", wrong), False)
        self.expect(status == 200, "the model allows this", answer)
        change = tables.Change(self.table, self.table.key_of(old) if old else key, old, new)
        self.table.commit(change)
        self.expect_item(answer.get("Attributes"), new, None)
        self.expect_units(answer["ConsumedCapacity"], change.units, change.index_units)

    def statement(self):
        """PartiQL over one item: literals as parameters."""
        table, key = self.table, self.key()
        old = table.get(key)
        parameters = []

        def mark(value):
            parameters.append(value)
            return "?"

        def where():
            return " AND ".join(f'"{name}" = {mark(key[name])}' for name in table.keys)

        kind = self.random.choice(["INSERT", "SELECT", "UPDATE", "DELETE"])
        name = f'"{table.name}"'
        if kind == "SELECT":
            status, answer = self.execute(f"SELECT * FROM {name} WHERE {where()}", parameters)
            self.expect(status == 200, "the model allows this", answer)
            return self.expect_set(answer["Items"], [old] if old is not None else [])
        attribute, value = self.random.choice(["at1", "at2", "n 1"]), self.value(1)
        if kind == "INSERT":
            item = {**key, attribute: value}
            pairs = ", ".join(f"'{one}': {mark(inner)}" for one, inner in item.items())
            status, answer = self.execute(f"INSERT INTO {name} VALUE {{{pairs}}}", parameters)
            refused = Refused("DuplicateItemException", ["Duplicate primary key exists in table"]) if old is not None else None
            new, shown = item, None
        elif kind == "UPDATE":
            status, answer = self.execute(f'UPDATE {name} SET "{attribute}" = {mark(value)} WHERE {where()} RETURNING ALL NEW *', parameters)
            refused = Refused("ConditionalCheckFailedException", [tables.FAILED]) if old is None else None
            new = shown = {**(old or {}), attribute: value}
        else:
            condition = f' AND "{attribute}" = {mark(value)}' if self.chance(0.3) else ""
            keys = where()
            if condition:
                parameters.append(parameters.pop(0))   # the condition stands behind the key
            status, answer = self.execute(f"DELETE FROM {name} WHERE {keys}{condition} RETURNING ALL OLD *", parameters)
            fails = condition and old is not None and not (attribute in old and values.same(old[attribute], value))
            refused = Refused("ConditionalCheckFailedException", [tables.FAILED]) if fails else None
            new, shown = None, old
        if refused is not None:
            return self.expect_refusal(status, answer, refused, False)
        self.expect(status == 200, "the model allows this", answer)
        self.expect_set(answer["Items"], [shown] if shown is not None else [])
        table.commit(tables.Change(table, table.key_of(old) if old else key, old, new))

    def execute(self, text, parameters):
        return self.send("ExecuteStatement", {"Statement": text, "Parameters": parameters})

    def batch_write(self):
        writes = {}
        for _ in range(self.random.randrange(1, 6)):
            write = self.write(("Put", "Put", "Delete"))
            write.pop("condition", None)
            key = self.table.key_of(write.get("item", write.get("key")))
            writes.setdefault(self.table.place_of(key), write)
        requests = [{"PutRequest": {"Item": one["item"]}} if one["kind"] == "Put" else {"DeleteRequest": {"Key": one["key"]}}
                    for one in writes.values()]
        status, answer = self.send("BatchWriteItem", {"RequestItems": {self.table.name: requests},
                                                      "ReturnConsumedCapacity": "INDEXES"})
        wrong = []
        for one in writes.values():
            try:
                self.table.check(one)
            except Refused as refused:
                wrong += refused.texts
        if wrong:
            return self.expect_refusal(status, answer, Refused("ValidationException", wrong), False)
        self.expect(status == 200 and answer["UnprocessedItems"] == {}, "the model allows this", answer)
        units, indexes = 0, {}
        for one in writes.values():
            change = self.table.plan(one)
            self.table.commit(change)
            units += change.units
            for name, more in change.index_units.items():
                indexes[name] = indexes.get(name, 0) + more
        self.expect_units(answer["ConsumedCapacity"][0], units, indexes)

    def transact_write(self):
        writes = {}
        for _ in range(self.random.randrange(1, 6)):
            write = self.write(("Put", "Update", "Update", "Delete", "Check"))
            key = self.table.key_of(write.get("item", write.get("key")))
            writes.setdefault(self.table.place_of(key), write)
        writes = list(writes.values())
        shows = [self.chance(0.5) for _ in writes]
        actions = []
        for write, shown in zip(writes, shows):
            action = {"TableName": self.table.name, **self.members(write)}
            if shown:
                action["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
            actions.append({"ConditionCheck" if write["kind"] == "Check" else write["kind"]: action})
        status, answer = self.send("TransactWriteItems", {"TransactItems": actions, "ReturnConsumedCapacity": "INDEXES"})
        empty = next(filter(None, map(self.table.empty_index_keys, writes)), None)
        if empty:  # a fault of the request, not a reason of one action
            return self.expect(status == 400 and code(answer) == "ValidationException" and answer["message"] in empty,
                               f"the model says {empty}", answer)
        for check in (self.table.check, self.table.plan):
            for i, write in enumerate(writes):
                try:
                    check(write)
                except Refused as refused:
                    if refused.code == "ValidationException":
                        return self.expect_canceled(status, answer, {i: ("ValidationError", refused.texts, None)}, len(writes))
        failed, changes = {}, []
        for i, write in enumerate(writes):
            try:
                changes.append(self.table.plan(write))
            except Refused as refused:
                failed[i] = ("ConditionalCheckFailed", refused.texts, refused.item if shows[i] else None)
        if failed:
            return self.expect_canceled(status, answer, failed, len(writes))
        self.expect(status == 200, "the model allows this", answer)
        units, indexes = 0, {}
        for change in changes:
            self.table.commit(change)
            units += change.units
            for name, more in change.index_units.items():
                indexes[name] = indexes.get(name, 0) + more
        self.expect_units(answer["ConsumedCapacity"][0], units, indexes, 2)

    def expect_canceled(self, status, answer, failed, count):
        self.expect(status == 400 and code(answer) == "TransactionCanceledException", f"the model says {failed}", answer)
        reasons = answer["CancellationReasons"]
        self.expect(len(reasons) == count, "one reason for each action", answer)
        for i, reason in enumerate(reasons):
            wanted, texts, item = failed.get(i, ("None", [None], None))
            self.expect(reason["Code"] == wanted and reason.get("Message") in texts, f"reason {i}: the model says {failed}", answer)
            got = values.answered(reason["Item"]) if "Item" in reason else None
            self.expect(got == (values.normal_item(item) if item is not None else None), f"Item of reason {i}: {item}", answer)

    # ---- reads ------------------------------------------------------------------------------------------------------
    def some_paths(self, item, names=None):
        chosen = []
        for _ in range(self.random.randrange(1, 4)):
            path = self.path(item, True) if names is None else (self.random.choice(names),)
            if not any(related(path, other) for other in chosen):
                chosen.append(path)
        return chosen

    def get_item(self):
        key = self.key()
        item = self.table.get(key)
        consistent = self.chance(0.5)
        body = {"TableName": self.table.name, "Key": key, "ConsistentRead": consistent, "ReturnConsumedCapacity": "TOTAL"}
        paths = self.some_paths(item) if self.chance(0.4) else None
        if paths:
            text = language.Text(self.random)
            body["ProjectionExpression"] = text.projection(paths)
            body.update(text.members())
        status, answer = self.send("GetItem", body)
        self.expect(status == 200, "the model allows this", answer)
        self.expect_item(answer.get("Item"), item, paths)
        units = blocks(values.item_size(item) if item else 0, 4096) * (1 if consistent else 0.5)
        self.expect(answer["ConsumedCapacity"]["CapacityUnits"] == units, f"capacity: the model says {units}", answer)

    def expect_item(self, got, item, paths):
        wanted = None if item is None else values.normal_item(item if paths is None else values.project(item, paths))
        self.expect((values.answered(got) if got is not None else None) == wanted, f"the model says {wanted}", got)

    def batch_get(self):
        keys = {}
        for _ in range(self.random.randrange(1, 6)):
            key = self.key()
            keys.setdefault(self.table.place_of(key), key)
        consistent = self.chance(0.5)
        status, answer = self.send("BatchGetItem", {
            "RequestItems": {self.table.name: {"Keys": list(keys.values()), "ConsistentRead": consistent}},
            "ReturnConsumedCapacity": "TOTAL"})
        self.expect(status == 200 and answer["UnprocessedKeys"] == {}, "the model allows this", answer)
        wanted = [self.table.items.get(place) for place in keys]
        units = sum(blocks(values.item_size(one) if one else 0, 4096) for one in wanted) * (1 if consistent else 0.5)
        self.expect_set(answer["Responses"][self.table.name], [one for one in wanted if one is not None])
        self.expect(answer["ConsumedCapacity"][0]["CapacityUnits"] == units, f"capacity: the model says {units}", answer)

    def transact_get(self):
        keys = {}
        for _ in range(self.random.randrange(1, 5)):
            key = self.key()
            keys.setdefault(self.table.place_of(key), key)
        gets, chosen = [], []
        for place, key in keys.items():
            paths = self.some_paths(self.table.items.get(place)) if self.chance(0.3) else None
            get = {"TableName": self.table.name, "Key": key}
            if paths:
                text = language.Text(self.random)
                get["ProjectionExpression"] = text.projection(paths)
                get.update(text.members())
            gets.append({"Get": get})
            chosen.append((place, paths))
        status, answer = self.send("TransactGetItems", {"TransactItems": gets})
        self.expect(status == 200 and len(answer["Responses"]) == len(gets), "the model allows this", answer)
        for (place, paths), got in zip(chosen, answer["Responses"]):
            self.expect_item(got.get("Item"), self.table.items.get(place), paths)

    def expect_set(self, got, wanted):
        def ordered(items):
            return sorted(json.dumps(one, sort_keys=True) for one in items)
        got, wanted = ordered(values.answered(one) for one in got), ordered(values.normal_item(one) for one in wanted)
        self.expect(got == wanted, f"items: the model says {wanted}", got)

    def filtered(self, body, entries, names=None):
        """Adds a filter to a page request; -> which entries pass it."""
        if self.chance(0.5):
            return lambda entry: True
        pool = [{name: value for name, value in one.items() if names is None or name in names} for one in entries]
        sample = self.random.choice(pool) if pool else None
        tree = self.condition(sample, keys=False)
        if names is not None and not all(path[0] in names for path in paths_of(tree)):
            return lambda entry: True
        body["FilterExpression"] = self.text.condition(tree)
        return lambda entry: language.holds(entry, tree)

    def pages(self, operation, body, limit):
        """All pages: their items, and the sums of the counts."""
        items, count, scanned, units = [], 0, 0, 0
        while True:
            status, answer = self.send(operation, body)
            self.expect(status == 200, "the model allows this", answer)
            self.expect(answer["Count"] == len(answer.get("Items", [])) or body.get("Select") == "COUNT", "Count", answer)
            items += answer.get("Items", [])
            count += answer["Count"]
            scanned += answer["ScannedCount"]
            units += answer["ConsumedCapacity"]["CapacityUnits"]
            last = answer.get("LastEvaluatedKey")
            if limit is not None:
                self.expect(answer["ScannedCount"] <= limit, "more than Limit", answer)
                # Of a table without a sort key a query shows one item at most: there is nothing to go on with.
                single = operation == "Query" and "IndexName" not in body and len(self.table.keys) == 1
                full = answer["ScannedCount"] == limit and not single
                self.expect((last is not None) == full, "LastEvaluatedKey and Limit", answer)
            if last is None:
                return items, count, scanned, units
            body = {**body, "ExclusiveStartKey": last}

    def page_body(self, index):
        self.text = language.Text(self.random)
        body = {"TableName": self.table.name, "ReturnConsumedCapacity": "TOTAL"}
        limit = self.random.choice([None, None, 1, 2, 3, 7])
        if limit is not None:
            body["Limit"] = limit
        if index is not None:
            body["IndexName"] = index.name
        if (index is None or index.local) and self.chance(0.5):
            body["ConsistentRead"] = True
        if self.chance(0.15):
            body["Select"] = "COUNT"
        return body, limit

    def visible_names(self, index):
        """Attributes that filters and projections may name; None: all."""
        if index is None or index.projection == "ALL":
            return None
        return [*index.keys, *self.table.keys, *(index.include if index.projection == "INCLUDE" else ())]

    def query(self):
        r, table = self.random, self.table
        index = r.choice([None, *table.indexes])
        keys = index.keys if index else table.keys
        body, limit = self.page_body(index)
        entries = table.entries(index)
        hash_value = values.copy(r.choice(entries)[keys[0]]) if entries and self.chance(0.9) else self.key_value(keys[0])
        matching = [one for one in entries if values.same(one[keys[0]], hash_value)]
        terms = [f"{self.text.name(keys[0])} = {self.text.value(hash_value)}"]
        if len(keys) > 1 and self.chance(0.6):
            term, matches = self.range_term(keys[1], matching)
            terms.append(term)
            matching = [one for one in matching if matches(one[keys[1]])]
        r.shuffle(terms)
        body["KeyConditionExpression"] = " AND ".join(terms)
        forward = self.chance(0.6)
        if not forward:
            body["ScanIndexForward"] = False
        shown = self.visible_names(index)
        no_keys = None if shown is None else [name for name in shown if name not in keys]
        passes = self.filtered(body, matching, no_keys)
        paths = self.projection(body, matching, shown)
        body.update(self.text.members())
        items, count, scanned, _ = self.pages("Query", body, limit)
        self.expect_page(body, items, count, scanned, matching, passes, paths)
        if len(keys) > 1 and paths is None and body.get("Select") != "COUNT":
            order = [values.order_key(one[keys[1]]) for one in items]
            self.expect(order == sorted(order, reverse=not forward), f"order of {keys[1]}", items)

    def key_value(self, name):
        if name in self.table.keys:
            return self.key()[name]
        return {"S": {"S": "g9"}, "N": {"N": "77"}, "B": {"B": "/w=="}}[self.table.types[name]]

    def range_term(self, name, matching):
        r = self.random
        kind = self.table.types[name]
        pool = [one[name] for one in matching] + [self.key_value(name)]
        a, b = r.choice(pool), r.choice(pool)
        reference = self.text.name(name)
        op = r.choice(["=", "<", "<=", ">", ">=", "between"] + (["begins_with"] if kind in ("S", "B") else []))
        if op == "between":
            low, high = (a, b) if values.compare(a, b) <= 0 else (b, a)
            term = f"{reference} BETWEEN {self.text.value(low)} AND {self.text.value(high)}"
            return term, lambda value: values.compare(low, value) <= 0 <= values.compare(high, value)
        if op == "begins_with":
            return f"begins_with({reference}, {self.text.value(a)})", lambda value: language.holds({"v": value}, (op, ("path", ("v",)), ("value", a)))
        term = f"{reference} {op} {self.text.value(a)}"
        return term, lambda value: language.holds({"v": value}, (op, ("path", ("v",)), ("value", a)))

    def projection(self, body, entries, names):
        if body.get("Select") == "COUNT" or self.chance(0.6):
            return None
        paths = self.some_paths(self.random.choice(entries) if entries else None, names)
        body["ProjectionExpression"] = self.text.projection(paths)
        return paths

    def expect_page(self, body, items, count, scanned, entries, passes, paths):
        wanted = [one for one in entries if passes(one)]
        self.expect(scanned == len(entries), f"ScannedCount: the model says {len(entries)}", scanned)
        self.expect(count == len(wanted), f"Count: the model says {len(wanted)}", count)
        if body.get("Select") == "COUNT":
            return self.expect(items == [], "COUNT has items", items)
        self.expect_set(items, [one if paths is None else values.project(one, paths) for one in wanted])

    def scan(self):
        index = self.random.choice([None, None, *self.table.indexes])
        body, limit = self.page_body(index)
        entries = self.table.entries(index)
        shown = self.visible_names(index)
        passes = self.filtered(body, entries, shown)
        paths = self.projection(body, entries, shown)
        body.update(self.text.members())
        items, count, scanned = [], 0, 0
        if self.chance(0.3):
            total = self.random.randrange(1, 6)
            for segment in range(total):
                more, n, m, _ = self.pages("Scan", {**body, "TotalSegments": total, "Segment": segment}, limit)
                items, count, scanned = items + more, count + n, scanned + m
        else:
            items, count, scanned, units = self.pages("Scan", body, limit)
            if limit is None:
                size = sum(values.item_size(one) for one in entries)
                wanted = blocks(size, 4096) * (1 if body.get("ConsistentRead") else 0.5)
                self.expect(units == wanted, f"capacity: the model says {wanted}", units)
        self.expect_page(body, items, count, scanned, entries, passes, paths)

    # ---- running ----------------------------------------------------------------------------------------------------
    STEPS = (("single_write", 10), ("legacy_update", 2), ("statement", 3), ("batch_write", 2), ("transact_write", 4), ("get_item", 3), ("batch_get", 1),
             ("transact_get", 1), ("query", 5), ("scan", 2))

    def run(self, count):
        names, weights = zip(*self.STEPS)
        for _ in range(count):
            getattr(self, self.random.choices(names, weights)[0])()

    def send(self, operation, body):
        self.steps.append((operation, body))
        return self.call(operation, body)

    def expect(self, true, what, got):
        if true:
            return
        operation, body = self.steps[-1]
        raise Difference(f"step {len(self.steps)}, {operation}: {what}\nrequest: {json.dumps(body, ensure_ascii=False)}\n"
                         f"answer: {json.dumps(got, ensure_ascii=False, default=str)}")


def related(a, b):
    """Whether two paths of one expression overlap or conflict."""
    for x, y in zip(a, b):
        if isinstance(x, int) != isinstance(y, int):
            return True
        if x != y:
            return False
    return True


def paths_of(tree):
    if tree[0] == "path":
        return [tree[1]]
    if tree[0] in ("exists", "absent"):
        return [tree[1]]
    out = []
    for one in tree[1:]:
        for part in one if isinstance(one, list) else [one]:
            if isinstance(part, tuple):
                out += paths_of(part)
    return out


def code(answer):
    return answer.get("__type", "").split("#")[-1]


def message(answer):
    return answer.get("message", answer.get("Message", ""))
