"""A whole owner on the runtime's parts: kettles are boiled by command; boiling that dies in the middle is run again."""

from typing import Literal

from nexus_contracts.aggregate import Aggregate
from nexus_contracts.commands import Command
from nexus_contracts.errors import InvalidState
from nexus_contracts.model import Message
from nexus_contracts.replies import Outcome
from nexus_runtime.dynamo import Table
from nexus_runtime.dynamo.form import Form
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Begin, Change, End, States
from nexus_runtime.ledger.ledger import Decision
from nexus_runtime.owner import Owner
from nexus_runtime.work.kind import Held, Repeatable

KETTLES = Table("Kettles", "name")


class Kettle(Aggregate):
    name: str
    boiling: bool = False


class BoilKettle(Command):
    type: Literal["kettles.boil-kettle.v1"] = "kettles.boil-kettle.v1"
    name: str


class KettleBoiled(Message):
    type: Literal["kettles.kettle-boiled.v1"] = "kettles.kettle-boiled.v1"


class Boiling(Repeatable):
    name = "boil"

    def __init__(self, owner: Owner) -> None:
        self.owner, self.states = owner, States(KETTLES, Form(Kettle))
        owner.engine.serve(self, at_once=2)

    async def boil_kettle(self, command: BoilKettle, address: ReplyAddress | None) -> Decision:
        before = await self.states.load(self.owner.database, command.name)
        if before and before.boiling:
            raise InvalidState("the kettle is on already")
        saved = self.states.save(command.name, before, Kettle(name=command.name, boiling=True))
        change = saved.change + Change(begins=(Begin(self.name, command.name, address),))
        return Decision(Outcome.accepted(self.name, command.name), change)

    async def run(self, name: str, held: Held) -> None:
        await held.conclude(lambda: self.boiled(name))

    async def boiled(self, name: str) -> None:
        if (before := await self.states.load(self.owner.database, name)) and before.boiling:
            saved = self.states.save(name, before, before.model_copy(update={"boiling": False}), [KettleBoiled()])
            await self.owner.ledger.commit(saved.change + Change(ends=(End(self.name, name, Outcome(status=201)),)))

    async def outcome(self, name: str) -> Outcome | None:
        kettle = await self.states.load(self.owner.database, name)
        return Outcome(status=201) if kettle and not kettle.boiling else None
