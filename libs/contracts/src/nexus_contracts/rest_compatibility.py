"""Which changes of the REST contract are compatible: what callers did before still works, its answers are understood.

No operation, parameter, media type, status or field may go; what requests may hold may not become narrower, and what
answers may hold not wider. Operations, optional parameters and fields may come. Anything else needs a path with a new
version.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from nexus_contracts.compatibility import Comparison, Schema

Node = Mapping[str, Any]


def breaking_rest_changes(old: Schema, new: Schema) -> list[str]:
    """Of two OpenAPI documents: one line for each change that breaks, naming operation and place."""
    return list(_Documents(old, new).changes())


class _Documents:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._before, self._after = _definitions(old), _definitions(new)

    def changes(self) -> Iterator[str]:
        for path, methods in self._old["paths"].items():
            for method, operation in methods.items():
                name = f"{method.upper()} {path}"
                found = self._new["paths"].get(path, {}).get(method)
                if found is None:
                    yield f"{name}: was removed"
                    continue
                yield from self._parameters(operation, found, name)
                yield from self._body(operation.get("requestBody"), found.get("requestBody"), f"{name} body")
                yield from self._answers(operation["responses"], found["responses"], name)

    def _parameters(self, old: Node, new: Node, name: str) -> Iterator[str]:
        before, after = _by_place(old), _by_place(new)
        for place, parameter in after.items():
            if parameter.get("required") and not before.get(place, {}).get("required"):
                yield f"{name} {place}: became required"
        for place, parameter in before.items():
            if place in after:
                yield from self._narrower(parameter["schema"], after[place]["schema"], f"{name} {place}")
            else:
                yield f"{name} {place}: was removed"

    def _body(self, old: Node | None, new: Node | None, place: str) -> Iterator[str]:
        if new is not None and new.get("required") and not (old or {}).get("required"):
            yield f"{place}: became required"
        for media_type, content in (old or {}).get("content", {}).items():
            taken = (new or {}).get("content", {}).get(media_type)
            if taken is None:
                yield f"{place}: {media_type} is no longer taken"
            else:
                yield from self._narrower(content["schema"], taken["schema"], place)

    def _answers(self, old: Node, new: Node, name: str) -> Iterator[str]:
        for status, response in old.items():
            if status not in new:
                yield f"{name} {status}: was removed"
                continue
            for media_type, content in response.get("content", {}).items():
                given = new[status].get("content", {}).get(media_type)
                if given is None:
                    yield f"{name} {status}: {media_type} is no longer given"
                else:
                    yield from self._wider(content.get("schema", {}), given.get("schema", {}), f"{name} {status}")

    def _narrower(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        yield from Comparison(self._before, self._after).changes(old, new, place)

    def _wider(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        for change in Comparison(self._after, self._before, answers=True).changes(new, old, place):
            yield f"{change} (the new answer, held against the old contract)"


def _definitions(document: Schema) -> Schema:
    return document.get("components", {}).get("schemas", {})


def _by_place(operation: Node) -> dict[str, Any]:
    return {f"{one['in']}.{one['name']}": one for one in operation.get("parameters", ())}
