"""The subscriptions of `agents`: commands, and deletions of projects."""

from pydantic import TypeAdapter

from nexus_agents.handlers.commands import AgentsCommandHandlers
from nexus_agents.handlers.projects import ProjectHandlers
from nexus_contracts.agents.commands import AGENTS_COMMAND
from nexus_contracts.builds.events import ProjectDeleted
from nexus_contracts.topics import AGENTS_COMMANDS, BUILDS_EVENTS
from nexus_runtime.kafka.delivery import Subscription
from nexus_runtime.kafka.pace import COLLECTING
from nexus_runtime.ledger.commands import command_subscription
from nexus_runtime.owner import Owner


def subscriptions(owner: Owner, commands: AgentsCommandHandlers, projects: ProjectHandlers) -> list[Subscription]:
    return [
        command_subscription(
            AGENTS_COMMANDS, "agents", AGENTS_COMMAND, commands.decide, owner.ledger, owner.replier, owner.trust.admit
        ),
        Subscription(
            BUILDS_EVENTS,
            "agents-projects",
            TypeAdapter(ProjectDeleted),
            projects.delete_agents_of_projects,
            rests=COLLECTING,
        ),
    ]
