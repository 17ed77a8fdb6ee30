"""What hostile agents send through their door, and what hostile hosts answer: no secret gets in, and no giant."""

import asyncio
import gzip
import json
import socket
from collections.abc import Generator
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web
from tests.support.doors import KEY, asking, grants, open_door, served_host
from tests.support.model_wire import Fault, Turn, Wire, model_wire

from nexus_agents.backends.door.bodies import MOST_RECEIVED, MOST_SENT
from nexus_agents.backends.door.door import CHAT
from nexus_agents.backends.door.grants import Grants, HostGrant, redacted
from nexus_agents.backends.door.outside import PublicResolver

HOST = "api.weather.example"
SPEC = asking(None, allowed_hosts=[HOST], secrets=["WEATHER_KEY"])


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def wire() -> Generator[Wire]:
    with model_wire({}) as served:
        yield served


def granted(address: str, secret: str = "Bearer the-secret") -> Grants:
    host = HostGrant(host=HOST, url=address, secret="WEATHER_KEY")
    return Grants((), (host,), (), {"WEATHER_KEY": secret}, 20.0)


async def repeated(request: web.BaseRequest) -> web.Response:
    said = {name: request.headers[name] for name in sorted(request.headers)}
    return web.json_response({"headers": said, "body": await request.text()})


async def test_of_the_agents_headers_only_those_about_its_body_pass(tmp_path: Path) -> None:
    forged = {"Authorization": "Bearer mine", "Host": "other.example", "X-Forwarded-For": "1.2.3.4", "Cookie": "a=b"}
    async with served_host(repeated) as address, open_door(tmp_path, granted(address), SPEC) as agent:
        with agent.door.invocation():
            _, said = await agent.send("POST", f"/hosts/{HOST}/", data=b"x", headers={**forged, "Accept": "a/b"})
    assert said["headers"]["Host"] == address.removeprefix("http://")
    assert said["headers"]["Accept"] == "a/b"
    assert said["headers"]["Authorization"] == "***"
    assert not {"X-Forwarded-For", "Cookie"} & said["headers"].keys()


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 50",
        "Accept: a\r\n b\r\nContent-Length: 5",
        "Accept : a\r\nContent-Length: 5",
        "Accept: a\rX-Forged: b\r\nContent-Length: 5",
    ],
)
async def test_a_request_with_two_readings_is_refused_and_reaches_nobody(tmp_path: Path, head: str) -> None:
    reached: list[str] = []

    async def note(request: web.BaseRequest) -> web.Response:
        reached.append(request.path)
        return web.Response()

    async with served_host(note) as address, open_door(tmp_path, granted(address), SPEC) as agent:
        with agent.door.invocation():
            reader, writer = await asyncio.open_unix_connection(agent.path)
            writer.write(f"POST /hosts/{HOST}/ HTTP/1.1\r\nHost: door\r\n{head}\r\n\r\n0\r\n\r\nGET /".encode())
            status = (await reader.readline()).split()[1]
            writer.close()
    assert (status, reached) == (b"400", [])


async def test_credentials_of_this_machine_are_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password for-people\n")
    monkeypatch.setenv("NETRC", str(netrc))
    unnamed = asking(None, allowed_hosts=[HOST])
    async with served_host(repeated) as address, open_door(tmp_path, granted(address), unnamed) as agent:
        with agent.door.invocation():
            _, said = await agent.send("GET", f"/hosts/{HOST}/")
    assert "Authorization" not in said["headers"]


@pytest.mark.parametrize("secret", ["Bearer ab/c+d==", 'say "friend"', "Basic c29tZWJvZHk6Zm9yLXBlb3BsZQ=="])
async def test_a_secret_is_blacked_out_however_it_is_repeated(tmp_path: Path, secret: str) -> None:
    word = secret.partition(" ")[2]

    async def told(request: web.BaseRequest) -> web.Response:
        sent = request.headers["Authorization"]
        spelt = [sent, json.dumps(sent), json.dumps(word).replace("/", "\\/"), quote(word, safe=""), "for-people"]
        return web.Response(text="\n".join(spelt), headers={"ETag": f'"{word}"'})

    async with served_host(told) as address, open_door(tmp_path, granted(address, secret), SPEC) as agent:
        with agent.door.invocation():
            _, said = await agent.send("GET", f"/hosts/{HOST}/")
            async with agent.http.get(f"http://door/hosts/{HOST}/") as response:
                etag = response.headers["ETag"]
    for form in (word, json.dumps(word)[1:-1].replace("/", "\\/"), quote(word, safe="")):
        assert form not in said + etag
    assert "for-people" not in said or "Basic" not in secret


async def test_of_a_refusal_that_is_cut_no_part_of_the_key_is_left(wire: Wire, tmp_path: Path) -> None:
    wire.faults.append(Fault(400, {"message": "x" * 490 + KEY}))
    async with open_door(tmp_path, grants(wire), asking()) as agent:
        with agent.door.invocation():
            _, answer = await agent.ask()
    assert KEY[:5] not in json.dumps(answer)


def test_words_too_short_to_be_secrets_are_left() -> None:
    assert redacted(b"a key is a key", "key") == b"a key is a key"
    assert redacted(b"a key", None) == b"a key"


async def test_a_name_without_an_address_of_its_own_leads_to_no_private_network() -> None:
    resolver = PublicResolver(frozenset({"localhost"}))
    with pytest.raises(OSError, match="localhost has no public address"):
        await resolver.resolve("localhost", 443, socket.AF_UNSPEC)
    assert await PublicResolver(frozenset()).resolve("localhost", 443)


async def test_a_granted_host_that_leads_into_this_network_is_unavailable(tmp_path: Path) -> None:
    grants = Grants((), (HostGrant(host="localhost"),))
    async with open_door(tmp_path, grants, asking(None, allowed_hosts=["localhost"])) as agent:
        with agent.door.invocation():
            status, answer = await agent.send("GET", "/hosts/localhost/")
    assert (status, answer["error"]["code"]) == (503, "HOST_UNAVAILABLE")


async def test_what_unfolds_into_a_giant_is_refused_on_either_side(wire: Wire, tmp_path: Path) -> None:
    wire.turns.append(Turn("Hello."))

    async def bomb(_request: web.BaseRequest) -> web.Response:
        packed = gzip.compress(bytes(MOST_RECEIVED + 1), 1)
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with served_host(bomb) as address:
        granted_all = Grants(grants(wire).models, granted(address).hosts)
        spec = asking(allowed_hosts=[HOST])
        async with open_door(tmp_path, granted_all, spec) as agent:
            with agent.door.invocation():
                packed = gzip.compress(bytes(MOST_SENT + 1), 1)
                sent, _ = await agent.send("POST", CHAT, data=packed, headers={"Content-Encoding": "gzip"})
                received, _ = await agent.send("GET", f"/hosts/{HOST}/")
                after, _ = await agent.ask()
    assert (sent, received, after) == (413, 502, 200)


async def test_a_host_that_never_ends_its_answer_is_given_up(tmp_path: Path) -> None:
    async def drip(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b".")
            await asyncio.sleep(0.02)

    async with served_host(drip) as address:
        host = HostGrant(host=HOST, url=address)
        async with open_door(tmp_path, Grants((), (host,), seconds=0.3), SPEC) as agent:
            with agent.door.invocation():
                status, answer = await agent.send("GET", f"/hosts/{HOST}/")
    assert (status, answer["error"]["code"]) == (504, "TIMED_OUT")


async def test_of_a_message_only_what_the_wire_knows_reaches_the_model(wire: Wire, tmp_path: Path) -> None:
    wire.turns.append(Turn("Hello."))
    message = {"role": "user", "content": "hello", "audio": {"id": "x"}, "cache_control": {"type": "ephemeral"}}
    async with open_door(tmp_path, grants(wire), asking()) as agent:
        with agent.door.invocation():
            await agent.ask(messages=[message])
    assert wire.bodies[0]["messages"] == [{"role": "user", "content": "hello"}]
