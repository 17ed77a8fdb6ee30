"""Every type of message by its name, with its example and its schema: what a publisher in any language needs."""

import json
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from nexus_contracts.agents.commands import AgentsCommand
from nexus_contracts.agents.events import AgentsEvent
from nexus_contracts.agents.streams import PART_TYPE, StreamPart
from nexus_contracts.builds.commands import BuildsCommand
from nexus_contracts.builds.events import BuildsEvent
from nexus_contracts.builds.reports import AnyReport
from nexus_contracts.model import type_of
from nexus_contracts.replies import REPLY_TYPE, Reply

EXAMPLES = Path(__file__).parent / "examples"
"""One structured-mode CloudEvent for each type."""
SCHEMAS = Path(__file__).parent / "schemas"
"""What was agreed on: the schema of `data` for each type."""
OPENAPI = Path(__file__).parent / "openapi.json"
"""... and the REST contract of the gateway."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def _models() -> dict[str, type[BaseModel]]:
    members = [get_args(union) for union in (BuildsCommand, AnyReport, BuildsEvent, AgentsCommand, AgentsEvent)]
    named = {type_of(model): model for union in members for model in union}
    return dict(sorted({**named, PART_TYPE: StreamPart, REPLY_TYPE: Reply}.items()))


MODELS = _models()
"""An applied report is in the events under its own type, so it is here once."""


def schema_of(name: str) -> Schema:
    """The JSON Schema of the type's `data`. The type itself is an attribute of the envelope, so it is left out."""
    schema: Schema = {"$schema": DIALECT, **MODELS[name].model_json_schema()}
    schema["properties"].pop("type", None)
    return schema


def agreed_schemas() -> dict[str, Schema]:
    """The schemas in `schemas/`, by type: those of the last release."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(SCHEMAS.glob("*.json"))}


def agreed_openapi() -> Schema | None:
    """The REST contract of the last release."""
    return json.loads(OPENAPI.read_text(encoding="utf-8")) if OPENAPI.exists() else None


def text_of(schema: Schema) -> str:
    """How a schema is written to its file."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
