"""Load, decide, save: the handling of commands and batches of reports."""
