"""Recordings of real models: what a recorder keeps of a build, and that each recording still builds its agent."""

from pathlib import Path
from typing import Any

from tests.support.model_builds import REQUIREMENT, ModelBuild
from tests.support.recorded_model import RecordedModels, Recording, RecordingModels, read_recording
from tests.support.scripted_model import BROKEN, VOWELS, ScriptedModels, vowels_script, written

from nexus_model_builder.trial import Trial

RECORDINGS = sorted((Path(__file__).parents[2] / "recordings").glob("*.json"))
KEY = "sk-secret-of-somebody"


def leaky(prompt: str) -> Any:
    """A model that repeats a key."""
    return {"description": f"Counts. {KEY}", "instructions": "Count.", "examples": ["vowels: sky"]}


async def test_a_recorded_build_is_built_again_without_its_model_and_keeps_no_key() -> None:
    script = vowels_script(WrittenTool=written(BROKEN), RevisedTool={"code": VOWELS}, Design=leaky)
    recorder = RecordingModels(ScriptedModels(script), REQUIREMENT, {"PLAYED_KEY": KEY, "HOME": "/root"})
    first = ModelBuild(recorder)
    expected = await first.run()
    assert KEY not in recorder.text()
    recording = Recording.model_validate_json(recorder.text())
    assert [one.form for one in recording.exchanges][-2:] == ["WrittenTool", "RevisedTool"]
    assert all(set(one.response) == {"parts", "usage", "finish_reason", "kind"} for one in recording.exchanges)

    models = RecordedModels(recording)
    again = ModelBuild(models)
    result = await again.run()
    assert (models.left, result.cases) == (0, expected.cases)
    assert again.outputs["tool_developer"] == first.outputs["tool_developer"]
    assert again.notebook.paid == first.notebook.paid


async def test_every_recording_builds_its_agent() -> None:
    for path in RECORDINGS:
        recording = read_recording(path)
        result = await ModelBuild(RecordedModels(recording), Trial("auto")).run(requirement=recording.requirement)
        assert result.package, path.name
