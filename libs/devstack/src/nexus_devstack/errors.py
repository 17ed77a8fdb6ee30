"""What keeps the platform from running."""


class StackError(Exception):
    """Carries one line that says what is wrong and what to do about it."""
