"""Projects under duplicates, disorder, crashes and two replicas with two workers: what may never happen."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.support.builds_story import BODIES, ERROR, EXTERNAL, PROJECT, STEPS, Story, a_report, create_command
from tests.support.builds_world import LossyDatabase, Replica, delivered

from nexus_builds.domain.endings import Patience, failed, past_hope
from nexus_builds.domain.listing import listed
from nexus_builds.domain.reports import NAMED_SOURCE, WORKER_SOURCE
from nexus_builds.domain.state import TERMINAL, Project, project_summary
from nexus_builds.store.projects import PROJECT as PROJECT_FORM
from nexus_contracts.builds.commands import ControlAction, ControlProject
from nexus_contracts.builds.reports import AttemptFailed, StageError
from nexus_contracts.replies import Reply
from nexus_contracts.stages import DEVELOPER
from nexus_runtime.dynamo import DatabaseUnavailable
from nexus_runtime.kafka.delivery import Delivery

ENDS = {"nexus.build.completed.v1", "nexus.build.failed.v1", "nexus.build.stopped.v1"}
REPORTED = ("nexus.stage.", "nexus.attempt.", "nexus.report.")
PLACES = [*STEPS, (DEVELOPER, None)]
replicas, epochs = st.integers(0, 1), st.integers(1, 3)
FOR_EVER = Patience(silence=float("inf"), lost=float("inf"), total=float("inf"))


class Builds(RuleBasedStateMachine):
    """Two replicas share one database. Each delivery may come again, later, to the other one, or be half lost."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.database = LossyDatabase()
        self.replicas = [Replica(self.database), Replica(self.database)]
        self.sent: list[Delivery] = []
        self.commands: list[ControlProject] = []
        self.answers: dict[str, Reply] = {}
        self.given_up = 0
        self.seen: Project | None = None
        self.taken: set[tuple[str, str]] = set()

    def teardown(self) -> None:
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def crashing(self, crash: bool, work: Coroutine[Any, Any, Any], which: int) -> Any:
        """The work; with a crash it is committed, its answer is lost, and another process takes over."""
        self.database.lose_answers = int(crash)
        try:
            return self.run(work)
        except DatabaseUnavailable:
            self.replicas[which] = Replica(self.database)
            return None
        finally:
            self.database.lose_answers = 0

    @initialize(auto_start=st.booleans())
    def create(self, auto_start: bool) -> None:
        self.run(self.replicas[0].ask(create_command(auto_start=auto_start)))
        self.seen = self.project()

    def project(self) -> Project:
        return self.run(self.replicas[0].present())

    def source(self, epoch: int) -> str:
        attempt = self.project().attempt
        return f"{WORKER_SOURCE}{epoch}" if attempt and attempt.builder == "platform" else EXTERNAL

    def deliver(self, which: int, crash: bool, *batch: Delivery) -> None:
        self.taken |= {(one.event.source, one.event.id) for one in batch}
        self.crashing(crash, self.replicas[which].tell(*batch), which)
        if crash:
            self.run(self.replicas[which].tell(*batch))

    @rule(which=replicas, epoch=epochs, crash=st.booleans(), kind=st.sampled_from(["started", "completed"]))
    def go_on(self, which: int, epoch: int, crash: bool, kind: str) -> None:
        project = self.project()
        unfinished = [place for place in PLACES if not (step := project.step(*place)) or not step.done]
        if unfinished:
            if kind == "completed" and unfinished[0][0] == DEVELOPER:
                self.report(which, epoch, False, (DEVELOPER, None), "started")
            self.report(which, epoch, crash, unfinished[0], kind)

    @rule(which=replicas, epoch=epochs, crash=st.booleans(), kind=st.sampled_from(list(BODIES)))
    def say_anything(self, which: int, epoch: int, crash: bool, kind: str) -> None:
        self.report(which, epoch, crash, PLACES[(len(self.sent) * 7 + epoch) % len(PLACES)], kind)

    def report(self, which: int, epoch: int, crash: bool, place: tuple[str, str | None], kind: str) -> None:
        attempt = max(1, self.project().attempt_number)
        told = delivered(a_report(kind, *place, attempt=attempt), self.source(epoch), f"r{len(self.sent)}")
        self.sent.append(told)
        self.deliver(which, crash, told)

    @rule(which=replicas, epoch=epochs, kind=st.sampled_from(list(BODIES)))
    def lose_a_report(self, which: int, epoch: int, kind: str) -> None:
        """Sent, not delivered: it may come with a later replay."""
        attempt = max(1, self.project().attempt_number)
        place = PLACES[(which + epoch) % len(PLACES)]
        told = delivered(a_report(kind, *place, attempt=attempt), self.source(epoch), f"r{len(self.sent)}")
        self.sent.append(told)

    @rule(which=replicas, crash=st.booleans(), kind=st.sampled_from(["question", "approval"]))
    def ask(self, which: int, crash: bool, kind: str) -> None:
        """In the step that runs, under one name a step: a worker that takes over asks the same again."""
        project = self.project()
        running = [place for place in PLACES if (step := project.step(*place)) and step.status == "running"]
        attempt = project.attempt
        if running and attempt and attempt.builder == "platform":
            (stage, sub), number = running[-1], attempt.number
            report = a_report("waiting", stage, sub, attempt=number, name="asked", kind=kind)
            told = delivered(report, NAMED_SOURCE, f"ask {number} {stage} {sub}")
            self.sent.append(told)
            self.deliver(which, crash, told)

    @rule(which=replicas, late=st.booleans())
    def look_for_expired_waits(self, which: int, late: bool) -> None:
        replica, before = self.replicas[which], self.project()
        now = Story.at(48 * 3600 if late else 0)
        if error := past_hope(before, now, FOR_EVER, worker_lost=False):
            assert (error.code, late, before.waiting_for is not None) == ("WAIT_EXPIRED", True, True)
            self.run(replica.ledger.commit(replica.store.save(before, *failed(before, error, now)).change))

    @rule(which=replicas, epoch=epochs, crash=st.booleans())
    def give_up(self, which: int, epoch: int, crash: bool) -> None:
        attempt = max(1, self.project().attempt_number)
        error = StageError.model_validate(ERROR)
        report = AttemptFailed(project_id=PROJECT, attempt=attempt, error=error)
        told = delivered(report, self.source(epoch), f"r{len(self.sent)}")
        self.sent.append(told)
        self.given_up += 1
        self.deliver(which, crash, told)

    @rule(which=replicas, crash=st.booleans(), data=st.data())
    def replay(self, which: int, crash: bool, data: st.DataObject) -> None:
        if self.sent:
            chosen = data.draw(st.lists(st.sampled_from(range(len(self.sent))), min_size=1, max_size=8))
            self.deliver(which, crash, *(self.sent[number] for number in chosen))

    @rule(which=replicas, action=st.sampled_from(list(ControlAction)), crash=st.booleans(), late=st.booleans())
    def control(self, which: int, action: ControlAction, crash: bool, late: bool) -> None:
        from_stage = "requirements_analysis" if late and action == "restart" else None
        fields: dict[str, Any] = {"action": action, "from_stage": from_stage}
        command = ControlProject(command_id=f"k{len(self.commands)}", project_id=PROJECT, **fields)
        self.commands.append(command)
        if self.crashing(crash, self.replicas[which].ask(command, command.command_id), which) is None:
            assert crash
        self.command_again(which, len(self.commands) - 1)

    @rule(which=replicas, number=st.integers(0, 20))
    def command_again(self, which: int, number: int) -> None:
        if number < len(self.commands):
            command = self.commands[number]
            answer = self.run(self.replicas[which].ask(command, f"{command.command_id} again"))
            first = self.answers.setdefault(command.command_id, answer)
            assert (answer.status, answer.result, answer.error) == (first.status, first.result, first.error)

    @invariant()
    def nothing_forbidden_happened(self) -> None:
        if self.seen is None:
            return
        before, now = self.seen, self.project()
        self.seen = now
        assert now.version >= before.version
        assert now.attempt_number >= before.attempt_number
        if now.version == before.version:
            assert now == before
        if before.status in TERMINAL and now.attempt_number == before.attempt_number:
            changed = {"version": 0, "sequence": 0, "reports": 0, "updated_at": now.updated_at, "refusals": None}
            assert now.model_copy(update=changed) == before.model_copy(update=changed)
        self.waiting_is_right(now)
        self.history_is_whole(now)
        stored = PROJECT_FORM.stored({**PROJECT_FORM.written(now)})
        assert listed(stored) == project_summary(now).model_dump(mode="json")

    def waiting_is_right(self, now: Project) -> None:
        """Whoever waits is paused, in a step that runs; and nothing was asked twice."""
        if wait := now.waiting_for:
            step = now.step(wait.stage_name, wait.sub_stage_name)
            assert (now.status, step and step.status) == ("paused", "running")
        entries = self.run(self.replicas[1].events())
        asked = [entry.data for entry in entries if entry.data.get("name") == "asked" and "waiting" in entry.type]
        places = [(one["attempt"], one["stage_name"], one["sub_stage_name"]) for one in asked]
        assert len(set(places)) == len(places)

    def history_is_whole(self, now: Project) -> None:
        entries = self.run(self.replicas[1].events())
        assert [entry.sequence for entry in entries] == list(range(1, now.sequence + 1))
        told = [entry.type for entry in entries if entry.type.startswith(REPORTED)]
        assert now.reports == len(self.taken)
        # Giving up an attempt that ended without success is no news.
        assert now.reports - self.given_up <= len(told) <= now.reports
        for attempt in range(1, now.attempt_number + 1):
            mine = [entry.type for entry in entries if entry.data["attempt"] == attempt]
            ended = sum(kind in ENDS for kind in mine)
            running = attempt == now.attempt_number and now.status not in TERMINAL
            assert (mine.count("nexus.build.started.v1"), ended) == (1, 0 if running else 1)


Builds.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
test_nothing_forbidden_happens_under_duplicates_disorder_and_crashes = Builds.TestCase
