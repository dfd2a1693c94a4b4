"""Concurrent clients: what they saw must be explained by one order of their transactions (history.py), money must not be made,
and a condition must hold for the items that it spoke of. A transaction that met another one (TransactionConflict) is not done."""
import random
import threading
import time

import pytest

from .history import Anomaly, Done, check
from .wire import L, N, S

CONFLICTS = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


# ---- The checker ----------------------------------------------------------------------------------------------------------
def test_the_checker_accepts_what_an_order_explains():
    check([Done(0, 3, {"x": 1}), Done(1, 4, {"x": 2, "y": 3}, {"x": [1, 2]}), Done(2, 5, reads={"x": [1], "y": []}),
           Done(2, 5, {"x": 9}, ok=False)], {"x": [1, 2], "y": [3]})


@pytest.mark.parametrize("name,history,final", [
    ("lost", [Done(0, 1, {"x": 1})], {"x": []}),
    ("of_nobody", [], {"x": [1]}),
    ("of_a_refused", [Done(0, 1, {"x": 1}, ok=False)], {"x": [1]}),
    ("intermediate", [Done(0, 1, {"x": 1}), Done(0, 1, {"x": 2}), Done(0, 1, reads={"x": [2]})], {"x": [1, 2]}),
    ("half", [Done(0, 9, {"x": 1, "y": 1}), Done(0, 9, reads={"x": [1], "y": []})], {"x": [1], "y": [1]}),
    ("skew", [Done(0, 9, {"x": 1}, {"y": []}), Done(0, 9, {"y": 2}, {"x": []})], {"x": [1], "y": [2]}),
    ("long_fork", [Done(0, 9, {"x": 1}), Done(0, 9, {"y": 2}), Done(0, 9, reads={"x": [1], "y": []}), Done(0, 9, reads={"x": [], "y": [2]})],
     {"x": [1], "y": [2]}),
    ("stale", [Done(0, 1, {"x": 1}), Done(2, 3, reads={"x": []})], {"x": [1]}),
    ("backwards", [Done(0, 9, {"x": 1}), Done(0, 1, reads={"x": [1]}), Done(2, 3, reads={"x": []})], {"x": [1]}),
])
def test_the_checker_finds(name, history, final):
    with pytest.raises(Anomaly):
        check(history, final)


# ---- Histories ------------------------------------------------------------------------------------------------------------
def together(count, work):
    """Runs work(i) in so many threads; the first failure is the test's."""
    failures = []

    def run(i):
        try:
            work(i)
        except BaseException as failure:  # noqa: BLE001 (told by the main thread)
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if failures:
        raise failures[0]


def conflicted(answer):
    """Refused because of another transaction, and for no other reason."""
    if answer.status != 400:
        return False
    if answer.code in ("TransactionConflictException", "TransactionInProgressException", "ThrottlingException",
                       "ProvisionedThroughputExceededException"):
        return True
    return answer.code == "TransactionCanceledException" and {one["Code"] for one in answer.json["CancellationReasons"]} - {"None"} <= CONFLICTS


class Client:
    """One client of the lists: random transactions, noted with their times."""

    def __init__(self, wire, table, registers, number):
        self.wire, self.table, self.registers = wire, table, registers
        self.random = random.Random(number)
        self.number = number * 1_000_000
        self.history = []

    def fresh(self):
        self.number += 1
        return self.number

    def some(self, most):
        return self.random.sample(self.registers, self.random.randrange(1, most + 1))

    def append(self, register, number):
        return {"TableName": self.table, "Key": {"p": S(register)}, "UpdateExpression": "SET l = list_append(if_not_exists(l, :none), :more)",
                "ExpressionAttributeValues": {":none": L(), ":more": L(N(number))}}

    def note(self, operation, body, appends=None, reads=None):
        """`reads`: from the answer to what it shows."""
        began = time.perf_counter()
        answer = self.wire.call(operation, body)
        ended = time.perf_counter()
        if conflicted(answer):
            self.history.append(Done(began, ended, appends, ok=False))
            return
        assert answer.status == 200, answer.body
        self.history.append(Done(began, ended, appends, reads(answer.json) if reads else None))

    def step(self):
        kind = self.random.randrange(10)
        if kind < 3:
            appends = {one: self.fresh() for one in self.some(3)}
            self.note("TransactWriteItems", {"TransactItems": [{"Update": self.append(*one)} for one in appends.items()]}, appends)
        elif kind < 6:
            chosen = self.some(4)
            self.note("TransactGetItems", {"TransactItems": [{"Get": {"TableName": self.table, "Key": {"p": S(one)}}} for one in chosen]},
                      reads=lambda answer: {one: numbers(got.get("Item")) for one, got in zip(chosen, answer["Responses"])})
        elif kind < 8:
            register, number = self.random.choice(self.registers), self.fresh()
            self.note("UpdateItem", {**self.append(register, number), "ReturnValues": "ALL_NEW"}, {register: number},
                      lambda answer: {register: numbers(answer["Attributes"])})
        elif kind < 9:
            register = self.random.choice(self.registers)
            self.note("GetItem", {"TableName": self.table, "Key": {"p": S(register)}, "ConsistentRead": True},
                      reads=lambda answer: {register: numbers(answer.get("Item"))})
        else:
            chosen = self.some(3)
            began = time.perf_counter()
            got = self.wire.ok("BatchGetItem", RequestItems={self.table: {"Keys": [{"p": S(one)} for one in chosen], "ConsistentRead": True}})
            ended = time.perf_counter()
            seen = {item["p"]["S"]: numbers(item) for item in got["Responses"][self.table]}
            # Each item for itself: a batch is no transaction.
            self.history += [Done(began, ended, reads={one: seen.get(one, [])}) for one in chosen]


def numbers(item):
    return [int(one["N"]) for one in item["l"]["L"]] if item else []


def test_histories_are_strictly_serializable(wire, hash_table, key):
    registers = [key("list") for _ in range(5)]
    clients = [Client(wire, hash_table, registers, i + 1) for i in range(6)]
    until = time.monotonic() + 3

    def work(i):
        while time.monotonic() < until and len(clients[i].history) < 400:
            clients[i].step()

    together(len(clients), work)
    final = {one: numbers(wire.ok("GetItem", TableName=hash_table, Key={"p": S(one)}, ConsistentRead=True).get("Item")) for one in registers}
    history = [one for client in clients for one in client.history]
    done = [one for one in history if one.ok]
    assert len(done) > 50 and any(len(one.appends) > 1 for one in done), "too little was done to show anything"
    check(history, final)


def test_money_is_neither_made_nor_lost(wire, hash_table, key):
    accounts = [key("account") for _ in range(6)]
    for one in accounts:
        wire.ok("PutItem", TableName=hash_table, Item={"p": S(one), "balance": N(100)})
    until = time.monotonic() + 2
    counts = {"moved": 0, "read": 0}

    def move(source, target, amount):
        def change(account, text, condition=None):
            update = {"TableName": hash_table, "Key": {"p": S(account)}, "UpdateExpression": f"SET balance = balance {text} :a",
                      "ExpressionAttributeValues": {":a": N(amount)}}
            return {"Update": {**update, "ConditionExpression": condition} if condition else update}
        answer = wire.call("TransactWriteItems", {"TransactItems": [change(source, "-", "balance >= :a"), change(target, "+")]})
        if answer.status == 200:
            counts["moved"] += 1
        else:
            assert answer.code == "TransactionCanceledException" or conflicted(answer), answer.body

    def work(i):
        chosen = random.Random(i)
        while time.monotonic() < until:
            if i == 0:
                answer = wire.call("TransactGetItems", {"TransactItems": [{"Get": {"TableName": hash_table, "Key": {"p": S(one)}}} for one in accounts]})
                if conflicted(answer):
                    continue
                balances = [int(one["Item"]["balance"]["N"]) for one in answer.json["Responses"]]
                assert sum(balances) == 600 and min(balances) >= 0, balances
                counts["read"] += 1
            else:
                move(*chosen.sample(accounts, 2), chosen.randrange(1, 60))

    together(5, work)
    assert counts["moved"] and counts["read"], counts
    balances = [int(wire.ok("GetItem", TableName=hash_table, Key={"p": S(one)}, ConsistentRead=True)["Item"]["balance"]["N"]) for one in accounts]
    assert sum(balances) == 600 and min(balances) >= 0, balances


def test_two_checks_of_each_others_item_do_not_both_pass(wire, hash_table, key):
    """Write skew: each of two may leave only while the other is there."""
    for _ in range(40):
        pair = [key("doctor"), key("doctor")]
        for one in pair:
            wire.ok("PutItem", TableName=hash_table, Item={"p": S(one), "here": {"BOOL": True}})
        barrier = threading.Barrier(2)

        def leave(i):
            check_other = {"TableName": hash_table, "Key": {"p": S(pair[1 - i])}, "ConditionExpression": "here = :t",
                           "ExpressionAttributeValues": {":t": {"BOOL": True}}}
            go = {"TableName": hash_table, "Key": {"p": S(pair[i])}, "UpdateExpression": "SET here = :f",
                  "ExpressionAttributeValues": {":f": {"BOOL": False}}}
            barrier.wait()
            answer = wire.call("TransactWriteItems", {"TransactItems": [{"ConditionCheck": check_other}, {"Update": go}]})
            assert answer.status == 200 or answer.code == "TransactionCanceledException", answer.body

        together(2, leave)
        here = [wire.ok("GetItem", TableName=hash_table, Key={"p": S(one)}, ConsistentRead=True)["Item"]["here"]["BOOL"] for one in pair]
        assert any(here), pair


def test_one_of_many_conditional_writes_wins(wire, hash_table, key):
    """Compare and set: every version is written by exactly one."""
    one = {"p": S(key("version"))}
    wire.ok("PutItem", TableName=hash_table, Item={**one, "v": N(0)})
    won = []

    def work(i):
        for _ in range(40):
            v = int(wire.ok("GetItem", TableName=hash_table, Key=one, ConsistentRead=True)["Item"]["v"]["N"])
            answer = wire.call("UpdateItem", {"TableName": hash_table, "Key": one, "UpdateExpression": "SET v = :n",
                                              "ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": N(v), ":n": N(v + 1)}})
            if answer.status == 200:
                won.append(v + 1)
            else:
                assert answer.code == "ConditionalCheckFailedException" or conflicted(answer), answer.body

    together(5, work)
    assert sorted(won) == list(range(1, len(won) + 1))
    assert wire.ok("GetItem", TableName=hash_table, Key=one, ConsistentRead=True)["Item"]["v"] == N(len(won))
