"""A change request builds the next version of an agent from the present one, which serves on where cases break."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from tests.support.builds_port import WorkerWorld
from tests.support.builds_story import NOON, PROJECT, Story, create_command

from nexus_builds.domain import changing
from nexus_builds.domain.changing import change
from nexus_builds.domain.control import Methods
from nexus_builds.domain.state import Project
from nexus_builds.domain.verification import Suite
from nexus_contracts.builds.builder import BuildRequest, Notebook, StepResult
from nexus_contracts.builds.commands import ChangeAgent, ControlAction
from nexus_contracts.builds.events import BuildMethod, Trigger
from nexus_contracts.builds.views import AgentDiff, ProjectStatus
from nexus_contracts.errors import InvalidState
from nexus_contracts.replies import Reply
from nexus_contracts.stages import DEPLOYER
from nexus_contracts.verification import MAX_CASES, Case, CaseTurn, Number
from nexus_offline_builder.decision import decide
from nexus_runtime.process.clock import new_id

AGENT = f"{PROJECT}:a"
CHANGE = "it also subtracts the numbers"


def case(name: str, value: float = 1) -> Case:
    return Case(name=name, turns=[CaseTurn(prompt=name, expect=[Number(value=value)])])


def package(prompt: str, **tools: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"name": "a", "tools": [{"name": name} for name in tools]}))
        archive.writestr("prompt.md", prompt)
        for name, code in tools.items():
            archive.writestr(f"tools/{name}.py", code)
    return buffer.getvalue()


class Shipping:
    """Ships these packages with these cases, one each attempt; `requests` are what it was asked for."""

    def __init__(self, *versions: tuple[bytes, tuple[Case, ...]]) -> None:
        self.versions = versions
        self.requests: list[BuildRequest] = []

    async def execute(
        self, step: str, request: BuildRequest, outputs: Mapping[str, Mapping[str, JsonValue]], notebook: Notebook
    ) -> StepResult:
        if step != DEPLOYER:
            return StepResult({"made_in": request.attempt})
        self.requests.append(request)
        content, cases = self.versions[min(request.attempt, len(self.versions)) - 1]
        return StepResult({"agent_name": request.agent_name or "a"}, package=content, cases=cases)


FIRST = (package("Adds.", add="+", old="?"), (case("one"), case("two")))
SECOND = (package("Adds and subtracts.", add="+ +", subtract="-"), (case("three"),))


class World(WorkerWorld):
    async def change(self, requirement: str = CHANGE, **fields: Any) -> Reply:
        named = {"command_id": new_id("cmd_"), "project_id": PROJECT, "agent_id": AGENT, "requirement": requirement}
        return await self.replica.ask(ChangeAgent.model_validate(named | fields))

    async def diff(self, attempt: int) -> AgentDiff:
        found = await self.replica.verifications.diff(PROJECT, attempt)
        assert found is not None
        return found


async def built(tmp_path: Path, executor: Any, **answers: str) -> World:
    """Version 1 serves, as attempt 1 has made it."""
    made = World(tmp_path, executor)
    made.answers = {"one": "1", "two": "1", "three": "1", **answers}
    await made.replica.ask(create_command())
    assert (await made.worked()).status is ProjectStatus.COMPLETED
    made.serves = 1
    return made


def error_of(project: Project) -> Any:
    assert project.attempt is not None
    return project.attempt.error


async def test_the_next_version_is_built_from_the_present_one_and_its_cases_stay(tmp_path: Path) -> None:
    executor = Shipping(FIRST, SECOND)
    made = await built(tmp_path, executor)
    reply = await made.change()
    assert reply.status == 201
    assert reply.result is not None
    assert reply.result["agent_id"] == AGENT
    project = await made.worked()
    assert project.status is ProjectStatus.COMPLETED
    request = executor.requests[-1]
    assert request.requirement == f"{project.requirement}\n\n{CHANGE}"
    assert request.agent_name == "a"
    assert request.present is not None
    assert request.present.change == CHANGE
    assert request.present.outputs["orchestrator"] == {"made_in": 1}
    assert [one.name for one in request.present.cases] == ["one", "two"]
    suite = await made.replica.verifications.suite(PROJECT, 2)
    assert suite is not None
    assert [one.name for one in suite.cases] == ["three", "one", "two"]
    assert made.withdrawn == []


async def test_what_is_different_can_be_read(tmp_path: Path) -> None:
    made = await built(tmp_path, Shipping(FIRST, SECOND))
    await made.change()
    project = await made.worked()
    diff = await made.diff(2)
    assert (diff.agent_id, diff.attempt, diff.against) == (AGENT, 2, 1)
    assert "-Adds.\n+Adds and subtracts.\n" in diff.instructions
    assert "subtract" in diff.spec
    assert [(one.name, one.change) for one in diff.tools] == [
        ("add", "changed"),
        ("old", "removed"),
        ("subtract", "added"),
    ]
    assert "-+\n++ +\n" in diff.tools[0].diff
    said = "".join(entry.message for step in project.steps() for entry in step.logs)
    assert "tool add changed, tool old removed, tool subtract added" in said


async def test_a_version_that_breaks_a_case_does_not_take_the_place_of_the_present_one(tmp_path: Path) -> None:
    made = await built(tmp_path, Shipping(FIRST, SECOND))
    await made.change()
    made.answers["two"] = "2"
    project = await made.worked()
    assert project.status is ProjectStatus.FAILED
    error = error_of(project)
    assert error.code == "VERIFICATION_FAILED"
    assert "No longer passed: two. Version 1 serves on." in error.message
    assert made.withdrawn == [1]
    assert project.agent_id == AGENT
    assert (await made.diff(2)).tools
    assert await made.replica.verifications.suite(PROJECT, 2) is None


@pytest.mark.parametrize("said", [False, True])
async def test_an_old_case_that_could_not_be_asked_has_not_passed(tmp_path: Path, said: bool) -> None:
    made = await built(tmp_path, Shipping(FIRST, SECOND))
    await made.change(activate_if_cases_fail=said)
    made.unasked = {"two"}
    project = await made.worked()
    if said:  # then it stays, to be asked another time
        assert project.status is ProjectStatus.COMPLETED
        suite = await made.replica.verifications.suite(PROJECT, 2)
        assert suite is not None
        assert [one.name for one in suite.cases] == ["three", "one", "two"]
    else:
        assert "No longer passed: two. Version 1 serves on." in error_of(project).message


async def test_all_old_cases_are_asked_though_not_all_stay(tmp_path: Path) -> None:
    names = [f"old {number}" for number in range(MAX_CASES)]
    first = (FIRST[0], tuple(case(name) for name in names))
    made = await built(tmp_path, Shipping(first, SECOND), **dict.fromkeys(names, "1"))
    await made.change()
    made.answers[names[-1]] = "2"
    assert f"No longer passed: {names[-1]}." in error_of(await made.worked()).message


async def test_what_failed_before_need_not_pass_now(tmp_path: Path) -> None:
    made = await built(tmp_path, Shipping(FIRST, SECOND), two="2")
    await made.change()
    assert (await made.worked()).status is ProjectStatus.COMPLETED


async def test_who_says_so_gets_the_version_and_the_broken_case_goes(tmp_path: Path) -> None:
    made = await built(tmp_path, Shipping(FIRST, SECOND))
    await made.change(activate_if_cases_fail=True)
    made.answers["two"] = "2"
    assert (await made.worked()).status is ProjectStatus.COMPLETED
    assert made.withdrawn == []
    suite = await made.replica.verifications.suite(PROJECT, 2)
    assert suite is not None
    assert [one.name for one in suite.cases] == ["three", "one"]


async def test_a_version_that_can_run_beside_the_present_one_serves_only_when_it_is_verified(tmp_path: Path) -> None:
    made = await built(tmp_path, Shipping(FIRST, SECOND))
    made.side_by_side = True
    await made.change()
    assert (await made.worked()).status is ProjectStatus.COMPLETED
    assert (made.versions, made.activated, made.withdrawn) == ([None, 2], [2], [])


async def test_a_version_that_fails_beside_the_present_one_never_serves(tmp_path: Path) -> None:
    made = await built(tmp_path, Shipping(FIRST, SECOND))
    made.side_by_side = True
    await made.change()
    made.answers["two"] = "2"
    assert error_of(await made.worked()).code == "VERIFICATION_FAILED"
    assert (made.versions, made.activated, made.withdrawn) == ([None, 2], [], [])


async def test_a_change_after_a_failed_one_is_made_of_what_serves(tmp_path: Path) -> None:
    executor = Shipping(FIRST, SECOND)
    made = await built(tmp_path, executor)
    await made.change()
    made.answers["two"] = "2"
    assert (await made.worked()).status is ProjectStatus.FAILED
    made.answers["two"] = "1"
    await made.change("it also multiplies the numbers")
    assert (await made.worked()).status is ProjectStatus.COMPLETED
    assert CHANGE not in executor.requests[-1].requirement
    assert (await made.diff(3)).against == 1
    await made.change("it also divides the numbers")
    await made.worked()
    assert executor.requests[-1].requirement.endswith("multiplies the numbers\n\nit also divides the numbers")
    assert (await made.diff(4)).against == 3


async def test_a_restarted_change_is_the_same_change(tmp_path: Path) -> None:
    executor = Shipping(FIRST, SECOND)
    made = await built(tmp_path, executor)
    await made.change()
    assert await made.control(ControlAction.STOP) == 200
    assert await made.control(ControlAction.RESTART) == 200
    assert (await made.worked()).status is ProjectStatus.COMPLETED
    assert executor.requests[-1].attempt == 3
    assert executor.requests[-1].present is not None


async def test_a_project_that_is_building_cannot_be_changed(tmp_path: Path) -> None:
    made = await built(tmp_path, Shipping(FIRST, SECOND))
    assert (await made.change()).status == 201
    reply = await made.change()
    assert reply.error is not None
    assert (reply.status, reply.error.code) == (400, "INVALID_STATE")
    allowed = {"current_status": "building", "action": "change", "allowed_actions": ["pause", "stop"]}
    assert reply.error.details == allowed
    assert (await made.replica.present()).attempt_number == 2


async def test_an_agent_without_cases_cannot_be_changed(tmp_path: Path) -> None:
    made = await built(tmp_path, Shipping((FIRST[0], ())))
    reply = await made.change()
    assert reply.error is not None
    assert (reply.status, reply.error.code) == (400, "INVALID_STATE")
    assert reply.error.details == {"action": "change", "allowed_actions": []}
    assert reply.error.suggestion.startswith("Build the agent from a requirement")


async def test_a_change_that_builds_another_agent_fails(tmp_path: Path) -> None:
    class Renaming(Shipping):
        async def execute(self, step: str, request: Any, outputs: Any, notebook: Any) -> StepResult:
            result = await super().execute(step, request, outputs, notebook)
            return result if request.attempt == 1 else StepResult({"agent_name": "b"}, package=result.package)

    made = await built(tmp_path, Renaming(FIRST, SECOND))
    await made.change()
    assert error_of(await made.worked()).code == "WRONG_AGENT"
    assert made.deployments == 1


def changed(requirement: str, method: BuildMethod = BuildMethod.RULES) -> Project:
    """The project of an agent built by that method, on a platform that has both, after this change request."""
    both = Methods(frozenset({BuildMethod.RULES, BuildMethod.MODEL}))
    story = Story(build_method="rules")
    story.work()
    assert story.project.attempt is not None
    built = story.project.attempt.model_copy(update={"build_method": method})
    named = {"command_id": "c", "project_id": PROJECT, "agent_id": AGENT, "requirement": requirement}
    suite = Suite(agent_id=AGENT, attempt=1, package_uri="blob:x", package_sha256="0" * 64, cases=[])
    return change(story.project, ChangeAgent.model_validate(named), suite, built, NOON, both)[0]


def test_the_longest_requirement_with_its_changes_is_taken_and_a_longer_one_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = len(f"{create_command().requirement}\n\n{CHANGE}")
    monkeypatch.setattr(changing, "LONGEST", whole)
    project = changed(CHANGE)
    assert project.attempt is not None
    assert project.attempt.change is not None
    assert len(project.attempt.change.whole) == whole
    with pytest.raises(InvalidState, match=f"the requirement has {whole + 1} characters, more than {whole}") as caught:
        changed(f"{CHANGE}.")
    told = {"current_status": "completed", "action": "change", "allowed_actions": ["restart"]}
    assert caught.value.details == told


@pytest.mark.parametrize("method", [BuildMethod.RULES, BuildMethod.MODEL])
def test_an_agent_is_changed_by_the_method_that_built_it(method: BuildMethod) -> None:
    project = changed(CHANGE, method)
    assert project.attempt is not None
    assert (project.attempt.trigger, project.attempt.build_method) == (Trigger.CHANGE, method)
    assert project.agent_id == AGENT, "it keeps serving"


def test_rules_read_the_requirement_with_its_change() -> None:
    whole = "an agent that does arithmetic\n\nIt also converts units of length, say miles to km."
    design = decide(BuildRequest(PROJECT, 2, whole, agent_name="a"), {})
    assert (design.agent_name, design.tool_names) == ("a", ["arithmetic", "unit_conversion"])
