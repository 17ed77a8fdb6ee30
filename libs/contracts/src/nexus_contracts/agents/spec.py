"""The specification of an agent, whoever built it: the part of its package that people and programs compare."""

from typing import Annotated

from pydantic import Field, JsonValue

from nexus_contracts.model import Message

TOOL_NAME = "[a-z][a-z0-9_]{0,39}"
ToolName = Annotated[str, Field(pattern=f"^{TOOL_NAME}$")]
MCP_SERVER = "[a-z][a-z0-9-]{0,39}"
_Host = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
_SecretName = Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]{0,99}$")]


class ToolSpec(Message):
    """`parameters` is the JSON schema of the object that the tool is called with."""

    name: ToolName
    description: str = Field(min_length=1, max_length=2000)
    parameters: dict[str, JsonValue] = {"type": "object", "properties": {}}


class McpTool(ToolSpec):
    """A tool of an MCP server; `server` and `tool` are its names at the installation and at the server."""

    server: str = Field(pattern=f"^{MCP_SERVER}$")
    tool: str = Field(pattern="^[A-Za-z0-9_./-]{1,128}$")


class AgentLimits(Message):
    """Limits of one invocation. `model_calls`: of the model named in the specification."""

    seconds: float = Field(default=10.0, gt=0, le=900)
    memory_mb: int = Field(default=256, ge=32, le=4096)
    model_calls: int = Field(default=10, ge=1, le=100)


class AgentSpec(Message):
    """`model` None: the agent uses no language model at run time; otherwise its name, `provider:model`.

    What it may reach is stated here, and nothing else is granted: `allowed_hosts`, `mcp_tools`, and `secrets` by name.
    The installation has to grant all of it, too. `tools` are modules of the package.
    """

    name: str = Field(min_length=1, max_length=48)
    description: str = Field(default="", max_length=5000)
    instructions: str = Field(default="", max_length=20_000)
    model: str | None = Field(default=None, max_length=200)
    tools: list[ToolSpec] = Field(default=[], max_length=50)
    mcp_tools: list[McpTool] = Field(default=[], max_length=50)
    limits: AgentLimits = AgentLimits()
    allowed_hosts: list[_Host] = Field(default=[], max_length=50)
    secrets: list[_SecretName] = Field(default=[], max_length=50)
    examples: list[str] = Field(default=[], max_length=20)
