"""However a program nests its stages and whatever it says in them: the domain applies every report."""

import asyncio
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support.builds_story import EXTERNAL, NOON, PROJECT, create_command
from tests.support.tracker_fakes import Desk

from nexus_builds.domain import control
from nexus_builds.domain.control import Methods
from nexus_builds.domain.reports import Reporter, apply
from nexus_builds.domain.state import Project
from nexus_contracts.builds.events import ReportRefused
from nexus_contracts.builds.reports import Artifact
from nexus_contracts.stages import DEVELOPER, STAGES
from nexus_tracker import AttemptEnded, Build, Step, Tracker

ARTIFACT = Artifact(name="a", uri="blob:a", sha256="0" * 64, size_bytes=1, media_type="text/plain")
SUB_STAGES = [sub.name for stage in STAGES for sub in stage.sub_stages]


class Broken(Exception):
    """What goes wrong in a stage."""


@dataclass(frozen=True)
class Work:
    """What is said in a step; `breaks`: where it raises, before or after that."""

    says: list[str]
    breaks: str | None


@dataclass(frozen=True)
class Plan:
    stages: list[Work]
    subs: list[tuple[str, Work]]
    side_by_side: bool
    survives: bool
    breaks_before: int | None


works = st.builds(
    Work,
    st.lists(st.sampled_from(["log", "log", "progress", "usage", "artifact", "output"]), max_size=5),
    st.sampled_from([None] * 12 + ["before", "after"]),
)
plans = st.builds(
    Plan,
    st.lists(works, min_size=len(STAGES), max_size=len(STAGES)),
    st.tuples(st.permutations(SUB_STAGES), st.lists(works, min_size=3, max_size=3)).map(
        lambda both: list(zip(*both, strict=True))
    ),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(0, len(STAGES)),
)


async def say(step: Step, word: str) -> None:
    match word:
        case "log":
            await step.log("so far so good")
        case "progress":
            await step.progress(40)
        case "usage":
            await step.usage(tool_calls=1)
        case "artifact":
            await step.artifact(ARTIFACT)
        case _:
            step.output({"answer": 42})


async def perform(step: Step, work: Work) -> None:
    if work.breaks == "before":
        raise Broken
    for word in work.says:
        await say(step, word)
    if work.breaks == "after":
        raise Broken


async def develop(stage: Step, plan: Plan) -> None:
    async def one(name: str, work: Work) -> None:
        async with stage.sub_stage(name) as sub:
            await perform(sub, work)

    if plan.side_by_side:
        try:
            async with asyncio.TaskGroup() as group:
                for name, work in plan.subs:
                    group.create_task(one(name, work))
        except ExceptionGroup:
            raise Broken from None
    else:
        for name, work in plan.subs:
            await one(name, work)


async def run(build: Build, plan: Plan) -> None:
    async with build:
        for number, (spec, work) in enumerate(zip(STAGES, plan.stages, strict=True)):
            if plan.breaks_before == number:
                raise Broken
            stage = build.stage(spec.name)
            try:
                async with stage:
                    if spec.name == DEVELOPER:
                        await develop(stage, plan)
                    await perform(stage, work)
            except Broken:
                if not plan.survives:
                    raise
                await stage.log("went on after a failure")


def judged(desk: Desk) -> tuple[Project, list[Any]]:
    """The project after all that was reported, and the refusals among it."""
    project, _ = control.create(create_command(auto_start=False), NOON, Methods())
    refusals: list[Any] = []
    for event, report in zip(desk.events, desk.reports, strict=True):
        project, events = apply(project, report, Reporter(EXTERNAL, event.id), event.time)
        refusals += [one for one in events if isinstance(one, ReportRefused)]
    return project, refusals


async def told(desk: Desk, plan: Plan) -> bool:
    """Whether the program came to its end."""
    async with Tracker(desk) as tracker:
        try:
            await run(tracker.build(PROJECT), plan)
        except (Broken, AttemptEnded):
            return False
    return True


@given(plans)
def test_the_domain_applies_every_report_and_sees_how_the_program_ended(plan: Plan) -> None:
    desk = Desk()
    finished = asyncio.run(told(desk, plan))
    project, refusals = judged(desk)
    assert refusals == []
    works = [*plan.stages, *(work for _, work in plan.subs)]
    sound = plan.breaks_before in (None, len(STAGES)) and not any(work.breaks for work in works)
    assert project.status == ("completed" if sound else "failed")
    if sound:
        assert finished
