"""A package that is refused: the error names the failed check, the reason and the field."""

import math
from datetime import date

import pytest

from nexus_agents.domain.backend_errors import PackageRejected
from nexus_agents.domain.package import SUGGESTION, refused
from nexus_agents.domain.spending import Reserved, Unlimited


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("UNPACKED_TOO_LARGE", "size"),
        ("NOT_A_ZIP", "archive"),
        ("UNSAFE_PATH", "paths"),
        ("IMPORT_FAILED", "import"),
        ("PING_FAILED", "ping"),
        ("MANIFEST_INVALID", "manifest"),
    ],
)
def test_the_error_names_the_failed_check_the_reason_and_the_field(code: str, step: str) -> None:
    body = refused(PackageRejected(code, "it is so")).body()
    assert (body.code, body.message) == ("VALIDATION_ERROR", f"the package failed the {step} check: it is so")
    assert body.suggestion == SUGGESTION == "Correct the package and upload it again."
    assert body.details == {
        "step": step,
        "reason": code,
        "errors": [{"location": "body.file", "message": "it is so", "type": code}],
    }


def test_one_that_is_too_large_as_it_comes_is_told_so() -> None:
    error = refused(PackageRejected("PACKAGE_TOO_LARGE", "60 MB are too many"))
    assert (error.http_status, error.message) == (413, "60 MB are too many")
    assert error.details == {"step": "size", "reason": "PACKAGE_TOO_LARGE"}


async def test_where_nothing_is_limited_all_that_is_asked_for_is_granted_to_the_agent() -> None:
    unlimited = Unlimited()
    assert await unlimited.reserve("a", 1.5) == Reserved("", "a", date.min, 1.5)
    assert await unlimited.reserve_share("a", 1.5) == Reserved("", "a", date.min, math.inf)
