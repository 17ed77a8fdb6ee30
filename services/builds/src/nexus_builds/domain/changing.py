"""Builds the next version of an agent from the present one."""

from datetime import datetime

from nexus_builds.domain.agent_change import AgentChange
from nexus_builds.domain.control import Methods, allowed, begin
from nexus_builds.domain.state import RUNNING, Attempt, Decided, Project
from nexus_builds.domain.verification import Suite
from nexus_contracts.builds.commands import ChangeAgent
from nexus_contracts.builds.events import Builder, BuildMethod, Trigger
from nexus_contracts.errors import InvalidState
from nexus_contracts.text import trimmed

LONGEST = 20_000
"""Characters of a requirement with all its changes: the rules read no more than that."""


def change(
    project: Project, command: ChangeAgent, present: Suite, built: Attempt, now: datetime, methods: Methods
) -> Decided:
    """An attempt that changes the agent made by `built`, with the same build method.

    Raises InvalidState while the project is building, or if the requirement would become too long; MethodUnavailable.
    """
    if project.status in RUNNING:
        raise _refused(project, f"a {project.status} project cannot be changed")
    # From the attempt that serves, not from the latest one: that may have failed, and then its change was never made.
    before = built.change.whole if built.change else project.requirement
    whole = f"{trimmed(before)}\n\n{trimmed(command.requirement)}"
    if len(whole) > LONGEST:
        raise _refused(project, f"with this change the requirement has {len(whole)} characters, more than {LONGEST}")
    wanted = AgentChange(
        agent_id=command.agent_id,
        against=present.attempt,
        requirement=command.requirement,
        whole=whole,
        activate_if_cases_fail=command.activate_if_cases_fail,
    )
    method = methods.resolved(built.build_method or BuildMethod.RULES)
    return begin(project, Builder.PLATFORM, Trigger.CHANGE, now, method=method, change=wanted)


def _refused(project: Project, why: str) -> InvalidState:
    actions = [str(one) for one in allowed(project)]
    return InvalidState(why, current_status=str(project.status), action="change", allowed_actions=[*actions])
