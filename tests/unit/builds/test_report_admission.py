"""Reports off the topic: what may enter, what it becomes, and what is counted of the rest."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from pydantic import SecretStr
from tests.support.builds_story import EXTERNAL, PROJECT, STEPS, a_report, create_command
from tests.support.builds_world import Replica, delivered
from tests.support.bus_fakes import FakeBus, Record, no_pause
from tests.support.cdevents import pipeline, task
from tests.support.memory_database import MemoryDatabase

from nexus_builds.consumers import admission
from nexus_builds.domain.reports import WORKER_SOURCE
from nexus_builds.signing import ReportSigner
from nexus_contracts.builds.reports import REPORT, AnyReport
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.principal import DEFAULT_TENANT
from nexus_contracts.stages import DEVELOPER
from nexus_contracts.topics import BUILDS_REPORTS
from nexus_runtime.dynamo import DatabaseUnavailable
from nexus_runtime.kafka.delivery import Deliverer, Subscription
from nexus_runtime.ledger.audit import Wanted
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.clock import derived_id, utc_now

TRUST = Trust(SecretStr("a secret that the services share"))
TOPIC = {"topic": "builds.reports.v1", "group": "builds-reports"}


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


class Topic:
    """The reports topic with the service behind it."""

    def __init__(self) -> None:
        database = MemoryDatabase()
        self.replica = Replica(database)
        self.signer = ReportSigner(database.as_database())
        self.bus = FakeBus()
        handle = self.replica.reports.apply_reports
        admit = admission(ReportSigner(database.as_database()), TRUST)
        to = Subscription(BUILDS_REPORTS, "builds-reports", REPORT, handle, admit=admit)
        self.deliverer = Deliverer(to, self.bus.as_bus(), pause=no_pause)

    async def publish(self, *events: CloudEvent) -> None:
        await self.deliverer.deliver([Record("t", b"k", event.body(), event.headers()) for event in events])

    async def types(self) -> list[str]:
        return [entry.type.removeprefix("nexus.").removesuffix(".v1") for entry in await self.replica.events()]

    async def senders(self) -> list[str | None]:
        """Of all events but the creation."""
        return [entry.principal for entry in (await self.replica.events())[1:]]

    async def trail(self) -> list[tuple[str, ...]]:
        today = utc_now().date()
        found = await self.replica.ledger.inbox.audit.page(DEFAULT_TENANT, Wanted(today, today), 1000)
        told = [(one.principal, one.action, one.resource, one.request_id or "") for one in found]
        return [one for one in told if one[1] != "create_project"]

    async def refusals(self) -> list[Any]:
        return [entry.data["reason"] for entry in await self.replica.events() if "refused" in entry.type]


@pytest_asyncio.fixture
async def topic() -> AsyncIterator[Topic]:
    yield Topic()


def said(report: AnyReport, source: str = EXTERNAL, report_id: str = "r1") -> CloudEvent:
    return delivered(report, source, report_id).event


def sent_by(caller: str, event: CloudEvent) -> CloudEvent:
    """As the gateway publishes it."""
    known = {"nexusprincipal": caller, "nexustenant": DEFAULT_TENANT, "correlationid": f"req_{caller}"}
    return TRUST.attest(event.model_copy(update=known))


async def test_the_workers_reports_enter_with_its_signature(topic: Topic) -> None:
    await topic.replica.ask(create_command())
    await topic.publish(await topic.signer.signed(said(a_report("started", "orchestrator"), f"{WORKER_SOURCE}1")))
    assert (await topic.types())[-1] == "stage.started"


@pytest.mark.parametrize("source", [f"{WORKER_SOURCE}999999999999", f"{WORKER_SOURCE}1", "/nexus/", "/nexus/gateway"])
async def test_whoever_takes_the_platforms_name_becomes_a_dead_letter_and_fences_nobody_off(
    topic: Topic, source: str
) -> None:
    await topic.replica.ask(create_command())
    genuine = await topic.signer.signed(said(a_report("started", "orchestrator"), f"{WORKER_SOURCE}1"))
    stolen = genuine.model_copy(update={"source": source, "id": "another", "data": genuine.data})
    await topic.publish(stolen, stolen.model_copy(update={"signature": None}), genuine)
    letters = [dict(letter.headers)["dlq_error"] for letter in topic.bus.records]
    assert letters == [b"source: /nexus/... belongs to the platform, whose reports are signed"] * 2
    assert await topic.types() == ["project.created", "build.started", "stage.started"]
    assert (await topic.replica.present()).reports == 1


async def test_a_forged_report_cannot_pass_for_the_first_delivery_of_the_workers_next(topic: Topic) -> None:
    await topic.replica.ask(create_command())
    foretold = derived_id("evt_", PROJECT, "1", "1", "orchestrator", "0")
    genuine = said(a_report("started", "orchestrator"), f"{WORKER_SOURCE}1", foretold)
    await topic.publish(said(a_report("failed", "orchestrator"), f"{WORKER_SOURCE}1", foretold))
    await topic.publish(await topic.signer.signed(genuine))
    assert (await topic.types())[-1] == "stage.started"


async def test_who_sent_a_report_over_http_is_in_the_history_and_the_audit_trail_once(topic: Topic) -> None:
    await topic.replica.ask(create_command(auto_start=False))
    started = sent_by("ann", said(a_report("started", "orchestrator")))
    refused = sent_by("ann", said(a_report("started", "orchestrator", attempt=7), report_id="r2"))
    await topic.publish(started, refused, started)
    assert await topic.trail() == [("ann", "report_stage.started", PROJECT, "req_ann")]
    assert await topic.senders() == ["ann", "ann", "ann"], "the build's start, the stage's, the refusal"


async def test_a_sender_that_the_gateway_has_not_attested_is_not_believed(topic: Topic) -> None:
    await topic.replica.ask(create_command(auto_start=False))
    genuine = sent_by("ann", said(a_report("started", "orchestrator")))
    stolen = genuine.model_copy(update={"nexusprincipal": "bob"})
    invented = said(a_report("logged", "orchestrator"), report_id="r2").model_copy(update={"nexusprincipal": "bob"})
    await topic.publish(stolen, invented)
    assert await topic.trail() == []
    assert set(await topic.senders()) == {EXTERNAL}


async def test_of_many_reports_at_once_each_names_its_own_sender(topic: Topic) -> None:
    await topic.replica.ask(create_command(auto_start=False))
    await topic.publish(sent_by("ann", said(a_report("started", "orchestrator"))))
    senders = ["ann"] * 60 + ["bob"] * 60
    many = [
        sent_by(name, said(a_report("logged", "orchestrator"), report_id=f"l{number}"))
        for number, name in enumerate(senders)
    ]
    await topic.publish(*many)
    assert sorted(principal for principal, *_ in await topic.trail()) == ["ann", *senders]
    assert (await topic.senders())[-120:] == senders


async def test_while_the_key_cannot_be_read_the_batch_is_given_back(
    topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await topic.replica.ask(create_command())
    event = await topic.signer.signed(said(a_report("started", "orchestrator"), f"{WORKER_SOURCE}1"))
    with monkeypatch.context() as unavailable:
        unavailable.setattr(topic.replica.database, "get", _unavailable)
        with pytest.raises(ExceptionGroup):
            await topic.publish(event)
    assert topic.bus.records == []
    await topic.publish(event)
    assert (await topic.types())[-1] == "stage.started"


async def _unavailable(*_: object, **__: object) -> None:
    raise DatabaseUnavailable("away")


async def test_processes_agree_on_one_key_and_another_database_has_another(topic: Topic) -> None:
    event = await topic.signer.signed(said(a_report("started", "orchestrator"), f"{WORKER_SOURCE}1"))
    assert await topic.signer.is_signed(event)
    assert not await Topic().signer.is_signed(event)


async def test_a_pipeline_reports_a_whole_build_in_cdevents(topic: Topic) -> None:
    await topic.replica.ask(create_command(auto_start=False))
    events = [pipeline("queued"), pipeline("started", 2)]
    for stage, sub in STEPS:
        if sub == "tool_developer":
            events.append(task("started", "agent-developer-manager", len(events) + 1))
        events.append(task("started", sub or stage, len(events) + 1))
        events.append(task("finished", sub or stage, len(events) + 1, "success"))
        if sub == "agent_code_developer":
            events.append(task("finished", DEVELOPER, len(events) + 1, "success"))
    events.append(pipeline("finished", len(events) + 1, "success"))
    await topic.publish(*events, *events)
    project = await topic.replica.present()
    assert (project.status, project.progress, await topic.refusals()) == ("completed", 100.0, [])
    assert project.reports == len(events) - 3


async def test_a_failed_pipeline_says_so_twice_and_is_heard_once(topic: Topic) -> None:
    await topic.replica.ask(create_command(auto_start=False))
    await topic.publish(
        task("started", "orchestrator", 1),
        task("finished", "orchestrator", 2, "failure"),
        pipeline("finished", 3, "failure"),
    )
    kinds = ["project.created", "build.started", "stage.started", "stage.failed", "build.failed"]
    assert await topic.types() == kinds


async def test_a_cdevent_that_is_not_understood_is_put_aside(topic: Topic) -> None:
    await topic.publish(task("finished", "orchestrator", outcome="splendid"))
    (letter,) = topic.bus.records
    assert b"outcome" in (dict(letter.headers)["dlq_error"] or b"")


async def test_a_type_that_nobody_knows_and_one_that_says_nothing_are_skipped_and_counted(topic: Topic) -> None:
    before = counted("nexus_messages_consumed_total", **TOPIC, outcome="skipped")
    unknown = said(a_report("started", "orchestrator")).model_copy(update={"type": "nexus.stage.sang.v1"})
    await topic.publish(unknown, pipeline("started"))
    assert counted("nexus_messages_consumed_total", **TOPIC, outcome="skipped") == before + 2
    assert topic.bus.records == []


async def test_reports_of_an_unknown_project_are_counted_and_leave_nothing(topic: Topic) -> None:
    before = counted("nexus_reports_refused_total", code="UNKNOWN_PROJECT")
    await topic.publish(said(a_report("started", "orchestrator")), said(a_report("completed", "orchestrator"), "/b"))
    assert counted("nexus_reports_refused_total", code="UNKNOWN_PROJECT") == before + 2
    assert (await topic.replica.project(), await topic.types(), topic.bus.records) == (None, [], [])


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (a_report("started", "orchestrator", attempt=2), "UNKNOWN_ATTEMPT"),
        (a_report("started", "catering"), "UNKNOWN_STAGE"),
        (a_report("started", "orchestrator", "tool_developer"), "UNKNOWN_STAGE"),
        (a_report("started", "agent_design"), "OUT_OF_ORDER"),
        (a_report("completed", "orchestrator"), "OUT_OF_ORDER"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_refused_report_stands_in_the_history_and_is_counted_by_its_code(
    topic: Topic, report: AnyReport, code: str
) -> None:
    await topic.replica.ask(create_command(auto_start=False))
    first = [said(a_report(kind, "orchestrator"), report_id=kind) for kind in ("started", "completed")]
    before = counted("nexus_reports_refused_total", code=code)
    await topic.publish(*first, said(report, report_id="refused"), said(report, report_id="refused"))
    (reason,) = await topic.refusals()
    assert reason.startswith(f"{code}: ")
    assert counted("nexus_reports_refused_total", code=code) == before + 1


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_the_reporters_clock_decides_nothing(topic: Topic, time: str) -> None:
    await topic.replica.ask(create_command(auto_start=False))
    events = [said(a_report(kind, "orchestrator"), report_id=kind) for kind in ("started", "completed")]
    skewed = [CloudEvent.model_validate({**event.model_dump(), "time": time}) for event in events]
    await topic.publish(*skewed)
    step, entries = (await topic.replica.present()).stages[0], await topic.replica.events()
    assert step.started_at is not None
    assert step.completed_at is not None
    assert entries[0].time <= step.started_at <= step.completed_at <= entries[-1].time
