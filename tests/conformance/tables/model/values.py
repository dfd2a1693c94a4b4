"""Attribute values in wire form ({"N": "1"}), and what DynamoDB says about them."""
import base64
import decimal

# Exact for sums of any two numbers in range: from 1e125 down to 1e-168.
NUMBERS = decimal.Context(prec=320, Emin=-999, Emax=999)
MISSING = None


def number(value):
    return decimal.Decimal(value["N"])


def plain(value):
    """A decimal as DynamoDB prints it: no exponent, no superfluous zero."""
    if value == 0:
        return "0"
    text = format(value.normalize(NUMBERS), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def fits(value):
    if value == 0:
        return True
    digits = value.normalize(NUMBERS).as_tuple().digits
    return len(digits) <= 38 and -130 <= value.adjusted() <= 125


def kind(value):
    return next(iter(value))


def content(value):
    return next(iter(value.values()))


def canonical(value):
    """Equal for values that DynamoDB calls equal, and hashable."""
    tag, inside = kind(value), content(value)
    if tag == "N":
        return tag, decimal.Decimal(inside)
    if tag == "B":
        return tag, base64.b64decode(inside)
    if tag == "L":
        return tag, tuple(canonical(one) for one in inside)
    if tag == "M":
        return tag, canonical_item(inside)
    if tag == "NS":
        return tag, frozenset(decimal.Decimal(one) for one in inside)
    if tag == "BS":
        return tag, frozenset(base64.b64decode(one) for one in inside)
    if tag == "SS":
        return tag, frozenset(inside)
    return tag, inside


def canonical_item(item):
    return frozenset((name, canonical(value)) for name, value in item.items())


def same(a, b):
    return canonical(a) == canonical(b)


def normal(value):
    """The wire form that the server answers with: numbers in canonical print, sets sorted (their order is free)."""
    tag, inside = kind(value), content(value)
    if tag == "N":
        return {tag: plain(decimal.Decimal(inside))}
    if tag == "NS":
        return {tag: [plain(one) for one in sorted(decimal.Decimal(one) for one in inside)]}
    if tag in ("SS", "BS"):
        return {tag: sorted(inside)}
    if tag == "L":
        return {tag: [normal(one) for one in inside]}
    if tag == "M":
        return {tag: normal_item(inside)}
    return {tag: inside}


def normal_item(item):
    return {name: normal(value) for name, value in sorted(item.items())}


def answered(item):
    """An item of an answer: its numbers must come as they are printed canonically; its sets may come in any order."""
    return {name: _answered(value) for name, value in sorted(item.items())}


def _answered(value):
    tag, inside = kind(value), content(value)
    if tag == "NS":
        return {tag: sorted(inside, key=decimal.Decimal)}
    if tag in ("SS", "BS"):
        return {tag: sorted(inside)}
    if tag == "L":
        return {tag: [_answered(one) for one in inside]}
    if tag == "M":
        return {tag: answered(inside)}
    return value


def order_key(value):
    """For sorting values of one key type."""
    tag, inside = kind(value), content(value)
    if tag == "N":
        return decimal.Decimal(inside)
    return inside.encode() if tag == "S" else base64.b64decode(inside)


def compare(a, b):
    """-1, 0 or 1 for two strings, numbers or binaries; None for what has no order."""
    if kind(a) != kind(b) or kind(a) not in ("S", "N", "B"):
        return None
    x, y = order_key(a), order_key(b)
    return (x > y) - (x < y)


def number_size(value):
    value = decimal.Decimal(value)
    if value == 0:
        return 1
    digits = "".join(map(str, value.normalize(NUMBERS).as_tuple().digits))
    exponent = value.normalize(NUMBERS).adjusted()
    n = len(digits)
    return 1 + (n + 1) // 2 + (1 if n % 2 == 0 and exponent % 2 == 0 else 0) + (1 if value < 0 else 0)


def size(value):
    tag, inside = kind(value), content(value)
    if tag == "S":
        return len(inside.encode())
    if tag == "N":
        return number_size(inside)
    if tag == "B":
        return len(base64.b64decode(inside))
    if tag in ("BOOL", "NULL"):
        return 1
    if tag == "SS":
        return sum(len(one.encode()) for one in inside)
    if tag == "NS":
        return sum(number_size(one) for one in inside)
    if tag == "BS":
        return sum(len(base64.b64decode(one)) for one in inside)
    if tag == "L":
        return 3 + sum(1 + size(one) for one in inside)
    return 3 + sum(1 + len(name.encode()) + size(one) for name, one in inside.items())


def item_size(item):
    return sum(len(name.encode()) + size(value) for name, value in item.items())


def depth(value):
    tag, inside = kind(value), content(value)
    if tag == "L":
        return 1 + max((depth(one) for one in inside), default=0)
    if tag == "M":
        return 1 + max((depth(one) for one in inside.values()), default=0)
    return 1


def copy(value):
    tag, inside = kind(value), content(value)
    if tag == "L":
        return {tag: [copy(one) for one in inside]}
    if tag == "M":
        return {tag: {name: copy(one) for name, one in inside.items()}}
    return {tag: list(inside) if isinstance(inside, list) else inside}


def copy_item(item):
    return {name: copy(value) for name, value in item.items()}


# ---- paths: a tuple of names (str) and positions (int) ----------------------------------------------------------------
def child(value, step):
    if isinstance(step, int):
        inside = value.get("L")
        return inside[step] if inside is not None and step < len(inside) else MISSING
    inside = value.get("M")
    return inside.get(step) if inside is not None else MISSING


def find(item, path):
    value = item.get(path[0])
    for step in path[1:]:
        if value is MISSING:
            return MISSING
        value = child(value, step)
    return value


def project(item, paths):
    """The parts of an item at these paths, in their hierarchy; list elements in order, without gaps."""
    tree = {}
    for path in paths:
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
        branch[path[-1]] = None
    taken = _take({"M": item}, tree)
    return taken["M"] if taken is not MISSING else {}


def _take(value, tree):
    if tree is None:
        return value
    found = []
    for step in sorted(tree, key=lambda step: (isinstance(step, str), step)):
        part = child(value, step)
        part = _take(part, tree[step]) if part is not MISSING else MISSING
        if part is not MISSING:
            found.append((step, part))
    if not found:
        return MISSING
    if "M" in value:
        return {"M": dict(found)}
    return {"L": [part for _, part in found]}
