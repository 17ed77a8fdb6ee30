"""DynamoDB. AWS's library is only imported when a client is opened: a gateway without keys does not need it."""

from nexus_runtime.dynamo.client import Database
from nexus_runtime.dynamo.model import (
    Action,
    Check,
    ConditionFailed,
    DatabaseUnavailable,
    Delete,
    Filter,
    Item,
    Put,
    Table,
    Update,
    Value,
    Where,
)

__all__ = [
    "Action",
    "Check",
    "ConditionFailed",
    "Database",
    "DatabaseUnavailable",
    "Delete",
    "Filter",
    "Item",
    "Put",
    "Table",
    "Update",
    "Value",
    "Where",
]
