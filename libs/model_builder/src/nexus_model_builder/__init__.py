"""Builds agents by a language model. Nothing of a model's library is imported before the first call."""

from nexus_model_builder.builder import ModelBuilder

__all__ = ["ModelBuilder"]
