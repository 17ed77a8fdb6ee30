"""Pages of items that may be large: limited by number and bytes, with the position to continue from."""

from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass

PAGE_BYTES = 1_000_000
"""Limit for a page; only a single entry may be larger."""


@dataclass(frozen=True)
class Entries:
    """Some entries as JSON; `last` is the position of the last one, None if there are none."""

    texts: Sequence[str]
    last: str | None
    more: bool

    @property
    def items(self) -> str:
        return f"[{','.join(self.texts)}]"

    @property
    def after(self) -> str | None:
        """The position at which the next page begins, if there is one."""
        return self.last if self.more else None


async def first_of(entries: AsyncIterable[tuple[str, str]], limit: int) -> Entries:
    """As many of the `entries` (position and JSON) as fit into a page."""
    texts: list[str] = []
    size, last = 0, None
    async for position, text in entries:
        size += len(text.encode())
        if len(texts) == limit or (texts and size > PAGE_BYTES):
            return Entries(texts, last, more=True)
        texts.append(text)
        last = position
    return Entries(texts, last, more=False)
