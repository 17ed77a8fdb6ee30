"""The agent: serves the runtime contract and chooses the tool that answers a prompt."""
