"""A build on Amazon Bedrock: its wire, its refusals, and that nothing is sent twice behind the builder's back."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from tests.support.bedrock_double import MODEL, BedrockDouble, bedrock_double
from tests.support.model_builds import ModelBuild
from tests.support.scripted_model import vowels_script
from tests.support.service_models import Refusal

from nexus_contracts.builds.builder import StepFailed
from nexus_contracts.builds.language_models import LanguageModel
from nexus_model_builder.models import ProviderModels

CALLS = ["Brief", "Analysis", "BlindAnswers", "Architecture", "Design", "WrittenTool"]


@pytest_asyncio.fixture
async def double(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[BedrockDouble]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAPLAYED",
        "AWS_SECRET_ACCESS_KEY": "played",
        "AWS_REGION": "eu-west-1",
        "no_proxy": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    async with bedrock_double(vowels_script()) as served:
        yield served


def build(double: BedrockDouble, **settings: Any) -> ModelBuild:
    model = LanguageModel(name=f"bedrock:{MODEL}", base_url=double.url, input_usd=1.0, output_usd=10.0, cached_usd=0.1)
    return ModelBuild(ProviderModels(settings.get("model_timeout_seconds", 20.0)), models=[model], **settings)


async def test_a_build_speaks_converse(double: BedrockDouble) -> None:
    made = build(double)
    result = await made.run()
    assert result.package
    assert double.calls == CALLS
    assert {one["modelId"] for one in double.requests} == {MODEL}
    assert {one["inferenceConfig"]["maxTokens"] for one in double.requests} == {8192}
    assert {(usage.input_tokens, usage.output_tokens) for _, usage, _ in made.notebook.paid} == {(1000, 100)}
    paid = {(one.cost_usd, one.cached_tokens, one.cache_write_tokens) for _, one, _ in made.notebook.paid}
    assert paid == {(0.00169, 400, 200)}
    instructions = [one["system"] for one in double.requests]
    assert all(one == instructions[0] and "cachePoint" in one[-1] for one in instructions)


async def test_what_passes_is_waited_out_by_the_builder_alone(double: BedrockDouble) -> None:
    double.faults.extend(
        [Refusal("ThrottlingException", "too many requests"), Refusal("ServiceUnavailableException", "overloaded")]
    )
    made = build(double)
    await made.step("orchestrator")
    assert double.calls == ["Brief"] * 3
    assert len(made.waited) == 2
    assert len(made.notebook.paid) == 1


@pytest.mark.parametrize(
    ("fault", "code", "calls"),
    [
        (Refusal("AccessDeniedException", "no access to the model"), "MODEL_REJECTED", 1),
        (Refusal("ValidationException", "Input is too long for requested model."), "CONTEXT_TOO_LARGE", 1),
        (2.0, "MODEL_UNAVAILABLE", 4),
    ],
    ids=["no access", "too long", "slow"],
)
async def test_what_it_cannot_do_fails_the_build(
    double: BedrockDouble, fault: Refusal | float, code: str, calls: int
) -> None:
    double.faults.extend([fault] * 4)
    with pytest.raises(StepFailed) as failed:
        await build(double, model_timeout_seconds=1.0).step("orchestrator")
    assert failed.value.code == code
    assert len(double.calls) == calls


async def test_without_credentials_the_build_says_so(double: BedrockDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(StepFailed, match="needs credentials of AWS") as failed:
        await build(double).step("orchestrator")
    assert failed.value.code == "MODEL_UNAVAILABLE"
    assert double.calls == []
