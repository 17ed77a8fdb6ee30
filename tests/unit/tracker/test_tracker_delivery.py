"""Confirmed, or named: what a tracker does while nobody confirms."""

import asyncio
from itertools import pairwise

import pytest
from tests.support.tracker_fakes import OTHER_PROJECT, PROJECT, Desk, kind_of

from nexus_contracts.builds.reports import StageProgressed
from nexus_tracker import ReportNotDelivered, ReportRejected, Tracker, delivery

SHORT = 0.05


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def reported(desk: Desk, project_id: str = PROJECT) -> None:
    async with Tracker(desk, timeout=SHORT) as tracker, tracker.build(project_id).stage("orchestrator") as stage:
        await stage.progress(50)


async def test_an_exit_waits_until_everything_is_confirmed(desk: Desk) -> None:
    desk.away = True
    async with Tracker(desk) as tracker:
        step = tracker.build(PROJECT).stage("orchestrator")
        await step.start()
        ending = asyncio.create_task(step.complete())
        await desk.until(lambda: bool(desk.tries))
        assert not ending.done()
        desk.away = False
        await ending
        assert desk.told == ["started orchestrator", "completed orchestrator"]


async def test_a_retried_report_keeps_its_id_and_its_place(desk: Desk) -> None:
    desk.away = True
    async with Tracker(desk) as tracker:
        step = tracker.build(PROJECT).stage("orchestrator")
        await step.start()
        await step.progress(10)
        await desk.until(lambda: desk.tries.total() == 2)
        [tried] = desk.tries
        desk.away = False
        await step.complete()
    assert desk.events[0].id == tried
    assert desk.told == ["started orchestrator", "progressed orchestrator", "completed orchestrator"]
    assert all(earlier.time <= later.time for earlier, later in pairwise(desk.events))


async def test_what_is_not_confirmed_is_named(desk: Desk) -> None:
    desk.away = True
    with pytest.raises(ReportNotDelivered, match="the desk is empty") as raised:
        await reported(desk)
    assert [kind_of(report) for _, report in raised.value.undelivered] == ["started", "progressed", "completed"]
    assert "nexus.stage.started.v1 of orchestrator, attempt 1 of proj_777" in str(raised.value)
    assert not desk.open


async def test_nested_exits_wait_for_an_absent_broker_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.away = True
    waits: list[float] = []
    timeout = asyncio.timeout

    def counted(seconds: float) -> asyncio.Timeout:
        if seconds == SHORT:
            waits.append(seconds)
        return timeout(seconds)

    async def nested() -> None:
        async with (
            Tracker(desk, timeout=SHORT) as tracker,
            tracker.build(PROJECT) as build,
            build.stage("agent_developer_manager") as stage,
            stage.sub_stage("tool_developer"),
        ):
            pass

    monkeypatch.setattr(asyncio, "timeout", counted)
    with pytest.raises(ReportNotDelivered):
        await nested()
    assert waits == [SHORT]


async def test_the_error_of_the_body_is_what_is_raised_with_a_note(desk: Desk) -> None:
    desk.away = True
    with pytest.raises(ZeroDivisionError) as raised:
        async with Tracker(desk, timeout=SHORT) as tracker, tracker.build(PROJECT).stage("orchestrator"):
            _ = 1 / 0
    assert any("not reported" in note for note in raised.value.__notes__)


async def test_who_goes_on_after_a_failed_delivery_delivers_all_in_order_once_the_broker_is_back(desk: Desk) -> None:
    async with Tracker(desk, timeout=SHORT) as tracker:
        build = tracker.build(PROJECT)
        desk.away = True
        with pytest.raises(ReportNotDelivered):
            async with build.stage("orchestrator"):
                pass
        desk.away = False
        await desk.until(lambda: bool(desk.events))
        async with build.stage("requirements_analysis"):
            pass
    assert desk.told == [
        f"{kind} {stage}" for stage in ("orchestrator", "requirements_analysis") for kind in ("started", "completed")
    ]


async def test_memory_is_bounded_and_who_reports_more_waits(desk: Desk) -> None:
    desk.away = True
    async with Tracker(desk) as tracker:
        step = tracker.build(PROJECT).stage("orchestrator")
        await step.start()

        async def report_much() -> None:
            for _ in range(delivery.MAX_REPORTS + 500):
                await step.progress(1)

        reporting = asyncio.create_task(report_much())
        await desk.until(lambda: bool(desk.tries))
        assert not reporting.done()
        desk.away = False
        await reporting
        await step.complete()
    assert len(desk.events) == delivery.MAX_REPORTS + 502


async def test_who_reports_more_than_there_is_room_for_is_told_in_time(desk: Desk) -> None:
    desk.away = True
    tracker = Tracker(desk, timeout=SHORT)
    step = tracker.build(PROJECT).stage("orchestrator")
    for _ in range(delivery.MAX_REPORTS):
        await step.progress(1)
    with pytest.raises(ReportNotDelivered, match="and 995 more"):
        await step.progress(1)
    await tracker.stop()


async def test_a_rejected_report_is_named_and_blocks_nobody_else(desk: Desk) -> None:
    desk.unknown.add(OTHER_PROJECT)
    async with Tracker(desk) as tracker:
        with pytest.raises(ReportRejected, match=f"there is no {OTHER_PROJECT}"):
            async with tracker.build(OTHER_PROJECT).stage("orchestrator"):
                pass
        async with tracker.build(PROJECT).stage("orchestrator"):
            pass
    assert desk.told == ["started orchestrator", "completed orchestrator"]
    assert set(desk.tries.values()) == {1}


async def test_a_fault_of_the_transport_is_told_to_those_who_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(event: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(desk, "send", broken)
    with pytest.raises(ReportNotDelivered, match="a bug"):
        await reported(desk)


async def test_cancelling_the_work_fails_its_stage(desk: Desk) -> None:
    async def work() -> None:
        async with tracker.build(PROJECT).stage("orchestrator"):
            await asyncio.Event().wait()

    async with Tracker(desk) as tracker:
        working = asyncio.create_task(work())
        await desk.until(lambda: bool(desk.events))
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
    assert desk.only("failed").error.code == "CANCELLED_ERROR"


async def test_one_report_can_be_published_under_a_given_id(desk: Desk) -> None:
    report = StageProgressed(project_id=PROJECT, attempt=1, stage_name="orchestrator", progress=5)
    tracker = Tracker(desk)
    await tracker.publish(report, source="/ci/other", report_id="r1")
    [event] = desk.events
    assert (event.source, event.id) == ("/ci/other", "r1")
    desk.away = True
    with pytest.raises(ReportNotDelivered) as raised:
        await tracker.publish(report, report_id="r2")
    assert raised.value.undelivered == (("r2", report),)
