"""The long work of `agents`, by kind, for the runtime's engine."""
