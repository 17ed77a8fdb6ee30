"""Where the services share a secret, owners believe the gateway alone."""

from typing import Any

import pytest
from pydantic import SecretStr
from tests.support.asgi import HttpCaller

from nexus_contracts.envelope import CloudEvent, MalformedEvent
from nexus_contracts.errors import Unauthenticated
from nexus_contracts.principal import EVERYBODY, Principal
from nexus_runtime.process import caller
from nexus_runtime.process.caller import HEADER, VALID_SECONDS, Trust
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.health import Health
from nexus_runtime.process.queries import json_answer, query_router
from nexus_runtime.process.service import application

ANN = Principal(id="ann ✓", tenant="acme", scopes=("projects:read",))
SECRET = SecretStr("a secret of thirty-two characters")
PATH = "/who?last_key=a%2Fb"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trust(clock: Clock) -> Trust:
    return Trust(SECRET, clock)


async def who(last_key: str = "") -> Any:
    return json_answer(caller.principal.get())


def owner(trust: Trust) -> HttpCaller:
    return HttpCaller(application("owner", [], Health({}, {}), query_router(("/who", who, "who")), trust=trust))


async def test_an_owner_hears_from_the_gateway_who_asks(trust: Trust) -> None:
    answer = await owner(trust)("GET", PATH, headers=list(trust.header(ANN, "GET", PATH).items()))
    assert answer.json == {"id": ANN.id, "tenant": "acme", "scopes": ["projects:read"]}


async def test_what_the_gateway_did_not_sign_for_this_request_is_not_believed(trust: Trust, clock: Clock) -> None:
    ask, good = owner(trust), trust.header(ANN, "GET", PATH)[HEADER]
    stranger = Trust(SecretStr("another secret of 32 characters!"), clock).header(ANN, "GET", PATH)[HEADER]
    admin = Trust(None, clock).header(EVERYBODY, "GET", PATH)[HEADER]
    mixed = admin.partition(".")[0] + "." + good.partition(".")[2]
    for sent in ("", "x", ".", stranger, admin, mixed, trust.header(ANN, "POST", PATH)[HEADER]):
        answer = await ask("GET", PATH, headers=[(HEADER, sent)])
        assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED"), sent
    assert (await ask("GET", PATH)).status == 401
    assert (await ask("GET", "/who?last_key=other", headers=[(HEADER, good)])).status == 401
    assert (await ask("GET", "/docs")).status == 401
    assert (await ask("GET", "/health/ready")).status == 200
    clock.now += VALID_SECONDS + 1
    assert (await ask("GET", PATH, headers=[(HEADER, good)])).status == 401


async def test_without_a_secret_everything_is_believed() -> None:
    trust = Trust(None)
    assert trust.identify(None, "GET", PATH) == EVERYBODY
    assert trust.identify(trust.header(ANN, "GET", PATH)[HEADER], "GET", PATH) == ANN
    for unreadable in ("not an identity", "bnVsbA==.", "e30=."):  # null, {}
        with pytest.raises(Unauthenticated):
            trust.identify(unreadable, "GET", PATH)


def test_who_asks_again_within_the_second_is_signed_for_each_request(trust: Trust, clock: Clock) -> None:
    one, other = (trust.header(ANN, "GET", path)[HEADER].split(".") for path in (PATH, "/other"))
    assert one[0] == other[0]
    assert one[1] != other[1]
    clock.now += 1
    assert trust.header(ANN, "GET", PATH)[HEADER].split(".")[0] != one[0]


async def test_commands_are_taken_with_their_signature_only(trust: Trust) -> None:
    data: Any = {"command_id": "c", "principal": {"id": "ann", "tenant": "acme", "scopes": []}, "number": 0.1}
    event = CloudEvent(id="1", source="/nexus/gateway", type="t", subject="s", time=utc_now(), data=data)
    signed = trust.sign(event)
    assert await trust.admit(signed) == signed
    forged = signed.model_copy(update={"data": {**data, "principal": {**data["principal"], "scopes": ["admin"]}}})
    for wrong in (event, forged):
        with pytest.raises(MalformedEvent):
            await trust.admit(wrong)
    assert await Trust(None).admit(event) == event
