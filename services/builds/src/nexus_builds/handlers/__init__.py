"""Load, decide, save: what each command and each batch of reports results in."""
