"""Errors keep their meaning on the way through another service."""

from collections.abc import Iterator

import pytest
from pydantic import JsonValue

from nexus_contracts.errors import ErrorBody, InternalError, PlatformError, ServiceUnavailable, error_of

DETAILS: dict[str, JsonValue] = {"type": "project", "id": "proj_1", "errors": [{"location": "a"}]}


def tree(root: type[PlatformError]) -> Iterator[type[PlatformError]]:
    for kind in root.__subclasses__():
        if kind.__module__ == "nexus_contracts.errors":
            yield kind
            yield from tree(kind)


@pytest.mark.parametrize("kind", list(tree(PlatformError)))
def test_an_error_is_the_same_after_the_way_as_json(kind: type[PlatformError]) -> None:
    error = kind("it went wrong", suggestion=None, **DETAILS)
    body = ErrorBody.model_validate_json(error.body().model_dump_json())
    raised = error_of(body)
    assert isinstance(raised, PlatformError)
    assert (raised.code, raised.http_status, raised.decided) == (kind.code, kind.http_status, kind.decided)
    assert raised.body() == error.body()
    assert raised.body().suggestion


def test_a_suggestion_of_its_own_is_kept_even_when_empty() -> None:
    for suggestion in ("Wait for the build.", ""):
        assert error_of(InternalError("no", suggestion=suggestion).body()).advice == suggestion


def test_a_code_that_nobody_knows_is_an_internal_error() -> None:
    raised = error_of(ErrorBody(code="FROM_THE_FUTURE", message="?"))
    assert type(raised) is InternalError
    assert raised.message == "?"


def test_codes_are_unique_but_for_refinements() -> None:
    kinds = [kind for kind in tree(PlatformError) if kind is not InternalError]
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_an_error_that_a_service_derives_for_itself_is_told_as_what_it_derives_from() -> None:
    class NoRoom(ServiceUnavailable):
        def __init__(self) -> None:
            super().__init__("no room")

    assert type(error_of(NoRoom().body())) is ServiceUnavailable
