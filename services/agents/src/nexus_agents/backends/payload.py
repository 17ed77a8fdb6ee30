"""The payload sent to an agent by every backend, as the runtime contract defines it."""

from pydantic import JsonValue

from nexus_agents.domain.backend import InvokeRequest

STREAM = "text/event-stream"


def payload_of(request: InvokeRequest) -> dict[str, JsonValue]:
    """As JSON; fields that agents may ignore are there all the same."""
    payload: dict[str, JsonValue] = {
        "prompt": request.prompt,
        "history": [{"role": turn.role, "content": turn.content} for turn in request.history],
        "session_id": request.session_id,
        "session_state": request.session_state,
    }
    if request.enable_trace:
        payload["enable_trace"] = True
    if (budget := request.model_budget) is not None:
        payload["model_budget"] = {"usd": budget.usd, "prices": dict(budget.prices)}
    return payload


def accepted(request: InvokeRequest) -> str:
    """The forms of an answer, the wanted one first: a stream where somebody listens."""
    forms = ["application/json", STREAM]
    return ", ".join(reversed(forms) if request.observe else forms)
