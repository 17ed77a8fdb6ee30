"""Ids in paths: one that cannot exist is not found, whatever it looks like."""

import re

from nexus_contracts.errors import NotFound
from nexus_contracts.identifiers import AGENT_NAME

_HEX = "[0-9a-f]{32}"
_FORMS = {
    "project": re.compile(f"proj_{_HEX}"),
    "agent": re.compile(f"proj_{_HEX}:{AGENT_NAME}"),
    "invocation": re.compile(f"inv_{_HEX}"),
    "session": re.compile(f"sess_{_HEX}"),
    "stage": re.compile("[a-z_]{1,64}"),
}


def require_id(kind: str, identifier: str) -> None:
    """Raises NotFound, naming type and id."""
    if not _FORMS[kind].fullmatch(identifier):
        raise NotFound(f"no such {kind}", type=kind, id=identifier[:200])
