"""Calls of a model that go wrong: what is tried again, what goes to the next model, what fails the build, and at what
cost."""

from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_ai import exceptions as faults
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.usage import RequestUsage
from tests.support.model_builds import ModelBuild
from tests.support.notebooks import Killed
from tests.support.scripted_model import OFFER, SECOND, Answer, Said, ScriptedModels, vowels_script

from nexus_contracts.builds.builder import StepFailed
from nexus_model_builder.calls import REPAIRS, TRIES
from nexus_model_builder.requests import Request

HALF: Answer = {"feasible": True}
BRIEF: Any = vowels_script()["Brief"]
LIMITED = faults.ModelHTTPError.for_category(
    faults.ModelRateLimitError, status_code=429, model_name="m", retry_after=7.0
)
PATIENT = faults.ModelHTTPError.for_category(
    faults.ModelRateLimitError, status_code=429, model_name="m", retry_after=3600.0
)
OVERLOADED = faults.ModelHTTPError.for_category(faults.ModelOverloadedError, status_code=529, model_name="m")
KEYLESS = faults.ModelHTTPError.for_category(faults.ModelAuthenticationError, status_code=401, model_name="m")
TOO_LONG = faults.ModelHTTPError.for_category(faults.ModelContextWindowExceededError, status_code=400, model_name="m")
CUT = faults.UnexpectedModelBehavior("the stream ended in the middle")
UNREACHED = faults.ModelConnectionError("m", "refused", phase="connect")
LOST = {
    "cut stream": CUT,
    "lost connection": faults.ModelConnectionError("m", "reset", phase="read"),
    "client's own time": faults.ModelRequestTimeout("m", 1.0),
    "a gateway's time": faults.ModelHTTPError.for_category(faults.ModelServerError, status_code=504, model_name="m"),
}
"""Faults of calls that the provider may have answered all the same."""
REFUSING = ModelResponse(parts=[TextPart("no")], usage=RequestUsage(output_tokens=1), finish_reason="content_filter")


def build(*said: Said, **settings: Any) -> ModelBuild:
    return ModelBuild(ScriptedModels(vowels_script(Brief=list(said))), **settings)


@pytest.mark.parametrize("fault", [LIMITED, OVERLOADED, UNREACHED], ids=["rate limit", "overload", "unreachable"])
async def test_what_passes_is_waited_out_with_the_same_model(fault: Exception) -> None:
    made = build(fault, fault, BRIEF)
    await made.step("orchestrator")
    assert made.models.asked == [OFFER.name] * 3
    assert len(made.notebook.paid) == 1
    least = 7.0 if fault is LIMITED else 1.0
    assert all(least <= waited <= 10.0 for waited in made.waited)


@pytest.mark.parametrize("what", LOST)
async def test_a_call_whose_answer_is_lost_counts_at_its_dearest_as_an_estimate(what: str) -> None:
    made = build(LOST[what], LOST[what], BRIEF)
    await made.step("orchestrator")
    assert made.models.asked == [OFFER.name] * 3
    assert [name for name, _, _ in made.notebook.paid] == ["brief/0", "brief/1", "brief/2"]
    *lost, answered = [usage for _, usage, _ in made.notebook.paid]
    for usage in lost:
        assert usage.estimated_usd == usage.cost_usd == OFFER.dearest(usage.input_tokens, 8192).cost_usd > 0.08
    assert (answered.cost_usd, answered.estimated_usd) == (0.002, 0.0)
    assert any("it may be billed, and counts as 0.0" in line for _, line in made.notebook.lines)


async def test_answers_lost_in_a_row_never_exceed_the_budget() -> None:
    made = build(CUT, model_budget_project_usd=0.2)
    with pytest.raises(StepFailed) as failed:
        await made.step("orchestrator")
    assert failed.value.code == "BUDGET_EXCEEDED"
    assert made.models.asked == [OFFER.name] * 2
    assert 0.16 < sum(usage.cost_usd for _, usage, _ in made.notebook.paid) <= 0.2
    assert made.notebook.reserved == {}


async def test_a_worker_that_takes_over_pays_for_no_lost_answer_again_and_tries_no_more_often() -> None:
    made = build(CUT)
    made.notebook.kill_after = 2
    with pytest.raises(Killed):
        await made.step("orchestrator")
    with pytest.raises(StepFailed, match="may be billed") as failed:
        await made.step("orchestrator")
    assert failed.value.code == "MODEL_UNAVAILABLE"
    assert len(made.models.asked) == len(made.notebook.paid) == TRIES


@pytest.mark.parametrize("fault", [KEYLESS, TOO_LONG, PATIENT], ids=["no key", "too long", "an hour"])
async def test_what_does_not_pass_goes_to_the_next_model_at_once(fault: Exception) -> None:
    made = build(fault, BRIEF, models=[OFFER, SECOND])
    await made.step("orchestrator")
    assert made.models.asked == [OFFER.name, SECOND.name]
    assert made.waited == []
    assert made.notebook.paid[0][2] == SECOND.name


async def test_the_next_model_comes_after_bounded_tries() -> None:
    made = build(*[OVERLOADED] * TRIES, BRIEF, models=[OFFER, SECOND])
    await made.step("orchestrator")
    assert made.models.asked == [*[OFFER.name] * TRIES, SECOND.name]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OVERLOADED, "MODEL_UNAVAILABLE"),
        (KEYLESS, "MODEL_REJECTED"),
        (TOO_LONG, "CONTEXT_TOO_LARGE"),
        (REFUSING, "CONTENT_REFUSED"),
        ("no JSON at all", "MODEL_OUTPUT_INVALID"),
        ({"feasible": "perhaps"}, "MODEL_OUTPUT_INVALID"),
    ],
)
async def test_where_no_model_answers_the_build_fails_and_says_why(fault: Said, code: str) -> None:
    made = build(fault)
    with pytest.raises(StepFailed) as failed:
        await made.step("orchestrator")
    assert failed.value.code == code
    assert OFFER.name in failed.value.message


async def test_an_answer_in_the_wrong_form_is_paid_and_repaired_by_what_is_wrong_with_it() -> None:
    made = build(HALF, BRIEF)
    await made.step("orchestrator")
    assert [name for name, _, _ in made.notebook.paid] == ["brief/0", "brief/1"]
    assert "summary: Field required" in made.models.prompts[1]


async def test_repairs_are_bounded_and_the_next_model_starts_afresh() -> None:
    made = build(*[HALF] * (1 + REPAIRS), BRIEF, models=[OFFER, SECOND])
    await made.step("orchestrator")
    assert made.models.asked == [*[OFFER.name] * (1 + REPAIRS), SECOND.name]
    assert made.models.prompts[-1] == made.models.prompts[0]


async def test_a_repeated_run_walks_the_same_way_through_what_was_kept() -> None:
    made = build(HALF, BRIEF)
    first = await made.step("orchestrator")
    assert (await made.step("orchestrator")).output_data == first.output_data
    assert len(made.models.asked) == 2


async def test_a_small_model_may_answer_in_text() -> None:
    made = build('Sure: {"feasible": true, "summary": "It counts."}')
    assert (await made.step("orchestrator")).output_data["summary"] == "It counts."


@pytest.mark.parametrize(
    "said",
    [
        {"feasible": True, "summary": "s", "reason": float("nan")},
        {"feasible": True, "summary": "s", "reason": "\ud800"},
        {"feasible": True, "summary": "x" * 1_000_000},
    ],
    ids=["not a number", "half a character", "too large to be kept"],
)
async def test_an_answer_that_cannot_be_kept_is_paid_and_repaired(said: Answer) -> None:
    made = build(said, BRIEF)
    await made.step("orchestrator")
    assert [name for name, _, _ in made.notebook.paid] == ["brief/0", "brief/1"]
    assert "no JSON object" in made.models.prompts[1]


async def test_a_step_has_models_of_its_own_where_that_is_set() -> None:
    made = build(BRIEF, models=[OFFER, SECOND], models_by_step={"orchestrator": [SECOND.name]})
    await made.step("orchestrator")
    assert made.models.asked == [SECOND.name]


@pytest.mark.parametrize(
    "setting", [{"models_by_step": {"orchestrator": ["openai:typo"]}}, {"agent_models": ["openai:typo"]}]
)
def test_a_model_that_nobody_offers_is_a_mistake_in_the_settings(setting: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="MODELS has no model named openai:typo"):
        build(BRIEF, **setting)


def test_a_request_in_chinese_has_no_more_tokens_than_are_reserved_for_it() -> None:
    assert Request("", "请把人民币换算成美元", {}).input_tokens >= 3 * 10


@pytest.mark.parametrize("budget", ["model_budget_project_usd", "model_budget_day_usd"])
async def test_a_call_that_may_exceed_the_budget_is_not_made(budget: str) -> None:
    made = build(BRIEF, **{budget: 1.0})
    made.notebook.before = 0.95
    with pytest.raises(StepFailed, match=r"0\.9500 are spent") as failed:
        await made.step("orchestrator")
    assert failed.value.code == "BUDGET_EXCEEDED"
    assert made.models.calls == []


async def test_a_budget_that_ends_in_mid_build_ends_the_build_there() -> None:
    made = build(BRIEF, model_budget_project_usd=0.094)
    with pytest.raises(StepFailed) as failed:
        await made.run()
    assert failed.value.code == "BUDGET_EXCEEDED"
    assert 0 < len(made.models.calls) < 6
    assert sum(usage.cost_usd for _, usage, _ in made.notebook.paid) <= 0.094


@pytest.mark.parametrize("told", [RequestUsage(cache_read_tokens=1), RequestUsage(input_tokens=10**15)])
async def test_an_answer_that_does_not_tell_what_it_took_counts_at_its_dearest(told: RequestUsage) -> None:
    made = build(ModelResponse(parts=[ToolCallPart("answer", BRIEF)], usage=told))
    await made.step("orchestrator")
    ((_, usage, _),) = made.notebook.paid
    prompt = made.models.prompts[0].encode()
    assert usage.output_tokens == OFFER.max_output_tokens
    assert usage.input_tokens > len(prompt)
    assert usage == OFFER.dearest(usage.input_tokens, usage.output_tokens)
    assert usage.estimated_usd == usage.cost_usd


async def test_a_slow_model_is_given_up() -> None:
    made = build(BRIEF, model_timeout_seconds=0.02)
    made.models.stuck = True
    with pytest.raises(StepFailed, match=r"no answer in 0\.02 s"):
        await made.step("orchestrator")
    assert all(usage.estimated_usd > 0 for _, usage, _ in made.notebook.paid)
    assert len(made.notebook.paid) == TRIES


def test_the_price_of_what_was_read_from_a_cache_is_its_own() -> None:
    model = OFFER.model_copy(update={"cached_usd": 0.1})
    assert model.cost(1_000_000, 0) == 1.0
    assert model.cost(1_000_000, 100_000, 500_000) == 1.55
    assert OFFER.cost(1_000_000, 0, 500_000) == 1.0


@pytest.mark.parametrize(
    ("name", "per_million"),
    [("anthropic:m", 1.25), ("bedrock:eu.anthropic.m", 1.25), ("bedrock:m", 1.0), ("openai:m", 1.0)],
)
def test_what_is_written_to_a_cache_costs_more_where_the_provider_takes_more(name: str, per_million: float) -> None:
    model = OFFER.model_copy(update={"name": name})
    assert model.cost(1_000_000, 0, 0, 1_000_000) == per_million
    assert model.cost(1_000_000, 0, 500_000, 500_000) == 0.5 + per_million / 2
    assert model.dearest(1_000_000, 0).cost_usd == per_million
    told = model.model_copy(update={"cache_write_usd": 2.0})
    assert told.usage(1_000_000, 0, 0, 2_000_000).cost_usd == told.dearest(1_000_000, 0).cost_usd == 2.0
