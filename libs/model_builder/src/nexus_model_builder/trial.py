"""Tries an agent before it is deployed: in the sandbox, with the conversations of cases and tests."""

import asyncio
import json
import os
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from nexus_contracts.verification import Case, CaseResult
from nexus_model_builder.assembly import Parts, trial_files
from nexus_sandbox.sandbox import Isolation, Launch, Sandbox, choose_sandbox
from nexus_verification.judge import Given, judged

SECONDS = 30.0
"""For all conversations together, including the agent's start."""
MOST_BYTES = 4_000_000


class Trial:
    """Runs agents in a sandbox, which is chosen once. `seconds` bounds each run."""

    def __init__(self, isolation: Isolation, seconds: float = SECONDS) -> None:
        self._isolation: Isolation = isolation
        self._seconds = seconds
        self._sandbox: Sandbox | None = None
        self._choosing = asyncio.Lock()

    async def sandbox(self) -> Sandbox:
        async with self._choosing:
            if self._sandbox is None:
                self._sandbox = await choose_sandbox(self._isolation)
        return self._sandbox

    async def judged(self, parts: Parts, cases: Sequence[Case]) -> list[CaseResult]:
        """The agent's results in the cases, in their order. An agent that cannot be started fails them all."""
        held = await self.held(parts, [[turn.prompt for turn in case.turns] for case in cases])
        return [judged(case, given) for case, given in zip(cases, held, strict=True)]

    async def held(self, parts: Parts, conversations: Sequence[Sequence[str]]) -> list[list[Given]]:
        """The answers in each conversation, up to the first error."""
        contents = trial_files(parts, conversations)
        sandbox = await self.sandbox()
        with tempfile.TemporaryDirectory(prefix="nexus-trial-") as name:
            await asyncio.to_thread(_written, Path(name), contents)
            fault, output = await self._run(sandbox.script(Path(name), "trial.py"))
        try:
            answers = cast("list[list[dict[str, Any]]]", json.loads(output)) if fault is None else []
        except ValueError:
            fault, answers = "the agent wrote something else than its answers", []
        if fault is None and len(answers) == len(conversations):
            return [[_given(one) for one in conversation] for conversation in answers]
        return [[Given(error=fault or "the agent left out answers")] for _ in conversations]

    async def _run(self, launch: Launch) -> tuple[str | None, bytes]:
        """What went wrong, or None, and what the agent printed."""
        child = await asyncio.create_subprocess_exec(
            *launch.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=launch.env,
            cwd=launch.directory,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._seconds):
                output, errors = await asyncio.gather(_bounded(child.stdout), _bounded(child.stderr))
                code = await child.wait()
        except TimeoutError:
            return f"the agent did not end within {self._seconds:g} s", b""
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
        if code == 0:
            return None, output
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        return f"the agent ended with status {code}: {''.join(last)[:500]}", output


async def _bounded(stream: asyncio.StreamReader | None) -> bytes:
    """The first MOST_BYTES of the stream. The rest is read and dropped, so that the writer can end."""
    kept = bytearray()
    while stream is not None and (piece := await stream.read(65_536)):
        kept += piece[: MOST_BYTES - len(kept)]
    return bytes(kept)


def _written(folder: Path, contents: dict[str, str]) -> None:
    for path, text in contents.items():
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _given(answer: dict[str, Any]) -> Given:
    if "error" in answer:
        return Given(error=str(answer["error"]))
    return Given(text=str(answer["text"]), tools=tuple(map(str, answer["tools"])))
