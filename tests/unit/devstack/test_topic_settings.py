"""Which differences of an existing topic stop the platform, and which only get a warning."""

import pytest

from nexus_contracts.topics import Topic
from nexus_devstack.topic_settings import Existing, faults, oddities, settings_of

ORDERS = Topic("orders.events.v1", 8, 24 * 7, "order", ("shop",))
WEEK_MS = 7 * 24 * 3_600_000


def existing(partitions: int = 8, replicas: int = 3, **settings: str) -> Existing:
    given = {name.replace("_", "."): value for name, value in settings.items()}
    return Existing(partitions, replicas, {**settings_of(ORDERS, replicas), **given})


def test_what_the_registry_says_has_no_difference() -> None:
    assert list(faults(ORDERS, existing())) == []
    assert list(oddities(ORDERS, existing(), 3)) == []


def test_a_setting_that_the_broker_does_not_tell_is_not_judged() -> None:
    untold = Existing(8, 1, {})
    assert [*faults(ORDERS, untold), *oddities(ORDERS, untold, 1)] == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (existing(partitions=4), "4 partitions, not 8"),
        (existing(retention_ms="3600000"), f"3600000 ms, not {WEEK_MS}"),
        (existing(retention_bytes="1000000"), "retention.bytes=1000000"),
        (existing(cleanup_policy="compact,delete"), "compacted"),
        (existing(max_message_bytes="1000"), "1000 bytes"),
        (existing(replicas=1, min_insync_replicas="2"), "nothing can be written"),
    ],
)
def test_what_loses_or_refuses_records_is_a_fault(found: Existing, said: str) -> None:
    (fault,) = faults(ORDERS, found)
    assert said in fault


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (existing(partitions=12), "12 partitions, not 8"),
        (existing(retention_ms=str(2 * WEEK_MS)), f"for {2 * WEEK_MS} ms"),
        (existing(retention_ms="-1"), "for ever"),
        (existing(replicas=1), "1 replica(s) where 3 are possible"),
        (existing(min_insync_replicas="1"), "one replica has"),
        (existing(min_insync_replicas="3"), "one lost broker stops its writers"),
        (Existing(8, 3, {"unclean.leader.election.enable": "true"}), "lacks records"),
    ],
)
def test_what_one_can_live_with_is_told_and_no_fault(found: Existing, said: str) -> None:
    assert list(faults(ORDERS, found)) == []
    (oddity,) = oddities(ORDERS, found, 3)
    assert said in oddity


@pytest.mark.parametrize(("replicas", "in_sync"), [(1, "1"), (2, "1"), (3, "2")])
def test_one_broker_may_be_lost_and_writing_goes_on(replicas: int, in_sync: str) -> None:
    assert settings_of(ORDERS, replicas)["min.insync.replicas"] == in_sync
