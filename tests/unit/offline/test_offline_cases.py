"""The cases of the rule-based builder: enough of them, of the requirement's own, and shown by its agents to hold."""

from collections.abc import Sequence
from fractions import Fraction

import pytest

from nexus_contracts.verification import Case, CaseOutcome, CaseResult, Number, Refusal
from nexus_offline_builder.cases import FEWEST, MOST, cases_of
from nexus_offline_builder.casework.calculating import rates_in, roman
from nexus_offline_builder.casework.measuring import named_in
from nexus_offline_builder.catalogue import CATALOGUE
from nexus_offline_builder.checks import tried
from nexus_offline_builder.requirement import matching_rules
from nexus_verification.judge import Given, judged

NAMES = [rule.name for rule in CATALOGUE]
FACTS = "FAQ bot. A day pass is 12 euros. The pool opens at 7. A locker costs 3 euros. Parking is 5 euros a day."
CHINESE_FACTS = "问答机器人。门票是12元。停车费是5元。储物柜是3元。毛巾是2元。"
LONE = {"fact_lookup": (FACTS, CHINESE_FACTS)}
REQUIREMENTS = [
    "an agent that totals the columns of a CSV and answers arithmetic questions",
    "converts between psi, bar and kPa",
    "a unit converter for kilometers and miles",
    "celsius -> fahrenheit",
    "work out 19% VAT",
    "semicolon separated timesheet: driver; hours; fee. totals per driver",
    "how many days lie between two dates, written dd.mm.yyyy",
    "writes numbers as roman numerals",
    "pull the phone numbers out of a text",
    "斤和公斤互转",
    "按部门汇总表格，列有部门、金额、数量",
    "计算两个日期相差几天",
    "从文本中提取邮箱",
]


def of(requirement: str) -> tuple[list[str], tuple[Case, ...]]:
    tools = [rule.name for rule in matching_rules(requirement)]
    return tools, cases_of(tools, requirement)


def refuses(case: Case) -> bool:
    return any(isinstance(one, Refusal) for turn in case.turns for one in turn.expect)


def faults(results: Sequence[CaseResult]) -> list[tuple[str, str, str | None]]:
    return [(one.turns[-1].prompt, one.turns[-1].answer or "", one.problem) for one in results if one.problem]


@pytest.mark.parametrize("chinese", [False, True], ids=["English", "Chinese"])
@pytest.mark.parametrize("tools", [*([name] for name in NAMES), NAMES], ids=[*NAMES, "all"])
def test_an_agent_passes_the_cases_of_its_tools(tools: list[str], chinese: bool) -> None:
    requirement = LONE.get(tools[0], ("", "智能体"))[chinese]
    cases = cases_of(tools, requirement)
    assert faults(tried(cases, tools, requirement)) == []
    assert FEWEST <= len(cases) <= MOST
    assert len({case.name for case in cases}) == len(cases)
    assert any(refuses(case) for case in cases)


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_requirement_gives_eight_to_fifteen_cases_with_a_second_turn_and_a_refusal(requirement: str) -> None:
    tools, cases = of(requirement)
    assert FEWEST <= len(cases) <= MOST
    assert any(len(case.turns) > 1 for case in cases)
    assert any(refuses(case) for case in cases)
    assert 0.35 <= sum(case.held_back for case in cases) / len(cases) <= 0.45
    assert cases == cases_of(tools, requirement)
    assert faults(tried(cases, tools, requirement)) == []


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_agents_that_repeat_the_prompt_or_refuse_everything_or_say_one_number_fail(requirement: str) -> None:
    _, cases = of(requirement)
    for case in cases:
        echo = judged(case, [Given(turn.prompt) for turn in case.turns])
        refusing = judged(case, [Given("I cannot do that.") for _ in case.turns])
        constant = judged(case, [Given("42") for _ in case.turns])
        assert refuses(case) or CaseOutcome.PASSED not in {echo.outcome, refusing.outcome, constant.outcome}


def test_cases_are_asked_in_the_language_and_with_the_units_rates_columns_and_forms_of_the_requirement() -> None:
    def prompts(requirement: str) -> str:
        return "\n".join(turn.prompt for case in of(requirement)[1] for turn in case.turns)

    assert "psi" in prompts("converts between psi, bar and kPa")
    assert "miles" not in prompts("converts between psi, bar and kPa")
    assert "19%" in prompts("work out 19% VAT")
    assert "driver;hours;fee" in prompts("semicolon separated timesheet: driver; hours; fee. totals per driver")
    assert "部门,金额,数量" in prompts("按部门汇总表格，列有部门、金额、数量")
    assert "公斤" in prompts("斤和公斤互转")


def test_examples_of_the_requirement_are_cases() -> None:
    requirement = "converts units, for instance \"10 km to miles\" -> 6.21, and '5 kg in lb' gives '11.02'"
    tools, cases = of(requirement)
    examples = [case for case in cases if case.name.startswith("example")]
    assert [case.turns[0].prompt for case in examples] == ["10 km to miles", "5 kg in lb"]
    assert examples[0].turns[0].expect == [Number(value=6.21, tolerance=0.005)]
    assert faults(tried(examples, tools, requirement)) == []


def test_an_agent_that_computes_wrongly_fails_its_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(number: Fraction) -> str:
        return "13"

    monkeypatch.setattr("nexus_offline_builder.package.tools.figures.shown", wrong)
    tools, cases = of("Build me a calculator")
    results = tried(cases, tools, "Build me a calculator")
    assert sum(one.outcome is CaseOutcome.FAILED for one in results) > len(cases) // 2


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("psi to bar", ["bar", "psi"]),
        ("平方米和亩", ["square metres"]),
        ("公里每小时", ["km/h"]),
        ("斤、公斤", ["kg", "jin"]),
        ("保留两位小数，克和两", ["g", "liang"]),
        ("square feet, l/100km", ["l/100km"]),
        ("nothing of the kind", []),
    ],
)
def test_units_of_a_requirement(text: str, units: list[str]) -> None:
    assert [unit.english for unit in named_in(text)] == units


def test_rates_of_a_requirement() -> None:
    assert rates_in("7% or 19 % VAT, 2.5 percent off") == [7.0, 19.0, 2.5]


def test_roman_numerals() -> None:
    assert [roman(value) for value in (4, 9, 44, 1999, 2024)] == ["IV", "IX", "XLIV", "MCMXCIX", "MMXXIV"]
