"""The faults, whom each concerns, and how long it takes until he is served again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.support.chaos_history import Fault, History
from tests.support.eventually import eventually

from nexus_devstack.stack import Stack

SERVICES = ("gateway", "builds", "agents", "stats", "worker")
BACK_SECONDS = 90.0
ALL = ("create", "control", "report", "invoke", "stage", "figures")
AFFECTED: dict[str, Sequence[str]] = {
    "gateway": ("create", "control", "invoke"),
    "builds": ("create", "control"),
    "agents": ("invoke",),
    "stats": ("figures",),
    "worker": ("stage",),
    "dynamodb": tuple(kind for kind in ALL if kind != "report"),
}
"""By process; a broker concerns all kinds of operations, and so do several processes at once."""


@dataclass(frozen=True)
class Injection:
    """`strike` does the harm and returns when the process is there again, or is woken. No victim: several."""

    name: str
    victim: str
    strike: Callable[[Stack], Awaitable[None]]

    @property
    def affected(self) -> Sequence[str]:
        return AFFECTED.get(self.victim, ALL)


def killed(victim: str) -> Injection:
    """kill -9; the supervisor starts it again."""

    async def strike(stack: Stack) -> None:
        stack.kill(victim)
        await stack.wait_ready(victim, timeout_seconds=BACK_SECONDS)

    return Injection(f"kill {victim}", victim, strike)


def paused(*victims: str) -> Injection:
    """Stand still for longer than a consumer's session lasts: their partitions go to others, their leases too."""

    async def strike(stack: Stack) -> None:
        for victim in victims:
            stack.pause(victim)
        await asyncio.sleep(session_seconds(stack) + 2.0)
        for victim in victims:
            stack.cont(victim)

    return Injection(f"pause {' '.join(victims)}", victims[0] if len(victims) == 1 else "", strike)


def restarted(victim: str) -> Injection:
    """Stopped in good order, and started again."""

    async def strike(stack: Stack) -> None:
        stack.restart(victim)
        await stack.wait_ready(victim, timeout_seconds=BACK_SECONDS)

    return Injection(f"restart {victim}", victim, strike)


def replaced(victim: str) -> Injection:
    """Another process takes over from it."""
    return Injection(f"replace {victim}", victim, lambda stack: stack.replace(victim))


def campaigns(infra: str) -> dict[str, list[Injection]]:
    """Faults of a platform with one process of each service, by kind.

    The embedded broker keeps nothing, so what it acknowledged is lost with it: it is left alone. The embedded database
    keeps everything over a kill; DynamoDB Local, killed, loses what it has just acknowledged.
    """
    jvm = [killed("kafka"), restarted("dynamodb")]
    return {
        "kills": [killed(name) for name in SERVICES],
        "pauses": [paused(name) for name in SERVICES],
        "infrastructure": [killed("dynamodb")] if infra == "embedded" else jvm,
    }


def session_seconds(stack: Stack) -> float:
    """No consumer's session lasts longer; embedded ones are much shorter."""
    return 4.0 if stack.settings.infra == "embedded" else 6.0


async def inject(injection: Injection, stack: Stack, history: History) -> dict[str, float]:
    """Seconds from the fault to the first success of each kind of operation that it concerns."""
    fault = Fault(injection.name, history.clock())
    history.faults.append(fault)
    await injection.strike(stack)
    times = await recovered(history, fault, injection.affected, BACK_SECONDS)
    fault.ended = history.clock()
    return times


async def recovered(history: History, fault: Fault, kinds: Sequence[str], seconds: float) -> dict[str, float]:
    """Waits until each of the kinds has had a success again; seconds from the fault to it."""
    what = f"a success of each of {', '.join(kinds)} after {fault.name}"
    times = await eventually(
        lambda: recovery(history, fault, kinds), lambda found: found is not None, seconds=seconds, what=what
    )
    return times or {}


def recovery(history: History, fault: Fault, kinds: Sequence[str]) -> dict[str, float] | None:
    """None as long as one of the kinds has had no success."""
    times = {kind: history.first_success(kind, fault.began) for kind in kinds}
    found = {kind: seconds for kind, seconds in times.items() if seconds is not None}
    return found if len(found) == len(times) else None
