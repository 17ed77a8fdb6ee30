"""Offsets are committed together, later, and never lost by an orderly end."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError
from aiokafka.structs import OffsetAndMetadata
from tests.support.eventually import eventually

from nexus_runtime.kafka import commits as commits_module
from nexus_runtime.kafka.commits import Commits

FIRST, SECOND = TopicPartition("t", 0), TopicPartition("t", 1)


class Group:
    """What the broker was told; `holds` makes commits wait, `moved` fails them."""

    def __init__(self) -> None:
        self.told: list[dict[TopicPartition, Any]] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.moved = False

    async def commit(self, offsets: Mapping[TopicPartition, Any]) -> None:
        await self.goes_on.wait()
        if self.moved:
            raise CommitFailedError("rebalanced")
        self.told.append({one: getattr(at, "offset", at) for one, at in offsets.items()})


def at(offset: int) -> OffsetAndMetadata:
    return OffsetAndMetadata(offset, "")


async def test_batches_that_follow_each_other_are_committed_together() -> None:
    group = Group()
    commits = Commits(group.commit, seconds=0.01)
    for offset in range(1, 5):
        commits.settle({FIRST: at(offset), SECOND: at(7)})
    assert group.told == []
    await eventually(lambda: bool(group.told))
    assert group.told == [{FIRST: 4, SECOND: 7}]
    await commits.end()
    assert len(group.told) == 1


async def test_what_is_settled_during_a_commit_is_committed_after_it() -> None:
    group = Group()
    group.goes_on.clear()
    commits = Commits(group.commit, seconds=0.0)
    commits.settle({FIRST: at(1)})
    await asyncio.sleep(0.01)
    commits.settle({FIRST: at(2), SECOND: at(5)})
    group.goes_on.set()
    await eventually(lambda: len(group.told) == 2)
    assert group.told == [{FIRST: 1}, {FIRST: 2, SECOND: 5}]
    await commits.end()


async def test_an_orderly_end_commits_what_is_settled() -> None:
    group = Group()
    commits = Commits(group.commit, seconds=60.0)
    commits.settle({FIRST: at(3)})
    await commits.end()
    assert group.told == [{FIRST: 3}]


async def test_what_was_skipped_is_not_taken_back_by_what_was_settled_before() -> None:
    group = Group()
    commits = Commits(group.commit, seconds=60.0)
    commits.settle({FIRST: at(3), SECOND: at(5)})
    await commits.commit({FIRST: 9})
    await commits.flush()
    assert group.told == [{FIRST: 9}, {SECOND: 5}]
    await commits.end()


async def test_partitions_that_moved_are_left_to_whoever_has_them() -> None:
    group = Group()
    commits = Commits(group.commit, seconds=60.0)
    commits.settle({FIRST: at(3), SECOND: at(5)})
    group.moved = True
    await commits.flush()
    group.moved = False
    commits.settle({SECOND: at(6)})
    await commits.end()
    assert group.told == [{SECOND: 6}]


async def test_nothing_is_committed_any_more_once_the_partitions_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker may be another one by then."""
    monkeypatch.setattr(commits_module, "FLUSH_SECONDS", 0.01)
    group = Group()
    group.goes_on.clear()
    commits = Commits(group.commit, seconds=0.0)
    commits.settle({FIRST: at(3)})
    await commits.end()
    group.goes_on.set()
    commits.settle({SECOND: at(1)})
    await commits.end()
    assert group.told == [{SECOND: 1}]
