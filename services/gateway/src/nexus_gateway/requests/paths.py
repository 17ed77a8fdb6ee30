"""Ids in paths: one that cannot exist is not found, whatever it looks like."""

import re
from collections.abc import Mapping

from nexus_contracts.errors import NotFound
from nexus_contracts.identifiers import AGENT_NAME

_HEX = "[0-9a-f]{32}"
_FORMS = {
    "project_id": re.compile(f"proj_{_HEX}"),
    "task_id": re.compile(f"proj_{_HEX}"),
    "agent_id": re.compile(f"proj_{_HEX}:{AGENT_NAME}"),
    "invocation_id": re.compile(f"inv_{_HEX}"),
    "operation_id": re.compile("[A-Za-z0-9_.-]{1,2000}"),
    "key_id": re.compile(f"key_{_HEX}"),
    "session_id": re.compile(f"sess_{_HEX}"),
    "version": re.compile("[1-9][0-9]{0,8}"),
    "stage_name": re.compile("[a-z_]{1,64}"),
}


def are_possible(given: Mapping[str, str]) -> bool:
    """Whether resources can have these ids, by the name of the parameter; other parameters can be anything."""
    return all(_is_possible(name, identifier) for name, identifier in given.items() if name in _FORMS)


def require_possible_ids(given: Mapping[str, str]) -> None:
    """By the name of the parameter. Raises NotFound for the first that no resource can have, naming type and id."""
    for name, identifier in given.items():
        if not _is_possible(name, identifier):
            kind = name.removesuffix("_id").removesuffix("_name")
            raise NotFound(f"no such {kind}", type=kind, id=identifier[:200])


def _is_possible(name: str, identifier: str) -> bool:
    return _FORMS[name].fullmatch(identifier) is not None
