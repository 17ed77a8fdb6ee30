"""Errors for resources that do not exist."""

from nexus_contracts.errors import NotFound, PlatformError
from nexus_contracts.replies import Outcome

SHOWN = 200
"""Characters shown of an unchecked id."""


def agent_not_found(agent_id: str) -> NotFound:
    return _not_found("agent", agent_id)


def invocation_not_found(invocation_id: str) -> NotFound:
    return _not_found("invocation", invocation_id)


def version_not_found(agent_id: str, number: int) -> NotFound:
    return NotFound(f"the agent has no version {number}", type="version", id=str(number), agent_id=agent_id[:SHOWN])


def session_not_found(session_id: str) -> NotFound:
    return _not_found("session", session_id)


def refusal(error: PlatformError) -> Outcome:
    return Outcome(status=error.http_status, error=error.body())


def _not_found(kind: str, found: str) -> NotFound:
    return NotFound(f"there is no {kind} {found[:SHOWN]}", type=kind, id=found[:SHOWN])
