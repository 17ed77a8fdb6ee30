"""Examples of keys, operations and the audit trail."""

from nexus_gateway.openapi.examples import BEGAN, ENDED, KEY_ID, OPERATION_ID, PROJECT_ID, Example

OPERATION: Example = {
    "id": OPERATION_ID,
    "status": "refused",
    "resource": f"/api/v1/projects/{PROJECT_ID}",
    "error": {
        "code": "INVALID_STATE",
        "message": "a completed project cannot be paused",
        "details": {"current_status": "completed", "action": "pause", "allowed_actions": ["restart"]},
        "suggestion": "Read the current state and choose one of the allowed actions.",
    },
}
KEY: Example = {
    "key_id": KEY_ID,
    "name": "nightly build",
    "user_id": "ann",
    "scopes": ["reports:write"],
    "project_id": PROJECT_ID,
    "created_by": "ann",
    "created_at": BEGAN,
    "expires_at": None,
    "last_used_at": None,
}
AUDIT: Example = {
    "time": BEGAN,
    "principal": "ann",
    "action": "control_project.pause",
    "resource": PROJECT_ID,
    "request_id": "req_0198c0de00007000800000000000000a",
}
NEW_KEY: Example = {**KEY, "key": f"nexus_{KEY_ID.removeprefix('key_')}7Vb0m1r2Q9s8t7u6v5w4x3y2z1A0B9C8D7E6F5G4H3I"}
DELETED_KEY: Example = {"key_id": KEY_ID, "deleted_at": ENDED}
