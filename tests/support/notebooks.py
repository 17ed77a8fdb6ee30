"""Notebooks for builders that are tried without a worker."""

from dataclasses import dataclass, field

from pydantic import JsonValue

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

    async def ask(
        self, name: str, kind: WaitKind, prompt: str, estimate_usd: float | None = None
    ) -> dict[str, JsonValue]:
        raise AssertionError(f"nobody is there to answer {prompt}")
