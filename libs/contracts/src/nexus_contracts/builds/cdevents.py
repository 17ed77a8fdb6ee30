"""CDEvents 0.5 read as reports: a pipelineRun is an attempt, a taskRun a stage or sub-stage of it.

Source: the JSON schemas of https://github.com/cdevents/spec, `pipelinerun*.json` and `taskrun*.json`. Only the fields
that are read here are checked, and they have been the same in every version 0.x.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from nexus_contracts.builds.reports import (
    AnyReport,
    AttemptFailed,
    Count,
    OutputData,
    StageCompleted,
    StageFailed,
    StageStarted,
)
from nexus_contracts.envelope import CloudEvent, MalformedEvent, explain
from nexus_contracts.identifiers import ProjectId, Timestamp
from nexus_contracts.model import Message
from nexus_contracts.stages import STAGES

_TYPE = re.compile(
    r"dev\.cdevents\.(?P<subject>pipelinerun|taskrun)\.(?P<predicate>queued|started|finished)"
    r"\.(?P<major>\d+)\.\d+\.\d+(-[0-9A-Za-z.-]+)?"
)
_STAGE_OF = {sub.name: stage.name for stage in STAGES for sub in stage.sub_stages}
_CODES = {"failure": "FAILED", "error": "ERROR", "cancel": "CANCELLED"}
_CONTENT = ("subject", "content")
_Name = Annotated[str, Field(min_length=1)]


class _Context(Message):
    id: _Name
    source: _Name
    type: _Name
    timestamp: Timestamp


class _Content(Message):
    task_name: _Name | None = Field(default=None, alias="taskName")
    outcome: Literal["success", "failure", "cancel", "error"] | None = None
    errors: str | None = None


class _Subject(Message):
    id: _Name
    content: _Content


class _Place(Message):
    """What `customData` may say of where the event belongs: CDEvents itself knows no projects, attempts and stages."""

    project_id: ProjectId | None = None
    attempt: Count | None = Field(default=None, ge=1)
    stage_name: _Name | None = None
    sub_stage_name: _Name | None = None
    output_data: OutputData = None


def _object(custom: Any) -> Any:
    """A text is data of another kind, in base64, and says nothing to us; null says nothing to anyone."""
    return {} if custom is None or isinstance(custom, str) else custom


class _CDEvent(Message):
    context: _Context
    subject: _Subject
    place: Annotated[_Place, BeforeValidator(_object)] = Field(default=_Place(), alias="customData")


def report_of(event: CloudEvent) -> CloudEvent | None:
    """A CDEvent as the report that it comes to, of the same source and id; None where it comes to none.

    Other events are returned as they are. Raises MalformedEvent.
    """
    kind = _TYPE.fullmatch(event.type)
    if kind is None:
        return event
    if kind["major"] != "0":
        raise MalformedEvent(f"type: only CDEvents versions 0.x are supported, not {event.type[:100]}")
    try:
        said = _CDEvent.model_validate(event.data)
        if said.context.type != event.type:
            raise MalformedEvent("must be the type of the event", "context", "type")
        report = _report(kind["subject"], kind["predicate"], said, said.place.project_id or event.subject)
    except ValidationError as error:
        raise MalformedEvent(explain(error)) from error
    if report is None:
        return None
    data = report.model_dump(mode="json", exclude={"type"}, exclude_none=True)
    return event.model_copy(update={"type": report.type, "subject": report.project_id, "data": data})


def _report(subject: str, predicate: str, said: _CDEvent, project_id: str) -> AnyReport | None:
    """A pipeline that is queued, has started or succeeded is ignored: its tasks report that."""
    outcome = said.subject.content.outcome
    if predicate == "finished" and outcome is None:
        raise MalformedEvent("is needed: without it nobody knows whether the run succeeded", *_CONTENT, "outcome")
    where: dict[str, Any] = {"project_id": project_id, "attempt": said.place.attempt or 1}
    failed = predicate == "finished" and outcome != "success"
    if subject == "pipelinerun":
        return AttemptFailed.model_validate({**where, "error": _error("PIPELINE", said)}) if failed else None
    if predicate == "queued":
        return None
    where |= _stage(said)
    if failed:
        return StageFailed.model_validate({**where, "error": _error("TASK", said)})
    if predicate == "finished":
        return StageCompleted.model_validate({**where, "output_data": said.place.output_data})
    return StageStarted.model_validate(where)


def _stage(said: _CDEvent) -> dict[str, str | None]:
    """The task's name is the stage's or sub-stage's, hyphens for underscores as in Kubernetes."""
    place = said.place
    if place.stage_name:
        return {"stage_name": place.stage_name, "sub_stage_name": place.sub_stage_name}
    name = place.sub_stage_name or (said.subject.content.task_name or "").replace("-", "_")
    if not name:
        raise MalformedEvent("is needed, or customData.stage_name", *_CONTENT, "taskName")
    return {"stage_name": _STAGE_OF.get(name, name), "sub_stage_name": name if name in _STAGE_OF else None}


def _error(prefix: str, said: _CDEvent) -> dict[str, str]:
    outcome = said.subject.content.outcome or ""
    message = said.subject.content.errors or f"{said.subject.id[:1000]} ended with the outcome {outcome}"
    return {"code": f"{prefix}_{_CODES[outcome]}", "message": message[:4000]}
