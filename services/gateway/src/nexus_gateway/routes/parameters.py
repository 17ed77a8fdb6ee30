"""Parameters that several operations take."""

import re
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BeforeValidator, Field

from nexus_gateway.openapi import examples


def _digits(text: object) -> object:
    """Stricter than Python, which also accepts signs, white space, underscores and digits of other scripts."""
    if isinstance(text, str) and not re.fullmatch("[0-9]{1,9}", text):
        raise ValueError("must be a whole number, in digits")
    return text


def _no_blank_item(text: str) -> str:
    if not all(item.strip() for item in text.split(",")):
        raise ValueError("must not have an empty item")
    return text


ProjectPath = Annotated[str, Path(description="proj_ and 32 hexadecimal digits", examples=[examples.PROJECT_ID])]
TaskPath = Annotated[str, Path(description="a project_id", examples=[examples.PROJECT_ID])]
AgentPath = Annotated[str, Path(description="project_id:agent_name", examples=[examples.AGENT_ID])]
SessionPath = Annotated[str, Path(description="sess_ and 32 hexadecimal digits", examples=[examples.SESSION_ID])]
InvocationPath = Annotated[str, Path(description="inv_ and 32 hexadecimal digits", examples=[examples.INVOCATION_ID])]
OperationPath = Annotated[str, Path(description="as a 202 has given it", examples=[examples.OPERATION_ID])]
KeyPath = Annotated[str, Path(description="key_ and 32 hexadecimal digits", examples=[examples.KEY_ID])]
VersionPath = Annotated[int, Path(description="number of a version", examples=[1])]
StagePath = Annotated[str, Path(description="name of a stage, as in GET /stages/info", examples=["orchestrator"])]

# The limits come before the check of the digits: after it, they would be missing from the OpenAPI document.
Limit = Annotated[int, Query(ge=1, le=100, description="entries per page"), BeforeValidator(_digits)]
MessageLimit = Annotated[int, Query(ge=1, le=200, description="entries per page"), BeforeValidator(_digits)]
LastKey = Annotated[str | None, Query(description="`last_key` of the previous page, with the same filters")]
_Attempt = Annotated[int, Field(ge=1, le=99_999), BeforeValidator(_digits)]
AttemptNumber = Annotated[_Attempt | None, Query(description="defaults to the latest")]
FilterText = Annotated[str | None, Query(min_length=1, max_length=200)]
NameList = Annotated[
    str | None,
    AfterValidator(lambda text: text if text is None else _no_blank_item(text)),
    Query(min_length=1, max_length=2000, description="separated by commas; any of them matches"),
]
_DATE = {"format": "date"}
StartDate = Annotated[
    str | None, Query(description="YYYY-MM-DD, UTC; defaults to 30 days before the end", json_schema_extra=_DATE)
]
EndDate = Annotated[
    str | None, Query(description="YYYY-MM-DD, UTC, inclusive; defaults to today", json_schema_extra=_DATE)
]
DEFAULT_LIMIT = 20
DEFAULT_MESSAGES = 100
