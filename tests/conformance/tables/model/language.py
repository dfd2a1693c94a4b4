"""Conditions and updates as trees: evaluated here by the rules, rendered as text for the server.

Operands: ("path", (steps...)), ("value", wire), ("size", path operand).
Conditions: (op, a, b) for = <> < <= > >=, begins_with, contains, attribute_type; ("between", a, low, high);
("in", a, [..]); ("exists", path), ("absent", path); ("and", x, y), ("or", x, y), ("not", x).
Updates: lists of ("SET", path, value), ("REMOVE", path), ("ADD", path, wire), ("DELETE", path, wire); a value is an operand,
("+", a, b), ("-", a, b), ("if_not_exists", path, value) or ("list_append", a, b).
"""
from . import values
from .values import MISSING


# ---- conditions -------------------------------------------------------------------------------------------------------
def operand(item, tree):
    if tree[0] == "value":
        return tree[1]
    if tree[0] == "path":
        return values.find(item, tree[1])
    sized = operand(item, tree[1])
    if sized is MISSING:
        return MISSING
    tag, inside = values.kind(sized), values.content(sized)
    if tag in ("N", "BOOL", "NULL"):
        return MISSING
    if tag == "S":
        return {"N": str(len(inside.encode("utf-16-le")) // 2)}
    if tag == "B":
        return {"N": str(values.size(sized))}
    return {"N": str(len(inside))}


def contains(value, part):
    tag, inside = values.kind(value), values.content(value)
    if tag == "S":
        return values.kind(part) == "S" and values.content(part) in inside
    if tag == "B":
        return values.kind(part) == "B" and values.canonical(part)[1] in values.canonical(value)[1]
    if tag in ("SS", "NS", "BS"):
        return values.kind(part) == tag[0] and values.canonical(part)[1] in values.canonical(value)[1]
    return tag == "L" and any(values.same(one, part) for one in inside)


def holds(item, tree):
    op = tree[0]
    if op == "and":
        return holds(item, tree[1]) and holds(item, tree[2])
    if op == "or":
        return holds(item, tree[1]) or holds(item, tree[2])
    if op == "not":
        return not holds(item, tree[1])
    if op in ("exists", "absent"):
        return (values.find(item, tree[1]) is not MISSING) == (op == "exists")
    if op == "in":
        value = operand(item, tree[1])
        others = [operand(item, one) for one in tree[2]]
        return value is not MISSING and any(one is not MISSING and values.same(one, value) for one in others)
    operands = [operand(item, one) for one in tree[1:]]
    if any(one is MISSING for one in operands):
        return op == "<>"
    if op == "between":
        low, high = values.compare(operands[0], operands[1]), values.compare(operands[0], operands[2])
        return low is not None and high is not None and low >= 0 >= high
    a, b = operands
    if op == "=":
        return values.same(a, b)
    if op == "<>":
        return not values.same(a, b)
    if op == "attribute_type":
        return values.kind(a) == values.content(b)
    if op == "contains":
        return contains(a, b)
    if op == "begins_with":
        if values.kind(a) != values.kind(b) or values.kind(a) not in ("S", "B"):
            return False
        return values.order_key(a).startswith(values.order_key(b))
    order = values.compare(a, b)
    if order is None:
        return False
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[op]


# ---- updates ----------------------------------------------------------------------------------------------------------
MISSING_OPERAND = "The provided expression refers to an attribute that does not exist in the item"
WRONG_OPERAND = "An operand in the update expression has an incorrect data type"
INVALID_PATH = "The document path provided in the update expression is invalid for update"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"


class Unfit(Exception):
    """The update does not fit the item."""


def arithmetic(op, a, b):
    if "N" not in a or "N" not in b:
        raise Unfit(WRONG_OPERAND)
    x, y = values.number(a), values.number(b)
    result = values.NUMBERS.add(x, y) if op == "+" else values.NUMBERS.subtract(x, y)
    if not values.fits(result):
        raise Unfit(UNDERFLOW if result.adjusted() < -130 else OVERFLOW)
    return {"N": values.plain(result)}


def compute(item, tree):
    op = tree[0]
    if op == "value":
        return values.copy(tree[1])
    if op == "path":
        value = values.find(item, tree[1])
        if value is MISSING:
            raise Unfit(MISSING_OPERAND)
        return values.copy(value)
    if op == "if_not_exists":
        value = values.find(item, tree[1])
        return values.copy(value) if value is not MISSING else compute(item, tree[2])
    a, b = compute(item, tree[1]), compute(item, tree[2])
    if op == "list_append":
        if "L" not in a or "L" not in b:
            raise Unfit(WRONG_OPERAND)
        return {"L": a["L"] + b["L"]}
    return arithmetic(op, a, b)


def union(a, b):
    tag = values.kind(a)
    known = values.canonical(a)[1]
    return {tag: a[tag] + [one for one in b[tag] if values.canonical({tag: [one]})[1].isdisjoint(known)]}


def difference(a, b):
    tag = values.kind(a)
    gone = values.canonical(b)[1]
    return {tag: [one for one in a[tag] if values.canonical({tag: [one]})[1].isdisjoint(gone)]}


def parent_of(item, path):
    if len(path) == 1:
        return None
    parent = values.find(item, path[:-1])
    if parent is MISSING or ("L" if isinstance(path[-1], int) else "M") not in parent:
        raise Unfit(INVALID_PATH)
    return values.content(parent)


def apply(old, key, actions):
    """The new item (None: none is made). Raises Unfit with every text that would be right."""
    item = values.copy_item(old if old is not None else key)
    before = old if old is not None else key
    if old is None and actions and all(action[0] in ("REMOVE", "DELETE") for action in actions):
        return None
    places, appended, removed, wrong = [], [], [], []
    for action in actions:
        section, path = action[0], action[1]
        if old is None and section in ("REMOVE", "DELETE"):
            continue
        try:
            current = values.find(before, path)
            if section == "SET":
                value = compute(before, action[2])
            elif section == "REMOVE":
                parent_of(before, path)
                if current is not MISSING:
                    removed.append(path)
                continue
            elif section == "ADD":
                value = action[2]
                if current is not MISSING:
                    if values.kind(current) != values.kind(value):
                        raise Unfit(WRONG_OPERAND)
                    value = arithmetic("+", current, value) if "N" in value else union(current, value)
            else:
                parent_of(before, path)
                if current is MISSING:
                    continue
                if values.kind(current) != values.kind(action[2]):
                    raise Unfit(WRONG_OPERAND)
                value = difference(current, action[2])
                if not values.content(value):
                    removed.append(path)
                    continue
            parent = parent_of(before, path)
            (appended if isinstance(path[-1], int) and path[-1] >= len(parent) else places).append((path, value))
        except Unfit as error:
            wrong.append(str(error))
    if wrong:
        raise Unfit(*wrong)
    for path, value in places:
        holder = item if len(path) == 1 else parent_of(item, path)
        holder[path[-1]] = values.copy(value)
    for path, value in sorted(appended, key=lambda one: one[0][-1]):
        parent_of(item, path).append(values.copy(value))
    # From the last position to the first, so that positions are those of the old item.
    for path in sorted(removed, key=lambda path: [(isinstance(step, int), step) for step in path], reverse=True):
        holder = item if len(path) == 1 else parent_of(item, path)
        del holder[path[-1]]
    return item


# ---- text -------------------------------------------------------------------------------------------------------------
class Text:
    """Renders trees; collects what goes to ExpressionAttributeNames and -Values."""

    def __init__(self, random):
        self.random = random
        self.names, self.values = {}, {}

    def name(self, step):
        plain = step.isascii() and step.isalnum() and step[0].isalpha() and len(step) > 2 and step.startswith("at")
        if plain and self.random.random() < 0.5:
            return step
        for known, value in self.names.items():
            if value == step and self.random.random() < 0.7:
                return known
        reference = f"#n{len(self.names)}"
        self.names[reference] = step
        return reference

    def value(self, wire):
        reference = f":v{len(self.values)}"
        self.values[reference] = wire
        return reference

    def path(self, steps):
        out = self.name(steps[0])
        for step in steps[1:]:
            out += f"[{step}]" if isinstance(step, int) else "." + self.name(step)
        return out

    def operand(self, tree):
        if tree[0] == "value":
            return self.value(tree[1])
        if tree[0] == "path":
            return self.path(tree[1])
        return f"size({self.operand(tree[1])})"

    def word(self, text):
        return text if self.random.random() < 0.8 else text.lower()

    def condition(self, tree, outer=0):
        """`outer`: how tightly what is around binds (0 nothing, 1 OR, 2 AND, 3 NOT)."""
        op = tree[0]
        level = {"or": 1, "and": 2, "not": 3}.get(op)
        if level is not None:
            if op == "not":
                text = f"{self.word('NOT')} {self.condition(tree[1], 3)}"
            else:
                text = f"{self.condition(tree[1], level)} {self.word(op.upper())} {self.condition(tree[2], level)}"
            return f"({text})" if level < outer or self.random.random() < 0.15 else text
        if op in ("exists", "absent"):
            return f"{'attribute_exists' if op == 'exists' else 'attribute_not_exists'}({self.path(tree[1])})"
        if op in ("contains", "begins_with", "attribute_type"):
            return f"{op}({self.operand(tree[1])}, {self.operand(tree[2])})"
        if op == "between":
            text = f"{self.operand(tree[1])} {self.word('BETWEEN')} {self.operand(tree[2])} AND {self.operand(tree[3])}"
            return text
        if op == "in":
            return f"{self.operand(tree[1])} {self.word('IN')} ({', '.join(self.operand(one) for one in tree[2])})"
        blank = self.random.choice(("", " "))
        return f"{self.operand(tree[1])}{blank}{op}{blank}{self.operand(tree[2])}"

    def update(self, actions):
        sections = {}
        for action in actions:
            sections.setdefault(action[0], []).append(action)
        order = list(sections)
        self.random.shuffle(order)
        out = []
        for section in order:
            parts = []
            for action in sections[section]:
                if section == "SET":
                    parts.append(f"{self.path(action[1])} = {self.computed(action[2])}")
                elif section == "REMOVE":
                    parts.append(self.path(action[1]))
                else:
                    parts.append(f"{self.path(action[1])} {self.value(action[2])}")
            out.append(f"{self.word(section)} {', '.join(parts)}")
        return " ".join(out)

    def computed(self, tree):
        op = tree[0]
        if op in ("+", "-"):
            return f"{self.computed(tree[1])} {op} {self.computed(tree[2])}"
        if op == "if_not_exists":
            return f"if_not_exists({self.path(tree[1])}, {self.computed(tree[2])})"
        if op == "list_append":
            return f"list_append({self.computed(tree[1])}, {self.computed(tree[2])})"
        return self.operand(tree)

    def projection(self, paths):
        return ", ".join(self.path(one) for one in paths)

    def members(self):
        out = {}
        if self.names:
            out["ExpressionAttributeNames"] = self.names
        if self.values:
            out["ExpressionAttributeValues"] = self.values
        return out
