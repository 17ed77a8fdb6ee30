"""Credentials: what is accepted as one, what it may do, and what is said to all others."""

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, get_args

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr
from tests.support.access import SECRET, SETTINGS, bearer, claims, key_of, signed_in
from tests.support.asgi import HttpCaller
from tests.support.eventually import eventually
from tests.support.gateway_fakes import FakePlatform
from tests.support.histories import History

from nexus_contracts.keys import KeyView, Scope
from nexus_contracts.principal import Principal
from nexus_gateway.access import credentials
from nexus_gateway.access.keys import Keys
from nexus_gateway.access.scopes import SCOPES
from nexus_gateway.openapi.examples import PROJECT_ID
from nexus_gateway.owners import Answer
from nexus_gateway.routes import builds
from nexus_gateway.sse import paced

PROJECTS, KEYS = "/api/v1/projects", "/api/v1/keys"
BODY = {"name": "nightly", "user_id": "bob", "scopes": ["projects:read"]}
RSA = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def platform() -> FakePlatform:
    made = FakePlatform(**SETTINGS)
    made.owners.answers["builds/projects"] = Answer(b'{"items": [], "count": 0, "last_key": null}', None)
    return made


@pytest.fixture
def keys(platform: FakePlatform) -> Keys:
    assert platform.keys
    return platform.keys


def token(algorithm: str = "HS256", key: Any = SECRET, **changes: Any) -> str:
    said = {name: value for name, value in claims(**changes).items() if value is not None}
    return jwt.encode(said, key, algorithm=algorithm)


def unsigned() -> str:
    parts = [{"alg": "none", "typ": "JWT"}, claims()]
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts) + "."


REFUSED = {
    "nothing": [],
    "two": [*signed_in(), *signed_in()],
    "basic": [("Authorization", "Basic YW5uOnB3")],
    "empty": bearer(""),
    "no token": bearer("x"),
    "alg none": bearer(unsigned()),
    "another algorithm": bearer(token("RS256", RSA)),
    "another secret": bearer(token(key="another secret of thirty-two letters")),
    "expired": bearer(token(exp=1)),
    "no expiry": bearer(token(exp=None)),
    "not yet": bearer(token(nbf=9_999_999_999)),
    "wrong audience": bearer(token(aud="other")),
    "wrong issuer": bearer(token(iss="https://evil.example")),
    "no tenant": bearer(token(tenant=None)),
    "a tenant that is no name": bearer(token(tenant="a#b")),
    "no user": bearer(token(user="")),
    "huge": bearer(token(scope="x" * 100_000)),
    "a key that is none": bearer("nexus_" + "a" * 75),
}


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_no_credential_is_refused_in_the_envelope(
    call: HttpCaller, platform: FakePlatform, headers: list[tuple[str, str]]
) -> None:
    answer = await call("GET", PROJECTS, headers=headers)
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert SECRET not in answer.body.decode()
    assert not platform.owners.asked


async def test_credentials_come_before_everything_that_is_wrong_with_a_request(call: HttpCaller) -> None:
    assert (await call("GET", PROJECTS + "/nonsense?x=1")).status == 401
    assert (await call("POST", PROJECTS, raw=b"{")).status == 401


async def test_who_lacks_the_scope_is_told_which(call: HttpCaller) -> None:
    answer = await call("GET", PROJECTS, headers=signed_in(scope="agents:read made:up"))
    assert (answer.status, answer.error["code"]) == (403, "PERMISSION_DENIED")
    assert answer.error["details"] == {"required_scope": "projects:read"}


async def test_an_admin_may_do_all_but_look_at_the_whole_platform(call: HttpCaller, keys: Keys) -> None:
    admin = signed_in(scope="admin")
    assert (await call("GET", PROJECTS, headers=admin)).status == 200
    for path in ("/metrics", "/health/detailed", "/api/v1/statistics/system-health"):
        assert (await call("GET", path, headers=admin)).status == 403, path
        assert (await call("GET", path)).status == 401, path
        assert (await call("GET", path, headers=signed_in(scope="platform:read"))).status == 200, path
    for path in ("/health", "/health/ready", "/stages/info", "/openapi.json"):
        assert (await call("GET", path)).status == 200, path


async def test_an_api_key_acts_for_its_user(call: HttpCaller, platform: FakePlatform, keys: Keys) -> None:
    key = await key_of(keys, user_id="bob", scopes=("projects:read",))
    assert (await call("GET", PROJECTS, headers=bearer(key))).status == 200
    asker = platform.owners.askers[-1]
    assert (asker.id, asker.tenant, asker.scopes) == ("bob", "acme", ("projects:read",))
    assert key not in str(platform.database.tables)
    assert key[38:] not in str(platform.database.tables)


async def test_a_key_is_shown_once_listed_without_its_secret_and_gone_when_deleted(
    call: HttpCaller, platform: FakePlatform
) -> None:
    admin = signed_in(scope="admin")
    made = await call("POST", KEYS, BODY, headers=admin)
    assert (made.status, made.headers["cache-control"]) == (201, "no-store")
    key, key_id = made.json["data"]["key"], made.json["data"]["key_id"]
    (listed,) = (await call("GET", KEYS, headers=admin)).json["data"]["items"]
    assert (listed["key_id"], listed["created_by"], "key" in listed) == (key_id, "ann", False)
    assert (await call("GET", KEYS, headers=signed_in(tenant="other", scope="admin"))).json["data"]["items"] == []
    assert (await call("DELETE", f"{KEYS}/{key_id}", headers=signed_in(tenant="other", scope="admin"))).status == 404
    assert (await call("DELETE", f"{KEYS}/{key_id}", headers=admin)).status == 200
    assert (await call("DELETE", f"{KEYS}/{key_id}", headers=admin)).status == 404
    assert (await call("GET", KEYS, headers=admin)).json["data"]["items"] == []
    assert (await call("GET", PROJECTS, headers=bearer(key))).status == 401


async def test_an_equal_request_for_a_key_is_answered_with_the_same_key(call: HttpCaller) -> None:
    admin = [*signed_in(scope="admin"), ("Idempotency-Key", "k")]
    first, second = [await call("POST", KEYS, BODY, headers=admin) for _ in range(2)]
    assert first.json["data"] == second.json["data"]
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    other = await call("POST", KEYS, BODY | {"name": "other"}, headers=admin)
    assert (other.status, other.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    unkeyed = [await call("POST", KEYS, BODY, headers=signed_in(scope="admin")) for _ in range(2)]
    assert len({answer.json["data"]["key"] for answer in (first, *unkeyed)}) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [("user_id", "u" * 101), ("expires_at", "9999-12-31T23:59:59-14:00"), ("expires_at", "2020-01-01T00:00:00Z")],
)
async def test_no_key_is_made_that_could_never_be_used(call: HttpCaller, field: str, value: str) -> None:
    refused = await call("POST", KEYS, BODY | {field: value}, headers=signed_in(scope="admin"))
    assert (refused.status, refused.error["details"]["errors"][0]["location"]) == (400, f"body.{field}")


async def test_the_longest_name_of_a_user_is_good_for_a_key(call: HttpCaller) -> None:
    body = BODY | {"user_id": "u" * 100, "scopes": ["admin"], "expires_at": "9999-12-31T23:59:59+01:00"}
    made = await call("POST", KEYS, body, headers=signed_in(scope="admin"))
    assert made.status == 201, made.body
    assert (await call("GET", KEYS, headers=bearer(made.json["data"]["key"]))).status == 200


async def test_nobody_gives_scopes_that_they_do_not_have(call: HttpCaller) -> None:
    body = BODY | {"scopes": ["platform:read"]}
    assert (await call("POST", KEYS, body, headers=signed_in(scope="admin"))).status == 403
    assert (await call("POST", KEYS, BODY, headers=signed_in())).status == 403
    assert (await call("POST", KEYS, body, headers=signed_in(scope="admin platform:read"))).status == 201


async def test_a_repeated_rotation_gets_its_answer_though_the_old_key_is_gone(call: HttpCaller, keys: Keys) -> None:
    key = await key_of(keys)
    rotate, admin = f"{KEYS}/key_{key[6:38]}/rotate", signed_in(scope="admin")
    keyed = [*admin, ("Idempotency-Key", "k")]
    first = await call("POST", rotate, {"grace_seconds": 60}, headers=keyed)
    assert (await call("DELETE", rotate.removesuffix("/rotate"), headers=admin)).status == 200
    again = await call("POST", rotate, {"grace_seconds": 60}, headers=keyed)
    assert (again.status, again.json["data"]) == (201, first.json["data"])
    assert again.headers["idempotent-replayed"] == "true"
    assert (await call("POST", rotate, {"grace_seconds": 61}, headers=keyed)).status == 422
    for others in (admin, [*signed_in("bob", scope="admin"), keyed[-1]], [*admin, ("Idempotency-Key", "l")]):
        assert (await call("POST", rotate, {"grace_seconds": 60}, headers=others)).status == 404


async def test_a_rotated_key_counts_beside_the_new_one_until_its_grace_has_passed(platform: FakePlatform) -> None:
    now = datetime.fromisoformat("2026-03-01T00:00:00+00:00")
    keys = Keys(platform.database.as_database(), SecretStr(SECRET), lambda: now)
    old = await key_of(keys)
    stored = await keys.verified(old)
    assert stored
    rotate = f"{KEYS}/{stored.key_id}/rotate"
    answer = await HttpCaller(platform.app)("POST", rotate, {"grace_seconds": 60}, headers=signed_in(scope="admin"))
    assert answer.status == 201
    assert {name: answer.json["data"][name] for name in ("name", "user_id")} == {"name": "test", "user_id": "ann"}
    expiring = await keys.verified(old)
    assert expiring
    assert expiring.expires_at
    now = expiring.expires_at - timedelta(seconds=1)
    assert await keys.verified(old)
    now = expiring.expires_at
    assert await keys.verified(old) is None
    assert await keys.verified(answer.json["data"]["key"])


async def test_a_key_of_one_project_reports_on_no_other(call: HttpCaller, platform: FakePlatform, keys: Keys) -> None:
    other = "proj_" + "b" * 32
    for project_id in (PROJECT_ID, other):
        platform.owners.answers[f"builds/projects/{project_id}"] = Answer(b"{}", None)
    held = bearer(await key_of(keys, scopes=("reports:write", "projects:read"), project_id=PROJECT_ID))
    report = {"project_id": PROJECT_ID, "attempt": 1, "stage_name": "orchestrator"}
    event = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/ci"), ("ce-type", "nexus.stage.started.v1")]
    assert (await call("POST", f"{PROJECTS}/{PROJECT_ID}/reports", report, headers=[*held, *event])).status == 202
    assert (await call("POST", f"{PROJECTS}/{other}/reports", report, headers=[*held, *event])).status == 404
    assert (await call("GET", PROJECTS, headers=held)).status == 403
    assert len(platform.bus.published) == 1
    assert (await call("GET", f"/api/v1/agents/{PROJECT_ID}/status", headers=held)).status == 200
    assert (await call("GET", f"/api/v1/agents/{other}/status", headers=held)).status == 404


async def listed(keys: Keys) -> Sequence[KeyView]:
    return (await keys.page("acme", 10, None))[0]


async def test_when_a_key_was_last_used_is_noted_once_a_minute(
    call: HttpCaller, platform: FakePlatform, keys: Keys
) -> None:
    key = await key_of(keys)
    writes = platform.database.writes
    for _ in range(3):
        await call("GET", PROJECTS, headers=bearer(key))
    (stored,) = await eventually(lambda: listed(keys), lambda views: views[0].last_used_at is not None)
    assert stored.last_used_at
    assert platform.database.writes == writes + 1


def test_the_scopes_of_keys_are_those_of_the_table() -> None:
    assert set(get_args(Scope)) == set(SCOPES)


async def test_a_stream_ends_with_the_key_or_the_token_it_was_opened_with(
    platform: FakePlatform, call: HttpCaller, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builds, "paced", partial(paced, heartbeat_seconds=0.01, known_seconds=0.02))
    monkeypatch.setattr(credentials, "KNOWN_SECONDS", 0.0)
    platform.streams._owners = History(length=1)  # pyright: ignore[reportPrivateUsage]
    key, path = await key_of(keys), f"{PROJECTS}/{PROJECT_ID}/events"
    stream = ("Accept", "text/event-stream")
    by_key = asyncio.create_task(call("GET", path, headers=[*bearer(key), stream]))
    nearly_expired = token(exp=int(time.time()) - 28)  # 30 s later than that are tolerated
    by_token = asyncio.create_task(call("GET", path, headers=[*bearer(nearly_expired), stream]))
    assert (await by_token).body.count(b": heartbeat") > 2
    assert not by_key.done()
    (listed,), _ = await keys.page("acme", 10, None)
    await keys.delete(listed.key_id, Principal(id="root", tenant="acme"))
    assert (await by_key).status == 200
