"""A session under posts, repeats, answers, failures, crashes and processes that wake late."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.agents_world import AGENT, Asked, World, kill_tasks, settle

from nexus_agents.domain.invocation import InvocationStatus, Kind
from nexus_agents.domain.message import StoredMessage
from nexus_agents.tables import INVOCATION, INVOCATIONS, LEDGER, WORK
from nexus_contracts.agents.commands import CreateSession, DeleteSession, PostMessage
from nexus_contracts.agents.views import TurnView
from nexus_contracts.replies import Reply
from nexus_runtime.process.clock import new_id

SESSION = "sess_" + "5" * 32


class SessionQueue(RuleBasedStateMachine):
    """Everything runs on one event loop; between two rules nothing can run any more."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world: World = self.run(self._opened())
        self.posts: dict[str, PostMessage] = {}
        self.requests: dict[str, list[str]] = {}
        self.asleep: list[Asked] = []
        self.deleted = False

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _opened(self) -> World:
        world = World()
        await world.start()
        await world.deploy()
        await world.ask(CreateSession(command_id="create", session_id=SESSION, agent_id=AGENT))
        return world

    @initialize()
    def begin(self) -> None:
        assert self.world.backend.asked == []

    @rule(role=st.sampled_from(["user", "user", "user", "system"]))
    def post(self, role: Any) -> None:
        number = len(self.posts)
        command = PostMessage(
            command_id=f"post {number}",
            session_id=SESSION,
            invocation_id=f"inv_{number:032x}",
            content=f"{role} {number}",
            role=role,
        )
        self.posts[command.command_id] = command
        self.requests[command.command_id] = [self.run(self.world.send(command))]

    @precondition(lambda self: self.posts)
    @rule(pick=st.integers(0, 10**6), same_message=st.booleans())
    def repeat(self, pick: int, same_message: bool) -> None:
        """Delivered again by the broker, or sent again by the caller."""
        command = list(self.posts.values())[pick % len(self.posts)]
        known = self.requests[command.command_id]
        request_id = known[pick % len(known)] if same_message else new_id("evt_")
        self.run(self.world.send(command, request_id))
        if request_id not in known:
            known.append(request_id)

    @precondition(lambda self: self.world.backend.asked)
    @rule(well=st.booleans())
    def answer(self, well: bool) -> None:
        asked = self.world.backend.asked[0]
        if well:
            asked.succeed()
        else:
            asked.fail()
        self.run(settle())

    @rule()
    def crash(self) -> None:
        self.run(self.world.crash())
        self.asleep.clear()

    @rule()
    def pause(self) -> None:
        self.asleep += self.run(self.world.pause())

    @precondition(lambda self: self.asleep)
    @rule(well=st.booleans())
    def wake(self, well: bool) -> None:
        """A process that was taken for dead gets the answer that it had waited for."""
        asked = self.asleep.pop(0)
        if asked.answer.done():
            return
        if well:
            asked.succeed("too late")
        else:
            asked.fail()
        self.run(settle())

    @precondition(lambda self: not self.deleted and len(self.posts) > 3)
    @rule()
    def delete(self) -> None:
        self.run(self.world.ask(DeleteSession(command_id=new_id("c"), session_id=SESSION)))
        self.deleted = True

    @invariant()
    def sequences_have_no_gap(self) -> None:
        session = self.run(self.world.turns.sessions.load(SESSION))
        if session is not None:
            messages = self._messages()
            assert [message.sequence for message in messages] == list(range(1, len(messages) + 1))
            assert session.message_count == len(messages)

    @invariant()
    def one_turn_runs_at_a_time(self) -> None:
        ids = [item["invocation_id"] for item in self.world.database.items(INVOCATIONS)]
        found = [self.run(self.world.turns.invocations.load(one)) for one in ids]
        assert sum(one.status is InvocationStatus.RUNNING for one in found) <= 1
        assert len(self.world.work(INVOCATION)) <= 1

    @invariant()
    def no_turn_is_asked_twice(self) -> None:
        prompts = self.world.backend.prompts
        assert len(set(prompts)) == len(prompts)

    def teardown(self) -> None:
        try:
            while self.world.backend.asked:
                self.answer(True)
            self._check_the_end()
        finally:
            self.run(kill_tasks())
            self.loop.close()

    def _check_the_end(self) -> None:
        for command_id, requests in self.requests.items():
            answers = [answer for request in requests for answer in self.world.answers(request)]
            assert {answer.request_id for answer in answers} == set(requests), command_id
            self._check_answers(self.posts[command_id], answers)
        if self.deleted:
            assert self._messages() == []
        else:
            said = [m.content for m in self._messages() if m.role != "assistant"]
            assert said == [command.content for command in self.posts.values()]
        self._check_events()

    def _check_answers(self, command: PostMessage, answers: list[Reply]) -> None:
        """All who asked were told the same; what was answered well says whose turn it was."""
        if self.deleted:
            return
        assert len({answer.model_dump_json(include={"status", "result", "error"}) for answer in answers}) == 1
        if answers[0].status == 201:
            turn = TurnView.model_validate(answers[0].result)
            assert turn.user_message.content == command.content
            if command.role == "user":
                assert turn.assistant_message is not None
                assert turn.assistant_message.sequence == turn.user_message.sequence + 1
                assert turn.assistant_message.content == f"re: {command.content}"

    def _check_events(self) -> None:
        """What started has ended once, and nothing is in hand any more."""
        assert self.world.database.items(WORK) == []
        for item in self.world.database.items(INVOCATIONS):
            found = self.run(self.world.turns.invocations.load(item["invocation_id"]))
            assert found.ended
            events = self.run(self.world.events(found.invocation_id))
            assert len(events) == (2 if found.kind is Kind.MESSAGE and found.started_at else 0)
        histories = [item["aggregate"] for item in self.world.database.items(LEDGER.history)]
        for aggregate in histories:
            assert self.run(self._numbers(aggregate)) == list(range(1, len(self.run(self._numbers(aggregate))) + 1))

    async def _numbers(self, aggregate: str) -> list[int]:
        return [entry.sequence async for entry in self.world.owner.history.read(aggregate)]

    def _messages(self) -> list[StoredMessage]:
        return self.run(self.world.turns.messages.read(SESSION, 1, 10_000))


SessionQueue.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestSessionQueue = SessionQueue.TestCase
