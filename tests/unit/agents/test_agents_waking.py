"""Who takes over has the agents started that are awake at its predecessor."""

from types import SimpleNamespace
from typing import Any

import pytest

from nexus_agents import waking
from nexus_agents.domain.backend import AgentHealth, DeployedAgent
from nexus_agents.domain.backend_errors import BackendUnknown
from nexus_agents.waking import MOST, Awake, Waking
from nexus_contracts.errors import ServiceUnavailable
from nexus_runtime.process.caller import Trust


class Agents:
    """Of the ids that are asked for, one is deleted, and the database does not answer for another."""

    async def load(self, agent_id: str) -> Any:
        if agent_id == "unavailable":
            raise ServiceUnavailable("no answer")
        backend = "foreign" if agent_id == "foreign" else "local"
        known = SimpleNamespace(agent_id=agent_id, active=None, address=None, backend=backend, supported_models=[])
        return None if agent_id == "deleted" else known


class Local:
    names = ("local",)

    def __init__(self) -> None:
        self.started: list[str] = []

    def of(self, name: str) -> "Local":
        if name not in self.names:
            raise BackendUnknown(f"this process has no backend {name!r}")
        return self

    async def check(self, agent: DeployedAgent) -> AgentHealth:
        self.started.append(agent.agent_id)
        return AgentHealth("healthy")

    async def awake(self) -> list[str]:
        return self.started


def told(monkeypatch: pytest.MonkeyPatch, answer: bytes | None) -> None:
    async def asked(*_: object) -> bytes | None:
        return answer

    monkeypatch.setattr(waking, "asked", asked)


def waking_at(backend: Local) -> Waking:
    agents, backends = Agents(), backend
    return Waking(agents, backends, Trust(None))  # pyright: ignore[reportArgumentType]  # stand-ins


async def test_the_last_used_are_started_and_what_fails_does_not_keep_others(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ["unavailable", "deleted", "foreign", *(f"agent {number}" for number in range(2 * MOST))]
    told(monkeypatch, Awake(agent_ids=ids).model_dump_json().encode())
    backend = Local()
    at = waking_at(backend)
    await at.wake_those_of("http://127.0.0.1:1")
    assert backend.started == [f"agent {number}" for number in range(MOST - 3)]
    assert await at.awake() == backend.started


async def test_a_predecessor_that_does_not_answer_is_no_reason_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, None)
    backend = Local()
    await waking_at(backend).wake_those_of("http://127.0.0.1:1")
    assert backend.started == []
