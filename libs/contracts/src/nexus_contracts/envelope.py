"""CloudEvents 1.0 over Kafka: binary mode out, binary or structured mode in.

Source: CloudEvents 1.0.2, Kafka Protocol Binding 1.0.2 (https://cloudevents.io).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import JsonValue, ValidationError

from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message

CONTENT_TYPE = b"application/json"
_ATTRIBUTES = ("id", "source", "type", "subject", "time", "correlationid", "causationid", "sequence")
Headers = list[tuple[str, bytes]]


class MalformedEvent(ValueError):
    """A record that is no CloudEvent; the message says what is missing or wrong."""


class CloudEvent(Message):
    """One message. `data` is its JSON body; `sequence` is the event's place in its aggregate's history."""

    id: str
    source: str
    type: str
    subject: str
    time: Timestamp
    data: dict[str, JsonValue]
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    sequence: int | None = None

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


def read_event(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> CloudEvent:
    """The CloudEvent in a Kafka record, whichever mode it is in. Raises MalformedEvent."""
    names = _text(headers)
    body = _json(value)
    content_type = names.get("content-type", "")
    if content_type.startswith("application/cloudevents"):
        attributes: dict[str, Any] = dict(body)
        attributes.setdefault("traceparent", names.get("traceparent"))
    else:
        if not content_type.startswith("application/json"):
            raise MalformedEvent(f"content-type must be application/json, not {content_type[:100]!r}")
        attributes = {name: names[f"ce_{name}"] for name in _ATTRIBUTES if f"ce_{name}" in names}
        attributes |= {
            "specversion": names.get("ce_specversion"),
            "data": body,
            "traceparent": names.get("traceparent"),
        }
    if attributes.get("specversion") != "1.0":
        raise MalformedEvent("ce_specversion must be 1.0")
    try:
        return CloudEvent.model_validate(attributes)
    except ValidationError as error:
        raise MalformedEvent(explain(error)) from None


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
        body = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent(f"the value is not JSON: {str(error)[:100]}") from None
    if not isinstance(body, dict):
        raise MalformedEvent("the value is not a JSON object")
    return body  # pyright: ignore[reportUnknownVariableType]  # json.loads is untyped
