"""What agents answer, as the end of an invocation."""

from pydantic import JsonValue

from nexus_agents.domain.backend import AgentAnswer
from nexus_agents.domain.invocation import MAX_OUTPUT_BYTES, MAX_TRACE_BYTES, Ending, InvocationStatus, failed
from nexus_contracts.text import json_bytes


def ending_of(answer: AgentAnswer, enable_trace: bool) -> Ending:
    """It fails where there is more of it than is kept."""
    size = len(answer.output.encode())
    if size > MAX_OUTPUT_BYTES:
        return failed("ANSWER_TOO_LARGE", f"the answer has {size} bytes, at most {MAX_OUTPUT_BYTES} are kept")
    trace = _bounded(answer.tool_calls) if enable_trace else None
    return Ending(InvocationStatus.SUCCEEDED, output=answer.output, usage=answer.usage, trace=trace)


def _bounded(calls: tuple[dict[str, JsonValue], ...]) -> list[dict[str, JsonValue]]:
    """The first of the calls, as many as there is room for, and a mark where some are left out."""
    kept: list[dict[str, JsonValue]] = []
    size = 0
    for call in calls:
        size += json_bytes(call)
        if size > MAX_TRACE_BYTES:
            return [*kept, {"omitted": len(calls) - len(kept)}]
        kept.append(call)
    return kept
