"""How soon a process that ended is started again."""

from nexus_devstack.backoff import LONGEST_SECONDS, STEADY_SECONDS, Backoff


def test_the_first_death_costs_no_time() -> None:
    assert Backoff().after(lifetime_seconds=1.0) == 0.0


def test_young_deaths_double_the_delay_up_to_a_limit() -> None:
    backoff = Backoff()
    delays = [backoff.after(0.1) for _ in range(12)]
    assert delays[:5] == [0.0, 0.5, 1.0, 2.0, 4.0]
    assert delays[-1] == LONGEST_SECONDS


def test_a_steady_run_is_forgiven() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.after(0.1)
    assert backoff.after(STEADY_SECONDS) == 0.0
