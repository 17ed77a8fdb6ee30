"""How agents are deployed and invoked, whichever backend runs them."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import JsonValue

from nexus_agents.domain.stream import Observer
from nexus_contracts.agents.events import AgentUsage
from nexus_contracts.agents.manifest import Manifest

SESSION_ID_LENGTHS = range(33, 101)
"""AgentCore's rule for the id of a session."""


@dataclass(frozen=True)
class PackageRef:
    """A stored package; `sha256` is that of the zip file."""

    uri: str
    sha256: str


@dataclass(frozen=True)
class DeployedAgent:
    """What is needed to reach a deployed agent, even after a restart of the service.

    `model`: the language model of its specification.
    """

    agent_id: str
    package: PackageRef
    agent_arn: str
    agent_alias_id: str
    model: str | None = None


@dataclass(frozen=True)
class Deployment:
    """A successful deployment. `isolation` describes how the agent is isolated from its host, `model` is its model."""

    status: Literal["deployed"]
    isolated: bool
    isolation: str
    agent_arn: str
    agent_alias_id: str
    agent_alias_arn: str
    region: str
    manifest: Manifest
    model: str | None = None


@dataclass(frozen=True)
class PastMessage:
    """A message of the conversation so far; `role` is user, assistant, system or tool."""

    role: str
    content: str


@dataclass(frozen=True)
class ModelBudget:
    """What an agent may spend on its model in one invocation, for a host that asks the model without the platform.

    `prices` are those of `LanguageModel.prices`.
    """

    usd: float
    prices: dict[str, float]


@dataclass(frozen=True)
class InvokeRequest:
    """`history` is what was said before `prompt`, oldest first, without the `history_left_out` oldest messages.

    `timeout_seconds` covers a start of the agent too.

    `observe` is told what an agent that streams says, in order and while it says it; nothing of one that does not.
    `model_budget` is the backend's to add, where nothing else bounds what the agent spends.
    """

    prompt: str
    history: tuple[PastMessage, ...] = ()
    history_left_out: int = 0
    session_id: str | None = None
    session_state: dict[str, JsonValue] | None = None
    enable_trace: bool = False
    timeout_seconds: float = 60.0
    traceparent: str | None = None
    model_budget: ModelBudget | None = None
    observe: Observer | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.session_id is not None and len(self.session_id) not in SESSION_ID_LENGTHS:
            raise ValueError("a session id has 33 to 100 characters")


@dataclass(frozen=True)
class AgentAnswer:
    """`raw` is what the agent answered, as it came: a JSON value, or for a stream the list of its events.

    `usage_ignored` says why the figures that the agent gave of its usage are not counted. `model_calls` are those that
    the platform has made for it: then they are what is counted.
    """

    output: str
    tool_calls: tuple[dict[str, JsonValue], ...] = ()
    usage: AgentUsage = field(default_factory=AgentUsage)
    usage_ignored: str | None = None
    session_state: dict[str, JsonValue] | None = None
    model_calls: tuple[dict[str, JsonValue], ...] = ()
    raw: JsonValue = None


@dataclass(frozen=True)
class AgentHealth:
    """`detail` says why an agent is unhealthy."""

    status: Literal["healthy", "busy", "unhealthy"]
    detail: str = ""


class Backend(Protocol):
    """Runs agents. An invocation is never silently run twice: once the agent may have it nothing is tried again.

    However one ends (answer, time limit, cancellation, crash), no other one feels it, of the same agent or another.
    """

    @property
    def side_by_side(self) -> bool:
        """Whether it can invoke any package of an agent, even if another one is deployed."""
        ...

    async def try_out(self, content: bytes) -> None:
        """Whether a package that passed all other checks would run, as far as can be told without deploying it.

        Raises PackageRejected; of an agent that does not start the message ends with its last output.
        """
        ...

    async def deploy(self, agent_id: str, package: PackageRef) -> Deployment:
        """Returns when the agent can be invoked; replaces what was deployed under the id before. May be repeated.

        Raises PackageRejected, AgentUnreachable, AgentBusy, BackendRefused. Work of the replaced agent is finished.
        """
        ...

    async def invoke(self, agent: DeployedAgent, request: InvokeRequest) -> AgentAnswer:
        """Raises PackageRejected, BackendRefused, AgentUnreachable, AgentCrashed, AgentTimedOut, AgentFailed.

        May be cancelled, which ends the agent's work too.
        """
        ...

    async def check(self, agent: DeployedAgent) -> AgentHealth:
        """Whether an invocation would reach the agent now; starts it if it is started on demand."""
        ...

    async def end_session(self, agent: DeployedAgent, session_id: str) -> None:
        """Releases what the backend holds for a session without further turns. May be repeated."""
        ...

    async def undeploy(self, agent_id: str) -> None:
        """Ends the agent, with the invocations that it is working on. Of an unknown id: nothing to do.

        Raises AgentUnreachable, BackendRefused: the agent may be there still.
        """
        ...

    async def deployed(self) -> list[str]:
        """The ids of the agents for which this backend holds anything, recorded or not."""
        ...

    async def awake(self) -> list[str]:
        """The ids of the agents that this process has started to answer, the last used first."""
        ...

    async def stop(self) -> None:
        """Releases everything; the object is not used again."""
        ...


class Backends(Protocol):
    """The backends of this process, by the names under which agents are recorded."""

    @property
    def for_new_agents(self) -> str:
        """The name of the backend that an agent gets with its first deployment."""
        ...

    @property
    def names(self) -> tuple[str, ...]: ...

    def of(self, name: str) -> Backend:
        """Raises BackendUnknown."""
        ...
