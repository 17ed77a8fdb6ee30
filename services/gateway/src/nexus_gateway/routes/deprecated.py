"""The common part of the former interface's operations: they say that they are deprecated, and what to use."""

from typing import Any

from fastapi import Response

from nexus_gateway.openapi.operations import operation

SINCE = "@1795910400"
"""2026-11-29, in the form of RFC 9745."""


def former(*described: Any, **more: Any) -> dict[str, Any]:
    """As `operation`, marked as deprecated."""
    return {**operation(*described, **more), "deprecated": True}


def superseded(answer: Response, successor: str) -> Response:
    """The answer, naming the path that replaces this operation."""
    answer.headers["Deprecation"] = SINCE
    answer.headers["Link"] = f'<{successor}>; rel="successor-version"'
    return answer
