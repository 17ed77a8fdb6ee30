"""The gateway's own tables while their database is silent: an answer in time, then none is waited for."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from aiobotocore.session import AioSession
from aiohttp import web
from aiohttp.test_utils import TestServer

from nexus_contracts.errors import GatewayTimeout
from nexus_gateway import breaker
from nexus_gateway.breaker import MOST_UNANSWERED
from nexus_gateway.own_database import OwnDatabase
from nexus_gateway.settings import GatewaySettings
from nexus_gateway.tables import KEYS
from nexus_runtime.dynamo import ConditionFailed, DatabaseUnavailable, Put, Where

NAMED = {"service": "database"}
PUT = Put(KEYS, {"part": "p", "entry": "e"}, where=Where(absent="part"))


class Silent:
    """A database that accepts requests and answers them only while it is told to. `asked` counts them."""

    def __init__(self) -> None:
        self.speaks = asyncio.Event()
        self.asked = 0
        self.answer: tuple[int, str] = (200, "{}")

    async def take(self, _request: web.Request) -> web.Response:
        self.asked += 1
        await self.speaks.wait()
        status, text = self.answer
        return web.Response(status=status, text=text)


@pytest.fixture
def silent() -> Silent:
    return Silent()


@pytest_asyncio.fixture
async def database(silent: Silent) -> AsyncGenerator[OwnDatabase]:
    app = web.Application()
    app.router.add_post("/", silent.take)
    async with TestServer(app) as server:
        session = AioSession()
        session.set_credentials("key", "secret")
        address = str(server.make_url("/"))
        made = OwnDatabase(GatewaySettings(dynamodb_endpoint_url=address, read_timeout_seconds=0.05))
        await made.start(session)
        yield made
        await made.stop()
        silent.speaks.set()


def patient(database: OwnDatabase) -> None:
    """From now on it waits for as long as a busy machine may need."""
    database._seconds = 30.0  # pyright: ignore[reportPrivateUsage]


async def silenced(database: OwnDatabase) -> None:
    for _ in range(MOST_UNANSWERED):
        with pytest.raises(GatewayTimeout) as late:
            await database.ping()
        assert late.value.details == NAMED


async def test_a_silent_database_is_named_in_time_and_then_left_alone(silent: Silent, database: OwnDatabase) -> None:
    await silenced(database)
    asked = silent.asked
    for call in (database.ping(), database.get(KEYS, {"part": "p", "entry": "e"}), database.write(PUT)):
        with pytest.raises(DatabaseUnavailable) as refused:
            await call
        assert refused.value.details == NAMED
    assert silent.asked == asked


async def test_it_is_asked_now_and_then_until_it_answers(
    silent: Silent, database: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "REST_SECONDS", 0.0)
    await silenced(database)
    with pytest.raises(GatewayTimeout):
        await database.ping()
    monkeypatch.setattr(breaker, "REST_SECONDS", 60.0)
    patient(database)
    silent.speaks.set()
    await database.ping()
    await database.ping()


async def test_a_refusal_is_an_answer(silent: Silent, database: OwnDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "REST_SECONDS", 0.0)
    await silenced(database)
    monkeypatch.setattr(breaker, "REST_SECONDS", 60.0)
    patient(database)
    silent.answer = (400, '{"__type": "x#ConditionalCheckFailedException"}')
    silent.speaks.set()
    for _ in range(2):
        with pytest.raises(ConditionFailed):
            await database.write(PUT)
