"""The suites kept with agents, and their runs: stored among the records of their project, and erased with it."""

from nexus_builds.domain.state import Project
from nexus_builds.domain.verification import CHECKPOINT, DIFF, STEP, SUITE, Suite, Verification
from nexus_builds.store.checkpoints import Checkpoints
from nexus_builds.tables import PROJECTS, RECORDS
from nexus_contracts.builds.views import AgentDiff
from nexus_contracts.errors import NotFound
from nexus_contracts.replies import Outcome
from nexus_contracts.verification import VerificationReport
from nexus_runtime.dynamo import Check, ConditionFailed, Database, Put, Where
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Change, End, WorkLog
from nexus_runtime.ledger.ledger import ChangedMeanwhile
from nexus_runtime.work.items import WorkItem, WorkItems

VERIFICATION = "verification"
RUN = Form(Verification)


class Verifications:
    def __init__(self, database: Database, items: WorkItems, work: WorkLog) -> None:
        self._database = database
        self._items = items
        self._work = work
        self._checkpoints = Checkpoints(database, items)

    async def suite(self, project_id: str, attempt: int) -> Suite | None:
        """That of the version which the attempt has brought to serve."""
        found = await self._checkpoints.find(project_id, attempt, STEP, SUITE)
        return Suite.model_validate(found.value) if found else None

    async def suite_of(self, project: Project, agent_id: str, package_sha256: str | None) -> Suite | None:
        """Of the agent with this package; where no build made that, of the newest version that one made."""
        newest: Suite | None = None
        for attempt in range(project.attempt_number, 0, -1):
            suite = await self.suite(project.project_id, attempt)
            if suite is None or suite.agent_id != agent_id:
                continue
            if package_sha256 in (None, suite.package_sha256):
                return suite
            newest = newest or suite
        return newest

    async def of_build(self, project_id: str, attempt: int) -> VerificationReport | None:
        """The verification report of an attempt."""
        found = await self._checkpoints.find(project_id, attempt, STEP, CHECKPOINT)
        return VerificationReport.model_validate(found.value) if found else None

    async def diff(self, project_id: str, attempt: int) -> AgentDiff | None:
        """The differences made by the attempt, if it is a change."""
        found = await self._checkpoints.find(project_id, attempt, STEP, DIFF)
        return AgentDiff.model_validate(found.value) if found else None

    async def load(self, name: str) -> Verification | None:
        agent_id, _, verification_id = name.rpartition("#")
        item = await self._database.get(RECORDS, _key(agent_id, verification_id))
        return RUN.read(item) if item else None

    async def latest(self, agent_id: str) -> Verification | None:
        key = _key(agent_id, "")
        runs = self._database.query(RECORDS, key["project_id"], begins=key["record"], newest_first=True, page=1)
        return await anext((RUN.read(item) async for item in runs), None)

    async def outcome(self, name: str) -> Outcome | None:
        """The answer for callers who ask after the end; None while it has not ended."""
        run = await self.load(name)
        if run is None:
            return gone(name)
        return None if run.report.status == "running" else Outcome.of(200, run.report)

    def put(self, run: Verification) -> Put:
        return Put(RECORDS, {**_key(run.agent_id, run.verification_id), **RUN.written(run)})

    async def keep(self, item: WorkItem, project: Project, run: Verification) -> None:
        """Stores its progress. Raises ChangedMeanwhile if `project` has changed, or `item` is lost."""
        await self._commit(Change.of(self.put(run), self._items.held(item), _unchanged(project)))

    async def end(self, project: Project, run: Verification) -> None:
        """Raises ChangedMeanwhile where `project` has changed, WorkLost."""
        end = End(VERIFICATION, run.name, Outcome.of(200, run.report))
        await self._commit(Change((self.put(run), _unchanged(project)), ends=(end,)))

    async def give_up(self, name: str) -> None:
        """Ends it without a result: its project was deleted."""
        await self._commit(Change(ends=(End(VERIFICATION, name, gone(name)),)))

    async def _commit(self, change: Change) -> None:
        try:
            async with self._work.transaction(change) as works:
                await self._database.write(*change.actions, *works)
        except ConditionFailed as error:
            raise ChangedMeanwhile(str(error)) from error


def gone(name: str) -> Outcome:
    agent_id = name.rpartition("#")[0]
    error = NotFound(f"there is no agent {agent_id}", type="agent", id=agent_id)
    return Outcome(status=error.http_status, error=error.body())


def _key(agent_id: str, verification_id: str) -> dict[str, str]:
    """Ids of verifications sort by time."""
    project_id, _, name = agent_id.partition(":")
    return {"project_id": project_id, "record": f"verification#{name}#{verification_id}"}


def _unchanged(project: Project) -> Check:
    """On condition that the project is not being erased: what is written after that would stay for ever."""
    return Check(PROJECTS, {"project_id": project.project_id}, Where(equal={"version": project.version}))
