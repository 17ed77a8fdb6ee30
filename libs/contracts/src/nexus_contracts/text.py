"""Bounded texts, as people write them: kept as sent, measured after trimming where it says so."""

from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

MAX_PADDED = 10_000
"""A requirement is kept as sent, the white space around it included, in one item of the database."""


def _requirement(text: str) -> str:
    if len(text) > MAX_PADDED:
        raise ValueError(f"must have at most {MAX_PADDED} characters with the white space around it, not {len(text)}")
    length = len(text.strip())
    if not 10 <= length <= 5000:
        raise ValueError(f"must have 10 to 5000 characters after trimming, not {length}")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Requirement = Annotated[str, AfterValidator(_requirement)]
UserId = Annotated[str, Field(min_length=1, max_length=100)]
Reason = Annotated[str, Field(max_length=1000)]
Tag = Annotated[str, Field(min_length=1, max_length=50)]
Tags = Annotated[list[Tag], Field(max_length=20)]
InputText = Annotated[str, Field(min_length=1, max_length=50_000), AfterValidator(_not_blank)]
JsonObject = dict[str, JsonValue]
