"""A reply, the claim of a tool that it comes from, and what is said of both."""

from collections.abc import Callable
from typing import NamedTuple

from ..tools.contract import CERTAIN, Answer, Impossible, JsonValue, Question, Refusal, Task, Tool, Value
from ..tools.patterns import lazy_pattern

_FIGURES = lazy_pattern(r"\d[\d.,]*")
TOO_DEEP = Refusal("That is nested too deeply for me.", "嵌套得太深了，我处理不了。")


class Reply(NamedTuple):
    """What is said, the tool calls behind it, and the results that a follow-up may refer to.

    `asking` is the prompt that a question back was about; `read` is what a prompt was taken to say in full; `final`:
    it was understood, and is refused. `confidence`: how sure the tool was that it is meant.
    """

    text: str
    tool_calls: tuple[dict[str, JsonValue], ...] = ()
    values: tuple[Value, ...] = ()
    asking: str | None = None
    read: str | None = None
    final: bool = False
    confidence: int = CERTAIN


class Claim(NamedTuple):
    tool: Tool
    question: Question
    task: Task


def is_percentage(reply: Reply) -> bool:
    """Whether what a tool has worked out is one; to that nothing can be added but another."""
    output = reply.tool_calls[0]["output"]
    return isinstance(output, dict) and "percent" in output


def is_failed(reply: Reply) -> bool:
    """Whether nothing was worked out and nothing asked back."""
    failed = any(isinstance(call["output"], dict) and "error" in call["output"] for call in reply.tool_calls)
    return failed or not (reply.tool_calls or reply.asking)


def one_by_one(first: Reply, chinese: bool) -> Reply:
    said = "这里问了两件事，请一件一件问。" if chinese else "That asks two things; please ask one after the other."
    return first._replace(text=said, tool_calls=({**first.tool_calls[0], "output": {"error": said}},), values=())


def gist(reply: Reply) -> tuple[list[JsonValue], list[str]]:
    """What is answered, without the words around it."""
    return [call["output"] for call in reply.tool_calls], _FIGURES.findall(reply.text)


def refusing(refusal: Refusal) -> Callable[[], Answer]:
    def refuse() -> Answer:
        raise refusal

    return refuse


def done(claim: Claim) -> Reply:
    """Runs the tool; a refusal is an answer too, without a result to refer to."""
    try:
        answer = claim.task.run()
    except (Refusal, RecursionError) as error:
        refusal = error if isinstance(error, Refusal) else TOO_DEEP
        text = refusal.in_language(claim.question.chinese)
        failed: dict[str, JsonValue] = {"error": refusal.english}
        call: dict[str, JsonValue] = {
            "name": claim.tool.name,
            "input": {"prompt": claim.question.text[:200]},
            "output": failed,
        }
        return Reply(text, (call,), final=isinstance(error, Impossible), confidence=claim.task.confidence)
    call = {"name": claim.tool.name, "input": answer.tool_input, "output": answer.tool_output}
    return Reply(answer.text, (call,), answer.values, confidence=claim.task.confidence)
