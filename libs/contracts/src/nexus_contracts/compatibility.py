"""Which changes of a type are compatible: programs that read the new schema understand what was written for the old.

Within one version of a type no field may go, no type may change or become narrower, no field may become required and
no value of an enumeration may go. Anything else needs a type with a new version in its name.

For what the platform alone writes, the answers over HTTP, the rule is the same the other way round: those who read the
old schema understand what is written by the new one. Fields may come in both.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_FIXED = ("pattern", "format", "multipleOf", "uniqueItems")
_NESTED = ("items", "additionalProperties", "propertyNames")


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """One line for each change that breaks, naming its place; empty where `new` may replace `old`."""
    return list(Comparison(old.get("$defs", {}), new.get("$defs", {})).changes(old, new, "data"))


class Comparison:
    """What the one schema allows and the other does not take; references point into the definitions of each.

    `answers`: the old schema is the one that takes, and the new one the one that allows.
    """

    def __init__(self, allowing: Schema, taking: Schema, *, answers: bool = False) -> None:
        self._old = allowing
        self._new = taking
        self._answers = answers
        self._under_way: set[tuple[str, str]] = set()

    def changes(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        names = (str(old.get("$ref")), str(new.get("$ref")))
        if names in self._under_way:  # a type that contains itself
            return
        if "$ref" in old or "$ref" in new:
            self._under_way.add(names)
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        if "anyOf" in old or "anyOf" in new:
            yield from self._variants(old, new, place)
        if ("anyOf" in old) == ("anyOf" in new):
            yield from _type_changes(old, new, place)
            yield from _value_changes(old, new, place)
            yield from _bound_changes(old, new, place)
            yield from self._field_changes(old, new, place)
        self._under_way.discard(names)

    def _variants(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        """Each variant of the old must be taken by one of the new; of several near misses the nearest is told."""
        for variant in old.get("anyOf", [old]):
            missed = [list(self.changes(variant, offer, place)) for offer in new.get("anyOf", [new])]
            if all(missed):
                near = [faults for faults in missed if not faults[0].startswith(f"{place}: type changed")]
                yield from min(near, key=len, default=[f"{place}: {_named(variant)} is no longer taken"])

    def _field_changes(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        gone = after.keys() - before.keys() if self._answers else before.keys() - after.keys()
        for name in sorted(gone):
            yield f"{place}.{name}: was removed"
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ())) - gone):
            yield f"{place}.{name}: {'may be missing now' if self._answers else 'became required'}"
        for name in before:
            if name in after:
                yield from self.changes(before[name], after[name], f"{place}.{name}")
        for key in _NESTED:
            yield from self._nested_changes(old.get(key, True), new.get(key, True), f"{place}[{key}]")

    def _nested_changes(self, old: Schema | bool, new: Schema | bool, place: str) -> Iterator[str]:
        """True takes anything, False nothing."""
        if new is False and old is not False:
            yield f"{place}: is no longer taken"
        elif isinstance(new, dict):
            yield from self.changes(old if isinstance(old, dict) else {}, new, place) if old is not False else ()


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**_resolved(definitions[schema["$ref"].rpartition("/")[2]], definitions), **beside}


def _type_changes(old: Schema, new: Schema, place: str) -> Iterator[str]:
    if "type" not in new:
        return
    taken = _types(new)
    if "type" not in old or not _types(old) <= (taken | {"integer"} if "number" in taken else taken):
        yield f"{place}: type changed from {old.get('type', 'anything')} to {new['type']}"


def _types(schema: Schema) -> set[str]:
    return {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])


def _value_changes(old: Schema, new: Schema, place: str) -> Iterator[str]:
    values = _values(new)
    if values is None:
        return
    before = _values(old)
    if before is None:
        yield f"{place}: was free and is now one of {values}"
    else:
        for value in before:
            if value not in values:
                yield f"{place}: value {value!r} was removed"


def _values(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _bound_changes(old: Schema, new: Schema, place: str) -> Iterator[str]:
    for keys, sign in ((_LOWER_BOUNDS, 1), (_UPPER_BOUNDS, -1)):
        for key in keys:
            if key in new and (key not in old or sign * new[key] > sign * old[key]):
                yield f"{place}: {key} became narrower, {old.get(key, 'none')} to {new[key]}"
    for key in _FIXED:
        if key in new and new[key] != old.get(key):
            yield f"{place}: {key} changed from {old.get(key, 'none')} to {new[key]}"


def _named(schema: Schema) -> str:
    return str(schema.get("type") or schema.get("$ref", "a variant").rpartition("/")[2])
