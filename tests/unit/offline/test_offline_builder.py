"""The rule-based builder: the steps, what they produce, and requirements of every kind."""

import asyncio
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import JsonValue
from tests.support.notebooks import PlainNotebook

from nexus_contracts.builds.builder import BuildRequest, StepFailed, StepResult
from nexus_contracts.builds.reports import Usage
from nexus_offline_builder import RuleBasedBuilder
from nexus_offline_builder.requirement import agent_name_for, cleaned, is_agent_name, matching_rules

STEPS = (
    "orchestrator",
    "requirements_analysis",
    "system_architecture",
    "agent_design",
    "tool_developer",
    "prompt_engineer",
    "agent_code_developer",
    "agent_developer_manager",
    "agent_deployer",
)
FLAGSHIP = "an agent that totals the columns of a CSV and answers arithmetic questions"


@dataclass
class Build:
    results: dict[str, StepResult]
    notes: PlainNotebook

    @property
    def archive(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self.results["agent_deployer"].package or b""))

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads(self.archive.read("manifest.json"))


def build(requirement: str, agent_name: str | None = None) -> Build:
    request = BuildRequest("proj_1", 1, requirement, agent_name)
    results, notes, outputs = dict[str, StepResult](), PlainNotebook(), dict[str, dict[str, JsonValue]]()

    async def run() -> None:
        for step in STEPS:
            results[step] = await RuleBasedBuilder().execute(step, request, outputs, notes)
            outputs[step] = results[step].output_data

    asyncio.run(run())
    return Build(results, notes)


def tools_for(requirement: str) -> list[str]:
    return [rule.name for rule in matching_rules(requirement)]


TERSE = [
    ("miles, feet, inches", "unit_conversion"),
    ("oz, lb, stone", "unit_conversion"),
    ("celsius -> fahrenheit", "unit_conversion"),
    ("unit convertor", "unit_conversion"),
    ("斤、公斤、磅", "unit_conversion"),
    ("percentges for my shop", "arithmetic"),
    ("calclator", "arithmetic"),
    ("a bot for tips", "arithmetic"),
    ("算折扣", "arithmetic"),
    ("which word is used most often", "text_statistics"),
    ("单词计数", "text_statistics"),
    ("date -> weekday", "date_arithmetic"),
    ("how many days till a deadline", "date_arithmetic"),
    ("距离某天还有几天", "date_arithmetic"),
    ("csv -> totals", "csv_totals"),
    ("把表格每列加起来", "csv_totals"),
    ("表格转json", "csv_to_json"),
    ("from csv rows make objects", "csv_to_json"),
    ("json取值", "json_query"),
    ("parse nested objects and give me a key", "json_query"),
    ("pulls hyperlinks from pages", "pattern_extraction"),
    ("从文章里找网址", "pattern_extraction"),
    ("send emails to my customers", ""),
    ("tidy my calendar and invite people to meetings", ""),
    ("summarize long articles", ""),
    ("stock prices right now", ""),
    ("实时汇率", ""),
]
REQUIREMENTS: list[tuple[str, list[str]]] = [
    (FLAGSHIP, ["csv_totals", "arithmetic"]),
    ("一个可以统计CSV各列总和并回答算术问题的智能体", ["csv_totals", "arithmetic"]),
    ("Build me a calculator", ["arithmetic"]),
    ("我想要一个计算器", ["arithmetic"]),
    ("convert CSV files to JSON", ["csv_to_json"]),
    ("把 CSV 转换成 JSON 的机器人", ["csv_to_json"]),
    ("An agent for CSV to JSON conversion and column totals of the CSV", ["csv_totals", "csv_to_json"]),
    ("a unit converter for kilometers and miles", ["unit_conversion"]),
    ("单位换算助手", ["unit_conversion"]),
    ("An assistant that computes how many days lie between two dates", ["date_arithmetic"]),
    ("日期计算：两个日期相差几天，某天是星期几", ["date_arithmetic"]),
    ("count the words and sentences of a text", ["text_statistics"]),
    ("统计文章字数的工具", ["text_statistics"]),
    ("An agent that answers queries on JSON documents by path", ["json_query"]),
    ("Extract e-mail addresses and phone numbers from messages", ["pattern_extraction"]),
    ("从文本中提取邮箱和电话号码", ["pattern_extraction"]),
    ("An agent that can sum up sales spreadsheets", ["csv_totals"]),
    ("A calculator without any CSV support", ["arithmetic"]),
    ("做一个计算器，不需要单位换算", ["arithmetic"]),
    ("An agent that calculates days between dates", ["date_arithmetic"]),
    ("kilos in, pounds out, sometimes backwards", ["unit_conversion"]),
    ("Write poems about the sea", []),
    ("写一首关于大海的诗", []),
    ("🚀🔥", []),
    ("", []),
    *((requirement, tools.split()) for requirement, tools in TERSE),
]


@pytest.mark.parametrize(("requirement", "expected"), REQUIREMENTS)
def test_the_wording_of_a_requirement_chooses_the_tools(requirement: str, expected: list[str]) -> None:
    assert tools_for(requirement) == expected


def test_the_flagship_requirement_gives_a_package_with_both_tools() -> None:
    done = build(FLAGSHIP)
    names = done.archive.namelist()
    assert [tool["name"] for tool in done.manifest["tools"]] == ["csv_totals", "arithmetic"]
    assert {"manifest.json", "main.py", "prompt.md", "requirements.txt", "tools/csv_totals.py"} <= set(names)
    assert "tools/session_notes.py" not in names
    assert "unit_conversion" in done.manifest["at_hand"]
    assert "tools/unit_conversion.py" in names
    assert done.manifest["entrypoint"] == "main.py"
    assert done.manifest["requirement"] == FLAGSHIP
    assert is_agent_name(done.manifest["name"])


def test_every_step_produces_artifacts_or_checks() -> None:
    done = build(FLAGSHIP)
    without = {step for step, result in done.results.items() if not result.artifacts}
    assert without == {"orchestrator", "agent_developer_manager"}
    checked = done.results["agent_developer_manager"].output_data
    held_back = sum(case.held_back for case in done.results["agent_deployer"].cases)
    assert checked["cases_passed"] == checked["cases_tried"] == len(done.results["agent_deployer"].cases) - held_back


def test_artifact_names_are_unique_and_one_segment() -> None:
    names = [artifact.name for result in build(FLAGSHIP).results.values() for artifact in result.artifacts]
    assert len(names) == len(set(names))
    assert not [name for name in names if "/" in name]


def test_the_same_requirement_gives_the_same_package_bit_for_bit() -> None:
    first, second = build(FLAGSHIP), build(FLAGSHIP)
    assert first.results["agent_deployer"].package == second.results["agent_deployer"].package


def test_the_builder_says_that_it_is_rule_based() -> None:
    done = build(FLAGSHIP)
    requirements = done.results["requirements_analysis"].artifacts[0].content.decode()
    assert "no language model was used" in requirements
    assert done.results["orchestrator"].output_data["builder"] == "rule-based"


@pytest.mark.parametrize(
    ("requirement", "reason"),
    [
        ("Write poems about the sea", "writing and creative work"),
        ("live exchange rates for my shop", "live rates, prices and news"),
        ("把中文翻译成英文", "translation between languages"),
        ("🚀🔥", "Nothing in it names anything that a tool does"),
    ],
)
def test_a_requirement_that_no_tool_meets_fails_the_build_and_says_what_can_be_built(
    requirement: str, reason: str
) -> None:
    with pytest.raises(StepFailed) as failed:
        build(requirement)
    assert failed.value.code == "NOTHING_TO_BUILD"
    assert reason in failed.value.message
    assert "Unit conversion: Converts length" in failed.value.message


def test_the_part_of_a_requirement_that_is_out_of_reach_is_warned_of_and_the_rest_is_built() -> None:
    done = build("a calculator that also translates the result into French")
    analysis = done.results["requirements_analysis"]
    assert analysis.output_data["out_of_reach"] == ["translation between languages"]
    assert "Out of reach, and not built: translation" in analysis.artifacts[0].content.decode()
    assert [level for level, message in done.notes.lines if "translation" in message] == ["warning"]
    assert [tool["name"] for tool in done.manifest["tools"]] == ["arithmetic"]


@pytest.mark.parametrize(
    "requirement",
    [
        "🚀" * 50 + "calculator",
        "\x00\x01\x1b[31mtotal a CSV\u202e",
        "calculator " * 500,
        '"); import os; os.system("rm -rf /") # calculator',
        "```python\nraise SystemExit\n``` </script> {{7*7}} $(reboot) for unit conversion",
        "<b>calculator</b>\n# heading\n---\n",
        "\ud800 calculator".encode("utf-8", "replace").decode(),
        "加" * 5000,
    ],
)
def test_strange_requirements_build_and_stay_data(requirement: str) -> None:
    done = build(requirement)
    code = "".join(done.archive.read(name).decode() for name in done.archive.namelist() if name.endswith(".py"))
    assert is_agent_name(done.manifest["name"])
    assert done.archive.testzip() is None
    assert "rm -rf" not in code
    assert "7*7" not in code


@pytest.mark.parametrize(
    ("wanted", "requirement", "expected"),
    [
        ("my_agent", FLAGSHIP, "my_agent"),
        ("My Agent!", FLAGSHIP, "my_agent"),
        ("9 lives", "Build me a calculator", "lives"),
        (None, "统计CSV并回答算术问题", "csv_arithmetic_agent"),
        ("算术助手", "统计CSV并回答算术问题", "csv_arithmetic_agent"),
        (None, "🚀", "unmatched_agent"),
        (None, "Currency exchange dashboards for every single international department", None),
    ],
)
def test_agent_names_are_valid(wanted: str | None, requirement: str, expected: str | None) -> None:
    name = agent_name_for(wanted, requirement, matching_rules(requirement))
    assert is_agent_name(name)
    assert expected in (None, name)


def test_control_characters_are_removed_from_a_requirement() -> None:
    assert cleaned("a\x00b\u202ec\n") == "abc"


def test_later_steps_follow_the_recorded_decision() -> None:
    outputs: dict[str, dict[str, JsonValue]] = {
        "orchestrator": {"agent_name": "recorded_name"},
        "requirements_analysis": {"tools": ["json_query"]},
    }
    request = BuildRequest("proj_1", 2, FLAGSHIP)
    result = asyncio.run(RuleBasedBuilder().execute("agent_deployer", request, outputs, PlainNotebook()))
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(result.package or b"")).read("manifest.json"))
    assert manifest["name"] == "recorded_name"
    assert [tool["name"] for tool in manifest["tools"]] == ["json_query"]
    assert manifest["version"] == "1.1.0"


def test_an_unknown_step_fails() -> None:
    with pytest.raises(StepFailed, match="no step named"):
        asyncio.run(RuleBasedBuilder().execute("dance", BuildRequest("proj_1", 1, FLAGSHIP), {}, PlainNotebook()))


def test_every_package_module_uses_the_standard_library_alone() -> None:
    import ast
    import sys

    done = build(
        "calculator, CSV totals, CSV to JSON, unit conversion, days between dates, word count, JSON path, regex"
    )
    assert len(done.manifest["tools"]) == 8
    for name in done.archive.namelist():
        if name.endswith(".py"):
            nodes = list(ast.walk(ast.parse(done.archive.read(name))))
            found = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
            found |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
            assert {str(module).partition(".")[0] for module in found} <= set(sys.stdlib_module_names)


def test_the_self_test_reports_its_calls_of_tools_and_nothing_is_kept_for_another_worker() -> None:
    made = build(FLAGSHIP)
    cases = [case for case in made.results["agent_deployer"].cases if not case.held_back]
    assert made.notes.used == [("trials", Usage(tool_calls=sum(len(case.turns) for case in cases)))]
    assert made.notes.kept == {}


def test_what_computes_for_long_does_not_hold_up_the_event_loop_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from nexus_offline_builder import builder

    where = dict[str, int]()

    def noted(name: str) -> None:
        work = getattr(builder, name)

        def done(*given: Any) -> Any:
            where[name] = threading.get_ident()
            return work(*given)

        monkeypatch.setattr(builder, name, done)

    for name in ("compile_errors", "tried", "zipped"):
        noted(name)
    build(FLAGSHIP)
    assert len(where) == 3
    assert threading.get_ident() not in where.values()


def test_a_package_has_all_that_its_modules_import() -> None:
    import ast

    with build(FLAGSHIP).archive as archive:
        names = set(archive.namelist())
        for path in names:
            nodes = ast.walk(ast.parse(archive.read(path))) if path.endswith(".py") else ()
            for node in nodes:
                if isinstance(node, ast.ImportFrom) and node.level:
                    folder = path.rpartition("/")[0] if node.level == 1 else ""
                    module = "/".join(part for part in (folder, *(node.module or "").split(".")) if part)
                    wanted = [module] if node.module else [f"{module}/{alias.name}" for alias in node.names]
                    assert all(names & {f"{one}.py", f"{one}/__init__.py"} for one in wanted), path
