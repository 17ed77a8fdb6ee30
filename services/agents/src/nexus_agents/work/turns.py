"""The writes of an invocation that starts, and of one that ends and lets the next turn of its session start."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel

from nexus_agents.domain import invocation as invocations
from nexus_agents.domain import session as sessions
from nexus_agents.domain.invocation import Ending, Invocation, Kind
from nexus_agents.domain.session import Session, TurnStep
from nexus_agents.writes import (
    count_ended,
    drop_work,
    invocation_item,
    invocation_list,
    listed_invocation,
    move_session,
    note_list,
    put_invocation,
    put_message,
    put_session,
    require_open_gate,
    take_work,
)
from nexus_contracts.agents.views import MessageView
from nexus_runtime.dynamo import Action
from nexus_runtime.ledger.change import Change, Recorded
from nexus_runtime.process.clock import new_id


@dataclass
class Draft:
    """One transaction in the making."""

    actions: list[Action] = field(default_factory=list[Action])
    recorded: list[Recorded] = field(default_factory=list[Recorded])
    messages: list[MessageView] = field(default_factory=list[MessageView])

    def all(self) -> Change:
        return Change(tuple(self.actions), tuple(self.recorded))

    def record(self, aggregate: str, sequence: int, events: Sequence[BaseModel]) -> None:
        """`sequence` is the aggregate's after these events."""
        if events:
            self.recorded.append(Recorded(aggregate, sequence - len(events), events))

    def say(self, message: MessageView | None) -> None:
        if message is not None:
            self.messages.append(message)
            self.actions.append(put_message(message))

    def keep(self, step: TurnStep) -> None:
        """The message and the events of a step; not yet the session and the invocation, which may go on changing."""
        self.say(step.message)
        self.record(step.invocation.invocation_id, step.invocation.sequence, step.invocation_events)
        self.record(step.session.session_id, step.session.sequence, step.session_events)


def listed(invocation: Invocation) -> Action:
    """The entry by which it is found again; notes have a list of their own, which nobody is shown."""
    name = note_list if invocation.kind is Kind.NOTE else invocation_list
    return listed_invocation(invocation, name(invocation.agent_id))


def start_alone(invocation: Invocation, runner: str, now: datetime) -> tuple[Invocation, Draft]:
    """An invocation outside of any session."""
    started, events = invocations.start(invocation, runner, now)
    change = Draft()
    change.record(started.invocation_id, started.sequence, events)
    change.actions += [
        put_invocation(started),
        listed(started),
        take_work(runner, invocation_item(started.invocation_id)),
        require_open_gate(started.agent_id, started.invocation_id),
    ]
    return started, change


def start_turn(session: Session, turn: Invocation, runner: str, now: datetime) -> tuple[Invocation, Draft]:
    """A turn in an idle session."""
    step = sessions.begin(session, turn, runner=runner, now=now, message_id=new_id("msg_"))
    change = Draft()
    change.keep(step)
    change.actions += [
        put_invocation(step.invocation),
        listed(step.invocation),
        take_work(runner, invocation_item(turn.invocation_id)),
        put_session(step.session),
        *move_session(session, step.session),
    ]
    return step.invocation, change


def keep_note(session: Session, note: Invocation, now: datetime) -> Draft:
    """A note in an idle session."""
    step = sessions.keep_note(session, note, now=now, message_id=new_id("msg_"))
    change = Draft([put_invocation(step.invocation), listed(step.invocation)])
    change.say(step.message)
    change.actions += [put_session(step.session), *move_session(session, step.session)]
    return change


def queue_turn(session: Session, turn: Invocation) -> Draft:
    """A turn that waits."""
    queued = sessions.enqueue(session, turn)
    return Draft([put_invocation(turn), listed(turn), put_session(queued)])


@dataclass(frozen=True)
class Ended:
    """An invocation that ended, its transaction, and the turn that started with it."""

    invocation: Invocation
    change: Draft
    following: Invocation | None = None


def end_alone(invocation: Invocation, ending: Ending, now: datetime, *, counted: bool) -> Ended:
    """Without a session, or with one that is being deleted. `counted` while the agent has figures to add it to."""
    ended, events = invocations.end(invocation, ending, now)
    change = Draft([put_invocation(ended)])
    change.record(ended.invocation_id, ended.sequence, events)
    change.actions += _farewell(invocation, ended, counted)
    return Ended(ended, change)


def end_turn(
    session: Session, turn: Invocation, ending: Ending, following: Invocation | None, *, runner: str, now: datetime
) -> Ended:
    """The turn ends and `following`, the first that waits, starts in the hands of `runner`."""
    step = sessions.finish(session, turn, ending, now=now, message_id=new_id("msg_"))
    change = Draft([put_invocation(step.invocation)])
    change.keep(step)
    change.actions += _farewell(turn, step.invocation, counted=True)
    after, begun = step.session, None
    if following is not None:
        started = sessions.begin(after, following, runner=runner, now=now, message_id=new_id("msg_"))
        change.keep(started)
        after, begun = started.session, started.invocation
        change.actions += [put_invocation(begun), take_work(runner, invocation_item(begun.invocation_id))]
    change.actions += [put_session(after), *move_session(session, after)]
    return Ended(step.invocation, change, begun)


def _farewell(before: Invocation, ended: Invocation, counted: bool) -> list[Action]:
    if before.started_at is None:
        return []
    actions: list[Action] = [drop_work(before.owner, invocation_item(ended.invocation_id))]
    if counted and ended.kind is not Kind.NOTE:
        actions.append(count_ended(ended))
    return actions
