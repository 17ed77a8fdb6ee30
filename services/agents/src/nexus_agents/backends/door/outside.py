"""The way out of the door: connections to models and hosts."""

import socket
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from io import BytesIO
from ipaddress import ip_address
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import ResolveResult
from yarl import URL

_READ_AHEAD = 1 << 18


class PublicResolver(aiohttp.ThreadedResolver):
    """Of the names in `public` only public addresses: who rules such a name could have it lead into this network."""

    def __init__(self, public: frozenset[str]) -> None:
        super().__init__()
        self._public = public

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if host in self._public:
            found = [one for one in found if ip_address(one["host"].partition("%")[0]).is_global]
            if not found:
                raise OSError(f"{host} has no public address")
        return found


class Outside:
    """One connection pool for all agents: what one of them keeps open blocks no other."""

    def __init__(self, public: frozenset[str] = frozenset()) -> None:
        self._public = public
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    def asked(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """The answer, as it begins. Redirects are not followed. Raises aiohttp.ClientError, ValueError."""
        target = URL(url)
        return self._session().request(
            method,
            target,
            data=BytesIO(body) if body else None,
            headers=headers,
            allow_redirects=False,
            proxy=_proxy(target),
        )

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, resolver=PublicResolver(self._public)),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                read_bufsize=_READ_AHEAD,
            )
        return self._http


def _proxy(target: URL) -> str | None:
    """As the environment says. With aiohttp's own way (`trust_env`) credentials of a .netrc would be sent, too."""
    return None if proxy_bypass(target.host or "") else getproxies().get(target.scheme)
