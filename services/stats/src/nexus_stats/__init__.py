"""Figures, aggregated from events alone."""
