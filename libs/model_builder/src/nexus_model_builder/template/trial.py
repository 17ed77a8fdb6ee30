"""Holds the conversations of trial.json with the agent of this folder, and prints what it answered, as JSON."""

import json
import os
import signal
import sys
from contextlib import redirect_stdout
from importlib import import_module
from time import gmtime, time
from types import ModuleType
from typing import Any

_ROOT = os.path.dirname(os.path.abspath(__file__))
_SECONDS = 5


class TooSlow(BaseException):
    """One turn takes too long. No error that a tool could catch."""


def hold(conversations: "list[list[str]]", responder: Any, payload: Any) -> "list[list[dict[str, Any]]]":
    """Of each conversation the answers up to the first that failed."""
    held: list[list[dict[str, Any]]] = []
    for prompts in conversations:
        turns: list[Any] = []
        answers: list[dict[str, Any]] = []
        for prompt in prompts:
            answers.append(_answer(responder, payload.Invocation(prompt, tuple(turns))))
            if "error" in answers[-1]:
                break
            turns.append(payload.Turn(prompt, answers[-1]["text"]))
        held.append(answers)
    return held


def _answer(responder: Any, invocation: Any) -> "dict[str, Any]":
    now = gmtime(time())
    signal.alarm(_SECONDS)
    try:
        reply = responder.reply(invocation, (now.tm_year, now.tm_mon, now.tm_mday))
    except TooSlow:
        return {"error": f"no answer within {_SECONDS} s"}
    except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, it is the agent's fault
        return {"error": type(error).__name__}
    finally:
        signal.alarm(0)
    called = [call["name"] for call in reply.tool_calls if "error" not in call["output"]]
    return {"text": reply.text, "tools": called}


def _stop(_number: int, _frame: object) -> None:
    raise TooSlow


def main() -> None:
    with open(os.path.join(_ROOT, "trial.json"), encoding="utf-8") as file:
        conversations = json.load(file)
    with open(os.path.join(_ROOT, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    signal.signal(signal.SIGALRM, _stop)
    package = ModuleType("agent_package")
    package.__path__ = [_ROOT]
    sys.modules["agent_package"] = package
    with redirect_stdout(sys.stderr):
        responder = import_module("agent_package.agent.responder").Responder.of_manifest(manifest)
        held = hold(conversations, responder, import_module("agent_package.agent.payload"))
    sys.stdout.write(json.dumps(held))


if __name__ == "__main__":
    main()
