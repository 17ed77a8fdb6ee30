"""Translates Python values and actions to DynamoDB's request format and back. Every attribute name is aliased."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, cast

from nexus_runtime.dynamo.model import Action, Check, Delete, Filter, Item, Put, Table, Update, Value, Where

Expression = dict[str, Any]
_BOUNDS = {
    ":begins": "begins_with(#sk, :begins)",
    ":low": "#sk >= :low",
    ":high": "#sk <= :high",
    ":before": "#sk < :before",
}


def to_attribute(value: Value) -> dict[str, Any]:
    """One value in DynamoDB's typed form."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": base64.b64encode(value).decode()}
        case Mapping():
            return {"M": marshal(value)}
        case _:
            return {"L": [to_attribute(element) for element in value]}


def _from_attribute(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value)
        case "B":
            return base64.b64decode(value)
        case "M":
            return unmarshal(value)
        case "L":
            return [_from_attribute(element) for element in value]
        case _:
            return value


def marshal(item: Mapping[str, Value | None]) -> dict[str, Any]:
    """An item; attributes that are None are left out."""
    return {name: to_attribute(value) for name, value in item.items() if value is not None}


def unmarshal(item: Mapping[str, Any]) -> Item:
    return {name: _from_attribute(attribute) for name, attribute in item.items()}


def transact_item(prefix: str, action: Action) -> dict[str, Expression]:
    """The action as an entry of TransactItems."""
    request: Expression = {"TableName": prefix + action.table.name}
    match action:
        case Put():
            request["Item"] = marshal(action.item)
        case Update():
            request |= {"Key": marshal(action.key)} | _update(action)
        case Delete() | Check():
            request["Key"] = marshal(action.key)
    if action.where:
        _condition(action.where, request)
    return {"ConditionCheck" if isinstance(action, Check) else type(action).__name__: request}


def _condition(where: Where, request: Expression) -> None:
    terms = [f"#w_{name} = :w_{name}" for name in where.equal]
    terms += [f"(attribute_not_exists(#w_{name}) OR #w_{name} <= :w_{name})" for name in where.at_most]
    compared = {**where.equal, **where.at_most}
    names = {f"#w_{name}": name for name in compared}
    values = {f":w_{name}": to_attribute(value) for name, value in compared.items()}
    if where.absent:
        terms.append("attribute_not_exists(#w_absent)")
        names["#w_absent"] = where.absent
    request["ConditionExpression"] = " AND ".join(terms)
    request["ExpressionAttributeNames"] = request.get("ExpressionAttributeNames", {}) | names
    if values:
        request["ExpressionAttributeValues"] = request.get("ExpressionAttributeValues", {}) | values


def _update(update: Update) -> Expression:
    sets = [f"#{name} = :{name}" for name in update.assign]
    sets += [f"#{name} = if_not_exists(#{name}, :{name})" for name in update.default]
    sets += [f"#{name} = list_append(if_not_exists(#{name}, :empty), :{name})" for name in update.append]
    adds = [f"#{name} :{name}" for name in update.add]
    values: Mapping[str, Value] = {**update.assign, **update.default, **update.append, **update.add}
    marked = {f":{name}": to_attribute(value) for name, value in values.items()}
    if update.append:
        marked[":empty"] = {"L": []}
    clauses = ["SET " + ", ".join(sets)] * bool(sets) + ["ADD " + ", ".join(adds)] * bool(adds)
    return {
        "UpdateExpression": " ".join(clauses),
        "ExpressionAttributeNames": {f"#{name}": name for name in values},
        "ExpressionAttributeValues": marked,
    }


def key_condition(
    table: Table,
    partition: Value,
    *,
    begins: str | None = None,
    low: Value | None = None,
    high: Value | None = None,
    before: Value | None = None,
) -> Expression:
    """Selects keys of a partition: with a prefix, from `low` to `high` (both included), or before a key."""
    names, values = {"#pk": table.partition_key}, {":pk": to_attribute(partition)}
    bounds = {":begins": begins, ":low": low, ":high": high, ":before": before}
    given = {mark: to_attribute(value) for mark, value in bounds.items() if value is not None}
    term = " AND ".join(["#pk = :pk", *(_BOUNDS[mark] for mark in given)])
    if len(given) == 2:  # a key condition may name the sort key once
        term = "#pk = :pk AND #sk BETWEEN :low AND :high"
    if given:
        names["#sk"] = table.sort_key or ""
    return {
        "KeyConditionExpression": term,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values | given,
    }


def apply_filter(wanted: Filter, request: Expression) -> None:
    """Adds the filter to a query's request."""
    terms = [f"#f_{name} = :f_{name}" for name in wanted.equal]
    terms += [f"contains(#f_{name}, :f_{name})" for name in wanted.contains]
    if terms:
        both = {**wanted.equal, **wanted.contains}
        request["FilterExpression"] = " AND ".join(terms)
        request["ExpressionAttributeNames"] |= {f"#f_{name}": name for name in both}
        request["ExpressionAttributeValues"] |= {f":f_{name}": to_attribute(value) for name, value in both.items()}


def apply_projection(only: Sequence[str], request: Expression) -> None:
    """Restricts the answer to the named attributes, if any are named."""
    if only:
        wanted = {f"#p{i}": name for i, name in enumerate(only)}
        request["ProjectionExpression"] = ", ".join(wanted)
        request["ExpressionAttributeNames"] = request.get("ExpressionAttributeNames", {}) | wanted


def names_in(request: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The tables in a request and the names of their keys, without values."""
    tables, keys = set[str](), set[str]()

    def look(part: Any) -> None:
        if isinstance(part, Mapping):
            named = cast("Mapping[str, Any]", part)
            if isinstance(table := named.get("TableName"), str):
                tables.add(table)
            for name in ("Key", "ExpressionAttributeNames"):
                found = cast("Mapping[str, Any]", named.get(name) or {})
                keys.update(str(value) if name.startswith("Exp") else key for key, value in found.items())
            if isinstance(batch := named.get("RequestItems"), Mapping):
                tables.update(cast("Mapping[str, Any]", batch))
            for each in named.get("TransactItems") or ():
                for action in cast("Mapping[str, Any]", each).values():
                    look(action)

    look(request)
    return sorted(tables), sorted(keys)
