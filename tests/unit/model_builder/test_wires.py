"""The same build over the wires of OpenAI and of Anthropic, and the faults of their servers."""

from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
import pytest_asyncio
from tests.support.model_builds import ModelBuild
from tests.support.model_wire import (
    ANTHROPIC,
    BAD_JSON,
    CONTEXT,
    CUT,
    OPENAI,
    OVERLOAD,
    RATE_LIMIT,
    WRONG_ARGUMENTS,
    Fault,
    Wire,
    model_wire,
)
from tests.support.scripted_model import vowels_script

from nexus_contracts.builds.builder import StepFailed
from nexus_contracts.builds.language_models import LanguageModel
from nexus_model_builder.models import ProviderModels

CALLS = ["Brief", "Analysis", "BlindAnswers", "Architecture", "Design", "WrittenTool"]


@pytest_asyncio.fixture
async def models() -> AsyncGenerator[ProviderModels]:
    made = ProviderModels()
    yield made
    await made.close()


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Generator[Wire]:
    monkeypatch.setenv("PLAYED_KEY", "sk-played")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with model_wire(vowels_script()) as served:
        yield served


def build(wire: Wire, models: ProviderModels, provider: str = "openai", **settings: Any) -> ModelBuild:
    address = wire.url + ("/v1" if provider == "openai" else "")
    model = LanguageModel(
        name=f"{provider}:played",
        base_url=address,
        api_key_env="PLAYED_KEY",
        input_usd=1.0,
        output_usd=10.0,
        cached_usd=0.1,
    )
    return ModelBuild(models, models=[model], **settings)


async def test_a_model_without_tools_is_held_to_a_schema(wire: Wire, models: ProviderModels) -> None:
    offer = LanguageModel(
        name="openai:played", base_url=f"{wire.url}/v1", answers_by="schema", input_usd=1.0, output_usd=10.0
    )
    wire.faults.extend([WRONG_ARGUMENTS, BAD_JSON])
    made = ModelBuild(models, models=[offer])
    await made.step("orchestrator")
    assert wire.calls == ["Brief"] * 3
    assert made.outputs["orchestrator"]["agent_name"] == "vowel_counter"


@pytest.mark.parametrize(
    ("provider", "path", "cost", "cached", "written"),
    [("openai", OPENAI, 0.002, 0, 0), ("anthropic", ANTHROPIC, 0.00169, 400, 200)],
)
async def test_a_build_speaks_the_wire_of_its_provider(
    wire: Wire, models: ProviderModels, provider: str, path: str, cost: float, cached: int, written: int
) -> None:
    made = build(wire, models, provider)
    result = await made.run()
    assert result.package
    assert wire.calls == CALLS
    assert wire.paths == {path: len(CALLS)}
    assert all(key.endswith("sk-played") for key in wire.keys)
    assert {(usage.input_tokens, usage.output_tokens) for _, usage, _ in made.notebook.paid} == {(1000, 100)}
    paid = {(one.cost_usd, one.cached_tokens, one.cache_write_tokens) for _, one, _ in made.notebook.paid}
    assert paid == {(cost, cached, written)}


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_what_servers_do_wrong_is_got_over(wire: Wire, models: ProviderModels, provider: str) -> None:
    wire.faults.extend([RATE_LIMIT, OVERLOAD, CUT, WRONG_ARGUMENTS, BAD_JSON])
    made = build(wire, models, provider)
    await made.step("orchestrator")
    assert wire.calls == ["Brief"] * 6
    assert len(made.waited) == 3
    assert made.waited[0] >= 1.0
    assert [name for name, _, _ in made.notebook.paid] == ["brief/0", "brief/1", "brief/2", "brief/3"]
    assert [usage.estimated_usd > 0 for _, usage, _ in made.notebook.paid] == [True, False, False, False]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize(
    ("fault", "code"), [(CONTEXT, "CONTEXT_TOO_LARGE"), (Fault(seconds=0.6), "MODEL_UNAVAILABLE")], ids=["long", "slow"]
)
async def test_what_they_cannot_do_fails_the_build(
    wire: Wire, models: ProviderModels, provider: str, fault: Fault, code: str
) -> None:
    wire.faults.extend([fault] * 4)
    with pytest.raises(StepFailed) as failed:
        await build(wire, models, provider, model_timeout_seconds=0.3).step("orchestrator")
    assert failed.value.code == code
