"""One request to a model for a structured answer, and its outcome."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, cast

from pydantic import JsonValue

from nexus_contracts.builds.builder import MAX_CHECKPOINT_BYTES
from nexus_contracts.builds.language_models import LanguageModel
from nexus_contracts.builds.reports import Usage
from nexus_model_builder.models import Models
from nexus_verification.answers import json_in

ANSWER = "answer"
MOST_BYTES = MAX_CHECKPOINT_BYTES - 10_000
"""Of an answer: it is kept in a checkpoint, with its usage."""

_MOST_TOKENS = 10**7
"""In one call. No model takes as many."""
_UNSENT = ("pool", "connect")
_OUT_OF_TIME = (408, 504)
"""HTTP statuses of whoever has waited in vain for the model, which may have gone on."""


class RequestFailed(Exception):
    """The model gave no answer. `code` is the build's error code, if no other model answers either.

    `again`: worth retrying with the same model, after `wait` seconds (None: the caller chooses); else with another.
    `lost`: the provider may have answered, and may bill an answer that never came.
    """

    def __init__(
        self, code: str, message: str, *, again: bool = False, wait: float | None = None, lost: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.again = again
        self.wait = wait
        self.lost = lost


@dataclass(frozen=True)
class Response:
    """`arguments` is None if the model answered in another form than asked for; `fault` then says in what respect."""

    arguments: dict[str, JsonValue] | None
    usage: Usage
    fault: str | None = None
    refused: bool = False


@dataclass(frozen=True)
class Request:
    instructions: str
    prompt: str
    schema: dict[str, Any]

    @property
    def input_tokens(self) -> int:
        """At most so many: no token is shorter than a byte."""
        return len(f"{self.instructions}{self.prompt}{json.dumps(self.schema)}".encode())


async def asked(request: Request, offer: LanguageModel, models: Models, seconds: float) -> Response:
    """The model's answer, within `seconds`. Raises RequestFailed."""
    try:
        model = await asyncio.to_thread(models.made, offer)
    except ValueError as error:
        raise RequestFailed("MODEL_UNAVAILABLE", str(error)) from None
    from botocore.exceptions import BotoCoreError
    from pydantic_ai import exceptions as faults
    from pydantic_ai.direct import model_request
    from pydantic_ai.messages import ModelRequest, UserPromptPart
    from pydantic_ai.settings import ModelSettings

    settings = ModelSettings(max_tokens=offer.max_output_tokens, cache={"messages": False})
    if offer.provider != "bedrock":  # whose client has been told
        settings["max_retries"] = 0
    message = ModelRequest(parts=[UserPromptPart(content=request.prompt)], instructions=request.instructions)
    try:
        async with asyncio.timeout(seconds):
            response = await model_request(
                model, [message], model_settings=settings, model_request_parameters=_parameters(request, offer)
            )
    except TimeoutError:
        raise _lost(f"{offer.name}: no answer in {seconds:g} s") from None
    except faults.AgentRunError as error:
        raise _failed(offer, error) from None
    except BotoCoreError as error:  # before anything was sent: credentials that cannot be had, or have expired
        raise RequestFailed("MODEL_REJECTED", f"{offer.name}: {str(error)[:500]}") from None
    return _response(response, request, offer)


def _parameters(request: Request, offer: LanguageModel) -> Any:
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.output import OutputObjectDefinition
    from pydantic_ai.tools import ToolDefinition

    if offer.answers_by == "schema":
        form = OutputObjectDefinition(name=ANSWER, json_schema=request.schema)
        return ModelRequestParameters(output_mode="native", output_object=form)
    tool = ToolDefinition(
        name=ANSWER, description="Your whole answer.", parameters_json_schema=request.schema, kind="output"
    )
    return ModelRequestParameters(output_mode="tool", output_tools=[tool], allow_text_output=False)


def _failed(offer: LanguageModel, error: Exception) -> RequestFailed:
    from pydantic_ai import exceptions as faults

    message = f"{offer.name}: {str(error)[:500]}"
    match error:
        case faults.ModelContextWindowExceededError():
            return RequestFailed("CONTEXT_TOO_LARGE", message)
        case faults.ContentFilterError():
            return RequestFailed("CONTENT_REFUSED", message)
        case faults.ModelQuotaExceededError() | faults.ModelRequestRejectedError():
            return RequestFailed("MODEL_REJECTED", message)
        case _ if _may_be_billed(error):
            return _lost(message)
        case (
            faults.ModelRateLimitError()
            | faults.ModelUnavailableError()
            | faults.ModelServerError()
            | faults.ModelConnectionError()
        ):
            return RequestFailed("MODEL_UNAVAILABLE", message, again=True, wait=error.retry_after)
        case faults.ModelHTTPError() if 400 <= error.status_code < 500:
            return RequestFailed("MODEL_REJECTED", message)
        case _:
            return RequestFailed("MODEL_UNAVAILABLE", message, again=True)


def _lost(message: str) -> RequestFailed:
    return RequestFailed("MODEL_UNAVAILABLE", message, again=True, lost=True)


def _may_be_billed(error: Exception) -> bool:
    """Whether the request may have been answered: it was sent, and is neither refused nor said to have failed."""
    from pydantic_ai import exceptions as faults

    match error:
        case faults.ModelConnectionError():
            return error.phase not in _UNSENT
        case faults.ModelHTTPError():
            return error.in_stream or error.status_code in _OUT_OF_TIME
        case faults.ModelAPIError():
            return error.in_stream or isinstance(error, faults.ModelRequestTimeout)
        case _:  # a stream that was cut, a body that is no JSON
            return True


def _response(response: Any, request: Request, offer: LanguageModel) -> Response:
    usage = _usage(response.usage, request, offer)
    if response.finish_reason == "content_filter":
        return Response(None, usage, "the model refused to answer", refused=True)
    try:
        return Response(_arguments(response), usage)
    except (ValueError, AssertionError, TypeError) as error:
        cut = "the answer was cut: it is too long. " if response.finish_reason == "length" else ""
        return Response(None, usage, f"{cut}The answer is no JSON object: {str(error)[:300]}")


def _usage(used: Any, request: Request, offer: LanguageModel) -> Usage:
    """Of an answer that does not tell, or tells nonsense, the most that it can have been: a budget has to know."""
    counts = (used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens)
    if not (used.input_tokens or used.output_tokens) or not all(0 <= count <= _MOST_TOKENS for count in counts):
        return offer.dearest(request.input_tokens, offer.max_output_tokens)
    return offer.usage(*counts)


def _arguments(response: Any) -> dict[str, JsonValue]:
    """The arguments of the tool call, or else JSON in the text, where small models put them. Raises ValueError."""
    calls = [part for part in response.parts if part.part_kind == "tool-call"]
    if calls:
        value = calls[0].args_as_dict(raise_if_invalid=True)
    else:
        value = json_in("".join(part.content for part in response.parts if part.part_kind == "text"))
    if not isinstance(value, dict):
        raise ValueError("it is another JSON value")
    if len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode()) > MOST_BYTES:
        raise ValueError("it is too long")
    return cast("dict[str, JsonValue]", value)
