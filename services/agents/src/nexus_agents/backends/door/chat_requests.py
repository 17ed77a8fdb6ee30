"""What an agent may ask its model for, on the wire of OpenAI's chat completions."""

from dataclasses import dataclass

from pydantic import JsonValue

from nexus_agents.backends.door.refusals import DoorRefusal
from nexus_agents.backends.streams import JSON
from nexus_contracts.builds.language_models import LanguageModel
from nexus_contracts.builds.reports import Usage
from nexus_contracts.strict_json import UnreadableJson

_PASSED_ON = (
    *("tools", "tool_choice", "parallel_tool_calls", "response_format", "temperature", "top_p", "stop", "seed"),
    *("presence_penalty", "frequency_penalty", "reasoning_effort"),
)
"""Other fields could cost more, keep what was said with the provider, or have it reach into the network."""
_MESSAGE = ("role", "content", "name", "tool_calls", "tool_call_id", "refusal", "reasoning_content")
_LENGTHS = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True)
class ChatRequest:
    """`body` is for the model's provider; `worst` is the most that the answer may use.

    `figures_asked`: whoever asked wants the usage in the stream.
    """

    body: dict[str, JsonValue]
    streamed: bool
    figures_asked: bool
    worst: Usage


def chat_request(sent: bytes, model: LanguageModel) -> ChatRequest:
    """Raises DoorRefusal."""
    asked = _object(sent)
    named = asked.get("model", model.name)
    if named not in (model.name, model.model):
        raise DoorRefusal(403, "MODEL_NOT_ALLOWED", f"the agent's specification names {model.name} and no other model")
    messages = _messages(asked["messages"])
    _check_tools(asked)
    streamed = asked.get("stream") is True
    body = {name: asked[name] for name in _PASSED_ON if asked.get(name) is not None}
    name, most = _length(asked, model)
    body |= {"model": model.model, "messages": messages, name: most}
    if streamed:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    options = asked.get("stream_options")
    figures = isinstance(options, dict) and options.get("include_usage") is True
    # No token is shorter than a byte. Few are that short, but the agent chooses what it sends.
    return ChatRequest(body, streamed, figures, model.dearest(len(sent), most))


def _object(sent: bytes) -> dict[str, JsonValue]:
    try:
        asked = JSON.read(sent)
    except UnreadableJson as error:
        raise _invalid(f"the body cannot be read: {error}") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("messages"), list):
        raise _invalid("the body is no object with messages")
    return asked


def _length(asked: dict[str, JsonValue], model: LanguageModel) -> tuple[str, int]:
    """Under the name that was used: not every server knows both."""
    name = next((name for name in reversed(_LENGTHS) if asked.get(name) is not None), _LENGTHS[0])
    wanted = asked.get(name)
    if wanted is None:
        return name, model.max_output_tokens
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
        raise _invalid(f"{name} must be a whole number from 1")
    return name, min(wanted, model.max_output_tokens)


def _messages(sent: JsonValue) -> list[JsonValue]:
    """Raises DoorRefusal: what would have the provider fetch an address leads past the door."""
    passed: list[JsonValue] = []
    for message in sent if isinstance(sent, list) else []:
        if not isinstance(message, dict):
            raise _invalid("a message is no object")
        content = message.get("content")
        for part in content if isinstance(content, list) else [content]:
            if not (part is None or isinstance(part, str) or _harmless(part)):
                raise _invalid("a message may have parts of type text, and image_url with a data: address")
        passed.append({name: message[name] for name in _MESSAGE if name in message})
    return passed


def _check_tools(asked: dict[str, JsonValue]) -> None:
    tools = asked.get("tools") or []
    if not isinstance(tools, list) or not all(_kind(tool) == "function" for tool in tools):
        raise _invalid("all tools must be of type function")


def _harmless(part: JsonValue) -> bool:
    if isinstance(part, dict) and part.get("type") == "image_url":
        image = part.get("image_url")
        return isinstance(image, dict) and str(image.get("url", "")).startswith("data:")
    return _kind(part) in ("text", "refusal")


def _kind(value: JsonValue) -> JsonValue:
    return value.get("type") if isinstance(value, dict) else None


def _invalid(what: str) -> DoorRefusal:
    return DoorRefusal(400, "INVALID_REQUEST", what)
