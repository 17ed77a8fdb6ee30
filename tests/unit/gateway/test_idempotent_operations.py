"""Every POST there is: equal requests at once have one effect and one answer; the routes come from the document."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from tests.support.agents_world import kill_tasks
from tests.support.asgi import HttpAnswer
from tests.support.memory_database import MemoryDatabase
from tests.support.owned import ANN, OPERATIONS, Owned
from tests.support.whole_platform import WholePlatform

from nexus_agents.domain.backend import AgentAnswer
from nexus_contracts.principal import EVERYBODY
from nexus_runtime.process import caller

AT_ONCE = 8
KEYED = [*ANN, ("Idempotency-Key", "order-4711")]
REPORT = "reportStage"
"""It has its effect later, when it is read from its topic."""
POSTS = {operation["operationId"]: (path, operation) for method, path, operation in OPERATIONS if method == "POST"}
WITH_BODY = {name: one for name, one in POSTS.items() if "requestBody" in one[1]}
DECIDED = {"RESOURCE_NOT_FOUND", "INVALID_STATE"}
ERASED = {"invokeAgent", "postMessage", "streamDialog"}
"""Their answers are what the agent said, which is erased together with it."""
OUTLIVING = {name: one for name, one in POSTS.items() if name not in ERASED}


async def answer_at_once(*_: Any) -> AgentAnswer:
    return AgentAnswer("84")


@pytest_asyncio.fixture
async def owned(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Owned]:
    """Her agents answer at once. The databases let others go first, so requests at once are in each other's way."""
    made = Owned(WholePlatform(reply_wait_seconds=10, invoke_wait_seconds=10))
    await made.make()
    monkeypatch.setattr(made.platform.agents.backend, "invoke", answer_at_once)
    uploaded = await made.ask("POST", *POSTS["uploadPackage"], ANN)
    made.ids["package_id"] = uploaded.json["data"]["package_id"]
    for name in ("get", "get_many", "write"):
        monkeypatch.setattr(MemoryDatabase, name, yielding(getattr(MemoryDatabase, name)))
    yield made
    caller.principal.set(EVERYBODY)
    await kill_tasks()


def yielding(method: Any) -> Any:
    async def later(*arguments: Any, **more: Any) -> Any:
        await asyncio.sleep(0)
        return await method(*arguments, **more)

    return later


def told(answer: HttpAnswer) -> tuple[int, Any]:
    """What the answer says, apart from what belongs to the request alone."""
    if not answer.headers["content-type"].startswith("application/json"):
        return answer.status, answer.body
    said: Any = json.loads(answer.body)
    for part in (said, said.get("error", {})):
        for name in ("timestamp", "request_id", "trace_id"):
            part.pop(name, None)
    return answer.status, said


@pytest.mark.parametrize(("path", "operation"), POSTS.values(), ids=POSTS.keys())
async def test_equal_requests_at_once_have_one_effect_and_one_answer(owned: Owned, path: str, operation: Any) -> None:
    before = owned.effects()
    answers = await asyncio.gather(*(owned.ask("POST", path, operation, KEYED) for _ in range(AT_ONCE)))
    answers.append(await owned.ask("POST", path, operation, KEYED))
    first = told(answers[0])
    assert [told(answer) for answer in answers] == [first] * len(answers)
    done = answers[0].status < 300
    assert done or answers[0].error["code"] in DECIDED, first
    assert owned.effects() - before == int(done and operation["operationId"] != REPORT)
    replayed = [answer.headers.get("idempotent-replayed") for answer in answers]
    assert replayed.count("true") == len(answers) - 1, first


@pytest.mark.parametrize(("path", "operation"), WITH_BODY.values(), ids=WITH_BODY.keys())
async def test_another_body_with_the_same_key_is_refused_and_changes_nothing(
    owned: Owned, path: str, operation: Any
) -> None:
    await owned.ask("POST", path, operation, KEYED)
    before, effects = owned.state(), owned.effects()
    refused = await owned.ask("POST", path, operation, KEYED, other=True)
    assert (refused.status, refused.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (owned.state(), owned.effects()) == (before, effects)


@pytest.mark.parametrize(("path", "operation"), OUTLIVING.values(), ids=OUTLIVING.keys())
async def test_a_repeat_gets_the_first_answer_though_the_agent_and_its_project_are_gone(
    owned: Owned, path: str, operation: Any
) -> None:
    first = await owned.ask("POST", path, operation, KEYED)
    for gone in ("agents/{agent_id}", "projects/{project_id}"):
        assert (await owned.call("DELETE", "/api/v1/" + gone.format(**owned.ids), headers=ANN)).status == 200
        again = await owned.ask("POST", path, operation, KEYED)
        assert told(again) == told(first)
        assert again.headers["idempotent-replayed"] == "true"


def test_most_operations_do_something_here() -> None:
    assert len(POSTS) >= 19
    assert len(WITH_BODY) >= 12
