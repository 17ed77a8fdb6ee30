"""Answers one connection: the routes of the runtime contract."""

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from time import gmtime, time

from ..tools.contract import JsonValue, Refusal
from ..tools.patterns import compile_next
from .confined import ComputationFailed, Limits, MemoryLimitExceeded, TimeLimitExceeded, confined, why_it_ended
from .events import events_of
from .payload import Invocation, read_invocation
from .responder import Responder
from .server import Handler
from .wire import (
    HttpError,
    HttpRequest,
    encoded,
    json_answer,
    read_request,
    send_events,
    send_json,
    state_asked,
    wants_events,
)

_READ_SECONDS = 30.0


class Desk(Handler):
    """Answers with `responder`, each invocation within `limits`."""

    lasting = True

    def __init__(self, responder: Responder, limits: Limits) -> None:
        self._responder = responder
        self._limits = limits

    def prepare(self) -> bool:
        return self._responder.rehearse() or compile_next()

    def handle(self, connection: socket.socket, busy: bool, changed: int) -> None:
        connection.settimeout(_READ_SECONDS)
        try:
            request = read_request(connection)
            if request is None:
                return
            body = self._routed(request, busy, changed)
            streamed = request.path == "/invocations" and wants_events(request)
        except HttpError as error:
            send_json(connection, error.status, encoded(error.body))
        else:
            with suppress(MemoryError):  # what is sent already is followed by nothing else
                if streamed:
                    send_events(connection, body)
                else:
                    send_json(connection, 200, body)

    def epitaph(self, status: int) -> bytes:
        error = self._failure(why_it_ended(status))
        return json_answer(error.status, encoded(error.body))

    def _routed(self, request: HttpRequest, busy: bool, changed: int) -> bytes:
        if (state := state_asked(request, busy, changed)) is not None:
            return encoded(state)
        written = events_of if wants_events(request) else encoded
        return self._invoked(lambda: self._computed(request.body, written))

    def _invoked(self, compute: Callable[[], bytes]) -> bytes:
        try:
            outcome = confined(compute, self._limits)
        except ComputationFailed as error:
            raise self._failure(error) from None
        status, _, answer = outcome.partition(b" ")
        if status != b"200":
            refused = json.loads(answer)
            raise HttpError(int(status), refused["error"], refused["message"])
        return answer

    def _failure(self, why: Exception) -> HttpError:
        if isinstance(why, TimeLimitExceeded):
            message = f"The answer takes longer than the {self._limits.seconds:g} seconds that I may work."
            return HttpError(504, "TIME_LIMIT_EXCEEDED", message)
        if isinstance(why, MemoryLimitExceeded):
            message = f"The answer needs more than the {self._limits.memory_mb} MB of memory that I may use."
            return HttpError(500, "MEMORY_LIMIT_EXCEEDED", message)
        return HttpError(500, "INTERNAL_ERROR", "The answer could not be worked out.")

    def _computed(self, body: bytes, written: Callable[[dict[str, JsonValue]], bytes]) -> bytes:
        """Status and body. The payload is read here too: parsing it costs memory like everything else."""
        try:
            return b"200 " + written(self._reply(read_invocation(body)))
        except HttpError as error:
            return f"{error.status} ".encode() + encoded(error.body)
        except Refusal as refusal:
            return b"200 " + written(_answer(refusal.english, []))

    def _reply(self, invocation: Invocation) -> dict[str, JsonValue]:
        # Rounded to days, for `today`; the clock is read here and nowhere else.
        now = gmtime(time())
        reply = self._responder.reply(invocation, (now.tm_year, now.tm_mon, now.tm_mday))
        return _answer(reply.text, list(reply.tool_calls))


def handler(root: str, limits: Limits) -> Handler:
    """For the package unpacked in `root`, its tools imported."""
    with open(os.path.join(root, "manifest.json"), encoding="utf-8") as file:
        return Desk(Responder.of_manifest(json.load(file)), limits)


def _answer(text: str, calls: list[JsonValue]) -> dict[str, JsonValue]:
    usage: dict[str, JsonValue] = {"input_tokens": 0, "output_tokens": 0, "tool_calls": len(calls)}
    return {"output": text, "tool_calls": calls, "usage": usage}
