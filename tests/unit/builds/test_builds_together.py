"""Commands that arrived together commit together, and each ends as if it were alone: also where that goes wrong."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from tests.support.builds_story import create_command
from tests.support.builds_world import LossyDatabase, Replica, sequences

from nexus_builds.tables import LEDGER
from nexus_contracts.builds.commands import BuildsCommand, ControlAction, ControlProject, CreateProject
from nexus_contracts.replies import Reply
from nexus_runtime.dynamo import Action, DatabaseUnavailable

PROJECTS = [f"proj_{number:032}" for number in range(20)]
TRANSACTIONS = 2
"""Fourteen creations of seven items each, and the other six."""


class Cut(LossyDatabase):
    """Nothing of transaction `cut_at` and of later ones is written: the process has died before it."""

    cut_at: int | None = None

    async def write(self, *actions: Action, tries: int = 1) -> None:
        if self.writes == self.cut_at:
            raise DatabaseUnavailable("no connection")
        await super().write(*actions, tries=tries)


@pytest.fixture
def database() -> Cut:
    return Cut()


def created(project_id: str) -> CreateProject:
    return create_command(project_id=project_id, command_id=f"c {project_id}", auto_start=False)


def stopped(project_id: str) -> ControlProject:
    return ControlProject(command_id=f"s {project_id}", project_id=project_id, action=ControlAction.STOP)


async def asked(replica: Replica, commands: Sequence[BuildsCommand]) -> list[Reply | BaseException]:
    return await asyncio.gather(*(replica.ask(one, f"r {one.command_id}") for one in commands), return_exceptions=True)


async def told(replica: Replica, commands: Sequence[BuildsCommand]) -> list[tuple[int, object, bool]]:
    return [(one.status, one.result, one.replayed) for one in await asked(replica, commands) if isinstance(one, Reply)]


async def require_events(number: int, replica: Replica, database: Cut) -> None:
    """Every project has that many events, all of them in the outbox, and there is one answer to each command."""
    for project_id in PROJECTS:
        assert sequences(await replica.events(project_id)) == list(range(1, number + 1))
        assert await replica.outbox.pending(project_id) == (1, number)
    outcomes = [item for item in database.items(LEDGER.inbox) if item["entry"] == "outcome"]
    assert len(outcomes) == number * len(PROJECTS)


async def test_what_arrives_together_is_a_few_transactions(database: Cut) -> None:
    replica = Replica(database)
    for number, make in enumerate((created, stopped), start=1):
        before = database.writes
        assert len(await told(replica, [make(one) for one in PROJECTS])) == len(PROJECTS)
        assert database.writes - before == TRANSACTIONS
        await require_events(number, replica, database)


async def test_one_that_is_refused_or_repeated_does_not_concern_the_others(database: Cut) -> None:
    replica = Replica(database)
    await asked(replica, [created(PROJECTS[0])])
    others = [create_command(project_id=PROJECTS[1], command_id="another", auto_start=False), *map(created, PROJECTS)]
    answers = await asked(replica, others)
    statuses = [one.status for one in answers if isinstance(one, Reply)]
    # Of the two for one project one is first, and the other is told that it exists.
    assert sorted(statuses) == [201] * len(PROJECTS) + [409]
    assert [len(await replica.events(one)) for one in PROJECTS] == [1] * len(PROJECTS)


@pytest.mark.parametrize("make", [created, stopped])
@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("at", range(TRANSACTIONS))
async def test_a_crash_at_any_transaction_leaves_each_command_whole_or_undone(
    make: Callable[[str], BuildsCommand], fault: str, at: int, database: Cut
) -> None:
    """The records come again, to the next process: each has one effect, and the answer that it would have had."""
    replica = Replica(database)
    if make is stopped:
        await asked(replica, [created(one) for one in PROJECTS])
    if fault == "before":
        database.cut_at = database.writes + at
    else:
        database.lose_answers = at + 1
    commands = [make(one) for one in PROJECTS]
    first = await asked(replica, commands)
    assert any(isinstance(one, DatabaseUnavailable) for one in first)

    database.cut_at, database.lose_answers = None, 0
    again, once_more = await told(Replica(database), commands), await told(Replica(database), commands)
    assert again == once_more
    assert [status for status, _, _ in again] == [201 if make is created else 200] * len(PROJECTS)
    await require_events(1 if make is created else 2, replica, database)
