"""Progress, whatever is reported in whatever order: between 0 and 100, never falling, 100 only at the end."""

from hypothesis import given
from hypothesis import strategies as st
from tests.support.builds_story import BODIES, EXTERNAL, STEPS, Story

from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.errors import InvalidState
from nexus_contracts.stages import DEVELOPER

PLACES = [*STEPS, (DEVELOPER, None)]
likely = st.sampled_from(["started", "completed", "started", "completed", *BODIES])
acts = st.one_of(
    st.tuples(st.just("report"), st.sampled_from(PLACES), likely, st.integers(1, 2)),
    st.tuples(st.just("next"), st.none(), st.sampled_from(["started", "completed"]), st.integers(1, 2)),
    st.tuples(st.just("control"), st.none(), st.sampled_from(list(ControlAction)), st.just(0)),
)


def act(story: Story, deed: tuple[str, tuple[str, str | None] | None, str, int]) -> None:
    what, place, word, epoch = deed
    if what == "control":
        try:
            story.control(ControlAction(word))
        except InvalidState:
            return
        return
    if place is None:
        unfinished = [one for one in PLACES if not story.step(*one).done]
        place = unfinished[0] if unfinished else PLACES[0]
    external = story.project.attempt is None or story.project.attempt.builder == "external"
    story.report(word, *place, epoch=epoch, source=EXTERNAL if external else None)


@given(st.booleans(), st.lists(acts, max_size=60))
def test_progress_is_bounded_never_falls_within_an_attempt_and_is_whole_only_when_all_is_done(
    auto_start: bool, deeds: list[tuple[str, tuple[str, str | None] | None, str, int]]
) -> None:
    story = Story(auto_start=auto_start)
    for deed in deeds:
        before = story.project
        act(story, deed)
        after = story.project
        assert 0.0 <= after.progress <= 100.0
        if before.attempt_number == after.attempt_number:
            assert after.progress >= before.progress
        assert (after.progress == 100.0) == all(stage.done for stage in after.stages)
        assert (after.status == "completed") == all(stage.done for stage in after.stages)


@given(st.permutations(STEPS[4:7]), st.data())
def test_stage_five_counts_its_sub_stages_by_weight_in_any_order(
    order: list[tuple[str, str | None]], data: st.DataObject
) -> None:
    story = Story()
    story.before(DEVELOPER)
    story.report("started", DEVELOPER)
    weights = {"tool_developer": 18.0, "prompt_engineer": 13.5, "agent_code_developer": 13.5}
    expected = 45.0
    for stage, sub in order:
        assert sub is not None
        story.report("started", stage, sub)
        assert story.project.progress == expected + weights[sub] / 2
        if data.draw(st.booleans()):
            story.report("progressed", stage, sub, progress=99)
            assert story.project.progress == expected + weights[sub] / 2
        story.report("completed", stage, sub)
        expected += weights[sub]
        assert story.project.progress == expected
