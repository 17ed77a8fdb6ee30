"""Load, decide, save: what each command comes to."""
