"""What this installation grants its agents, and what is left of that for one of them."""

import base64
import html
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote

from pydantic import Field

from nexus_contracts.agents.spec import MCP_SERVER, AgentSpec, McpTool
from nexus_contracts.builds.language_models import LanguageModel
from nexus_contracts.model import RequestBody

HOST = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
URL = r"^https?://[^\s?#@]+$"
SECRET = "^[A-Z][A-Z0-9_]{0,99}$"


class _WithSecret(RequestBody):
    secret: str | None = Field(default=None, pattern=SECRET)
    header: str = Field(default="Authorization", pattern="^[A-Za-z][A-Za-z0-9-]{0,99}$")


class HostGrant(_WithSecret):
    """A host that agents may reach. `url` None: `https://<host>`.

    `secret` names the variable of the environment whose value is sent as `header`.
    """

    host: str = Field(pattern=HOST)
    url: str | None = Field(default=None, pattern=URL)

    @property
    def address(self) -> str:
        return (self.url or f"https://{self.host}").rstrip("/")


class McpGrant(_WithSecret):
    """An MCP server whose tools agents may call; `tools` None: all of them. `secret` and `header` as of a host."""

    server: str = Field(pattern=f"^{MCP_SERVER}$")
    url: str = Field(pattern=URL)
    tools: list[str] | None = None

    def has(self, wanted: McpTool) -> bool:
        return wanted.server == self.server and (self.tools is None or wanted.tool in self.tools)


@dataclass(frozen=True)
class Rights:
    """Of one agent: what its specification asks for, as far as it is granted."""

    agent_id: str
    spec: AgentSpec
    model: LanguageModel | None
    hosts: Mapping[str, HostGrant]
    mcp_tools: Mapping[tuple[str, str], McpGrant]
    """By server and tool."""


@dataclass(frozen=True)
class Grants:
    """`environment` has the keys of models and the secrets of hosts. `seconds` is the time of one call or request."""

    models: tuple[LanguageModel, ...] = ()
    hosts: tuple[HostGrant, ...] = ()
    mcp: tuple[McpGrant, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    seconds: float = 180.0

    def rights(self, agent_id: str, spec: AgentSpec, provider: str = "openai") -> Rights:
        """`provider` is whose models the agent can reach: the door speaks OpenAI's wire."""
        model = self.model(spec.model, provider)
        hosts = {grant.host: grant for grant in self.hosts if grant.host in spec.allowed_hosts}
        tools = {(one.server, one.tool): grant for grant in self.mcp for one in spec.mcp_tools if grant.has(one)}
        return Rights(agent_id, spec, model, hosts, tools)

    def model(self, name: str | None, provider: str) -> LanguageModel | None:
        return next((model for model in self.models if model.name == name and model.provider == provider), None)

    def secret(self, grant: HostGrant | McpGrant, spec: AgentSpec) -> str | None:
        """None where the agent's specification does not name it, or it is not there."""
        if grant.secret is None or grant.secret not in spec.secrets:
            return None
        return (self.environment.get(grant.secret) or "").strip() or None


def redacted(text: bytes, secret: str | None) -> bytes:
    """Without the secret, which the other side may have repeated: plainly, or as JSON, HTML and addresses have it."""
    for word in _spellings(secret or ""):
        text = text.replace(word, b"***")
    return text


@cache
def _spellings(secret: str) -> tuple[bytes, ...]:
    """The longest first: some are parts of others."""
    spelt: set[str] = set()
    for word in _words(secret):
        for escaped in (word, json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1]):
            spelt |= {escaped, escaped.replace("/", "\\/")}
        spelt |= {html.escape(word), quote(word), quote(word, safe="")}
    return tuple(sorted((one.encode() for one in spelt), key=len, reverse=True))


def _words(secret: str) -> Iterator[str]:
    scheme, _, rest = secret.partition(" ")
    words = [secret, rest]
    if scheme.lower() == "basic":
        with suppress(ValueError):
            pair = base64.b64decode(rest, validate=True).decode()
            words += [pair, pair.partition(":")[2]]
    yield from (word for word in words if len(word) >= 4)
