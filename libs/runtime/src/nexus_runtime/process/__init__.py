"""The common parts of all processes: settings, logs, health, HTTP, start and stop."""
