"""The common part of the former interface's operations: they say that they are deprecated, and what to use."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response

from nexus_gateway.dependencies import OperationRoute
from nexus_gateway.openapi.operations import operation

SINCE = "@1795910400"
"""2026-11-29, in the form of RFC 9745."""
_PROJECT, _AGENT = "/api/v1/projects/{project_id}", "/api/v1/agents/{agent_id}"
_SESSION = "/api/v1/sessions/{session_id}"
SUCCESSORS = {
    "createAgentBuild": "/api/v1/projects",
    "getTaskStatus": "/api/v1/projects/{task_id}",
    "getAgentStages": _PROJECT + "/stages",
    **{f"{action}AgentBuild": _PROJECT + "/control" for action in ("pause", "resume", "stop", "restart")},
    "listDialogMessages": _SESSION + "/messages",
    "streamDialog": _SESSION + "/messages",
    "uploadIntoSession": _SESSION,
    "getAgentContext": _AGENT,
    "getRuntimeHealth": _AGENT,
}
"""What has taken the place of each operation."""
LONGEST = 300
"""Characters of an id in a header field: what is in the path may be anything."""


def former(*described: Any, **more: Any) -> dict[str, Any]:
    """As `operation`, marked as deprecated."""
    return {**operation(*described, **more), "deprecated": True}


class FormerRoute(OperationRoute):
    """Every answer says so, errors too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle, successor = super().get_route_handler(), SUCCESSORS[self.operation_id or ""]

        async def answering(request: Request) -> Response:
            request.state.superseded = _fields(successor, request.path_params)
            return await handle(request)

        return answering


def _fields(successor: str, named: Mapping[str, str]) -> dict[str, str]:
    target = successor.format_map({name: quote(text[:LONGEST], safe=":") for name, text in named.items()})
    return {"Deprecation": SINCE, "Link": f'<{target}>; rel="successor-version"'}
