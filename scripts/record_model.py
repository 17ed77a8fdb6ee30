"""Builds an agent by a real model and keeps what was said, for tests to replay: `make record-model NAME=vowels`.

    MODELS=[...] ANTHROPIC_API_KEY=... make record-model NAME=vowels REQUIREMENT="count the vowels of a text"

The models are those of the environment (docs/models.md). It costs what a build costs; the recording is in
tests/recordings/, without keys: look at it before you commit it.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.model_builds import REQUIREMENT, ModelBuild
from tests.support.recorded_model import RecordingModels

from nexus_contracts.builds.builder import StepFailed
from nexus_model_builder.models import ProviderModels
from nexus_model_builder.settings import ModelSettings
from nexus_model_builder.trial import Trial

RECORDINGS = Path(__file__).resolve().parents[1] / "tests" / "recordings"


async def record(name: str, requirement: str) -> None:
    settings = ModelSettings()  # pyright: ignore[reportCallIssue]  # read from the environment
    models = RecordingModels(ProviderModels(settings.model_timeout_seconds), requirement, os.environ)
    made = ModelBuild(models, Trial(settings.agent_isolation), **settings.model_dump())
    try:
        result = await made.run(requirement=requirement)
    finally:
        await models.close()
    RECORDINGS.mkdir(exist_ok=True)
    path = RECORDINGS / f"{name}.json"
    path.write_text(models.text(), encoding="utf-8")
    cost = sum(usage.cost_usd for _, usage, _ in made.notebook.paid)
    print(f"{path}: {len(models.exchanges)} calls, {cost:.4f} USD, {len(result.cases)} cases")


def main() -> int:
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if not re.fullmatch("[a-z][a-z0-9_]{0,40}", name):
        print("usage: make record-model NAME=vowels, lower case, words joined by underscores", file=sys.stderr)
        return 2
    try:
        asyncio.run(record(name, os.environ.get("REQUIREMENT") or REQUIREMENT))
    except (StepFailed, ValueError) as error:
        print(f"nothing was recorded: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
