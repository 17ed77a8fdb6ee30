"""Regular expressions that somebody else wrote, within a time."""

SECONDS = 1.0


class Undecided(Exception):
    """Whether something holds cannot be found out; the message says why."""


def found(pattern: str, text: str, seconds: float = SECONDS) -> bool:
    """Whether the pattern is found in the text. Raises Undecided for one that is none, or takes too long."""
    import regex  # by the few who need it: the worker at rest does without

    try:
        return regex.search(pattern, text, timeout=seconds) is not None
    except regex.error as error:
        raise Undecided(f"{pattern!r} is no regular expression: {error}") from None
    except TimeoutError:
        raise Undecided(f"{pattern!r} takes longer than {seconds:g} s") from None
