"""Stored states of every schema that was ever released: each is still read, and as what it was."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nexus_agents.domain.agent import Agent, AgentAddress, LatestDeployment
from nexus_agents.domain.invocation import Invocation, InvocationStatus, Kind, MessageMark
from nexus_agents.domain.message import StoredMessage
from nexus_agents.domain.session import Session
from nexus_agents.domain.version import AgentVersion, Package
from nexus_agents.store.agents import AGENT
from nexus_agents.store.invocations import INVOCATION_FORM
from nexus_agents.store.messages import MESSAGE
from nexus_agents.store.sessions import SESSION
from nexus_agents.store.versions import VERSION
from nexus_contracts.agents.events import AgentStatus, AgentUsage, FailureReason
from nexus_runtime.dynamo.form import Form

GOLDEN = Path(__file__).parent / "golden"
NOON, LATER = datetime(2026, 1, 2, 12, tzinfo=UTC), datetime(2026, 1, 2, 12, 0, 1, 500, tzinfo=UTC)
AGENT_ID = "proj_" + "1" * 32 + ":tester"
SESSION_ID, INVOCATION_ID = "sess_" + "2" * 32, "inv_" + "3" * 32
PACKAGE = Package(uri="blob:sha256:" + "4" * 64, sha256="4" * 64)
STORED_AGENT = Agent(
    tenant="acme",
    version=4,
    sequence=3,
    agent_id=AGENT_ID,
    agent_name="tester",
    project_id=AGENT_ID.partition(":")[0],
    user_id="ann",
    status=AgentStatus.RUNNING,
    backend="local",
    description="Tests.",
    category="fun",
    manifest_version="1.0.0",
    capabilities=["tool:pen", "writing"],
    tags=["a"],
    tools=[{"name": "pen", "description": "", "parameters": {}}],
    supported_models=["m"],
    address=AgentAddress(arn="local:agent/x", alias_id="DEFAULT", alias_arn="local:agent/x/DEFAULT"),
    deployment=LatestDeployment(
        status="failed",
        number=2,
        version=2,
        package=Package(uri="blob:sha256:" + "5" * 64, sha256="5" * 64),
        isolated=True,
        isolation="a namespace",
        last_error=FailureReason(code="NOT_A_ZIP", message="no zip"),
        deployed_at=NOON,
    ),
    active=PACKAGE,
    active_version=1,
    versions=2,
    region="local",
    created_at=NOON,
    updated_at=LATER,
    deleted_at=LATER,
)
STORED_VERSION = AgentVersion(
    agent_id=AGENT_ID,
    number=2,
    package=PACKAGE,
    status="failed",
    error=FailureReason(code="X", message="x"),
    manifest_version="1.0.0",
    attempt=3,
    package_id="pkg_" + "9" * 32,
    created_by="ann",
    created_at=NOON,
    deployed_at=LATER,
)

STATES: dict[str, tuple[Form[Any], Any]] = {
    "agent.1": (
        AGENT,
        STORED_AGENT,
    ),
    "agent.2": (AGENT, STORED_AGENT),
    "version.1": (
        VERSION,
        STORED_VERSION,
    ),
    "invocation.1": (
        INVOCATION_FORM,
        Invocation(
            tenant="acme",
            version=3,
            sequence=2,
            invocation_id=INVOCATION_ID,
            agent_id=AGENT_ID,
            session_id=SESSION_ID,
            user_id="ann",
            kind=Kind.MESSAGE,
            status=InvocationStatus.SUCCEEDED,
            input="hi",
            output="hello",
            message_metadata={"a": [1]},
            session_state={"b": None},
            enable_trace=True,
            end_session=True,
            timeout_seconds=3.5,
            traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01",
            error=FailureReason(code="X", message="x"),
            usage=AgentUsage(input_tokens=1, output_tokens=2),
            trace=[{"name": "pen"}],
            duration_ms=1000,
            question=MessageMark(sequence=1, message_id="msg_" + "6" * 32),
            answer=MessageMark(sequence=2, message_id="msg_" + "7" * 32),
            created_at=NOON,
            started_at=NOON,
            completed_at=LATER,
        ),
    ),
    "session.1": (
        SESSION,
        Session(
            tenant="acme",
            version=5,
            sequence=2,
            session_id=SESSION_ID,
            agent_id=AGENT_ID,
            user_id="ann",
            display_name="A talk",
            status="closed",
            conversation_mode="debug",
            metadata={"a": 1},
            message_count=2,
            turn=INVOCATION_ID,
            queue=("inv_" + "8" * 32,),
            closing=True,
            created_at=NOON,
            last_active_at=LATER,
            deleted_at=LATER,
            deleted_because="SESSION_DELETED",
        ),
    ),
    "message.1": (
        MESSAGE,
        StoredMessage(
            message_id="msg_" + "6" * 32,
            session_id=SESSION_ID,
            sequence=1,
            role="user",
            content="hi",
            metadata={"a": [1]},
            invocation_id=INVOCATION_ID,
            created_at=NOON,
        ),
    ),
}
"""What the golden files hold; a state of an older schema as it is since."""


def golden(name: str) -> dict[str, Any]:
    """The attributes of a stored item."""
    item = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return {**item, "state": json.dumps(item["state"])}


@pytest.mark.parametrize("name", STATES)
def test_a_stored_state_is_read_as_what_it_was(name: str) -> None:
    form, state = STATES[name]
    assert form.read(golden(name)) == state


@pytest.mark.parametrize("name", [name for name in STATES if name != "agent.1"])
def test_a_state_is_stored_as_the_golden_file_of_its_newest_schema(name: str) -> None:
    """Where this fails the stored form has changed: that is a new schema, with an upcast and a golden file."""
    form, state = STATES[name]
    assert int(name.rpartition(".")[2]) == form.schema
    written = {**form.written(state)}
    assert {**written, "state": json.loads(written["state"])} == {
        **golden(name),
        "state": json.loads(golden(name)["state"]),
    }


def test_every_golden_file_is_read() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(STATES)
