"""Passes requests on to the hosts that an agent may reach, with the secrets that belong to them."""

from urllib.parse import unquote

import aiohttp
from aiohttp import web

from nexus_agents.backends.door.account import Account
from nexus_agents.backends.door.bodies import received_body, sent_body
from nexus_agents.backends.door.grants import Grants, Rights, redacted
from nexus_agents.backends.door.outside import Outside
from nexus_agents.backends.door.refusals import DoorRefusal

PREFIX = "/hosts/"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SENT = ("Accept", "Content-Type", "If-Match", "If-None-Match")
_RECEIVED = ("Content-Type", "ETag", "Retry-After")


async def fetched(
    grants: Grants, outside: Outside, request: web.BaseRequest, rights: Rights, account: Account
) -> web.Response:
    """The answer of `/hosts/<host>/<path>`; redirects are not followed. Raises DoorRefusal."""
    host, _, rest = request.rel_url.raw_path.removeprefix(PREFIX).partition("/")
    grant = rights.hosts.get(host)
    if grant is None:
        raise DoorRefusal(403, "HOST_NOT_ALLOWED", f"the agent may not reach the host {host[:253]!r}")
    if request.method not in _METHODS:
        raise DoorRefusal(405, "INVALID_REQUEST", f"the door passes on {', '.join(_METHODS)}")
    if any(_climbs(part) for part in unquote(rest).replace("\\", "/").split("/")):
        raise DoorRefusal(400, "INVALID_REQUEST", "a path has no parts . and ..")
    account.begin_fetch()
    body = await sent_body(request)
    secret = grants.secret(grant, rights.spec)
    headers = {name: request.headers[name] for name in _SENT if name in request.headers}
    headers |= {grant.header: secret} if secret else {}
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    url = f"{grant.address}/{rest}{query}"
    try:
        async with outside.asked(request.method, url, headers, body) as response:
            answer = await received_body(response)
    except (aiohttp.ClientError, ValueError):
        raise DoorRefusal(503, "HOST_UNAVAILABLE", f"{host} does not answer as it should") from None
    kept = {name: _shown(response.headers[name], secret) for name in _RECEIVED if name in response.headers}
    return web.Response(status=response.status, body=redacted(answer, secret), headers=kept)


def _climbs(part: str) -> bool:
    """Also where a server takes what follows a semicolon for a parameter."""
    return unquote(part).partition(";")[0] in (".", "..")


def _shown(value: str, secret: str | None) -> str:
    return redacted(value.encode(errors="replace"), secret).decode()
