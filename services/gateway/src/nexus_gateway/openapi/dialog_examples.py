"""Examples of streams and of the former interface."""

from nexus_gateway.openapi.examples import AGENT, AGENT_ID, BEGAN, INVOCATION_ID, PROJECT_ID, SESSION_ID, Example

SAID_STREAM = (
    f'id: 1\nevent: connected\ndata: {{"invocation_id":"{INVOCATION_ID}","agent_id":"{AGENT_ID}",'
    '"session_id":null}\n\n'
    'id: 2\nevent: message\ndata: {"text":"12 * 7 = 84"}\n\n'
    f'id: 3\nevent: done\ndata: {{"invocation_id":"{INVOCATION_ID}","session_id":null,"status":"succeeded",'
    '"user_message_id":null,"assistant_message_id":null}\n\n'
)
UPLOAD: Example = {
    "upload_id": f"upl_{INVOCATION_ID[4:]}",
    "session_id": SESSION_ID,
    "name": "orders.csv",
    "media_type": "text/csv",
    "size_bytes": 1204,
    "sha256": "0" * 64,
    "created_at": BEGAN,
}
RUNTIME_HEALTH: Example = {
    "agent_id": AGENT_ID,
    "healthy": True,
    "status": "running",
    "deployment": AGENT["deployment"],
}
CREATED_TASK: Example = {
    "task_id": PROJECT_ID,
    "session_id": PROJECT_ID,
    "project_id": PROJECT_ID,
    "agent_name": "order_calculator",
    "status": "queued",
    "message": f"the build was accepted; it can be followed at /api/v1/projects/{PROJECT_ID}",
}
