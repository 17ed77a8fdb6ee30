"""Load, decide, save: what each command results in."""
