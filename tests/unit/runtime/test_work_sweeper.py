"""How often a process looks for work that nobody is at."""

import pytest

from nexus_runtime.work.sweeper import pause_after


@pytest.mark.parametrize(("look", "pause"), [(0.0, 0.0), (0.01, 0.09), (0.7, 1.25), (30.0, 1.25)])
def test_rest_after_a_look_is_bounded_so_that_silence_is_still_noticed(look: float, pause: float) -> None:
    assert pause_after(look, silent_seconds=5.0) == pytest.approx(pause)
