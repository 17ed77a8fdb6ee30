"""The demo: what a user would do, step by step, with every claim checked."""

import asyncio
import os
import time
from typing import cast

from pydantic import JsonValue

from nexus_contracts.agents.views import AgentView, TurnView
from nexus_contracts.builds.views import ProjectStatus, ProjectView
from nexus_contracts.verification import CaseOutcome, VerificationReport
from nexus_devstack.demo.figures import Figures, Pacing, figures_after, now, settled_figures
from nexus_devstack.demo.gateway import GatewayClient
from nexus_devstack.demo.platform import running_platform
from nexus_devstack.demo.probes import DEFAULT_REQUIREMENT, Ask, Probes, missing_in, probes_for
from nexus_devstack.demo.screen import Screen
from nexus_devstack.errors import StackError
from nexus_devstack.settings import Settings

USER = "demo"
ENDED = (ProjectStatus.COMPLETED, ProjectStatus.FAILED, ProjectStatus.CANCELLED)


async def demo(settings: Settings) -> None:
    """Runs the demo; the requirement comes from REQUIREMENT. Raises StackError for the first claim that fails."""
    requirement = os.environ.get("REQUIREMENT", "").strip() or DEFAULT_REQUIREMENT
    screen = Screen()
    screen.headline("Nexus-AI: from a sentence to a running agent")
    async with running_platform(settings, screen) as url, GatewayClient(url) as gateway:
        await tell(gateway, screen, requirement, Pacing())


async def tell(gateway: GatewayClient, screen: Screen, requirement: str, patience: Pacing) -> None:
    """Tells the story on a platform that is running."""
    began = time.monotonic()
    start = now()
    before = await settled_figures(gateway, start, patience)
    screen.headline("1. The requirement")
    screen.line(requirement)
    project = await _build(gateway, screen, requirement, patience)
    agent = await _built_agent(gateway, screen, project)
    verified = await _verified(gateway, screen, project)
    probes = probes_for([str(tool.get("name")) for tool in agent.tools])
    await _invoke(gateway, screen, agent, probes)
    await _converse(gateway, screen, agent, probes)
    calls = verified + len(probes.asks) + len(probes.turns)
    screen.headline("5. The statistics count exactly that")
    expected = before.plus(Figures(1, 1, 1, calls, calls))
    _count(screen, before, expected, await figures_after(gateway, start, expected, patience))
    screen.headline(f"Done in {time.monotonic() - began:.1f} s; everything that was claimed was checked.")
    screen.line(f"the project:  {gateway.url}/api/v1/projects/{project.project_id}")


async def _build(gateway: GatewayClient, screen: Screen, requirement: str, patience: Pacing) -> ProjectView:
    screen.headline("2. The build: six stages, three sub-stages")
    created = await gateway.post("/projects", {"requirement": requirement, "user_id": USER})
    path = f"/projects/{created['project_id']}"
    deadline = time.monotonic() + patience.build_seconds
    with screen.build() as view:
        project = ProjectView.model_validate(await gateway.get(path))
        view.show(project)
        while project.status not in ENDED:
            if time.monotonic() > deadline:
                raise StackError(
                    f"the build is still {project.status} after {patience.build_seconds:.0f} s: {gateway.url}{path}"
                )
            await asyncio.sleep(patience.look_seconds)
            project = ProjectView.model_validate(await gateway.get(path))
            view.show(project)
    _require_complete(project)
    return project


def _require_complete(project: ProjectView) -> None:
    if project.status != ProjectStatus.COMPLETED:
        reason = f"{project.error.code}: {project.error.message}" if project.error else "no reason given"
        raise StackError(f"the build {project.status} at {project.current_stage}: {reason}")
    snapshot = project.stages_snapshot
    if project.progress != 100.0 or snapshot.completed != snapshot.total:
        raise StackError(f"a completed build shows {project.progress} % and {snapshot.completed} of {snapshot.total}")


async def _built_agent(gateway: GatewayClient, screen: Screen, project: ProjectView) -> AgentView:
    found = cast("list[JsonValue]", (await gateway.get("/agents", project_id=project.project_id))["items"])
    if len(found) != 1:
        raise StackError(f"the build left {len(found)} agents instead of one")
    agent = AgentView.model_validate(found[0])
    if agent.status != "running":
        raise StackError(f"the agent {agent.agent_id} is {agent.status} instead of running")
    screen.headline(f"3. The agent {agent.agent_name} is running")
    screen.line(f"tools: {', '.join(str(tool.get('name')) for tool in agent.tools) or 'none'}")
    return agent


async def _verified(gateway: GatewayClient, screen: Screen, project: ProjectView) -> int:
    """The number of invocations that the build made to verify the agent."""
    report = VerificationReport.model_validate(await gateway.get(f"/projects/{project.project_id}/verification"))
    invocations = sum(len(case.turns) for case in report.cases)
    screen.line(f"verified with {invocations} invocations: {report.passed} of {len(report.cases)} cases passed")
    for case in report.cases:
        if case.outcome is CaseOutcome.FAILED:
            screen.line(f"not passed: {case.name}: {case.problem}")
    if report.failed and not report.passed:
        raise StackError(f"the agent passed none of its own cases: {report.statement}")
    return invocations


async def _invoke(gateway: GatewayClient, screen: Screen, agent: AgentView, probes: Probes) -> None:
    for ask in probes.asks:
        answer = await gateway.post(f"/agents/{agent.agent_id}/invoke", {"input_text": ask.prompt, "user_id": USER})
        _require_right(screen, ask, str(answer.get("output") or ""))
        screen.line(f"       ({answer.get('duration_ms')} ms)")


async def _converse(gateway: GatewayClient, screen: Screen, agent: AgentView, probes: Probes) -> None:
    screen.headline("4. A session: the second question needs the first")
    session = await gateway.post(f"/agents/{agent.agent_id}/sessions", {"user_id": USER, "display_name": "Demo"})
    for ask in probes.turns:
        answer = await gateway.post(f"/sessions/{session['session_id']}/messages", {"content": ask.prompt})
        reply = TurnView.model_validate(answer).assistant_message
        _require_right(screen, ask, reply.content if reply else "")


def _require_right(screen: Screen, ask: Ask, answer: str) -> None:
    screen.dialogue(ask.prompt, answer)
    if not answer.strip():
        raise StackError(f"the agent gave no answer to {ask.prompt!r}")
    if missing := missing_in(ask, answer):
        raise StackError(f"the answer to {ask.prompt!r} should contain {', '.join(missing)}, but is {answer!r}")


def _count(screen: Screen, before: Figures, expected: Figures, after: Figures) -> None:
    screen.figures(before, after)
    if after != expected:
        raise StackError(f"the statistics should be {expected}, but are {after}")
