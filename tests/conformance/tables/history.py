"""Is a history of transactions over lists strictly serializable? Each register is a list to which unique numbers are appended, so
what a read shows tells which writes came before it, and the last read of a register gives the order of all its writes.

A history is a list of Done. Edges: the writer of what a read saw last comes before the reader (wr), an append before the next one
of the same register (ww), a reader before the append that it did not see (rw), and what had ended before what began later. A cycle
means that no order of the transactions explains what was seen.
"""
from collections import defaultdict


class Done:
    """One transaction: when it began and ended, what it appended {register: number}, what it read {register: list}. `ok` is
    False for one that was refused: nothing of it may ever be seen."""

    def __init__(self, began, ended, appends=None, reads=None, ok=True):
        self.began, self.ended, self.ok = began, ended, ok
        self.appends, self.reads = appends or {}, reads or {}

    def __repr__(self):
        return f"Done(appends={self.appends}, reads={self.reads}, ok={self.ok}, {self.began:.6f}..{self.ended:.6f})"


class Anomaly(AssertionError):
    pass


def check(history, final):
    """`final`: the content of every register at the end. Raises Anomaly."""
    writer = {}
    for index, one in enumerate(history):
        for register, number in one.appends.items():
            writer[register, number] = index
    position = {}
    for register, numbers in final.items():
        if len(set(numbers)) != len(numbers):
            raise Anomaly(f"{register} holds a number twice: {numbers}")
        for place, number in enumerate(numbers):
            if (register, number) not in writer:
                raise Anomaly(f"{register} holds {number}, which nobody wrote")
            if not history[writer[register, number]].ok:
                raise Anomaly(f"{register} holds {number} of a refused transaction: {history[writer[register, number]]}")
            position[register, number] = place
    for one in history:
        for register, number in one.appends.items():
            if one.ok and (register, number) not in position:
                raise Anomaly(f"lost: {number} of {register}, {one}")
        for register, seen in one.reads.items():
            if seen != final[register][:len(seen)]:
                raise Anomaly(f"{register}: {seen} was never its content; {final[register]} is, in the end. {one}")
    cycle = find_cycle(_edges(history, final, writer))
    if cycle:
        raise Anomaly("no order explains these:\n" + "\n".join(str(history[one]) for one in cycle if one < len(history)))


def _edges(history, final, writer):
    edges = defaultdict(set)
    for register, numbers in final.items():
        for a, b in zip(numbers, numbers[1:]):
            edges[writer[register, a]].add(writer[register, b])
    for index, one in enumerate(history):
        for register, seen in one.reads.items():
            # A transaction that appended and read sees its own number last.
            before = seen[:-1] if seen and seen[-1] == one.appends.get(register) else seen
            if before:
                edges[writer[register, before[-1]]].add(index)
            if len(seen) < len(final[register]):
                edges[index].add(writer[register, final[register][len(seen)]])
    # Time: a chain of the ends; who begins hangs on the last end before.
    ends = sorted((one.ended, index) for index, one in enumerate(history) if one.ok)
    chain = len(history)
    for place, (_, index) in enumerate(ends):
        edges[index].add(chain + place)
        if place:
            edges[chain + place - 1].add(chain + place)
    times = [ended for ended, _ in ends]
    for index, one in enumerate(history):
        last = _below(times, one.began)
        if last >= 0 and one.ok:
            edges[chain + last].add(index)
    for index, after in edges.items():
        after.discard(index)
    return edges


def _below(times, moment):
    """The place of the last time before the moment."""
    low, high = 0, len(times)
    while low < high:
        middle = (low + high) // 2
        if times[middle] < moment:
            low = middle + 1
        else:
            high = middle
    return low - 1


def find_cycle(edges):
    """A cycle as a list of nodes, or None (depth first, without recursion)."""
    state = {}
    for root in list(edges):
        if root in state:
            continue
        path, stack = [], [(root, iter(edges.get(root, ())))]
        state[root] = "open"
        path.append(root)
        while stack:
            node, following = stack[-1]
            for other in following:
                if state.get(other) == "open":
                    return path[path.index(other):]
                if other not in state:
                    state[other] = "open"
                    path.append(other)
                    stack.append((other, iter(edges.get(other, ()))))
                    break
            else:
                state[node] = "closed"
                path.pop()
                stack.pop()
    return None
