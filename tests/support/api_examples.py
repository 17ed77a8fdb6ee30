"""Every operation of the REST interface in one story, and the page that shows it: docs/API_USAGE_EXAMPLES.md."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, cast

BASE = "http://127.0.0.1:8000"
LONGEST, SHOWN_ITEMS = 160, 1
ID = re.compile(r"\b(proj|inv|sess|msg|evt|pkg|req|cmd)_[0-9a-f]{32}")
TEXT_LINES = 6
WITHOUT_EXAMPLE = {
    "createAgentBuild",
    "createKey",
    "deleteKey",
    "getAgentContext",
    "getAgentStages",
    "getRuntimeHealth",
    "getTaskStatus",
    "listAgentLogs",
    "listAudit",
    "listDialogMessages",
    "listKeys",
    "pauseAgentBuild",
    "restartAgentBuild",
    "resumeAgentBuild",
    "rotateKey",
    "stopAgentBuild",
    "streamDialog",
    "uploadIntoSession",
}
"""Operations that the page does not show yet."""


@dataclass(frozen=True)
class Example:
    """`path` and `body` name what earlier answers had: {project_id}. `keep` takes that from the answer, by its path."""

    operation: str
    title: str
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    status: int = 200
    keep: dict[str, str] = field(default_factory=dict[str, str])
    upload: bool = False
    until: str | None = None
    """The value of `data.status` for which it is asked again."""


PROJECT, AGENT, SESSION = "/api/v1/projects/{project_id}", "/api/v1/agents/{agent_id}", "/api/v1/sessions/{session_id}"
STATISTICS = "/api/v1/statistics"
REPORT = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-source": "/ci/acme",
    "ce-type": "nexus.stage.started.v1",
    "ce-time": "2026-03-01T09:30:00Z",
    "content-type": "application/json",
}
REQUIREMENT = "an agent that totals the columns of a CSV and answers arithmetic questions"
STORY: dict[str, tuple[Example, ...]] = {
    "Projects and builds": (
        Example(
            "createProject",
            "Create a project; its build starts at once",
            "POST",
            "/api/v1/projects",
            {"requirement": REQUIREMENT, "tags": ["orders"]},
            {"Idempotency-Key": "a-key-of-yours"},
            201,
            {"project_id": "project_id"},
        ),
        Example(
            "getProject", "Ask until it is built", "GET", PROJECT, until="completed", keep={"agent_id": "agent_id"}
        ),
        Example("listProjects", "Find projects", "GET", "/api/v1/projects?tag=orders&limit=1"),
        Example("getBuild", "The build at a glance", "GET", f"{PROJECT}/build"),
        Example("listStages", "Its stages", "GET", f"{PROJECT}/stages"),
        Example("getStage", "One stage whole", "GET", f"{PROJECT}/stages/requirements_analysis"),
        Example("listStageLogs", "The log of a stage", "GET", f"{PROJECT}/stages/requirements_analysis/logs?limit=1"),
        Example("getVerification", "What came of its agent's verification", "GET", f"{PROJECT}/verification"),
        Example("listAttempts", "All attempts", "GET", f"{PROJECT}/attempts"),
        Example("listProjectEvents", "What happened to it", "GET", f"{PROJECT}/events?limit=1"),
        Example("getStagesInfo", "What the stages are", "GET", "/stages/info"),
    ),
    "Builds of other systems": (
        Example(
            "createProject",
            "A project that another system builds",
            "POST",
            "/api/v1/projects",
            {"requirement": "an agent that our pipeline builds", "auto_start": False},
            status=201,
            keep={"external_id": "project_id"},
        ),
        Example(
            "reportStage",
            "Report a stage, as a CloudEvent",
            "POST",
            "/api/v1/projects/{external_id}/reports",
            {"attempt": 1, "project_id": "{external_id}", "stage_name": "orchestrator"},
            REPORT,
            202,
        ),
        Example(
            "controlProject",
            "Stop it, without waiting for the outcome",
            "PUT",
            "/api/v1/projects/{external_id}/control",
            {"action": "stop", "reason": "not wanted any more"},
            {"Prefer": "respond-async"},
            202,
            {"operation_id": "operation_id"},
        ),
        Example(
            "getOperation",
            "What became of that",
            "GET",
            "/api/v1/operations/{operation_id}",
            until="done",
        ),
        Example(
            "controlProject",
            "What cannot be done says so, and changes nothing",
            "PUT",
            "/api/v1/projects/{external_id}/control",
            {"action": "pause"},
            status=400,
        ),
    ),
    "Agents": (
        Example("listAgents", "Find agents", "GET", "/api/v1/agents?project_id={project_id}"),
        Example("getAgent", "One agent", "GET", AGENT),
        Example("updateAgent", "Describe it", "PUT", AGENT, {"description": "Adds up orders.", "tags": ["orders"]}),
        Example(
            "invokeAgent",
            "Ask it",
            "POST",
            f"{AGENT}/invoke",
            {"input_text": "What is 12 * 7?"},
            keep={"invocation_id": "invocation_id"},
        ),
        Example("listInvocations", "What it was asked", "GET", f"{AGENT}/invocations?limit=1"),
        Example("getInvocation", "One invocation", "GET", "/api/v1/invocations/{invocation_id}"),
        Example(
            "cancelInvocation",
            "Cancel one; this one has ended already",
            "POST",
            "/api/v1/invocations/{invocation_id}/cancel",
            status=400,
        ),
        Example("setAgentStatus", "Take it out of service", "PUT", f"{AGENT}/status", {"status": "offline"}),
        Example("setAgentStatus", "... and back", "PUT", f"{AGENT}/status", {"status": "running"}),
        Example("getAgent", "Ask until it runs again", "GET", AGENT, until="running"),
        Example("listVersions", "Its versions", "GET", f"{AGENT}/versions"),
        Example("activateVersion", "Activate one", "PUT", f"{AGENT}/versions/1/activate"),
        Example("getAgent", "Ask until it runs", "GET", AGENT, until="running"),
        Example("verifyAgent", "Run the cases of its build again", "POST", f"{AGENT}/verify"),
        Example("getAgentVerification", "What came of that", "GET", f"{AGENT}/verification"),
        Example(
            "changeAgent",
            "Have it changed: a build of its project makes the next version",
            "POST",
            f"{AGENT}/changes",
            {"requirement": "It also converts units of length, such as miles to kilometres."},
            status=201,
        ),
        Example("getProject", "Ask until that is built", "GET", PROJECT, until="completed"),
        Example("getDiff", "What is different", "GET", f"{PROJECT}/diff"),
        Example(
            "uploadPackage",
            "Upload a package",
            "POST",
            "/api/v1/packages",
            status=201,
            upload=True,
            keep={"package_id": "package_id"},
        ),
        Example(
            "registerAgent",
            "Register it as an agent",
            "POST",
            "/api/v1/agents",
            {"agent_name": "{agent_name}", "package_id": "{package_id}"},
            status=201,
        ),
    ),
    "Sessions": (
        Example(
            "createSession",
            "Begin a session",
            "POST",
            f"{AGENT}/sessions",
            {"display_name": "Orders of March"},
            status=201,
            keep={"session_id": "session_id"},
        ),
        Example(
            "postMessage", "Say something", "POST", f"{SESSION}/messages", {"content": "What is 12 * 12?"}, status=201
        ),
        Example("listMessages", "What was said", "GET", f"{SESSION}/messages?limit=1"),
        Example("getSession", "The session", "GET", SESSION),
        Example("listSessions", "All sessions of the agent", "GET", f"{AGENT}/sessions"),
        Example("deleteSession", "Delete it with its messages", "DELETE", SESSION),
    ),
    "Statistics": (
        Example("getOverview", "At a glance", "GET", f"{STATISTICS}/overview"),
        Example("getBuildStatistics", "Builds by date", "GET", f"{STATISTICS}/builds"),
        Example("getInvocationStatistics", "Invocations by date", "GET", f"{STATISTICS}/invocations"),
        Example("getTrends", "A trend", "GET", f"{STATISTICS}/trends?metric=tokens"),
        Example("getUsage", "Usage", "GET", f"{STATISTICS}/usage"),
        Example("getTopAgents", "The busiest agents", "GET", f"{STATISTICS}/top-agents?by=invocations"),
        Example("getAgentCategories", "Agents by category", "GET", f"{STATISTICS}/agent-categories"),
        Example("listRecentActivities", "What happened lately", "GET", f"{STATISTICS}/recent-activities?limit=1"),
        Example("getSystemHealth", "How the platform is", "GET", f"{STATISTICS}/system-health"),
    ),
    "Health": (
        Example("getHealth", "Whether it answers", "GET", "/health"),
        Example("getLiveness", "Whether it makes progress", "GET", "/health/live"),
        Example("getReadiness", "Whether it can work", "GET", "/health/ready"),
        Example("getDetailedHealth", "All checks", "GET", "/health/detailed"),
        Example("getMetrics", "For Prometheus", "GET", "/metrics"),
    ),
    "Clean up": (
        Example("deleteAgent", "Delete an agent with all that was said to it", "DELETE", AGENT),
        Example("deleteProject", "Delete a project", "DELETE", PROJECT),
    ),
}


def filled(template: Any, known: dict[str, str]) -> Any:
    """With what earlier answers had in the places of their names."""
    if isinstance(template, str):
        return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], template)
    if isinstance(template, dict):
        return {name: filled(value, known) for name, value in cast("dict[str, Any]", template).items()}
    return template


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _short(one) for name, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [_short(one) for one in items[:SHOWN_ITEMS]] + (["..."] if len(items) > SHOWN_ITEMS else [])
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + "..."
    return value


def _request(example: Example) -> str:
    lines = [f"curl -sS -X {example.method} '{BASE}{example.path}'".replace(" -X GET", "")]
    lines += [f"  -H '{name}: {value}'" for name, value in example.headers.items()]
    if example.upload:
        lines.append("  -F file=@agent.zip")
    if example.body is not None:
        if "content-type" not in example.headers:
            lines.append("  -H 'Content-Type: application/json'")
        lines.append(f"  -d '{json.dumps(example.body)}'")
    return " \\\n".join(lines)


def shown(example: Example, status: int, answer: Any) -> str:
    """One example as the page has it; ids are those of one story, made readable."""
    if isinstance(answer, bytes):
        text = "\n".join([*answer.decode().splitlines()[:TEXT_LINES], "..."])
    else:
        text = json.dumps(_short(answer), indent=2, ensure_ascii=False)
    numbers: dict[str, str] = {}
    text = ID.sub(lambda found: numbers.setdefault(found[0], f"{found[1]}_{len(numbers) + 1:032x}"), text)
    kind = "text" if isinstance(answer, bytes) else "json"
    return (
        f"### {example.title}\n\n`{example.operation}`\n\n```sh\n{_request(example)}\n```\n\n"
        f"Answer, {status}:\n\n```{kind}\n{text}\n```\n"
    )


HEAD = """# Examples

Every operation with a request and its real answer, as `tests/e2e/test_api_examples.py` saw it: one story, in order.
Long lists and texts are cut (`...`); names in braces are those of earlier answers. The protocol's details (headers,
errors, conditions, pages, streams) are in [http.md](http.md). All schemas: `/docs` of a running platform.

"""


def page(parts: dict[str, list[str]]) -> str:
    sections = (f"## {title}\n\n" + "\n".join(examples) for title, examples in parts.items())
    return HEAD + "\n".join(sections)
