"""What each command comes to: load, decide, and hand the writes to the ledger."""

from nexus_agents.handlers.commands import CommandHandlers

__all__ = ["CommandHandlers"]
