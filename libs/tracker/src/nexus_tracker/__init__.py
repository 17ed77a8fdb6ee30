"""Publish stage reports of a build from any program."""
