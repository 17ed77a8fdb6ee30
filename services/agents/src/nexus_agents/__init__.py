"""Agents: deployment, invocations, sessions."""
