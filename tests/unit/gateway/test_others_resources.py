"""What belongs to another user or tenant does not exist, on every route there is: the routes come from the document."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from tests.support.access import ALL, Headers, signed_in
from tests.support.agents_world import kill_tasks
from tests.support.owned import ANN, OPERATIONS, Owned
from tests.support.whole_platform import WholePlatform

from nexus_contracts.principal import EVERYBODY
from nexus_runtime.process import caller

EVERYTHING = f"{ALL} statistics:read platform:read"
STRANGERS = {
    "user": signed_in("bob", scope=EVERYTHING),
    "tenant": signed_in("ann", "other", scope=EVERYTHING),
    "admin of another tenant": signed_in("root", "other", scope="admin platform:read"),
}
NOT_BUILT = {"getVerification": "verification", "getAgentVerification": "verification", "getDiff": "diff"}


@pytest_asyncio.fixture
async def owned() -> AsyncGenerator[Owned]:
    made = Owned(WholePlatform())
    await made.make()
    yield made
    caller.principal.set(EVERYBODY)
    await kill_tasks()


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS.keys())
async def test_a_stranger_finds_and_changes_nothing_on_any_route(owned: Owned, stranger: Headers) -> None:
    before, reached = owned.state(), 0
    names = ("project_id", "agent_id", "session_id", "invocation_id", "key_id")
    secrets = [owned.ids[name] for name in names]
    for method, path, operation in OPERATIONS:
        if "{" not in path and method != "GET":
            continue  # makes something of the stranger's own
        answer = await owned.ask(method, path, operation, stranger)
        said = answer.body.decode()
        where = (method, path, answer.status, said[:300])
        if "{" in path:
            assert answer.status in (404, 403), where
            assert answer.status == 404 or operation["operationId"] in ("rotateKey", "deleteKey"), where
        else:
            assert not any(secret in said for secret in secrets), where
            assert "secret name" not in said
        reached += 1
    assert reached >= 30
    assert owned.state() == before


async def test_their_owner_finds_all_of_it(owned: Owned) -> None:
    """So a stranger's 404 is not that of a request which nobody could get right."""
    for method, path, operation in OPERATIONS:
        if method == "GET" and "statistics" not in path:
            answer = await owned.ask(method, path, operation, ANN)
            if missing := NOT_BUILT.get(operation["operationId"]):  # the project is hers, but was not built
                assert answer.json["error"]["details"]["type"] == missing
            else:
                assert answer.status == 200, (path, answer.body)


async def test_without_credentials_or_scopes_no_route_answers(owned: Owned) -> None:
    before = owned.state()
    for method, path, operation in OPERATIONS:
        assert (await owned.ask(method, path, operation, [])).status == 401, path
        if not operation["security"][0]["bearer"]:
            continue
        refused = await owned.ask(method, path, operation, signed_in(scope=""))
        assert refused.status == 403, path
        (needed,) = operation["security"][0]["bearer"]
        assert refused.error["details"] == {"required_scope": needed}
    assert owned.state() == before
