"""What an agent on AgentCore may reach: decided when it is deployed, and written into its code.

There is no door: the host in the package calls Bedrock and MCP servers itself, with the role that all agents share.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pydantic import JsonValue

from nexus_agents.backends.door.grants import Grants, Rights
from nexus_agents.domain.backend_errors import PackageRejected
from nexus_contracts.agents.spec import AgentSpec

PROVIDER = "bedrock"
GRANTED, LIBRARY = "outside.json", "aws"
_PARTS = ("botocore", "jmespath", "dateutil", "urllib3", "six")
_DATA = (
    *("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"),
    "bedrock-runtime/",
)
"""Of botocore's: the models of all other services are thirty times as large."""


def outside_files(grants: Grants, agent_id: str, spec: AgentSpec | None, region: str) -> Mapping[str, bytes]:
    """Files for the agent's code. Raises PackageRejected where it asks for what it would not get."""
    if spec is None:
        return {}
    rights = grants.rights(agent_id, spec, PROVIDER)
    _require_granted(rights)
    if not (spec.model or spec.mcp_tools):
        return {}
    granted: dict[str, JsonValue] = {"model": _model(grants, rights, region), "mcp": _servers(rights)}
    found = {GRANTED: json.dumps(granted, indent=2, sort_keys=True).encode()}
    return {**found, **(aws_library() if spec.model else {})}


def _require_granted(rights: Rights) -> None:
    spec = rights.spec
    if spec.secrets:
        raise PackageRejected(
            "SECRETS_UNAVAILABLE",
            "agent_spec.json names secrets. Agents on AgentCore get none: all share one role, so each could read those "
            "of the others. Do without them, or run the agent on the local backend.",
        )
    if spec.model and rights.model is None:
        raise PackageRejected(
            "MODEL_NOT_ALLOWED",
            f"agent_spec.json names the model {spec.model}. Agents on AgentCore may use the {PROVIDER}: models that "
            "AGENT_MODELS grants.",
        )
    if missing := sorted(set(spec.allowed_hosts) - rights.hosts.keys()):
        raise PackageRejected(
            "HOST_NOT_ALLOWED", f"agent_spec.json names the host {missing[0]}, which AGENT_HOSTS does not grant."
        )
    for tool in spec.mcp_tools:
        if (tool.server, tool.tool) not in rights.mcp_tools:
            raise PackageRejected(
                "TOOL_NOT_ALLOWED",
                f"agent_spec.json names the tool {tool.tool} of {tool.server}, which AGENT_MCP does not grant.",
            )


def _model(grants: Grants, rights: Rights, region: str) -> JsonValue:
    if (model := rights.model) is None:
        return None
    return {
        "name": model.name,
        "id": model.model,
        "region": region,
        "url": model.base_url,
        "max_output_tokens": model.max_output_tokens,
        "seconds": grants.seconds,
    }


def _servers(rights: Rights) -> JsonValue:
    servers: dict[str, JsonValue] = {}
    for grant in rights.mcp_tools.values():
        tools: list[JsonValue] = [*sorted(tool for server, tool in rights.mcp_tools if server == grant.server)]
        servers[grant.server] = {"url": grant.url, "tools": tools}
    return servers


@cache
def aws_library() -> Mapping[str, bytes]:
    """botocore as it is installed here, as far as calls of Bedrock need it. All of it is plain Python."""
    return {f"{LIBRARY}/{name}": content for part in _PARTS for name, content in _files(part)}


def _files(part: str) -> "list[tuple[str, bytes]]":
    found = find_spec(part)
    assert found is not None
    assert found.origin is not None
    origin = Path(found.origin)
    if not found.submodule_search_locations:
        return [(origin.name, origin.read_bytes())]
    root = origin.parent
    named = sorted((file.relative_to(root).as_posix(), file) for file in root.rglob("*") if file.is_file())
    return [(f"{part}/{name}", file.read_bytes()) for name, file in named if _needed(name)]


def _needed(name: str) -> bool:
    data = name.removeprefix("data/")
    return name.endswith(".py") or name == "cacert.pem" or (data != name and data.startswith(_DATA))
