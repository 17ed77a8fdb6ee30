"""Reads: the owner's JSON is sent unchanged, inside the envelope."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from fastapi import Request, Response
from pydantic import BaseModel

from nexus_contracts.entity_tags import entity_tags, names_tag
from nexus_gateway.answers import success, to_json
from nexus_gateway.cursors import Cursors
from nexus_gateway.owners import Owners
from nexus_gateway.requests.header_fields import joined
from nexus_gateway.requests.preconditions import tag_of
from nexus_runtime.process import caller

OwnList = Callable[[str | None], Awaitable[tuple[Sequence[BaseModel], str | None]]]
"""Given where a page begins, its entries, and where the next one begins."""


class Reads:
    """Raises only PlatformErrors, including those of the owners."""

    def __init__(self, owners: Owners, cursors: Cursors) -> None:
        self._owners = owners
        self._cursors = cursors

    async def one(self, request: Request, owner: str, path: str) -> Response:
        """A single resource, with its ETag; 304 if the caller already has it."""
        known = joined(request, "if-none-match")
        well_formed = known is not None and entity_tags(known) is not None
        answer = await self._owners.get(owner, path, known=known if well_formed else None)
        etag = answer.etag or tag_of(answer.body)
        if answer.unchanged or names_tag(known, etag):
            return Response(status_code=304, headers={"ETag": etag})
        return success(answer.body, headers={"ETag": etag})

    async def figures(self, owner: str, path: str, query: Mapping[str, str]) -> Response:
        """Data that is computed for each request and has no version."""
        return success((await self._owners.get(owner, path, query)).body)

    async def page(
        self,
        owner: str,
        path: str,
        limit: int,
        last_key: str | None,
        filters: Mapping[str, str | None] | None = None,
    ) -> Response:
        """A page of a list. Raises ValidationFailed for a cursor of another list, tenant or other filters."""
        chosen = {name: value for name, value in (filters or {}).items() if value is not None}
        query, tenant = {**chosen, "limit": str(limit)}, caller.principal.get().tenant
        if last_key is not None:
            query["last_key"] = self._cursors.unseal(tenant, path, chosen, last_key)
        page, position = _parted((await self._owners.get(owner, path, query)).body)
        sealed = None if position is None else self._cursors.seal(tenant, path, chosen, position)
        return success(page + to_json(sealed) + b"}")

    async def own_page(self, path: str, last_key: str | None, filters: Mapping[str, str], look: OwnList) -> Response:
        """The same of what the gateway knows itself."""
        tenant = caller.principal.get().tenant
        before = None if last_key is None else self._cursors.unseal(tenant, path, filters, last_key)
        entries, position = await look(before)
        items = [entry.model_dump(mode="json") for entry in entries]
        sealed = None if position is None else self._cursors.seal(tenant, path, filters, position)
        return success(to_json({"items": items, "count": len(items), "last_key": sealed}))


def _parted(page: bytes) -> tuple[bytes, str | None]:
    """An owner's page up to the value of its last member, and that value: where the next page begins.

    Inside a JSON string the quotes of the name would be escaped, so the last occurrence is the page's own member.
    """
    before, name, position = page.rpartition(b'"last_key":')
    return before + name, json.loads(position[:-1])
