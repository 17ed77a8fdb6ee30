"""Judges what an agent answered to the cases of its specification."""
