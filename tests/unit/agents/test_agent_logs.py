"""What agents write: kept line by line, bounded, paged, and erased with them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path

import pytest
from tests.support.agents_world import AGENT, World, kill_tasks
from tests.support.eventually import eventually
from tests.support.memory_database import MemoryDatabase

from nexus_agents.backends.answers import answer_in
from nexus_agents.backends.door.account import Account
from nexus_agents.backends.local.backend import LocalSettings, open_local_backend
from nexus_agents.backends.local.speech import MAX_FLUSH_BYTES, Speech
from nexus_agents.domain.backend import AgentAnswer, DeployedAgent, InvokeRequest, PackageRef
from nexus_agents.store.logs import KEPT_PARTS, LogStore
from nexus_agents.tables import LOGS
from nexus_contracts.agents.commands import DeleteAgent
from nexus_runtime.blobs import DirectoryBlobStore
from nexus_runtime.process.clock import new_id, utc_now


class Kept:
    """Where lines go, unless it fails."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.fault: Exception | None = None

    async def keep(self, _agent_id: str, lines: Sequence[str]) -> None:
        if self.fault:
            raise self.fault
        self.lines += lines


async def test_lines_are_kept_whole_and_the_rest_at_the_end() -> None:
    kept = Kept()
    speech = Speech(kept.keep)
    hear = speech.of(AGENT)
    hear(b"first\nsec")
    await speech.flush()
    assert kept.lines == ["first"]
    hear("ond\nlast ä".encode())
    await speech.flush()
    await speech.stop()
    assert kept.lines == ["first", "second", "last ä"]


async def test_who_writes_too_much_is_cut_and_the_log_says_so() -> None:
    kept = Kept()
    speech = Speech(kept.keep)
    for _ in range(1000):
        speech.of(AGENT)(b"x" * 99 + b"\n")
    await speech.flush()
    assert kept.lines[0] == f"[{100_000 - MAX_FLUSH_BYTES} bytes before this were left out: too much at once]"
    assert len(kept.lines) <= MAX_FLUSH_BYTES / 100 + 2
    speech.of(AGENT)(b"y" * 100_000_000)
    await speech.flush()
    assert sum(map(len, kept.lines)) < 2 * MAX_FLUSH_BYTES
    await speech.stop()


async def test_a_log_that_cannot_be_kept_ends_nothing() -> None:
    kept = Kept()
    speech = Speech(kept.keep)
    kept.fault = RuntimeError("gone")
    speech.of(AGENT)(b"lost\n")
    await speech.flush()
    kept.fault = None
    speech.of(AGENT)(b"kept\n")
    await speech.stop()
    assert kept.lines == ["kept"]


async def test_the_newest_parts_are_kept_and_every_line_is_read_once() -> None:
    store = LogStore(MemoryDatabase().as_database(), utc_now)
    for number in range(KEPT_PARTS + 20):
        await store.keep(AGENT, [f"{number}a", f"{number}b"])
    lines: list[str] = []
    after: str | None = None
    while True:
        found, after = await store.page(AGENT, 7, after)
        lines += [line.message for line in found]
        if after is None:
            break
    assert lines == [f"{number}{half}" for number in range(20, KEPT_PARTS + 20) for half in "ab"]


@pytest.fixture
async def world():
    made = World()
    await made.start()
    await made.deploy()
    yield made
    await kill_tasks()


async def test_the_log_of_an_agent_goes_with_it(world: World) -> None:
    await world.service.queries.logs.keep(AGENT, ["hello"])
    answer = await world.service.queries.list_logs(AGENT)
    assert b'"message":"hello"' in bytes(answer.body)
    await world.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT))
    await eventually(lambda: len(world.database.items(LOGS)), lambda parts: parts == 0, seconds=5)


class OneProcess:
    """A pool of one process, whose agent gives a usage that cannot be counted."""

    fresh, dismissed = True, False

    @property
    def live(self) -> "OneProcess":
        return self

    @asynccontextmanager
    async def lease(self, *_: object) -> AsyncGenerator["OneProcess"]:
        yield self

    def account(self) -> AbstractContextManager[Account]:
        return nullcontext(Account())

    async def invoke(self, _: InvokeRequest) -> AgentAnswer:
        return answer_in(200, "application/json", b'{"output": "x", "usage": {"input_tokens": -5}}')

    async def stop(self) -> None:
        """Nothing runs."""


async def test_the_log_says_why_usage_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    backend = await open_local_backend(
        DirectoryBlobStore(tmp_path / "blobs"), LocalSettings(isolation="none"), kept.keep
    )
    monkeypatch.setattr(backend, "_pool", OneProcess())
    agent = DeployedAgent(AGENT, PackageRef("", ""), "", "")
    assert (await backend.invoke(agent, InvokeRequest("?"))).output == "x"
    await backend.stop()
    [line] = kept.lines
    assert line.startswith("[usage ignored: input_tokens: ")
