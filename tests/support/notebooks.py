"""Notebooks for builders that are tried without a worker."""

from dataclasses import dataclass, field

from pydantic import JsonValue

from nexus_contracts.builds.builder import Budget, OverBudget
from nexus_contracts.builds.reports import LogLevel, Usage, WaitKind


@dataclass
class PlainNotebook:
    """Notes what it is told. Nothing was saved before, and there is nobody to be asked."""

    lines: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    percent: float = 0.0
    used: list[tuple[str, Usage]] = field(default_factory=list[tuple[str, Usage]])
    kept: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])

    async def log(self, message: str, level: LogLevel = "info") -> None:
        self.lines.append((level, message))

    async def progress(self, percent: float) -> None:
        self.percent = percent

    async def usage(self, name: str, usage: Usage, model: str | None = None) -> None:
        self.used.append((name, usage))

    async def checkpoint(
        self, name: str, value: JsonValue, usage: Usage | None = None, model: str | None = None
    ) -> None:
        self.kept[name] = value

    async def saved(self, name: str) -> JsonValue:
        return None

    async def reserve(self, name: str, usd: float, budget: Budget) -> None:
        return

    async def release(self, name: str) -> None:
        return

    async def ask(
        self, name: str, kind: WaitKind, prompt: str, estimate_usd: float | None = None
    ) -> dict[str, JsonValue]:
        raise AssertionError(f"nobody is there to answer {prompt}")


class Killed(BaseException):
    """The worker is gone, at once."""


@dataclass
class KeepingNotebook(PlainNotebook):
    """Keeps checkpoints by step, as the platform does, for whichever worker comes next.

    `kill_after` so many more checkpoints the worker dies; `answers` are those of a person, by question. `before` is
    what was spent already, in USD; `reserved` what is set aside.
    """

    step: str = ""
    paid: list[tuple[str, Usage, str | None]] = field(default_factory=list[tuple[str, Usage, str | None]])
    kill_after: int | None = None
    before: float = 0.0
    reserved: dict[str, float] = field(default_factory=dict[str, float])
    answers: dict[str, dict[str, JsonValue]] = field(default_factory=dict[str, dict[str, JsonValue]])

    async def checkpoint(
        self, name: str, value: JsonValue, usage: Usage | None = None, model: str | None = None
    ) -> None:
        assert f"{self.step}:{name}" not in self.kept, "it was made twice"
        self.kept[f"{self.step}:{name}"] = value
        self.reserved.pop(f"{self.step}:{name}", None)
        self.paid.append((name, usage or Usage(), model))
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after == 0:
                raise Killed

    async def saved(self, name: str) -> JsonValue:
        return self.kept.get(f"{self.step}:{name}")

    async def reserve(self, name: str, usd: float, budget: Budget) -> None:
        spent = self.before + sum(usage.cost_usd for _, usage, _ in self.paid) + sum(self.reserved.values())
        if spent + usd > min(limit for limit in (budget.project_usd, budget.tenant_day_usd) if limit is not None):
            raise OverBudget(f"{spent:.4f} are spent")
        self.reserved[f"{self.step}:{name}"] = usd

    async def release(self, name: str) -> None:
        self.reserved.pop(f"{self.step}:{name}", None)

    async def ask(
        self, name: str, kind: WaitKind, prompt: str, estimate_usd: float | None = None
    ) -> dict[str, JsonValue]:
        return self.answers[name]
