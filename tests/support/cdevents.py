"""CDEvents as a CI system sends them."""

from typing import Any

from tests.support.builds_story import EXTERNAL, PROJECT

from nexus_contracts.envelope import CloudEvent

TIME = "2026-03-01T09:30:00Z"


def cdevent(kind: str, content: Any = None, version: str = "0.3.0", number: int = 1, **custom: Any) -> CloudEvent:
    """`kind` is subject and predicate: taskrun.started. `custom` is its customData."""
    name = f"dev.cdevents.{kind}.{version}"
    context = {"specversion": "0.5.1", "id": str(number), "source": EXTERNAL, "type": name, "timestamp": TIME}
    subject: Any = {"id": "run-7", "source": EXTERNAL, "content": content or {}}
    data: dict[str, Any] = {"context": context, "subject": subject, **({"customData": custom} if custom else {})}
    attributes = {"id": str(number), "source": EXTERNAL, "type": name, "subject": PROJECT, "time": TIME}
    return CloudEvent.model_validate({**attributes, "data": data})


def task(predicate: str, name: str, number: int = 1, outcome: str | None = None, **custom: Any) -> CloudEvent:
    content = {"taskName": name, "pipelineRun": {"id": "run-7"}, "uri": "https://ci.example.com/run-7"}
    return cdevent(
        f"taskrun.{predicate}", {**content, **({"outcome": outcome} if outcome else {})}, "0.3.0", number, **custom
    )


def pipeline(predicate: str, number: int = 1, outcome: str | None = None, **custom: Any) -> CloudEvent:
    content = {"pipelineName": "agents", **({"outcome": outcome} if outcome else {})}
    return cdevent(f"pipelinerun.{predicate}", content, "0.3.0", number, **custom)
