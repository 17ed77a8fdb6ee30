"""What every service would refuse is refused before anything is started."""

import pytest

from nexus_devstack.errors import StackError
from nexus_devstack.services import require_usable_settings


@pytest.mark.parametrize(
    ("name", "value"), [("SHUTDOWN_SECONDS", "-5"), ("SHUTDOWN_SECONDS", "nan"), ("DEAD_LETTER_RUN", "abc")]
)
def test_a_setting_that_no_service_can_use_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StackError, match=f"setting {name}: "):
        require_usable_settings()
