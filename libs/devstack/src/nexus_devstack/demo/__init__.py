"""The platform's story in one go: build an agent, use it, count it."""
