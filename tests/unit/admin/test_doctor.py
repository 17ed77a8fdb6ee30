"""What the doctor looks at, depending on where it runs."""

import pytest

from nexus_admin.doctor import LOOKS
from nexus_devstack.settings import Settings


@pytest.mark.parametrize(("setting", "told"), [("", True), ("http://builds:8000", False)])
async def test_what_concerns_the_services_host_is_judged_only_where_they_run(
    setting: str, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILDS_URL", setting)
    monkeypatch.setenv("AGENT_ISOLATION", "auto")
    monkeypatch.setenv("WORKER_CONCURRENCY", "lots")
    names = {finding.name async for finding in LOOKS[0](Settings())}
    judged = tuple(name in names for name in ("python", "disk", "sandbox", "service settings"))
    assert judged == (True, told, told, told)
