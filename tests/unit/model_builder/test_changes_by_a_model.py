"""The next version of an agent by a model: what there is is shown, what still serves stays, the old cases count."""

from typing import Any

from pydantic import JsonValue
from tests.support.model_builds import REQUIREMENT, ModelBuild
from tests.support.scripted_model import VOWELS, ScriptedModels, case, vowels_script, written

from nexus_contracts.builds.builder import PresentAgent, StepResult
from nexus_contracts.verification import Case

CHANGE = "It counts y as a vowel, too, and also counts words."
TOOL: dict[str, JsonValue] = {"name": "vowels", "description": "counts vowels", "parameters": {"type": "object"}}
WORDS = """
def read(prompt, earlier):
    return {"text": prompt.split(":", 1)[1]} if "words" in prompt and ":" in prompt else None

def run(arguments):
    return f"There are {len(arguments['text'].split())} words."
"""
COUNTER: dict[str, Any] = {
    **written(WORDS),
    "tests": [{"prompts": ["words: a b"], "expects": "2 words"}, {"prompts": ["hello"], "expects": None}],
}
FRESH: list[JsonValue] = [case("count the words: to be or not", 4), case("words: one", 1), case("words: a b c", 3)]
BLIND: list[JsonValue] = [
    {"name": "count the words: to be or not", "answers": ["4"]},
    {"name": "words: one", "answers": ["1"]},
    {"name": "words: a b c", "answers": ["3"]},
]


async def present(**fields: Any) -> PresentAgent:
    made = ModelBuild(ScriptedModels(vowels_script()))
    result = await made.run()
    return PresentAgent(CHANGE, made.outputs, result.cases, **fields)


def change(tools: list[JsonValue], **changes: Any) -> ModelBuild:
    names: list[Any] = [{"sentence": "It counts.", "tool": "vowels"}]
    script = vowels_script(
        Analysis={"specification": ["It counts vowels and words."], "cases": FRESH},
        BlindAnswers={"cases": BLIND},
        Architecture={"tools": tools, "coverage": names},
        **changes,
    )
    return ModelBuild(ScriptedModels(script))


async def built(made: ModelBuild, agent: PresentAgent) -> StepResult:
    whole = f"{REQUIREMENT}\n\n{CHANGE}"
    return await made.run(requirement=whole, attempt=2, agent_name="vowel_counter", present=agent)


def prompt_of(made: ModelBuild, title: str) -> str:
    return made.models.prompts[made.models.calls.index(title)]


async def test_a_tool_that_still_serves_is_not_written_again() -> None:
    agent = await present()
    made = change([TOOL, {**TOOL, "name": "word_counter", "description": "counts words"}], WrittenTool=COUNTER)
    result = await built(made, agent)
    assert made.models.calls == ["Brief", "Analysis", "BlindAnswers", "Architecture", "Design", "WrittenTool"]
    assert "counts words" in prompt_of(made, "WrittenTool")
    shipped: Any = made.outputs["agent_deployer"]["written"]
    assert shipped["vowels"]["code"] == VOWELS
    names = [one.name for one in result.cases]
    assert names[:3] == ["count the words: to be or not", "words: one", "words: a b c"]
    assert names[3:] == [one.name for one in agent.cases]
    held: dict[str, Case] = {one.name: one for one in result.cases}
    assert all(held[one.name].held_back == one.held_back for one in agent.cases)


async def test_what_there_is_is_shown_to_what_changes_it() -> None:
    agent = await present()
    made = change([{**TOOL, "description": "counts vowels, y among them"}], WrittenTool=written())
    await made.run(
        "tool_developer", requirement=f"{REQUIREMENT}\n\n{CHANGE}", agent_name="vowel_counter", present=agent
    )
    assert "counts the vowels of a text" in prompt_of(made, "Analysis")
    assert '"description": "counts vowels"' in prompt_of(made, "Architecture")
    assert "Count vowels." in prompt_of(made, "Design")
    assert "found = sum(" in prompt_of(made, "WrittenTool")
    hidden = [one.turns[0].prompt for one in agent.cases if one.held_back]
    assert not any(prompt in prompt_of(made, "WrittenTool") for prompt in hidden)
    assert all(CHANGE in prompt_of(made, title) for title in ("Analysis", "Architecture", "Design", "WrittenTool"))


async def test_a_change_that_may_break_cases_is_not_tried_by_them() -> None:
    made = change([TOOL], WrittenTool=written())
    agent = await present(cases_may_fail=True)
    await made.run(
        "requirements_analysis", requirement=f"{REQUIREMENT}\n\n{CHANGE}", agent_name="vowel_counter", present=agent
    )
    cases: Any = made.outputs["requirements_analysis"]["cases"]
    assert [one["name"] for one in cases] == ["count the words: to be or not", "words: one", "words: a b c"]
