"""The owners' query routes, for the gateway: they answer plain JSON, with an `ETag` for versioned resources."""

import json
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar

from fastapi import APIRouter, Response
from pydantic import BaseModel

from nexus_contracts.entity_tags import names_tag

if_none_match: ContextVar[str | None] = ContextVar("if_none_match", default=None)
"""The versions that the sender of the current request knows."""
Query = tuple[str, Callable[..., Awaitable[Response]], str]
"""Path, endpoint and operation id."""


def query_router(*queries: Query) -> APIRouter:
    router = APIRouter(tags=["queries"])
    for path, endpoint, operation_id in queries:
        router.add_api_route(path, endpoint, methods=["GET"], operation_id=operation_id)
    return router


def json_answer(view: BaseModel, etag: int | None = None) -> Response:
    """304 if the caller already has this version."""
    if etag is None:
        return Response(view.model_dump_json(), media_type="application/json")
    headers = {"ETag": f'"{etag}"'}
    if names_tag(if_none_match.get(), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(view.model_dump_json(), media_type="application/json", headers=headers)


def page_answer(views: Sequence[BaseModel], more: str | None) -> Response:
    """`more`: the position at which the next page begins."""
    return page_of([view.model_dump_json() for view in views], more)


def page_of(items: Sequence[str], more: str | None) -> Response:
    """The same for items that are JSON already. `last_key` comes last, where the gateway finds and replaces it."""
    page = f'{{"items":[{",".join(items)}],"count":{len(items)},"last_key":{json.dumps(more)}}}'
    return Response(page, media_type="application/json")
