"""Agents with a model on AgentCore: their machine has what was deployed and nothing else, their model is Bedrock's."""

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.agentcore_machines import PlayedMachines, ProcessMachines
from tests.support.agentcore_world import AGENT, AgentCoreWorld, agentcore, aws_environment
from tests.support.bedrock_double import MODEL, BedrockDouble, bedrock_double
from tests.support.doors import asking
from tests.support.mcp_double import GREETING, mcp_double
from tests.support.memory_database import MemoryDatabase
from tests.support.model_wire import Turn
from tests.support.scripted_model import written
from tests.support.service_models import Refusal

from nexus_agents.backends.door.grants import Grants, HostGrant, McpGrant
from nexus_agents.domain.backend import DeployedAgent, InvokeRequest, PastMessage
from nexus_agents.domain.backend_errors import AgentFailed, BackendError, BackendThrottled, PackageRejected
from nexus_agents.domain.stream import AgentEvent, TextPiece, ToolAnswered, ToolUsed
from nexus_agents.store.spending import SpendingStore
from nexus_contracts.agents.events import AgentUsage
from nexus_contracts.agents.spec import AgentSpec, ToolSpec
from nexus_contracts.builds.language_models import LanguageModel
from nexus_model_builder.answers import WrittenTool
from nexus_model_builder.assembly import Parts, package_files
from nexus_offline_builder.packaging import zipped
from nexus_runtime.process.clock import utc_now

NAME = f"bedrock:{MODEL}"
VOWELS = ToolSpec(name="vowels", description="counts vowels", parameters={"type": "object"})
USES_IT = Turn("Let me count. ", calls=(("vowels", '{"text": "queue"}'),))
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAPLAYED", "AWS_SECRET_ACCESS_KEY": "played", "no_proxy": "127.0.0.1"}
ONE = AgentUsage(
    model=NAME, input_tokens=1000, cached_tokens=400, cache_write_tokens=200, output_tokens=100, cost_usd=0.00169
)


@pytest.fixture
async def bedrock() -> AsyncGenerator[BedrockDouble]:
    async with bedrock_double({}) as served:
        yield served


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    aws_environment(monkeypatch)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def granting(bedrock: BedrockDouble, seconds: float = 20.0, **more: Any) -> Grants:
    model = LanguageModel(
        name=NAME, base_url=bedrock.url, max_output_tokens=1000, input_usd=1.0, cached_usd=0.1, output_usd=10.0
    )
    return Grants((model,), seconds=seconds, **more)


@asynccontextmanager
async def opened(
    root: Path,
    bedrock: BedrockDouble,
    granted: Grants | None = None,
    database: MemoryDatabase | None = None,
    limit_usd: float = 1000.0,
    machines: Any = None,
) -> AsyncGenerator[AgentCoreWorld]:
    spending = SpendingStore((database or MemoryDatabase()).as_database(), utc_now, limit_usd)
    bare = machines or ProcessMachines(bare=True, environment=CREDENTIALS)
    async with agentcore(root, bare, granted or granting(bedrock), spending) as world:
        yield world


def packed(spec: AgentSpec | None = None) -> bytes:
    made = spec or asking(NAME, instructions="Count vowels.", tools=[VOWELS])
    return zipped(package_files(Parts(made, {"vowels": WrittenTool.model_validate(written())}, "1.0.0")))


def spent(database: MemoryDatabase) -> float:
    return sum(item.get("nano_usd", 0) for table in database.tables.values() for item in table.values()) / 10**9


async def failure(world: AgentCoreWorld, agent: DeployedAgent, **request: Any) -> BackendError:
    with pytest.raises(BackendError) as failed:
        await world.backend.invoke(agent, InvokeRequest("hello", **request))
    return failed.value


async def test_an_agent_asks_bedrock_and_its_tools_and_pays_once(tmp_path: Path, bedrock: BedrockDouble) -> None:
    bedrock.turns.extend([USES_IT, Turn("There are 4 vowels.")] * 2)
    database = MemoryDatabase()
    said: list[AgentEvent] = []

    async def observe(event: AgentEvent) -> None:
        said.append(event)

    before = (PastMessage("user", "vowels of sky?"), PastMessage("assistant", "None."))
    async with opened(tmp_path, bedrock, database=database) as world:
        agent = await world.deployed(packed())
        answer = await world.backend.invoke(agent, InvokeRequest("and of queue?", before))
        streamed = await world.backend.invoke(agent, InvokeRequest("and of queue?", before, observe=observe))
    called = {"name": "vowels", "input": {"text": "queue"}, "output": {"text": "There are 4 vowels."}}
    for one in (answer, streamed):
        assert (one.output, one.tool_calls) == ("There are 4 vowels.", (called,))
        assert one.usage == AgentUsage(**ONE.plus(ONE).model_dump() | {"tool_calls": 1}, model=NAME)
    assert spent(database) == 4 * ONE.cost_usd
    assert {one["modelId"] for one in bedrock.requests} == {MODEL}
    first, second = bedrock.requests[:2]
    assert first["system"][0]["text"].startswith("Count vowels.")
    assert [one["role"] for one in second["messages"]] == ["user", "assistant", "user", "assistant", "user"]
    (result,) = second["messages"][-1]["content"]
    assert result["toolResult"]["content"] == [{"text": "There are 4 vowels."}]
    assert "".join(one.text for one in said if isinstance(one, TextPiece)) == "Let me count. There are 4 vowels."
    assert [type(one) for one in said if not isinstance(one, TextPiece)][:2] == [ToolUsed, ToolAnswered]


REFUSALS = {
    "throttled": (Refusal("ThrottlingException", "slow down"), "MODEL_UNAVAILABLE", "no more requests for now"),
    "no access": (Refusal("AccessDeniedException", "no"), "MODEL_REJECTED", "bedrock:InvokeModelWithResponseStream"),
    "invalid": (Refusal("ValidationException", "too long for arn:aws:x:y"), "MODEL_REJECTED", r"too long for \(ARN\)"),
    "late": (Refusal("ModelTimeoutException", "late"), "TIMED_OUT", "took too long"),
    "broken": (Refusal("InternalServerException", "oh"), "MODEL_UNAVAILABLE", "InternalServerException"),
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("what", REFUSALS)
async def test_what_bedrock_refuses_is_told_and_only_what_it_answered_costs(
    tmp_path: Path, bedrock: BedrockDouble, what: str, streamed: bool
) -> None:
    refusal, code, text = REFUSALS[what]
    bedrock.turns.append(USES_IT)
    bedrock.faults.extend([0.0, refusal] if streamed else [refusal])
    database = MemoryDatabase()

    async def observe(event: AgentEvent) -> None:
        return

    async with opened(tmp_path, bedrock, database=database) as world:
        agent = await world.deployed(packed())
        failed = await failure(world, agent, observe=observe if streamed else None)
    assert isinstance(failed, AgentFailed)
    assert failed.code == code
    assert re.search(text, failed.message)
    used = ONE.cost_usd if streamed else 0.0
    assert failed.usage.cost_usd == used == spent(database)


@pytest.mark.parametrize(
    ("turn", "code"),
    [(Refusal("throttlingException", "slow down"), "MODEL_UNAVAILABLE"), (None, "MODEL_UNAVAILABLE")],
    ids=["refused", "cut"],
)
async def test_an_answer_that_ends_too_early_counts_at_its_dearest(
    tmp_path: Path, bedrock: BedrockDouble, turn: Any, code: str
) -> None:
    bedrock.turns.append(turn)
    async with opened(tmp_path, bedrock) as world:
        failed = await failure(world, await world.deployed(packed()))
    assert (failed.code, failed.usage.output_tokens) == (code, 1000)


async def test_a_runtime_without_credentials_says_so(tmp_path: Path, bedrock: BedrockDouble) -> None:
    bare = ProcessMachines(bare=True, environment={"AWS_EC2_METADATA_DISABLED": "true"})
    async with opened(tmp_path, bedrock, machines=bare) as world:
        failed = await failure(world, await world.deployed(packed()))
    assert (failed.code, bedrock.requests) == ("MODEL_REJECTED", [])
    assert "no credentials" in failed.message


async def test_an_invocation_makes_no_more_calls_than_its_specification_allows(
    tmp_path: Path, bedrock: BedrockDouble
) -> None:
    bedrock.turns.extend([USES_IT, USES_IT, Turn("Never said.")])
    async with opened(tmp_path, bedrock) as world:
        spec = asking(NAME, calls=2, instructions="Count vowels.", tools=[VOWELS])
        steps = await failure(world, await world.deployed(packed(spec)))
    assert (steps.code, steps.usage.input_tokens) == ("BUDGET_EXCEEDED", 2000)


async def test_the_calls_of_an_invocation_end_with_what_it_may_spend_of_the_day(
    tmp_path: Path, bedrock: BedrockDouble
) -> None:
    bedrock.turns.extend([USES_IT, USES_IT, Turn("Never said.")])
    database = MemoryDatabase()
    async with opened(tmp_path, bedrock, database=database, limit_usd=0.0115) as world:
        agent = await world.deployed(packed())
        ended = await failure(world, agent)
        day = await failure(world, agent)
        assert world.double.calls["InvokeAgentRuntime"] == 1
    assert (ended.code, ended.usage.input_tokens) == ("BUDGET_EXCEEDED", 1000)
    assert "this invocation had 0.0115 USD, of which 0.0017 are spent" in ended.message
    assert (day.code, day.usage) == ("BUDGET_EXCEEDED", AgentUsage())
    assert spent(database) == ONE.cost_usd


async def test_invocations_under_way_never_exceed_the_day_together(tmp_path: Path, bedrock: BedrockDouble) -> None:
    bedrock.turns.extend([USES_IT] * 200)
    database = MemoryDatabase()
    async with opened(tmp_path, bedrock, database=database, limit_usd=0.05) as world:
        agent = await world.deployed(packed())
        await asyncio.gather(*(failure(world, agent) for _ in range(6)))
    assert spent(database) == pytest.approx(len(bedrock.requests) * ONE.cost_usd)
    assert 0.0 < spent(database) <= 0.05


async def test_where_nothing_is_told_all_that_the_invocation_might_spend_counts(
    tmp_path: Path, bedrock: BedrockDouble
) -> None:
    async def crash(payload: bytes, headers: dict[str, str]) -> Any:
        raise ConnectionError

    database = MemoryDatabase()
    machines = PlayedMachines(crash)
    async with opened(tmp_path, bedrock, database=database, machines=machines, limit_usd=0.2) as world:
        agent = await world.deployed(packed())
        await failure(world, agent)
        assert spent(database) == 0.05


async def test_what_was_never_asked_costs_nothing(
    tmp_path: Path, bedrock: BedrockDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus_agents.backends.agentcore.sessions.FIRST_PAUSE_SECONDS", 0.001)
    database = MemoryDatabase()
    async with opened(tmp_path, bedrock, database=database, machines=PlayedMachines()) as world:
        agent = await world.deployed(packed())
        world.double.fail("InvokeAgentRuntime", "ThrottlingException", times=100)
        assert isinstance(await failure(world, agent), BackendThrottled)
    assert spent(database) == 0.0


async def test_a_grant_that_was_taken_back_ends_the_calls(tmp_path: Path, bedrock: BedrockDouble) -> None:
    async with opened(tmp_path, bedrock) as world:
        agent = replace(await world.deployed(packed()), model="bedrock:no-longer")
        assert (await failure(world, agent)).code == "MODEL_NOT_ALLOWED"
        assert world.double.calls["InvokeAgentRuntime"] == 0


async def test_a_tool_of_an_mcp_server_is_called_without_a_door(tmp_path: Path, bedrock: BedrockDouble) -> None:
    bedrock.turns.extend([Turn(calls=(("greet", '{"name": "Ada"}'),)), Turn("I said hello.")])
    tool = {"name": "greet", "description": "greets", "server": "people", "tool": "say-hello"}
    async with mcp_double(with_sessions=True) as double:
        double.results.append(GREETING)
        granted = granting(bedrock, mcp=(McpGrant(server="people", url=double.url),))
        async with opened(tmp_path, bedrock, granted) as world:
            spec = asking(NAME, instructions="Greet.", tools=[VOWELS], mcp_tools=[tool])
            answer = await world.backend.invoke(await world.deployed(packed(spec)), InvokeRequest("greet Ada"))
    assert answer.output == "I said hello."
    assert answer.tool_calls[0]["output"] == {"text": "Hello, Ada."}
    assert double.methods[-3:] == ["notifications/initialized", "tools/call", "DELETE"]


TOOL = {"name": "greet", "description": "greets", "server": "people", "tool": "say-hello"}
ASKED: dict[str, tuple[dict[str, Any], str]] = {
    "secrets": ({"secrets": ["WEATHER_KEY"]}, "SECRETS_UNAVAILABLE"),
    "a model of another provider": ({"model": "openai:qwen3"}, "MODEL_NOT_ALLOWED"),
    "a model that is not granted": ({"model": "bedrock:dearer"}, "MODEL_NOT_ALLOWED"),
    "a host": ({"allowed_hosts": ["api.weather.example"]}, "HOST_NOT_ALLOWED"),
    "a tool": ({"mcp_tools": [TOOL]}, "TOOL_NOT_ALLOWED"),
}


@pytest.mark.parametrize("what", ASKED)
async def test_what_an_agent_would_not_get_is_refused_when_it_is_deployed(
    tmp_path: Path, bedrock: BedrockDouble, what: str
) -> None:
    asked, code = ASKED[what]
    usual: dict[str, Any] = {"model": NAME, "instructions": "Count.", "tools": [VOWELS]}
    content = packed(asking(**usual | asked))
    granted = granting(bedrock, hosts=(HostGrant(host="api.trains.example"),))
    async with opened(tmp_path, bedrock, granted, machines=PlayedMachines()) as world:
        for tried in (world.backend.try_out(content), world.backend.deploy(AGENT, await world.stored(content))):
            with pytest.raises(PackageRejected) as refused:
                await tried
            assert refused.value.code == code
        assert not world.double.runtimes


async def test_the_code_has_only_what_calls_of_bedrock_need_and_the_same_bytes_each_time(
    tmp_path: Path, bedrock: BedrockDouble
) -> None:
    async with opened(tmp_path, bedrock, machines=PlayedMachines()) as world:
        await world.deployed(packed())
        await world.deployed(packed())
        ((_, code),) = next(iter(world.double.objects.values()))
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        names = archive.namelist()
    assert {"outside.json", "agent/direct.py", "aws/botocore/session.py", "aws/six.py"} <= set(names)
    assert {name.split("/")[3] for name in names if name.startswith("aws/botocore/data/") and name.count("/") > 3} == {
        "bedrock-runtime"
    }
    assert len(code) < 6_000_000
