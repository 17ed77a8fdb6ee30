"""A tenant has no more projects and builds than its quotas allow, however many are asked for at once."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.support.builds_story import EXTERNAL, PROJECT, Story, a_report, control_command, create_command, project_in
from tests.support.builds_world import LossyDatabase, Replica, delivered
from tests.support.memory_database import MemoryDatabase

from nexus_builds.app import quotas_by_tenant
from nexus_builds.domain.quotas import BUILD_ENDS_SECONDS, ProjectQuotas, TenantTotals
from nexus_builds.domain.state import Project
from nexus_builds.settings import BuildsSettings
from nexus_contracts.builds.commands import ControlAction, ControlProject, CreateProject, DeleteProject
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.errors import TenantQuotaExceeded
from nexus_contracts.principal import Principal
from nexus_contracts.replies import Reply
from nexus_runtime.dynamo import DatabaseUnavailable
from nexus_runtime.process.settings import load

FULL = TenantQuotaExceeded.code


def replica(database: MemoryDatabase | None = None, **quotas: int) -> Replica:
    made = Replica(database or MemoryDatabase())
    usual = ProjectQuotas(**quotas)

    def quotas_of(_tenant: str) -> ProjectQuotas:
        return usual

    made.commands = replace(made.commands, quotas_of=quotas_of)
    return made


def creation(number: int, tenant: str = "acme", **fields: Any) -> CreateProject:
    usual = {"auto_start": False, "principal": Principal(id="root", tenant=tenant, scopes=("admin",))}
    return create_command(**{"command_id": f"c{number}", "project_id": f"proj_{number:032x}", **usual, **fields})


def wish(number: int, action: ControlAction, again: str = "") -> ControlProject:
    project = creation(number)
    named = {"project_id": project.project_id, "principal": project.principal}
    return control_command(action, command_id=f"{action}{number}{again}", **named)


def code(answer: Reply) -> str:
    return answer.error.code if answer.error else str(answer.status)


async def outcomes(builds: Replica, *commands: Any) -> list[str]:
    """What each came to, all asked at once."""

    async def one(command: Any) -> str:
        try:
            return code(await builds.ask(command))
        except TenantQuotaExceeded as error:
            return error.code

    return sorted(await asyncio.gather(*(one(command) for command in commands)))


async def test_of_many_projects_at_once_as_many_are_created_as_the_quota_allows() -> None:
    builds = replica(projects=3)
    assert await outcomes(builds, *map(creation, range(10))) == ["201"] * 3 + [FULL] * 7
    assert await outcomes(builds, creation(20, "other")) == ["201"]


OWN = '{"acme": {"projects": 0}, "gross": {"projects": null, "builds": 9}}'


@pytest.mark.parametrize(
    ("tenant", "quotas"), [("acme", (0, 3)), ("gross", (None, 9)), ("other", (5, 3)), ("default", (5, 3))]
)
def test_a_tenants_own_quotas_take_the_place_of_the_usual_ones(
    tenant: str, quotas: tuple[int | None, int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENANT_QUOTAS", OWN)
    by_tenant = quotas_by_tenant(BuildsSettings(quota_projects=5, quota_builds=3))
    assert by_tenant is not None
    made = by_tenant(tenant)
    assert (made.projects, made.builds) == quotas


@pytest.mark.parametrize(
    "own", ['{"Acme": {}}', '{"acme": {"project": 1}}', '{"acme": {"builds": -1}}', '{"acme": 1}', "[]", "{"]
)
def test_quotas_that_no_tenant_could_have_stop_the_start(
    own: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TENANT_QUOTAS", own)
    with pytest.raises(SystemExit):
        load(BuildsSettings)
    assert capsys.readouterr().err.startswith("error: setting TENANT_QUOTAS")


def external() -> Project:
    story = Story(auto_start=False)
    story.report("started", "orchestrator", source=EXTERNAL)
    return story.project


IDLE, BUILDING, PAUSED, ENDED = (
    project_in(status).project
    for status in (ProjectStatus.PENDING, ProjectStatus.BUILDING, ProjectStatus.PAUSED, ProjectStatus.COMPLETED)
)
FULL_HOUSE = TenantTotals(projects=1, builds=1, entries=2)
CHANGES: list[tuple[Project | None, Project, set[str]]] = [
    (None, IDLE, {"projects"}),
    (None, BUILDING, {"projects", "builds"}),
    (IDLE, BUILDING, {"builds"}),
    (IDLE, external(), set()),
    (BUILDING, PAUSED, set()),
    (PAUSED, BUILDING, set()),
    (BUILDING, ENDED, set()),
    (ENDED, BUILDING, {"builds"}),
]
"""What changes, and of what it takes one more."""


@pytest.mark.parametrize(("before", "after", "takes"), CHANGES)
def test_only_what_a_change_takes_needs_room_and_only_where_that_is_limited(
    before: Project | None, after: Project, takes: set[str]
) -> None:
    for limited in ({"projects"}, {"builds"}, {"projects", "builds"}, set[str]()):
        quotas = ProjectQuotas(**dict.fromkeys(limited, 1))
        assert quotas.concern(before, after) == bool(takes & limited)
        quotas.require_room(before, after, TenantTotals(projects=0, builds=0, entries=0))
        if takes & limited:
            with pytest.raises(TenantQuotaExceeded) as refused:
                quotas.require_room(before, after, FULL_HOUSE)
            assert refused.value.details["quota"] in takes & limited
        else:
            quotas.require_room(before, after, FULL_HOUSE)


def test_a_refused_build_is_told_the_quota_and_when_to_ask_again() -> None:
    with pytest.raises(TenantQuotaExceeded, match="1 builds of the tenant go on, and 1 may at once") as refused:
        ProjectQuotas(builds=1).require_room(IDLE, BUILDING, FULL_HOUSE)
    told = {"quota": "builds", "limit": 1, "used": 1, "retry_after_seconds": BUILD_ENDS_SECONDS}
    assert refused.value.details == told
    assert "stop one" in refused.value.advice


async def test_who_is_let_in_between_another_ones_count_and_its_write_counts() -> None:
    database = LossyDatabase()
    builds = replica(database, projects=1)
    database.before_write = lambda: builds.ask(creation(1))
    assert await outcomes(builds, creation(2)) == [FULL]
    assert await builds.project(creation(1).project_id)


async def test_a_deleted_project_makes_room_and_waiting_alone_does_not() -> None:
    builds = replica(projects=1)
    await builds.ask(creation(1))
    with pytest.raises(TenantQuotaExceeded, match="may have 1") as refused:
        await builds.ask(creation(2))
    told = {"quota": "projects", "limit": 1, "used": 1, "retry_after_seconds": None}
    assert refused.value.details == told
    assert "Delete a project" in refused.value.advice
    deletion = {"command_id": "d", "project_id": creation(1).project_id, "principal": creation(1).principal}
    assert (await builds.ask(DeleteProject.model_validate(deletion))).status == 200
    assert await outcomes(builds, creation(2)) == ["201"]


async def test_who_took_the_last_place_is_answered_alike_however_often_it_asks() -> None:
    database = LossyDatabase()
    builds = replica(database, projects=1)
    database.lose_answers = 1
    with pytest.raises(DatabaseUnavailable):
        await builds.ask(creation(1), request_id="evt_1")
    again = await builds.ask(creation(1), request_id="evt_1")
    repeat = await builds.ask(creation(1))
    assert [(one.status, one.replayed) for one in (again, repeat)] == [(201, False), (201, True)]
    other = creation(1, command_id="another command", requirement="an agent that draws flowers and trees")
    assert await outcomes(builds, other) == ["RESOURCE_CONFLICT"]


async def test_a_build_counts_until_it_ends_and_pauses_do_not_make_room() -> None:
    builds = replica(builds=1)
    assert await outcomes(builds, creation(1), creation(2)) == ["201", "201"], "none of them is built"
    first, second = wish(1, ControlAction.START), wish(2, ControlAction.START)
    assert await outcomes(builds, first, second) == ["200", FULL]
    (running,) = [one for one in (first, second) if (await builds.present(one.project_id)).attempt]
    (refused,) = [one for one in (first, second) if one is not running]
    number = 1 if running is first else 2
    pause, stop = wish(number, ControlAction.PAUSE), wish(number, ControlAction.STOP)
    assert (await builds.ask(pause)).status == 200
    assert await outcomes(builds, refused, creation(3, auto_start=True)) == [FULL, FULL]
    assert (await builds.ask(stop)).status == 200
    assert await outcomes(builds, refused) == ["200"]


async def test_a_restart_that_was_let_in_keeps_its_answer_when_there_is_no_room_any_more() -> None:
    builds = replica(builds=1)
    restart = wish(1, ControlAction.RESTART)
    for command in (creation(1, auto_start=True), wish(1, ControlAction.STOP)):
        await builds.ask(command)
    first = await builds.ask(restart)
    for command in (wish(1, ControlAction.STOP, "again"), creation(2, auto_start=True)):
        await builds.ask(command)
    assert await outcomes(builds, wish(1, ControlAction.RESTART, "again")) == [FULL]
    repeat = await builds.ask(restart)
    assert (repeat.status, repeat.replayed, repeat.result) == (200, True, first.result)


async def test_what_other_systems_build_takes_no_place_of_the_platforms_builds() -> None:
    builds = replica(builds=1)
    await builds.ask(create_command(auto_start=False))
    await builds.tell(delivered(a_report("started", "orchestrator"), "/ci/acme", "1"))
    assert (await builds.present(PROJECT)).attempt is not None
    assert await outcomes(builds, creation(2, "default", auto_start=True)) == ["201"]
    assert await outcomes(builds, creation(3, "default", auto_start=True)) == [FULL]
