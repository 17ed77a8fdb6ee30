"""What every refusal of the gateway has."""

from typing import Any

from tests.support.asgi import HttpAnswer


def refused(answer: HttpAnswer, status: int, code: str) -> Any:
    """The error's details, once everything that each error must have is there."""
    body = answer.json
    assert (answer.status, body["success"], body["error"]["code"]) == (status, False, code)
    assert set(body) == {"success", "error", "timestamp", "request_id"}
    assert set(body["error"]) == {"code", "message", "details", "suggestion", "trace_id"}
    assert body["error"]["message"]
    assert body["error"]["suggestion"]
    assert len(body["error"]["trace_id"]) == 32
    assert answer.headers["x-request-id"] == body["request_id"]
    assert float(answer.headers["x-response-time"]) >= 0
    assert answer.headers["content-type"] == "application/json"
    return body["error"]["details"]
