"""Agents as processes of this machine, each in a sandbox, spoken to over a Unix socket."""
