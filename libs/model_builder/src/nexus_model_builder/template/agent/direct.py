"""The way out of an agent on AgentCore: its model on Amazon Bedrock, with the role of its runtime, and MCP servers."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any, cast

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.session import Session

from .converse import deltas, request_of
from .mcp import called
from .outside import NotAnswered, WayOut

_CONNECT_SECONDS = 10
_COUNTED = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens")
_BUSY = ("ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException")
_NOT_ALLOWED = (
    "AccessDeniedException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "ResourceNotFoundException",
)
_OUT_OF_TIME = ("ModelTimeoutException",)
_ARN = re.compile(r"arn:aws[a-z-]*:[^\s'\"]*[^\s'\".,;:]")
_MOST_SHOWN = 500
_Object = dict[str, Any]


class Direct(WayOut):
    """`granted` is what the deployment wrote down: the model, and the MCP servers with their tools."""

    in_band = True

    def __init__(self, granted: _Object) -> None:
        self._model: _Object = granted["model"]
        self._servers: _Object = granted["mcp"]
        self._charges: list[_Object] = []
        self._budget: _Object = {}
        self._session: Any = Session()
        self._client: Any = None

    @property
    def used(self) -> _Object:
        sums = {name: sum(charge.get(name, 0) for charge in self._charges) for name in _COUNTED}
        return {"model": self._model["name"], **sums} if self._model else {}

    def bound(self, budget: object) -> None:
        self._budget = cast("_Object", budget) if isinstance(budget, dict) else {}

    def chat(self, body: _Object) -> Iterator[_Object]:
        if not self._model:
            raise NotAnswered("MODEL_NOT_ALLOWED", "This agent may use no language model.")
        most = int(self._model["max_output_tokens"])
        # What is cut off counts at its dearest: no token is shorter than a byte.
        charge: _Object = {"input_tokens": len(json.dumps(body).encode()), "output_tokens": most}
        if self._budget:
            self._require_room(charge)
        self._charges.append(charge)
        request = request_of(body, self._model["id"], most)
        try:
            stream = self._bedrock().converse_stream(**request)["stream"]
        except (ClientError, BotoCoreError) as error:
            if not isinstance(error, ReadTimeoutError):
                self._charges.remove(charge)
            raise _unanswered(error, self._model["name"]) from None
        try:
            yield from deltas(stream, charge)
        except ClientError as error:
            raise _unanswered(error, self._model["name"]) from None
        except Exception:  # noqa: BLE001 - botocore passes on what the connection's library raises
            raise NotAnswered("MODEL_UNAVAILABLE", "The model's answer was cut off or unreadable.") from None

    def _require_room(self, charge: _Object) -> None:
        """Raises NotAnswered. The first call was admitted by whoever set the budget."""
        usd, prices = float(self._budget["usd"]), self._budget["prices"]
        if prices["cache_write_usd"] > prices["input_usd"]:
            charge["cache_write_tokens"] = charge["input_tokens"]
        spent = sum(_cost(one, prices) for one in self._charges)
        if self._charges and spent + _cost(charge, prices) > usd:
            raise NotAnswered(
                "BUDGET_EXCEEDED",
                f"Of the agent's budget for the day this invocation had {usd:.4f} USD, of which {spent:.4f} are spent: "
                "another call of its model may exceed it.",
            )

    def call_remote(self, server: str, tool: str, arguments: _Object) -> str:
        granted = self._servers.get(server)
        if granted is None or tool not in granted["tools"]:
            raise NotAnswered("TOOL_NOT_ALLOWED", f"The agent may not call {tool[:128]!r} of {server[:40]!r}.")
        return called(server, granted["url"], tool, arguments)

    def _bedrock(self) -> Any:
        """Each call is sent once: one that has timed out may have been paid."""
        if self._client is None:
            region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or self._model["region"]
            config = Config(
                retries={"total_max_attempts": 1},
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=self._model["seconds"],
            )
            address = self._model["url"]
            self._client = self._session.create_client(
                "bedrock-runtime", region_name=region, endpoint_url=address, config=config
            )
        return self._client


def _cost(charge: _Object, prices: _Object) -> float:
    """In USD, as the platform counts it."""
    cached, written = int(charge.get("cached_tokens", 0)), int(charge.get("cache_write_tokens", 0))
    fresh = int(charge["input_tokens"]) - cached - written
    read = fresh * prices["input_usd"] + cached * prices["cached_usd"] + written * prices["cache_write_usd"]
    return float(read + int(charge["output_tokens"]) * prices["output_usd"]) / 1_000_000


def _unanswered(error: "ClientError | BotoCoreError", model: str) -> NotAnswered:
    if not isinstance(error, ClientError):
        return _not_asked(error, model)
    told: Any = error.response.get("Error", {})
    code = _plain(str(told.get("Code", "")))
    if code in _BUSY:
        return NotAnswered("MODEL_UNAVAILABLE", f"{model} takes no more requests for now: {code}.")
    if code in _NOT_ALLOWED:
        hint = "the role of the agents needs bedrock:InvokeModelWithResponseStream for it, in this region"
        return NotAnswered("MODEL_REJECTED", f"{model} refuses this installation: {code} ({hint}).")
    if code in _OUT_OF_TIME:
        return NotAnswered("TIMED_OUT", f"{model} took too long.")
    if code == "ValidationException":
        said = _ARN.sub("(ARN)", str(told.get("Message", "")))[:_MOST_SHOWN]
        return NotAnswered("MODEL_REJECTED", f"{model} refuses the request: {said}")
    return NotAnswered("MODEL_UNAVAILABLE", f"{model} is unavailable: {code}.")


def _not_asked(error: BotoCoreError, model: str) -> NotAnswered:
    match error:
        case NoCredentialsError():
            return NotAnswered("MODEL_REJECTED", f"{model} cannot be asked: the agent's runtime has no credentials.")
        case ReadTimeoutError():
            return NotAnswered("TIMED_OUT", f"{model} took too long.")
        case EndpointConnectionError() | ConnectTimeoutError():
            return NotAnswered("MODEL_UNAVAILABLE", f"{model} cannot be reached.")
        case _:
            return NotAnswered("MODEL_UNAVAILABLE", f"{model} could not be asked: {type(error).__name__}.")


def _plain(code: str) -> str:
    """Within a stream errors are named like members: their first letter is small."""
    return code[:1].upper() + code[1:]
