"""Examples that tell one story: a project, the agent that it built, and a conversation with it."""

from pydantic import JsonValue

from nexus_contracts.answers import EXAMPLE_REQUEST, EXAMPLE_TIME

Example = dict[str, JsonValue]
_HEX = "0195500a7c1e7b0f8a4f4f1d2c3b4a59"
PROJECT_ID, INVOCATION_ID, SESSION_ID = f"proj_{_HEX}", f"inv_{_HEX}", f"sess_{_HEX}"
OPERATION_ID = "WyJjbWRfMSJd.q3v0c6pSgGmQ2xW8rT5uYk1Zb7A"
KEY_ID = f"key_{_HEX}"
AGENT_ID = f"{PROJECT_ID}:order_calculator"
BEGAN, ENDED = "2026-03-01T09:30:00.000000Z", "2026-03-01T09:30:42.000000Z"
REQUIREMENT = "An agent that adds up the items of an order and converts CSV files to JSON."
_INPUT: Example = {"input_tokens": 1200, "cached_tokens": 800, "cache_write_tokens": 0}
USAGE: Example = {**_INPUT, "output_tokens": 450, "tool_calls": 2, "cost_usd": 0.0041}
MODEL = "bedrock:anthropic.claude-sonnet-4-5"
LOG: Example = {"timestamp": BEGAN, "level": "info", "message": "reading the requirement"}
LOG_LINE: Example = {"number": 1, **LOG}

STAGE: Example = {
    "stage_name": "orchestrator",
    "stage_number": 1,
    "display_name": "Orchestrator",
    "status": "completed",
    "progress": 100.0,
    "agent_name": None,
    "started_at": BEGAN,
    "completed_at": ENDED,
    "duration_seconds": 42.0,
    "error": None,
    "output_data": {"plan": ["calculator", "csv_to_json"]},
    "output_size_bytes": 38,
    "artifacts": [],
    "artifact_count": 0,
    "logs": [LOG],
    "log_count": 1,
    "usage": USAGE,
    "attempt": 1,
    "sub_stages": [],
}
STAGES: Example = {"project_id": PROJECT_ID, "stages": [STAGE], "total_stages": 6, "completed_stages": 1}
SUMMARY: Example = {
    "project_id": PROJECT_ID,
    "project_name": REQUIREMENT,
    "requirement": REQUIREMENT,
    "user_id": "default",
    "user_name": None,
    "agent_name": "order_calculator",
    "agent_name_map": {},
    "priority": 3,
    "tags": ["orders"],
    "auto_start": True,
    "build_method": "auto",
    "ask": False,
    "approve": [],
    "status": "building",
    "progress": 5.0,
    "current_stage": "requirements_analysis",
    "attempt": 1,
    "builder": "platform",
    "waiting_for": None,
    "agent_id": None,
    "error": None,
    "created_at": BEGAN,
    "updated_at": ENDED,
    "started_at": BEGAN,
    "completed_at": None,
    "version": 3,
}
PROJECT: Example = {**SUMMARY, "stages_snapshot": {"total": 6, "completed": 1, "stages": [STAGE]}}
DELETED_PROJECT: Example = {"project_id": PROJECT_ID, "deleted_at": ENDED}
ATTEMPT: Example = {
    "attempt": 1,
    "builder": "platform",
    "build_method": "rules",
    "models": [],
    "trigger": "created",
    "from_stage": None,
    "started_at": BEGAN,
    "ended_at": None,
    "outcome": None,
    "duration_seconds": None,
    "error": None,
    "usage": USAGE,
    "progress": 5.0,
    "stages": [STAGE],
}
EVENT: Example = {
    "sequence": 2,
    "id": f"evt_{_HEX}",
    "type": "nexus.build.started.v1",
    "time": BEGAN,
    "attempt": 1,
    "data": {"project_id": PROJECT_ID, "attempt": 1, "builder": "platform", "trigger": "created"},
}
EVENT_STREAM = (
    f'id: 2\nevent: nexus.build.started.v1\ndata: {{"sequence":2,"id":"evt_{_HEX}","type":"nexus.build.started.v1",'
    f'"time":"{BEGAN}","attempt":1,"data":{{"project_id":"{PROJECT_ID}","attempt":1}}}}\n\n: heartbeat\n\n'
)
_BUILD_STAGE: Example = {
    name: STAGE[name]
    for name in (
        "stage_name",
        "stage_number",
        "display_name",
        "status",
        "progress",
        "agent_name",
        "started_at",
        "completed_at",
        "duration_seconds",
        "usage",
        "error",
        "attempt",
        "sub_stages",
    )
}
BUILD: Example = {
    "project_id": PROJECT_ID,
    "project_name": REQUIREMENT,
    "status": "building",
    "progress": 5.0,
    "current_stage": "requirements_analysis",
    "latest_attempt": {name: value for name, value in ATTEMPT.items() if name not in ("usage", "progress", "stages")},
    "waiting_for": None,
    "stages": [_BUILD_STAGE],
    "totals": {"total_stages": 6, "completed_stages": 1, "failed_stages": 0, "log_entries": 1, "artifacts": 0},
    "metrics": {
        "total_duration_seconds": 42.0,
        "input_tokens": 1200,
        "output_tokens": 450,
        "tool_calls": 2,
        "cost_estimate": 0.0041,
        "total_tools": None,
    },
    "alerts": [
        {
            "code": "REPORTS_REFUSED",
            "severity": "warning",
            "message": "reports refused: 1; the latest: OUT_OF_ORDER: agent_design is pending, not running",
            "stage_name": None,
            "since": ENDED,
        }
    ],
    "graph": {
        "nodes": [
            {"id": "orchestrator", "display_name": "Orchestrator", "status": "completed", "parent": None},
            {
                "id": "requirements_analysis",
                "display_name": "Requirements Analysis",
                "status": "running",
                "parent": None,
            },
        ],
        "edges": [{"source": "orchestrator", "target": "requirements_analysis", "kind": "then"}],
    },
    "updated_at": ENDED,
}
AGENT: Example = {
    "agent_id": AGENT_ID,
    "agent_name": "order_calculator",
    "project_id": PROJECT_ID,
    "user_id": "default",
    "status": "running",
    "description": "Adds up orders and converts CSV to JSON.",
    "category": "calculation",
    "version": "1.0.0",
    "capabilities": ["arithmetic", "tool:calculator"],
    "tags": ["orders"],
    "tools": [{"name": "calculator", "description": "evaluates arithmetic expressions"}],
    "supported_models": [],
    "agentcore_config": {"agent_arn": None, "agent_alias_id": None, "agent_alias_arn": None},
    "deployment": {
        "backend": "local",
        "status": "deployed",
        "version": 1,
        "package_uri": "file:///packages/order_calculator.zip",
        "package_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "isolated": True,
        "isolation": "own namespaces, no network",
        "last_error": None,
        "deployed_at": ENDED,
    },
    "active_version": 1,
    "region": None,
    "runtime_stats": {
        "total_invocations": 12,
        "successful_invocations": 12,
        "failed_invocations": 0,
        "avg_duration_ms": 8.5,
        "last_invoked_at": ENDED,
    },
    "created_at": BEGAN,
    "updated_at": ENDED,
    "etag": 4,
}
AGENT_LOG_LINE: Example = {"timestamp": BEGAN, "message": "serving on /run/agent/socket"}
PACKAGE_ID, _SHA256 = f"pkg_{_HEX}", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PACKAGE: Example = {
    "package_id": PACKAGE_ID,
    "package_uri": f"blob:sha256:{_SHA256}",
    "sha256": _SHA256,
    "size_bytes": 5120,
    "manifest": {
        "name": "order_calculator",
        "version": "1.0.0",
        "entrypoint": "main.py",
        "description": "Adds up orders and converts CSV to JSON.",
        "category": "calculation",
        "tools": [{"name": "calculator", "description": "evaluates arithmetic expressions"}],
        "capabilities": ["arithmetic"],
        "env": {},
    },
    "created_at": BEGAN,
}
VERSION: Example = {
    "agent_id": AGENT_ID,
    "version": 1,
    "active": True,
    "status": "deployed",
    "error": None,
    "manifest_version": "1.0.0",
    "package_uri": "blob:sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "package_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "package_id": None,
    "attempt": 1,
    "created_by": "default",
    "created_at": BEGAN,
    "deployed_at": ENDED,
}
DELETED_AGENT: Example = {"agent_id": AGENT_ID, "deleted_at": ENDED}
INVOCATION: Example = {
    "invocation_id": INVOCATION_ID,
    "agent_id": AGENT_ID,
    "session_id": None,
    "user_id": "default",
    "status": "succeeded",
    "input": "What is 12 * 7?",
    "output": "12 * 7 = 84",
    "error": None,
    "duration_ms": 9,
    "usage": {**USAGE, "model": MODEL},
    "trace": None,
    "created_at": BEGAN,
    "started_at": BEGAN,
    "completed_at": ENDED,
}
CANCELLED_INVOCATION: Example = {
    **INVOCATION,
    "status": "cancelled",
    "output": None,
    "error": {"code": "CANCELLED", "message": "the invocation was cancelled"},
}
INVOCATION_RESULT: Example = {
    "invocation_id": INVOCATION_ID,
    "session_id": None,
    "output": "12 * 7 = 84",
    "status": "succeeded",
    "duration_ms": 9,
    "usage": {**USAGE, "model": MODEL},
    "trace": None,
    "created_at": BEGAN,
}
SESSION: Example = {
    "session_id": SESSION_ID,
    "agent_id": AGENT_ID,
    "user_id": "default",
    "display_name": "Orders of March",
    "status": "active",
    "conversation_mode": "normal",
    "metadata": {},
    "message_count": 2,
    "created_at": BEGAN,
    "last_active_at": ENDED,
    "etag": 5,
}
DELETED_SESSION: Example = {"session_id": SESSION_ID, "deleted_at": ENDED, "deleted_messages": 2}
MESSAGE: Example = {
    "message_id": f"msg_{_HEX}",
    "session_id": SESSION_ID,
    "sequence": 1,
    "role": "user",
    "content": "What is 12 * 7?",
    "metadata": {},
    "invocation_id": INVOCATION_ID,
    "created_at": BEGAN,
}
TURN: Example = {
    "user_message": MESSAGE,
    "assistant_message": {**MESSAGE, "sequence": 2, "role": "assistant", "content": "12 * 7 = 84"},
}
OVERVIEW: Example = {
    "total_agents": 5,
    "running_agents": 4,
    "building_agents": 1,
    "offline_agents": 0,
    "total_builds": 8,
    "success_rate": 87.5,
    "avg_build_time_minutes": 0.7,
    "today_calls": 31,
    "build_time_minutes": {"p50": 0.6, "p95": 1.4, "p99": 1.4},
}
BUILDS_OF_DAY: Example = {
    "date": "2026-03-01",
    "total_builds": 2,
    "successful_builds": 1,
    "failed_builds": 0,
    "cancelled_builds": 0,
    "avg_duration_minutes": 0.7,
    "builds_by_stage": {"orchestrator": 1, "agent_deployer": 1},
    "duration_minutes": {"p50": 0.7, "p95": 0.7, "p99": 0.7},
}
INVOCATIONS_OF_DAY: Example = {
    "date": "2026-03-01",
    "total": 12,
    "successful": 11,
    "failed": 1,
    "cancelled": 0,
    "success_rate": 91.67,
    "avg_duration_ms": 8.5,
    "duration_ms": {"p50": 7.9, "p95": 14.2, "p99": 14.2},
}
_MARCH: Example = {"start_date": "2026-03-01", "end_date": "2026-03-01"}
TRENDS: Example = {"metric": "tokens", "data_points": [{"date": "2026-03-01", "value": 4711}], **_MARCH}
AGENT_CATEGORIES: Example = {
    "items": [
        {
            "category": "data",
            "total_agents": 5,
            "running_agents": 4,
            "building_agents": 1,
            "offline_agents": 0,
        }
    ]
}
TOP_AGENTS: Example = {
    "by": "invocations",
    "items": [
        {
            "agent_id": AGENT_ID,
            "project_id": PROJECT_ID,
            "agent_name": AGENT_ID.partition(":")[2],
            "invocations": 12,
            "successful": 11,
            "failed": 1,
            "cancelled": 0,
            "success_rate": 91.67,
            "avg_duration_ms": 8.5,
            "tokens": 4711,
            "cost_usd": 0.031,
        }
    ],
    **_MARCH,
}
_USED: Example = {"input_tokens": 4000, "output_tokens": 711, "tool_calls": 12, "cost_usd": 0.031}
USAGE_REPORT: Example = {
    "total": _USED,
    "by_day": [{**_USED, "date": "2026-03-01"}],
    "by_agent": [{**_USED, "agent_id": AGENT_ID}],
    "by_model": [{**_USED, "model": MODEL}],
    **_MARCH,
}
ACTIVITY: Example = {
    "id": "evt_0195500000007000800000000000000a",
    "type": "nexus.build.completed.v1",
    "time": EXAMPLE_TIME,
    "project_id": PROJECT_ID,
    "attempt": 1,
    "agent_id": None,
}
SYSTEM_HEALTH: Example = {
    "status": "degraded",
    "services": {
        "builds": {"status": "healthy", "error": None, "failing": {}},
        "agents": {"status": "unavailable", "error": "the service for agents is unavailable", "failing": {}},
        "stats": {"status": "healthy", "error": None, "failing": {}},
        "worker": {"status": "healthy", "error": None, "failing": {}},
    },
    "consumer_lag": {"builds": {"builds.commands.v1": 0}, "stats": {"builds.events.v1": 0, "agents.events.v1": 2}},
    "outbox": {"builds": {"depth": 1, "oldest_seconds": 0}},
    "dead_letters": {"builds.reports.v1.builds-reports.dlq": 3},
}


def report(day: Example) -> Example:
    return {"items": [day], "start_date": "2026-03-01", "end_date": "2026-03-01"}


def enveloped(data: JsonValue, message: str | None = None) -> Example:
    """A complete successful answer."""
    said: Example = {"message": message} if message else {}
    return {"success": True, "data": data, **said, "timestamp": EXAMPLE_TIME, "request_id": EXAMPLE_REQUEST}


def page_of(item: JsonValue) -> Example:
    return {"items": [item], "count": 1, "last_key": None}
