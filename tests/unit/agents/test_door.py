"""The door of an agent: what it lets through, what that costs, and what it does not let through."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError
from tests.support.doors import KEY, MODEL, asking, grants, open_door, served_host
from tests.support.eventually import eventually
from tests.support.memory_database import MemoryDatabase
from tests.support.model_wire import CUT, OVERLOAD, RATE_LIMIT, Fault, Turn, Wire, model_wire

from nexus_agents.backends.door.bodies import MOST_SENT
from nexus_agents.backends.door.door import CHAT, MOST_CALLS, MOST_CONNECTIONS, Doors
from nexus_agents.backends.door.grants import HostGrant
from nexus_agents.domain.spending import BudgetExceeded, Reserved
from nexus_agents.settings import AgentsSettings
from nexus_agents.store.spending import SpendingStore
from nexus_contracts.agents.events import AgentUsage
from nexus_contracts.builds.reports import Usage
from nexus_runtime.dynamo import Action
from nexus_sandbox.sandbox import DOOR

PAID = Usage(input_tokens=1000, output_tokens=100, cost_usd=0.002)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Generator[Wire]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with model_wire({}) as served:
        yield served


@pytest.fixture
async def weather(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[str]:
    """A host that repeats what it is sent."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/moved":
            return web.Response(status=302, headers={"Location": "http://127.0.0.1/elsewhere"})
        said = {"path": request.path_qs, "headers": dict(request.headers), "body": await request.text()}
        return web.json_response(said)

    async with served_host(answer) as address:
        yield address


def spending(limit_usd: float = 1000.0, database: MemoryDatabase | None = None) -> SpendingStore:
    return SpendingStore((database or MemoryDatabase()).as_database(), lambda: NOON, limit_usd)


def spent(database: MemoryDatabase) -> float:
    return sum(item.get("nano_usd", 0) for table in database.tables.values() for item in table.values()) / 10**9


def code_of(answer: Any) -> str:
    return answer["error"]["code"]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_call_reaches_the_model_with_the_platforms_key_and_counts_once(
    wire: Wire, tmp_path: Path, streamed: bool
) -> None:
    wire.turns.append(Turn("Hello there."))
    database = MemoryDatabase()
    async with open_door(tmp_path, grants(wire), asking(), spending(1.0, database)) as agent:
        with agent.door.invocation() as account:
            status, answer = await agent.ask(stream=streamed, max_tokens=99_999, service_tier="priority", n=9)
    assert status == 200
    assert wire.keys == {f"Bearer {KEY}"}
    (sent,) = wire.bodies
    assert {name: sent[name] for name in ("model", "max_tokens")} == {"model": "played", "max_tokens": 1000}
    assert sent.keys() & {"service_tier", "n"} == set()
    if streamed:
        *pieces, end = answer
        assert "".join(piece["choices"][0]["delta"]["content"] for piece in pieces) == "Hello there."
        assert end == "[DONE]"
    else:
        assert answer["choices"][0]["message"]["content"] == "Hello there."
    assert account.usage == AgentUsage(model=MODEL, **PAID.model_dump())
    assert spent(database) == PAID.cost_usd


async def test_who_asks_for_the_figures_of_a_stream_gets_them(wire: Wire, tmp_path: Path) -> None:
    wire.turns.append(Turn("Hello."))
    async with open_door(tmp_path, grants(wire), asking()) as agent:
        with agent.door.invocation():
            _, events = await agent.ask(stream=True, stream_options={"include_usage": True})
    assert events[-2]["usage"]["prompt_tokens"] == 1000


async def test_an_answer_that_does_not_tell_its_usage_counts_at_its_dearest(wire: Wire, tmp_path: Path) -> None:
    wire.turns.append(Turn("Hello.", figures=False))
    async with open_door(tmp_path, grants(wire), asking()) as agent:
        with agent.door.invocation() as account:
            await agent.ask()
    assert account.usage.output_tokens == 1000


HARMFUL: dict[str, tuple[dict[str, Any], str]] = {
    "another model": ({"model": "openai:dearer"}, "MODEL_NOT_ALLOWED"),
    "a tool of the provider's": ({"tools": [{"type": "web_search"}]}, "INVALID_REQUEST"),
    "an address to fetch": (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example"}}]}]},
        "INVALID_REQUEST",
    ),
    "an address to fetch, in another form": (
        {"messages": [{"role": "user", "content": {"type": "image_url", "image_url": {"url": "https://x.example"}}}]},
        "INVALID_REQUEST",
    ),
    "no messages": ({"messages": "hello"}, "INVALID_REQUEST"),
    "a message that is none": ({"messages": ["hello"]}, "INVALID_REQUEST"),
    "a length that is none": ({"max_tokens": "many"}, "INVALID_REQUEST"),
}


@pytest.mark.parametrize("what", HARMFUL)
async def test_what_an_agent_may_not_ask_for_never_reaches_the_model(wire: Wire, tmp_path: Path, what: str) -> None:
    body, code = HARMFUL[what]
    async with open_door(tmp_path, grants(wire), asking()) as agent:
        with agent.door.invocation() as account:
            _, answer = await agent.ask(**body)
    assert code_of(answer) == code
    assert (wire.paths, account.usage) == ({}, AgentUsage())


async def test_a_model_that_is_not_granted_is_refused(wire: Wire, tmp_path: Path) -> None:
    async with open_door(tmp_path, grants(wire), asking("openai:dearer")) as agent:
        with agent.door.invocation():
            status, answer = await agent.ask(model="openai:dearer")
    assert (status, code_of(answer)) == (403, "MODEL_NOT_ALLOWED")


async def test_calls_beyond_the_limit_of_an_invocation_are_not_made(wire: Wire, tmp_path: Path) -> None:
    wire.turns.extend([Turn("one"), Turn("two"), Turn("three")])
    async with open_door(tmp_path, grants(wire), asking(calls=2)) as agent:
        with agent.door.invocation() as account:
            answers = [await agent.ask() for _ in range(3)]
        with agent.door.invocation():
            again, _ = await agent.ask()
    assert [status for status, _ in answers] == [200, 200, 402]
    assert code_of(answers[-1][1]) == "BUDGET_EXCEEDED"
    assert account.usage.input_tokens == 2000
    assert again == 200


async def test_a_call_that_could_exceed_the_budget_of_the_day_is_not_made(wire: Wire, tmp_path: Path) -> None:
    wire.turns.extend([Turn("one"), Turn("two")])
    async with open_door(tmp_path, grants(wire), asking(), spending(0.0115)) as agent:
        with agent.door.invocation():
            first, _ = await agent.ask()
            second, refused = await agent.ask()
    assert (first, second, code_of(refused)) == (200, 402, "BUDGET_EXCEEDED")
    assert "0.0115 USD, of which 0.0020 are spent" in refused["error"]["message"]
    assert wire.paths.total() == 1


class Resending(MemoryDatabase):
    """Every answer of it is lost once, so that its client sends each write again."""

    async def write(self, *actions: Action, tries: int = 1) -> None:
        await super().write(*actions, tries=tries)
        await super().write(*actions, tries=tries)


@pytest.mark.parametrize("cost", [0.0, 0.1, 0.5])
async def test_a_call_counts_once_though_answers_of_the_database_are_lost(cost: float) -> None:
    database = Resending()
    store = spending(1.0, database)
    await store.settle(await store.reserve("a", 0.5), cost)
    assert spent(database) == cost


async def test_reservations_made_at_once_never_exceed_the_budget() -> None:
    database = MemoryDatabase()
    store = spending(1.0, database)
    made = await asyncio.gather(*(store.reserve("agent", 0.3) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, BudgetExceeded) for one in made) == 2
    assert spent(database) == 0.9  # and stays so, where the process dies before it settles


async def test_several_calls_get_a_quarter_of_what_is_left_or_room_for_two_and_never_more_than_is_left() -> None:
    database = MemoryDatabase()
    store = spending(1.0, database)
    made = [(await store.reserve_share("agent", cost)).usd for cost in (0.01, 0.25, 0.2)]
    assert made == pytest.approx([0.25, 0.5, 0.25])
    with pytest.raises(BudgetExceeded):
        await store.reserve_share("agent", 0.01)
    assert spent(database) == pytest.approx(1.0)
    assert (await store.reserve_share("agent", 0.0)).usd == 0.0  # of a model that is free


async def test_shares_taken_at_once_never_exceed_the_budget() -> None:
    database = MemoryDatabase()
    store = spending(1.0, database)

    async def outcome() -> type[object]:
        try:
            return type(await store.reserve_share("agent", 0.2))
        except BudgetExceeded:
            return BudgetExceeded

    assert set(await asyncio.gather(*(outcome() for _ in range(9)))) == {Reserved, BudgetExceeded}
    assert 0.8 < spent(database) <= 1.0


FAULTS = {
    "rate limit": (RATE_LIMIT, 429, "MODEL_UNAVAILABLE"),
    "overload": (OVERLOAD, 503, "MODEL_UNAVAILABLE"),
    "a refused request": (Fault(400, {"message": f"no tool {KEY}"}), 400, "MODEL_REJECTED"),
    "a refused key": (Fault(401, {"message": f"your key {KEY} is wrong"}), 502, "MODEL_REJECTED"),
}


@pytest.mark.parametrize("what", FAULTS)
async def test_what_the_provider_refuses_costs_nothing_and_shows_no_key(wire: Wire, tmp_path: Path, what: str) -> None:
    fault, status, code = FAULTS[what]
    wire.faults.append(fault)
    async with open_door(tmp_path, grants(wire), asking()) as agent:
        with agent.door.invocation() as account:
            answered, body = await agent.ask()
    assert (answered, code_of(body)) == (status, code)
    assert KEY not in json.dumps(body)
    assert account.usage == AgentUsage(model=MODEL)


async def test_a_stream_that_is_cut_ends_with_an_error_and_counts(wire: Wire, tmp_path: Path) -> None:
    wire.turns.append(Turn("Hello there, this is a long answer."))
    wire.faults.append(CUT)
    async with open_door(tmp_path, grants(wire), asking()) as agent:
        with agent.door.invocation() as account:
            _, events = await agent.ask(stream=True)
    assert code_of(events[-1]) == "MODEL_UNAVAILABLE"
    assert account.usage.output_tokens == 1000


async def test_a_provider_that_hangs_costs_only_its_own_call(wire: Wire, tmp_path: Path) -> None:
    wire.turns.extend([Turn("late"), Turn("in time")])
    wire.faults.append(Fault(seconds=1.0))
    async with open_door(tmp_path, grants(wire, seconds=0.5), asking()) as agent:
        with agent.door.invocation():
            hung = asyncio.create_task(agent.ask())
            await eventually(lambda: wire.paths, what="the model is asked")
            other, _ = await agent.ask()
            status, answer = await hung
    assert (status, code_of(answer), other) == (504, "TIMED_OUT", 200)


async def test_a_giant_body_is_refused_and_the_next_call_is_not(wire: Wire, tmp_path: Path) -> None:
    wire.turns.append(Turn("Hello."))
    async with open_door(tmp_path, grants(wire), asking()) as agent:
        with agent.door.invocation():
            status, answer = await agent.send("POST", CHAT, data=BytesIO(b"x" * (MOST_SENT + 1)))
            after, _ = await agent.ask()
    assert (status, code_of(answer), after) == (413, "TOO_LARGE", 200)


async def test_connections_beyond_the_bound_are_closed_and_harm_no_other_agent(wire: Wire, tmp_path: Path) -> None:
    wire.turns.extend([Turn("Hello."), Turn("Hello.")])
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with AsyncExitStack() as stack:
        greedy = await stack.enter_async_context(open_door(tmp_path / "a", grants(wire), asking()))
        other = await stack.enter_async_context(open_door(tmp_path / "b", grants(wire), asking()))
        held = [await asyncio.open_unix_connection(greedy.path) for _ in range(8 * MOST_CONNECTIONS)]
        closed = [asyncio.create_task(reader.read()) for reader, _ in held]
        await asyncio.wait(closed, return_when=asyncio.FIRST_COMPLETED)
        with other.door.invocation():
            assert (await other.ask())[0] == 200
        for _, writer in held:
            writer.close()
        await asyncio.gather(*closed)
        await eventually(lambda: greedy.door.connections == 0, what="the door has room again")
        with greedy.door.invocation():
            assert (await greedy.ask())[0] == 200


async def test_nothing_passes_but_during_an_invocation(wire: Wire, tmp_path: Path) -> None:
    wire.turns.extend([Turn("Hello.")] * MOST_CALLS)
    wire.faults.extend([Fault(seconds=0.5)] * MOST_CALLS)
    async with open_door(tmp_path, grants(wire), asking()) as agent:
        status, answer = await agent.ask()
        with agent.door.invocation():
            begun = [asyncio.create_task(agent.ask()) for _ in range(MOST_CALLS + 1)]
            await eventually(lambda: wire.paths.total() == MOST_CALLS, what="the model is asked")
        ends = await asyncio.gather(*begun, return_exceptions=True)
    assert (status, code_of(answer)) == (403, "NO_INVOCATION")
    assert all(isinstance(end, BaseException) or end[0] == 403 for end in ends)


async def test_a_host_gets_its_secret_which_the_agent_never_sees(weather: str, tmp_path: Path, wire: Wire) -> None:
    grant = HostGrant(host="api.weather.example", url=weather, secret="WEATHER_KEY")
    spec = asking(None, allowed_hosts=["api.weather.example"], secrets=["WEATHER_KEY"])
    async with open_door(tmp_path, grants(wire, grant), spec) as agent:
        with agent.door.invocation():
            status, said = await agent.send("POST", "/hosts/api.weather.example/v1/now?in=Bonn", data=b"sun?")
            moved, _ = await agent.send("GET", "/hosts/api.weather.example/moved", allow_redirects=False)
    assert (status, said["path"], said["body"]) == (200, "/v1/now?in=Bonn", "sun?")
    assert said["headers"]["Authorization"] == "***"
    assert moved == 302


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/hosts/other.example/", 403, "HOST_NOT_ALLOWED"),
        ("/hosts/granted.example/", 403, "HOST_NOT_ALLOWED"),
        ("/hosts/asked.example/", 403, "HOST_NOT_ALLOWED"),
        ("/hosts/api.weather.example@other.example/", 403, "HOST_NOT_ALLOWED"),
        ("/hosts/api.weather.example/a/%2e%2e/%2e%2e/admin", 400, "INVALID_REQUEST"),
        ("/hosts/api.weather.example/a/..%3b/..;x=1/admin", 400, "INVALID_REQUEST"),
        ("/hosts/api.weather.example/a%5c%252e%252e/admin", 400, "INVALID_REQUEST"),
        ("/v1/models", 404, "NOT_FOUND"),
    ],
)
async def test_a_host_has_to_be_granted_and_asked_for(
    weather: str, tmp_path: Path, wire: Wire, path: str, status: int, code: str
) -> None:
    hosts = [HostGrant(host=name, url=weather) for name in ("api.weather.example", "granted.example")]
    spec = asking(allowed_hosts=["api.weather.example", "asked.example"])
    async with open_door(tmp_path, grants(wire, *hosts), spec) as agent:
        with agent.door.invocation():
            answered, body = await agent.send("GET", path)
    assert (answered, code_of(body)) == (status, code)


async def test_a_secret_that_the_specification_does_not_name_is_not_sent(
    weather: str, tmp_path: Path, wire: Wire
) -> None:
    grant = HostGrant(host="api.weather.example", url=weather, secret="WEATHER_KEY")
    async with open_door(tmp_path, grants(wire, grant), asking(allowed_hosts=["api.weather.example"])) as agent:
        with agent.door.invocation():
            _, said = await agent.send("GET", "/hosts/api.weather.example/")
    assert "Authorization" not in said["headers"]


def test_models_for_agents_have_to_be_known() -> None:
    with pytest.raises(ValidationError, match="MODELS has no openai: model named openai:typo"):
        AgentsSettings(agent_models=["openai:typo"])


async def test_an_agent_that_asks_for_nothing_outside_has_no_door(tmp_path: Path, wire: Wire) -> None:
    assert await Doors(grants(wire)).door("agent", asking(None), tmp_path) is None
    assert not (tmp_path / DOOR).exists()
