"""Reads the payload of an invocation."""

import json
from typing import NamedTuple, cast

from ..tools.contract import JsonValue
from .wire import HttpError

_MOST_TURNS = 50


class Turn(NamedTuple):
    """What the user said and what was answered; None where the turn had no answer."""

    prompt: str
    answer: str | None = None


class Invocation(NamedTuple):
    """A prompt and the turns before it, the oldest first."""

    prompt: str
    turns: tuple[Turn, ...] = ()


def read_invocation(body: bytes) -> Invocation:
    """The invocation in a JSON body. Raises HttpError 400 where the payload is not as the contract has it."""
    try:
        payload = cast(JsonValue, json.loads(body))
    except RecursionError:
        raise _invalid("The JSON is nested too deeply.") from None
    except ValueError:
        raise _invalid("The body is not JSON in UTF-8.") from None
    if not isinstance(payload, dict):
        raise _invalid("The payload is not a JSON object.")
    prompt = payload.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise _invalid("'prompt' must be a text that is not empty.")
    if not isinstance(payload.get("session_state") or {}, dict):
        raise _invalid("'session_state' must be an object.")
    turns = _turns(payload.get("history") or [])
    if turns and turns[-1] == Turn(prompt):
        turns = turns[:-1]
    return Invocation(prompt, tuple(turns[-_MOST_TURNS:]))


def _turns(history: JsonValue) -> list[Turn]:
    if not isinstance(history, list):
        raise _invalid("'history' must be a list of messages.")
    turns: list[Turn] = []
    for message in history:
        if not isinstance(message, dict):
            raise _invalid("A message of 'history' must be an object.")
        role, content = message.get("role"), message.get("content")
        if not isinstance(role, str) or not isinstance(content, str):
            raise _invalid("A message of 'history' needs 'role' and 'content' as text.")
        if role == "user":
            turns.append(Turn(content))
        elif role == "assistant" and turns:
            turns[-1] = Turn(turns[-1].prompt, content)
    return turns


def _invalid(message: str) -> HttpError:
    return HttpError(400, "INVALID_PAYLOAD", message)
