"""What agents, invocations and sessions are and how they change: (state, message) -> (state, events), nothing else."""
