"""The server's side of an AWS service: requests are read and answers written as botocore's model of it says.

Both are held to the model: required, unknown and mistyped members, length, range, pattern, enum, union. botocore itself
checks only some of that, and only in requests.
"""

import base64
import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

import botocore.loaders
from aiohttp import web
from botocore.model import ServiceModel

Values = dict[str, Any]


class Refusal(Exception):
    """An error of the service, by the name of its shape."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@functools.cache
def models() -> Any:
    """One loader for all: it keeps what it has read, and the models of AgentCore take a second."""
    return botocore.loaders.create_loader()


@dataclass(frozen=True)
class Call:
    operation: str
    values: Values


class Service:
    """One service, of which only `operations` are there."""

    def __init__(self, name: str, operations: tuple[str, ...]) -> None:
        self._model: Any = ServiceModel(models().load_service_model(name, "service-2"), name)
        self.signing_name = str(self._model.signing_name)
        self._routes = [
            (self._model.operation_model(one).http["method"], _template(self._model.operation_model(one)), one)
            for one in operations
        ]

    def operation_at(self, method: str, raw_path: str) -> tuple[str, dict[str, str]] | None:
        """The operation and the values of its path, which are decoded after it was taken apart."""
        for wanted, template, name in self._routes:
            match = template.fullmatch(raw_path.rstrip("/"))
            if match and wanted == method:
                return name, {key: unquote(value) for key, value in match.groupdict().items()}
        return None

    def read(self, operation: str, in_path: Mapping[str, str], request: web.BaseRequest, body: bytes) -> Call:
        """Raises Refusal where the request breaks the model."""
        shape = self._model.operation_model(operation).input_shape
        query = dict(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True))
        values: Values = {}
        in_body: Values = {}
        blob = shape.serialization.get("payload")
        if blob:
            values[blob] = body
        elif body:
            in_body = json.loads(body)
        places: dict[Any, Any] = {"uri": in_path, "querystring": query, "header": request.headers, None: in_body}
        for name, member in shape.members.items():
            place, key = member.serialization.get("location"), member.serialization.get("name", name)
            raw = places[place].get(key)
            if raw is not None and name != blob:
                values[name] = _from_wire(member, raw) if place is None else _from_text(member, raw)
        known = {member.serialization.get("name", name) for name, member in shape.members.items()}
        problems = [f"unknown member {key}" for key in in_body if key not in known]
        problems += faults(shape, values, "input")
        if problems:
            raise Refusal("ValidationException", "; ".join(problems))
        return Call(operation, values)

    def answer(self, operation: str, values: Values) -> web.Response:
        """The whole answer of an operation that streams nothing. A double that breaks the model fails its test."""
        shape = self._model.operation_model(operation).output_shape
        self.hold(operation, values)
        headers: dict[str, str] = {}
        body: Values = {}
        for name, member in shape.members.items():
            if name in values and member.serialization.get("location") == "header":
                headers[member.serialization["name"]] = str(values[name])
            elif name in values and member.serialization.get("location") is None:
                body[member.serialization.get("name", name)] = _to_wire(member, values[name])
        status = self._model.operation_model(operation).http["responseCode"]
        return web.json_response(body, status=status, headers=headers)

    def hold(self, operation: str, values: Values) -> None:
        """Fails where an answer breaks the model."""
        problems = faults(self._model.operation_model(operation).output_shape, values, "output")
        assert not problems, f"{operation} would answer what the service cannot: {problems}"

    def refusal(self, operation: str, refusal: Refusal) -> web.Response:
        """An error as the service sends it; one that the operation does not have fails the test."""
        shapes = {one.name: one for one in self._model.operation_model(operation).error_shapes}
        assert refusal.code in shapes, f"{operation} has no error {refusal.code}"
        fields = {"message": refusal.message}
        if "reason" in shapes[refusal.code].required_members:
            fields["reason"] = "FieldValidationFailed"
        status = shapes[refusal.code].metadata["error"]["httpStatusCode"]
        return web.json_response(fields, status=status, headers={"x-amzn-ErrorType": refusal.code})


def faults(shape: Any, value: Any, path: str) -> list[str]:
    """What is wrong with a value, by the model."""
    check = {
        "structure": _structure_faults,
        "list": _list_faults,
        "map": _map_faults,
        "string": _string_faults,
        "blob": _blob_faults,
        "integer": _number_faults,
        "long": _number_faults,
    }.get(shape.type_name)
    kind = {"boolean": bool, "timestamp": datetime}.get(shape.type_name)
    if check is not None:
        return check(shape, value, path)
    return [] if kind is None or isinstance(value, kind) else [f"{path} is no {shape.type_name}"]


def _structure_faults(shape: Any, value: Any, path: str) -> list[str]:
    if _is_document(shape):
        return []
    if not isinstance(value, dict):
        return [f"{path} is no structure"]
    given = cast(Values, value)
    found = [f"{path} lacks {name}" for name in shape.required_members if name not in given]
    found += [f"{path} has no member {name}" for name in given if name not in shape.members]
    if getattr(shape, "is_tagged_union", False) and len(given) != 1:
        found.append(f"{path} must have exactly one member")
    for name, member in shape.members.items():
        if name in given:
            found += faults(member, given[name], f"{path}.{name}")
    return found


def _list_faults(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{path} is no list"]
    items = cast(list[Any], value)
    found = _outside(shape, len(items), path)
    return found + [one for item in items for one in faults(shape.member, item, f"{path}[]")]


def _map_faults(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path} is no map"]
    entries = cast(Values, value)
    found = _outside(shape, len(entries), path)
    for key, item in entries.items():
        found += faults(shape.key, key, f"{path} key") + faults(shape.value, item, f"{path}.{key}")
    return found


def _string_faults(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, str):
        return [f"{path} is no string"]
    found = _outside(shape, len(value), path)
    pattern, allowed = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if pattern and not re.fullmatch(pattern, value):
        found.append(f"{path} does not match {pattern}")
    if allowed and value not in allowed:
        found.append(f"{path} is none of {allowed}")
    return found


def _blob_faults(shape: Any, value: Any, path: str) -> list[str]:
    return _outside(shape, len(value), path) if isinstance(value, bytes) else [f"{path} is no blob"]


def _number_faults(shape: Any, value: Any, path: str) -> list[str]:
    if not isinstance(value, int) or isinstance(value, bool):
        return [f"{path} is no {shape.type_name}"]
    return _outside(shape, value, path)


def _outside(shape: Any, size: int, path: str) -> list[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    inside = (least is None or size >= least) and (most is None or size <= most)
    return [] if inside else [f"{path} is not within {least}..{most}"]


def _template(operation: Any) -> re.Pattern[str]:
    path = operation.http["requestUri"].partition("?")[0].rstrip("/")
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if at % 2 else re.escape(part) for at, part in enumerate(parts)))


def _from_text(shape: Any, text: str) -> Any:
    """A value of the path, the query or a header."""
    if shape.type_name in ("integer", "long"):
        return int(text) if re.fullmatch(r"-?[0-9]+", text) else text
    return text == "true" if shape.type_name == "boolean" else text


def _from_wire(shape: Any, value: Any) -> Any:
    """A value of a JSON body; unknown members stay, to be found by the checks."""
    if shape.type_name == "structure" and isinstance(value, dict):
        given = cast(Values, value)
        return {key: _from_wire(shape.members[key], one) if key in shape.members else one for key, one in given.items()}
    if shape.type_name == "list" and isinstance(value, list):
        items = cast(list[Any], value)
        return [_from_wire(shape.member, one) for one in items]
    if shape.type_name == "blob":
        return base64.b64decode(value)
    return value


def _is_document(shape: Any) -> bool:
    """Any JSON, which models have as structures without members."""
    return bool(getattr(shape, "is_document_type", False))


def _to_wire(shape: Any, value: Any) -> Any:
    if _is_document(shape):
        return value
    if shape.type_name == "structure":
        return {key: _to_wire(shape.members[key], one) for key, one in value.items()}
    if shape.type_name == "list":
        return [_to_wire(shape.member, one) for one in value]
    if shape.type_name == "timestamp":
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return base64.b64encode(value).decode() if shape.type_name == "blob" else value
