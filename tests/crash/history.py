"""What a crash test may expect: histories of single writers, and the checks against a table, its stream and its indexes.

Every key is written by one thread only, so its history is a list. A write whose answer never came may have happened or
not; it is always the last of its round, because its thread stops there. The first look after the restart settles it.
Every image holds `op`, unique for all time, so a record of the stream names the write that made it.
"""
from dataclasses import dataclass, field


class Lost(AssertionError):
    """Something that was acknowledged is missing, or something is there that nobody wrote."""


@dataclass
class Write:
    op: str                  # unique name of the write
    after: dict | None       # the item after it; None: deleted
    acknowledged: bool = False


@dataclass
class KeyHistory:
    """One key: the item as last settled, and the writes since then (all but the last acknowledged)."""
    key: tuple
    settled: dict | None = None
    writes: list = field(default_factory=list)
    versions: list = field(default_factory=list)   # every image that is known to have happened, oldest first; None: deleted

    def begin(self, write):
        if self.writes and not self.writes[-1].acknowledged:
            raise ValueError("a write of unknown outcome must be settled before the next one")
        self.writes.append(write)
        return write

    def expected(self):
        """What a reader may find now, most likely first."""
        image = self.settled
        choices = []
        for write in self.writes:
            if not write.acknowledged:
                choices.append(image)
            image = write.after
        return [image, *choices]

    def settle(self, found):
        """After a restart: `found` is the item in the table. Lost when no history of this key ends with it."""
        if found not in self.expected():
            happened = [write.op for write in self.writes if write.acknowledged]
            raise Lost(f"{self.key}: the table holds {found}, expected {self.expected()}; acknowledged since: {happened}")
        for write in self.writes:
            if write.acknowledged or (found == write.after and write is self.writes[-1] and found != self._before_last()):
                if write.after is not None or self._last_version() is not None:
                    self.versions.append(write.after)
        self.writes.clear()
        self.settled = found

    def _before_last(self):
        return self.writes[-2].after if len(self.writes) > 1 else self.settled

    def _last_version(self):
        return self.versions[-1] if self.versions else None


class StreamFold:
    """Folds a stream's records, in order, into the table that they describe, and checks each step."""

    def __init__(self, key_of):
        self.key_of = key_of
        self.items = {}
        self.images = {}      # key -> the images that its records told, oldest first; None: removed
        self.event_ids = set()

    def add(self, name, keys, old, new, event_id):
        key = self.key_of(keys)
        if event_id in self.event_ids:
            raise Lost(f"{key}: the record {event_id} is in the stream twice")
        self.event_ids.add(event_id)
        current = self.items.get(key)
        if old != current:
            raise Lost(f"{key}: a record's old image is {old}, but the record before it left {current}")
        wanted = "INSERT" if current is None else "REMOVE" if new is None else "MODIFY"
        if name != wanted:
            raise Lost(f"{key}: the record says {name}, the images say {wanted}")
        if new is None:
            self.items.pop(key)
        else:
            self.items[key] = new
        self.images.setdefault(key, []).append(new)

    def check_table(self, table):
        """The stream, folded, is the table: no item without its record, no record without its item."""
        for key in table.keys() | self.items.keys():
            if table.get(key) != self.items.get(key):
                raise Lost(f"{key}: the table holds {table.get(key)}, the stream says {self.items.get(key)}")

    def check_history(self, history):
        """Each write that happened has one record, in order, and nothing else has one."""
        told = self.images.get(history.key, [])
        if told != history.versions:
            raise Lost(f"{history.key}: the stream tells {len(told)} images, the history {len(history.versions)}; "
                       f"the first that differs: {first_difference(told, history.versions)}")


def first_difference(left, right):
    for at, (one, other) in enumerate(zip(left, right)):
        if one != other:
            return at, one, other
    shorter = min(len(left), len(right))
    return shorter, left[shorter:shorter + 1], right[shorter:shorter + 1]


def check_index(table, index, projected):
    """`index` holds exactly the items of `table` that have the index key, as they are. Both: {key: item}."""
    wanted = {key: item for key, item in table.items() if projected(item)}
    for key in wanted.keys() | index.keys():
        if wanted.get(key) != index.get(key):
            raise Lost(f"{key}: the table holds {wanted.get(key)}, the index {index.get(key)}")
