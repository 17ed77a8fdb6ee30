"""Which files of a package run while something is done."""

import asyncio
import sys
from collections.abc import Collection
from pathlib import Path
from types import FrameType, ModuleType


class Entered:
    """The files of `package` of which a function ran in this task, without those that begin with one of `apart`."""

    def __init__(self, package: ModuleType, apart: Collection[str] = ()) -> None:
        assert package.__file__ is not None
        self._root = Path(package.__file__).parent
        self._apart = tuple(apart)
        self.files: set[str] = set()

    def __enter__(self) -> "Entered":
        self._before, self._task = sys.getprofile(), asyncio.current_task()
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(self._root) and asyncio.current_task() is self._task:
            name = path.relative_to(self._root).as_posix()
            if not name.startswith(self._apart):
                self.files.add(name)
