"""The operator's tool: what `nexus-admin` does."""
