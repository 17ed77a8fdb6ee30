"""A worker that dies at every moment of a build by a model: the same result, and every call is charged once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.builds_port import WorkerWorld
from tests.support.builds_story import PROJECT, create_command
from tests.support.model_builds import QuickTrial
from tests.support.scripted_model import OFFER, PROMPTS, ScriptedModels, vowels_script

from nexus_builds.domain.state import Project
from nexus_builds.store.checkpoints import Checkpoints
from nexus_builds.store.purses import Purse, SetAside
from nexus_builds.worker.verifying import Verifier
from nexus_contracts.builds.reports import Usage
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.principal import Principal
from nexus_contracts.stages import DEPLOYER
from nexus_model_builder import ModelBuilder
from nexus_model_builder.settings import ModelSettings
from nexus_runtime.process.clock import utc_now

CALLS = ["Brief", "Analysis", "BlindAnswers", "Architecture", "Design", "WrittenTool"]
CASES = len(PROMPTS) + 1
PAID = Usage(input_tokens=1000 * len(CALLS), output_tokens=100 * len(CALLS), cost_usd=0.002 * len(CALLS))


class Moments:
    """Of a worker's life; where it is `deadly`, each ends the worker that is the first to reach it."""

    def __init__(self, deadly: bool) -> None:
        self.deadly = deadly
        self.reached: set[str] = set()
        self.dying = asyncio.Event()

    async def at(self, moment: str) -> None:
        if self.deadly and moment not in self.reached:
            self.reached.add(moment)
            self.dying.set()
            await asyncio.Event().wait()


class MortalCheckpoints(Checkpoints):
    moments: Moments

    async def save(
        self, item: Any, purse: Purse, attempt: int, step: str, name: str, made: Any, reserved: SetAside | None = None
    ) -> None:
        await self.moments.at(f"{step}: {name} is not kept yet")
        await super().save(item, purse, attempt, step, name, made, reserved)
        await self.moments.at(f"{step}: {name} is kept")


class Agents:
    """An AgentsClient; what was sent stays sent. `invoked` are the ids of invocations that ran, in their order."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments
        self.invoked: list[str] = []
        self._prompts: dict[str, str] = {}

    async def until(self, command: Any, key: str, shown: Callable[[], Awaitable[Any]]) -> Any:
        await self.moments.at(f"{command.command_id} is not sent yet")
        if command.invocation_id not in self._prompts:
            self._prompts[command.invocation_id] = command.input_text
            self.invoked.append(command.invocation_id)
        await self.moments.at(f"{command.command_id} was sent")
        return await shown()

    async def read(self, path: str, asker: Principal, kind: Any) -> Any:
        prompt = self._prompts[path.rpartition("/")[2]]
        output = f"There are {PROMPTS[prompt]} vowels." if prompt in PROMPTS else "I cannot write poems."
        return kind.model_validate(
            {
                "invocation_id": path.rpartition("/")[2],
                "agent_id": f"{PROJECT}:vowel_counter",
                "session_id": None,
                "user_id": asker.id,
                "status": "succeeded",
                "input": prompt,
                "output": output,
                "created_at": utc_now(),
            }
        )


class Life:
    """A build, and all the workers that it takes."""

    def __init__(self, folder: Path, *, deadly: bool) -> None:
        self.moments = Moments(deadly)
        self.models = ScriptedModels(vowels_script(), meanwhile=self.moments.at)
        self.agents: Any = Agents(self.moments)
        settings = ModelSettings(models=[OFFER], model_budget_project_usd=1.0, model_budget_day_usd=1.0)
        builder = ModelBuilder(settings, self.models, QuickTrial())
        self.world = WorkerWorld(folder, builder)
        checkpoints = MortalCheckpoints(self.world.database.as_database(), self.world.replica.work.items)
        checkpoints.moments = self.moments
        self.world.workshop = replace(self.world.workshop, verifier=Verifier(self.agents), checkpoints=checkpoints)
        self.killed = 0

    async def lived(self) -> Project:
        await self.world.replica.ask(create_command())
        while not await self._ended():
            self.killed += 1
        return await self.world.replica.present()

    async def _ended(self) -> bool:
        """Whether the next worker has got to the end."""
        self.moments.dying.clear()
        async with asyncio.timeout(20), self.world.working() as run:
            dying = asyncio.create_task(self.moments.dying.wait())
            await asyncio.wait((run, dying), return_when=asyncio.FIRST_COMPLETED)
            dying.cancel()
            if run.done():
                run.result()
            return run.done()


def shipped(project: Project) -> Any:
    step = project.step(DEPLOYER, None)
    assert step is not None
    return step.output


async def test_a_build_whose_worker_dies_at_every_moment_has_the_same_result_and_the_same_cost(tmp_path: Path) -> None:
    calm, mortal = Life(tmp_path / "calm", deadly=False), Life(tmp_path / "mortal", deadly=True)
    expected, project = await calm.lived(), await mortal.lived()
    assert (expected.status, project.status) == (ProjectStatus.COMPLETED, ProjectStatus.COMPLETED)
    assert calm.killed == 0
    assert mortal.killed > 3 * len(CALLS)
    assert set(CALLS) <= mortal.moments.reached
    assert shipped(project) == shipped(expected)

    assert calm.models.calls == CALLS
    assert sorted(set(mortal.models.calls)) == sorted(CALLS)
    for life, one in ((calm, expected), (mortal, project)):
        assert one.usage() == PAID
        spent = await life.world.workshop.checkpoints.purses.spent(Purse(PROJECT, "default", utc_now().date()))
        assert (spent.project_usd, spent.tenant_today_usd) == (PAID.cost_usd, PAID.cost_usd)
        assert len(life.agents.invoked) == CASES
    assert set(mortal.agents.invoked) == set(calm.agents.invoked)
