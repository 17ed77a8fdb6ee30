"""Turns an agent's answer into the end of its invocation."""

from pydantic import JsonValue

from nexus_agents.domain.backend import AgentAnswer, InvokeRequest
from nexus_agents.domain.invocation import MAX_OUTPUT_BYTES, MAX_TRACE_BYTES, Ending, InvocationStatus, failed
from nexus_contracts.text import MAX_OBJECT_BYTES, json_bytes


def ending_of(answer: AgentAnswer, request: InvokeRequest, duration_ms: int) -> Ending:
    """An answer beyond the size limits fails. The trace, if requested: the turn, model calls, tool calls."""
    size = len(answer.output.encode())
    if size > MAX_OUTPUT_BYTES:
        message = f"the answer has {size} bytes; the limit is {MAX_OUTPUT_BYTES}"
        return failed("ANSWER_TOO_LARGE", message, "Ask for less at a time.")
    if (state := json_bytes(answer.session_state)) > MAX_OBJECT_BYTES:
        message = f"the session state returned by the agent has {state} bytes; the limit is {MAX_OBJECT_BYTES}"
        return failed(
            "SESSION_STATE_TOO_LARGE", message, "Deploy a version of the agent that keeps less, or start a new session."
        )
    trace = _trace(answer, request, duration_ms) if request.enable_trace else None
    return Ending(
        InvocationStatus.SUCCEEDED,
        output=answer.output,
        usage=answer.usage,
        trace=trace,
        session_state=answer.session_state,
    )


def _trace(answer: AgentAnswer, request: InvokeRequest, duration_ms: int) -> list[dict[str, JsonValue]]:
    asked: list[dict[str, JsonValue]] = [{"span": "model", **call} for call in answer.model_calls]
    return [_turn(answer, request, duration_ms), *asked, *_bounded(answer.tool_calls)]


def _turn(answer: AgentAnswer, request: InvokeRequest, duration_ms: int) -> dict[str, JsonValue]:
    """How much of the conversation the agent was given, how long it took, and why its usage is not counted, if so."""
    history: dict[str, JsonValue] = {"messages": len(request.history), "left_out": request.history_left_out}
    turn: dict[str, JsonValue] = {"span": "turn", "duration_ms": duration_ms, "history": history}
    return turn | {"usage_ignored": answer.usage_ignored} if answer.usage_ignored else turn


def _bounded(calls: tuple[dict[str, JsonValue], ...]) -> list[dict[str, JsonValue]]:
    """The first calls, as many as fit, and a mark if some are left out."""
    kept: list[dict[str, JsonValue]] = []
    size = 0
    for call in calls:
        size += json_bytes(call)
        if size > MAX_TRACE_BYTES:
            return [*kept, {"omitted": len(calls) - len(kept)}]
        kept.append({"span": "tool", **call})
    return kept
