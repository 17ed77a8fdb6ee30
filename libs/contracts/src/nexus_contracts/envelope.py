"""CloudEvents 1.0 over Kafka: binary mode out, binary or structured mode in.

Source: CloudEvents 1.0.2, its JSON format and Kafka Protocol Binding 1.0.2 (https://cloudevents.io).
"""

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pydantic_core
from pydantic import Field, JsonValue, ValidationError

from nexus_contracts.identifiers import Timestamp
from nexus_contracts.media_types import UnsupportedType, is_structured, require_json
from nexus_contracts.model import Message
from nexus_contracts.strict_json import JsonReader, UnreadableJson
from nexus_contracts.trace_context import trace_context

CONTENT_TYPE = b"application/json"
_EXTENSIONS = ("correlationid", "causationid", "sequence", "signature", "nexusprincipal", "nexustenant")
_ATTRIBUTES = ("id", "source", "type", "subject", "time", *_EXTENSIONS)
_PREFIX = "ce_"
_NUMBER = re.compile(r"[0-9]{1,18}")
MAX_ATTRIBUTE = 1_000
MAX_DEPTH = 100
"""Of nesting. Pydantic's parser stops at 200: deeper data could be stored inside a history, and never read again."""
_JSON = JsonReader(MAX_DEPTH)
Headers = list[tuple[str, bytes]]


class MalformedEvent(ValueError):
    """A record that is not a CloudEvent; the message says what is missing or wrong and, if known, where."""

    def __init__(self, reason: str, *place: str) -> None:
        super().__init__(f"{'.'.join(place)}: {reason}" if place else reason)
        self.reason, self.place = reason, place


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

    @classmethod
    def own(cls, **attributes: Any) -> "CloudEvent":
        """An event of the platform's own making; nothing is checked, and attributes that are not given are not set."""
        return cls.known(_UNSET | attributes)

    def headers(self) -> Headers:
        """The attributes as Kafka headers (binary mode)."""
        attributes = self.model_dump(mode="json", include=set(_ATTRIBUTES), exclude_none=True)
        headers = [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]
        headers += [("ce_specversion", b"1.0"), ("content-type", CONTENT_TYPE)]
        if self.traceparent:
            headers.append(("traceparent", self.traceparent.encode()))
        return headers

    def body(self) -> bytes:
        return pydantic_core.to_json(self.data)


_UNSET: dict[str, Any] = dict.fromkeys(CloudEvent.model_fields)


def declared_type(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """The type that a record in binary mode says to be of, before it is read; None where only reading tells."""
    types: list[bytes] = []
    for name, value in headers:
        key = name.lower()
        if key == "ce_type" and value is not None:
            types.append(value)
        elif key == "content-type" and value != CONTENT_TYPE:
            return None
    return types[0].decode(errors="replace") if len(types) == 1 else None


def read_event(
    value: bytes | None, headers: Iterable[tuple[str, bytes | None]], received: datetime | None = None
) -> CloudEvent:
    """The CloudEvent in a Kafka record, whichever mode it is in. Raises MalformedEvent.

    CloudEvents need neither time nor subject: `received` stands for the one, an empty text for the other.
    """
    names = _text(headers)
    try:
        whole = is_structured(names.get("content-type"))
    except UnsupportedType as error:
        raise MalformedEvent(str(error), "content-type") from None
    body = _json(value)
    given = structured(body) if whole else binary(_attributes(names), body)
    if given.get("specversion") != "1.0":
        raise MalformedEvent("must be 1.0", "specversion" if whole else "ce_specversion")
    if not _NUMBER.fullmatch(str(given.get("sequence"))):
        # The extension of that name may be any text; the platform's own is a number.
        given.pop("sequence", None)
    usual = {"subject": "", **({"time": received} if received else {})}
    trace = trace_context(given.get("traceparent")) or trace_context(names.get("traceparent"))
    try:
        return CloudEvent.model_validate({**usual, **given, "traceparent": trace})
    except ValidationError as error:
        raise MalformedEvent(explain(error)) from None


def binary(attributes: Mapping[str, str], data: JsonValue) -> dict[str, JsonValue]:
    """The attributes of an event in binary mode, of headers without their prefix. Raises MalformedEvent."""
    _require_json_data(attributes)
    return {**attributes, "data": data}


def structured(body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The attributes of an event in structured mode: what is null is not set, `data_base64` is read as the JSON it is.

    Raises MalformedEvent.
    """
    given = {name: value for name, value in body.items() if value is not None}
    given |= {name: _canonical(given[name]) for name in _EXTENSIONS if name in given}
    _require_json_data(given)
    encoded = given.pop("data_base64", None)
    if encoded is None:
        return given
    if "data" in given:
        raise MalformedEvent("excludes data", "data_base64")
    try:
        decoded = base64.b64decode(encoded if isinstance(encoded, str) else "-", validate=True)
    except ValueError:
        raise MalformedEvent("must be base64 (RFC 4648, section 4)", "data_base64") from None
    try:
        return {**given, "data": _json(decoded)}
    except MalformedEvent as error:
        raise MalformedEvent(error.reason, "data_base64") from None


def _require_json_data(given: Mapping[str, Any]) -> None:
    try:
        require_json(given.get("datacontenttype"))
    except UnsupportedType as error:
        raise MalformedEvent(str(error), "datacontenttype") from None


def _canonical(value: JsonValue) -> JsonValue:
    """An extension may be a number or a truth value in JSON: the text that it is in a header."""
    return str(value).lower() if isinstance(value, bool | int) else value


def explain(error: ValidationError) -> str:
    """What is wrong, in one line, without echoing the input."""
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors()[:5])


def _text(headers: Iterable[tuple[str, bytes | None]]) -> Mapping[str, str]:
    """What is read of the headers, names in lower case; one that is null, or an empty content type, is not there."""
    names: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        if (
            value is None
            or (key, value) == ("content-type", b"")
            or not (key.startswith(_PREFIX) or key in ("content-type", "traceparent"))
        ):
            continue
        try:
            text = value.decode()
        except UnicodeDecodeError:
            if key != "traceparent":
                raise MalformedEvent("must be UTF-8", key[:100]) from None
            text = ""
        if key in names and key != "traceparent":
            raise MalformedEvent("is given more than once", key[:100])
        # Of two traces neither is the one.
        names[key] = "" if key in names else text
    return names


def _attributes(names: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(_PREFIX): value for name, value in names.items() if name.startswith(_PREFIX)}


def _json(value: bytes | None) -> dict[str, JsonValue]:
    if not value:
        raise MalformedEvent("there is no value")
    try:
        body = _JSON.read(value)
    except UnreadableJson as error:
        raise MalformedEvent(f"the data is not JSON: {str(error)[:100]}") from None
    if not isinstance(body, dict):
        raise MalformedEvent("the value is not a JSON object")
    return body
