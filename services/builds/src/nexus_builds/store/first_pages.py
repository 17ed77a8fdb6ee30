"""Where the first pages of lists end."""

from collections import OrderedDict


class FirstPages:
    """Where the newest entries of lists ended when they were last read.

    Newer ones only come before them, so a query down to there finds as many, unless some were deleted. The embedded
    database reads a partition from its bound to its end, however few entries are asked for.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._ends: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._most = most

    def end(self, name: str, number: int) -> str | None:
        """The position of the list's entry of that number, counted from the newest, or one that is further behind."""
        return self._ends.get((name, number))

    def note(self, name: str, number: int, position: str) -> None:
        self._ends[name, number] = position
        self._ends.move_to_end((name, number))
        while len(self._ends) > self._most:
            self._ends.popitem(last=False)
