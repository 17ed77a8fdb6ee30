"""Links between operations: an answer with a new id leads to whatever takes that id, a 202 to its operation."""

import re
from collections.abc import Iterator
from typing import Any, cast

_PARAMETER = re.compile(r"{(\w+)}")


def add_links(document: dict[str, Any]) -> None:
    """To the answers of operations that make something; new operations take part by themselves."""
    takers: dict[str, list[str]] = {}
    for _, path, operation in _operations(document):
        for name in _PARAMETER.findall(path):
            takers.setdefault(name, []).append(operation["operationId"])
    for method, path, operation in _operations(document):
        if method == "post" and not operation.get("deprecated"):
            known = set(_PARAMETER.findall(path))
            for status, response in operation["responses"].items():
                new = _ids(status, response) - known
                if links := {taker: _link(taker, name) for name in sorted(new) for taker in takers.get(name, ())}:
                    response["links"] = links


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _ids(status: str, response: dict[str, Any]) -> set[str]:
    example: Any = response.get("content", {}).get("application/json", {}).get("example") or {}
    data: Any = example.get("data")
    if status >= "300" or not isinstance(data, dict):
        return set()
    ids = {
        name for name, value in cast("dict[str, Any]", data).items() if name.endswith("_id") and isinstance(value, str)
    }
    return ids & {"operation_id"} if status == "202" else ids


def _link(operation_id: str, name: str) -> dict[str, Any]:
    return {"operationId": operation_id, "parameters": {name: f"$response.body#/data/{name}"}}
