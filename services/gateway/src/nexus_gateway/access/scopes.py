"""What each operation needs and comes to: the one table that checks, OpenAPI and docs/http.md are made from."""

from typing import NamedTuple

from nexus_contracts.principal import ADMIN, PLATFORM_READ

SCOPES = {
    "projects:read": "read one's own projects and their builds",
    "projects:write": "create, control and delete one's own projects",
    "reports:write": "report on one's own external builds",
    "agents:read": "read one's own agents, their versions and invocations",
    "agents:write": "upload packages; deploy, change and delete one's own agents",
    "agents:invoke": "ask one's own agents, also in sessions",
    "sessions:read": "read the sessions of one's own agents",
    "sessions:write": "begin and delete them",
    "statistics:read": "read the figures of the tenant",
    ADMIN: "all of it, for whatever belongs to the tenant, and its keys",
    PLATFORM_READ: "read health and metrics of the whole platform; `admin` does not include it",
}


class Access(NamedTuple):
    """`scope` None: whoever is known may. `comes_to`: the command that is sent, or what the owner is asked."""

    scope: str | None
    comes_to: str


def _asks(owner: str, path: str) -> str:
    return f"GET {owner} {path}"


_BUILDS, _AGENTS = "/projects/{project_id}", "/agents/{agent_id}"
OPERATIONS: dict[str, Access] = {
    "createProject": Access("projects:write", "CreateProject"),
    "listProjects": Access("projects:read", _asks("builds", "/projects")),
    "getProject": Access("projects:read", _asks("builds", _BUILDS)),
    "controlProject": Access("projects:write", "ControlProject"),
    "deleteProject": Access("projects:write", "DeleteProject"),
    "getBuild": Access("projects:read", _asks("builds", _BUILDS + "/build")),
    "listStages": Access("projects:read", _asks("builds", _BUILDS + "/stages")),
    "getStage": Access("projects:read", _asks("builds", _BUILDS + "/stages/{stage_name}")),
    "listStageLogs": Access("projects:read", _asks("builds", _BUILDS + "/stages/{stage_name}/logs")),
    "listAttempts": Access("projects:read", _asks("builds", _BUILDS + "/attempts")),
    "getVerification": Access("projects:read", _asks("builds", _BUILDS + "/verification")),
    "getDiff": Access("projects:read", _asks("builds", _BUILDS + "/diff")),
    "listProjectEvents": Access("projects:read", _asks("builds", _BUILDS + "/events")),
    "reportStage": Access("reports:write", "a report on builds.reports.v1"),
    "uploadPackage": Access("agents:write", "POST agents /packages"),
    "registerAgent": Access("agents:write", "RegisterAgent"),
    "listAgents": Access("agents:read", _asks("agents", "/agents")),
    "getAgent": Access("agents:read", _asks("agents", _AGENTS)),
    "updateAgent": Access("agents:write", "UpdateAgent"),
    "setAgentStatus": Access("agents:write", "SetAgentStatus"),
    "deleteAgent": Access("agents:write", "DeleteAgent"),
    "listVersions": Access("agents:read", _asks("agents", _AGENTS + "/versions")),
    "activateVersion": Access("agents:write", "ActivateVersion"),
    "invokeAgent": Access("agents:invoke", "InvokeAgent"),
    "verifyAgent": Access("agents:invoke", "VerifyAgent"),
    "getAgentVerification": Access("agents:read", _asks("builds", _AGENTS + "/verification")),
    "changeAgent": Access("projects:write", "ChangeAgent"),
    "listInvocations": Access("agents:read", _asks("agents", _AGENTS + "/invocations")),
    "getInvocation": Access("agents:read", _asks("agents", "/invocations/{invocation_id}")),
    "cancelInvocation": Access("agents:invoke", "CancelInvocation"),
    "listAgentLogs": Access("agents:read", _asks("agents", _AGENTS + "/logs")),
    "createAgentBuild": Access("projects:write", "CreateProject"),
    "getTaskStatus": Access("projects:read", _asks("builds", _BUILDS)),
    "getAgentStages": Access("projects:read", _asks("builds", _BUILDS + "/stages")),
    "pauseAgentBuild": Access("projects:write", "ControlProject"),
    "resumeAgentBuild": Access("projects:write", "ControlProject"),
    "stopAgentBuild": Access("projects:write", "ControlProject"),
    "restartAgentBuild": Access("projects:write", "ControlProject"),
    "listDialogMessages": Access("sessions:read", _asks("agents", "/sessions/{session_id}/messages")),
    "streamDialog": Access("agents:invoke", "PostMessage"),
    "uploadIntoSession": Access("sessions:write", "POST agents /sessions/{session_id}/uploads"),
    "getAgentContext": Access("agents:read", _asks("agents", _AGENTS)),
    "getRuntimeHealth": Access("agents:read", _asks("agents", _AGENTS)),
    "createSession": Access("sessions:write", "CreateSession"),
    "listSessions": Access("sessions:read", _asks("agents", _AGENTS + "/sessions")),
    "getSession": Access("sessions:read", _asks("agents", "/sessions/{session_id}")),
    "deleteSession": Access("sessions:write", "DeleteSession"),
    "postMessage": Access("agents:invoke", "PostMessage"),
    "listMessages": Access("sessions:read", _asks("agents", "/sessions/{session_id}/messages")),
    "getOverview": Access("statistics:read", _asks("stats", "/overview")),
    "getBuildStatistics": Access("statistics:read", _asks("stats", "/builds")),
    "getInvocationStatistics": Access("statistics:read", _asks("stats", "/invocations")),
    "getTrends": Access("statistics:read", _asks("stats", "/trends")),
    "getAgentCategories": Access("statistics:read", _asks("stats", "/agent-categories")),
    # These name what belongs to others of the tenant.
    "getTopAgents": Access(ADMIN, _asks("stats", "/top-agents")),
    "getUsage": Access(ADMIN, _asks("stats", "/usage")),
    "listRecentActivities": Access(ADMIN, _asks("stats", "/recent-activities")),
    "getSystemHealth": Access(PLATFORM_READ, "GET every service /health/detailed"),
    "getOperation": Access(None, "GET the command's owner /operations/{command_id}"),
    "listAudit": Access(ADMIN, "GET builds and agents /audit, the gateway's own table"),
    "createKey": Access(ADMIN, "the gateway's own table"),
    "listKeys": Access(ADMIN, "the gateway's own table"),
    "rotateKey": Access(ADMIN, "the gateway's own table"),
    "deleteKey": Access(ADMIN, "the gateway's own table"),
}
