"""How the state of an aggregate becomes a part of a transaction."""

import json

import pytest
from pydantic import BaseModel, JsonValue

from nexus_contracts.aggregate import Aggregate
from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.dynamo import Put, Table, Where
from nexus_runtime.dynamo.form import Form, UnknownSchema
from nexus_runtime.ledger.change import Begin, Change, NoWork, States

TABLE = Table("Notes", "note_id")


class Note(Aggregate):
    note_id: str
    text: str = ""
    size: int = 0


class NoteWritten(BaseModel):
    type: str = "note.written.v1"


def put_of(change: Change) -> Put:
    (action,) = change.actions
    assert isinstance(action, Put)
    return action


def test_first_save_expects_nothing_there_and_advances_version_and_sequence() -> None:
    saved = States(TABLE, Form(Note)).save("n1", None, Note(note_id="n1", text="a", tenant="t1"), [NoteWritten()] * 2)
    assert (saved.state.version, saved.state.sequence) == (1, 2)
    assert put_of(saved.change).where == Where(absent="note_id")
    (recorded,) = saved.change.recorded
    assert (recorded.aggregate, recorded.after, len(recorded.events), recorded.tenant) == ("n1", 0, 2, "t1")


def test_save_is_conditional_on_the_version_that_was_loaded_whatever_the_decision_says() -> None:
    before = Note(note_id="n1", version=4, sequence=9)
    saved = States(TABLE, Form(Note)).save("n1", before, before.model_copy(update={"text": "b", "version": 77}))
    assert (saved.state.version, saved.state.sequence) == (5, 9)
    assert put_of(saved.change).where == Where(equal={"version": 4})
    assert saved.change.recorded == ()


def test_aggregate_of_a_former_id_continues_its_sequence() -> None:
    saved = States(TABLE, Form(Note)).save("n1", None, Note(note_id="n1", sequence=5), [NoteWritten()])
    assert (saved.state.version, saved.state.sequence) == (1, 6)
    assert saved.change.recorded[0].after == 5


def test_fields_beside_the_state_are_stored_once_and_read_back() -> None:
    states = States(TABLE, Form(Note, beside=frozenset({"text"})))
    item = dict(put_of(states.save("n1", None, Note(note_id="n1", text="long")).change).item)
    assert item["text"] == "long"
    assert "text" not in json.loads(str(item["state"]))
    assert states.read(item).text == "long"


def rename(state: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {**state, "text": state.pop("body", "")}


def measure(state: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {**state, "size": len(str(state["text"]))}


def test_older_schemas_are_brought_up_to_date_step_by_step() -> None:
    states = Form(Note, upcasts=(rename, measure))
    assert states.schema == 3
    assert states.read({"state": '{"note_id": "n", "body": "four"}', "schema": 1}).size == 4
    assert states.read({"state": '{"note_id": "n", "text": "abc"}', "schema": 2}).size == 3
    assert states.read({"state": '{"note_id": "n", "text": "ab"}', "schema": 3}).size == 0


def test_schema_of_a_newer_release_is_for_a_process_of_that_release() -> None:
    with pytest.raises(UnknownSchema, match="schema 2 is newer") as refused:
        Form(Note).read({"state": "{}", "schema": 2})
    assert isinstance(refused.value, ServiceUnavailable), "a batch with it is given back, and is no dead letter"


def test_changes_add_up() -> None:
    first, second = Change.of(Put(TABLE, {"note_id": "a"})), Change(begins=(Begin("send", "a"),))
    both = first + second
    assert (both.actions, both.begins) == (first.actions, second.begins)


async def test_owner_without_long_work_says_so() -> None:
    with pytest.raises(TypeError, match="no long work"):
        async with NoWork().transaction(Change(begins=(Begin("send", "a"),))):
            pass
