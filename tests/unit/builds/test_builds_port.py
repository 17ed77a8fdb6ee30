"""What a builder gets from the port: its method, checkpoints, usage by name, cancellation, a person's answers."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from tests.support.builds_port import ScriptedExecutor, WorkerWorld
from tests.support.builds_story import PROJECT, create_command
from tests.support.eventually import eventually
from tests.support.played_executor import CALLS, MODEL, PRICE

from nexus_builds.domain.state import Project
from nexus_builds.store.checkpoints import Checkpoint
from nexus_builds.store.purses import Purse, Spent
from nexus_builds.tables import RECORDS
from nexus_contracts.builds.builder import MAX_CHECKPOINT_BYTES, Notebook
from nexus_contracts.builds.commands import ControlAction, DeleteProject
from nexus_contracts.builds.events import BuildMethod
from nexus_contracts.builds.reports import Usage, WaitKind
from nexus_contracts.builds.views import ProjectStatus
from nexus_offline_builder import RuleBasedBuilder
from nexus_runtime.dynamo import ConditionFailed, DatabaseUnavailable

FIRST = "orchestrator"
PURSE = Purse(PROJECT, "default", date(2026, 1, 31))


class Calls:
    """A step that makes three calls for money; after call `hold` it hangs, as long as it is `holding`."""

    def __init__(self, hold: int = 0) -> None:
        self.made: list[int] = []
        self.hold, self.holding = hold, bool(hold)
        self.held = asyncio.Event()

    async def __call__(self, notebook: Notebook) -> Mapping[str, JsonValue]:
        for number in range(1, CALLS + 1):
            if await notebook.saved(f"call {number}") is None:
                self.made.append(number)
                await notebook.checkpoint(f"call {number}", number, PRICE, MODEL)
            if self.holding and number == self.hold:
                self.held.set()
                await asyncio.Event().wait()
        return {"calls": CALLS}


async def world(tmp_path: Path, script: Any, **fields: Any) -> tuple[WorkerWorld, ScriptedExecutor]:
    """A project that builds, and its worker's executor."""
    executor = ScriptedExecutor(script)
    made = WorkerWorld(tmp_path, executor)
    await made.replica.ask(create_command(**fields))
    return made, executor


def first(project: Project) -> Any:
    return project.step(FIRST, None)


async def ended(made: WorkerWorld) -> None:
    """The first step has ended, whatever comes after it."""

    async with asyncio.timeout(20), made.working():
        await eventually(lambda: ended_in(made))


async def ended_in(made: WorkerWorld) -> bool:
    return first(await made.replica.present()).done


@pytest.mark.parametrize("hold", range(1, CALLS + 1))
@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
async def test_a_worker_killed_after_a_checkpoint_pays_for_no_call_again(tmp_path: Path, hold: int, told: bool) -> None:
    calls = Calls(hold)
    made, _ = await world(tmp_path, calls)
    made.on["nexus.stage.started.v1"] = lambda: _set(made, away=not told)
    async with asyncio.timeout(20), made.working():
        await calls.held.wait()
    made.away, calls.holding = False, False
    await ended(made)
    assert calls.made[:CALLS] == [1, 2, 3]
    step = first(await made.replica.present())
    assert step.usage == Usage(input_tokens=300, output_tokens=30, cost_usd=0.75)
    attempt = (await made.replica.present()).attempt
    assert attempt is not None
    assert attempt.models == (MODEL,)


async def _set(made: WorkerWorld, *, away: bool) -> None:
    made.away = away


async def test_a_checkpoint_whose_confirmation_is_lost_is_written_again_and_kept(tmp_path: Path) -> None:
    async def script(notebook: Notebook) -> Mapping[str, JsonValue]:
        made.database.lose_answers = 1
        await notebook.checkpoint("call", 1, PRICE)
        return {"kept": await notebook.saved("call")}

    made, executor = await world(tmp_path, script)
    await ended(made)
    assert executor.steps.count(FIRST) == 1
    step = first(await made.replica.present())
    assert (step.output, step.usage) == ({"kept": 1}, PRICE)


async def test_a_worker_that_lost_its_build_can_keep_nothing_more(tmp_path: Path) -> None:
    made, _ = await world(tmp_path, Calls())
    checkpoints = made.workshop.checkpoints
    mine = await made.taken()
    await checkpoints.save(mine, PURSE, 1, FIRST, "call 1", Checkpoint(value=1))
    await made.taken()
    with pytest.raises(ConditionFailed):
        await checkpoints.save(mine, PURSE, 1, FIRST, "call 2", Checkpoint(value=2))
    assert await checkpoints.find(PROJECT, 1, FIRST, "call 1") == Checkpoint(value=1)
    assert await checkpoints.find(PROJECT, 1, FIRST, "call 2") is None
    assert await checkpoints.find(PROJECT, 2, FIRST, "call 1") is None


async def test_what_a_call_cost_is_added_once_to_its_project_and_to_its_tenants_day(tmp_path: Path) -> None:
    made, _ = await world(tmp_path, Calls())
    checkpoints, mine = made.workshop.checkpoints, await made.taken()
    paid = Checkpoint(value=1, usage=PRICE, model=MODEL)
    await checkpoints.save(mine, PURSE, 1, FIRST, "call 1", paid)
    made.database.lose_answers = 1
    with pytest.raises(DatabaseUnavailable):
        await checkpoints.save(mine, PURSE, 1, FIRST, "call 2", paid)
    await checkpoints.save(mine, PURSE, 1, FIRST, "call 2", paid)
    assert await checkpoints.purses.spent(PURSE) == Spent(2 * PRICE.cost_usd, 2 * PRICE.cost_usd)
    tomorrow, other = replace(PURSE, day=date(2026, 2, 1)), replace(PURSE, project_id="proj_" + "1" * 32)
    assert await checkpoints.purses.spent(tomorrow) == Spent(2 * PRICE.cost_usd, 0.0)
    assert await checkpoints.purses.spent(other) == Spent(0.0, 2 * PRICE.cost_usd)


async def test_checkpoints_are_bounded_and_go_with_their_project(tmp_path: Path) -> None:
    made, _ = await world(tmp_path, Calls())
    mine = await made.taken()
    checkpoints = made.workshop.checkpoints
    with pytest.raises(ValueError, match="the limit is 300000"):
        await checkpoints.save(mine, PURSE, 1, FIRST, "c", Checkpoint(value="x" * MAX_CHECKPOINT_BYTES))
    await checkpoints.save(mine, PURSE, 1, FIRST, "c", Checkpoint(value="x"))
    await made.replica.ask(DeleteProject(command_id="d", project_id=PROJECT))
    gone = await made.replica.store.load_any(PROJECT)
    assert gone is not None
    await made.replica.store.erase(gone)
    assert made.database.items(RECORDS) == []
    with pytest.raises(ConditionFailed):
        await checkpoints.save(mine, PURSE, 1, FIRST, "late", Checkpoint(value="x"))


async def test_the_next_attempt_makes_its_calls_anew(tmp_path: Path) -> None:
    calls = Calls(hold=2)
    made, executor = await world(tmp_path, calls)
    async with asyncio.timeout(20), made.working() as run:
        await calls.held.wait()
        assert await made.control(ControlAction.STOP) == 200
        await run
    assert executor.cancelled == [FIRST]
    calls.holding = False
    assert await made.control(ControlAction.RESTART) == 200
    await ended(made)
    assert calls.made[:5] == [1, 2, 1, 2, 3]


async def test_a_deleted_build_is_cancelled_and_a_paused_one_ends_its_step(tmp_path: Path) -> None:
    go, begun = asyncio.Event(), asyncio.Event()

    async def script(_notebook: Notebook) -> None:
        begun.set()
        await go.wait()

    made, executor = await world(tmp_path, script)
    async with asyncio.timeout(20), made.working() as run:
        await begun.wait()
        assert await made.control(ControlAction.PAUSE) == 200
        go.set()
        await eventually(lambda: ended_in(made))
        assert ((await made.replica.present()).status, executor.cancelled) == ("paused", [])
        go.clear()
        begun.clear()
        assert await made.control(ControlAction.RESUME) == 200
        await begun.wait()
        await made.replica.ask(DeleteProject(command_id="d", project_id=PROJECT))
        await run
    assert executor.cancelled == ["requirements_analysis"]


async def asks(notebook: Notebook) -> Mapping[str, JsonValue]:
    return await notebook.ask("currency", WaitKind.QUESTION, "Which currency?", estimate_usd=1.5)


async def test_a_question_frees_the_worker_and_the_answer_brings_the_step_back(tmp_path: Path) -> None:
    made, executor = await world(tmp_path, asks)
    project = await made.reaches(ProjectStatus.PAUSED)
    assert project.waiting_for is not None
    assert (project.status, project.waiting_for.name, executor.cancelled) == ("paused", "currency", [FIRST])
    assert await made.control(ControlAction.RESUME) == 400
    assert await made.control(ControlAction.ANSWER, answers={"currency": "EUR"}) == 200
    await ended(made)
    assert executor.steps[:2] == [FIRST, FIRST]
    assert first(await made.replica.present()).output == {"currency": "EUR"}


async def test_the_worker_that_asked_goes_on_with_the_answer_and_loses_no_report(tmp_path: Path) -> None:
    async def script(notebook: Notebook) -> Mapping[str, JsonValue]:
        await notebook.log("before the question")
        return await notebook.ask("currency", WaitKind.QUESTION, "Which currency?")

    made, executor = await world(tmp_path, script)
    async with asyncio.timeout(20), made.working():
        await eventually(lambda: paused_in(made))
        assert await made.control(ControlAction.ANSWER, answers={"currency": "EUR"}) == 200
        await eventually(lambda: ended_in(made))
    assert executor.steps[:2] == [FIRST, FIRST]
    types = [entry.type for entry in await made.replica.events() if entry.data.get("stage_name") == FIRST]
    kinds = [kind.removeprefix("nexus.").removesuffix(".v1") for kind in types]
    logged = ["stage.logged", "stage.waiting", "build.answered", "stage.logged"]
    assert kinds == ["stage.started", *logged, "stage.completed"]


async def paused_in(made: WorkerWorld) -> bool:
    return (await made.replica.present()).status is ProjectStatus.PAUSED


async def test_an_answer_faster_than_the_worker_looks_is_taken_at_once(tmp_path: Path) -> None:
    made, executor = await world(tmp_path, asks)

    async def answer() -> None:
        await made.control(ControlAction.ANSWER, answers={"currency": "EUR"})

    made.on["nexus.stage.waiting.v1"] = answer
    await ended(made)
    assert executor.steps.count(FIRST) == 1
    assert first(await made.replica.present()).output == {"currency": "EUR"}


async def test_a_rejected_approval_ends_the_build_without_its_worker(tmp_path: Path) -> None:
    async def script(notebook: Notebook) -> Mapping[str, JsonValue]:
        return await notebook.ask("go", WaitKind.APPROVAL, "Four tools, about 2 USD")

    made, _ = await world(tmp_path, script)
    await made.reaches(ProjectStatus.PAUSED)
    assert await made.control(ControlAction.REJECT, reason="too dear") == 200
    project = await made.replica.present()
    assert project.attempt is not None
    assert project.attempt.error is not None
    assert (project.status, project.attempt.error.code) == ("failed", "REJECTED")
    assert await made.replica.at_work("build") == []


async def test_a_worker_without_the_attempts_executor_fails_the_step(tmp_path: Path) -> None:
    made, executor = await world(tmp_path, Calls())
    made.workshop = replace(made.workshop, executors={BuildMethod.MODEL: executor})
    project = await made.worked()
    assert project.attempt is not None
    assert project.attempt.error is not None
    assert (project.status, project.attempt.error.code, executor.steps) == ("failed", "METHOD_UNAVAILABLE", [])


async def test_the_rules_build_an_agent_through_the_port_and_count_their_trials(tmp_path: Path) -> None:
    made = WorkerWorld(tmp_path, RuleBasedBuilder())
    await made.replica.ask(create_command(requirement="an agent that totals the columns of a CSV"))
    project = await made.worked()
    assert (project.status, project.agent_id) == ("completed", f"{PROJECT}:totals_columns_csv_agent")
    checked = project.step("agent_developer_manager", None)
    assert checked is not None
    assert checked.output is not None
    assert project.usage().tool_calls >= int(str(checked.output["cases_tried"])) > 0
    assert project.usage().model_copy(update={"tool_calls": 0}) == Usage()
    assert "nexus.report.refused.v1" not in [entry.type for entry in await made.replica.events()]
