"""Who has the services replaced is told how that went."""

import asyncio
import io
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nexus_devstack.console import Console
from nexus_devstack.errors import StackError
from nexus_devstack.rolling import SIGNAL, Rolling, replaced


@pytest.mark.parametrize("fault", [None, StackError("builds ended with exit status 1 during start")])
async def test_the_outcome_reaches_whoever_asked(tmp_path: Path, fault: StackError | None) -> None:
    async def replace_all() -> None:
        if fault:
            raise fault

    stack: Any = SimpleNamespace(data_dir=tmp_path, replace_all=replace_all)
    rolling = Rolling(stack, Console(io.StringIO()))
    asyncio.get_running_loop().add_signal_handler(SIGNAL, rolling.ask)
    asking = asyncio.to_thread(replaced, tmp_path, os.getpid(), lambda: True, 10.0)
    if fault is None:
        return await asking
    with pytest.raises(StackError, match="exit status 1"):
        await asking


def test_a_platform_that_ends_meanwhile_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unheard(_pid: int, _number: int) -> None:
        pass

    monkeypatch.setattr(os, "kill", unheard)
    with pytest.raises(StackError, match="ended meanwhile"):
        replaced(tmp_path, os.getpid(), lambda: False, 10.0)
