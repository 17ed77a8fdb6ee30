"""Which step of a build comes next. Pure."""

from nexus_builds.domain.state import Project, StepState
from nexus_contracts.stages import STAGES, StepStatus


def next_steps(project: Project) -> list[tuple[str, str | None]]:
    """The steps to begin or continue with, as (stage, sub-stage); empty when all are done.

    A stage with sub-stages is begun first, then they run one after the other, then it is concluded: the answer is
    the stage alone (to conclude it), or the stage and its next sub-stage.
    """
    for spec in STAGES:
        stage = project.step(spec.name, None)
        if stage is None or stage.done:
            continue
        unfinished = next((sub for sub in stage.sub_steps if not sub.done), None)
        if unfinished is None:
            return [(spec.name, None)]
        return [(spec.name, None), (spec.name, unfinished.name)] if _idle(stage) else [(spec.name, unfinished.name)]
    return []


def _idle(stage: StepState) -> bool:
    return stage.status is StepStatus.PENDING
