"""Calls of one turn of the event loop go to the database as one, and each ends as if it were alone."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

import pytest
from tests.support.memory_database import MemoryDatabase

from nexus_runtime.dynamo import (
    Action,
    Check,
    ConditionFailed,
    DatabaseUnavailable,
    Item,
    Put,
    Table,
    Update,
    Value,
    Where,
)
from nexus_runtime.dynamo.joint import MOST_CHARACTERS, JointCalls
from nexus_runtime.dynamo.model import MAX_ACTIONS, WritesCollide

NOTES = Table("Notes", "list", "place", sort_key_type="N")
NEW = Where(absent="list")


class Faulty(MemoryDatabase):
    """`faults` by the number of the transaction; `refuses` the note with this text. `calls` has the sizes of calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[int] = []
        self.faults: dict[int, Exception] = {}
        self.refuses: str | None = None

    async def get(self, table: Table, key: Mapping[str, Value], only: Sequence[str] = ()) -> Item | None:
        self.calls.append(1)
        return await super().get(table, key, only)

    async def get_many(self, table: Table, keys: Sequence[Mapping[str, Value]], only: Sequence[str] = ()) -> list[Item]:
        known = self.calls
        self.calls = []  # it makes a `get` of each key
        found = await super().get_many(table, keys, only)
        self.calls = [*known, len(keys)]
        return found

    async def write(self, *actions: Action, tries: int = 1) -> None:
        self.calls.append(len(actions))
        if fault := self.faults.get(len(self.calls)):
            raise fault
        if self.refuses and any(isinstance(one, Put) and one.item["text"] == self.refuses for one in actions):
            raise ValueError("it does not fit")
        await super().write(*actions, tries=tries)

    def texts(self) -> list[str]:
        return sorted(item["text"] for item in self.items(NOTES))


@pytest.fixture
def database() -> Faulty:
    return Faulty()


@pytest.fixture
def joint(database: Faulty) -> JointCalls:
    return JointCalls(database)


def note(text: str, where: Where | None = NEW) -> Put:
    return Put(NOTES, {"list": text[:1], "place": int(text[1:2] or 0), "text": text}, where=where)


async def ended(*asked: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_writes_of_one_turn_are_one_transaction(joint: JointCalls, database: Faulty) -> None:
    assert await ended(joint.write(note("a"), note("b")), joint.write(note("c"))) == [None, None]
    await joint.write(note("d"))
    assert (database.calls, database.texts()) == ([3, 1], ["a", "b", "c", "d"])


async def test_a_failed_condition_is_told_to_its_own_write_alone(joint: JointCalls, database: Faulty) -> None:
    await joint.write(note("x"))
    first, second, third = await ended(
        joint.write(note("a")), joint.write(note("b"), note("x")), joint.write(note("c"), note("d"))
    )
    assert (first, third) == (None, None)
    assert isinstance(second, ConditionFailed)
    assert second.failed == {1}
    assert (database.calls, database.texts()) == ([1, 5, 3], ["a", "c", "d", "x"])


async def test_where_all_conditions_fail_nothing_is_written(joint: JointCalls, database: Faulty) -> None:
    await joint.write(note("a"), note("b"))
    failed = await ended(joint.write(note("a")), joint.write(note("b")))
    assert [type(one) for one in failed] == [ConditionFailed, ConditionFailed]
    assert database.calls == [2, 2]


async def test_a_transaction_touches_an_item_once(joint: JointCalls, database: Faulty) -> None:
    longer = Update(NOTES, {"list": "n", "place": 0}, append={"text": ["x"]})
    assert await ended(*(joint.write(longer) for _ in range(3))) == [None] * 3
    assert (database.calls, database.items(NOTES)[0]["text"]) == ([1, 1, 1], ["x"] * 3)


def open_gate(text: str = "gate") -> Check:
    return Check(NOTES, {"list": "gate", "place": 0}, where=Where(equal={"text": text}))


async def test_what_several_check_alike_is_checked_once(joint: JointCalls, database: Faulty) -> None:
    await joint.write(note("c"))
    database.tables[NOTES.name]["gate", 0] = {"list": "gate", "place": 0, "text": "gate"}
    ends = await ended(
        *(joint.write(note(text), open_gate()) for text in "abcd"), joint.write(note("e"), open_gate("no"))
    )
    assert [one.failed if isinstance(one, ConditionFailed) else one for one in ends] == [
        *(None, None, frozenset({0}), None, frozenset({1}))
    ]
    # Four that check the same, then without the one whose note is there already; who checks something else goes alone.
    assert database.calls[1:] == [5, 4, 2]


async def test_a_check_that_fails_is_told_to_all_who_made_it(joint: JointCalls, database: Faulty) -> None:
    writes = [joint.write(note(text), open_gate()) for text in "ab"]
    failed = await ended(*writes, joint.write(note("c")))
    assert [isinstance(one, ConditionFailed) and one.failed for one in failed] == [{1}, {1}, False]
    assert database.texts() == ["c"]


def count(number: int, where: Where | None = None, **more: Any) -> Update:
    return Update(NOTES, {"list": "counts", "place": 0}, add={"number": number}, where=where, **more)


async def test_what_several_count_is_one_action_as_if_one_came_after_the_other(
    joint: JointCalls, database: Faulty
) -> None:
    database.tables[NOTES.name] = {("counts", 0): {"list": "counts", "place": 0, "of": "x", "text": "none"}}
    mine = Where(equal={"of": "x"})
    counts = [
        joint.write(count(number, mine, assign={"text": str(number)}), note(f"a{number}")) for number in (1, 2, 4)
    ]
    assert await ended(*counts) == [None] * 3
    found = database.tables[NOTES.name]["counts", 0]
    assert (found["number"], found["text"], database.calls) == (7, "4", [4])
    counts = [joint.write(count(number, Where(equal={"of": "y"})), note(f"b{number}")) for number in (1, 2)]
    failed = await ended(*counts, joint.write(note("c")))
    assert [isinstance(one, ConditionFailed) and one.failed for one in failed] == [{0}, {0}, False]


@pytest.mark.parametrize(
    "counts",
    [
        [count(1, Where(at_most={"number": 1})), count(1, Where(at_most={"number": 1}))],
        [count(1, Where(absent="number")), count(1, Where(absent="number"))],
        [count(1, default={"since": 1}), count(1, default={"since": 2})],
        [count(1), count(1, Where(equal={"of": "x"}))],
        [count(1), Update(NOTES, {"list": "counts", "place": 0}, assign={"number": 9})],
    ],
    ids=["condition on the count", "the first", "default", "other condition", "assigned"],
)
async def test_what_is_not_the_same_as_one_after_the_other_is_not_one_action(
    joint: JointCalls, database: Faulty, counts: Sequence[Update]
) -> None:
    await ended(*(joint.write(one, note(f"a{number}")) for number, one in enumerate(counts)))
    assert database.calls == [2, 2]


async def test_a_transaction_has_a_limited_number_of_actions(joint: JointCalls, database: Faulty) -> None:
    pairs = [(note(f"{chr(200 + number)}0"), note(f"{chr(200 + number)}1")) for number in range(MAX_ACTIONS)]
    await ended(*(joint.write(*pair) for pair in pairs))
    assert database.calls == [MAX_ACTIONS, MAX_ACTIONS]


async def test_a_transaction_has_a_limited_size(joint: JointCalls, database: Faulty) -> None:
    await ended(*(joint.write(note(letter + "0" + "x" * (MOST_CHARACTERS // 3))) for letter in "abcd"))
    assert database.calls == [2, 2]


async def test_what_is_refused_keeps_no_other_from_being_written(joint: JointCalls, database: Faulty) -> None:
    database.refuses = "b"
    first, second, third = await ended(*(joint.write(note(text)) for text in "abc"))
    assert (first, third, database.texts()) == (None, None, ["a", "c"])
    assert isinstance(second, ValueError)


async def test_writes_that_collide_with_others_are_repeated_one_by_one(joint: JointCalls, database: Faulty) -> None:
    database.faults = {1: WritesCollide("busy")}
    assert await ended(joint.write(note("a")), joint.write(note("b"))) == [None, None]
    assert database.calls == [2, 1, 1]


async def test_where_the_database_is_unavailable_all_are_told(joint: JointCalls, database: Faulty) -> None:
    database.faults = {1: DatabaseUnavailable("no answer")}
    failed = await ended(joint.write(note("a")), joint.write(note("b")))
    assert [type(one) for one in failed] == [DatabaseUnavailable, DatabaseUnavailable]
    assert database.calls == [2]


async def test_who_is_cancelled_takes_nobody_along(joint: JointCalls, database: Faulty) -> None:
    leaving, staying = joint.write(note("a")), joint.write(note("b"))
    leaving.cancel()
    await staying
    assert leaving.cancelled()
    assert database.texts() == ["b"]


async def test_reads_of_one_turn_are_one_call(joint: JointCalls, database: Faulty) -> None:
    await joint.write(note("a"), note("b"))
    keys = [{"list": letter, "place": 0} for letter in "abca"]
    found = await asyncio.gather(*(joint.get(NOTES, key, only=("text",)) for key in keys))
    assert [item and item["text"] for item in found] == ["a", "b", None, "a"]
    assert database.calls == [2, 3]


async def test_a_read_alone_is_one_of_an_item(joint: JointCalls, database: Faulty) -> None:
    await joint.write(note("a"))
    both = await asyncio.gather(*(joint.get(NOTES, {"list": "a", "place": 0}) for _ in range(2)))
    assert [item and item["text"] for item in both] == ["a", "a"]
    assert await joint.get(NOTES, {"list": "z", "place": 0}) is None
    assert database.calls == [1, 1, 1]


async def test_other_attributes_are_another_call(joint: JointCalls, database: Faulty) -> None:
    await joint.write(note("a"))
    key = {"list": "a", "place": 0}
    await asyncio.gather(joint.get(NOTES, key, only=("text",)), joint.get(NOTES, key))
    assert database.calls == [1, 1, 1]
