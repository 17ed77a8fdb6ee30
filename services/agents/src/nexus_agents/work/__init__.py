"""Long work: what a process has in hand beyond the handling of a message, and who ends it when that process dies."""
