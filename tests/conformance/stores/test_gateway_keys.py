"""What the gateway's keys keep to: in memory, and on the database of NEXUS_INFRA."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
import pytest_asyncio
from pydantic import SecretStr
from tests.support.access import SECRET
from tests.support.databases import new_tables
from tests.support.memory_database import MemoryDatabase

from nexus_contracts.errors import IdempotencyKeyReused, NotFound
from nexus_contracts.keys import CreateKeyBody
from nexus_contracts.principal import Principal
from nexus_devstack.stack import Stack
from nexus_gateway.access.keys import Keys, Wish
from nexus_gateway.tables import TABLES
from nexus_runtime.dynamo import Database
from nexus_runtime.process.clock import utc_now

pytestmark = pytest.mark.asyncio(loop_scope="session")
ADMIN = Principal(id="root", tenant="acme")
BODY = CreateKeyBody(name="test", user_id="ann", scopes=("projects:read",))


@pytest_asyncio.fixture(params=["memory", "dynamo"], loop_scope="session")
async def keys(request: pytest.FixtureRequest, stack: Stack) -> AsyncGenerator[Keys]:
    def over(database: Database) -> Keys:
        return Keys(database, SecretStr(SECRET), utc_now)

    if request.param == "memory":
        yield over(MemoryDatabase().as_database())
        return
    async with new_tables(stack, TABLES) as database:
        yield over(database)


def wish(command_id: str, fingerprint: str = "f") -> Wish:
    return Wish(command_id, fingerprint, ADMIN, BODY)


async def test_fifty_equal_wishes_make_one_key(keys: Keys) -> None:
    made = await asyncio.gather(*(keys.create(wish("one")) for _ in range(50)))
    assert len({one.view.key for one in made}) == 1
    assert sum(not one.replayed for one in made) == 1
    assert len((await keys.page("acme", 10, None))[0]) == 1
    with pytest.raises(IdempotencyKeyReused):
        await keys.create(wish("one", "other"))


async def test_a_key_counts_until_it_is_deleted_and_its_use_is_noted(keys: Keys) -> None:
    token = (await keys.create(wish("one"))).view.key
    stored = await keys.verified(token)
    assert stored
    await keys.used(stored)
    assert (await keys.own(stored.key_id, ADMIN)).last_used_at
    await keys.delete(stored.key_id, ADMIN)
    assert await keys.verified(token) is None
    with pytest.raises(NotFound):
        await keys.own(stored.key_id, ADMIN)
    assert (await keys.page("acme", 10, None))[0] == []


async def test_a_rotation_that_is_repeated_makes_one_key_and_ends_the_old_one_once(keys: Keys) -> None:
    old = (await keys.create(wish("old"))).view
    first, second = [await keys.rotate(old.key_id, wish("new"), timedelta(hours=1)) for _ in range(2)]
    assert first.view == second.view
    expires_at = (await keys.own(old.key_id, ADMIN)).expires_at
    assert expires_at == first.view.created_at + timedelta(hours=1)
    assert await keys.verified(old.key)


async def test_pages_go_through_all_keys_newest_first(keys: Keys) -> None:
    made = [(await keys.create(wish(str(number)))).view.key_id for number in range(5)]
    found: list[str] = []
    position: str | None = None
    while True:
        page, position = await keys.page("acme", 2, position)
        found += [key.key_id for key in page]
        if position is None:
            break
    assert found == made[::-1]
