"""Agents: commands, events, views, and the manifest of their packages."""
