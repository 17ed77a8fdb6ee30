"""What earlier releases stored is still read: one golden file for each schema of each form, never changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from nexus_builds.domain.listing import listed
from nexus_builds.domain.state import PastAttempt, Project, project_summary
from nexus_builds.store.projects import PAST_ATTEMPT, PROJECT
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.stages import StepStatus
from nexus_runtime.dynamo.form import Form

GOLDEN = Path(__file__).parent / "golden"


def stored(name: str, schema: int) -> dict[str, Any]:
    """The attributes of an item as that schema's release wrote them."""
    written = json.loads((GOLDEN / f"{name}.{schema}.json").read_text(encoding="utf-8"))
    return {**written, "state": json.dumps(written["state"])}


@pytest.mark.parametrize(("name", "form"), [("project", PROJECT), ("past_attempt", PAST_ATTEMPT)])
def test_every_schema_has_a_golden_file_and_the_newest_is_what_is_written_today(name: str, form: Form[Any]) -> None:
    for schema in range(1, form.schema + 1):
        form.read(stored(name, schema))
    newest = stored(name, form.schema)
    again = form.written(form.read(newest))
    assert {**again, "state": json.loads(again["state"])} == {**newest, "state": json.loads(newest["state"])}


@pytest.mark.parametrize("schema", range(1, PROJECT.schema + 1))
def test_a_list_shows_what_every_schema_stored_as_the_project_itself_does(schema: int) -> None:
    item = stored("project", schema)
    assert listed(PROJECT.stored(item)) == project_summary(PROJECT.read(item)).model_dump(mode="json")


def test_project_of_schema_1_is_understood() -> None:
    project: Project = PROJECT.read(stored("project", 1))
    assert (project.status, project.version, project.sequence, project.tenant) == (ProjectStatus.FAILED, 9, 20, "acme")
    assert [stage.status for stage in project.stages[:3]] == [StepStatus.COMPLETED] * 2 + [StepStatus.FAILED]


def test_past_attempt_of_schema_1_is_understood() -> None:
    past: PastAttempt = PAST_ATTEMPT.read(stored("past_attempt", 1))
    assert (past.attempt.number, past.attempt.outcome, past.usage().input_tokens) == (1, "failed", 6)
