"""A tenant asks its agents no more on a day than its quotas allow; what was let in keeps its answer."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from tests.support.agents_world import AGENT, SESSION, World, kill_tasks, settle

from nexus_agents.domain.backend import AgentAnswer
from nexus_agents.domain.quotas import DailyQuotas, Used
from nexus_agents.store.usage import UsageStore
from nexus_contracts.agents.commands import CreateSession, InvokeAgent, PostMessage
from nexus_contracts.agents.events import AgentUsage
from nexus_contracts.errors import TenantQuotaExceeded
from nexus_contracts.principal import DEFAULT_TENANT
from nexus_runtime.process.clock import new_id, utc_now


@asynccontextmanager
async def world(**quotas: Any) -> AsyncGenerator[World]:
    made = World(None, **quotas)
    await made.start()
    await made.deploy()
    await made.ask(CreateSession(command_id=new_id("c"), session_id=SESSION, agent_id=AGENT))
    yield made
    await kill_tasks()


def invocation(**fields: Any) -> InvokeAgent:
    usual = {"command_id": new_id("c"), "agent_id": AGENT, "invocation_id": new_id("inv_"), "input_text": "hello"}
    return InvokeAgent.model_validate(usual | fields)


def message(role: str = "user") -> PostMessage:
    usual = {"command_id": new_id("c"), "session_id": SESSION, "invocation_id": new_id("inv_"), "content": "hello"}
    return PostMessage.model_validate(usual | {"role": role})


async def used(made: World, tenant: str = DEFAULT_TENANT) -> Used:
    return await UsageStore(made.database.as_database(), lambda _: DailyQuotas()).of(tenant, utc_now())


async def test_invocations_and_messages_count_from_their_acceptance_and_notes_do_not() -> None:
    async with world(quota_invocations_per_day=3) as made:
        for command in (invocation(), message(), message(), message("system")):
            await made.send(command)
        assert await used(made) == Used(invocations=3)
        for command in (invocation(), message()):
            with pytest.raises(TenantQuotaExceeded) as refused:
                await made.send(command)
            assert refused.value.details["quota"] == "invocations_per_day"
        assert await used(made) == Used(invocations=3)
        assert len(made.backend.prompts) == 2, "the second message waits for its turn"
        await made.send(message("system"))


async def test_an_invocation_that_was_let_in_is_answered_to_a_repeat_when_nothing_more_is() -> None:
    async with world(quota_invocations_per_day=1) as made:
        command = invocation()
        await made.send(command)
        made.backend.asked[0].succeed("first")
        await settle()
        (repeat,) = made.answers(await made.send(command))
        assert (repeat.status, repeat.replayed) == (200, True)
        assert await used(made) == Used(invocations=1)


async def test_tokens_count_once_when_they_are_known_and_then_nothing_more_is_let_in() -> None:
    async with world(quota_tokens_per_day=100) as made:
        await made.send(invocation())
        await made.send(message())
        for asked in list(made.backend.asked):
            asked.answer.set_result(AgentAnswer("done", usage=AgentUsage(input_tokens=40, output_tokens=15)))
            await settle()
        assert await used(made) == Used(tokens=110)
        with pytest.raises(TenantQuotaExceeded, match="110 of 100 tokens"):
            await made.send(invocation())


async def test_another_tenant_has_a_quota_of_its_own() -> None:
    async with world(quota_invocations_per_day=1) as made:
        await made.send(invocation())
        assert await used(made, "other") == Used()


@pytest.mark.parametrize(("own", "let_in"), [({"invocations_per_day": 0}, 0), ({"invocations_per_day": 2}, 2)])
async def test_a_tenants_own_quota_takes_the_place_of_the_usual_one(own: dict[str, int], let_in: int) -> None:
    async with world(quota_invocations_per_day=1, tenant_quotas={DEFAULT_TENANT: own, "other": {}}) as made:
        for _ in range(let_in):
            await made.send(invocation())
        with pytest.raises(TenantQuotaExceeded):
            await made.send(invocation())
        assert await used(made) == Used(invocations=let_in)


async def test_a_tenant_may_have_no_quota_where_others_have_one_and_then_nothing_is_counted() -> None:
    own = {DEFAULT_TENANT: {"invocations_per_day": None}}
    async with world(quota_invocations_per_day=1, tenant_quotas=own) as made:
        for _ in range(3):
            await made.send(invocation())
        assert await used(made) == Used()


async def test_without_quotas_nothing_is_counted() -> None:
    async with world() as made:
        await made.send(invocation())
        made.backend.asked[0].answer.set_result(AgentAnswer("done", usage=AgentUsage(input_tokens=40)))
        await settle()
        assert await used(made) == Used()


@pytest.mark.parametrize(
    ("used", "told"),
    [
        (Used(invocations=5), {"quota": "invocations_per_day", "limit": 5, "used": 5}),
        (Used(invocations=4, tokens=70), {"quota": "tokens_per_day", "limit": 70, "used": 70}),
    ],
)
def test_who_has_no_room_is_told_of_which_quota(used: Used, told: dict[str, Any]) -> None:
    now = datetime(2026, 1, 31, 23, tzinfo=UTC)
    quotas = DailyQuotas(invocations=5, tokens=70)
    quotas.require_room(Used(invocations=4, tokens=69), now)
    with pytest.raises(TenantQuotaExceeded) as refused:
        quotas.require_room(used, now)
    assert refused.value.details == told | {"retry_after_seconds": 3600}
    kind = str(told["quota"]).removesuffix("_per_day")
    assert str(refused.value) == f"the tenant has used {told['used']} of {told['limit']} {kind} of today"


def test_the_day_is_that_of_utc_wherever_the_service_and_the_clock_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        with pytest.raises(TenantQuotaExceeded) as refused:
            DailyQuotas(tokens=5).require_room(
                Used(tokens=5), datetime(2026, 2, 1, 1, tzinfo=timezone(timedelta(hours=2)))
            )
    time.tzset()
    assert refused.value.details["retry_after_seconds"] == 3600


@pytest.mark.parametrize(("time_of_day", "seconds"), [((0, 0, 0), 86_400), ((23, 59, 59), 1), ((23, 0, 0), 3600)])
def test_there_is_room_again_at_midnight(time_of_day: tuple[int, int, int], seconds: int) -> None:
    with pytest.raises(TenantQuotaExceeded) as refused:
        DailyQuotas(invocations=5).require_room(Used(invocations=5), datetime(2026, 1, 31, *time_of_day, tzinfo=UTC))
    assert refused.value.details["retry_after_seconds"] == seconds
