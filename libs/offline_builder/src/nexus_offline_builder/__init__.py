"""A builder that works by rules alone: no language model, no network, the same package for the same requirement."""

from nexus_offline_builder.builder import RuleBasedBuilder

__all__ = ["RuleBasedBuilder"]
