"""What is said over Kafka, for readers (docs/EVENTS.md) and for tools (AsyncAPI 3): from the contracts alone."""

import json
from typing import Any, get_args

from nexus_contracts.agents.commands import AgentsCommand
from nexus_contracts.agents.events import AgentsEvent
from nexus_contracts.agents.streams import PART_TYPE
from nexus_contracts.builds.commands import BuildsCommand
from nexus_contracts.builds.events import BuildsEvent
from nexus_contracts.builds.reports import AnyReport
from nexus_contracts.model import type_of
from nexus_contracts.registry import EXAMPLES, MODELS, Schema, schema_of
from nexus_contracts.replies import REPLY_TYPE
from nexus_contracts.topics import (
    AGENTS_COMMANDS,
    AGENTS_EVENTS,
    AGENTS_STREAMS,
    BUILDS_COMMANDS,
    BUILDS_EVENTS,
    BUILDS_REPORTS,
    GATEWAY_REPLIES,
    TOPICS,
    Topic,
    dead_letter_topics,
)

HOUR_MS = 3_600_000
DRAFT = "application/schema+json;version=draft-2020-12"
PURPOSE = {
    BUILDS_COMMANDS.name: "What projects are asked to do.",
    BUILDS_REPORTS.name: "What builders say of their stages; anyone may publish here.",
    BUILDS_EVENTS.name: "What happened to projects, in order; an applied report stands here under its own type.",
    AGENTS_COMMANDS.name: "What agents, invocations and sessions are asked to do.",
    AGENTS_EVENTS.name: "What happened to agents, invocations and sessions, each with a sequence from 1.",
    AGENTS_STREAMS.name: "What agents say while they say it; best effort, the owner keeps it.",
    GATEWAY_REPLIES.name: "The outcomes of commands, to the partition that the command names.",
}
HEAD = "<!-- Made by `make schemas` from the contracts; not to be edited. -->\n"


def _names(*unions: Any) -> list[str]:
    return sorted(type_of(model) for union in unions for model in get_args(union))


TYPES: dict[str, list[str]] = {
    BUILDS_COMMANDS.name: _names(BuildsCommand),
    BUILDS_REPORTS.name: _names(AnyReport),
    BUILDS_EVENTS.name: _names(BuildsEvent, AnyReport),
    AGENTS_COMMANDS.name: _names(AgentsCommand),
    AGENTS_EVENTS.name: _names(AgentsEvent),
    AGENTS_STREAMS.name: [PART_TYPE],
    GATEWAY_REPLIES.name: [REPLY_TYPE],
}


def _said_of(name: str) -> str:
    return " ".join((MODELS[name].__doc__ or "").split())


def _channel(topic: Topic) -> Schema:
    settings = {"cleanup.policy": ["delete"], "retention.ms": topic.retention_hours * HOUR_MS}
    kafka = {"partitions": topic.partitions, "topicConfiguration": settings, "bindingVersion": "0.5.0"}
    return {
        "address": topic.name,
        "description": f"{PURPOSE[topic.name]} Key: {topic.key}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in TYPES[topic.name]},
        "bindings": {"kafka": kafka},
    }


def _message(name: str) -> Schema:
    example: Schema = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return {
        "name": name,
        "title": MODELS[name].__name__,
        **({"summary": said} if (said := _said_of(name)) else {}),
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
        "payload": {"schemaFormat": DRAFT, "schema": {"$ref": f"schemas/{name}.json"}},
        "examples": [{"payload": example["data"]}],
    }


def _headers() -> Schema:
    required = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time"]
    optional = [
        "ce_sequence",
        "ce_correlationid",
        "ce_causationid",
        "ce_nexusprincipal",
        "ce_nexustenant",
        "traceparent",
    ]
    properties: Schema = {name: {"type": "string"} for name in [*required, *optional]}
    properties["ce_specversion"] = {"const": "1.0"}
    return {"type": "object", "required": required, "properties": properties}


def asyncapi() -> Schema:
    """Seen from the platform: it receives commands and reports, and sends events and replies."""
    sent = (BUILDS_EVENTS.name, AGENTS_EVENTS.name, AGENTS_STREAMS.name, GATEWAY_REPLIES.name)
    operations = {
        f"{'send' if topic.name in sent else 'receive'}.{topic.name}": {
            "action": "send" if topic.name in sent else "receive",
            "channel": {"$ref": f"#/channels/{topic.name}"},
        }
        for topic in TOPICS
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Nexus-AI Platform",
            "version": "1",
            "description": "CloudEvents 1.0 over Kafka, binary mode. At least once; records of a key are in order.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": operations,
        "components": {
            "schemas": {"CloudEventHeaders": _headers()},
            "messages": {name: _message(name) for name in MODELS},
        },
    }


def _fields(name: str) -> str:
    schema = schema_of(name)
    required = set(schema.get("required", ()))
    return ", ".join(f"`{field}`{'' if field in required else '?'}" for field in schema["properties"])


def _section(topic: Topic) -> list[str]:
    readers = ", ".join(topic.groups) or "gateways, without a group"
    days = topic.retention_hours / 24
    kept = f"{days:.0f} days" if days >= 1 else f"{topic.retention_hours} hour"
    return [
        f"## `{topic.name}`",
        "",
        PURPOSE[topic.name],
        "",
        f"Key: {topic.key}. Written by {', '.join(topic.producers)}; read by {readers}."
        f" {topic.partitions} partitions, kept for {kept}.",
        "",
        "| type | data (`?`: may be left out) | |",
        "|---|---|---|",
        *(f"| `{name}` | {_fields(name)} | {_said_of(name)} |" for name in TYPES[topic.name]),
        "",
    ]


def events_page() -> str:
    lines = [
        "# Events",
        "",
        "Every topic and every type of message, from the registry. The envelope, the rules of delivery and how",
        "contracts may change: [contracts.md](contracts.md). A JSON Schema and an example of each type are in",
        "`nexus_contracts/schemas` and `nexus_contracts/examples`; `nexus_contracts/asyncapi.json` is this page for",
        "tools (AsyncAPI 3).",
        "",
    ]
    for topic in TOPICS:
        lines += _section(topic)
    lines += [
        "## Dead letters",
        "",
        "Records that a group could not handle, kept for 14 days, one partition each; what to do with them:"
        " [operations.md](operations.md#dead-letters).",
        "",
        *(f"- `{topic.name}`" for topic in dead_letter_topics()),
    ]
    return HEAD + "\n".join(lines) + "\n"
