"""When an owner is asked that has not answered in time, and when it is left alone."""

import pytest

from nexus_gateway.breaker import MOST_UNANSWERED, REST_SECONDS, Breaker


class Owner:
    """One behind its breaker, and the time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.breaker = Breaker(lambda: self.now)

    def is_silent(self, times: int) -> None:
        for _ in range(times):
            self.breaker.unanswered()


@pytest.fixture
def owner() -> Owner:
    return Owner()


def test_some_requests_without_an_answer_are_tolerated(owner: Owner) -> None:
    owner.is_silent(MOST_UNANSWERED - 1)
    assert owner.breaker.admits()
    owner.breaker.answered()
    owner.is_silent(MOST_UNANSWERED - 1)
    assert owner.breaker.admits()


def test_a_silent_owner_is_asked_by_one_request_in_a_while(owner: Owner) -> None:
    owner.is_silent(MOST_UNANSWERED)
    assert not owner.breaker.admits()
    for _ in range(3):
        owner.now += REST_SECONDS
        assert [owner.breaker.admits() for _ in range(3)] == [True, False, False]


def test_a_try_without_an_answer_lets_it_rest_anew(owner: Owner) -> None:
    owner.is_silent(MOST_UNANSWERED)
    owner.now += REST_SECONDS
    assert owner.breaker.admits()
    owner.now += REST_SECONDS / 2
    owner.breaker.unanswered()
    owner.now += REST_SECONDS / 2
    assert not owner.breaker.admits()


def test_an_answer_lets_everybody_in_again(owner: Owner) -> None:
    owner.is_silent(MOST_UNANSWERED)
    owner.breaker.answered()
    assert [owner.breaker.admits() for _ in range(3)] == [True, True, True]
