"""A builder whose calls cost: pays in the first step, asks a person in the second, then builds by rules."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import JsonValue

from nexus_contracts.builds.builder import BuildRequest, Notebook, StepResult
from nexus_contracts.builds.reports import Usage, WaitKind
from nexus_offline_builder import RuleBasedBuilder

CALLS = 3
PRICE = Usage(input_tokens=100, output_tokens=10, cost_usd=0.25)
MODEL = "played-1"
FOLDER = "PLAYED_FOLDER"
"""The setting that says where the calls are written down, and where a file named `hold` stops it after call 2."""


class PlayedExecutor:
    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(os.environ[FOLDER])
        self._rules = RuleBasedBuilder()

    async def execute(
        self, step: str, request: BuildRequest, outputs: Mapping[str, Mapping[str, JsonValue]], notebook: Notebook
    ) -> StepResult:
        answers: dict[str, JsonValue] = {}
        if step == "orchestrator":
            await self._pay(request, notebook)
        if step == "requirements_analysis":
            answers = await notebook.ask("currency", WaitKind.QUESTION, "Which currency?", estimate_usd=1.5)
        result = await self._rules.execute(step, request, outputs, notebook)
        return replace(result, output_data={**result.output_data, **answers})

    async def _pay(self, request: BuildRequest, notebook: Notebook) -> None:
        for number in range(1, CALLS + 1):
            name = f"call {number}"
            if await notebook.saved(name) is None:
                with (self._folder / "calls").open("a") as calls:
                    calls.write(f"{request.attempt} {name}\n")
                await notebook.checkpoint(name, {"reply": number}, PRICE, MODEL)
            if number == 2 and (self._folder / "hold").exists():
                await asyncio.Event().wait()
