"""Pages of what can be large: bounded by number and by bytes, with the position to continue from."""

from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass

PAGE_BYTES = 1_000_000
"""A page ends before it becomes larger; a single entry may be, by itself."""


@dataclass(frozen=True)
class Entries:
    """Some entries as JSON; `last` is the position of the last one, None where there are none."""

    texts: Sequence[str]
    last: str | None
    more: bool

    @property
    def items(self) -> str:
        return f"[{','.join(self.texts)}]"

    @property
    def after(self) -> str | None:
        """Where the next page begins, if there is one."""
        return self.last if self.more else None


async def first_of(entries: AsyncIterable[tuple[str, str]], limit: int) -> Entries:
    """As many as a page holds of the `entries`, each given as its position and its JSON."""
    texts: list[str] = []
    size, last = 0, None
    async for position, text in entries:
        size += len(text.encode())
        if len(texts) == limit or (texts and size > PAGE_BYTES):
            return Entries(texts, last, more=True)
        texts.append(text)
        last = position
    return Entries(texts, last, more=False)
