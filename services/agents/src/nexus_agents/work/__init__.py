"""What `agents` does that outlives a command: each kind of long work, for the runtime's engine."""
