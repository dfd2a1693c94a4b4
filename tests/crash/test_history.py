"""The crash test's own checks find what they are there to find."""
import pytest

from history import KeyHistory, Lost, StreamFold, Write, check_index

A, B, C = {"k": 1, "op": "a"}, {"k": 1, "op": "b"}, {"k": 1, "op": "c"}


def history(*writes):
    made = KeyHistory(key=1)
    for write in writes:
        made.begin(write)
    return made


def fold(*steps):
    folded = StreamFold(key_of=lambda keys: keys)
    for number, (name, old, new) in enumerate(steps):
        folded.add(name, 1, old, new, f"e{number}")
    return folded


def test_an_acknowledged_write_must_be_there():
    made = history(Write("a", A, True), Write("b", B, True))
    with pytest.raises(Lost):
        made.settle(A)


def test_a_write_without_an_answer_may_be_there_or_not():
    for found, versions in ((A, [A]), (B, [A, B])):
        made = history(Write("a", A, True), Write("b", B, False))
        made.settle(found)
        assert made.versions == versions


def test_nothing_else_may_be_there():
    with pytest.raises(Lost):
        history(Write("a", A, True), Write("b", B, False)).settle(C)
    with pytest.raises(Lost):
        history(Write("a", A, True), Write("d", None, True)).settle(A)


def test_a_delete_without_an_answer_is_settled():
    for found, versions in ((A, [A]), (None, [A, None])):
        made = history(Write("a", A, True), Write("d", None, False))
        made.settle(found)
        assert made.versions == versions


def test_a_delete_of_nothing_leaves_no_version():
    made = history(Write("d", None, True), Write("a", A, True), Write("d", None, True), Write("d", None, True))
    made.settle(None)
    assert made.versions == [A, None]


def test_one_unknown_at_a_time():
    made = history(Write("a", A, False))
    with pytest.raises(ValueError):
        made.begin(Write("b", B))


def test_the_fold_follows_the_images():
    folded = fold(("INSERT", None, A), ("MODIFY", A, B), ("REMOVE", B, None), ("INSERT", None, C))
    folded.check_table({1: C})
    made = history(*[Write("x", image, True) for image in (A, B, None, C)])
    made.settle(C)
    folded.check_history(made)


@pytest.mark.parametrize("steps", [
    [("INSERT", None, A), ("MODIFY", B, C)],            # a record is missing between the two
    [("INSERT", None, A), ("INSERT", None, B)],         # a removal is missing
    [("MODIFY", None, A)],                              # the name does not fit the images
])
def test_a_broken_chain_is_found(steps):
    with pytest.raises(Lost):
        fold(*steps)


def test_a_record_twice_is_found():
    folded = fold(("INSERT", None, A))
    with pytest.raises(Lost):
        folded.add("MODIFY", 1, A, B, "e0")


def test_an_item_without_its_record_and_the_reverse_are_found():
    with pytest.raises(Lost):
        fold(("INSERT", None, A)).check_table({1: B})
    with pytest.raises(Lost):
        fold(("INSERT", None, A)).check_table({})
    with pytest.raises(Lost):
        fold().check_table({1: A})


def test_a_write_without_its_record_is_found():
    made = history(Write("a", A, True), Write("b", B, True))
    made.settle(B)
    with pytest.raises(Lost):
        fold(("INSERT", None, B)).check_history(made)


def test_an_index_that_disagrees_is_found():
    table = {1: {"g": "x"}, 2: {"other": 1}}
    check_index(table, {1: {"g": "x"}}, lambda item: "g" in item)
    for index in ({}, {1: {"g": "y"}}, {1: {"g": "x"}, 2: {"other": 1}}, {1: {"g": "x"}, 3: {"g": "x"}}):
        with pytest.raises(Lost):
            check_index(table, index, lambda item: "g" in item)
