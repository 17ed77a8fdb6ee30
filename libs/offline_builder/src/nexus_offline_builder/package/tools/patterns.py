"""Regular expressions that are compiled when a prompt needs them, or before, while an agent has nothing else to do."""

import re
from typing import cast


class _Later:
    def __init__(self, source: str, flags: int) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> object:
        return getattr(self.compiled(), name)

    def compiled(self) -> "re.Pattern[str]":
        pattern = re.compile(self._source, self._flags)
        self.__dict__.update({one: getattr(pattern, one) for one in dir(pattern) if not one.startswith("__")})
        return pattern


_uncompiled: list[_Later] = []


def lazy_pattern(source: str, flags: int = 0) -> "re.Pattern[str]":
    """As `re.compile`, for the constants of modules; an invalid `source` shows at the first use only."""
    pattern = _Later(source, flags)
    _uncompiled.append(pattern)
    return cast("re.Pattern[str]", pattern)


def compile_next() -> bool:
    """Compiles one pattern that is not yet, in a few milliseconds; whether there was one left."""
    if not _uncompiled:
        return False
    _uncompiled.pop().compiled()
    return True
