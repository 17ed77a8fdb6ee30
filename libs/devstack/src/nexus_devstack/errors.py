"""The error of everything that keeps the platform from running."""


class StackError(Exception):
    """The message is one line that says what is wrong and what to do about it."""
