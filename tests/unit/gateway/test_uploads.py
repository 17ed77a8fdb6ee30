"""An upload: a form with one file goes to its owner, whose decision is the answer."""

import hashlib
from typing import Any

import pytest
from tests.support.asgi import HttpAnswer, HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_contracts.errors import IdempotencyKeyReused, ServiceUnavailable, ValidationFailed
from nexus_contracts.replies import Reply
from nexus_gateway.openapi.examples import PACKAGE
from nexus_gateway.owners import Answer

PATH = "/api/v1/packages"
FORM = "multipart/form-data; boundary=b"


def part(content: bytes, name: str = "file", filename: str | None = "a.zip") -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return b"--b\r\nContent-Disposition: " + disposition.encode() + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--b--\r\n"


async def upload(call: HttpCaller, raw: bytes, content_type: str = FORM, key: str | None = None) -> HttpAnswer:
    headers = [("Idempotency-Key", key)] if key else []
    return await call("POST", PATH, raw=raw, content_type=content_type, headers=headers)


@pytest.fixture
def taken(platform: FakePlatform) -> FakePlatform:
    return answering(platform)


def answering(platform: FakePlatform, **fields: Any) -> FakePlatform:
    reply = Reply.model_validate({"status": 201, "result": PACKAGE, "request_id": "e", "command_id": "c", **fields})
    platform.owners.answers["agents/packages"] = Answer(reply.model_dump_json().encode(), None)
    return platform


async def test_a_file_goes_to_its_owner_as_it_is(taken: FakePlatform, call: HttpCaller) -> None:
    content = bytes(range(256)) * 10_000
    answer = await upload(call, form(part(content)))
    assert (answer.status, answer.json["data"]) == (201, PACKAGE)
    assert taken.owners.uploaded == [content]
    ((owner, path, query),) = taken.owners.asked
    assert (owner, path) == ("agents", "/packages")
    assert query["command_id"].startswith("cmd_")


async def test_a_key_makes_the_command_and_the_file_its_fingerprint(taken: FakePlatform, call: HttpCaller) -> None:
    for content in (b"one", b"one", b"two"):
        await upload(call, form(part(content)), key="k")
    first, again, other = [query for _, _, query in taken.owners.asked]
    assert first == again
    assert other["command_id"] == first["command_id"]
    assert other["fingerprint"] != first["fingerprint"]
    assert hashlib.sha256(b"one").hexdigest() not in other["fingerprint"]


async def test_a_replayed_upload_says_so(platform: FakePlatform, call: HttpCaller) -> None:
    answering(platform, replayed=True)
    assert (await upload(call, form(part(b"x")))).headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("raw", "content_type", "status"),
    [
        (form(part(b"x")), "application/zip", 415),
        (form(part(b"x")), "multipart/form-data", 400),
        (form(part(b"x", name="x" * 64)), f"{FORM}; charset=idna", 415),
        (form(part(b"x", filename="\\ud800")), f"{FORM}; charset=unicode_escape", 415),
        (form(), FORM, 400),
        (b"", FORM, 415),
        (b"no form at all", FORM, 400),
        (form(part(b"x", name="other")), FORM, 400),
        (form(part(b"x", filename=None)), FORM, 400),
        (form(part(b"x"), part(b"y")), FORM, 400),
        (form(part(b"x"), part(b"y", name="more", filename=None)), FORM, 400),
        (form(part(b"x" * 100_001)), FORM, 413),
        (form(part(b"x" * 200_000)), FORM, 413),
    ],
)
async def test_anything_but_one_file_of_allowed_size_is_refused(
    taken: FakePlatform, call: HttpCaller, raw: bytes, content_type: str, status: int
) -> None:
    object.__setattr__(taken.app.state.gateway.settings, "max_package_bytes", 100_000)
    answer = await upload(call, raw, content_type)
    assert answer.status == status, answer.body
    assert taken.owners.uploaded == []


@pytest.mark.parametrize(
    "error", [ValidationFailed("no", step="paths"), IdempotencyKeyReused("no"), ServiceUnavailable("no")]
)
async def test_the_owners_refusal_is_given_on(platform: FakePlatform, call: HttpCaller, error: Any) -> None:
    platform.owners.answers["agents/packages"] = error
    answer = await upload(call, form(part(b"x")))
    assert (answer.status, answer.error["details"]) == (error.http_status, error.details)
