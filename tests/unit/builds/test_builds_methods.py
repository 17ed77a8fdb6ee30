"""How an attempt is built: chosen by the project, else by the platform, among what the worker can do."""

from typing import Any

import pytest
from tests.support.builds_story import NOON, Story, control_command, create_command
from tests.support.builds_world import Replica
from tests.support.memory_database import MemoryDatabase

from nexus_builds.domain import control
from nexus_builds.domain.agent_change import AgentChange
from nexus_builds.domain.control import Methods
from nexus_builds.domain.errors import MethodUnavailable
from nexus_builds.domain.state import attempt_summary, project_view
from nexus_builds.settings import BuildsSettings
from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.events import Builder, BuildMethod, BuildStarted, Trigger

RULES, MODEL, AUTO = BuildMethod.RULES, BuildMethod.MODEL, BuildMethod.AUTO
BOTH = Methods(frozenset({RULES, MODEL}))


@pytest.mark.parametrize(
    ("methods", "chosen", "built_by"),
    [
        (Methods(), None, RULES),
        (Methods(), AUTO, RULES),
        (Methods(), RULES, RULES),
        (BOTH, None, MODEL),
        (BOTH, AUTO, MODEL),
        (BOTH, RULES, RULES),
        (Methods(frozenset({RULES, MODEL}), default=RULES), None, RULES),
    ],
)
def test_an_attempt_names_the_method_that_it_is_built_by(
    methods: Methods, chosen: BuildMethod | None, built_by: BuildMethod
) -> None:
    project, events = control.create(create_command(build_method=chosen), NOON, methods)
    assert project.attempt is not None
    assert attempt_summary(project.attempt).build_method == built_by
    assert [event.build_method for event in events if isinstance(event, BuildStarted)] == [built_by]
    assert project_view(project).build_method == (chosen or methods.default)


@pytest.mark.parametrize("auto_start", [True, False])
def test_a_method_without_an_executor_is_refused_before_anything_is_created(auto_start: bool) -> None:
    with pytest.raises(MethodUnavailable) as caught:
        control.create(create_command(build_method=MODEL, auto_start=auto_start), NOON, Methods())
    assert str(caught.value) == "this platform has no build method model; it has auto, rules"


async def test_the_refusal_is_the_owners_answer_and_names_the_field() -> None:
    replica = Replica(MemoryDatabase())
    refused = await replica.ask(create_command(build_method=MODEL))
    assert refused.error is not None
    assert (refused.status, refused.error.code) == (400, "VALIDATION_ERROR")
    faults: Any = refused.error.details["errors"]
    message = "this platform has no build method model; it has auto, rules"
    assert faults == [{"location": "body.build_method", "message": message, "type": "unavailable"}]
    assert await replica.project() is None


def test_each_attempt_is_built_by_what_there_is_then() -> None:
    project, _ = control.create(create_command(), NOON, Methods())
    for action, methods in ((ControlAction.STOP, Methods()), (ControlAction.RESTART, BOTH)):
        project, _ = control.control(project, control_command(action), NOON, methods)
    assert project.attempt is not None
    assert project.attempt.build_method == MODEL
    chosen, _ = control.create(create_command(build_method=MODEL), NOON, BOTH)
    stopped, _ = control.control(chosen, control_command(ControlAction.STOP), NOON, BOTH)
    with pytest.raises(MethodUnavailable):
        control.control(stopped, control_command(ControlAction.RESTART), NOON, Methods())


def test_a_build_of_another_system_has_no_method() -> None:
    story = Story(auto_start=False)
    story.report("started", "orchestrator", source="/ci/acme")
    assert story.project.attempt is not None
    assert story.project.attempt.build_method is None


def test_a_restart_of_another_systems_build_has_none_either() -> None:
    story = Story(auto_start=False)
    story.work(source="/ci/acme")
    story.control(ControlAction.RESTART)
    assert story.project.attempt is not None
    assert (story.project.attempt.number, story.project.attempt.build_method) == (2, None)


def test_a_restarted_change_is_built_as_it_began_and_a_restarted_build_by_what_there_is_now() -> None:
    change = AgentChange(agent_id="a", against=1, requirement="subtract, too", whole="add\n\nsubtract, too")
    project, _ = control.create(create_command(auto_start=False), NOON, Methods())
    for what, method in ((change, RULES), (None, MODEL)):
        begun, _ = control.begin(project, Builder.PLATFORM, Trigger.CHANGE, NOON, method=RULES, change=what)
        stopped, _ = control.control(begun, control_command(ControlAction.STOP), NOON, BOTH)
        again, _ = control.control(stopped, control_command(ControlAction.RESTART), NOON, BOTH)
        assert again.attempt is not None
        assert (again.attempt.change, again.attempt.build_method) == (what, method)


def test_auto_has_no_executor_and_without_any_executor_there_is_no_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for executors in ('{"auto": "a:b"}', "{}", '{"magic": "a:b"}'):
        monkeypatch.setenv("BUILD_EXECUTORS", executors)
        with pytest.raises(ValueError, match="build_executors"):
            BuildsSettings()
