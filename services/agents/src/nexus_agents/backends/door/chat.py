"""Passes calls of models on to their providers, and counts what they use."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from pydantic import JsonValue

from nexus_agents.backends.door.account import Account, Charge
from nexus_agents.backends.door.bodies import MOST_RECEIVED, received_body, sent_body
from nexus_agents.backends.door.chat_requests import ChatRequest, chat_request
from nexus_agents.backends.door.grants import Grants, Rights, redacted
from nexus_agents.backends.door.outside import Outside
from nexus_agents.backends.door.refusals import DoorRefusal
from nexus_agents.backends.settling import Settling
from nexus_agents.backends.streams import JSON
from nexus_agents.domain.spending import BudgetExceeded, BudgetUnknown, Spending
from nexus_contracts.builds.language_models import LanguageModel
from nexus_contracts.builds.reports import MOST, Usage
from nexus_contracts.strict_json import UnreadableJson

OPENAI = "https://api.openai.com/v1"
_MOST_SHOWN = 500


@dataclass
class _Call:
    request: ChatRequest
    model: LanguageModel
    key: str | None
    charge: Charge

    def read_figures(self, answer: JsonValue) -> bool:
        """Whether it holds the usage."""
        figures = answer.get("usage") if isinstance(answer, dict) else None
        counts = [_count(figures, name) for name in ("prompt_tokens", "completion_tokens")]
        if None in counts:
            return False
        details = figures.get("prompt_tokens_details") if isinstance(figures, dict) else None
        cached, written = (_count(details, name) or 0 for name in ("cached_tokens", "cache_write_tokens"))
        self.charge.used = self.model.usage(counts[0] or 0, counts[1] or 0, cached, written)
        return True


class Chat:
    def __init__(self, grants: Grants, spending: Spending, outside: Outside) -> None:
        self._grants = grants
        self._spending = spending
        self._outside = outside
        self._settling = Settling(spending)

    async def close(self) -> None:
        """Returns when all calls that have ended are settled."""
        await self._settling.close()

    async def answer(
        self, request: web.BaseRequest, rights: Rights, account: Account, clock: asyncio.Timeout
    ) -> web.StreamResponse:
        """Raises DoorRefusal; of a stream that has begun it is the last event, and `clock` stands still."""
        if (model := rights.model) is None:
            named = rights.spec.model or "no model"
            raise DoorRefusal(403, "MODEL_NOT_ALLOWED", f"the agent's specification names {named}: it is not granted")
        asked = chat_request(await sent_body(request), model)
        try:
            key = model.key_in(self._grants.environment)
        except ValueError as error:
            raise DoorRefusal(502, "MODEL_REJECTED", str(error)) from None
        call = _Call(asked, model, key, Charge(model.name, asked.worst))
        async with self._paid(rights.agent_id, call, account), self._asked(call) as response:
            if asked.streamed:
                return await _streamed(request, call, response, clock)
            body = await received_body(response)
            call.read_figures(_json(body))
        return web.Response(body=redacted(body, key), content_type="application/json")

    @asynccontextmanager
    async def _paid(self, agent_id: str, call: _Call, account: Account) -> AsyncGenerator[None]:
        """Reserves what the call may cost, and settles what it has cost. Ended in mid-call it has cost all of it."""
        account.begin_call()
        worst, began = call.request.worst, time.monotonic()
        try:
            reserved = await self._spending.reserve(agent_id, worst.cost_usd)
        except BudgetExceeded as error:
            raise DoorRefusal(402, "BUDGET_EXCEEDED", str(error)) from None
        except BudgetUnknown:
            raise DoorRefusal(503, "BUDGET_UNKNOWN", "what the agent may spend cannot be read now") from None
        account.add(call.charge)
        try:
            yield
        finally:
            call.charge.milliseconds = round((time.monotonic() - began) * 1000)
            if call.charge.used is not worst:
                # The agent, which has its answer by now, may end its invocation meanwhile.
                await self._settling.settle(reserved, call.charge.used.cost_usd)

    @asynccontextmanager
    async def _asked(self, call: _Call) -> AsyncGenerator[aiohttp.ClientResponse]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {call.key}"} if call.key else {})
        body = json.dumps(call.request.body, ensure_ascii=False).encode()
        url = f"{(call.model.base_url or OPENAI).rstrip('/')}/chat/completions"
        try:
            async with self._outside.asked("POST", url, headers, body) as response:
                if response.status != 200:
                    call.charge.used = Usage()
                    raise await _refused(response, call)
                yield response
        except aiohttp.ClientConnectorError:
            call.charge.used = Usage()
            raise _unavailable(call, "cannot be reached") from None
        except (aiohttp.ClientError, ValueError):
            raise _unavailable(call, "ended its answer too early, or in a wrong form") from None


async def _streamed(
    request: web.BaseRequest, call: _Call, response: aiohttp.ClientResponse, clock: asyncio.Timeout
) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await answer.prepare(request)
    deadline = clock.when()
    clock.reschedule(None)
    try:
        async with asyncio.timeout_at(deadline):
            async for line in _lines(response, call):
                await answer.write(redacted(line, call.key))
    except (aiohttp.ClientError, ValueError):
        await answer.write(_unavailable(call, "ended its answer too early, or in a wrong form").event())
    except DoorRefusal as refusal:
        await answer.write(refusal.event())
    except TimeoutError:
        await answer.write(_unavailable(call, "took too long").event())
    await answer.write_eof()
    return answer


async def _lines(response: aiohttp.ClientResponse, call: _Call) -> AsyncIterator[bytes]:
    """Those of the stream, without the figures where nobody has asked for them."""
    size, whole = 0, False
    async for line in response.content:
        size += len(line)
        if size > MOST_RECEIVED:
            raise DoorRefusal(502, "TOO_LARGE", f"the answer has more than {MOST_RECEIVED} bytes")
        text = line.removeprefix(b"data:").strip()
        whole = whole or text == b"[DONE]"
        event = _json(text) if b'"usage"' in text else None
        told = call.read_figures(event) and isinstance(event, dict) and not event.get("choices")
        if not told or call.request.figures_asked:
            yield line
    if not whole:
        raise ValueError("the stream has no end")


async def _refused(response: aiohttp.ClientResponse, call: _Call) -> DoorRefusal:
    """Of what the provider says only what concerns the request is passed on."""
    name = call.model.name
    if response.status == 429:
        wait = response.headers.get("Retry-After", "")
        headers = {"Retry-After": wait} if wait.isascii() and wait.isdigit() else {}
        return DoorRefusal(429, "MODEL_UNAVAILABLE", f"{name} takes no more requests for now", headers)
    if response.status in (400, 413, 422):
        body = _json(await received_body(response))
        error = body.get("error") if isinstance(body, dict) else None
        said = str(error.get("message", "") if isinstance(error, dict) else "")
        # Cut first, the beginning of a key could be left at the end.
        shown = redacted(said.encode(), call.key).decode()[:_MOST_SHOWN]
        return DoorRefusal(400, "MODEL_REJECTED", f"{name} refuses the request: {shown}")
    if response.status < 500:
        return DoorRefusal(502, "MODEL_REJECTED", f"{name} refuses this installation: HTTP {response.status}")
    return DoorRefusal(503, "MODEL_UNAVAILABLE", f"{name} is unavailable: HTTP {response.status}")


def _unavailable(call: _Call, what: str) -> DoorRefusal:
    return DoorRefusal(503, "MODEL_UNAVAILABLE", f"{call.model.name} {what}")


def _json(text: bytes) -> JsonValue:
    try:
        return JSON.read(text)
    except UnreadableJson:
        return None


def _count(figures: JsonValue, name: str) -> int | None:
    found = figures.get(name) if isinstance(figures, dict) else None
    return found if isinstance(found, int) and 0 <= found <= MOST else None
