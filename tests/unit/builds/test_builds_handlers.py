"""Commands and reports as they come off the topics: repeated, in batches, against others who are faster."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support.builds_story import EXTERNAL, PROJECT, a_report, create_command
from tests.support.builds_world import LossyDatabase, Replica, delivered, sequences

from nexus_builds.handlers.reports import COMMIT_REPORTS
from nexus_builds.tables import LEDGER, TABLES
from nexus_contracts.builds.commands import ControlAction, ControlProject, DeleteProject
from nexus_contracts.errors import IdempotencyKeyReused
from nexus_contracts.remains import KEPT
from nexus_contracts.replies import Reply
from nexus_runtime.dynamo import DatabaseUnavailable
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.ledger.outbox import Span


@pytest.fixture
def database() -> LossyDatabase:
    return LossyDatabase()


@pytest.fixture
def replica(database: LossyDatabase) -> Replica:
    return Replica(database)


def control(action: ControlAction, command_id: str = "k", **fields: Any) -> ControlProject:
    return ControlProject(command_id=command_id, project_id=PROJECT, action=action, **fields)


def external(number: int, kind: str = "logged", stage: str = "orchestrator", **fields: Any) -> Delivery:
    return delivered(a_report(kind, stage, **fields), EXTERNAL, f"r{number}")


def code(reply: Reply) -> str | None:
    return reply.error.code if reply.error else None


async def begun(replica: Replica) -> None:
    await replica.ask(create_command(auto_start=False))
    await replica.tell(external(0, "started"))


async def test_a_command_seen_again_has_one_effect_and_the_same_answer(replica: Replica) -> None:
    first = await replica.ask(create_command(), "one")
    again = await replica.ask(create_command(), "two")
    redelivered = await replica.ask(create_command(), "one")
    assert (first.status, first.result) == (again.status, again.result) == (redelivered.status, redelivered.result)
    assert [first.replayed, again.replayed, redelivered.replayed] == [False, True, False]
    assert len(await replica.events()) == 2


async def test_a_project_that_is_not_there_is_named(replica: Replica) -> None:
    refused = await replica.ask(control(ControlAction.STOP))
    assert refused.error is not None
    assert refused.error.details == {"type": "project", "id": PROJECT}


async def test_a_command_id_with_another_request_behind_it_is_refused(replica: Replica) -> None:
    await replica.ask(create_command(fingerprint="a"))
    with pytest.raises(IdempotencyKeyReused):
        await replica.ask(create_command(fingerprint="b"))


async def test_a_refusal_is_an_answer_that_is_kept(replica: Replica) -> None:
    await replica.ask(create_command())
    refused = await replica.ask(control(ControlAction.RESUME))
    assert (refused.status, code(refused)) == (400, "INVALID_STATE")
    await replica.ask(control(ControlAction.PAUSE, "p"))
    again = await replica.ask(control(ControlAction.RESUME))
    assert (again.status, again.error, again.replayed) == (400, refused.error, True)


@pytest.mark.parametrize(
    ("command", "status", "expected"),
    [
        (control(ControlAction.PAUSE), 404, "RESOURCE_NOT_FOUND"),
        (DeleteProject(command_id="d", project_id=PROJECT), 404, "RESOURCE_NOT_FOUND"),
    ],
)
async def test_what_is_not_there_is_not_found(replica: Replica, command: Any, status: int, expected: str) -> None:
    reply = await replica.ask(command)
    assert (reply.status, code(reply)) == (status, expected)


async def test_an_id_that_is_taken_is_a_conflict(replica: Replica) -> None:
    await replica.ask(create_command())
    assert code(await replica.ask(create_command(command_id="other"))) == "RESOURCE_CONFLICT"


async def test_a_stale_version_is_a_failed_precondition_and_changes_nothing(replica: Replica) -> None:
    await replica.ask(create_command())
    reply = await replica.ask(control(ControlAction.PAUSE, if_match=7))
    assert (reply.status, code(reply)) == (412, "PRECONDITION_FAILED")
    assert (await replica.ask(control(ControlAction.PAUSE, "of two", if_match=[7, 8]))).status == 412
    assert (await replica.ask(control(ControlAction.PAUSE, "again", if_match=[7, 1]))).status == 200


async def test_of_two_stops_at_once_one_wins_and_one_is_told_the_state(
    database: LossyDatabase, replica: Replica
) -> None:
    await replica.ask(create_command())
    others: list[Reply] = []

    async def faster() -> None:
        others.append(await Replica(database).ask(control(ControlAction.STOP, "faster")))

    database.before_write = faster
    slower = await replica.ask(control(ControlAction.STOP, "slower"))
    assert [others[0].status, slower.status] == [200, 400]
    assert slower.error is not None
    assert slower.error.details["current_status"] == "cancelled"


async def test_a_batch_of_reports_is_one_commit_with_each_report_once(
    database: LossyDatabase, replica: Replica
) -> None:
    await begun(replica)
    writes = database.writes
    batch = [external(number) for number in range(1, 51)]
    await replica.tell(*batch, *batch)
    assert database.writes == writes + 1
    assert (await replica.present()).step("orchestrator", None).log_count == 50  # pyright: ignore[reportOptionalMemberAccess]
    await replica.tell(*reversed(batch))
    assert database.writes == writes + 1


async def test_very_many_reports_are_several_commits(database: LossyDatabase, replica: Replica) -> None:
    await begun(replica)
    writes = database.writes
    await replica.tell(*(external(number) for number in range(1, 2 * COMMIT_REPORTS + 2)))
    assert database.writes == writes + 3
    assert (await replica.present()).reports == 2 * COMMIT_REPORTS + 2


async def test_a_redelivery_after_a_lost_answer_changes_nothing(database: LossyDatabase, replica: Replica) -> None:
    await begun(replica)
    batch = [external(number, "usage_recorded") for number in range(1, 4)]
    database.lose_answers = 1
    with pytest.raises(DatabaseUnavailable):
        await replica.tell(*batch)
    await replica.tell(*batch, external(4, "usage_recorded"))
    project = await replica.present()
    assert (project.usage().input_tokens, project.reports) == (4 * 3, 5)


async def test_what_another_replica_took_meanwhile_is_not_taken_twice(
    database: LossyDatabase, replica: Replica
) -> None:
    await begun(replica)
    batch = [external(number, "usage_recorded") for number in range(1, 4)]

    async def faster() -> None:
        await Replica(database).tell(*batch[:2])

    database.before_write = faster
    await replica.tell(*batch)
    project = await replica.present()
    assert (project.usage().input_tokens, project.reports) == (3 * 3, 4)
    assert sequences(await replica.events()) == list(range(1, project.sequence + 1))


async def test_the_same_id_from_another_source_is_another_report(replica: Replica) -> None:
    await begun(replica)
    told = a_report("usage_recorded", "orchestrator")
    await replica.tell(delivered(told, "/ci/a", "same"), delivered(told, "/ci/b", "same"))
    assert (await replica.present()).usage().input_tokens == 6


async def test_reports_of_an_unknown_project_leave_nothing_and_block_nothing(
    database: LossyDatabase, replica: Replica
) -> None:
    await replica.tell(external(1))
    assert all(not database.items(table) for table in TABLES)


async def test_a_refused_report_stands_in_the_history_once_and_the_next_goes_on(replica: Replica) -> None:
    await begun(replica)
    late = external(1, "completed", "agent_design")
    await replica.tell(late, external(2))
    await replica.tell(late)
    types = [entry.type for entry in await replica.events()]
    assert types[-2:] == ["nexus.report.refused.v1", "nexus.stage.logged.v1"]
    refused = (await replica.events())[-2]
    assert refused.data["report"] == {"type": "nexus.stage.completed.v1", "source": EXTERNAL, "id": "r1"}


async def deleted(replica: Replica) -> None:
    await begun(replica)
    await replica.ask(DeleteProject(command_id="d", project_id=PROJECT))


async def test_a_deleted_project_is_gone_for_readers_and_for_reports(replica: Replica) -> None:
    await deleted(replica)
    sequence = len(await replica.events())
    await replica.tell(external(9))
    assert await replica.project() is None
    assert len(await replica.events()) == sequence


async def test_nothing_is_erased_before_its_last_event_is_published(database: LossyDatabase, replica: Replica) -> None:
    await deleted(replica)
    await replica.erasure.erase(PROJECT)
    assert await replica.events()
    await settle(replica)
    await replica.erasure.erase(PROJECT)
    left = {table.name for table in TABLES if database.items(table)}
    assert left == {LEDGER.inbox.name, LEDGER.history.name}
    assert {event.type for event in await replica.events()} <= KEPT.keys()
    assert {item["owner"] for item in database.items(LEDGER.inbox) if "audit" not in item} == {"c", "d"}


async def settle(replica: Replica) -> None:
    pending = await replica.outbox.pending(PROJECT)
    assert pending is not None
    await replica.outbox.settle([Span(PROJECT, *pending)])


@pytest.mark.parametrize("after", range(5))
async def test_an_erasure_that_was_interrupted_is_done_again_to_the_end(
    database: LossyDatabase, replica: Replica, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deleted(replica)
    await settle(replica)
    steps = _interrupting(after)
    monkeypatch.setattr(database, "delete_many", steps(database.delete_many))
    monkeypatch.setattr(database, "write", steps(database.write))
    try:
        await replica.erasure.erase(PROJECT)
    except DatabaseUnavailable:
        assert await replica.at_work("erasure") == [PROJECT]
    monkeypatch.undo()
    for project_id in await replica.at_work("erasure"):
        await replica.erasure.erase(project_id)
    assert {table.name for table in TABLES if database.items(table)} == {LEDGER.inbox.name, LEDGER.history.name}
    assert {event.type for event in await replica.events()} <= KEPT.keys()


def _interrupting(after: int) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., Awaitable[None]]]:
    """Lets so many calls through, then none."""
    calls = 0

    def step(call: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def counted(*arguments: Any) -> None:
            nonlocal calls
            calls += 1
            if calls > after:
                raise DatabaseUnavailable("killed")
            await call(*arguments)

        return counted

    return step
