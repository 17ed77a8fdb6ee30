"""What holds for the repository as a whole: its texts, its sizes, its settings and its documents."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings
from tests.support.api_examples import STORY, WITHOUT_EXAMPLE

from nexus_agents.settings import AgentsSettings
from nexus_builds.settings import BuildsSettings, WorkerSettings
from nexus_contracts.registry import agreed_openapi
from nexus_devstack.demo.probes import DEFAULT_REQUIREMENT
from nexus_devstack.settings import Settings
from nexus_gateway.settings import GatewaySettings
from nexus_model_builder.settings import ModelSettings
from nexus_runtime.process.settings import VERSION
from nexus_stats.settings import StatsSettings

ROOT = Path(__file__).parents[2]
NOT_OURS = {".git", ".venv", ".data", "build", "dist", "__pycache__", ".hypothesis", ".pytest_cache", ".ruff_cache"}
MAX_ADR_LINES = 40
MAX_PYTHON_LINES = 400

OF_ONE_PLACE = {
    "the address of a package index or registry": re.compile(
        r"https?://[^\s/\"']*(?:pypi|pythonhosted|artifactory|devpi|mirror|registry|jfrog)[^\s/\"']*"
        r"|(?<![\w-])--(?:extra-)?index-url\b|\b(?:UV|PIP)_(?:EXTRA_|DEFAULT_)?INDEX(?:_URL)?\s*="
    ),
    "a path of one machine": re.compile(r"(?<![\w./<-])/(?:work|workspace|(?:home|Users|root)/\w[\w.-]*)/\w"),
}

SETTINGS: tuple[type[BaseSettings], ...] = (
    GatewaySettings,
    BuildsSettings,
    WorkerSettings,
    ModelSettings,
    AgentsSettings,
    StatsSettings,
    Settings,
)
READ_ELSEWHERE = {"REQUIREMENT": DEFAULT_REQUIREMENT, "PYTHON": "python3", "CHAOS_SEED": ""}
"""By `make demo`, by `make install` and by `make test-chaos`."""
RUN_APART = {"aws", "chaos", "small_model", "support"}
"""Folders of tests that `make test` does not collect."""
AGENT_TEMPLATE = "nexus_offline_builder/package/"


def our_files() -> list[Path]:
    """The files under version control; without git, all that are not made by a tool."""
    command = ("git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return [path for path in ROOT.rglob("*") if path.is_file() and NOT_OURS.isdisjoint(path.parts)]
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in our_files():
        try:
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("what", OF_ONE_PLACE)
def test_no_text_names(what: str) -> None:
    faults = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if OF_ONE_PLACE[what].search(line)
    ]
    assert faults == []


def test_every_decision_record_is_short_and_whole() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= MAX_ADR_LINES, path.name
        assert {"## Context", "## Decision", "## Consequences"} <= set(lines), path.name


def test_no_python_file_is_too_long() -> None:
    sizes = {name: text.count("\n") for name, text in texts().items() if name.endswith(".py")}
    assert {name: size for name, size in sizes.items() if size > MAX_PYTHON_LINES} == {}


def test_every_folder_of_tests_is_run_or_named_as_run_apart() -> None:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    run = set(configured["tool"]["pytest"]["ini_options"]["testpaths"])
    folders = {"/".join(path.relative_to(ROOT).parts[:2]) for path in (ROOT / "tests").glob("*/**/*.py")}
    assert run == folders - {f"tests/{name}" for name in RUN_APART}


def example_settings() -> list[tuple[str, str]]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE)


def shown_default(field: FieldInfo) -> str:
    """As a line of .env.example shows it: nothing where the default is none, secret or made at the start."""
    default = field.default
    if default is None or default is PydanticUndefined or isinstance(default, SecretStr):
        return ""
    if isinstance(default, dict):
        return json.dumps(default)
    return str(default).lower() if isinstance(default, bool) else str(default)


def defaults() -> dict[str, set[str]]:
    """The default of every setting; several where processes differ, such as in their port."""
    found: dict[str, set[str]] = {name: {value} for name, value in READ_ELSEWHERE.items()}
    for kind in SETTINGS:
        for name, field in kind.model_fields.items():
            variable = str(field.validation_alias or name).upper()
            found.setdefault(variable, set()).add(shown_default(field))
    return found


def test_example_names_every_setting_once_and_nothing_else() -> None:
    names = [name for name, _ in example_settings()]
    assert len(names) == len(set(names))
    assert set(names) == set(defaults())


def test_example_shows_the_defaults() -> None:
    known = defaults()
    wrong = {name: value for name, value in example_settings() if value not in known.get(name, {value})}
    assert wrong == {}


def documents() -> dict[str, str]:
    return {name: text for name, text in texts().items() if name.endswith(".md")}


def test_make_targets_that_documents_name_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        (name, target)
        for name, text in documents().items()
        for target in re.findall(r"(?:^    |`)(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", text, re.MULTILINE)
    }
    assert {"demo", "run", "test"} <= {target for name, target in named if name == "README.md"}
    assert {(name, target) for name, target in named if target not in targets} == set()


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        (name, link)
        for name, text in documents().items()
        for link in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text)
        if not (ROOT / name).parent.joinpath(link).exists()
    ]
    assert broken == []


def test_every_operation_has_an_example_that_is_carried_out() -> None:
    document = agreed_openapi() or {}
    known = {one["operationId"] for path in document["paths"].values() for one in path.values() if "operationId" in one}
    shown = {example.operation for examples in STORY.values() for example in examples}
    assert shown | WITHOUT_EXAMPLE == known


def test_tests_that_documents_name_exist() -> None:
    named = {(name, path) for name, text in documents().items() for path in re.findall(r"`(tests/[\w/]+\.py)`", text)}
    assert {path for name, path in named if name == "docs/GUARANTEES.md"}
    assert {(name, path) for name, path in named if not (ROOT / path).exists()} == set()


def test_a_class_name_occurs_once() -> None:
    """Reading `Step` nobody should have to ask which one. The agent template is a program of its own."""
    where: dict[str, set[str]] = {}
    for name, text in texts().items():
        if re.match(r"(libs|services)/\w+/src/", name) and name.endswith(".py") and AGENT_TEMPLATE not in name:
            for found in re.findall(r"^\s*class (\w+)", text, re.MULTILINE):
                where.setdefault(found, set()).add(name)
    assert {found: names for found, names in where.items() if len(names) > 1} == {}


def test_all_members_have_the_platforms_version() -> None:
    projects = [ROOT / "pyproject.toml", *ROOT.glob("libs/*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml")]
    versions = {tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"] for path in projects}
    assert versions == {VERSION}
