"""CloudEvents 1.0 over Kafka: binary mode out, binary or structured mode in.

Source: CloudEvents 1.0.2, Kafka Protocol Binding 1.0.2 (https://cloudevents.io).
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field, JsonValue, ValidationError

from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message

CONTENT_TYPE = b"application/json"
_ATTRIBUTES = (
    "id",
    "source",
    "type",
    "subject",
    "time",
    "correlationid",
    "causationid",
    "sequence",
    "signature",
    "nexusprincipal",
    "nexustenant",
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
MAX_ATTRIBUTE = 1_000
MAX_TRACEPARENT = 200
MAX_DEPTH = 100
"""Of nesting. Pydantic's parser stops at 200: deeper data could be stored inside a history, and never read again."""
Headers = list[tuple[str, bytes]]


class MalformedEvent(ValueError):
    """A record that is no CloudEvent; the message says what is missing or wrong."""


class CloudEvent(Message):
    """One message. `data` is its JSON body; `sequence` is the event's place in its aggregate's history.

    `nexusprincipal`, of `nexustenant`, is who caused it. `signature` proves that the platform itself has sent it
    (`signatures.py`). Attributes are bounded: they are kept with every event that the message causes.
    """

    id: str = Field(min_length=1, max_length=MAX_ATTRIBUTE)
    source: str = Field(min_length=1, max_length=MAX_ATTRIBUTE)
    type: str = Field(max_length=MAX_ATTRIBUTE)
    subject: str = Field(max_length=MAX_ATTRIBUTE)
    time: Timestamp
    data: dict[str, JsonValue]
    correlationid: str | None = Field(default=None, max_length=MAX_ATTRIBUTE)
    causationid: str | None = Field(default=None, max_length=MAX_ATTRIBUTE)
    traceparent: str | None = None
    sequence: int | None = None
    signature: str | None = Field(default=None, max_length=MAX_ATTRIBUTE)
    nexusprincipal: str | None = Field(default=None, max_length=MAX_ATTRIBUTE)
    nexustenant: str | None = Field(default=None, max_length=MAX_ATTRIBUTE)

    def headers(self) -> Headers:
        """The attributes as Kafka headers (binary mode)."""
        attributes = self.model_dump(mode="json", include=set(_ATTRIBUTES), exclude_none=True)
        headers = [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]
        headers += [("ce_specversion", b"1.0"), ("content-type", CONTENT_TYPE)]
        if self.traceparent:
            headers.append(("traceparent", self.traceparent.encode()))
        return headers

    def body(self) -> bytes:
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).encode()


def read_event(
    value: bytes | None, headers: Iterable[tuple[str, bytes | None]], received: datetime | None = None
) -> CloudEvent:
    """The CloudEvent in a Kafka record, whichever mode it is in. Raises MalformedEvent.

    CloudEvents need neither time nor subject: `received` stands for the one, an empty text for the other.
    """
    names = _text(headers)
    body = _json(value)
    content_type = names.get("content-type", "")
    if content_type.startswith("application/cloudevents"):
        attributes: dict[str, Any] = structured(body)
        attributes["traceparent"] = _traceparent(body.get("traceparent", names.get("traceparent")))
    else:
        if not content_type.startswith("application/json"):
            raise MalformedEvent(f"content-type must be application/json, not {content_type[:100]!r}")
        attributes = {name: names[f"ce_{name}"] for name in _ATTRIBUTES if f"ce_{name}" in names}
        attributes |= {
            "specversion": names.get("ce_specversion"),
            "data": body,
            "traceparent": _traceparent(names.get("traceparent")),
        }
    if attributes.get("specversion") != "1.0":
        raise MalformedEvent("ce_specversion must be 1.0")
    usual = {"subject": "", **({"time": received} if received else {})}
    try:
        return CloudEvent.model_validate({**usual, **attributes})
    except ValidationError as error:
        raise MalformedEvent(explain(error)) from None


def structured(body: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of an event in structured mode, `data_base64` read as the JSON that it has to be."""
    encoded = body.get("data_base64")
    if encoded is None:
        return dict(body)
    if "data" in body:
        raise MalformedEvent("data and data_base64 exclude each other")
    try:
        data = _json(base64.b64decode(encoded, validate=True))
    except (ValueError, TypeError):
        raise MalformedEvent("data_base64 is not JSON in base64") from None
    return {**body, "data": data}


def _traceparent(received: JsonValue) -> str | None:
    """W3C: what cannot be a trace context is ignored, never a reason to refuse the message."""
    return received if isinstance(received, str) and 0 < len(received) <= MAX_TRACEPARENT else None


def explain(error: ValidationError) -> str:
    """What is wrong, in one line, without echoing the input."""
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors()[:5])


def _text(headers: Iterable[tuple[str, bytes | None]]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for name, value in headers:
        try:
            names[name.lower()] = (value or b"").decode()
        except UnicodeDecodeError:
            if name.lower().startswith("ce_") or name.lower() == "content-type":
                raise MalformedEvent(f"header {name} is not UTF-8") from None
    return names


def _json(value: bytes | None) -> dict[str, JsonValue]:
    if not value:
        raise MalformedEvent("the record has no value")
    try:
        text = value.decode()
        body = json.loads(text)
        if _SURROGATE.search(text):
            json.dumps(body, ensure_ascii=False).encode()
    except UnicodeError:
        raise MalformedEvent("the value is not Unicode text in UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise MalformedEvent(f"the value is not JSON: {str(error)[:100]}") from None
    if not isinstance(body, dict):
        raise MalformedEvent("the value is not a JSON object")
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_deeper(MAX_DEPTH, body):
        raise MalformedEvent(f"the value is nested more than {MAX_DEPTH} levels deep")
    return body  # pyright: ignore[reportUnknownVariableType]  # json.loads is untyped


def _is_deeper(levels: int, *containers: Any) -> bool:
    """Whether containers are nested in each other more than `levels` deep."""
    layer: list[Any] = list(containers)
    for _ in range(levels):
        children: list[Any] = []
        for node in layer:
            children += node.values() if isinstance(node, dict) else node
        layer = [child for child in children if isinstance(child, dict | list)]
        if not layer:
            return False
    return True
