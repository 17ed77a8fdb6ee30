"""A builder that works by rules alone: no language model, no network, the same package for the same requirement."""

from nexus_builds.worker.offline.builder import RuleBasedBuilder

__all__ = ["RuleBasedBuilder"]
