"""What this installation grants its agents, and what is left of that for one of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field

from nexus_contracts.agents.spec import AgentSpec
from nexus_contracts.builds.language_models import LanguageModel
from nexus_contracts.model import RequestBody

HOST = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
SECRET = "^[A-Z][A-Z0-9_]{0,99}$"


class HostGrant(RequestBody):
    """A host that agents may reach. `url` None: `https://<host>`.

    `secret` names the variable of the environment whose value is sent as `header`.
    """

    host: str = Field(pattern=HOST)
    url: str | None = Field(default=None, pattern=r"^https?://[^\s?#@]+$")
    secret: str | None = Field(default=None, pattern=SECRET)
    header: str = Field(default="Authorization", pattern="^[A-Za-z][A-Za-z0-9-]{0,99}$")

    @property
    def address(self) -> str:
        return (self.url or f"https://{self.host}").rstrip("/")


@dataclass(frozen=True)
class Rights:
    """Of one agent: what its specification asks for, as far as it is granted."""

    agent_id: str
    spec: AgentSpec
    model: LanguageModel | None
    hosts: Mapping[str, HostGrant]


@dataclass(frozen=True)
class Grants:
    """`environment` has the keys of models and the secrets of hosts. `seconds` is the time of one call or request."""

    models: tuple[LanguageModel, ...] = ()
    hosts: tuple[HostGrant, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    seconds: float = 180.0

    def rights(self, agent_id: str, spec: AgentSpec) -> Rights:
        model = next((model for model in self.models if model.name == spec.model), None)
        hosts = {grant.host: grant for grant in self.hosts if grant.host in spec.allowed_hosts}
        return Rights(agent_id, spec, model, hosts)

    def secret(self, grant: HostGrant, spec: AgentSpec) -> str | None:
        """None where the agent's specification does not name it, or it is not there."""
        if grant.secret is None or grant.secret not in spec.secrets:
            return None
        return self.environment.get(grant.secret) or None


def redacted(text: bytes, secret: str | None) -> bytes:
    """Without the secret, which the other side may have repeated."""
    if not secret:
        return text
    words = {word for word in (secret, secret.partition(" ")[2]) if len(word) >= 4}
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(re.escape(word.encode()), b"***", text)
    return text
