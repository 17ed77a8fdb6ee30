"""Load, decide, save: what each command and each batch of reports comes to."""
