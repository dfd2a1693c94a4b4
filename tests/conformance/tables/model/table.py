"""A table of the model: items in a dictionary; everything else is derived from them when it is asked for."""
import math

from . import language, values

FAILED = "The conditional request failed"
EMPTY_UPDATE = ("One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value "
                "that is not supported. The AttributeValue for a key attribute cannot contain an empty {} value.")
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
    def index_constants(self, write):
        """(index, name, value) for what a write gives to index keys without reading anything."""
        if write["kind"] == "Put":
            given = [(name, value) for name, value in write["item"].items() if name not in self.keys]
        elif write["kind"] == "Update":
            given = [(action[1][0], action[2][1]) for action in write["actions"]
                     if action[0] == "SET" and len(action[1]) == 1 and action[2][0] == "value"]
        else:
            given = []
        return [(index, name, value) for index in self.indexes for name, value in given if name in index.keys]

    def empty_index_keys(self, write):
        """The texts for index keys that a write gives no text or no bytes."""
        wrong = []
        for index, name, value in self.index_constants(write):
            if values.kind(value) != self.types[name] or self.types[name] == "N" or values.size(value) != 0:
                continue
            kind = "string" if self.types[name] == "S" else "binary"
            if write["kind"] == "Put":
                wrong.append("One or more parameter values are not valid. A value specified for a secondary index key is "
                             "not supported. The AttributeValue for a key attribute cannot contain an empty "
                             f"{kind} value. IndexName: {index.name}, IndexKey: {name}")
            else:
                wrong.append(EMPTY_UPDATE.format(kind))
        return wrong

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
                raise Refused("ValidationException", [EMPTY_UPDATE.format(kind)])

    def check(self, write):
        """What is refused before anything is read."""
        # Of several indexes the service names the first by name.
        wrong = [(index.name, "One or more parameter values were invalid: Type mismatch for Index Key "
                  f"{name} Expected: {self.types[name]} Actual: {values.kind(value)} IndexName: {index.name}")
                 for index, name, value in self.index_constants(write) if values.kind(value) != self.types[name]]
        first = min((name for name, _ in wrong), default=None)
        texts = [text for name, text in wrong if name == first] + self.empty_index_keys(write)
        if texts:
            raise Refused("ValidationException", texts)

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
