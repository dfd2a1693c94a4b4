"""A table of the model: items in a dictionary; everything else is derived from them when it is asked for."""
import math

from . import language, values

FAILED = "The conditional request failed"
ITEM_MAX = 400 * 1024


class Refused(Exception):
    """The request fails: its code, the texts that are right, and the item that the answer shows."""

    def __init__(self, code, texts, item=None):
        super().__init__(code, texts)
        self.code, self.texts, self.item = code, texts, item


class Index:
    def __init__(self, name, hash_name, range_name=None, projection="ALL", include=(), local=False):
        self.name, self.hash, self.range = name, hash_name, range_name
        self.projection, self.include, self.local = projection, include, local
        self.keys = [hash_name] + ([range_name] if range_name else [])


class Change:
    """What one write did: for its answer, its cost and the stream."""

    def __init__(self, table, key, old, new):
        self.table, self.key, self.old, self.new = table, key, old, new

    @property
    def units(self):
        return blocks(max(values.item_size(one) if one else 0 for one in (self.old, self.new)), 1024)

    @property
    def index_units(self):
        """Units for each index that this change touched."""
        out = {}
        for index in self.table.indexes:
            old, new = self.table.entry(index, self.old), self.table.entry(index, self.new)
            if old is None and new is None or old is not None and new is not None and same(old, new):
                continue
            moved = old is None or new is None or self.table.place(index, old) != self.table.place(index, new)
            sizes = [values.item_size(one) for one in (old, new) if one is not None]
            out[index.name] = sum(blocks(size, 1024) for size in sizes) if moved else blocks(max(sizes), 1024)
        return out

    @property
    def record(self):
        """(event, keys, old, new), or None where nothing changed."""
        if self.old is None and self.new is None or self.old is not None and self.new is not None and same(self.old, self.new):
            return None
        event = "INSERT" if self.old is None else "REMOVE" if self.new is None else "MODIFY"
        return event, self.key, self.old, self.new


def same(a, b):
    return values.canonical_item(a) == values.canonical_item(b)


def blocks(size, unit):
    return max(1, math.ceil(size / unit))


class Table:
    """`types`: the key attributes of the table and its indexes with their types."""

    def __init__(self, name, keys, types, indexes=()):
        self.name, self.keys, self.types, self.indexes = name, keys, types, list(indexes)
        self.items = {}
        self.log = []     # what the stream must hold

    # ---- derived ----------------------------------------------------------------------------------------------------
    def key_of(self, item):
        return {name: item[name] for name in self.keys}

    def place_of(self, key):
        return tuple(values.canonical(key[name]) for name in self.keys)

    def get(self, key):
        return self.items.get(self.place_of(key))

    def entry(self, index, item):
        """The index entry of an item; None if the item is not in the index."""
        if item is None or not all(name in item for name in index.keys):
            return None
        if index.projection == "ALL":
            return item
        kept = {*index.keys, *self.keys, *(index.include if index.projection == "INCLUDE" else ())}
        return {name: value for name, value in item.items() if name in kept}

    def place(self, index, entry):
        return tuple(values.canonical(entry[name]) for name in [*index.keys, *self.keys])

    def entries(self, index=None):
        if index is None:
            return list(self.items.values())
        return [entry for entry in (self.entry(index, item) for item in self.items.values()) if entry is not None]

    # ---- writes -----------------------------------------------------------------------------------------------------
    def check_put_keys(self, item):
        wrong = []
        for index in self.indexes:
            for name in index.keys:
                if name not in item or name in self.keys:
                    continue
                actual, wanted = values.kind(item[name]), self.types[name]
                if actual != wanted:
                    wrong.append("One or more parameter values were invalid: Type mismatch for Index Key "
                                 f"{name} Expected: {wanted} Actual: {actual} IndexName: {index.name}")
                elif actual in ("S", "B") and values.size(item[name]) == 0:
                    kind = "string" if actual == "S" else "binary"
                    wrong.append("One or more parameter values are not valid. A value specified for a secondary index key is "
                                 "not supported. The AttributeValue for a key attribute cannot contain an empty "
                                 f"{kind} value. IndexName: {index.name}, IndexKey: {name}")
        if wrong:
            raise Refused("ValidationException", wrong)

    def check_update_constants(self, actions):
        wrong = []
        for action in actions:
            if action[0] != "SET" or len(action[1]) > 1 or action[2][0] != "value":
                continue
            name, value = action[1][0], action[2][1]
            for index in self.indexes:
                if name in index.keys and values.kind(value) != self.types[name]:
                    wrong.append("One or more parameter values were invalid: Type mismatch for Index Key "
                                 f"{name} Expected: {self.types[name]} Actual: {values.kind(value)} IndexName: {index.name}")
        if wrong:
            raise Refused("ValidationException", wrong)

    def check_updated_keys(self, item, actions):
        for action in actions:
            name = action[1][0]
            if name in self.keys or name not in self.types or name not in item:
                continue
            if values.kind(item[name]) != self.types[name]:
                raise Refused("ValidationException", ["The update expression attempted to update the secondary index key to "
                                                      "unsupported type"])
            if self.types[name] in ("S", "B") and values.size(item[name]) == 0:
                kind = "string" if self.types[name] == "S" else "binary"
                raise Refused("ValidationException", [
                    "One or more parameter values are not valid. The update expression attempted to update a secondary index "
                    "key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty "
                    f"{kind} value."])

    def check(self, write):
        """What is refused before anything is read."""
        if write["kind"] == "Put":
            self.check_put_keys(write["item"])
        elif write["kind"] == "Update":
            self.check_update_constants(write["actions"])

    def plan(self, write):
        """The change that a write would make; Refused where it would fail. Nothing is changed."""
        kind = write["kind"]
        key = self.key_of(write["item"]) if kind == "Put" else write["key"]
        old = self.get(key)
        condition = write.get("condition")
        if condition is not None and not language.holds(old or {}, condition):
            raise Refused("ConditionalCheckFailedException", [FAILED], old)
        if kind == "Put":
            new = values.copy_item(write["item"])
        elif kind == "Delete":
            new = None
        elif kind == "Check":
            new = old
        else:
            try:
                new = language.apply(old, key, write["actions"])
            except language.Unfit as unfit:
                raise Refused("ValidationException", list(unfit.args)) from None
            if new is not None:
                self.check_updated_keys(new, write["actions"])
                if values.item_size(new) > ITEM_MAX:
                    raise Refused("ValidationException", ["Item size to update has exceeded the maximum allowed size"])
        return Change(self, self.key_of(old) if old else key, old, new)

    def commit(self, change):
        place = self.place_of(change.key)
        if change.new is None:
            self.items.pop(place, None)
        elif change.old is None or not same(change.old, change.new):
            self.items[place] = change.new
        if change.record is not None:
            self.log.append(change.record)
