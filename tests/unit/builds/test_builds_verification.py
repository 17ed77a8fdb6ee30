"""A deployed agent is asked its cases; the report stands in the project, and decides whether the agent serves."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from tests.support.builds_port import WorkerWorld
from tests.support.builds_story import PROJECT, create_command

from nexus_builds.domain import verification
from nexus_builds.domain.state import Project
from nexus_contracts.builds.builder import BuildRequest, Notebook, StepResult
from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.events import Approval
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.stages import DEPLOYER
from nexus_contracts.verification import Case, CaseTurn, Number, VerificationReport

CASES = tuple(Case(name=name, turns=[CaseTurn(prompt=name, expect=[Number(value=1)])]) for name in ("one", "eins"))


class Shipping:
    """Ships a package with cases; `wants` is the share of them that must pass."""

    def __init__(self, wants: float = 1.0, cases: tuple[Case, ...] = CASES) -> None:
        self.wants, self.cases = wants, cases
        self.begun: list[str] = []

    async def execute(
        self, step: str, request: BuildRequest, outputs: Mapping[str, Mapping[str, JsonValue]], notebook: Notebook
    ) -> StepResult:
        self.begun.append(step)
        if step != DEPLOYER:
            return StepResult({"summary": f"{step} is done"})
        return StepResult({"agent_name": "a"}, package=b"zip", cases=self.cases, required_share=self.wants)


async def world(tmp_path: Path, executor: Any, answers: dict[str, str], **fields: Any) -> WorkerWorld:
    made = WorkerWorld(tmp_path, executor)
    made.answers = answers
    await made.replica.ask(create_command(**fields))
    return made


async def report(made: WorkerWorld) -> VerificationReport:
    found = await made.workshop.checkpoints.find(PROJECT, 1, verification.STEP, verification.CHECKPOINT)
    assert found is not None
    return VerificationReport.model_validate(found.value)


def last_step(project: Project) -> Any:
    return project.step(DEPLOYER, None)


def warnings(project: Project) -> list[str]:
    return [entry.message for entry in last_step(project).logs if entry.level == "warning"]


async def test_a_build_completes_with_the_report_on_its_agent(tmp_path: Path) -> None:
    made = await world(tmp_path, Shipping(), {"one": "1", "eins": "1"})
    project = await made.worked()
    assert project.status is ProjectStatus.COMPLETED
    assert (await report(made)).statement == "2 of 2 cases passed."
    step = last_step(project)
    assert step.output["verification"] == {
        "passed": 2,
        "failed": 0,
        "not_verifiable": 0,
        "statement": "2 of 2 cases passed.",
    }
    (artifact,) = step.artifacts
    content = await made.workshop.artifacts.get(artifact.uri)
    assert json.loads(content)["passed"] == 2
    assert made.withdrawn == []


@pytest.mark.parametrize("serves", [None, 3])
async def test_an_agent_that_fails_too_many_cases_makes_room_for_what_served_before(
    tmp_path: Path, serves: int | None
) -> None:
    made = await world(tmp_path, Shipping(), {"one": "1"})
    made.serves = serves
    project = await made.worked()
    assert project.status is ProjectStatus.FAILED
    assert project.attempt is not None
    assert project.attempt.error is not None
    assert project.attempt.error.code == "VERIFICATION_FAILED"
    assert made.withdrawn == [serves]
    assert (await report(made)).fulfilled is False


async def test_cases_that_fail_within_the_share_are_reported_and_do_not_fail_the_build(tmp_path: Path) -> None:
    made = await world(tmp_path, Shipping(wants=0.5), {"one": "1"})
    assert (await made.worked()).status is ProjectStatus.COMPLETED
    assert (await report(made)).statement == "1 of 2 cases passed, 1 failed."


async def test_a_build_without_cases_says_so(tmp_path: Path) -> None:
    made = await world(tmp_path, Shipping(cases=()), {})
    project = await made.worked()
    assert project.status is ProjectStatus.COMPLETED
    assert (await report(made)).statement == "Nothing was verified: there are no cases."
    assert warnings(project) == ["verified: Nothing was verified: there are no cases."]
    assert await made.replica.verifications.suite(PROJECT, 1) is None


@pytest.mark.parametrize(("wants", "status"), [(0.8, ProjectStatus.FAILED), (0.0, ProjectStatus.COMPLETED)])
async def test_a_build_none_of_whose_cases_could_be_asked_shows_nothing(
    tmp_path: Path, wants: float, status: ProjectStatus
) -> None:
    made = await world(tmp_path, Shipping(wants=wants), {})
    made.unasked = {"one", "eins"}
    project = await made.worked()
    assert project.status is status
    said = "0 of 2 cases passed, 2 could not be verified."
    if status is ProjectStatus.COMPLETED:
        assert f"verified: {said}" in warnings(project)
    else:
        assert project.attempt is not None
        assert project.attempt.error is not None
        assert project.attempt.error.message == f"{said} The agent does not serve."
        assert made.withdrawn == [None]


async def test_a_worker_killed_after_its_verification_leaves_the_report_to_the_next(tmp_path: Path) -> None:
    made = await world(tmp_path, Shipping(), {"one": "1", "eins": "1"})
    dying = asyncio.Event()

    async def hang() -> None:
        dying.set()
        await asyncio.Event().wait()

    made.on["nexus.stage.artifact_published.v1"] = hang
    async with asyncio.timeout(20), made.working():
        await dying.wait()
    made.answers = {}
    made.serves = 9
    assert (await made.worked()).status is ProjectStatus.COMPLETED
    assert len(made.runs) == 1
    assert made.deployments == 1


async def test_a_withdrawn_version_is_not_deployed_again_by_the_next_worker(tmp_path: Path) -> None:
    made = await world(tmp_path, Shipping(), {})
    made.serves = 3
    made.hang_withdrawal = asyncio.Event()
    async with asyncio.timeout(20), made.working():
        await made.hang_withdrawal.wait()
    made.hang_withdrawal = None
    made.serves = None
    project = await made.worked()
    assert project.attempt is not None
    assert project.attempt.error is not None
    assert project.attempt.error.code == "VERIFICATION_FAILED"
    assert made.deployments == 1
    assert set(made.withdrawn) == {3}


async def test_a_build_waits_where_an_approval_is_wanted(tmp_path: Path) -> None:
    executor = Shipping()
    wanted = [Approval.ARCHITECTURE, Approval.DEPLOY]
    made = await world(tmp_path, executor, {"one": "1", "eins": "1"}, approve=wanted)
    project = await made.reaches(ProjectStatus.PAUSED)
    assert project.waiting_for is not None
    assert (project.waiting_for.stage_name, project.waiting_for.prompt) == (
        "system_architecture",
        "system_architecture is done",
    )
    assert await made.control(ControlAction.APPROVE) == 200
    project = await made.reaches(ProjectStatus.PAUSED)
    assert project.waiting_for is not None
    assert project.waiting_for.stage_name == DEPLOYER
    assert made.runs == []
    assert await made.control(ControlAction.REJECT, reason="not this one") == 200
    rejected = await made.replica.present()
    assert rejected.attempt is not None
    assert rejected.attempt.error is not None
    assert (rejected.attempt.error.code, rejected.attempt.error.message) == ("REJECTED", "not this one")
    assert made.runs == []
