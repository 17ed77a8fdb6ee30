"""What happened recently to builds and agents, for the list of activities. There are too many invocations for it."""

from nexus_contracts.agents.events import (
    AboutAgent,
    AgentDeleted,
    AgentDeployed,
    AgentDeploymentFailed,
    AgentStatusChanged,
)
from nexus_contracts.builds.events import BuildCompleted, BuildFailed, BuildStarted, BuildStopped
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.stats import Activity

ACTIVITY_DAYS = 90
SHOWN = (
    BuildStarted | BuildCompleted | BuildFailed | BuildStopped
    | AgentDeployed | AgentDeploymentFailed | AgentStatusChanged | AgentDeleted
)  # fmt: skip


def activity(event: CloudEvent, message: object) -> Activity | None:
    """None for what is not shown."""
    if not isinstance(message, SHOWN):
        return None
    about = {"attempt": message.attempt} if not isinstance(message, AboutAgent) else {"agent_id": message.agent_id}
    return Activity(id=event.id, type=event.type, time=event.time, project_id=message.project_id, **about)  # pyright: ignore[reportArgumentType]


def position(one: Activity) -> str:
    """Its place in the list, by time."""
    return f"{format_timestamp(one.time)}#{one.id}"
