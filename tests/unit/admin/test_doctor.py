"""What the doctor looks at, depending on where it runs."""

import pytest

from nexus_admin.doctor import LOOKS
from nexus_devstack.settings import Settings


@pytest.mark.parametrize(("setting", "told"), [("", True), ("http://builds:8000", False)])
async def test_disk_and_sandbox_are_judged_only_where_the_services_run(
    setting: str, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILDS_URL", setting)
    monkeypatch.setenv("AGENT_ISOLATION", "auto")
    names = {finding.name async for finding in LOOKS[0](Settings())}
    assert ("python" in names, "disk" in names, "sandbox" in names) == (True, told, told)
