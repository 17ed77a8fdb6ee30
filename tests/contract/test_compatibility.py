"""Types change compatibly: the rule itself on changes made by hand, and the code against the agreed schemas."""

import importlib.util
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, JsonValue, create_model

from nexus_contracts.compatibility import breaking_changes
from nexus_contracts.registry import MODELS, SCHEMAS, agreed_schemas, schema_of

UNDERSTOOD = {
    *("$defs", "$ref", "$schema", "additionalProperties", "anyOf", "const", "default", "description", "enum"),
    *("examples", "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maximum", "minItems", "minLength"),
    *("minimum", "pattern", "properties", "propertyNames", "required", "title", "type"),
}
"""The keywords that the comparison looks at, or that restrict nothing."""


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class OnlyRed(StrEnum):
    RED = "red"


class Part(BaseModel):
    size: int


class OptionalPart(BaseModel):
    size: int | None = None


class PartWithWeight(BaseModel):
    size: int
    weight: int


class Tree(BaseModel):
    size: int
    children: list["Tree"] = []


class SmallTree(BaseModel):
    size: int = Field(le=5)
    children: list["SmallTree"] = []


BREAKING: dict[str, tuple[Any, Any]] = {
    "type changed": (int, str),
    "number became an integer": (float, int),
    "null is no longer taken": (int | None, int),
    "a variant is no longer taken": (int | str | None, int | None),
    "anything became something": (JsonValue, str),
    "value of an enumeration removed": (Colour, OnlyRed),
    "text became an enumeration": (str, Colour),
    "enumeration became a constant": (Literal["a", "b"], Literal["a"]),
    "constant changed": (Literal["a"], Literal["b"]),
    "minimum is new": (int, Field(ge=0)),
    "minimum raised": (Field(ge=0), Field(ge=1)),
    "maximum lowered": (Field(le=9), Field(le=8)),
    "elements became an enumeration": (list[str], list[OnlyRed]),
    "length bounded": (list[int], Field(max_length=3)),
    "inner field became required": (OptionalPart, Part),
    "inner field is new and required": (Part, PartWithWeight),
    "inner field removed": (PartWithWeight, Part),
    "inside of a list": (list[Part], list[PartWithWeight]),
    "inside of an optional": (Part | None, PartWithWeight | None),
    "values of a mapping": (dict[str, int], dict[str, str]),
    "keys of a mapping": (dict[str, int], dict[Colour, int]),
    "a type that contains itself": (Tree, SmallTree),
}
COMPATIBLE: dict[str, tuple[Any, Any]] = {
    "nothing": (Part, Part),
    "integer became a number": (int, float),
    "may be null now": (int, int | None),
    "one more variant": (int | None, int | str | None),
    "one more value": (OnlyRed, Colour),
    "bound lifted": (Field(ge=0), int),
    "bound widened": (Field(le=8), Field(le=9)),
    "inner field may be missing now": (Part, OptionalPart),
    "anything is taken now": (str, JsonValue),
    "a type that contains itself": (Tree, Tree),
}


def schema(rule: Any) -> dict[str, Any]:
    """Of a message with one field; a bare Field bounds a list or an integer."""
    if isinstance(rule, type(Field())):
        field: Any = (list[int] if "MaxLen" in repr(rule.metadata) else int, rule)
    else:
        field = (rule, ...)
    made: Any = create_model("Message", field=field)
    return made.model_json_schema()


def keywords(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():  # pyright: ignore[reportUnknownVariableType]
            yield str(key)  # pyright: ignore[reportUnknownArgumentType]
            if key in ("properties", "$defs"):
                yield from (word for rule in value.values() for word in keywords(rule))  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            elif key not in ("default", "examples", "enum"):
                yield from keywords(value)
    elif isinstance(node, list):
        yield from (word for element in node for word in keywords(element))  # pyright: ignore[reportUnknownVariableType]


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_is_told_with_its_place(change: str) -> None:
    old, new = map(schema, BREAKING[change])
    (told, *_) = breaking_changes(old, new)
    assert told.startswith("data.field")


@pytest.mark.parametrize("change", COMPATIBLE)
def test_a_compatible_change_passes(change: str) -> None:
    old, new = map(schema, COMPATIBLE[change])
    assert breaking_changes(old, new) == []


def test_fields_may_come_but_neither_go_nor_become_required() -> None:
    one = create_model("One", name=(str, "")).model_json_schema()
    two = create_model("Two", name=(str, ""), note=(str | None, None)).model_json_schema()
    strict = create_model("Strict", name=(str, ...)).model_json_schema()
    assert breaking_changes(one, two) == []
    assert breaking_changes(two, one) == ["data.note: was removed"]
    assert breaking_changes(one, strict) == ["data.name: became required"]


def test_an_object_that_no_longer_takes_unknown_fields_breaks() -> None:
    open_one: dict[str, Any] = {"type": "object", "properties": {}}
    assert breaking_changes(open_one, {**open_one, "additionalProperties": False})
    assert breaking_changes({**open_one, "additionalProperties": False}, open_one) == []


@pytest.mark.parametrize("name", MODELS)
def test_the_comparison_understands_every_keyword_in_use(name: str) -> None:
    assert set(keywords(schema_of(name))) <= UNDERSTOOD


@pytest.mark.parametrize("name", agreed_schemas())
def test_no_type_has_changed_incompatibly_since_it_was_agreed_on(name: str) -> None:
    assert name in MODELS, "a type that was agreed on may not go; stop using it instead"
    assert breaking_changes(agreed_schemas()[name], schema_of(name)) == []


@pytest.fixture(scope="module")
def exporter() -> ModuleType:
    path = Path(__file__).parents[2] / "scripts" / "export_schemas.py"
    spec = importlib.util.spec_from_file_location("export_schemas", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def export(module: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["schemas", *arguments])
    return module.main()


def test_the_agreed_schemas_are_up_to_date(exporter: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert export(exporter, monkeypatch, "--check") == 0


def test_a_stale_schema_fails_the_check_and_is_written_anew(
    exporter: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(exporter, "SCHEMAS", tmp_path)
    monkeypatch.setattr(exporter, "OPENAPI", tmp_path.with_suffix(".openapi.json"))
    (tmp_path / "nexus.build.started.v1.json").write_text("{}")
    assert export(exporter, monkeypatch, "--check") == 1
    told = capsys.readouterr().err
    assert "nexus.build.started.v1.json: differs from the code" in told
    assert "nexus.build.completed.v1.json: is missing; run `make schemas`" in told
    assert export(exporter, monkeypatch) == 0
    assert {path.read_text() for path in tmp_path.iterdir()} == {path.read_text() for path in SCHEMAS.iterdir()}


def test_a_breaking_change_is_never_exported(
    exporter: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agreed = {"nexus.build.started.v1": schema_of("nexus.build.paused.v1"), "nexus.build.sung.v1": {}}
    monkeypatch.setattr(exporter, "SCHEMAS", tmp_path)
    monkeypatch.setattr(exporter, "agreed_schemas", lambda: agreed)
    assert export(exporter, monkeypatch) == 1
    told = capsys.readouterr().err
    assert "nexus.build.started.v1: data.builder: became required" in told
    assert "nexus.build.sung.v1: the type was removed" in told
    assert list(tmp_path.iterdir()) == []
