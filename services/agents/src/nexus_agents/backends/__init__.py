"""Where agents run: the port `Backend` and its implementations."""
