"""The common part of all aggregates' state."""

from nexus_contracts.model import Message
from nexus_contracts.principal import DEFAULT_TENANT


class Aggregate(Message):
    """State that one owner keeps under one id.

    `version` counts its writes and `sequence` its events. Only the owner's store advances them, when it saves: a
    decision returns them as it found them. It belongs to `tenant` forever.
    """

    tenant: str = DEFAULT_TENANT
    version: int = 0
    sequence: int = 0
