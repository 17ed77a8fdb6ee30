"""Builds agents with a language model. No provider's library is imported before the first call."""

from nexus_model_builder.builder import ModelBuilder

__all__ = ["ModelBuilder"]
