"""Keeps other people's code apart from its host."""
