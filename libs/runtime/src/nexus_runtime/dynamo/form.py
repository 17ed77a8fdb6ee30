"""The stored form of models: JSON with a schema number, readable by every later release."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import pydantic_core
from pydantic import BaseModel, JsonValue, TypeAdapter

from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.dynamo.model import Item

M = TypeVar("M", bound=BaseModel)
Upcast = Callable[[dict[str, JsonValue]], dict[str, JsonValue]]
"""Converts a stored model from one schema to the next."""


class UnknownSchema(ServiceUnavailable):
    """A newer release than this one wrote the item: in a rolling upgrade a process of that release will handle it."""


class Form(Generic[M]):
    """How models of one kind are stored in an item.

    Defaults are left out, so that a changed default is a new schema. A schema that is not the newest is brought up to
    date when it is read, by one upcast a step; golden files of every schema are read by a test. Fields named in
    `beside` stand in the item next to the JSON, not in it: what is large, or asked for alone.
    """

    def __init__(self, kind: type[M], upcasts: Sequence[Upcast] = (), beside: frozenset[str] = frozenset()) -> None:
        self._kind = kind
        self._adapter: TypeAdapter[M] = TypeAdapter(kind)
        self._upcasts = tuple(upcasts)
        self._beside = beside

    @property
    def schema(self) -> int:
        """The number of the newest schema; the first is 1."""
        return len(self._upcasts) + 1

    def written(self, model: M) -> Mapping[str, Any]:
        """The attributes of an item."""
        state = model.model_dump_json(exclude=set(self._beside), exclude_defaults=True)
        return {"schema": self.schema, "state": state, **{name: getattr(model, name) for name in self._beside}}

    def read(self, item: Item) -> M:
        """The model in an item. Raises UnknownSchema."""
        if self._found(item) == self.schema and not self._beside:
            return self._adapter.validate_json(item["state"])
        return self._adapter.validate_python(self.stored(item))

    def stored(self, item: Item) -> dict[str, JsonValue]:
        """The same as JSON of the newest schema, without defaults and not validated. Raises UnknownSchema."""
        found = self._found(item)
        state: dict[str, JsonValue] = pydantic_core.from_json(item["state"])
        state |= {name: item[name] for name in self._beside if name in item}
        for upcast in self._upcasts[found - 1 :]:
            state = upcast(state)
        return state

    def _found(self, item: Item) -> int:
        found = int(item.get("schema", 1))
        if found > self.schema:
            raise UnknownSchema(f"{self._kind.__name__}: schema {found} is newer than this release's {self.schema}")
        return found
