"""What the deploy script says, and to whom."""

import os

from nexus_devstack.deploy import say


def test_a_reader_who_leaves_early_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        say("the platform is stopped", stream)
        say("the platform is ready", stream)
