"""manifest.json of an agent package: the single source for its deployment and its capabilities."""

from typing import Annotated

from pydantic import Field

from nexus_contracts.identifiers import AgentName
from nexus_contracts.model import Message

_Capability = Annotated[str, Field(min_length=1, max_length=100)]
_VariableName = Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
_VariableValue = Annotated[str, Field(max_length=10_000, pattern="^[^\x00]*$")]
_IMAGE = (
    r"^([0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?|public\.ecr\.aws)"
    r"/([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*(:[^:@]{1,300})?(@.+)?$"
)


class ManifestTool(Message):
    name: str = Field(min_length=1, max_length=100)
    description: str = Field(default="", max_length=2000)


class Manifest(Message):
    """`entrypoint` is the path of the Python file that serves the agent, `env` its environment (no secrets).

    `image`: the same agent as a container image of ECR, which AgentCore runs instead of the package's files.
    """

    name: AgentName
    version: str = Field(min_length=1, max_length=50)
    entrypoint: str = Field(default="main.py", min_length=1, max_length=200)
    image: str | None = Field(default=None, max_length=1024, pattern=_IMAGE)
    description: str = Field(default="", max_length=5000)
    category: str = Field(default="", max_length=100)
    tools: list[ManifestTool] = Field(default=[], max_length=200)
    capabilities: list[_Capability] = Field(default=[], max_length=200)
    env: dict[_VariableName, _VariableValue] = Field(default={}, max_length=100)


def capabilities_of(manifest: Manifest) -> list[str]:
    """What the agent can do: its capability names and `tool:<name>` of each tool; sorted, unique."""
    return sorted({*manifest.capabilities, *(f"tool:{tool.name}" for tool in manifest.tools)})
