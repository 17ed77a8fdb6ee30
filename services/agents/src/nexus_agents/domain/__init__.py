"""Agents, invocations and sessions, and how they change: (state, message) -> (state, events), nothing else."""
