"""Messages that are made of values known to fit."""

from typing import Any

import pytest
from pydantic import ValidationError

from nexus_contracts.errors import ErrorBody
from nexus_contracts.replies import Outcome, Reply

VALUES: dict[str, Any] = {"status": 200, "result": {"version": 3}, "error": None, "read_at": None}
TO: dict[str, Any] = {"request_id": "r", "command_id": "c", "replayed": True}


def test_a_message_of_known_values_is_the_one_that_a_check_would_make() -> None:
    known, checked = Reply.known(VALUES | TO), Reply(**VALUES, **TO)
    assert known == checked
    assert known.model_dump_json() == checked.model_dump_json()
    assert known.model_copy(update={"status": 404}) == checked.model_copy(update={"status": 404})
    with pytest.raises(ValidationError, match="frozen"):
        known.status = 500  # type: ignore[misc]


def test_a_message_keeps_nothing_of_the_mapping_that_it_was_made_of() -> None:
    values = VALUES | TO
    known = Reply.known(values)
    values["status"] = 500
    assert known.status == 200


def test_an_outcome_becomes_the_reply_to_one_message() -> None:
    error = ErrorBody(code="CONFLICT", message="exists")
    refused = Outcome(status=409, error=error)
    assert refused.reply("r", "c") == Reply(status=409, error=error, request_id="r", command_id="c")
    assert Outcome.of(200, error).reply("r", "c", replayed=True) == Reply(
        status=200, result=error.model_dump(), request_id="r", command_id="c", replayed=True
    )
