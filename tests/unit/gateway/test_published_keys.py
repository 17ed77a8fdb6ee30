"""Tokens of an identity provider: its key set, however it comes, and whatever is in it."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncGenerator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.access import SECRET, claims
from tests.support.eventually import eventually

from nexus_contracts.errors import ServiceUnavailable
from nexus_gateway.access import tokens
from nexus_gateway.access.tokens import BearerTokens, PublishedKeys

RSA = rsa.generate_private_key(65537, 2048)


class Provider:
    """An identity provider whose key set is fetched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fetches, self.seconds = 0, 0.0
        self.sets: list[Any] = []
        self.fault: Exception | None = None
        self.hangs: asyncio.Event | None = None
        self.document: Any = ...
        monkeypatch.setattr(tokens, "_fetched", self._fetched)

    async def _fetched(self, _url: str) -> Any:
        self.fetches += 1
        if self.fault:
            raise self.fault
        if self.hangs:
            await self.hangs.wait()
        return {"keys": self.sets} if self.document is ... else self.document

    def tokens(self) -> BearerTokens:
        return BearerTokens(PublishedKeys("https://id", lambda: self.seconds), "https://id.example", "nexus", 0.0)

    async def accepts(self, checked: BearerTokens, token: str) -> str:
        try:
            return (await checked.identify(token)).principal.id
        except Exception as error:  # noqa: BLE001  # its kind is what is asked
            return type(error).__name__


def published(key: Any, name: str, algorithm: str) -> dict[str, Any]:
    kinds: Any = jwt.get_algorithm_by_name(algorithm)
    return {**kinds.to_jwk(key.public_key(), as_dict=True), "kid": name, "alg": algorithm, "use": "sig"}


def named(name: str, key: Any = RSA, algorithm: str = "RS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": name})


async def test_keys_of_a_provider_are_kept_and_asked_for_again_when_they_rotate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = Provider(monkeypatch)
    provider.sets = [published(RSA, "one", "RS256")]
    checked = provider.tokens()
    assert [await provider.accepts(checked, named("one")) for _ in range(3)] == ["ann"] * 3
    assert provider.fetches == 1
    provider.sets = [published(RSA, "two", "RS256")]
    assert await provider.accepts(checked, named("two")) == "Unauthenticated"  # not again so soon
    provider.seconds += tokens.AGAIN_SECONDS
    assert await provider.accepts(checked, named("two")) == "ann"
    assert await provider.accepts(checked, named("one")) == "Unauthenticated"
    provider.fault = OSError("no route")
    provider.seconds += tokens.FRESH_SECONDS
    assert await provider.accepts(checked, named("two")) == "ann"


async def test_a_provider_that_never_answered_makes_tokens_unavailable_not_invalid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = Provider(monkeypatch)
    provider.fault = TimeoutError()
    assert await provider.accepts(provider.tokens(), named("one")) == "ServiceUnavailable"


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
async def test_other_kinds_of_keys_count_too(monkeypatch: pytest.MonkeyPatch, algorithm: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else ed25519.Ed25519PrivateKey.generate()
    provider = Provider(monkeypatch)
    provider.sets = [published(key, "one", algorithm)]
    assert await provider.accepts(provider.tokens(), named("one", key, algorithm)) == "ann"


def resigned(token: str, key: bytes) -> str:
    """With HMAC under that key, which PyJWT itself would refuse to use so."""
    said = token.rpartition(".")[0]
    return f"{said}.{base64.urlsafe_b64encode(hmac.digest(key, said.encode(), 'sha256')).rstrip(b'=').decode()}"


async def test_a_public_key_is_never_taken_for_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(monkeypatch)
    provider.sets = [published(RSA, "one", "RS256"), {"kty": "oct", "k": "c2VjcmV0" * 8, "kid": "two", "alg": "HS256"}]
    checked = provider.tokens()

    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    confused = resigned(named("one", SECRET, "HS256"), pem)
    assert await provider.accepts(checked, confused) == "Unauthenticated"
    shared = jwt.encode(claims(), "c2VjcmV0" * 8, algorithm="HS256", headers={"kid": "two"})
    assert await provider.accepts(checked, shared) == "Unauthenticated"
    assert await provider.accepts(checked, named("one", algorithm="RS512")) == "Unauthenticated"


@pytest.mark.parametrize("algorithm", [["RS256"], {}, None, 5])
async def test_an_algorithm_that_is_no_name_is_refused(monkeypatch: pytest.MonkeyPatch, algorithm: Any) -> None:
    provider = Provider(monkeypatch)
    provider.sets = [published(RSA, "one", "RS256")]
    header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "one"}).encode()).rstrip(b"=").decode()
    _, claimed, signature = named("one").split(".")
    assert await provider.accepts(provider.tokens(), f"{header}.{claimed}.{signature}") == "Unauthenticated"


async def test_what_is_no_key_leaves_the_others_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    odd: list[Any] = [
        1,
        None,
        "x",
        {},
        {"kty": "RSA", "n": 5, "e": {}, "kid": "odd"},
        {"kty": "oct", "k": 5, "kid": "odd"},
    ]
    provider = Provider(monkeypatch)
    provider.sets = [*odd, published(RSA, "one", "RS256")]
    assert await provider.accepts(provider.tokens(), named("one")) == "ann"


@pytest.mark.parametrize("document", [[1, 2], "x", None, {"keys": {}}, {}])
async def test_what_is_no_key_set_is_a_provider_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, document: Any
) -> None:
    provider = Provider(monkeypatch)
    provider.document = document
    assert await provider.accepts(provider.tokens(), named("one")) == "ServiceUnavailable"


async def test_while_the_provider_hangs_known_keys_count_without_waiting_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = Provider(monkeypatch)
    provider.sets = [published(RSA, "one", "RS256")]
    checked = provider.tokens()
    assert await provider.accepts(checked, named("one")) == "ann"
    provider.fault = TimeoutError()
    provider.seconds += tokens.FRESH_SECONDS
    assert await provider.accepts(checked, named("one")) == "ann"  # the first waits and finds that out
    provider.fault, provider.hangs = None, asyncio.Event()
    provider.seconds += tokens.AGAIN_SECONDS
    assert await asyncio.wait_for(provider.accepts(checked, named("one")), 5) == "ann"
    provider.sets = [published(RSA, "two", "RS256")]
    provider.hangs.set()

    async def refused() -> bool:
        return await provider.accepts(checked, named("one")) == "Unauthenticated"

    await eventually(refused)
    assert provider.fetches == 3


@pytest.fixture
async def piecemeal() -> AsyncGenerator[tuple[str, list[bytes]]]:
    """A web server that sends these pieces, one after another, and its address."""
    pieces: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)  # or both would arrive as one
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
        served.set()

    served = asyncio.Event()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", pieces
        await served.wait()


async def test_a_key_set_that_comes_in_pieces_is_read_whole(piecemeal: tuple[str, list[bytes]]) -> None:
    url, pieces = piecemeal
    whole = json.dumps({"keys": [published(RSA, "one", "RS256")]}).encode()
    pieces += [whole[:100], whole[100:]]
    checked = BearerTokens(PublishedKeys(url), "https://id.example", "nexus", 0.0)
    assert (await checked.identify(named("one"))).principal.id == "ann"


@pytest.mark.parametrize("content", [b" " * 300_000, b"[" * 100_000, b"\xff"], ids=["huge", "deep", "no text"])
async def test_a_document_that_cannot_be_read_is_no_fault_of_ours(
    piecemeal: tuple[str, list[bytes]], content: bytes
) -> None:
    url, pieces = piecemeal
    pieces.append(content)
    with pytest.raises(ServiceUnavailable):
        await PublishedKeys(url).key_for({"kid": "one", "alg": "RS256"})
