"""Regular expressions that are compiled when they are first needed: an agent starts without those of other prompts."""

import re
from typing import cast


class _Later:
    def __init__(self, source: str, flags: int) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> object:
        pattern = re.compile(self._source, self._flags)
        self.__dict__.update({one: getattr(pattern, one) for one in dir(pattern) if not one.startswith("__")})
        return getattr(pattern, name)


def lazy_pattern(source: str, flags: int = 0) -> "re.Pattern[str]":
    """As `re.compile`, but an invalid `source` shows at the first use only."""
    return cast("re.Pattern[str]", _Later(source, flags))
