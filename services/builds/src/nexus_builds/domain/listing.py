"""Projects in lists, made directly from the stored JSON: validating whole states was most of the cost of a list."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from nexus_builds.domain.state import Project, project_summary
from nexus_contracts.builds.reports import StageError
from nexus_contracts.builds.views import ProjectSummary
from nexus_contracts.stages import StepStatus

Stored = Mapping[str, Any]
"""The JSON of a project in its newest schema, without default values."""
_OWN = {name: field for name, field in Project.model_fields.items() if name in ProjectSummary.model_fields}
_DEFAULTS = {
    name: to_jsonable_python(field.get_default(call_default_factory=True))
    for name, field in _OWN.items()
    if not field.is_required()
}
_NO_ATTEMPT: Mapping[str, Any] = {}


def listed(state: Stored) -> Mapping[str, Any]:
    """The JSON of the `project_summary` of that project."""
    attempt = state.get("attempt", _NO_ATTEMPT)
    # Such a project also shows what its attempt has cost, a sum over its steps. It is rare enough to be validated.
    if attempt.get("waiting_for"):
        return project_summary(Project.model_validate(state)).model_dump(mode="json")
    error = attempt.get("error")
    return {name: state[name] if name in state else _DEFAULTS[name] for name in _OWN} | {
        "current_stage": _running(state),
        "attempt": attempt.get("number", 0),
        "builder": attempt.get("builder"),
        "waiting_for": None,
        "error": error and StageError.model_validate(error).model_dump(mode="json"),
        "started_at": attempt.get("started_at"),
        "completed_at": attempt.get("ended_at"),
    }


def _running(state: Stored) -> str | None:
    stages = state.get("stages", ())
    return next((stage["name"] for stage in stages if stage.get("status") == StepStatus.RUNNING), None)
